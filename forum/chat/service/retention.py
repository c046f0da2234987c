"""What is older than a room keeps is deleted for real, a little at a time."""

from datetime import datetime, timedelta

import sqlalchemy as sa

from forum.attachments import service as attachments
from forum.chat.models import RETENTIONS, SUBJECT, Message, Room, RoomKind, Seat
from forum.chat.service.telling import NAMESPACE
from forum.core.db import db
from forum.realtime.publishing import publish

#: Messages deleted at a time, while nobody can write in their room.
BATCH = 500


def purge_expired(moment: datetime, limit: int = BATCH) -> int:
    """Delete at most `limit` expired messages of one room, and say how many; 0: nothing is left to do.

    To be called in units of work of their own until it answers 0. Of a group that everybody has left, everything
    is expired, and at last the group itself.
    """
    room_id = db.session.scalar(_expiring(moment))
    if room_id is not None:
        return _purge(room_id, _is_expired(moment), limit)
    room_id = db.session.scalar(_ABANDONED)
    if room_id is None:
        return 0
    deleted = _purge(room_id, sa.true(), limit)
    if deleted < limit:
        db.session.execute(sa.delete(Seat).where(Seat.room_id == room_id))
        db.session.execute(sa.delete(Room).where(Room.id == room_id))
    return max(deleted, 1)


_ABANDONED = (
    sa.select(Room.id)
    .where(
        Room.kind == RoomKind.GROUP,
        sa.not_(sa.exists().where(Seat.room_id == Room.id, Seat.is_participant)),
    )
    .limit(1)
)


def _is_expired(moment: datetime) -> sa.ColumnElement[bool]:
    """Of a message and its room: it is older than the room keeps."""
    oldest = {
        days: sa.literal(moment - timedelta(days=days), Message.created_at.type)
        for days in RETENTIONS
        if days
    }
    return Message.created_at < sa.case(oldest, value=Room.retention_days)


def _expiring(moment: datetime) -> sa.Select[int]:
    return (
        sa.select(Room.id)
        .where(
            Room.retention_days.is_not(None),
            sa.exists().where(Message.room_id == Room.id, _is_expired(moment)),
        )
        .limit(1)
    )


def _purge(room_id: int, condition: sa.ColumnElement[bool], limit: int) -> int:
    """Delete the oldest and their files; reactions and mentions go with them, answers lose their link (foreign keys
    see to that)."""
    room = db.session.get_one(Room, room_id, with_for_update={"key_share": True}, populate_existing=True)
    rows = db.session.execute(
        sa.select(Message.id, Message.has_files)
        .join(Room, Room.id == Message.room_id)
        .where(Room.id == room_id, condition)
        .order_by(Message.created_at, Message.id)
        .limit(limit)
    ).all()
    if not rows:
        return 0
    expired = [message_id for message_id, _has_files in rows]
    attachments.drop(SUBJECT, [message_id for message_id, has_files in rows if has_files])
    db.session.execute(
        sa.delete(Message).where(Message.id.in_(expired)).execution_options(synchronize_session=False)
    )
    first, last = db.session.execute(
        sa.select(sa.func.min(Message.id), sa.func.max(Message.id)).where(Message.room_id == room_id)
    ).one()
    if last != room.last_message_id:
        room.last_message_id = last
        room.last_message_at = db.session.scalar(sa.select(Message.created_at).where(Message.id == last))
    publish(NAMESPACE, f"room:{room_id}", "purged", {"room": room_id, "before_id": first or max(expired) + 1})
    return len(expired)
