"""What members do in rooms."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa
from flask import Flask

from forum.audit.models import Entry
from forum.chat.models import (
    GROUP_LIMIT,
    PIN_LIMIT,
    Mention,
    Message,
    MessageState,
    Reaction,
    ReactionKind,
    Room,
    RoomKind,
    Seat,
)
from forum.chat.queries.preferences import Preferences
from forum.chat.service import messages, places, preferences, reactions, retention, rooms, seats
from forum.core.access import ANYONE, Role, Viewer
from forum.core.clock import now
from forum.core.db import db, unit_of_work
from forum.core.errors import Conflict, Denied, Invalid, NotFound, Refusal
from forum.members.models import ChatPreferences, Member, Standing
from forum.members.service import add_member
from forum.spaces.service import end_membership, join
from tests.cast import HERE, Cast, Person
from tests.chat.conftest import Told

pytestmark = pytest.mark.usefixtures("context")
Verb = Callable[..., Any]


def room(room_id: int) -> Room:
    return db.session.get_one(Room, room_id, populate_existing=True)


def message(message_id: int) -> Message:
    return db.session.get_one(Message, message_id, populate_existing=True)


def seat(room_id: int, person: Person) -> Seat | None:
    return db.session.get(Seat, (room_id, person.id), populate_existing=True)


def count(model: type) -> int:
    return db.session.scalar(sa.select(sa.func.count()).select_from(model)) or 0


def do(verb: Verb, person: Person, *given: Any, **named: Any) -> Any:
    """The verb, done by the person and committed."""
    with unit_of_work():
        return verb(person.viewer, *given, **named)


def refused(verb: Verb, person: Person, *given: Any, **named: Any) -> Refusal:
    """What the verb says instead of acting."""
    with pytest.raises(Refusal) as refusal:
        do(verb, person, *given, **named)
    return refusal.value


def acts() -> list[str]:
    """What the record has about chat."""
    return [
        action
        for action in db.session.scalars(sa.select(Entry.action).order_by(Entry.id))
        if action.startswith(("room.", "message.", "member."))
    ]


def newcomers(cast: Cast, number: int) -> list[int]:
    """The ids of so many new members here."""
    with unit_of_work():
        made = [add_member(f"Nils Neu {n}", f"nils{n}@betrieb.example").id for n in range(number)]
        for member_id in made:
            join(member_id, cast.spaces[HERE], Role.MEMBER)
    return made


# ── Sending ──────────────────────────────────────────────────────────────────────────────────────────────


def test_a_message_is_stored_told_and_the_last_of_its_room(cast: Cast, told: Told) -> None:
    sent = do(messages.send_message, cast.petra, cast.room, "Wer hat **morgen** Dienst?", uuid4())
    at = room(cast.room)
    assert (at.stamp, at.last_message_id, at.last_message_at) == (1, sent.id, sent.created_at)
    assert "<strong>morgen</strong>" in message(sent.id).html
    assert told.events(f"room:{cast.room}") == ["changed"]
    [data] = told.data("changed")
    assert (data["room"], data["stamp"], data["last"]) == (cast.room, 1, 1)
    assert data["message"]["author"]["name"] == "Petra Sommer"


def test_strangers_find_no_room_and_say_nothing_in_it(cast: Cast, told: Told) -> None:
    for stranger in (cast.olga, cast.rosa, cast.karla):
        assert isinstance(refused(messages.send_message, stranger, cast.room, "Hallo", uuid4()), NotFound)
    with pytest.raises(NotFound), unit_of_work():
        messages.send_message(ANYONE, cast.room, "Hallo", uuid4())
    assert isinstance(refused(messages.send_message, cast.petra, 999, "Hallo", uuid4()), NotFound)
    assert (count(Message), told.all) == (0, [])


@pytest.mark.parametrize("again", [1, 3])
def test_sending_again_makes_no_second_message(cast: Cast, told: Told, again: int) -> None:
    key = uuid4()
    sent = {do(messages.send_message, cast.petra, cast.room, "Einmal", key).id for _ in range(1 + again)}
    assert len(sent) == count(Message) == room(cast.room).stamp == len(told.all) == 1


def test_sending_again_is_answered_even_where_writing_has_ended_since(cast: Cast) -> None:
    """The first answer may have been lost; the message was not."""
    key = uuid4()
    sent = do(messages.send_message, cast.petra, cast.room, "Angekommen", key).id
    do(messages.withdraw_message, cast.petra, sent)
    do(rooms.archive_room, cast.manfred, cast.room)
    assert do(messages.send_message, cast.petra, cast.room, "Angekommen", key).id == sent
    assert message(sent).source == ""


def test_the_key_of_another_member_opens_and_touches_nothing(cast: Cast) -> None:
    key = uuid4()
    theirs = do(messages.send_message, cast.sabine, cast.room, "Von Sabine", key).id
    mine = do(messages.send_message, cast.petra, cast.room, "Von Petra", key).id
    assert theirs != mine
    assert (message(theirs).source, message(mine).source) == ("Von Sabine", "Von Petra")
    group = cast.group()
    private = do(messages.send_message, cast.sabine, group, "Nur hier", uuid4())
    tried = do(messages.send_message, cast.petra, cast.room, "Anderes", private.client_key)
    assert (tried.source, tried.room_id) == ("Anderes", cast.room)


def test_a_key_that_was_used_in_another_room_is_a_conflict(cast: Cast) -> None:
    key = uuid4()
    do(messages.send_message, cast.petra, cast.room, "Hier", key)
    direct = cast.direct()
    assert isinstance(refused(messages.send_message, cast.petra, direct, "Dort", key), Conflict)
    assert (count(Message), room(direct).stamp) == (1, 0)


def test_sends_at_the_same_moment_make_one_message_of_one_key_and_no_gap_in_the_stamps(
    app: Flask, cast: Cast
) -> None:
    keys = [uuid4() for _ in range(6)]
    start = Barrier(len(keys) * 2)

    def send(job: int) -> int:
        with app.app_context():
            start.wait()
            return do(messages.send_message, cast.petra, cast.room, f"Nr. {job}", keys[job % len(keys)]).id

    with ThreadPoolExecutor(len(keys) * 2) as pool:
        ids = list(pool.map(send, range(len(keys) * 2)))
    assert len(set(ids)) == len(keys) == count(Message)
    in_order = db.session.execute(sa.select(Message.id, Message.stamp).order_by(Message.id)).all()
    assert [row.stamp for row in in_order] == list(range(1, len(keys) + 1))
    assert (room(cast.room).stamp, room(cast.room).last_message_id) == (len(keys), in_order[-1].id)


def test_the_same_key_in_two_rooms_at_the_same_moment_is_one_message_and_one_conflict(
    app: Flask, cast: Cast
) -> None:
    key, direct, start = uuid4(), cast.direct(), Barrier(2)

    def send(room_id: int) -> str:
        with app.app_context():
            start.wait()
            try:
                do(messages.send_message, cast.petra, room_id, "Wohin?", key)
            except Conflict:
                return "conflict"
            return "sent"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(send, [cast.room, direct])) == ["conflict", "sent"]
    assert count(Message) == 1
    assert room(cast.room).stamp + room(direct).stamp == 1


@pytest.mark.parametrize("text", ["", " \n ", "x" * 10_001, "kaputt \x00", "a\u202eb\x07"])
def test_what_cannot_be_taken_is_refused_and_nothing_changes(cast: Cast, told: Told, text: str) -> None:
    refusal = refused(messages.send_message, cast.petra, cast.room, text, uuid4())
    assert isinstance(refusal, Invalid)
    assert (refusal.field, bool(refusal.message)) == ("text", True)
    assert (count(Message), room(cast.room).stamp, told.all) == (0, 0, [])


def test_the_longest_text_and_word_are_taken_and_direction_tricks_are_not(cast: Cast) -> None:
    assert len(message(cast.message(cast.petra, text="x" * 10_000)).source) == 10_000
    tricked = message(cast.message(cast.petra, text="rechnung\u202egpj.exe<script>alert(1)</script>"))
    assert "\u202e" not in tricked.source + tricked.html
    assert "<script" not in tricked.html


def test_an_answer_carries_the_beginning_of_what_it_answers(cast: Cast, told: Told) -> None:
    first = cast.message(cast.sabine, text="**Wann** treffen wir uns? " + "Wort " * 100)
    told.clear()
    answer = do(messages.send_message, cast.petra, cast.room, "Um sechs", uuid4(), first)
    [data] = told.data("changed")
    quoted = data["message"]["reply_to"]
    assert (answer.reply_to_id, quoted["id"], quoted["author"]["name"]) == (first, first, "Sabine Morgenroth")
    assert quoted["excerpt"].startswith("Wann treffen wir uns? Wort")
    assert len(quoted["excerpt"]) <= 120


def test_an_answer_to_something_gone_or_foreign_is_sent_without_the_link(cast: Cast, told: Told) -> None:
    foreign = cast.message(cast.olga, cast.foreign_room, "Geheim")
    told.clear()
    for reply_to in (foreign, 999_999):
        sent = do(messages.send_message, cast.petra, cast.room, "Antwort", uuid4(), reply_to)
        assert sent.reply_to_id is None
    assert [data["message"]["reply_to"] for data in told.data("changed")] == [None, None]


def test_whoever_writes_has_read_so_far_and_has_no_draft_left(cast: Cast) -> None:
    do(seats.save_draft, cast.petra, cast.room, "Ich wollte")
    sent = cast.message(cast.petra)
    mine = seat(cast.room, cast.petra)
    assert mine is not None
    assert (mine.last_read_id, mine.draft) == (sent, "")


# ── Names ────────────────────────────────────────────────────────────────────────────────────────────────


def mentioned(message_id: int) -> set[int]:
    return set(db.session.scalars(sa.select(Mention.member_id).where(Mention.message_id == message_id)))


def test_a_reader_who_is_named_becomes_a_link_and_is_mentioned(cast: Cast, told: Told) -> None:
    text = "@Sabine Morgenroth und @Manfred Lehnigk: passt das? Gruß @Petra Sommer"
    sent = cast.message(cast.petra, text=text)
    assert message(sent).source == text
    for person in (cast.sabine, cast.manfred, cast.petra):
        assert f'<a href="/members/{person.id}" ' in message(sent).html
    assert mentioned(sent) == {cast.sabine.id, cast.manfred.id}, "nobody mentions themself"
    assert told.data("changed")[0]["message"]["mentions"] == sorted(mentioned(sent))


def test_who_does_not_read_the_room_is_not_named_in_it(cast: Cast) -> None:
    sent = cast.message(cast.petra, text="@Olga Brandt @Karla Wendtland hört ihr mich?")
    assert mentioned(sent) == set()
    assert "<a " not in message(sent).html
    group = cast.group(cast.sabine)
    private = cast.message(cast.petra, group, "@Manfred Lehnigk @Sabine Morgenroth")
    assert mentioned(private) == {cast.sabine.id}


def test_the_suspended_are_not_named(cast: Cast) -> None:
    with unit_of_work():
        db.session.get_one(Member, cast.sabine.id).standing = Standing.SUSPENDED
    assert mentioned(cast.message(cast.petra, text="@Sabine Morgenroth?")) == set()


@pytest.mark.parametrize("name", ["Anna *Stern* Beck", "A_b_ [x](y) <b>", "Jo|ana `Mond`", "Maria & \\ Co."])
@pytest.mark.parametrize("escaped", [False, True])
def test_names_with_signs_of_markdown_are_links_all_the_same(cast: Cast, name: str, escaped: bool) -> None:
    with unit_of_work():
        member_id = add_member(name, "anna@betrieb.example").id
        join(member_id, cast.spaces[HERE], Role.MEMBER)
    typed = "".join(f"\\{char}" if char in "*_[]()<>|`\\" else char for char in name) if escaped else name
    sent = cast.message(cast.petra, text=f"Hallo @{typed}, bitte **melden**.")
    assert mentioned(sent) == {member_id}
    html = message(sent).html
    assert html.count("<a ") == 1
    assert "<em>" not in html
    assert html.endswith("<strong>melden</strong>.</p>\n")


def test_two_people_of_one_name_are_both_mentioned(cast: Cast) -> None:
    with unit_of_work():
        twin = add_member("Sabine Morgenroth", "sabine2@betrieb.example").id
        join(twin, cast.spaces[HERE], Role.MEMBER)
    sent = cast.message(cast.petra, text="@Sabine Morgenroth")
    assert mentioned(sent) == {cast.sabine.id, twin}
    assert f'href="/members/{cast.sabine.id}"' in message(sent).html


def test_an_edit_mentions_anew(cast: Cast) -> None:
    sent = cast.message(cast.petra, text="@Sabine Morgenroth")
    do(messages.edit_message, cast.petra, sent, "@Manfred Lehnigk", 0)
    assert mentioned(sent) == {cast.manfred.id}


# ── Who may write when ───────────────────────────────────────────────────────────────────────────────────


def test_a_locked_room_refuses_members_and_hears_its_moderator(cast: Cast, told: Told) -> None:
    assert isinstance(refused(rooms.lock_room, cast.petra, cast.room), Denied)
    do(rooms.lock_room, cast.manfred, cast.room)
    assert "gesperrt" in refused(messages.send_message, cast.petra, cast.room, "Noch was", uuid4()).message
    cast.message(cast.manfred)
    do(rooms.unlock_room, cast.manfred, cast.room)
    cast.message(cast.petra)
    assert acts() == ["room.locked", "room.unlocked"]
    assert told.events(f"room:{cast.room}") == ["room", "changed", "room", "changed"]


def test_an_archived_room_is_only_read_and_comes_back(cast: Cast) -> None:
    sent = cast.message(cast.petra)
    do(rooms.archive_room, cast.manfred, cast.room)
    for person in (cast.petra, cast.manfred):
        assert "archiviert" in refused(messages.send_message, person, cast.room, "Noch was", uuid4()).message
    assert isinstance(refused(messages.edit_message, cast.petra, sent, "Anders", 0), Denied)
    do(rooms.revive_room, cast.manfred, cast.room)
    cast.message(cast.petra)


def test_in_slow_mode_members_wait_and_are_told_how_long(cast: Cast) -> None:
    do(
        rooms.change_room,
        cast.manfred,
        cast.room,
        name="Treffpunkt",
        purpose="",
        retention_days=90,
        slow_seconds=30,
    )
    cast.message(cast.petra)
    said = refused(messages.send_message, cast.petra, cast.room, "Und noch", uuid4())
    assert isinstance(said, Denied)
    assert "30 Sekunden" in said.message or "29 Sekunden" in said.message
    cast.message(cast.sabine)  # everybody waits alone
    for _ in range(2):
        cast.message(cast.manfred)
    with unit_of_work():
        db.session.execute(sa.update(Message).values(created_at=now() - timedelta(seconds=31)))
    cast.message(cast.petra)


def test_a_moderator_silences_a_member_for_a_time_and_lets_the_member_speak_again(
    cast: Cast, told: Told
) -> None:
    tomorrow = now() + timedelta(days=1)
    do(seats.silence, cast.manfred, cast.room, cast.petra.id, tomorrow, "Persönlich geworden")
    assert told.all == [(f"member:{cast.petra.id}", "room", {"room": cast.room})]
    said = refused(messages.send_message, cast.petra, cast.room, "Aber", uuid4())
    assert isinstance(said, Denied)
    assert "Persönlich geworden" in said.message
    cast.message(cast.sabine)
    told.clear()
    for _ in range(2):
        do(seats.unsilence, cast.manfred, cast.room, cast.petra.id)
    assert told.all == [(f"member:{cast.petra.id}", "room", {"room": cast.room})]
    cast.message(cast.petra)
    entries = db.session.scalars(sa.select(Entry).where(Entry.action.startswith("member."))).all()
    assert [(entry.action, entry.actor_id, entry.subject_id) for entry in entries] == [
        ("member.silenced", cast.manfred.id, cast.petra.id),
        ("member.unsilenced", cast.manfred.id, cast.petra.id),
    ]


def test_silencing_has_its_bounds(cast: Cast) -> None:
    tomorrow = now() + timedelta(days=1)
    given = (cast.room, cast.petra.id, tomorrow, "Grund")
    assert isinstance(refused(seats.silence, cast.petra, *given), Denied)
    assert isinstance(refused(seats.silence, cast.rosa, *given), NotFound)
    assert isinstance(
        refused(seats.silence, cast.manfred, cast.room, cast.manfred.id, tomorrow, "Grund"), Denied
    )
    assert isinstance(
        refused(seats.silence, cast.manfred, cast.room, cast.olga.id, tomorrow, "Grund"), NotFound
    )
    for until in (now(), now() + timedelta(days=400)):
        assert refused(seats.silence, cast.manfred, cast.room, cast.petra.id, until, "Grund").field == "until"
    assert refused(seats.silence, cast.manfred, cast.room, cast.petra.id, tomorrow, " ").field == "reason"
    group = cast.group()
    assert isinstance(refused(seats.silence, cast.petra, group, cast.sabine.id, tomorrow, "Grund"), Denied)
    assert acts() == []


def test_whoever_leaves_the_space_loses_its_rooms(cast: Cast) -> None:
    cast.message(cast.petra)
    with unit_of_work():
        end_membership(cast.petra.viewer, cast.spaces[HERE], cast.petra.id)
    gone = Person(cast.petra.id, "", "", Viewer(cast.petra.id, {cast.spaces["NET"]: Role.MEMBER}))
    assert isinstance(refused(messages.send_message, gone, cast.room, "Noch da?", uuid4()), NotFound)
    assert isinstance(refused(rooms.get_room, gone, cast.room), NotFound)


# ── Who has read it ──────────────────────────────────────────────────────────────────────────────────────


def test_the_author_asks_who_has_read_it_and_nobody_else_does(cast: Cast) -> None:
    for room_id, others in (
        (cast.room, (cast.manfred, cast.olga, cast.rosa)),
        (cast.direct(), (cast.manfred,)),
    ):
        sent = cast.message(cast.petra, room_id)
        do(seats.note_reading, cast.sabine, room_id, sent)
        assert [person.id for person in messages.get_readers(cast.petra.viewer, sent)] == [cast.sabine.id]
        for other in (cast.sabine, *others):
            assert isinstance(refused(messages.get_readers, other, sent), NotFound)
        do(messages.withdraw_message, cast.petra, sent)
        assert isinstance(refused(messages.get_readers, cast.petra, sent), NotFound)


# ── Changing, taking back, taking away ───────────────────────────────────────────────────────────────────


def test_an_edit_changes_the_words_counts_and_is_told(cast: Cast, told: Told) -> None:
    sent = cast.message(cast.petra, text="Erst so")
    told.clear()
    do(messages.edit_message, cast.petra, sent, "Dann **so**", 0)
    one = message(sent)
    assert (one.source, one.version, one.stamp) == ("Dann **so**", 1, 2)
    assert one.edited_at is not None
    [data] = told.data("changed")
    assert (data["stamp"], data["message"]["version"]) == (2, 1)
    assert "<strong>so</strong>" in data["message"]["html"]


def test_an_edit_that_changes_nothing_is_not_told(cast: Cast, told: Told) -> None:
    sent = cast.message(cast.petra, text="Gleich")
    told.clear()
    do(messages.edit_message, cast.petra, sent, "Gleich", 0)
    assert (message(sent).version, message(sent).stamp, told.all) == (0, 1, [])


def test_an_edit_of_a_version_that_is_gone_is_a_conflict(cast: Cast) -> None:
    sent = cast.message(cast.petra)
    do(messages.edit_message, cast.petra, sent, "Vom Handy", 0)
    assert isinstance(refused(messages.edit_message, cast.petra, sent, "Vom Rechner", 0), Conflict)
    assert message(sent).source == "Vom Handy"


def test_others_do_not_edit_or_withdraw_not_even_moderators(cast: Cast) -> None:
    sent = cast.message(cast.petra)
    for other in (cast.sabine, cast.manfred):
        assert isinstance(refused(messages.edit_message, other, sent, "Untergeschoben", 0), Denied)
        assert isinstance(refused(messages.get_editable_message, other, sent), Denied)
        assert isinstance(refused(messages.withdraw_message, other, sent), Denied)
    assert isinstance(refused(messages.edit_message, cast.olga, sent, "Untergeschoben", 0), NotFound)
    assert messages.get_editable_message(cast.petra.viewer, sent).id == sent


def test_withdrawn_words_are_gone_and_a_trace_stays(cast: Cast, told: Told) -> None:
    sent = cast.message(cast.petra, text="Zahl 4711 @Sabine Morgenroth")
    do(reactions.react, cast.sabine, sent, ReactionKind.SEEN)
    do(messages.pin_message, cast.manfred, sent)
    told.clear()
    do(messages.withdraw_message, cast.petra, sent)
    one = message(sent)
    assert (one.state, one.source, one.html, one.pinned_at) == (MessageState.WITHDRAWN, "", "", None)
    assert (count(Reaction), count(Mention)) == (0, 0)
    [data] = told.data("changed")
    assert "4711" not in repr(data)
    assert (data["message"]["state"], data["message"]["by"]) == ("withdrawn", "Petra Sommer")
    do(messages.withdraw_message, cast.petra, sent)
    assert room(cast.room).stamp == data["stamp"], "once is enough"


def test_a_moderator_removes_with_a_reason_and_it_is_on_record(cast: Cast, told: Told) -> None:
    sent = cast.message(cast.petra, text="Zahl 4711")
    assert isinstance(refused(messages.remove_message, cast.sabine, sent, "Grund"), Denied)
    assert isinstance(refused(messages.remove_message, cast.rosa, sent, "Grund"), NotFound)
    assert refused(messages.remove_message, cast.manfred, sent, " ").field == "reason"
    do(messages.remove_message, cast.manfred, sent, "Nennt Zahlen")
    one = message(sent)
    assert (one.state, one.source, one.state_reason) == (MessageState.REMOVED, "", "Nennt Zahlen")
    entry = db.session.scalars(sa.select(Entry).where(Entry.action == "message.removed")).one()
    assert (entry.actor_id, entry.subject_id, entry.note) == (cast.manfred.id, sent, "Nennt Zahlen")
    assert entry.space_id == cast.spaces[HERE]
    shown = told.data("changed")[-1]["message"]
    assert (shown["state"], shown["by"], shown["reason"]) == ("removed", "Manfred Lehnigk", "Nennt Zahlen")
    assert isinstance(refused(messages.withdraw_message, cast.petra, sent), Denied)


def test_nobody_removes_in_a_private_room(cast: Cast) -> None:
    sent = cast.message(cast.sabine, cast.group())
    assert isinstance(refused(messages.remove_message, cast.manfred, sent, "Grund"), Denied)
    assert isinstance(refused(messages.remove_message, cast.karla, sent, "Grund"), NotFound)


def test_moderators_pin_here_and_everybody_pins_in_private(cast: Cast, told: Told) -> None:
    sent, private = cast.message(cast.petra), cast.message(cast.petra, cast.group())
    assert isinstance(refused(messages.pin_message, cast.petra, sent), Denied)
    for _ in range(2):
        do(messages.pin_message, cast.manfred, sent)
        do(messages.pin_message, cast.sabine, private)
    assert message(sent).pinned_at is not None
    assert message(sent).stamp == 2
    assert told.data("changed")[-1]["message"]["pinned"] is True
    for _ in range(2):
        do(messages.unpin_message, cast.manfred, sent)
        do(messages.unpin_message, cast.petra, private)
    assert message(private).pinned_at is None
    assert acts() == ["message.pinned", "message.unpinned"], "private rooms are on nobody's record"


def test_what_is_gone_is_not_pinned_nor_is_everything(cast: Cast) -> None:
    withdrawn = cast.message(cast.petra)
    do(messages.withdraw_message, cast.petra, withdrawn)
    assert isinstance(refused(messages.pin_message, cast.manfred, withdrawn), Invalid)
    for _ in range(PIN_LIMIT):
        do(messages.pin_message, cast.manfred, cast.message(cast.petra))
    assert isinstance(refused(messages.pin_message, cast.manfred, cast.message(cast.petra)), Invalid)


def test_what_was_kept_as_a_topic_says_where(cast: Cast, told: Told) -> None:
    first, second, foreign = (
        cast.message(cast.petra),
        cast.message(cast.sabine),
        cast.message(cast.petra, cast.direct()),
    )
    told.clear()
    do(messages.note_kept, cast.petra, cast.room, [second, first], "/topics/7", "Schichtplan")
    assert [data["stamp"] for data in told.data("changed")] == [3, 4]
    assert {data["message"]["kept"]["url"] for data in told.data("changed")} == {"/topics/7"}
    other = ("/topics/8", "X")
    for missing in (foreign, 999_999):
        said = refused(messages.note_kept, cast.petra, cast.room, [first, missing], *other)
        assert isinstance(said, NotFound)
    assert isinstance(refused(messages.note_kept, cast.olga, cast.room, [first], *other), NotFound)
    do(messages.withdraw_message, cast.petra, first)
    assert isinstance(refused(messages.note_kept, cast.petra, cast.room, [second, first], *other), Denied)
    assert message(first).kept_url == message(second).kept_url == "/topics/7"


def test_many_messages_are_kept_with_as_many_statements_as_few(
    cast: Cast, told: Told, count_queries: Callable[[], int]
) -> None:
    def keeping(number: int) -> int:
        sent = [cast.message(cast.petra) for _ in range(number)]
        told.clear()
        count_queries()
        do(messages.note_kept, cast.petra, cast.room, sent, "/topics/7", "Schichtplan")
        used = count_queries()
        assert [data["message"]["id"] for data in told.data("changed")] == sent
        return used

    keeping(1)
    assert keeping(2) == keeping(40)


def test_who_may_not_write_puts_no_title_under_the_words_of_others(cast: Cast) -> None:
    sent = cast.message(cast.sabine)
    do(rooms.lock_room, cast.manfred, cast.room)
    do(messages.note_kept, cast.petra, cast.room, [sent], "/topics/7", "Wer das glaubt, ist selber schuld")
    assert (message(sent).kept_url, message(sent).kept_title) == ("/topics/7", "")


# ── Reactions ────────────────────────────────────────────────────────────────────────────────────────────


def test_a_reaction_counts_once_and_is_taken_back(cast: Cast, told: Told) -> None:
    sent = cast.message(cast.petra)
    told.clear()
    for _ in range(2):
        do(reactions.react, cast.sabine, sent, ReactionKind.THANKS)
    do(reactions.react, cast.manfred, sent, ReactionKind.THANKS)
    do(reactions.react, cast.sabine, sent, ReactionKind.LAUGH)
    shown = [data["message"]["reactions"] for data in told.data("changed")]
    thanks = sorted([cast.sabine.id, cast.manfred.id])
    assert shown[-1] == {"thanks": thanks, "laugh": [cast.sabine.id]}
    assert [data["stamp"] for data in told.data("changed")] == [2, 3, 4]
    for _ in range(2):
        do(reactions.unreact, cast.sabine, sent, ReactionKind.THANKS)
    assert count(Reaction) == 2
    assert message(sent).stamp == 5


def test_reactions_follow_the_rules_of_writing(cast: Cast) -> None:
    sent = cast.message(cast.petra)
    assert isinstance(refused(reactions.react, cast.olga, sent, ReactionKind.THANKS), NotFound)
    assert isinstance(refused(reactions.unreact, cast.olga, sent, ReactionKind.THANKS), NotFound)
    do(rooms.lock_room, cast.manfred, cast.room)
    assert isinstance(refused(reactions.react, cast.sabine, sent, ReactionKind.THANKS), Denied)
    do(rooms.unlock_room, cast.manfred, cast.room)
    do(messages.withdraw_message, cast.petra, sent)
    assert isinstance(refused(reactions.react, cast.sabine, sent, ReactionKind.THANKS), Denied)


# ── Rooms ────────────────────────────────────────────────────────────────────────────────────────────────


def test_moderators_open_and_change_the_rooms_of_their_space(cast: Cast, told: Told) -> None:
    here = cast.spaces[HERE]
    opened = do(rooms.open_room, cast.manfred, here, " Tarifrunde ", "Was läuft", retention_days=30)
    assert (opened.kind, opened.name, opened.retention_days) == (RoomKind.SPACE, "Tarifrunde", 30)
    assert told.events(f"space:{here}") == ["rooms"]
    cast.message(cast.petra, opened.id)
    do(
        rooms.change_room,
        cast.manfred,
        opened.id,
        name="Tarif",
        purpose="",
        retention_days=None,
        slow_seconds=10,
    )
    changed = room(opened.id)
    assert (changed.name, changed.purpose, changed.retention_days, changed.slow_seconds) == (
        "Tarif",
        "",
        None,
        10,
    )
    assert acts() == ["room.created", "room.changed"]
    for other in (cast.petra, cast.sabine, cast.rosa, cast.karla):
        assert isinstance(refused(rooms.open_room, other, here, "Anderes"), NotFound)
    named = {"name": "X", "purpose": "", "retention_days": None}
    assert isinstance(refused(rooms.change_room, cast.petra, opened.id, **named), Denied)
    assert isinstance(refused(rooms.change_room, cast.rosa, opened.id, **named), NotFound)


def test_a_room_needs_a_free_name_and_values_off_the_list_are_refused(cast: Cast) -> None:
    here = cast.spaces[HERE]
    for name in ("", " ", "x" * 81, "Treffpunkt"):
        assert refused(rooms.open_room, cast.manfred, here, name).field == "name"
    assert refused(rooms.open_room, cast.manfred, here, "Neu", retention_days=7).field == "retention_days"
    assert refused(rooms.open_room, cast.manfred, here, "Neu", slow_seconds=5).field == "slow_seconds"
    assert refused(rooms.open_room, cast.manfred, here, "Neu", "x" * 301).field == "purpose"
    same = {"name": "Treffpunkt", "purpose": "", "retention_days": 365}
    do(rooms.change_room, cast.manfred, cast.room, **same)  # its own name is free for it
    do(rooms.open_room, cast.manfred, here, "Neu")
    assert refused(rooms.change_room, cast.manfred, cast.room, **{**same, "name": "Neu"}).field == "name"


def test_two_people_have_one_conversation_whoever_begins(cast: Cast, told: Told) -> None:
    direct = cast.direct()
    assert do(rooms.start_direct, cast.sabine, cast.petra.id).id == direct == cast.direct()
    assert (room(direct).kind, room(direct).retention_days) == (RoomKind.DIRECT, None)
    assert told.events(f"member:{cast.sabine.id}") == [], "nobody learns of it before the first word"
    cast.message(cast.petra, direct)
    assert told.events(f"member:{cast.sabine.id}") == ["rooms"]
    assert isinstance(refused(messages.send_message, cast.manfred, direct, "Hallo", uuid4()), NotFound)
    assert isinstance(refused(rooms.get_room, cast.karla, direct), NotFound)


def test_both_begin_at_the_same_moment_and_find_one_conversation(app: Flask, cast: Cast) -> None:
    start = Barrier(2)

    def begin(pair: tuple[Person, Person]) -> int:
        with app.app_context():
            start.wait()
            return do(rooms.start_direct, pair[0], pair[1].id).id

    with ThreadPoolExecutor(2) as pool:
        found = set(pool.map(begin, [(cast.petra, cast.sabine), (cast.sabine, cast.petra)]))
    assert len(found) == 1
    assert count(Seat) == 2


def test_one_talks_to_active_members_of_a_common_space_and_to_nobody_else(cast: Cast) -> None:
    for nobody in (cast.petra.id, cast.karla.id, 999_999):
        assert isinstance(refused(rooms.start_direct, cast.petra, nobody), NotFound)
    do(rooms.start_direct, cast.petra, cast.olga.id)  # they share the network
    with unit_of_work():
        db.session.get_one(Member, cast.sabine.id).standing = Standing.SUSPENDED
    assert isinstance(refused(rooms.start_direct, cast.petra, cast.sabine.id), NotFound)
    assert isinstance(refused(rooms.start_direct, cast.karla, cast.petra.id), NotFound)


def test_a_conversation_stays_with_the_one_when_the_other_has_left(cast: Cast) -> None:
    direct = cast.direct()
    cast.message(cast.petra, direct, "Bis bald")
    with unit_of_work():
        db.session.get_one(Member, cast.petra.id).standing = Standing.SUSPENDED
    homeless = Person(cast.sabine.id, "", "", Viewer(cast.sabine.id))
    assert do(rooms.get_room, homeless, direct).id == direct
    cast.message(homeless, direct, "Schade")
    assert do(rooms.start_direct, homeless, cast.petra.id).id == direct


def test_a_group_begins_once_with_the_people_chosen(cast: Cast, told: Told) -> None:
    key, others = uuid4(), [cast.sabine.id, cast.olga.id]
    for _ in range(2):
        group = do(rooms.start_group, cast.petra, others, "", key)
    assert (group.kind, group.name, group.created_by_id) == (RoomKind.GROUP, "", cast.petra.id)
    assert count(Seat) == 3
    for person in (cast.petra, cast.sabine, cast.olga):
        cast.message(person, group.id)
    assert isinstance(refused(messages.send_message, cast.manfred, group.id, "Hallo", uuid4()), NotFound)
    other = do(rooms.start_group, cast.sabine, others[1:], "", key)
    assert other.id != group.id, "the same key of another member is another group"


@pytest.mark.parametrize("who", ["nobody", "only me", "a stranger", "too many"])
def test_a_group_of_nobody_strangers_or_too_many_is_refused(cast: Cast, who: str) -> None:
    ids = {
        "nobody": lambda: [],
        "only me": lambda: [cast.petra.id],
        "a stranger": lambda: [cast.sabine.id, cast.karla.id],
        "too many": lambda: newcomers(cast, GROUP_LIMIT),
    }[who]()
    refusal = refused(rooms.start_group, cast.petra, ids, "", uuid4())
    assert isinstance(refusal, Invalid)
    assert refusal.field == "member_ids"
    assert db.session.scalar(sa.select(sa.func.count()).where(Room.kind == RoomKind.GROUP)) == 0


def test_everybody_in_a_group_brings_people_until_it_is_full(cast: Cast, told: Told) -> None:
    group = cast.group(cast.sabine)
    cast.message(cast.petra, group)
    told.clear()
    do(rooms.add_participants, cast.sabine, group, [cast.manfred.id, cast.petra.id])
    assert told.events(f"member:{cast.manfred.id}") == ["rooms"]
    joined = seat(group, cast.manfred)
    assert joined is not None
    assert joined.last_read_id == room(group).last_message_id, "what was said before is not new"
    cast.message(cast.manfred, group)
    full = newcomers(cast, GROUP_LIMIT - 2)
    assert isinstance(refused(rooms.add_participants, cast.petra, group, full), Invalid)
    do(rooms.add_participants, cast.petra, group, full[1:])
    assert isinstance(refused(rooms.add_participants, cast.petra, group, full[:1]), Invalid)
    assert isinstance(refused(rooms.add_participants, cast.olga, group, [cast.olga.id]), NotFound)
    direct = cast.direct()
    assert isinstance(refused(rooms.add_participants, cast.petra, direct, [cast.manfred.id]), Denied)
    assert isinstance(refused(rooms.add_participants, cast.manfred, cast.room, [cast.olga.id]), Denied)


def test_whoever_keeps_the_list_removes_and_the_removed_are_cut_off(cast: Cast, told: Told) -> None:
    group = cast.group()
    assert isinstance(refused(rooms.remove_participant, cast.sabine, group, cast.manfred.id), Denied)
    told.clear()
    do(rooms.remove_participant, cast.petra, group, cast.manfred.id)
    assert told.cut == {f"member:{cast.manfred.id}"}
    assert told.events(f"member:{cast.manfred.id}") == ["rooms"]
    assert isinstance(refused(messages.send_message, cast.manfred, group, "Noch da?", uuid4()), NotFound)
    assert isinstance(refused(rooms.remove_participant, cast.petra, group, cast.manfred.id), NotFound)
    cast.message(cast.sabine, group)


def test_whoever_leaves_a_group_is_out_and_the_list_passes_on(cast: Cast, told: Told) -> None:
    group = cast.group()
    told.clear()
    do(rooms.leave_group, cast.petra, group)
    assert told.cut == {f"member:{cast.petra.id}"}
    assert isinstance(refused(rooms.get_room, cast.petra, group), NotFound)
    assert room(group).created_by_id == cast.manfred.id
    do(rooms.remove_participant, cast.manfred, group, cast.sabine.id)
    do(rooms.remove_participant, cast.manfred, group, cast.manfred.id)
    assert count(Seat) == 0
    for other in (cast.direct(), cast.room):
        assert isinstance(refused(rooms.leave_group, cast.petra, other), Denied)


def test_everybody_in_a_private_room_changes_what_it_has(cast: Cast, told: Told) -> None:
    group, direct = cast.group(), cast.direct()
    changes = {"name": "Neuer Name", "purpose": "Worum es geht", "retention_days": 30, "slow_seconds": 10}
    do(rooms.change_room, cast.sabine, group, **changes)
    do(rooms.change_room, cast.sabine, direct, **changes)
    assert (room(group).name, room(group).purpose, room(group).slow_seconds) == (
        "Neuer Name",
        "Worum es geht",
        0,
    )
    assert (room(direct).name, room(direct).purpose, room(direct).retention_days) == ("", "", 30)
    assert isinstance(refused(rooms.change_room, cast.manfred, direct, **changes), NotFound)
    do(rooms.change_room, cast.petra, group, name=" ", purpose="", retention_days=None)
    assert room(group).name == ""
    assert acts() == []
    for verb in (rooms.lock_room, rooms.archive_room):
        assert isinstance(refused(verb, cast.petra, group), Denied)


# ── Seats ────────────────────────────────────────────────────────────────────────────────────────────────


def test_reading_never_goes_backwards_nor_beyond_the_last_message(cast: Cast, told: Told) -> None:
    ids = [cast.message(cast.sabine) for _ in range(3)]
    told.clear()
    for message_id in (ids[1], ids[0], 999_999):
        do(seats.note_reading, cast.petra, cast.room, message_id)
    mine = seat(cast.room, cast.petra)
    assert mine is not None
    assert mine.last_read_id == ids[2]
    assert [data["until"] for data in told.data("read")] == ids[1:]
    assert told.data("receipt") == [], "in a large room nobody watches everybody read"
    assert isinstance(refused(seats.note_reading, cast.olga, cast.room, ids[0]), NotFound)


def test_receipts_go_to_those_who_show_theirs(cast: Cast, told: Told) -> None:
    group = cast.group()
    first, second = cast.message(cast.petra, group), cast.message(cast.petra, group)
    do(preferences.choose, cast.manfred, Preferences(shows_receipts=False))
    told.clear()
    do(seats.note_reading, cast.sabine, group, first)
    assert told.events(f"member:{cast.petra.id}") == ["receipt"]
    assert told.data("receipt") == [{"room": group, "member": cast.sabine.id, "until": first}]
    assert told.events(f"member:{cast.manfred.id}") == []
    told.clear()
    do(seats.note_reading, cast.manfred, group, second)
    assert told.data("receipt") == []


def test_a_draft_is_kept_until_it_is_sent_or_emptied(cast: Cast) -> None:
    for text, kept in (("Ich wollte", "Ich wollte"), ("x" * 11_000 + "\0", "x" * 10_000), (" ", "")):
        do(seats.save_draft, cast.petra, cast.room, text)
        mine = seat(cast.room, cast.petra)
        assert mine is not None
        assert mine.draft == kept
    assert isinstance(refused(seats.save_draft, cast.olga, cast.room, "Text"), NotFound)


def test_preferences_are_kept_and_told_to_ones_own_windows(cast: Cast, told: Told) -> None:
    for chosen in (Preferences(shows_typing=False), Preferences(enter_sends=False)):
        do(preferences.choose, cast.petra, chosen)
    row = db.session.scalars(sa.select(ChatPreferences)).one()
    assert (row.shows_typing, row.enter_sends) == (True, False)
    assert told.events(f"member:{cast.petra.id}") == ["preferences", "preferences"]
    assert told.cut == {f"member:{cast.petra.id}"}
    with pytest.raises(NotFound), unit_of_work():
        preferences.choose(ANYONE, Preferences())


def test_a_message_is_found_by_its_readers_only(cast: Cast) -> None:
    sent = cast.message(cast.petra, cast.direct())
    place, found = places.get_message(cast.sabine.viewer, sent)
    assert (place.room.id, found.id) == (found.room_id, sent)
    for stranger in (cast.manfred, cast.karla):
        with pytest.raises(NotFound):
            places.get_message(stranger.viewer, sent)
    with pytest.raises(NotFound):
        places.get_message(cast.petra.viewer, 999_999)


# ── Retention ────────────────────────────────────────────────────────────────────────────────────────────


def age(message_ids: list[int], days: int) -> None:
    with unit_of_work():
        db.session.execute(
            sa.update(Message)
            .where(Message.id.in_(message_ids))
            .values(created_at=now() - timedelta(days=days))
        )


def purge(limit: int = retention.BATCH) -> list[int]:
    """Batch after batch, as the job does."""
    deleted = []
    while True:
        with unit_of_work():
            number = retention.purge_expired(now(), limit)
        if not number:
            return deleted
        deleted.append(number)


def test_what_is_older_than_a_room_keeps_is_deleted_with_all_that_hangs_on_it(cast: Cast, told: Told) -> None:
    old = [cast.message(cast.petra, text="Alt @Sabine Morgenroth") for _ in range(5)]
    do(reactions.react, cast.sabine, old[0], ReactionKind.THANKS)
    do(messages.pin_message, cast.manfred, old[1])
    answer = do(messages.send_message, cast.sabine, cast.room, "Neu", uuid4(), old[4]).id
    age(old, 366)
    told.clear()
    assert purge(limit=2) == [2, 2, 1]
    assert list(db.session.scalars(sa.select(Message.id))) == [answer]
    assert (count(Reaction), count(Mention)) == (0, 0)
    assert message(answer).reply_to_id is None
    assert room(cast.room).last_message_id == answer
    assert told.data("purged")[-1] == {"room": cast.room, "before_id": answer}


def test_what_a_room_keeps_longer_or_for_good_stays(cast: Cast, told: Told) -> None:
    direct = cast.direct()
    kept = [cast.message(cast.petra, direct), cast.message(cast.petra)]
    age(kept[:1], 4000)
    age(kept[1:], 364)
    assert purge() == []
    do(rooms.change_room, cast.petra, direct, name="", purpose="", retention_days=30)
    assert purge() == [1]
    assert list(db.session.scalars(sa.select(Message.id))) == kept[1:]


def test_a_room_from_which_all_was_deleted_goes_on(cast: Cast, told: Told) -> None:
    old = [cast.message(cast.petra), cast.message(cast.sabine)]
    do(seats.note_reading, cast.petra, cast.room, old[1])
    age(old, 400)
    purge()
    empty = room(cast.room)
    assert (empty.last_message_id, empty.last_message_at, empty.stamp) == (None, None, 2)
    assert told.data("purged") == [{"room": cast.room, "before_id": old[1] + 1}]
    again = cast.message(cast.sabine)
    assert again > old[1], "an id never comes again: it would count as read"
    assert room(cast.room).stamp == 3


def test_a_group_that_all_have_left_goes_with_all_that_was_said(cast: Cast, told: Told) -> None:
    group, other = cast.group(cast.sabine), cast.group(cast.manfred)
    for _ in range(3):
        cast.message(cast.petra, group)
    stays = cast.message(cast.petra, other)
    do(rooms.leave_group, cast.petra, group)
    assert purge() == []
    do(rooms.leave_group, cast.sabine, group)
    assert sum(purge(limit=2)) >= 3
    assert db.session.get(Room, group) is None
    assert list(db.session.scalars(sa.select(Message.id))) == [stays]
    assert purge() == []
