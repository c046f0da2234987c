"""Attached files over HTTP: whoever reads the words gets them, and nobody else, at every address."""

from collections.abc import Callable
from uuid import uuid4

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from forum.attachments.models import Attachment
from forum.boards.models import Post
from forum.boards.service import posts, topics
from forum.chat.service import messages, rooms
from forum.core.db import db, unit_of_work
from forum.files.kinds import FileKind
from forum.files.models import Blob, Progress, Scan
from forum.spaces.models import Membership
from tests.cast import Cast, Person
from tests.make.sent import IMAGE, sent_file

Browse = Callable[[Person | None], FlaskClient]
PICTURE = b"\x89PNG picture"
WAYS = ("", "/file", "/picture", "/tile", "/pages/1")


def hang_on_post(app: Flask, cast: Cast, author: Person | None = None) -> int:
    """The id of an attachment of a picture on a new post."""
    author = author or cast.petra
    with app.app_context():
        file_id = sent_file(author, "Überstunden Mai.png", PICTURE, FileKind.PNG)
        with unit_of_work():
            topics.start_topic(author.viewer, cast.board, "Dienstplan", "Anbei.", uuid4(), [file_id])
        return newest()


def hang_on_message(app: Flask, cast: Cast, room_id: int) -> int:
    """The id of an attachment of a picture on a new message of Petra's."""
    with app.app_context():
        file_id = sent_file(cast.petra, "Überstunden Mai.png", PICTURE, FileKind.PNG)
        with unit_of_work():
            messages.send_message(cast.petra.viewer, room_id, "", uuid4(), file_ids=[file_id])
        return newest()


def newest() -> int:
    found = db.session.scalar(sa.select(sa.func.max(Attachment.id)))
    assert found is not None
    return found


def answers(client: FlaskClient, attachment_id: int) -> set[int]:
    return {client.get(f"/attachments/{attachment_id}{way}").status_code for way in WAYS}


def change_blob(app: Flask, **facts: object) -> None:
    with app.app_context(), unit_of_work():
        db.session.execute(sa.update(Blob).values(**facts))


def test_who_reads_the_post_opens_and_saves_the_file_and_nobody_else_gets_anything(
    app: Flask, cast: Cast, browse: Browse
) -> None:
    attachment = hang_on_post(app, cast)
    for person in (cast.petra, cast.manfred, cast.sabine):
        assert answers(browse(person), attachment) == {200}
    for person in (cast.olga, cast.rosa, cast.karla):
        assert answers(browse(person), attachment) == {404}
    assert answers(browse(None), attachment) == {302}


def test_in_a_private_room_only_its_participants_get_the_file_whoever_moderates(
    app: Flask, cast: Cast, browse: Browse
) -> None:
    with app.app_context():
        direct, group = cast.direct(), cast.group(cast.sabine, cast.manfred)
    between_two, in_group = hang_on_message(app, cast, direct), hang_on_message(app, cast, group)
    for person in (cast.petra, cast.sabine):
        assert answers(browse(person), between_two) == {200}
    for person in (cast.manfred, cast.olga, cast.karla):
        assert answers(browse(person), between_two) == {404}
    manfred = browse(cast.manfred)
    assert answers(manfred, in_group) == {200}
    with app.app_context(), unit_of_work():
        rooms.leave_group(cast.manfred.viewer, group)
    assert answers(manfred, in_group) == {404}


def test_who_leaves_the_space_gets_none_of_its_files_any_more(app: Flask, cast: Cast, browse: Browse) -> None:
    attachments = hang_on_post(app, cast), hang_on_message(app, cast, cast.room)
    sabine = browse(cast.sabine)
    assert [answers(sabine, one) for one in attachments] == [{200}, {200}]
    with app.app_context(), unit_of_work():
        db.session.execute(
            sa.delete(Membership).where(
                Membership.member_id == cast.sabine.id, Membership.space_id == cast.spaces["FIN"]
            )
        )
    assert [answers(sabine, one) for one in attachments] == [{404}, {404}]


def test_of_a_withdrawn_or_hidden_post_only_its_author_and_the_moderators_have_the_file(
    app: Flask, cast: Cast, browse: Browse
) -> None:
    for way in ("withdrawn", "hidden"):
        attachment = hang_on_post(app, cast)
        with app.app_context(), unit_of_work():
            post_id = db.session.get_one(Attachment, attachment).subject_id
            if way == "withdrawn":
                posts.withdraw_post(cast.petra.viewer, post_id)
            else:
                posts.hide_post(cast.manfred.viewer, post_id, "Nennt Namen")
        for person in (cast.petra, cast.manfred):
            assert answers(browse(person), attachment) == {200}, way
        for person in (cast.sabine, cast.olga, cast.karla):
            assert answers(browse(person), attachment) == {404}, way
        with app.app_context(), unit_of_work():
            posts.restore_post(cast.manfred.viewer, post_id)
        assert answers(browse(cast.sabine), attachment) == {200}


@pytest.mark.parametrize("way", ["withdraw", "remove"])
def test_a_message_taken_back_or_away_takes_its_file_with_it_for_everybody(
    app: Flask, cast: Cast, browse: Browse, way: str
) -> None:
    attachment = hang_on_message(app, cast, cast.room)
    with app.app_context(), unit_of_work():
        message_id = db.session.get_one(Attachment, attachment).subject_id
        if way == "withdraw":
            messages.withdraw_message(cast.petra.viewer, message_id)
        else:
            messages.remove_message(cast.manfred.viewer, message_id, "Nennt Namen")
    for person in (cast.petra, cast.manfred, cast.sabine):
        assert answers(browse(person), attachment) == {404}


@pytest.mark.parametrize(
    "facts",
    [
        {"check": Progress.WAITING},
        {"check": Progress.FAILED},
        {"scan": Scan.INFECTED},
        {"findings": {"authors": ["Petra"]}},
        {"is_broken": True},
    ],
    ids=["being checked", "refused", "infected", "asks", "broken"],
)
def test_what_was_not_looked_through_is_given_to_nobody_and_its_page_to_its_sender_only(
    app: Flask, cast: Cast, browse: Browse, facts: dict[str, object]
) -> None:
    attachment = hang_on_post(app, cast)
    change_blob(app, **facts)
    assert answers(browse(cast.sabine), attachment) == {404}
    petra = browse(cast.petra)
    assert petra.get(f"/attachments/{attachment}").status_code == 200
    for way in WAYS[1:]:
        assert petra.get(f"/attachments/{attachment}{way}").status_code == 404, way


def test_a_file_is_saved_under_its_name_and_only_pictures_are_shown_by_the_browser(
    app: Flask, cast: Cast, browse: Browse
) -> None:
    picture = hang_on_post(app, cast)
    sabine = browse(cast.sabine)
    saved = sabine.get(f"/attachments/{picture}/file")
    assert saved.data == PICTURE
    assert saved.headers["Content-Disposition"].startswith("attachment")
    assert "%C3%9Cberstunden%20Mai.png" in saved.headers["Content-Disposition"]
    shown = sabine.get(f"/attachments/{picture}/picture")
    assert shown.headers["Content-Disposition"].startswith("inline")
    assert "sandbox" in shown.headers["Content-Security-Policy"]
    assert sabine.get(f"/attachments/{picture}/tile").data == IMAGE
    assert sabine.get(f"/attachments/{picture}/pages/2").status_code == 404
    change_blob(app, kind=FileKind.PDF)
    assert sabine.get(f"/attachments/{picture}/picture").status_code == 404
    assert sabine.get(f"/attachments/{picture}/file").status_code == 200


def test_the_page_of_a_file_names_it_says_who_sent_it_and_leads_back_to_the_words(
    app: Flask, cast: Cast, browse: Browse
) -> None:
    attachment = hang_on_post(app, cast)
    with app.app_context():
        post_id = db.session.scalar(sa.select(Post.id))
    page = browse(cast.sabine).get(f"/attachments/{attachment}").text
    for part in ("Überstunden Mai.png", "Petra Sommer", f'href="/posts/{post_id}"', "Dienstplan #1"):
        assert part in page, part
    assert f'href="/attachments/{attachment}/file"' in page
    private = hang_on_message(app, cast, cast.room)
    assert "/chat/messages/" in browse(cast.sabine).get(f"/attachments/{private}").text
