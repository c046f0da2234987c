"""What a member sees of rooms: lists, what is new, pages of messages, changes, receipts, export."""

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
import sqlalchemy as sa

from forum.chat.models import Message, MessageState, ReactionKind, Room, RoomKind, Seat
from forum.chat.queries import messages, people, preferences, rooms, unread
from forum.chat.queries.messages import as_data
from forum.chat.queries.preferences import Preferences
from forum.chat.queries.rooms import RoomRow
from forum.chat.service import messages as writing
from forum.chat.service import preferences as choosing
from forum.chat.service import reactions, seats
from forum.chat.service import rooms as keeping
from forum.core.access import ANYONE, Role, Viewer
from forum.core.clock import now
from forum.core.db import db, unit_of_work
from forum.core.errors import NotFound
from forum.members import queries as members
from forum.members.models import Member, Standing
from forum.members.queries import Sign
from forum.members.service import add_member
from forum.spaces.service import join
from tests.cast import HERE, Cast, Person
from tests.chat.conftest import Told

pytestmark = pytest.mark.usefixtures("context")
#: BEGIN counts as a statement where a transaction begins.
BEGIN = 1


def statements(count_queries: Callable[[], int], ask: Callable[[], object]) -> int:
    """How many statements it takes, in a transaction of its own; warmed up."""
    db.session.rollback()
    ask()
    db.session.rollback()
    count_queries()
    ask()
    number = count_queries()
    return number - (db.engine.dialect.name == "sqlite") * BEGIN


def row_of(person: Person, room_id: int) -> RoomRow | None:
    return next((row for row in rooms.list_rooms(person.viewer).rooms if row.id == room_id), None)


def news(person: Person, room_id: int) -> tuple[int, int]:
    """How many messages are new to the person in the room, and how many of them name the person."""
    row = row_of(person, room_id)
    assert row is not None
    opened = rooms.open_room(person.viewer, room_id)
    assert opened.unread == row.unread
    assert (opened.first_unread_id is None) == (row.unread == 0)
    return row.unread, row.mentions


def total(person: Person) -> tuple[int, int]:
    found = unread.unread_total(person.viewer)
    return found.rooms, found.mentions


def read(person: Person, room_id: int, message_id: int) -> None:
    with unit_of_work():
        seats.note_reading(person.viewer, room_id, message_id)


def crowd(cast: Cast, number: int) -> list[Viewer]:
    """So many further members here."""
    with unit_of_work():
        ids = [add_member(f"Nils Neu {n:03}", f"nils{n}@betrieb.example").id for n in range(number)]
        for member_id in ids:
            join(member_id, cast.spaces[HERE], Role.MEMBER)
    return [Viewer(member_id, {cast.spaces[HERE]: Role.MEMBER}) for member_id in ids]


def say(cast: Cast, number: int, room_id: int | None = None) -> list[int]:
    """So many messages of Sabine's in one transaction."""
    with unit_of_work():
        return [
            writing.send_message(cast.sabine.viewer, room_id or cast.room, f"Nachricht {n}", uuid4()).id
            for n in range(number)
        ]


# ── The list ─────────────────────────────────────────────────────────────────────────────────────────────


def test_everybody_has_the_rooms_of_their_spaces_and_their_own(cast: Cast) -> None:
    direct, group = cast.direct(), cast.group()
    cast.message(cast.petra, direct)
    of_petra = rooms.list_rooms(cast.petra.viewer)
    assert [space.sign for space, _rooms in of_petra.spaces] == ["NET", "FIN"]
    assert cast.room in {row.id for row in of_petra.rooms}
    assert cast.foreign_room not in {row.id for row in of_petra.rooms}
    assert {row.id for row in of_petra.private} == {direct, group}
    assert {row.id for row in rooms.list_rooms(cast.manfred.viewer).private} == {group}
    for outsider in (cast.olga, cast.karla):
        assert rooms.list_rooms(outsider.viewer).private == []
    assert rooms.list_rooms(cast.karla.viewer).rooms == rooms.list_rooms(ANYONE).rooms == []


def test_a_room_in_the_list_says_what_was_said_last_and_what_is_new(cast: Cast) -> None:
    cast.message(cast.sabine, text="**Erste** Nachricht")
    cast.message(cast.manfred, text="Zweite, @Petra Sommer")
    row = row_of(cast.petra, cast.room)
    assert row is not None
    assert (row.title, row.kind, row.unread, row.mentions, row.is_muted, row.has_draft) == (
        "Treffpunkt",
        RoomKind.SPACE,
        2,
        1,
        False,
        False,
    )
    assert row.newest is not None
    assert (row.newest.author.name, row.newest.excerpt) == ("Manfred Lehnigk", "Zweite, @Petra Sommer")
    with unit_of_work():
        seats.mute(cast.petra.viewer, cast.room)
        seats.save_draft(cast.petra.viewer, cast.room, "Ich")
    row = row_of(cast.petra, cast.room)
    assert row is not None
    assert (row.is_muted, row.has_draft, row.unread) == (True, True, 2)


def test_private_rooms_are_called_by_the_others_in_them(cast: Cast) -> None:
    direct = cast.direct()
    with unit_of_work():
        people_ids = [cast.sabine.id, cast.manfred.id, cast.olga.id, cast.rosa.id]
        group = keeping.start_group(cast.petra.viewer, people_ids, "", uuid4()).id
    assert rooms.open_room(cast.petra.viewer, direct).title == "Sabine Morgenroth"
    assert rooms.open_room(cast.sabine.viewer, direct).title == "Petra Sommer"
    row = row_of(cast.petra, group)
    assert row is not None
    assert row.title == rooms.open_room(cast.petra.viewer, group).title
    assert row.title == "Manfred Lehnigk, Olga Brandt, Rosa Kern …"
    assert len(row.people) == 4


def test_a_conversation_is_listed_for_the_other_with_the_first_word(cast: Cast) -> None:
    direct = cast.direct()
    assert row_of(cast.petra, direct) is not None
    assert row_of(cast.sabine, direct) is None
    cast.message(cast.petra, direct)
    assert row_of(cast.sabine, direct) is not None


def test_private_rooms_stand_by_what_was_said_last(cast: Cast) -> None:
    direct, group = cast.direct(), cast.group()
    for last in (direct, group, direct):
        cast.message(cast.petra, last)
        assert rooms.list_rooms(cast.petra.viewer).private[0].id == last


def test_the_list_the_badge_and_an_open_room_take_few_statements_however_much_there_is(
    cast: Cast, count_queries: Callable[[], int]
) -> None:
    def figures() -> list[int]:
        return [
            statements(count_queries, lambda: rooms.list_rooms(cast.petra.viewer)),
            statements(count_queries, lambda: unread.unread_total(cast.petra.viewer)),
            statements(count_queries, lambda: rooms.open_room(cast.petra.viewer, cast.room)),
            statements(count_queries, lambda: rooms.readable_ids(cast.petra.viewer)),
        ]

    group = cast.group()
    assert figures() == [2, 1, 1, 1]
    assert statements(count_queries, lambda: rooms.open_room(cast.petra.viewer, group)) == 2
    say(cast, 30)
    for _ in range(5):
        cast.message(cast.petra, cast.group())
    assert figures() == [2, 1, 1, 1]


# ── What is new ──────────────────────────────────────────────────────────────────────────────────────────


def test_what_others_write_is_new_until_it_is_seen(cast: Cast) -> None:
    ids = [cast.message(cast.sabine) for _ in range(3)]
    assert news(cast.petra, cast.room) == (3, 0)
    assert rooms.open_room(cast.petra.viewer, cast.room).first_unread_id == ids[0]
    assert total(cast.petra) == (1, 0)
    assert total(cast.sabine) == (0, 0)
    read(cast.petra, cast.room, ids[1])
    assert news(cast.petra, cast.room) == (1, 0)
    assert rooms.open_room(cast.petra.viewer, cast.room).first_unread_id == ids[2]
    read(cast.petra, cast.room, ids[2])
    assert (news(cast.petra, cast.room), total(cast.petra)) == ((0, 0), (0, 0))


def test_what_was_taken_back_is_not_new(cast: Cast) -> None:
    ids = [cast.message(cast.sabine, text="@Petra Sommer") for _ in range(2)]
    assert total(cast.petra) == (1, 2)
    with unit_of_work():
        writing.withdraw_message(cast.sabine.viewer, ids[0])
    assert news(cast.petra, cast.room) == (1, 1)
    with unit_of_work():
        writing.remove_message(cast.manfred.viewer, ids[1], "Grund")
    assert (news(cast.petra, cast.room), total(cast.petra)) == ((0, 0), (0, 0))


def test_what_was_written_before_one_came_is_not_new(cast: Cast) -> None:
    cast.message(cast.sabine)
    late = crowd(cast, 1)[0]
    latecomer = Person(late.member_id or 0, "", "", late)
    assert (news(latecomer, cast.room), total(latecomer)) == ((0, 0), (0, 0))
    with unit_of_work():
        seats.mute(late, cast.room)  # a seat alone is no reading
        seats.unmute(late, cast.room)
    assert news(latecomer, cast.room) == (0, 0)
    cast.message(cast.sabine)
    assert (news(latecomer, cast.room), total(latecomer)) == ((1, 0), (1, 0))


def test_muted_and_archived_rooms_do_not_count_in_the_badge(cast: Cast) -> None:
    cast.message(cast.sabine, text="@Petra Sommer")
    cast.message(cast.sabine, cast.direct())
    assert total(cast.petra) == (2, 1)
    with unit_of_work():
        seats.mute(cast.petra.viewer, cast.room)
    assert (total(cast.petra), news(cast.petra, cast.room)) == ((1, 0), (1, 1))
    with unit_of_work():
        seats.unmute(cast.petra.viewer, cast.room)
        keeping.archive_room(cast.manfred.viewer, cast.room)
    assert total(cast.petra) == (1, 0)


def test_nobody_counts_beyond_a_hundred(cast: Cast) -> None:
    say(cast, unread.COUNT_LIMIT + 3)
    assert news(cast.petra, cast.room)[0] == unread.COUNT_LIMIT


# ── Messages ─────────────────────────────────────────────────────────────────────────────────────────────


def test_pages_of_messages_join_without_gap_or_double(cast: Cast) -> None:
    ids = say(cast, 23)
    page = messages.list_messages(cast.room, limit=5)
    assert [row.id for row in page.rows] == ids[-5:]
    assert (page.has_earlier, page.has_later) == (True, False)
    seen = page.rows
    while page.has_earlier:
        page = messages.list_messages(cast.room, before=seen[0].id, limit=5)
        assert page.has_later
        seen = [*page.rows, *seen]
    assert [row.id for row in seen] == ids
    forward, place = [], 0
    while True:
        page = messages.list_messages(cast.room, after=place, limit=4)
        forward += page.rows
        if not page.has_later:
            break
        place = page.rows[-1].id
    assert forward == seen


def test_a_page_around_a_message_begins_its_later_half_with_it(cast: Cast) -> None:
    ids = say(cast, 20)
    page = messages.list_messages(cast.room, around=ids[10], limit=6)
    assert [row.id for row in page.rows] == ids[7:13]
    assert (page.has_earlier, page.has_later) == (True, True)
    with unit_of_work():
        db.session.execute(sa.delete(Message).where(Message.id == ids[10]))
    page = messages.list_messages(cast.room, around=ids[10], limit=6)
    assert [row.id for row in page.rows] == [*ids[7:10], *ids[11:14]]
    whole = messages.list_messages(cast.room, around=ids[0], limit=100)
    assert (whole.has_earlier, whole.has_later) == (False, False)
    assert messages.list_messages(cast.foreign_room).rows == []


def test_messages_come_with_all_extras_in_a_constant_number_of_statements(
    cast: Cast, count_queries: Callable[[], int]
) -> None:
    def figures() -> list[int]:
        return [
            statements(count_queries, lambda: messages.list_messages(cast.room)),
            statements(count_queries, lambda: messages.list_messages(cast.room, before=10_000_000)),
            statements(count_queries, lambda: messages.list_messages(cast.room, around=1)),
            statements(count_queries, lambda: messages.changed_since(cast.room, 0)),
            statements(count_queries, lambda: messages.list_pinned(cast.room)),
            statements(count_queries, lambda: messages.search(cast.room, "nachricht")),
            statements(count_queries, lambda: messages.get_rows(written)),
        ]

    first = say(cast, 1)[0]
    written = [first]
    with unit_of_work():
        writing.pin_message(cast.manfred.viewer, first)
    assert figures() == [3, 3, 4, 4, 3, 3, 3]
    for number in range(12):
        with unit_of_work():
            sent = writing.send_message(
                cast.petra.viewer, cast.room, f"Nachricht {number} @Sabine Morgenroth", uuid4(), first
            )
            reactions.react(cast.manfred.viewer, sent.id, ReactionKind.THANKS)
            writing.pin_message(cast.manfred.viewer, sent.id)
            written.insert(0, sent.id)
    assert figures() == [3, 3, 4, 4, 3, 3, 3]
    assert [row.id for row in messages.get_rows(written)] == sorted(written)


def test_sending_takes_few_statements(cast: Cast, count_queries: Callable[[], int]) -> None:
    first = cast.message(cast.petra)
    begins = db.engine.dialect.name == "sqlite"

    def sending(text: str, reply_to: int | None = None) -> int:
        count_queries()
        with unit_of_work():
            writing.send_message(cast.petra.viewer, cast.room, text, uuid4(), reply_to)
        return count_queries() - begins

    assert sending("Hallo") == 5
    assert sending("Hallo", first) == 6
    assert sending("Hallo @Sabine Morgenroth") == 8  # who is named, and that somebody is to be told


def test_a_message_just_sent_is_told_as_it_is_read_later(cast: Cast, told: Told) -> None:
    """The shortcut that spares statements must say the same as the database."""
    first = cast.message(cast.sabine, text="Frage?")
    with unit_of_work():
        sent = writing.send_message(
            cast.petra.viewer, cast.room, "Antwort, @Sabine Morgenroth", uuid4(), first
        )
    assert told.data("changed")[-1] == as_data(messages.get_row(sent.id), 2)


def test_what_a_client_gets_is_json_and_holds_no_source(cast: Cast) -> None:
    first = cast.message(cast.sabine, text="**Frage**")
    with unit_of_work():
        sent = writing.send_message(cast.petra.viewer, cast.room, "Antwort", uuid4(), first).id
        reactions.react(cast.manfred.viewer, sent, ReactionKind.HELPFUL)
        writing.note_kept(cast.petra.viewer, cast.room, [sent], "/topics/7", "Schichtplan")
    data = as_data(messages.get_row(sent), 9)
    assert (data["room"], data["last"], data["stamp"]) == (cast.room, 9, data["message"]["stamp"])
    assert data["message"]["author"] == {
        "id": cast.petra.id,
        "name": "Petra Sommer",
        "initials": "PS",
        "colour": cast.petra.id % 8,
        "picture": None,
    }
    assert data["message"]["reply_to"]["excerpt"] == "Frage"
    assert data["message"]["reactions"] == {"helpful": [cast.manfred.id]}
    assert data["message"]["kept"] == {"url": "/topics/7", "title": "Schichtplan"}
    assert "**" not in repr(data)


def test_a_quote_of_something_taken_back_holds_none_of_its_words(cast: Cast) -> None:
    first = cast.message(cast.sabine, text="Zahl 4711")
    with unit_of_work():
        answer = writing.send_message(cast.petra.viewer, cast.room, "Wie bitte?", uuid4(), first).id
        writing.withdraw_message(cast.sabine.viewer, first)
    quoted = messages.get_row(answer).reply_to
    assert quoted is not None
    assert (quoted.id, quoted.excerpt) == (first, "")


def test_a_client_catches_up_with_exactly_what_changed(cast: Cast) -> None:
    ids = say(cast, 4)
    assert messages.changed_since(cast.room, 4) == messages.Changes([], 4, ids[0])
    with unit_of_work():
        writing.withdraw_message(cast.sabine.viewer, ids[0])
        reactions.react(cast.petra.viewer, ids[2], ReactionKind.SEEN)
        reactions.unreact(cast.petra.viewer, ids[2], ReactionKind.SEEN)
    new = cast.message(cast.petra)
    changes = messages.changed_since(cast.room, 4)
    assert changes is not None
    assert [row.id for row in changes.rows] == [ids[0], ids[2], new]
    assert (changes.last, changes.first_id) == (8, ids[0])
    assert changes.rows[0].state is MessageState.WITHDRAWN
    assert max(row.stamp for row in changes.rows) == changes.last
    assert messages.changed_since(cast.foreign_room, 0) == messages.Changes([], 0, 0)


def test_a_client_that_missed_too_much_loads_anew(cast: Cast) -> None:
    say(cast, messages.CHANGES_LIMIT)
    changes = messages.changed_since(cast.room, 0)
    assert changes is not None
    assert len(changes.rows) == messages.CHANGES_LIMIT
    say(cast, 1)
    assert messages.changed_since(cast.room, 0) is None
    assert messages.changed_since(cast.room, 1) is not None


def test_pinned_messages_stand_last_pinned_first(cast: Cast) -> None:
    ids = say(cast, 3)
    for message_id in (ids[2], ids[0]):
        with unit_of_work():
            writing.pin_message(cast.manfred.viewer, message_id)
    assert [row.id for row in messages.list_pinned(cast.room)] == [ids[0], ids[2]]


def found(cast: Cast, words: str) -> list[int]:
    return [row.id for row in messages.search(cast.room, words)]


def test_search_finds_all_words_in_any_case_newest_first(cast: Cast) -> None:
    first = cast.message(cast.petra, text="Der Schichtplan für Öfen gilt ab 1. März")
    second = cast.message(cast.petra, text="Neuer SCHICHTPLAN hängt aus")
    cast.message(cast.olga, cast.foreign_room, "Schichtplan")
    assert found(cast, "schichtplan") == [second, first]
    assert found(cast, "öfen schicht") == found(cast, "ÖFEN") == [first]
    assert found(cast, "schichtplan april") == found(cast, " ") == []


def test_search_takes_signs_as_they_are(cast: Cast) -> None:
    sure = cast.message(cast.petra, text="100 % sicher, a_b und \\")
    cast.message(cast.petra, text="100 Prozent, axb")
    for words in ("100 %", "a_b", "\\", "%"):
        assert found(cast, words) == [sure]
    assert found(cast, "\0") == []
    with unit_of_work():
        writing.withdraw_message(cast.petra.viewer, sure)
    assert found(cast, "a_b") == []


def test_a_day_begins_with_its_first_message(cast: Cast) -> None:
    ids = say(cast, 3)
    moment = now()
    with unit_of_work():
        for days, message_id in zip((5, 3, 1), ids, strict=True):
            db.session.get_one(Message, message_id).created_at = moment - timedelta(days=days)
    assert messages.first_on(cast.room, moment - timedelta(days=9)) == ids[0]
    assert messages.first_on(cast.room, moment - timedelta(days=3)) == ids[1]
    assert messages.first_on(cast.room, moment) is None


def test_what_is_chosen_comes_as_text_in_order_if_it_stands(cast: Cast) -> None:
    first, second = cast.message(cast.petra, text="**Eins**"), cast.message(cast.sabine, text="Zwei")
    foreign = cast.message(cast.olga, cast.foreign_room, "Geheim")
    lines = messages.chosen(cast.room, [second, first, foreign, 999])
    assert [(line.source, line.author.name) for line in lines] == [
        ("**Eins**", "Petra Sommer"),
        ("Zwei", "Sabine Morgenroth"),
    ]
    with unit_of_work():
        writing.withdraw_message(cast.petra.viewer, first)
    assert [line.id for line in messages.chosen(cast.room, [first, second])] == [second]


# ── People ───────────────────────────────────────────────────────────────────────────────────────────────


def names(found: list) -> list[str]:
    return [person.name for person in found]


def test_receipts_are_for_those_who_show_theirs(cast: Cast, count_queries: Callable[[], int]) -> None:
    sent = cast.message(cast.petra)
    room = db.session.get_one(Room, cast.room)
    for person in (cast.sabine, cast.manfred):
        read(person, cast.room, sent)
    assert names(people.readers(cast.petra.viewer, room, sent)) == ["Manfred Lehnigk", "Sabine Morgenroth"]
    assert names(people.readers(cast.sabine.viewer, room, sent)) == ["Manfred Lehnigk"]
    assert people.readers(cast.petra.viewer, room, sent + 1) == []
    with unit_of_work():
        choosing.choose(cast.manfred.viewer, Preferences(shows_receipts=False))
    assert names(people.readers(cast.petra.viewer, room, sent)) == ["Sabine Morgenroth"]
    assert people.readers(cast.manfred.viewer, room, sent) == []
    db.session.expunge(room)  # or the end of the transaction would have it read again
    assert statements(count_queries, lambda: people.readers(cast.petra.viewer, room, sent)) == 2


def test_what_one_hides_is_hidden_sign_by_sign(cast: Cast) -> None:
    everybody = [cast.petra.id, cast.sabine.id]
    with unit_of_work():
        choosing.choose(cast.petra.viewer, Preferences(shows_typing=False))
    assert members.showing(everybody, Sign.TYPING) == {cast.sabine.id}
    assert members.showing(everybody, Sign.PRESENCE) == set(everybody)
    assert preferences.preferences_of(cast.petra.viewer) == Preferences(shows_typing=False)
    assert (
        preferences.preferences_of(cast.sabine.viewer) == preferences.preferences_of(ANYONE) == Preferences()
    )


def test_one_finds_people_of_common_spaces_to_talk_to(cast: Cast) -> None:
    group = db.session.get_one(Room, cast.group())
    assert names(people.find_people(cast.petra.viewer, "")) == [
        "Manfred Lehnigk",
        "Olga Brandt",
        "Rosa Kern",
        "Sabine Morgenroth",
    ]
    assert names(people.find_people(cast.petra.viewer, "", besides=group)) == ["Olga Brandt", "Rosa Kern"]
    assert names(people.find_people(cast.petra.viewer, "morg")) == ["Sabine Morgenroth"]
    assert people.find_people(cast.petra.viewer, "100%") == people.find_people(cast.karla.viewer, "") == []


def test_those_who_read_a_room_can_be_named_in_it(cast: Cast) -> None:
    room, group = db.session.get_one(Room, cast.room), db.session.get_one(Room, cast.group(cast.olga))
    assert names(people.find_mentionable(room, "")) == [
        "Manfred Lehnigk",
        "Petra Sommer",
        "Sabine Morgenroth",
    ]
    assert names(people.find_mentionable(group, "o")) == ["Olga Brandt", "Petra Sommer"]
    with unit_of_work():
        db.session.get_one(Member, cast.sabine.id).standing = Standing.SUSPENDED
    assert people.find_mentionable(room, "sabine") == []


def test_participants_stand_in_the_order_of_coming_the_suspended_too(cast: Cast) -> None:
    group = cast.group(cast.sabine)
    with unit_of_work():
        keeping.add_participants(cast.sabine.viewer, group, [cast.manfred.id])
        db.session.get_one(Member, cast.sabine.id).standing = Standing.SUSPENDED
    listed = people.participants(db.session.get_one(Room, group))
    assert [(one.person.name, one.is_suspended) for one in listed] == [
        ("Petra Sommer", False),
        ("Sabine Morgenroth", True),
        ("Manfred Lehnigk", False),
    ]


def test_moderators_see_who_is_silenced_and_until_when(cast: Cast) -> None:
    until = now() + timedelta(hours=1)
    with unit_of_work():
        seats.silence(cast.manfred.viewer, cast.room, cast.petra.id, until, "Grund")
    room = db.session.get_one(Room, cast.room)
    assert [(one.person.name, one.until, one.reason) for one in people.silenced(room, now())] == [
        ("Petra Sommer", until, "Grund")
    ]
    assert people.silenced(room, until) == []


# ── Opening and taking along ─────────────────────────────────────────────────────────────────────────────


def test_a_room_opens_for_its_readers_and_is_not_there_for_others(cast: Cast) -> None:
    group = cast.group(cast.sabine)
    opened = rooms.open_room(cast.petra.viewer, group)
    assert (opened.room.id, opened.space, [person.name for person in opened.people]) == (
        group,
        None,
        ["Sabine Morgenroth"],
    )
    assert isinstance(opened.seat, Seat)
    here = rooms.open_room(cast.petra.viewer, cast.room)
    assert (here.space is not None and here.space.sign, here.seat, here.last_read_id) == ("FIN", None, 0)
    for stranger in (cast.manfred.viewer, cast.karla.viewer, ANYONE):
        with pytest.raises(NotFound):
            rooms.open_room(stranger, group)
        with pytest.raises(NotFound):
            rooms.export(stranger, group)
    with pytest.raises(NotFound):
        rooms.open_room(cast.petra.viewer, 999_999)
    with pytest.raises(NotFound):
        rooms.open_room(cast.petra.viewer, cast.foreign_room)


def test_an_export_holds_every_message_in_order(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rooms, "EXPORT_BATCH", 4)
    direct = cast.direct()
    ids = say(cast, 8, direct)
    with unit_of_work():
        answer = writing.send_message(cast.petra.viewer, direct, "Ja, **gern**", uuid4(), ids[0]).id
        writing.withdraw_message(cast.sabine.viewer, ids[1])
    for person in (cast.petra, cast.sabine):
        lines = list(rooms.export(person.viewer, direct))
        assert [line.id for line in lines] == [*ids, answer]
        assert (lines[-1].source, lines[-1].reply_to_id, lines[-1].author.name) == (
            "Ja, **gern**",
            ids[0],
            "Petra Sommer",
        )
        assert (lines[1].source, lines[1].state) == ("", MessageState.WITHDRAWN)
    assert list(rooms.export(cast.petra.viewer, cast.room)) == []


def test_the_hot_statements_use_their_indexes(cast: Cast) -> None:
    """On SQLite, where the plan can be asked for in words; nothing walks through all messages."""
    if db.engine.dialect.name != "sqlite":
        pytest.skip("asked for in the words of SQLite")
    say(cast, 3)
    listed: list[str] = []

    def plan(_connection, _cursor, statement, parameters, *_rest) -> None:
        if statement.startswith("SELECT"):
            listed.append((statement, parameters))

    sa.event.listen(db.engine, "before_cursor_execute", plan)
    rooms.list_rooms(cast.petra.viewer)
    unread.unread_total(cast.petra.viewer)
    rooms.open_room(cast.petra.viewer, cast.room)
    messages.list_messages(cast.room, around=2)
    messages.changed_since(cast.room, 1)
    messages.list_pinned(cast.room)
    sa.event.remove(db.engine, "before_cursor_execute", plan)
    for statement, parameters in listed:
        steps = [
            row[3]
            for row in db.session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        ]
        assert not [step for step in steps if step.startswith("SCAN") and "message" in step], (
            statement,
            steps,
        )
