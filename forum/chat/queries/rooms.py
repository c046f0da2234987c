"""Rooms: which there are for a member, one of them opened, one of them in full."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _

from forum.attachments.queries import waits_at
from forum.chat import policy
from forum.chat.models import Message, MessageState, Room, RoomKind, Seat
from forum.chat.policy import Place
from forum.chat.queries.messages import LINES, Line, excerpt_of, lines_of
from forum.chat.queries.unread import (
    FIRST_UNREAD,
    IS_MUTED,
    MENTIONS,
    READABLE,
    UNREAD,
    VIEWER,
    binding,
    with_seat,
)
from forum.core.access import Viewer
from forum.core.db import db
from forum.core.errors import NotFound
from forum.core.persons import Person
from forum.members.models import Member
from forum.spaces.models import Space
from forum.spaces.queries import SpaceLink

#: Messages that an export fetches at a time.
EXPORT_BATCH = 500
#: Names that a group without a name of its own is called by.
_TITLE_NAMES = 3


@dataclass(frozen=True, slots=True)
class Newest:
    """What was said last in a room."""

    author: Person
    at: datetime
    excerpt: str
    state: MessageState
    has_files: bool


@dataclass(frozen=True, slots=True)
class RoomRow:
    """A room in the list. `people` are the others in a private room; `unread` is counted up to a limit."""

    id: int
    kind: RoomKind
    space: SpaceLink | None
    title: str
    purpose: str
    is_locked: bool
    is_archived: bool
    is_muted: bool
    has_draft: bool
    unread: int
    mentions: int
    newest: Newest | None
    people: Sequence[Person]


@dataclass(frozen=True, slots=True)
class RoomList:
    """The rooms of a member: of the spaces in the house's order, and private ones, last spoken in first."""

    spaces: Sequence[tuple[SpaceLink, Sequence[RoomRow]]]
    private: Sequence[RoomRow]

    @property
    def rooms(self) -> list[RoomRow]:
        """All of them."""
        return [*(room for _space, rooms in self.spaces for room in rooms), *self.private]


@dataclass(frozen=True, slots=True)
class OpenRoom:
    """A room as its reader finds it. `people` are the others in a private room; `has_waiting`: files not yet sent."""

    place: Place
    space: SpaceLink | None
    title: str
    people: Sequence[Person]
    unread: int
    first_unread_id: int | None
    is_muted: bool
    has_waiting: bool

    @property
    def room(self) -> Room:
        return self.place.room

    @property
    def seat(self) -> Seat | None:
        return self.place.seat

    @property
    def last_read_id(self) -> int:
        """The last message that the viewer has seen; 0 for none."""
        return self.seat.last_read_id if self.seat else 0


_SPACE = (
    Space.id.label("space_id"),
    Space.kind.label("space_kind"),
    Space.name.label("space_name"),
    Space.sign,
    Space.accent,
)
_room_id = sa.bindparam("room_id", type_=sa.Integer())
_LIST = (
    with_seat(
        sa.select(
            Room.id,
            Room.kind,
            Room.name,
            Room.purpose,
            Room.locked_at,
            Room.archived_at,
            Room.created_at,
            IS_MUTED.label("is_muted"),
            (sa.func.coalesce(Seat.draft, "") != "").label("has_draft"),
            UNREAD.label("unread"),
            MENTIONS.label("mentions"),
            Message.created_at.label("at"),
            Message.html,
            Message.state,
            Message.has_files,
            Message.author_id,
            Member.name.label("author"),
            Member.picture_version,
            *_SPACE,
        ).select_from(Room)
    )
    .outerjoin(Space, Space.id == Room.space_id)
    .outerjoin(Message, Message.id == Room.last_message_id)
    .outerjoin(Member, Member.id == Message.author_id)
    .where(
        READABLE,
        # Whoever was only looked up does not learn of it: a conversation begins with the first word.
        sa.or_(Room.kind != RoomKind.DIRECT, Room.last_message_id.is_not(None), Room.created_by_id == VIEWER),
    )
    .order_by(Space.position, Space.id, Room.archived_at.is_not(None), Room.id)
)
_LIST_OF_SPACE = _LIST.where(Room.space_id == sa.bindparam("space_id", type_=sa.Integer()))
_OPEN = (
    with_seat(
        sa.select(
            Room,
            Seat,
            UNREAD.label("unread"),
            FIRST_UNREAD.label("first"),
            IS_MUTED.label("is_muted"),
            waits_at(VIEWER, sa.bindparam("files_at", type_=sa.String())).label("has_waiting"),
            *_SPACE,
        ).select_from(Room)
    )
    .outerjoin(Space, Space.id == Room.space_id)
    .where(Room.id == _room_id)
    .execution_options(populate_existing=True)
)
_OTHERS = (
    sa.select(Seat.room_id, Member.id, Member.name, Member.picture_version)
    .join(Member, Member.id == Seat.member_id)
    .where(
        Seat.room_id.in_(sa.bindparam("room_ids", expanding=True)), Seat.is_participant, Member.id != VIEWER
    )
    .order_by(Seat.room_id, Seat.joined_at, Member.id)
)
_READABLE_IDS = sa.select(Room.id).where(READABLE).order_by(Room.id)


def list_rooms(viewer: Viewer) -> RoomList:
    """All rooms that the viewer reads, with what is new in them. Two statements."""
    found = db.session.connection().execute(_LIST, binding(viewer)).all()
    others = _others(viewer, [row.id for row in found if row.kind is not RoomKind.SPACE])
    spaces: dict[SpaceLink, list[RoomRow]] = {}
    private: list[tuple[datetime, RoomRow]] = []
    for row in found:
        room = _room_row(row, others.get(row.id, []))
        if room.space is None:
            private.append((row.at or row.created_at, room))
        else:
            spaces.setdefault(room.space, []).append(room)
    private.sort(key=lambda pair: (pair[0], pair[1].id), reverse=True)
    return RoomList(list(spaces.items()), [room for _at, room in private])


def list_of_space(viewer: Viewer, space_id: int) -> list[RoomRow]:
    """The rooms of one space, with what is new in them; none if the viewer does not belong. One statement."""
    values = {**binding(viewer), "space_id": space_id}
    return [_room_row(row, []) for row in db.session.connection().execute(_LIST_OF_SPACE, values)]


def readable_ids(viewer: Viewer) -> list[int]:
    """The ids of all rooms that the viewer reads."""
    return list(db.session.connection().scalars(_READABLE_IDS, binding(viewer)))


def spaces_with_rooms() -> set[int]:
    """The ids of the spaces that have a room; for seeds, which may run twice."""
    return set(db.session.scalars(sa.select(Room.space_id).where(Room.space_id.is_not(None)).distinct()))


def open_room(viewer: Viewer, room_id: int) -> OpenRoom:
    """The room with what the viewer has read of it, or `NotFound`: absent and foreign alike. Two statements."""
    values = {"viewer_id": viewer.member_id, "room_id": room_id, "files_at": f"room:{room_id}"}
    row = db.session.execute(_OPEN, values).one_or_none()
    place = Place(row[0], row[1]) if row else None
    if row is None or place is None or not policy.may_read(viewer, place):
        raise NotFound
    people = _others(viewer, [room_id]).get(room_id, []) if place.room.is_private else []
    return OpenRoom(
        place=place,
        space=_space(row),
        title=title_of(place.room.name, people),
        people=people,
        unread=row.unread,
        first_unread_id=row.first,
        is_muted=row.is_muted,
        has_waiting=row.has_waiting,
    )


def export(viewer: Viewer, room_id: int) -> Iterator[Line]:
    """Every message of the room in order, a batch at a time; `NotFound` at once, not on the way."""
    readable = sa.select(Room.id).where(Room.id == room_id, policy.readable_by(viewer))
    if db.session.scalar(readable) is None:
        raise NotFound
    return _lines(room_id)


@dataclass(frozen=True, slots=True)
class RoomTitle:
    """What a room is called, and where it is."""

    name: str
    place: str
    space_id: int | None


def titles_of(viewer: Viewer, room_ids: Collection[int]) -> dict[int, RoomTitle]:
    """Those of the rooms that the viewer reads, by id. Two statements."""
    rows = db.session.execute(
        sa.select(Room.id, Room.kind, Room.name, Room.space_id, Space.name.label("space_name"))
        .outerjoin(Space, Space.id == Room.space_id)
        .where(Room.id.in_(room_ids), policy.readable_by(viewer))
    ).all()
    others = _others(viewer, [row.id for row in rows if row.space_id is None])
    places = {RoomKind.DIRECT: _("Unter vier Augen"), RoomKind.GROUP: _("Gruppe")}
    return {
        row.id: RoomTitle(
            title_of(row.name, others.get(row.id, [])) or _("Gespräch"),
            row.space_name or places[row.kind],
            row.space_id,
        )
        for row in rows
    }


def title_of(name: str, people: Sequence[Person]) -> str:
    """What a room is called: its name, or else the others in it; empty if there is neither."""
    if name:
        return name
    names = ", ".join(person.name for person in people[:_TITLE_NAMES])
    return names + (" …" if len(people) > _TITLE_NAMES else "")


def _lines(room_id: int) -> Iterator[Line]:
    last = 0
    while True:
        batch = db.session.execute(
            LINES.where(Message.room_id == room_id, Message.id > last).limit(EXPORT_BATCH)
        ).all()
        yield from lines_of(batch)
        if len(batch) < EXPORT_BATCH:
            return
        last = batch[-1].id


def _others(viewer: Viewer, room_ids: list[int]) -> dict[int, list[Person]]:
    """The participants of private rooms besides the viewer."""
    if not room_ids:
        return {}
    values = {"viewer_id": viewer.member_id, "room_ids": room_ids}
    found: dict[int, list[Person]] = {}
    for room_id, member_id, name, picture in db.session.connection().execute(_OTHERS, values):
        found.setdefault(room_id, []).append(Person(member_id, name, picture))
    return found


def _room_row(row: sa.Row[*tuple[Any, ...]], people: list[Person]) -> RoomRow:
    return RoomRow(
        id=row.id,
        kind=row.kind,
        space=_space(row),
        title=title_of(row.name, people),
        purpose=row.purpose,
        is_locked=row.locked_at is not None,
        is_archived=row.archived_at is not None,
        is_muted=row.is_muted,
        has_draft=bool(row.has_draft),
        unread=row.unread,
        mentions=row.mentions,
        newest=Newest(
            Person(row.author_id, row.author, row.picture_version),
            row.at,
            excerpt_of(row.html),
            row.state,
            bool(row.has_files),
        )
        if row.at
        else None,
        people=people,
    )


def _space(row: sa.Row[*tuple[Any, ...]]) -> SpaceLink | None:
    if row.space_id is None:
        return None
    return SpaceLink(row.space_id, row.space_kind, row.space_name, row.sign, row.accent)
