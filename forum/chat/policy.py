"""Who may do what in a room; every answer from the arguments alone.

What counts is the space for a room of a space, and the list of participants for a private one. Nobody reads a
private conversation who is not in it: not a moderator, not an administrator.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy.orm import aliased
from sqlalchemy.sql.elements import ColumnElement

from forum.chat.models import MessageState, Room, RoomKind, Seat
from forum.core.access import Viewer

_mine = aliased(Room)


@dataclass(frozen=True, slots=True)
class Place:
    """A room and the viewer's own seat in it, if there is one: all that the rules need to know."""

    room: Room
    seat: Seat | None = None


class Written(Protocol):
    """A message, as row or as shown."""

    @property
    def author_id(self) -> int: ...

    @property
    def state(self) -> MessageState: ...


def may_read(viewer: Viewer, place: Place) -> bool:
    room = place.room
    if room.kind is RoomKind.SPACE:
        return room.space_id is not None and viewer.belongs_to(room.space_id)
    return _is_participant(viewer, place)


def readable_by(viewer: Viewer) -> ColumnElement[bool]:
    """`may_read` as an SQL condition on `Room`; a test holds the two together."""
    return readable_with(list(viewer.spaces), viewer.member_id)


def readable_with(space_ids: Any, member_id: Any) -> ColumnElement[bool]:
    """The same for statements that are built once: `space_ids` and `member_id` may be bound later."""
    of_space = sa.select(_mine.id).where(_mine.space_id.in_(space_ids))
    private = (
        sa.select(_mine.id)
        .join(Seat, Seat.room_id == _mine.id)
        .where(Seat.member_id == member_id, Seat.is_participant, _mine.space_id.is_(None))
    )
    return Room.id.in_(of_space.union_all(private))


def may_write(viewer: Viewer, place: Place, moment: datetime) -> bool:
    """Say something new, react, change one's words. Slow mode is another question: see `wait`."""
    room = place.room
    if not may_read(viewer, place) or room.is_archived:
        return False
    if room.is_private:
        return True
    if may_moderate(viewer, place):
        return True
    return _may_write_in_space(viewer, room) and not room.is_locked and not is_silenced(place, moment)


def is_silenced(place: Place, moment: datetime) -> bool:
    """Whether a moderator has asked the member to be quiet for now."""
    until = place.seat.silenced_until if place.seat else None
    return not place.room.is_private and until is not None and moment < until


def slowness(room: Room) -> timedelta:
    """The pause between two messages of one member."""
    return timedelta(seconds=room.slow_seconds)


def wait(viewer: Viewer, place: Place, last_sent: datetime | None, moment: datetime) -> timedelta:
    """How long the viewer must wait before the next message; moderators never."""
    if last_sent is None or not place.room.slow_seconds or may_moderate(viewer, place):
        return timedelta()
    return max(last_sent + slowness(place.room) - moment, timedelta())


def may_moderate(viewer: Viewer, place: Place) -> bool:
    """Keep the room in order. In private rooms nobody does: who is in it can leave it."""
    room = place.room
    return room.kind is RoomKind.SPACE and room.space_id is not None and viewer.moderates(room.space_id)


def may_open_rooms(viewer: Viewer, space_id: int) -> bool:
    return viewer.moderates(space_id)


def may_change(viewer: Viewer, place: Place) -> bool:
    """Name, purpose, retention: moderators of the space, every participant of a private room."""
    return may_moderate(viewer, place) or _is_participant(viewer, place)


def may_add_people(viewer: Viewer, place: Place) -> bool:
    return place.room.kind is RoomKind.GROUP and _is_participant(viewer, place)


def may_remove_people(viewer: Viewer, place: Place) -> bool:
    """Whoever keeps the list of a group."""
    return may_add_people(viewer, place) and place.room.created_by_id == viewer.member_id


def may_leave(viewer: Viewer, place: Place) -> bool:
    """A group can be left; a conversation of two is simply not continued."""
    return place.room.kind is RoomKind.GROUP and _is_participant(viewer, place)


def may_edit(viewer: Viewer, place: Place, message: Written, moment: datetime) -> bool:
    """Only the author changes words, and only while they stand and the author may write."""
    return _is_own(viewer, message) and _stands(message) and may_write(viewer, place, moment)


def may_withdraw(viewer: Viewer, place: Place, message: Written) -> bool:
    """Taking one's own words back is allowed at any time, also in a locked room."""
    return _is_own(viewer, message) and _stands(message) and may_read(viewer, place)


def may_remove(viewer: Viewer, place: Place, message: Written) -> bool:
    return may_moderate(viewer, place) and _stands(message)


def may_pin(viewer: Viewer, place: Place) -> bool:
    """Moderators in a room of a space, every participant in a private one."""
    return may_change(viewer, place)


def may_react(viewer: Viewer, place: Place, message: Written, moment: datetime) -> bool:
    return _stands(message) and may_write(viewer, place, moment)


def may_keep(viewer: Viewer, place: Place, message: Written) -> bool:
    """Carry a message into a topic: whoever reads it."""
    return may_read(viewer, place) and _stands(message)


def may_see_readers(viewer: Viewer, place: Place, message: Written) -> bool:
    """Who has read one's own words; who reads when is not everybody's business."""
    return _is_own(viewer, message) and _stands(message) and may_read(viewer, place)


def may_silence(viewer: Viewer, place: Place, *, is_moderator: bool) -> bool:
    """Moderators silence members, not each other; `is_moderator` is said of the member."""
    return may_moderate(viewer, place) and not is_moderator


def _may_write_in_space(viewer: Viewer, room: Room) -> bool:
    return room.space_id is not None and viewer.may_write_in(room.space_id)


def _is_participant(viewer: Viewer, place: Place) -> bool:
    seat = place.seat
    return (
        place.room.is_private
        and viewer.is_signed_in
        and seat is not None
        and seat.is_participant
        and seat.member_id == viewer.member_id
        and seat.room_id == place.room.id
    )


def _is_own(viewer: Viewer, message: Written) -> bool:
    return viewer.is_signed_in and message.author_id == viewer.member_id


def _stands(message: Written) -> bool:
    return message.state is MessageState.VISIBLE
