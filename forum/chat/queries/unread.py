"""What is new to a member in rooms, as SQL.

New is what others wrote behind the last message that the member has seen. Who has seen none yet begins with the
first one written after joining the space; of private rooms, a place in them says where to begin.
"""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased
from sqlalchemy.sql.elements import ColumnElement

from forum.chat import policy
from forum.chat.models import ROOM, Mention, Message, MessageState, Room, Seat
from forum.core.access import Viewer
from forum.core.db import db
from forum.notifications.models import Level, Watch
from forum.spaces.models import Membership

#: Beyond this many a badge says "99+" and nobody counts on.
COUNT_LIMIT = 100

VIEWER = sa.bindparam("viewer_id", type_=sa.Integer())
#: `policy.readable_by` for statements that are built once; bind `viewer_id` and `space_ids`.
READABLE = policy.readable_with(sa.bindparam("space_ids", expanding=True), VIEWER)

_owners = (Room, Seat, Membership)
_old = aliased(Message)
_last_before_joining = (
    sa.select(_old.id)
    .where(_old.room_id == Room.id, _old.created_at <= Membership.joined_at)
    .order_by(_old.created_at.desc(), _old.id.desc())
    .limit(1)
    .correlate(*_owners)
    .scalar_subquery()
)
_read_up_to: ColumnElement[Any] = sa.func.coalesce(
    sa.func.nullif(Seat.last_read_id, 0, type_=sa.Integer()), _last_before_joining, 0
)
_IS_NEW = (
    Message.room_id == Room.id,
    Message.id > _read_up_to,
    Message.author_id != VIEWER,
    Message.state == MessageState.VISIBLE,
)

#: How many messages of the room are new, counted up to `COUNT_LIMIT`.
UNREAD: ColumnElement[int] = (
    sa.select(sa.func.count())
    .select_from(
        sa.select(sa.literal_column("1").label("one"))
        .select_from(Message)
        .where(*_IS_NEW)
        .limit(COUNT_LIMIT)
        .correlate(*_owners)
        .subquery()
    )
    .scalar_subquery()
)
#: The id of the first new message.
FIRST_UNREAD: ColumnElement[int | None] = (
    sa.select(Message.id).where(*_IS_NEW).order_by(Message.id).limit(1).correlate(*_owners).scalar_subquery()
)
#: How often the new messages of the room name the member.
MENTIONS: ColumnElement[int] = (
    sa.select(sa.func.count())
    .select_from(Mention)
    .where(Mention.member_id == VIEWER, Mention.room_id == Room.id, Mention.message_id > _read_up_to)
    .correlate(*_owners)
    .scalar_subquery()
)
#: Whether the member wants to hear nothing of the room.
IS_MUTED: ColumnElement[bool] = (
    sa.select(sa.literal_column("1"))
    .where(
        Watch.member_id == VIEWER,
        Watch.subject == ROOM,
        Watch.subject_id == Room.id,
        Watch.level == Level.MUTED,
    )
    .correlate(*_owners)
    .exists()
)


@dataclass(frozen=True, slots=True)
class UnreadTotal:
    """How many rooms have something new, and how often that names the member."""

    rooms: int
    mentions: int


def with_seat(statement: sa.Select[*tuple[Any, ...]]) -> sa.Select[*tuple[Any, ...]]:
    """`statement` over `Room`, joined with the viewer's seat and membership where there are such."""
    return statement.outerjoin(Seat, sa.and_(Seat.room_id == Room.id, Seat.member_id == VIEWER)).outerjoin(
        Membership, sa.and_(Membership.space_id == Room.space_id, Membership.member_id == VIEWER)
    )


_has_new = sa.select(sa.literal_column("1")).select_from(Message).where(*_IS_NEW).correlate(*_owners).exists()
_totals = (
    with_seat(
        sa.select(sa.case((_has_new, 1), else_=0).label("is_unread"), MENTIONS.label("mentions")).select_from(
            Room
        )
    )
    .where(
        READABLE,
        Room.archived_at.is_(None),
        ~IS_MUTED,
        Room.last_message_id > sa.func.coalesce(Seat.last_read_id, 0),
    )
    .subquery()
)
_TOTAL = sa.select(
    sa.func.coalesce(sa.func.sum(_totals.c.is_unread), 0),
    sa.func.coalesce(sa.func.sum(_totals.c.mentions), 0),
)


def unread_total(viewer: Viewer) -> UnreadTotal:
    """What the badge says: rooms with something new, muted and archived ones aside. One statement, on every page."""
    rooms, mentions = db.session.connection().execute(_TOTAL, binding(viewer)).one()
    return UnreadTotal(int(rooms), int(mentions))


def binding(viewer: Viewer) -> dict[str, Any]:
    """The values for `READABLE` and `with_seat`."""
    return {"viewer_id": viewer.member_id, "space_ids": list(viewer.spaces)}
