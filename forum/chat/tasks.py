"""Chat's work in the background: telling whom a message is meant for, writing what they answer by mail, and what is
older than its room keeps goes, without anybody asking."""

from collections.abc import Collection
from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa
from flask_babel import lazy_gettext as _l

from forum.chat.models import ROOM, Mention, Message, MessageState, Room, Seat
from forum.chat.service import messages
from forum.chat.service.retention import purge_expired
from forum.core.access import Viewer
from forum.core.clock import now
from forum.core.db import db, unit_of_work
from forum.jobs.registry import job, periodic
from forum.notifications.models import SPACE, Kind
from forum.notifications.service import notices, watches
from forum.notifications.targets import takes_answers
from forum.spaces.models import Membership


@job("chat.tell", title=_l("Von einer Nachricht im Chat benachrichtigen"))
def tell(message_id: int) -> None:
    """There is a message for somebody: whom it names, and who is in the private room, hear of it unless they have
    read it by now."""
    message = db.session.get(Message, message_id)
    if message is None or message.state is not MessageState.VISIBLE:
        return
    room = db.session.get_one(Room, message.room_id)
    named = sa.select(Mention.member_id).where(Mention.message_id == message.id)
    called, others = _audiences(room, message, named)
    notices.notify(Kind.MENTION, ROOM, room.id, message.id, called, written_at=message.created_at)
    if others is not None:
        notices.notify(Kind.MESSAGE, ROOM, room.id, message.id, others, written_at=message.created_at)


@takes_answers(ROOM)
def answer(viewer: Viewer, room_id: int, text: str, file_ids: Collection[int], client_key: UUID) -> None:
    """The next message in the room, sent by mail."""
    messages.send_message(viewer, room_id, text, client_key, file_ids=file_ids)


@periodic(
    "chat.purge",
    title=_l("Nachrichten im Chat nach ihrer Frist löschen"),
    every=timedelta(minutes=30),
    atomic=False,
    lease=timedelta(hours=1),
)
def purge() -> None:
    """Delete what has expired, a batch at a time, so that nobody who writes waits for it."""
    is_done = False
    while not is_done:
        with unit_of_work():
            is_done = purge_expired(now()) == 0


def _audiences(
    room: Room, message: Message, named: sa.Select[int]
) -> tuple[sa.Select[int], sa.Select[int] | None]:
    """Whom the message names, and in a private room the others; without those who have read it or muted the room."""
    is_unseen = sa.func.coalesce(Seat.last_read_id, 0) < message.id
    if room.is_private:
        muters = watches.muters([(ROOM, room.id)])
        there = sa.select(Seat.member_id).where(
            Seat.room_id == room.id,
            Seat.is_participant,
            Seat.member_id != message.author_id,
            Seat.member_id.not_in(muters),
            is_unseen,
        )
        return there.where(Seat.member_id.in_(named)), there.where(Seat.member_id.not_in(named))
    muters = watches.muters([(ROOM, room.id), (SPACE, room.space_id or 0)])
    called = (
        sa.select(Membership.member_id)
        .outerjoin(Seat, sa.and_(Seat.room_id == room.id, Seat.member_id == Membership.member_id))
        .where(
            Membership.space_id == room.space_id,
            Membership.member_id.in_(named),
            Membership.member_id.not_in(muters),
            is_unseen,
        )
    )
    return called, None
