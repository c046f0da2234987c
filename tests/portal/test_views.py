"""Pages gathered from several: start, region, member, and what everybody may read."""

import re
from collections.abc import Callable
from uuid import uuid4

import pytest
import sqlalchemy as sa
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from forum.boards.service import topics
from forum.core.access import Role
from forum.core.db import db, unit_of_work
from forum.members.models import Member
from forum.spaces import service as spaces
from tests.cast import ELSEWHERE, HERE, Cast, Person

Browse = Callable[[Person | None], FlaskClient]


def text(response: TestResponse) -> str:
    return " ".join(BeautifulSoup(response.text, "html.parser").get_text(" ").split())


def rail(response: TestResponse) -> str:
    found = BeautifulSoup(response.text, "html.parser").find("nav", attrs={"class": "rail"})
    return " ".join(found.get_text(" ").split()) if found else ""


def test_the_start_page_gathers_what_is_new_from_all_ones_spaces_and_no_others(
    app: Flask, cast: Cast, browse: Browse
) -> None:
    with app.app_context():
        cast.topic(cast.sabine, "Neues von hier")
        cast.foreign_topic()
        with unit_of_work():
            topics.start_topic(cast.sabine.viewer, cast.staff_board, "Tarifrunde", "Es geht los", uuid4())
    petra = text(browse(cast.petra).get("/"))
    assert "Neues von hier" in petra
    assert "Tarifrunde" in petra
    assert "Optik" not in petra
    rosa = text(browse(cast.rosa).get("/"))
    assert "Optik" in rosa
    assert "Neues von hier" not in rosa


def test_an_administrator_reads_nothing_that_people_write(app: Flask, cast: Cast, browse: Browse) -> None:
    with app.app_context():
        cast.topic(title="Vertrauliches Thema")
    karla = browse(cast.karla)
    for path in ("/", "/boards", f"/spaces/{cast.spaces[HERE]}", "/record", "/administration/members"):
        page = karla.get(path)
        assert page.status_code == 200
        assert "Vertrauliches Thema" not in page.text
    assert "Das Netzwerk steht bereit" in text(karla.get("/"))


def test_the_rail_shows_ones_own_spaces_and_tools(cast: Cast, browse: Browse) -> None:
    petra, karla = rail(browse(cast.petra).get("/")), rail(browse(cast.karla).get("/"))
    assert "Finsterwalde" in petra
    assert "Rathenow" not in petra
    assert "Verwalten" not in petra
    assert "Einladungen" in rail(browse(cast.manfred).get("/"))
    assert "Protokoll" not in rail(browse(cast.manfred).get("/"))
    assert all(word in karla for word in ("Einladungen", "Mitglieder", "Bereiche", "Protokoll", "E-Mails"))
    assert rail(browse(None).get("/imprint")) == ""


def test_losing_a_role_counts_from_the_next_click(app: Flask, cast: Cast, browse: Browse) -> None:
    client, here = browse(cast.petra), cast.spaces[HERE]
    assert client.get(f"/spaces/{here}").status_code == 200
    with app.app_context(), unit_of_work():
        spaces.end_membership(cast.manfred.viewer, here, cast.petra.id)
    assert client.get(f"/spaces/{here}").status_code == 404
    assert client.get(f"/boards/{cast.board}").status_code == 404
    with app.app_context(), unit_of_work():
        spaces.join(cast.petra.id, cast.spaces[ELSEWHERE], Role.MEMBER)
    assert client.get(f"/boards/{cast.foreign_board}").status_code == 200


def test_whoever_is_suspended_is_out_at_once(app: Flask, cast: Cast, browse: Browse) -> None:
    client = browse(cast.petra)
    assert client.get("/").status_code == 200
    with app.app_context(), unit_of_work():
        db.session.execute(sa.update(Member).where(Member.id == cast.petra.id).values(standing="suspended"))
    assert client.get("/").status_code == 302
    assert client.send(f"/boards/{cast.board}/topics", title="Noch schnell", text="x").status_code == 401


def test_a_region_introduces_itself(cast: Cast, browse: Browse) -> None:
    page = text(browse(cast.petra).get(f"/spaces/{cast.spaces[HERE]}"))
    assert "Niederlausitz" in page
    assert "Manfred Lehnigk" in page
    assert "Arbeitsorganisation" in page
    assert "3 Mitglieder" in page


def test_a_member_is_shown_to_who_shares_a_space(app: Flask, cast: Cast, browse: Browse) -> None:
    petra = text(browse(cast.olga).get(f"/members/{cast.petra.id}"))
    assert "Petra Sommer" in petra
    assert cast.petra.email not in petra
    assert browse(cast.petra).get(f"/members/{cast.karla.id}").status_code == 404
    assert browse(cast.petra).get("/members/987654").status_code == 404


@pytest.mark.parametrize("path", ["/imprint", "/privacy", "/accessibility"])
def test_the_legal_pages_are_read_without_signing_in_and_from_every_page(
    cast: Cast, browse: Browse, path: str
) -> None:
    assert browse(None).get(path).status_code == 200
    for client, page in ((browse(None), "/sign-in"), (browse(cast.petra), "/"), (browse(None), "/nowhere")):
        assert f'href="{path}"' in client.get(page).text


def test_titles_of_browser_tabs_and_addresses_stay_neutral(app: Flask, cast: Cast, browse: Browse) -> None:
    """An employer may look over the shoulder: no title of a topic in the tab or the address."""
    with app.app_context():
        topic_id = cast.topic(title="Streik im Werk")
    for path in (f"/topics/{topic_id}", f"/topics/{topic_id}/print", f"/topics/{topic_id}/posts/new"):
        page = browse(cast.petra).get(path)
        title = re.search(r"<title>(.*?)</title>", page.text)[1]
        assert "Streik" not in title
