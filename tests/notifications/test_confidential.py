"""What is confidential leaves the house without its name, whatever its reader chose."""

from collections.abc import Callable

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from forum.core.db import unit_of_work
from forum.documents.models import FOLDER
from forum.documents.service import documents, folders, follows
from forum.notifications.models import Rhythm
from forum.notifications.service import preferences
from tests.cast import HERE, Cast, Person
from tests.make.sent import sent_file
from tests.notifications.push_service import PushService
from tests.notifications.test_mails import after_grace, sent
from tests.notifications.test_push import TEN, a_moment_later, subscribe
from tests.notifications.test_views import ticket_of
from tests.notifications.work import tell_all

NAME = "Sozialplan Werk Süd"
SECRETS = ("Sozialplan", "Werk Süd", "Protokoll")


def new_document(cast: Cast, *, is_confidential: bool) -> int:
    """Petra follows a folder into which Manfred puts a document; the folder's id."""
    with unit_of_work():
        folder_id = folders.create_folder(
            cast.manfred.viewer, cast.spaces[HERE], None, NAME, is_confidential=is_confidential
        ).id
        follows.follow_folder(cast.petra.viewer, folder_id)
    file_id = sent_file(cast.manfred)
    with unit_of_work():
        documents.add_document(cast.manfred.viewer, cast.spaces[HERE], folder_id, file_id)
    tell_all()
    return folder_id


@pytest.fixture
def curious(context: Flask, cast: Cast) -> Person:
    """Petra, who wants to read everything on the lock screen and in her mailbox."""
    with unit_of_work():
        preferences.choose_mails(
            cast.petra.viewer, Rhythm.AT_ONCE, 17, 0, quiet_weekends=False, shows_content=True
        )
        preferences.choose_pushes(
            cast.petra.viewer, pushes=True, shows_content=True, quiet_from=None, quiet_until=None
        )
    return cast.petra


@time_machine.travel(TEN, tick=False)
@pytest.mark.parametrize("is_confidential", [True, False])
def test_a_push_names_no_confidential_folder_and_others_where_that_was_chosen(
    cast: Cast, curious: Person, service: PushService, is_confidential: bool
) -> None:
    browser = service.browser()
    subscribe(curious, browser)
    new_document(cast, is_confidential=is_confidential)
    a_moment_later()
    (arrival,) = service.arrivals
    said = "Vertraulich" if is_confidential else NAME
    assert browser.read(arrival.body)["body"] == f"1 neues Dokument: {said}"


@time_machine.travel(TEN, tick=False)
@pytest.mark.parametrize("is_confidential", [True, False])
def test_a_mail_names_no_confidential_folder_and_others_where_that_was_chosen(
    cast: Cast, curious: Person, is_confidential: bool
) -> None:
    new_document(cast, is_confidential=is_confidential)
    after_grace()
    (mail,) = sent()
    for part in (mail.text, mail.html):
        assert "1 neues Dokument" in part
        assert "Finsterwalde" in part
        assert all((secret in part) is not is_confidential for secret in SECRETS)


@pytest.mark.parametrize("is_confidential", [True, False])
def test_the_page_that_stops_mails_names_nothing_confidential_the_bell_does(
    app: Flask,
    browse: Callable[[Person | None], FlaskClient],
    cast: Cast,
    curious: Person,
    is_confidential: bool,
) -> None:
    folder_id = new_document(cast, is_confidential=is_confidential)
    client = browse(cast.petra)
    page = client.get(f"/notices/stop/{ticket_of(app, cast.petra, FOLDER, folder_id)}").text
    assert (NAME in page) is not is_confidential
    assert NAME in client.get("/notices").text
