"""Who may do what in a room: allowed and refused side by side, and the SQL twin of the rule about reading."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from forum.chat import policy
from forum.chat.models import Message, MessageState, Room, RoomKind, Seat
from forum.chat.policy import Place
from forum.chat.queries import rooms
from forum.core.access import ANYONE, Role, Viewer
from forum.core.clock import now
from forum.core.db import db
from forum.spaces.models import Space
from tests.viewers import (
    ELSEWHERE,
    EVERYBODY,
    EVERYBODY_HERE,
    HERE,
    author,
    expert,
    member,
    moderator,
    stranger,
)

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
A_MINUTE = timedelta(minutes=1)

#: Who is in the private rooms below: two of this space and one of another.
INSIDE = {author.member_id, expert.member_id, stranger.member_id}


def room(**changes: object) -> Room:
    return Room(**{"id": 10, "kind": RoomKind.SPACE, "space_id": HERE, "slow_seconds": 0, **changes})


def private(kind: RoomKind = RoomKind.GROUP, **changes: object) -> Room:
    return room(**{"kind": kind, "space_id": None, "created_by_id": author.member_id, **changes})


def place(viewer: Viewer, at: Room, **seat: object) -> Place:
    """The room as the viewer sits in it: with a seat in private rooms if the viewer is inside, else as given."""
    if at.is_private:
        seat = {"is_participant": viewer.member_id in INSIDE, **seat}
    values = {"room_id": at.id, "member_id": viewer.member_id, "is_participant": False, **seat}
    return Place(at, Seat(**values) if seat else None)


def message(state: MessageState = MessageState.VISIBLE) -> Message:
    return Message(author_id=author.member_id, state=state)


def allowed(rule, at: Room, *subject, **seat: object) -> set[int | None]:
    """Which of everybody may do it."""
    return {v.member_id for v in EVERYBODY if rule(v, place(v, at, **seat), *subject)}


def test_whoever_belongs_to_the_space_reads_its_rooms_and_nobody_else() -> None:
    assert allowed(policy.may_read, room()) == EVERYBODY_HERE


@pytest.mark.parametrize("kind", [RoomKind.DIRECT, RoomKind.GROUP])
def test_participants_read_a_private_room_and_no_role_opens_it(kind: RoomKind) -> None:
    assert allowed(policy.may_read, private(kind)) == INSIDE
    assert allowed(policy.may_write, private(kind), NOW) == INSIDE


def test_a_seat_without_a_place_or_of_another_opens_nothing() -> None:
    assert allowed(policy.may_read, private(), is_participant=False) == set()
    assert allowed(policy.may_read, private(), is_participant=True, room_id=11) == set()
    assert not policy.may_read(member, place(member, private(), is_participant=True, member_id=2))
    assert not policy.may_read(ANYONE, place(ANYONE, private(), is_participant=True))
    assert not policy.may_read(author, Place(private()))


def test_a_seat_is_no_place_in_a_room_of_a_space() -> None:
    assert allowed(policy.may_read, room(), is_participant=True) == EVERYBODY_HERE


def test_a_locked_room_takes_words_of_moderators_only_and_an_archived_one_of_nobody() -> None:
    assert allowed(policy.may_write, room(), NOW) == EVERYBODY_HERE
    assert allowed(policy.may_write, room(locked_at=NOW), NOW) == {moderator.member_id}
    assert allowed(policy.may_write, room(archived_at=NOW), NOW) == set()
    assert allowed(policy.may_read, room(archived_at=NOW)) == EVERYBODY_HERE


def test_the_silenced_do_not_write_until_their_time_is_over() -> None:
    until = NOW + A_MINUTE
    assert allowed(policy.may_write, room(), NOW, silenced_until=until) == {moderator.member_id}
    assert allowed(policy.may_write, room(), until, silenced_until=until) == EVERYBODY_HERE
    assert allowed(policy.may_read, room(), silenced_until=until) == EVERYBODY_HERE


def test_nobody_is_silenced_in_a_private_room() -> None:
    assert allowed(policy.may_write, private(), NOW, silenced_until=NOW + A_MINUTE) == INSIDE


def test_slow_mode_lets_members_wait_and_moderators_not() -> None:
    slow, sent = room(slow_seconds=60), NOW - timedelta(seconds=20)
    assert policy.wait(member, place(member, slow), sent, NOW) == timedelta(seconds=40)
    assert policy.wait(member, place(member, slow), NOW - A_MINUTE, NOW) == timedelta()
    assert policy.wait(member, place(member, slow), None, NOW) == timedelta()
    assert policy.wait(moderator, place(moderator, slow), sent, NOW) == timedelta()
    assert policy.wait(member, place(member, room()), sent, NOW) == timedelta()


def test_moderators_of_the_space_keep_its_rooms_in_order_and_no_private_one() -> None:
    assert allowed(policy.may_moderate, room()) == {moderator.member_id}
    assert allowed(policy.may_moderate, private()) == set()
    assert {v.member_id for v in EVERYBODY if policy.may_open_rooms(v, HERE)} == {moderator.member_id}


def test_a_room_is_changed_and_pinned_in_by_moderators_a_private_one_by_all_in_it() -> None:
    for rule in (policy.may_change, policy.may_pin):
        assert allowed(rule, room()) == {moderator.member_id}
        assert allowed(rule, private()) == INSIDE


def test_all_in_a_group_bring_people_and_leave_and_one_keeps_the_list() -> None:
    assert allowed(policy.may_add_people, private()) == INSIDE
    assert allowed(policy.may_leave, private()) == INSIDE
    assert allowed(policy.may_remove_people, private()) == {author.member_id}
    left = private(created_by_id=None)
    assert allowed(policy.may_remove_people, left) == set()


@pytest.mark.parametrize("at", [room(), private(RoomKind.DIRECT)], ids=["space", "direct"])
def test_nobody_is_brought_into_or_taken_from_other_rooms(at: Room) -> None:
    for rule in (policy.may_add_people, policy.may_remove_people, policy.may_leave):
        assert allowed(rule, at) == set()


def test_only_the_author_changes_words_and_only_while_the_author_may_write() -> None:
    assert allowed(policy.may_edit, room(), message(), NOW) == {author.member_id}
    assert allowed(policy.may_edit, private(), message(), NOW) == {author.member_id}
    assert allowed(policy.may_edit, room(locked_at=NOW), message(), NOW) == set()
    assert allowed(policy.may_edit, room(), message(), NOW, silenced_until=NOW + A_MINUTE) == set()
    assert allowed(policy.may_edit, room(), message(MessageState.REMOVED), NOW) == set()


def test_the_author_takes_words_back_at_any_time_while_they_stand() -> None:
    for at in (room(), room(locked_at=NOW), room(archived_at=NOW), private()):
        assert allowed(policy.may_withdraw, at, message()) == {author.member_id}
    for state in (MessageState.WITHDRAWN, MessageState.REMOVED):
        assert allowed(policy.may_withdraw, room(), message(state)) == set()


def test_moderators_remove_in_rooms_of_their_space_and_nobody_does_in_private() -> None:
    assert allowed(policy.may_remove, room(), message()) == {moderator.member_id}
    assert allowed(policy.may_remove, room(), message(MessageState.WITHDRAWN)) == set()
    assert allowed(policy.may_remove, private(), message()) == set()


def test_whoever_writes_reacts_and_whoever_reads_keeps_but_only_what_stands() -> None:
    assert allowed(policy.may_react, room(), message(), NOW) == EVERYBODY_HERE
    assert allowed(policy.may_react, room(locked_at=NOW), message(), NOW) == {moderator.member_id}
    assert allowed(policy.may_keep, room(locked_at=NOW), message()) == EVERYBODY_HERE
    assert allowed(policy.may_keep, private(), message()) == INSIDE
    gone = message(MessageState.WITHDRAWN)
    assert allowed(policy.may_react, room(), gone, NOW) == allowed(policy.may_keep, room(), gone) == set()


def test_only_the_author_sees_who_has_read_the_words_and_only_while_they_stand() -> None:
    for at in (room(), room(locked_at=NOW), room(archived_at=NOW), private()):
        assert allowed(policy.may_see_readers, at, message()) == {author.member_id}
    for state in (MessageState.WITHDRAWN, MessageState.REMOVED):
        assert allowed(policy.may_see_readers, room(), message(state)) == set()
    assert allowed(policy.may_see_readers, room(space_id=ELSEWHERE), message()) == set()


def test_moderators_silence_members_and_not_each_other() -> None:
    def rule(viewer: Viewer, at: Place, is_moderator: bool) -> bool:
        return policy.may_silence(viewer, at, is_moderator=is_moderator)

    assert allowed(rule, room(), False) == {moderator.member_id}
    assert allowed(rule, room(), True) == set()
    assert allowed(rule, private(), False) == set()


roles = st.dictionaries(st.integers(0, 5), st.sampled_from(list(Role)), max_size=4)
#: Of each private room: is the viewer in it (True), was once or only has a draft there (False), or never was (None)?
seats = st.lists(st.sampled_from([True, False, None]), min_size=4, max_size=4)
who = st.sampled_from(["petra", "karla", None])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(roles=roles, seats=seats, name=who, is_administrator=st.booleans())
def test_the_condition_in_sql_agrees_with_the_rule_in_python(
    app, cast, roles, seats, name, is_administrator
) -> None:
    with app.app_context():
        spaces = sorted(db.session.scalars(sa.select(Space.id)))
        me = getattr(cast, name).id if name else None
        other = cast.manfred.id
        viewer = Viewer(me, {spaces[key]: role for key, role in roles.items()}, is_administrator)
        for number, is_participant in enumerate(seats):
            kind = (RoomKind.DIRECT, RoomKind.GROUP)[number % 2]
            pair = f"{number}:{other}" if kind is RoomKind.DIRECT else None
            made = Room(kind=kind, pair_key=pair, created_at=now(), created_by_id=other)
            made.archived_at = now() if number > 1 else None
            db.session.add(made)
            db.session.flush()
            db.session.add(Seat(room_id=made.id, member_id=other, is_participant=True, joined_at=now()))
            if me is not None and is_participant is not None:
                db.session.add(
                    Seat(room_id=made.id, member_id=me, is_participant=is_participant, joined_at=now())
                )
        if me is not None:
            db.session.add(Seat(room_id=cast.room, member_id=me, is_participant=True, joined_at=now()))
        db.session.flush()
        expected = {
            one.id
            for one in db.session.scalars(sa.select(Room))
            if policy.may_read(viewer, Place(one, db.session.get(Seat, (one.id, me)) if me else None))
        }
        assert set(db.session.scalars(sa.select(Room.id).where(policy.readable_by(viewer)))) == expected
        assert set(rooms.readable_ids(viewer)) == expected
        if me is not None:
            shown = {row.id for row in rooms.list_rooms(viewer).rooms}
            silent = set(db.session.scalars(sa.select(Room.id).where(Room.kind == RoomKind.DIRECT)))
            assert shown == expected - silent  # nobody has said a word in them, and somebody else began them
        db.session.rollback()
