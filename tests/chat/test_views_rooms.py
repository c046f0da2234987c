"""Rooms over HTTP: the list, making and keeping them, people, search, pinned, export, preferences, places in the frame."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa
import time_machine
from bs4 import BeautifulSoup, Tag
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from forum.chat.models import GROUP_LIMIT, ROOM, Room, RoomKind, Seat
from forum.chat.queries import rooms as room_queries
from forum.chat.queries import unread
from forum.chat.service import messages, rooms, seats
from forum.chat.views.finding import mark
from forum.chat.views.rooms import SHOWN_AT_ONCE
from forum.companies.service import SiteFacts
from forum.core.access import Role, Viewer
from forum.core.clock import now
from forum.core.db import db, unit_of_work
from forum.councils.models import Council, Function
from forum.councils.service import Term
from forum.members.models import Member
from forum.members.service import add_member
from forum.notifications.models import Kind, Notice
from forum.notifications.service import notices
from forum.spaces import service as spaces
from tests.cast import HERE, Cast, Person

Browse = Callable[[Person | None], FlaskClient]
SECRET = "Geheime Zahl 4711"
PRIVATE = "Moderation und Administration können hier nicht mitlesen."


def soup(response: TestResponse) -> BeautifulSoup:
    return BeautifulSoup(response.text, "html.parser")


def said(part: Tag | BeautifulSoup) -> str:
    return " ".join(part.get_text(" ").split())


def text(response: TestResponse) -> str:
    main = soup(response).find("main")
    assert isinstance(main, Tag)
    return said(main)


def row(response: TestResponse, room_id: int) -> Tag:
    """The room's row in the list."""
    found = soup(response).select_one(f"li.room[data-room='{room_id}']")
    assert found is not None, "not in the list"
    return found


def listed(response: TestResponse) -> list[int]:
    return [int(tag["data-room"]) for tag in soup(response).select("li.room")]  # type: ignore[arg-type]


def do(app: Flask, verb: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
    with app.app_context(), unit_of_work():
        return verb(*arguments, **named)


def say(app: Flask, person: Person, room_id: int, words: str, **named: Any) -> int:
    return int(do(app, messages.send_message, person.viewer, room_id, words, uuid4(), **named).id)


def make(app: Flask, builder: Callable[..., int], *arguments: Any) -> int:
    with app.app_context():
        return builder(*arguments)


def room_of(app: Flask, room_id: int) -> Room:
    with app.app_context():
        return db.session.get_one(Room, room_id)


def open_room(app: Flask, cast: Cast, name: str, **named: Any) -> int:
    return int(do(app, rooms.open_room, cast.manfred.viewer, cast.spaces[HERE], name, **named).id)


def id_in(response: TestResponse) -> int:
    """The room that the answer leads to."""
    assert response.status_code == 303
    found = re.search(r"/chat/rooms/(\d+)", response.location)
    assert found is not None, response.location
    return int(found[1])


def newcomer(app: Flask, cast: Cast, name: str) -> Person:
    """One more member here."""
    with app.app_context(), unit_of_work():
        member = add_member(name, f"{uuid4()}@betrieb.example")
        spaces.join(member.id, cast.spaces[HERE], Role.MEMBER)
        viewer = Viewer(member.id, {cast.spaces[sign]: Role.MEMBER for sign in (HERE, "NET")})
        return Person(member.id, name, member.email, viewer)


@pytest.fixture
def direct(app: Flask, cast: Cast) -> int:
    """The conversation of Petra and Sabine, with something secret in it."""
    room_id = make(app, cast.direct)
    say(app, cast.sabine, room_id, SECRET)
    return room_id


@pytest.fixture
def group(app: Flask, cast: Cast) -> int:
    """A group that Petra keeps, with Sabine and Manfred."""
    return make(app, cast.group)


# ── The list ─────────────────────────────────────────────────────────────────────────────────────────────


def test_the_list_shows_the_rooms_of_ones_spaces_and_ones_conversations_and_no_others(
    app: Flask, cast: Cast, browse: Browse, direct: int
) -> None:
    petra = browse(cast.petra).get("/chat")
    assert cast.room in listed(petra)
    assert direct in listed(petra)
    assert cast.foreign_room not in listed(petra)
    assert direct not in listed(browse(cast.manfred).get("/chat"))
    karla = browse(cast.karla).get("/chat")
    assert listed(karla) == []
    assert "Noch kein Bereich" in text(karla)
    assert "Nachricht schreiben" not in text(karla)


def test_what_is_new_is_bold_counted_and_says_who_wrote_last(app: Flask, cast: Cast, browse: Browse) -> None:
    say(app, cast.manfred, cast.room, "Erste Frage")
    say(app, cast.manfred, cast.room, "Wer kommt **morgen**?")
    petra = row(browse(cast.petra).get("/chat"), cast.room)
    assert "unread" in petra["class"]
    assert petra.select_one(".count [aria-hidden]").get_text() == "2"  # type: ignore[union-attr]
    assert "Manfred Lehnigk: Wer kommt morgen?" in said(petra)
    assert petra.select_one(".mention") is None
    own = row(browse(cast.manfred).get("/chat"), cast.room)
    assert "unread" not in own["class"]
    assert "Du: Wer kommt morgen?" in said(own)
    say(app, cast.manfred, cast.room, "@Petra Sommer bitte")
    assert "Du wirst genannt" in said(row(browse(cast.petra).get("/chat"), cast.room))
    assert "Du wirst genannt" not in said(row(browse(cast.sabine).get("/chat"), cast.room))


def test_more_than_ninety_nine_new_messages_are_not_counted_on(
    app: Flask, cast: Cast, browse: Browse
) -> None:
    with app.app_context(), unit_of_work():
        for number in range(120):
            messages.send_message(cast.manfred.viewer, cast.room, f"Nachricht {number}", uuid4())
    count = row(browse(cast.petra).get("/chat"), cast.room).select_one(".count [aria-hidden]")
    assert count is not None
    assert count.get_text() == "99+"


def test_what_was_taken_back_leaves_no_word_in_the_list(app: Flask, cast: Cast, browse: Browse) -> None:
    message_id = say(app, cast.manfred, cast.room, SECRET)
    assert SECRET in text(browse(cast.petra).get("/chat"))
    do(app, messages.withdraw_message, cast.manfred.viewer, message_id)
    page = text(browse(cast.petra).get("/chat"))
    assert SECRET not in page
    assert "Manfred Lehnigk hat eine Nachricht zurückgezogen" in page
    message_id = say(app, cast.petra, cast.room, SECRET)
    do(app, messages.remove_message, cast.manfred.viewer, message_id, "Nennt Zahlen")
    page = text(browse(cast.sabine).get("/chat"))
    assert SECRET not in page
    assert "Eine Nachricht wurde entfernt" in page


def test_state_is_said_in_words_and_archived_rooms_are_folded(app: Flask, cast: Cast, browse: Browse) -> None:
    locked, archived = open_room(app, cast, "Ankündigungen"), open_room(app, cast, "Sommerfest 2025")
    do(app, rooms.lock_room, cast.manfred.viewer, locked)
    do(app, rooms.archive_room, cast.manfred.viewer, archived)
    do(app, seats.mute, cast.petra.viewer, cast.room)
    do(app, seats.save_draft, cast.petra.viewer, cast.room, "Ich wollte")
    page = browse(cast.petra).get("/chat")
    assert "Gesperrt" in said(row(page, locked))
    assert "Archiviert" in said(row(page, archived))
    assert row(page, archived).find_parent("details") is not None
    assert row(page, locked).find_parent("details") is None
    assert "Leise" in said(row(page, cast.room))
    assert "Entwurf" in said(row(page, cast.room))
    other = row(browse(cast.sabine).get("/chat"), cast.room)
    assert "Leise" not in said(other)
    assert "Entwurf" not in said(other)


def test_a_muted_room_with_news_is_not_bold(app: Flask, cast: Cast, browse: Browse) -> None:
    do(app, seats.mute, cast.petra.viewer, cast.room)
    say(app, cast.manfred, cast.room, "Hallo")
    muted = row(browse(cast.petra).get("/chat"), cast.room)
    assert "unread" not in muted["class"]
    assert muted.select_one(".count") is not None


def test_the_list_says_who_reads_along(app: Flask, cast: Cast, browse: Browse, direct: int) -> None:
    page = text(browse(cast.petra).get("/chat"))
    assert "Alle 3 im Bereich Finsterwalde lesen mit." in page
    assert "Nur die Beteiligten lesen sie. Moderation und Administration können nicht mitlesen." in page


def test_only_moderators_are_offered_to_open_rooms_and_only_in_their_space(
    cast: Cast, browse: Browse
) -> None:
    here = f"/spaces/{cast.spaces[HERE]}/rooms/new"
    manfred = browse(cast.manfred)
    for path in ("/chat", f"/spaces/{cast.spaces[HERE]}"):
        assert f'href="{here}"' in manfred.get(path).text
        assert "/rooms/new" not in browse(cast.petra).get(path).text
    assert manfred.get("/chat").text.count("/rooms/new") == 1


def test_without_a_conversation_the_list_invites_to_begin_one(cast: Cast, browse: Browse) -> None:
    page = browse(cast.petra).get("/chat")
    assert "Noch keine Unterhaltung" in text(page)
    assert 'href="/chat/conversations/new"' in page.text


def test_older_conversations_are_folded_but_not_what_is_new_in_them(
    app: Flask, cast: Cast, browse: Browse
) -> None:
    made = []
    for number in range(SHOWN_AT_ONCE + 3):
        friend = newcomer(app, cast, f"Kollegin {number}")
        made.append(do(app, rooms.start_direct, cast.petra.viewer, friend.id).id)
        if number == 0:
            say(app, friend, made[0], "Hast du kurz Zeit?")
        else:
            say(app, cast.petra, made[-1], "Guten Morgen")
    page = browse(cast.petra).get("/chat")
    folded = {int(tag["data-room"]) for tag in soup(page).select("#older li.room")}  # type: ignore[arg-type]
    assert folded == set(made[1:3])
    assert next(room_id for room_id in listed(page) if room_id in made and room_id not in folded) == made[-1]


def test_the_list_costs_the_same_however_long(
    app: Flask, cast: Cast, browse: Browse, count_queries: Callable[[], int]
) -> None:
    client = browse(cast.petra)

    def cost(path: str) -> int:
        client.get(path)
        count_queries()
        assert client.get(path).status_code == 200
        return count_queries()

    def fill(name: str) -> None:
        say(app, cast.manfred, open_room(app, cast, name), "Hallo @Petra Sommer")
        friend = newcomer(app, cast, f"Neu {name}")
        say(app, friend, do(app, rooms.start_direct, friend.viewer, cast.petra.id).id, "Hallo")

    paths = ("/chat", "/chat/conversations/new", f"/spaces/{cast.spaces[HERE]}", "/")
    fill("Raum 0")
    few = {path: cost(path) for path in paths}
    for number in range(1, 8):
        fill(f"Raum {number}")
    assert {path: cost(path) for path in paths} == few
    assert few.pop(f"/spaces/{cast.spaces[HERE]}") <= 12
    assert max(few.values()) <= 10


# ── In the frame, on the page of a region and of a member ────────────────────────────────────────────────


def waiting(response: TestResponse) -> list[str]:
    """The numbers at the ways to the chat, in the rail and in the bar."""
    return [
        (way.select_one(".count [aria-hidden]") or Tag(name="none")).get_text()
        for way in soup(response).select("a[data-unread-in='chat']")
    ]


def test_rail_and_bar_count_the_rooms_with_something_new(
    app: Flask, cast: Cast, browse: Browse, direct: int
) -> None:
    say(app, cast.manfred, cast.room, "Eins")
    say(app, cast.manfred, cast.room, "Zwei")
    client = browse(cast.petra)
    assert waiting(client.get("/imprint")) == ["2", "2"]
    do(app, seats.mute, cast.petra.viewer, cast.room)
    assert waiting(client.get("/")) == ["1", "1"]
    assert waiting(browse(cast.manfred).get("/")) == ["", ""]
    order = [said(way) for way in soup(client.get("/")).select("nav.bar > ul > li > a")]
    assert [re.sub(r" \d.*", "", label) for label in order] == ["Start", "Foren", "Chat", "Ablage"]


def test_the_count_costs_a_page_one_statement(
    app: Flask, cast: Cast, browse: Browse, count_queries: Callable[[], int]
) -> None:
    say(app, cast.manfred, cast.room, "@Petra Sommer")
    with app.app_context():
        db.session.execute(sa.select(1))
        count_queries()
        assert unread.unread_total(cast.petra.viewer) == unread.UnreadTotal(1, 1)
        assert count_queries() == 1


def test_a_region_shows_its_rooms_to_those_who_belong(app: Flask, cast: Cast, browse: Browse) -> None:
    say(app, cast.manfred, cast.room, SECRET)
    path = f"/spaces/{cast.spaces[HERE]}"
    assert listed(browse(cast.petra).get(path)) == [cast.room]
    karla = browse(cast.karla).get(path)
    assert listed(karla) == []
    assert SECRET not in karla.text


def test_a_members_page_offers_to_write_to_others_one_can_reach(
    app: Flask, cast: Cast, browse: Browse
) -> None:
    petra = browse(cast.petra)
    assert "Nachricht schreiben" in text(petra.get(f"/members/{cast.olga.id}"))
    assert "Nachricht schreiben" not in text(petra.get(f"/members/{cast.petra.id}"))
    assert "Nachricht schreiben" not in text(browse(cast.karla).get(f"/members/{cast.petra.id}"))
    with app.app_context(), unit_of_work():
        db.session.execute(sa.update(Member).where(Member.id == cast.olga.id).values(standing="suspended"))
    assert "Nachricht schreiben" not in text(petra.get(f"/members/{cast.olga.id}"))


# ── Beginning to talk ────────────────────────────────────────────────────────────────────────────────────


def people(response: TestResponse) -> list[str]:
    """Who is offered."""
    return [tag.get_text() for tag in soup(response).select(".person-button .name, .person-check .name")]


def test_people_of_ones_spaces_are_found_by_name_with_function_and_site(
    app: Flask, cast: Cast, browse: Browse
) -> None:
    facts = SiteFacts("Elsterblech GmbH", "Werk Nord", "Finsterwalde")
    with app.app_context(), unit_of_work():
        site = spaces.create_site(cast.manfred.viewer, cast.spaces[HERE], facts)
        council_id = db.session.scalars(sa.select(Council.id).where(Council.site_id == site.id)).one()
        spaces.create_mandate(
            cast.manfred.viewer, council_id, cast.sabine.id, Term(Function.CHAIR, now().date() - timedelta(9))
        )
    petra = browse(cast.petra)
    everybody = petra.get("/chat/conversations/new")
    assert people(everybody) == ["Manfred Lehnigk", "Olga Brandt", "Rosa Kern", "Sabine Morgenroth"]
    assert "Sabine Morgenroth BR-Vorsitz, Werk Nord" in text(everybody)
    assert people(petra.get("/chat/conversations/new?q=BRA")) == ["Olga Brandt"]
    nobody = petra.get("/chat/conversations/new?q=%25")
    assert people(nobody) == []
    assert "Niemand gefunden" in text(nobody)
    assert people(browse(cast.karla).get("/chat/conversations/new")) == []


def test_one_touch_begins_the_one_conversation_of_two(app: Flask, cast: Cast, browse: Browse) -> None:
    petra, olga = browse(cast.petra), browse(cast.olga)
    first = id_in(petra.send("/chat/conversations", member_ids=cast.olga.id))
    assert id_in(petra.send("/chat/conversations", member_ids=cast.olga.id)) == first
    assert id_in(olga.send("/chat/conversations", member_ids=cast.petra.id)) == first
    assert room_of(app, first).kind is RoomKind.DIRECT
    for stranger in (cast.karla.id, cast.petra.id, 987654):
        assert petra.send("/chat/conversations", member_ids=stranger).status_code == 404


def test_a_group_is_founded_once_however_often_it_is_sent(app: Flask, cast: Cast, browse: Browse) -> None:
    fields = {
        "member_ids": [cast.olga.id, cast.sabine.id],
        "name": "Freistellung",
        "client_key": str(uuid4()),
    }
    petra = browse(cast.petra)
    first = id_in(petra.send("/chat/conversations", **fields))
    assert id_in(petra.send("/chat/conversations", **fields)) == first
    assert "Freistellung" in said(row(browse(cast.olga).get("/chat"), first))
    assert "Gruppe, 3 Personen" in said(row(petra.get("/chat"), first))
    assert first not in listed(browse(cast.manfred).get("/chat"))


def test_searching_for_more_people_keeps_who_is_ticked_and_what_is_typed(
    app: Flask, cast: Cast, browse: Browse
) -> None:
    page = browse(cast.petra).send(
        "/chat/conversations", member_ids=[cast.olga.id], name="Frei & frank", q="rosa", find="1"
    )
    assert page.status_code == 200
    assert people(page) == ["Olga Brandt", "Rosa Kern"]
    ticked = soup(page).select("input[name=member_ids][checked]")
    assert [tag["value"] for tag in ticked] == [str(cast.olga.id)]
    assert soup(page).select_one("#name")["value"] == "Frei & frank"  # type: ignore[index]
    with app.app_context():
        assert db.session.scalar(sa.select(Room.id).where(Room.kind != RoomKind.SPACE)) is None


def test_a_group_that_cannot_be_says_why_at_the_field_and_keeps_everything(
    app: Flask, cast: Cast, browse: Browse
) -> None:
    petra = browse(cast.petra)
    nobody = petra.send("/chat/conversations", name="Ohne alle", client_key=str(uuid4()))
    assert nobody.status_code == 422
    assert soup(nobody).select_one("#member_ids-error") is not None
    assert 'value="Ohne alle"' in nobody.text
    strangers = petra.send(
        "/chat/conversations", member_ids=[cast.olga.id, cast.karla.id], client_key=str(uuid4())
    )
    assert strangers.status_code == 422
    assert "Wähle Personen aus der Liste." in text(strangers)
    assert "Karla" not in strangers.text
    many = [newcomer(app, cast, f"Kollege {number}").id for number in range(GROUP_LIMIT)]
    crowd = petra.send("/chat/conversations", member_ids=many, client_key=str(uuid4()))
    assert crowd.status_code == 422
    assert f"höchstens {GROUP_LIMIT}" in text(crowd)
    assert len(soup(crowd).select("input[name=member_ids][checked]")) == GROUP_LIMIT


# ── Making and keeping rooms ─────────────────────────────────────────────────────────────────────────────


def new_room(name: str, **named: Any) -> dict[str, Any]:
    return {
        "name": name,
        "purpose": "Urlaub & Wochenende",
        "retention_days": "90",
        "slow_seconds": "30",
        "client_key": str(uuid4()),
        **named,
    }


def test_a_moderator_opens_a_room_once_however_often_it_is_sent(
    app: Flask, cast: Cast, browse: Browse
) -> None:
    path, fields = f"/spaces/{cast.spaces[HERE]}/rooms", new_room("Schichtplanung")
    manfred = browse(cast.manfred)
    made = id_in(manfred.send(path, **fields))
    assert id_in(manfred.send(path, **fields)) == made
    room = room_of(app, made)
    assert (room.name, room.purpose, room.retention_days, room.slow_seconds) == (
        "Schichtplanung", "Urlaub & Wochenende", 90, 30,
    )  # fmt: skip
    assert made in listed(browse(cast.petra).get("/chat"))
    assert browse(cast.petra).send(path, **new_room("Heimlich")).status_code == 404
    assert browse(cast.rosa).send(path, **new_room("Fremd")).status_code == 404


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"name": "Treffpunkt"}, "name"),
        ({"name": "   "}, "name"),
        ({"name": "x" * 81}, "name"),
        ({"purpose": "x" * 301}, "purpose"),
        ({"retention_days": "7"}, "retention_days"),
        ({"slow_seconds": "5"}, "slow_seconds"),
    ],
)
def test_a_room_that_cannot_be_says_why_at_its_field_and_keeps_what_was_typed(
    cast: Cast, browse: Browse, changed: dict[str, str], field: str
) -> None:
    typed = new_room("Schichtplanung") | changed
    page = browse(cast.manfred).send(f"/spaces/{cast.spaces[HERE]}/rooms", **typed)
    assert page.status_code == 422
    assert soup(page).select_one(f"#{field}-error") is not None
    kept = soup(page).select_one("#name")
    assert kept is not None
    assert kept["value"] == typed["name"]
    assert typed["client_key"] in page.text


def test_moderators_change_a_room_and_members_do_not(app: Flask, cast: Cast, browse: Browse) -> None:
    path = f"/chat/rooms/{cast.room}/edit"
    page = browse(cast.manfred).get(path)
    assert soup(page).select_one("#name")["value"] == "Treffpunkt"  # type: ignore[index]
    assert "Alle 3 im Bereich Finsterwalde lesen mit." in text(page)
    assert "Nachrichten werden nach einem Jahr gelöscht." in text(page)
    changed = browse(cast.manfred).send(path, **new_room("Kantine", retention_days="0"))
    assert changed.status_code == 303
    room = room_of(app, cast.room)
    assert (room.name, room.retention_days, room.slow_seconds) == ("Kantine", None, 30)
    assert browse(cast.petra).get(path).status_code == 403
    assert browse(cast.petra).send(path, **new_room("Meins")).status_code == 403
    assert room_of(app, cast.room).name == "Kantine"


def test_the_two_of_a_conversation_choose_how_long_it_is_kept_and_nothing_else(
    app: Flask, cast: Cast, browse: Browse, direct: int
) -> None:
    path = f"/chat/rooms/{direct}/edit"
    page = browse(cast.sabine).get(path)
    assert soup(page).select_one("#name") is None
    assert soup(page).select_one("#slow_seconds") is None
    assert f"Nur ihr beide. {PRIVATE}" in text(page)
    assert browse(cast.sabine).send(path, **new_room("Umbenannt")).status_code == 303
    room = room_of(app, direct)
    assert (room.name, room.purpose, room.retention_days, room.slow_seconds) == ("", "", 90, 0)


def test_a_shorter_retention_that_deletes_something_asks_first(
    app: Flask, cast: Cast, browse: Browse, direct: int
) -> None:
    with time_machine.travel(now() - timedelta(days=60)):
        say(app, cast.petra, direct, "Alt")
    path, petra = f"/chat/rooms/{direct}/edit", browse(cast.petra)
    assert petra.send(path, retention_days="90").status_code == 303  # nothing is so old
    asked = petra.send(path, retention_days="30")
    assert asked.status_code == 422
    assert "Damit wird eine Nachricht gelöscht" in text(asked)
    assert soup(asked).select_one("#is_sure-error") is not None
    assert room_of(app, direct).retention_days == 90
    assert petra.send(path, retention_days="30", is_sure="y").status_code == 303
    assert room_of(app, direct).retention_days == 30
    assert petra.send(path, retention_days="365").status_code == 303  # longer: nothing is lost


def test_a_group_without_a_name_is_called_by_its_people_and_may_get_one(
    app: Flask, cast: Cast, browse: Browse, group: int
) -> None:
    sabine = browse(cast.sabine)
    assert sabine.send(f"/chat/rooms/{group}/edit", name="", retention_days="0").status_code == 303
    assert "Petra Sommer, Manfred Lehnigk" in said(row(sabine.get("/chat"), group))
    sabine.send(f"/chat/rooms/{group}/edit", name="Neuer Name", retention_days="0")
    assert "Neuer Name" in said(row(browse(cast.petra).get("/chat"), group))


@pytest.mark.parametrize(
    ("act", "back", "state"),
    [("lock", "lock/delete", "is_locked"), ("archive", "archive/delete", "is_archived")],
)
def test_locking_and_archiving_can_be_taken_back_at_once(
    app: Flask, cast: Cast, browse: Browse, act: str, back: str, state: str
) -> None:
    manfred = browse(cast.manfred)
    for _again in range(2):
        done = manfred.send(f"/chat/rooms/{cast.room}/{act}")
        assert done.status_code == 303
        assert getattr(room_of(app, cast.room), state)
    undo = soup(manfred.get("/chat")).select_one(".toast form")
    assert undo is not None
    assert undo["action"] == f"/chat/rooms/{cast.room}/{back}"
    assert manfred.send(str(undo["action"])).status_code == 303
    assert not getattr(room_of(app, cast.room), state)
    assert browse(cast.petra).send(f"/chat/rooms/{cast.room}/{act}").status_code == 403
    assert not getattr(room_of(app, cast.room), state)


def test_a_room_is_quiet_for_oneself_alone(app: Flask, cast: Cast, browse: Browse) -> None:
    say(app, cast.manfred, cast.room, "Hallo")
    petra = browse(cast.petra)
    petra.send(f"/chat/rooms/{cast.room}/mute")
    petra.send(f"/chat/rooms/{cast.room}/mute")
    page = petra.get("/chat")
    assert waiting(page) == ["", ""]
    assert soup(page).select_one(f".toast form[action='/chat/rooms/{cast.room}/mute/delete']") is not None
    assert waiting(browse(cast.sabine).get("/chat")) == ["1", "1"]
    petra.send(f"/chat/rooms/{cast.room}/mute/delete")
    assert waiting(petra.get("/chat")) == ["1", "1"]


@pytest.mark.parametrize("where", ["in the chat", "under the bell"])
def test_muting_a_room_in_the_chat_or_under_the_bell_is_one_and_the_same(
    app: Flask, cast: Cast, browse: Browse, where: str
) -> None:
    message_id = say(app, cast.manfred, cast.room, f"@{cast.petra.name}, hallo")
    with app.app_context():
        with unit_of_work():
            told = sa.select(sa.literal(cast.petra.id))
            notices.notify(Kind.MENTION, ROOM, cast.room, message_id, told)
        notice_id = db.session.scalars(sa.select(Notice.id)).one()
    petra = browse(cast.petra)
    here, there = f"/chat/rooms/{cast.room}/mute", f"/notices/{notice_id}/muting"
    petra.send(here if where == "in the chat" else there)
    assert waiting(petra.get("/chat")) == ["", ""]
    assert "Leise" in row(petra.get("/chat"), cast.room).text
    assert "Nicht mehr stumm" in petra.get("/notices").text
    assert f'href="/chat/rooms/{cast.room}"' in petra.get("/notices/preferences").text
    petra.send(f"{there if where == 'in the chat' else here}/delete")
    assert waiting(petra.get("/chat")) == ["1", "1"]
    assert "Nicht mehr stumm" not in petra.get("/notices").text


# ── People ───────────────────────────────────────────────────────────────────────────────────────────────


def test_everybody_sees_who_reads_a_room(cast: Cast, browse: Browse) -> None:
    page = browse(cast.petra).get(f"/chat/rooms/{cast.room}/people")
    for name in ("Petra Sommer", "Manfred Lehnigk", "Sabine Morgenroth"):
        assert name in text(page)
    assert "Olga Brandt" not in text(page)
    assert "Stummschalten" not in text(page)
    assert "Alle 3 im Bereich Finsterwalde lesen mit." in text(page)
    found = browse(cast.petra).get(f"/chat/rooms/{cast.room}/people?q=sab")
    assert "Sabine Morgenroth" in text(found)
    assert "Manfred" not in text(found)


def test_a_moderator_silences_a_member_says_why_and_lets_them_write_again(
    app: Flask, cast: Cast, browse: Browse
) -> None:
    manfred, path = browse(cast.manfred), f"/chat/rooms/{cast.room}/people/{cast.petra.id}/silence"
    assert f'href="{path}"' in manfred.get(f"/chat/rooms/{cast.room}/people").text
    without = manfred.send(path, hours="8", reason=" ")
    assert without.status_code == 422
    assert soup(without).select_one("#reason-error") is not None
    ticked = soup(without).select_one("input[name=hours][checked]")
    assert ticked is not None
    assert ticked["value"] == "8"
    assert manfred.send(path, hours="8", reason="Bitte sachlich bleiben").status_code == 303
    page = manfred.get(f"/chat/rooms/{cast.room}/people")
    assert "stummgeschaltet" in text(page)
    assert "Bitte sachlich bleiben" in text(page)
    undo = soup(page).select_one(".toast form")
    assert undo is not None
    assert undo["action"] == f"{path}/delete"
    for colleague in (cast.sabine, cast.petra):  # nobody is put in the pillory
        assert "stummgeschaltet" not in text(browse(colleague).get(f"/chat/rooms/{cast.room}/people"))
    with app.app_context():
        until = db.session.get_one(Seat, (cast.room, cast.petra.id)).silenced_until
        assert until is not None
        assert timedelta(hours=7, minutes=59) < until - now() <= timedelta(hours=8)
    assert manfred.send(f"{path}/delete").status_code == 303
    with app.app_context():
        assert db.session.get_one(Seat, (cast.room, cast.petra.id)).silenced_until is None


def test_nobody_is_silenced_by_members_in_private_or_from_elsewhere(
    cast: Cast, browse: Browse, group: int
) -> None:
    fields = {"hours": "8", "reason": "So"}
    for person, room_id, member, status in (
        (cast.petra, cast.room, cast.sabine, 403),
        (cast.rosa, cast.room, cast.petra, 404),
        (cast.manfred, cast.room, cast.manfred, 403),
        (cast.manfred, cast.room, cast.olga, 404),
        (cast.manfred, group, cast.petra, 403),
        (cast.petra, group, cast.sabine, 403),
    ):
        path = f"/chat/rooms/{room_id}/people/{member.id}/silence"
        assert browse(person).get(path).status_code == status
        assert browse(person).send(path, **fields).status_code == status


def test_people_join_a_group_by_search_and_read_what_was_said(
    app: Flask, cast: Cast, browse: Browse, group: int
) -> None:
    say(app, cast.petra, group, "Von Anfang an")
    sabine, path = browse(cast.sabine), f"/chat/rooms/{group}/people"
    offered = sabine.get(f"{path}/new")
    assert people(offered) == ["Olga Brandt", "Rosa Kern"]
    assert "liest auch alles, was in der Gruppe schon geschrieben wurde" in text(offered)
    searched = sabine.send(path, member_ids=cast.olga.id, q="rosa", find="1")
    assert people(searched) == ["Olga Brandt", "Rosa Kern"]
    assert len(soup(searched).select("input[checked]")) == 1
    nobody = sabine.send(path)
    assert nobody.status_code == 422
    assert soup(nobody).select_one("#member_ids-error") is not None
    assert browse(cast.olga).get(path).status_code == 404
    assert sabine.send(path, member_ids=[cast.olga.id, cast.rosa.id]).status_code == 303
    page = text(browse(cast.olga).get(path))
    assert f"Nur diese 5 Personen. {PRIVATE}" in page
    assert "Von Anfang an" in text(browse(cast.olga).get("/chat"))
    assert sabine.send(path, member_ids=cast.karla.id).status_code == 422


def test_whoever_keeps_the_list_takes_people_off_it_and_may_take_that_back(
    cast: Cast, browse: Browse, group: int
) -> None:
    petra, path = browse(cast.petra), f"/chat/rooms/{group}/people"
    assert browse(cast.manfred).send(f"{path}/{cast.sabine.id}/delete").status_code == 403
    assert "Aus der Gruppe nehmen" not in text(browse(cast.manfred).get(path))
    assert "Aus der Gruppe nehmen" in text(petra.get(path))
    assert petra.send(f"{path}/{cast.sabine.id}/delete").status_code == 303
    assert browse(cast.sabine).get(path).status_code == 404
    undo = soup(petra.get(path)).select_one(".toast form")
    assert undo is not None
    fields = {str(tag["name"]): str(tag["value"]) for tag in undo.select("input")}
    assert petra.post(str(undo["action"]), data=fields).status_code == 303
    assert browse(cast.sabine).get(path).status_code == 200
    assert petra.send(f"{path}/{cast.olga.id}/delete").status_code == 404


def test_a_group_can_be_left_and_somebody_else_keeps_the_list(
    app: Flask, cast: Cast, browse: Browse, group: int
) -> None:
    petra = browse(cast.petra)
    assert "Gruppe verlassen" in text(petra.get(f"/chat/rooms/{group}/people"))
    left = petra.send(f"/chat/rooms/{group}/seat/delete")
    assert (left.status_code, left.location) == (303, "/chat")
    assert "Du gehörst nicht mehr zu dieser Gruppe." in text(petra.get("/chat"))
    assert petra.get(f"/chat/rooms/{group}/people").status_code == 404
    assert room_of(app, group).created_by_id in {cast.sabine.id, cast.manfred.id}
    assert petra.send(f"/chat/rooms/{cast.room}/seat/delete").status_code == 403


# ── Privacy ──────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("page", ["edit", "people", "search?q=Geheime", "pinned", "export", "export/text"])
def test_no_page_of_a_conversation_opens_for_moderators_and_administrators(
    cast: Cast, browse: Browse, direct: int, page: str
) -> None:
    for stranger in (cast.manfred, cast.karla, cast.rosa, cast.olga):
        answer = browse(stranger).get(f"/chat/rooms/{direct}/{page}")
        assert answer.status_code == 404
        assert SECRET not in answer.text
    assert browse(cast.petra).get(f"/chat/rooms/{direct}/{page}").status_code == 200


def test_titles_of_tabs_and_addresses_name_no_room_and_nobody(
    app: Flask, cast: Cast, browse: Browse, direct: int
) -> None:
    open_room(app, cast, "Streikvorbereitung")
    for page in ("edit", "people", "search", "pinned", "export"):
        for room_id in (direct, cast.room):
            answer = browse(cast.sabine if room_id == direct else cast.manfred).get(
                f"/chat/rooms/{room_id}/{page}"
            )
            title = soup(answer).title
            assert title is not None
            assert not re.search("Petra|Sabine|Treffpunkt|Streik", title.get_text())
    title = soup(browse(cast.petra).get("/chat")).title
    assert title is not None
    assert "Streik" not in title.get_text()


# ── Search and pinned ────────────────────────────────────────────────────────────────────────────────────


def test_a_search_marks_no_more_words_than_it_went_by() -> None:
    words = "rot blau grün gelb weiß schwarz"
    assert mark("rot und schwarz", words) == [("rot", True), (" und schwarz", False)]


def test_search_shows_the_words_where_they_stand_and_leads_there(
    app: Flask, cast: Cast, browse: Browse
) -> None:
    hit = say(app, cast.manfred, cast.room, "Die **Rufbereitschaft** ist neu geregelt, 100 % bezahlt.")
    say(app, cast.manfred, cast.room, "Etwas anderes")
    gone = say(app, cast.petra, cast.room, "Rufbereitschaft, vertippt")
    do(app, messages.withdraw_message, cast.petra.viewer, gone)
    petra = browse(cast.petra)
    page = petra.get(f"/chat/rooms/{cast.room}/search?q=rufbereit+NEU")
    assert [tag.get_text() for tag in soup(page).select("mark")] == ["Rufbereit", "neu"]
    assert [tag["href"] for tag in soup(page).select("li.found a")] == [f"/chat/messages/{hit}"]
    assert "Ein Treffer" in text(page)
    assert "Ein Treffer" in text(petra.get(f"/chat/rooms/{cast.room}/search?q=100+%25"))
    nothing = petra.get(f"/chat/rooms/{cast.room}/search?q=<script>")
    assert "Nichts gefunden" in text(nothing)
    assert "<script>" in text(nothing)
    assert "Gefunden werden Nachrichten" in text(petra.get(f"/chat/rooms/{cast.room}/search"))


@pytest.mark.parametrize(
    ("words", "asked", "pieces"),
    [
        ("Guten Morgen", "morgen", [("Guten ", False), ("Morgen", True)]),
        ("a+b (c)", "+ (", [("a", False), ("+", True), ("b ", False), ("(", True), ("c)", False)]),
        ("Öfen und Öl", "öfen", [("Öfen", True), (" und Öl", False)]),
        ("Schicht Schichtplan", "schicht schichtplan", [("Schicht", True), (" ", False), ("Schichtplan", True)]),
        ("nichts davon", "anderes", [("nichts davon", False)]),
        ("leer", "", [("leer", False)]),
        ("", "x", []),
    ],
)  # fmt: skip
def test_words_are_marked(words: str, asked: str, pieces: list[tuple[str, bool]]) -> None:
    assert mark(words, asked) == pieces


def test_of_a_long_message_the_part_around_the_word_is_shown() -> None:
    long = "Wort " * 400 + "Treffer " + "Ende " * 400
    pieces = mark(long, "treffer")
    shown = "".join(piece for piece, _hit in pieces)
    assert ("Treffer", True) in pieces
    assert len(shown) < 300
    assert shown.startswith("… Wort")
    assert shown.endswith(" …")


def test_pinned_messages_stand_together_and_are_loosened_by_those_who_may(
    app: Flask, cast: Cast, browse: Browse
) -> None:
    path = f"/chat/rooms/{cast.room}/pinned"
    assert "Noch nichts angeheftet" in text(browse(cast.petra).get(path))
    message_id = say(app, cast.petra, cast.room, "Das **Protokoll** liegt in der Ablage.")
    do(app, messages.pin_message, cast.manfred.viewer, message_id)
    page = browse(cast.petra).get(path)
    assert "Das Protokoll liegt in der Ablage." in text(page)
    assert f'href="/chat/messages/{message_id}"' in page.text
    assert "Nicht mehr anheften" not in text(page)
    assert "Nicht mehr anheften" in text(browse(cast.manfred).get(path))


# ── Export ───────────────────────────────────────────────────────────────────────────────────────────────


def test_the_export_page_says_what_is_in_it_and_to_be_careful(
    app: Flask, cast: Cast, browse: Browse, direct: int
) -> None:
    page = text(browse(cast.petra).get(f"/chat/rooms/{direct}/export"))
    assert "§ 79 BetrVG" in page
    assert "mit einer Nachricht" in page
    empty = make(app, cast.group)
    assert "noch nichts" in text(browse(cast.petra).get(f"/chat/rooms/{empty}/export"))


def test_the_export_is_a_text_with_authors_times_answers_and_traces(
    app: Flask, cast: Cast, browse: Browse
) -> None:
    with time_machine.travel("2026-03-02 17:04:00+00:00", tick=False):
        first = say(app, cast.petra, cast.room, "Wer kommt am *Dienstag*?\n\nUnd wer bringt was mit\\!")
    with time_machine.travel("2026-03-03 06:30:00+00:00", tick=False):
        say(app, cast.manfred, cast.room, "Ich.", reply_to=first)
        gone = say(app, cast.sabine, cast.room, SECRET)
        do(app, messages.withdraw_message, cast.sabine.viewer, gone)
        removed = say(app, cast.petra, cast.room, SECRET)
        do(app, messages.remove_message, cast.manfred.viewer, removed, "Nennt Zahlen")
        changed = say(app, cast.petra, cast.room, "Vertippt")
        do(app, messages.edit_message, cast.petra.viewer, changed, "Richtig", 0)
    answer = browse(cast.petra).get(f"/chat/rooms/{cast.room}/export/text")
    assert answer.mimetype == "text/plain"
    today = now().astimezone().strftime("%Y")
    assert f"attachment; filename=Treffpunkt-{today}" in answer.headers["Content-Disposition"]
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.data.startswith(b"\xef\xbb\xbfTreffpunkt\r\nRaum im Bereich Finsterwalde\r\n")
    body = answer.data.decode("utf-8-sig").replace("\r\n", "\n")
    assert "\n" in body
    assert "\r" not in body
    assert "§ 79 BetrVG" in body
    assert (
        f"\n=== 2. März 2026 ===\n\n[18:04] Petra Sommer · Nr. {first}\n"
        "    Wer kommt am *Dienstag*?\n\n    Und wer bringt was mit!\n" in body
    )
    assert (
        f"[07:30] Manfred Lehnigk · Nr. {first + 1}\n    Antwort auf Petra Sommer, Nr. {first}\n    Ich.\n"
        in body
    )
    assert f"Sabine Morgenroth · Nr. {gone}\n    (zurückgezogen)\n" in body
    assert f"Petra Sommer · Nr. {removed}\n    (von der Moderation entfernt)\n" in body
    assert "    Richtig\n    (bearbeitet: Di., 3. März 2026, 07:30)\n" in body
    assert body.count("=== 3. März 2026 ===") == 1
    assert SECRET not in body
    assert body.endswith("\nEnde\n")


def test_the_export_of_a_conversation_names_who_is_in_it(
    app: Flask, cast: Cast, browse: Browse, direct: int
) -> None:
    answer = browse(cast.petra).get(f"/chat/rooms/{direct}/export/text")
    assert "filename=Sabine-Morgenroth-" in answer.headers["Content-Disposition"]
    body = answer.data.decode("utf-8-sig")
    assert "Beteiligt: Petra Sommer, Sabine Morgenroth" in body
    assert SECRET in body


def test_a_large_room_is_exported_a_part_at_a_time_and_whole(
    app: Flask, cast: Cast, browse: Browse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room_queries, "EXPORT_BATCH", 7)
    monkeypatch.setattr("forum.chat.views.finding.EXPORT_BATCH", 10)
    with app.app_context(), unit_of_work():
        for number in range(45):
            messages.send_message(cast.manfred.viewer, cast.room, f"Nachricht {number:03}", uuid4())
    answer = browse(cast.petra).get(f"/chat/rooms/{cast.room}/export/text", buffered=False)
    parts = [part.decode() for part in answer.response]  # type: ignore[union-attr]
    assert len(parts) > 4
    assert re.findall(r"Nachricht (\d+)", "".join(parts)) == [f"{number:03}" for number in range(45)]


def test_a_name_that_is_no_file_name_becomes_one(app: Flask, cast: Cast, browse: Browse) -> None:
    for name, expected in (
        ("../../etc/passwd", "etc-passwd-"),
        ("§ 87: Überstunden", "87-"),
        ("!?", "Chat-"),
    ):
        room_id = open_room(app, cast, name)
        header = browse(cast.petra).get(f"/chat/rooms/{room_id}/export/text").headers["Content-Disposition"]
        assert expected in header
        assert "/" not in header.replace("UTF-8''", "")


# ── Preferences ──────────────────────────────────────────────────────────────────────────────────────────


def test_preferences_are_shown_changed_and_kept(app: Flask, cast: Cast, browse: Browse) -> None:
    petra = browse(cast.petra)
    page = petra.get("/chat/preferences")
    assert {tag["name"] for tag in soup(page).select("input[type=checkbox][checked]")} == {
        "shows_presence", "shows_typing", "shows_receipts",
    }  # fmt: skip
    assert "Was du abschaltest, sieht niemand von dir, und du siehst es von niemandem." in text(page)
    assert "Wann das war, wird nirgends festgehalten." in text(page)
    saved = petra.send("/chat/preferences", shows_typing="y", enter_key="break")
    assert (saved.status_code, saved.location) == (303, "/chat")
    page = petra.get("/chat/preferences")
    assert [tag["name"] for tag in soup(page).select("input[type=checkbox][checked]")] == ["shows_typing"]
    chosen = soup(page).select_one("input[name=enter_key][checked]")
    assert chosen is not None
    assert chosen["value"] == "break"
    assert (
        len(soup(browse(cast.sabine).get("/chat/preferences")).select("input[type=checkbox][checked]")) == 3
    )
    assert petra.send("/chat/preferences", enter_key="explode").status_code == 422


# ── Extreme input ────────────────────────────────────────────────────────────────────────────────────────


def test_long_names_and_words_are_shown_whole_in_the_list(app: Flask, cast: Cast, browse: Browse) -> None:
    name = "Beschäftigungssicherungsvereinbarungsverhandlungskommission"
    room_id = open_room(app, cast, name)
    say(app, cast.manfred, room_id, "Donaudampfschifffahrt" * 240)
    shown = row(browse(cast.petra).get("/chat"), room_id)
    assert name in said(shown)
    assert len(said(shown)) < 300


@pytest.mark.parametrize("chosen", ["", "x", "-1", "0", "1.5", "9" * 5000, "²", "١"])
def test_people_that_are_no_numbers_are_nobody(cast: Cast, browse: Browse, chosen: str) -> None:
    answer = browse(cast.petra).send("/chat/conversations", member_ids=chosen, client_key=str(uuid4()))
    assert answer.status_code == 422


def test_a_name_with_signs_of_html_is_shown_as_typed(app: Flask, cast: Cast, browse: Browse) -> None:
    room_id = open_room(app, cast, "<b>Fett</b> & \u202eumgedreht")
    page = browse(cast.petra).get("/chat")
    assert "<b>Fett</b> & umgedreht" in said(row(page, room_id))
    assert "<b>Fett" not in page.text
    assert browse(cast.petra).get(f"/chat/rooms/{room_id}/people").status_code == 200


def test_what_is_sent_without_signing_in_changes_nothing(app: Flask, cast: Cast, browse: Browse) -> None:
    visitor = browse(None)
    assert visitor.get("/chat").status_code == 302
    assert visitor.send(f"/chat/rooms/{cast.room}/archive").status_code == 401
    assert not room_of(app, cast.room).is_archived
