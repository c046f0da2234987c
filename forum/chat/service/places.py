"""Rooms found for a viewer: to look at, or held against other writers."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from forum.chat import policy
from forum.chat.models import Message, Room, Seat
from forum.chat.policy import Place
from forum.core.access import Viewer
from forum.core.db import db
from forum.core.errors import NotFound
from forum.core.persons import Person
from forum.members.models import Member

_viewer_id = sa.bindparam("viewer_id", type_=sa.Integer())
_room_id = sa.bindparam("room_id", type_=sa.Integer())
_message_id = sa.bindparam("message_id", type_=sa.Integer())


def _with_own_seat(*columns: Any) -> sa.Select[*tuple[Any, ...]]:
    own = sa.and_(Seat.room_id == Room.id, Seat.member_id == _viewer_id)
    return (
        sa.select(*columns).select_from(Room).outerjoin(Seat, own).execution_options(populate_existing=True)
    )


_PLACE = _with_own_seat(Room, Seat).where(Room.id == _room_id)
_FOUND = (
    _with_own_seat(Room, Seat, Message)
    .join(Message, Message.room_id == Room.id)
    .where(Message.id == _message_id)
)
# NO KEY UPDATE: others may go on pointing to the room (seats, readings), they only may not write in it.
_HOLD = (
    _with_own_seat(Room, Seat, Member.id, Member.name, Member.picture_version)
    .join(Member, Member.id == _viewer_id)
    .with_for_update(of=Room, key_share=True)
)
_HOLD_ROOM = _HOLD.where(Room.id == _room_id)
_HOLD_ROOM_OF = _HOLD.join(Message, Message.room_id == Room.id).where(Message.id == _message_id)


@dataclass(frozen=True, slots=True)
class Held:
    """A room that nobody else writes in until this transaction ends, and who holds it."""

    place: Place
    me: Person

    @property
    def room(self) -> Room:
        return self.place.room

    def stamp(self) -> int:
        """The next mark of the room's clock; for exactly one change of one message."""
        self.room.stamp += 1
        return self.room.stamp


def get_place(viewer: Viewer, room_id: int) -> Place:
    """The room with the viewer's seat, or `NotFound`: the same for "no such room" and "not for you"."""
    row = db.session.execute(_PLACE, {"viewer_id": viewer.member_id, "room_id": room_id}).one_or_none()
    if row is None:
        raise NotFound
    return _checked(viewer, Place(*row))


def get_message(viewer: Viewer, message_id: int) -> tuple[Place, Message]:
    """The message and where it stands, or `NotFound`."""
    values = {"viewer_id": viewer.member_id, "message_id": message_id}
    row = db.session.execute(_FOUND, values).one_or_none()
    if row is None:
        raise NotFound
    return _checked(viewer, Place(row[0], row[1])), row[2]


def hold_room(viewer: Viewer, room_id: int) -> Held:
    """As `get_place`; no other transaction writes in the room until this one ends: stamps hang on that."""
    return _held(viewer, _HOLD_ROOM, {"room_id": room_id})


def hold_message(viewer: Viewer, message_id: int) -> tuple[Held, Message]:
    """The message in its held room, as it is now: whoever held the room before may have changed it."""
    held = _held(viewer, _HOLD_ROOM_OF, {"message_id": message_id})
    message = db.session.get(Message, message_id, populate_existing=True)
    if message is None:
        raise NotFound
    return held, message


def _held(viewer: Viewer, statement: sa.Select[*tuple[Any, ...]], values: dict[str, int]) -> Held:
    row = db.session.execute(statement, {"viewer_id": viewer.member_id, **values}).one_or_none()
    if row is None:
        raise NotFound
    room, seat, *person = row
    return Held(_checked(viewer, Place(room, seat)), Person(*person))


def _checked(viewer: Viewer, place: Place) -> Place:
    if not policy.may_read(viewer, place):
        raise NotFound
    return place
