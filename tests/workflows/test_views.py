"""Keeping messages as a topic, page by page."""

from collections.abc import Callable
from uuid import uuid4

from flask import Flask
from flask.testing import FlaskClient

from forum.chat.service import messages
from forum.core.db import unit_of_work
from tests.cast import Cast, Person

Browse = Callable[[Person | None], FlaskClient]


def test_a_member_chooses_messages_looks_the_text_over_and_begins_the_topic(
    app: Flask, cast: Cast, browse: Browse
) -> None:
    with app.app_context():
        ids = [cast.message(cast.petra, text=f"Schritt {number}") for number in range(3)]
    petra = browse(cast.petra)
    address = f"/chat/rooms/{cast.room}/transcript"
    assert "Wähle die Nachrichten aus" in petra.get(address).text
    writing = petra.get(f"{address}?messages={ids[0]}&messages={ids[2]}").text
    assert "Schritt 0" in writing
    assert "Schritt 1" not in writing
    answer = petra.send(  # type: ignore[attr-defined]
        address, messages=f"{ids[0]},{ids[2]}", board_id=cast.board, title="Drei Schritte", text="So ging es."
    )
    assert answer.status_code == 303
    topic = petra.get(answer.location).text
    assert "Drei Schritte" in topic
    assert f"/chat/messages/{ids[0]}" in topic


def test_names_are_kept_in_a_room_of_a_space_and_taken_out_of_a_private_one_unless_asked_for(
    app: Flask, cast: Cast, browse: Browse
) -> None:
    with app.app_context():
        direct = cast.direct()
        public, private = cast.message(cast.sabine), cast.message(cast.sabine, direct)
    petra = browse(cast.petra)
    for room, message, query, has_name in (
        (cast.room, public, "", True),
        (cast.room, public, "&names=off", False),
        (direct, private, "", False),
        (direct, private, "&names=on", True),
    ):
        page = petra.get(f"/chat/rooms/{room}/transcript?messages={message}{query}").text
        assert ("**Sabine Morgenroth**" in page) is has_name, (room, query)


def test_what_is_wrong_is_said_and_what_was_typed_is_kept(app: Flask, cast: Cast, browse: Browse) -> None:
    with app.app_context():
        kept = cast.message(cast.petra)
    petra = browse(cast.petra)
    address = f"/chat/rooms/{cast.room}/transcript"
    answer = petra.send(address, messages=str(kept), board_id=cast.board, title="", text="Mein Text")  # type: ignore[attr-defined]
    assert answer.status_code == 422
    assert "Mein Text" in answer.text
    assert petra.send(address, messages=str(kept), board_id=0, title="Da", text="Mein Text").status_code in {
        404,
        422,
    }  # type: ignore[attr-defined]


def test_messages_chosen_on_another_page_stay_chosen(app: Flask, cast: Cast, browse: Browse) -> None:
    with app.app_context():
        first = cast.message(cast.petra, text="ganz früh")
        for number in range(55):
            with unit_of_work():
                last = messages.send_message(cast.manfred.viewer, cast.room, str(number), uuid4())
        last_id = last.id
    petra = browse(cast.petra)
    older = petra.get(f"/chat/rooms/{cast.room}/transcript?messages={last_id}&before={last_id - 40}").text
    assert "ganz früh" in older
    assert f'name="messages" value="{last_id}"' in older
    both = petra.get(f"/chat/rooms/{cast.room}/transcript?messages={last_id}&messages={first}").text
    assert "ganz früh" in both


def test_strangers_find_no_such_page(app: Flask, cast: Cast, browse: Browse) -> None:
    with app.app_context():
        direct = cast.direct()
    assert browse(cast.olga).get(f"/chat/rooms/{cast.room}/transcript").status_code == 404
    for stranger in (cast.manfred, cast.karla):
        assert browse(stranger).get(f"/chat/rooms/{direct}/transcript").status_code == 404
