"""Messages: written, changed, taken back, taken away, pinned."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from flask_babel import gettext as _

from forum.attachments import service as attachments
from forum.attachments.queries import AttachmentCard, attachments_of
from forum.attachments.targets import when_settled
from forum.audit import service as audit
from forum.chat import policy
from forum.chat.models import (
    PIN_LIMIT,
    REASON_LIMIT,
    SUBJECT,
    TITLE_LIMIT,
    Mention,
    Message,
    MessageState,
    Reaction,
    Room,
)
from forum.chat.policy import Place
from forum.chat.queries.messages import MessageRow, Quoted, excerpt_of
from forum.chat.queries.people import readers
from forum.chat.service.places import Held, get_message, hold_message, hold_room
from forum.chat.service.seats import note_sent
from forum.chat.service.telling import participant_ids, tell_change, tell_changes, tell_members, tell_message
from forum.chat.service.writing import Text, add_mentions, compose
from forum.core import html
from forum.core.access import Viewer
from forum.core.clock import now
from forum.core.db import db
from forum.core.errors import Conflict, Denied, Invalid, NotFound, require
from forum.core.persons import Person
from forum.core.text import clean_line
from forum.jobs.service import enqueue
from forum.members.models import Member

#: Whoever has the room open reads it in that time, and need not be told.
_BEFORE_TELLING = timedelta(seconds=5)
_SENT = sa.select(Message.id).where(
    Message.author_id == sa.bindparam("author_id", type_=sa.Integer()),
    Message.client_key == sa.bindparam("client_key", type_=sa.Uuid()),
)


def send_message(
    viewer: Viewer,
    room_id: int,
    text: str,
    client_key: UUID,
    reply_to: int | None = None,
    file_ids: Collection[int] = (),
) -> Message:
    """Say something. The same `client_key` of the same author is the same message, whatever became of it since.

    With files, which count against the sender, there need be no text. An answer to a message that is gone by now is
    sent without the link: better than not at all.
    """
    held = hold_room(viewer, room_id)
    room = held.room
    sent = _find_sent(held.me, client_key)
    if sent is not None:
        return _same_room(sent, room)
    moment = now()
    require_writing(viewer, held.place, moment)
    _require_patience(viewer, held.place, moment)
    written = compose(room, text, held.me.id, has_files=bool(file_ids))
    quoted = _find_quoted(room, reply_to) if reply_to is not None else None
    message = Message(
        room_id=room.id,
        author_id=held.me.id,
        created_at=moment,
        source=written.source,
        html=written.html,
        html_version=html.RENDERER_VERSION,
        reply_to_id=quoted.id if quoted else None,
        client_key=client_key,
        stamp=room.stamp + 1,
        has_files=bool(file_ids),
    )
    _insert(message)
    files = _attach(viewer, message, file_ids) if file_ids else ()
    before = room.last_message_id or 0
    room.stamp, room.last_message_id, room.last_message_at = message.stamp, message.id, moment
    add_mentions(room.id, message.id, written.mentions)
    note_sent(viewer, held.place, message, before)
    if not before and room.is_private:
        tell_members(participant_ids(room.id))
    tell_message(room, _new_row(message, held.me, quoted, written, files))
    if room.is_private or written.mentions:
        enqueue("chat.tell", due_at=moment + _BEFORE_TELLING, message_id=message.id)
    return message


def require_writing(viewer: Viewer, place: Place, moment: datetime) -> None:
    """`Denied`, with the reason, unless the viewer may write in the room now."""
    if policy.may_write(viewer, place, moment):
        return
    if place.room.is_archived:
        raise Denied(_("Dieser Raum ist archiviert. Du kannst ihn weiter lesen."))
    if place.room.is_locked:
        raise Denied(_("Dieser Raum ist gesperrt. Du kannst weiter mitlesen."))
    if place.seat is not None and policy.is_silenced(place, moment):
        reason = place.seat.silence_reason
        raise Denied(_("Die Moderation hat dich in diesem Raum stummgeschaltet: %(reason)s", reason=reason))
    raise Denied(_("In diesem Raum kannst du nicht schreiben."))


def get_editable_message(viewer: Viewer, message_id: int) -> Message:
    """The message with its source, if the viewer may change its words; `Denied` for its other readers."""
    place, message = get_message(viewer, message_id)
    _require_editing(viewer, place, message, now())
    return message


def edit_message(viewer: Viewer, message_id: int, text: str, version: int) -> Message:
    """Change one's own words. `version` is the one the editor started from: `Conflict` if it has moved on."""
    held, message = hold_message(viewer, message_id)
    moment = now()
    _require_editing(viewer, held.place, message, moment)
    written = compose(held.room, text, message.author_id, has_files=message.has_files)
    if written.source == message.source:
        return message
    if version != message.version:
        raise Conflict(_("Die Nachricht wurde inzwischen an anderer Stelle geändert."))
    message.source, message.html, message.html_version = written.source, written.html, html.RENDERER_VERSION
    message.version += 1
    message.edited_at = moment
    _drop(Mention, message)
    add_mentions(message.room_id, message.id, written.mentions)
    if written.mentions:
        enqueue("chat.tell", message_id=message.id)
    return _changed(held, message)


def withdraw_message(viewer: Viewer, message_id: int) -> Message:
    """Take one's own words back: they are gone, a trace stays."""
    held, message = hold_message(viewer, message_id)
    if message.state is MessageState.WITHDRAWN and message.author_id == viewer.member_id:
        return message
    require(
        policy.may_withdraw(viewer, held.place, message), _("Diese Nachricht kannst du nicht zurückziehen.")
    )
    return _take_out(held, message, MessageState.WITHDRAWN)


def remove_message(viewer: Viewer, message_id: int, reason: str) -> Message:
    """A moderator takes a message away and says why; everybody sees the reason in its place."""
    held, message = hold_message(viewer, message_id)
    require(policy.may_remove(viewer, held.place, message))
    reason = clean_line(reason, limit=REASON_LIMIT, field="reason")
    audit.record(viewer, "message.removed", message.id, space_id=held.room.space_id, note=reason)
    return _take_out(held, message, MessageState.REMOVED, reason)


def pin_message(viewer: Viewer, message_id: int) -> Message:
    """Keep the message at hand for all in the room."""
    held, message = hold_message(viewer, message_id)
    require(policy.may_pin(viewer, held.place))
    if message.pinned_at is not None:
        return message
    if message.state is not MessageState.VISIBLE:
        raise Invalid(_("Diese Nachricht gibt es nicht mehr."))
    pinned = sa.select(sa.func.count()).where(
        Message.room_id == message.room_id, Message.pinned_at.is_not(None)
    )
    if (db.session.scalar(pinned) or 0) >= PIN_LIMIT:
        raise Invalid(_("Mehr als %(limit)s Nachrichten lassen sich nicht anheften.", limit=PIN_LIMIT))
    message.pinned_at, message.pinned_by_id = now(), viewer.member_id
    if not held.room.is_private:
        audit.record(viewer, "message.pinned", message.id, space_id=held.room.space_id)
    return _changed(held, message)


def unpin_message(viewer: Viewer, message_id: int) -> Message:
    held, message = hold_message(viewer, message_id)
    require(policy.may_pin(viewer, held.place))
    if message.pinned_at is None:
        return message
    message.pinned_at = message.pinned_by_id = None
    if not held.room.is_private:
        audit.record(viewer, "message.unpinned", message.id, space_id=held.room.space_id)
    return _changed(held, message)


def get_readers(viewer: Viewer, message_id: int) -> list[Person]:
    """Who has read as far as this message and shows it; `NotFound` for all but its author."""
    place, message = get_message(viewer, message_id)
    if not policy.may_see_readers(viewer, place, message):
        raise NotFound
    return readers(viewer, place.room, message.id)


def note_kept(
    viewer: Viewer, room_id: int, message_ids: Collection[int], url: str, title: str
) -> list[Message]:
    """Messages of a room were kept as a topic at `url`: each says so from now on.

    The title stands there only if the viewer may write in the room: it is their words. `NotFound` if a message is not
    in the room, `Denied` if it was taken back or away.
    """
    held = hold_room(viewer, room_id)
    kept = _in_room(held.room, message_ids)
    shown_title = title[:TITLE_LIMIT] if policy.may_write(viewer, held.place, now()) else ""
    for message in kept:
        require(policy.may_keep(viewer, held.place, message))
        message.kept_url, message.kept_title, message.stamp = url, shown_title, held.stamp()
    tell_changes(held.room, kept)
    return kept


@when_settled(SUBJECT)
def renew_files(message_ids: Collection[int]) -> None:
    """The files of these messages are in another state now: all in their rooms are shown so."""
    for message in db.session.scalars(
        sa.select(Message).where(Message.id.in_(message_ids)).order_by(Message.room_id, Message.id)
    ).all():
        room = db.session.get_one(
            Room, message.room_id, with_for_update={"key_share": True}, populate_existing=True
        )
        db.session.refresh(message)
        room.stamp += 1
        message.stamp = room.stamp
        tell_change(room, message)


def copy_files(viewer: Viewer, message_ids: Collection[int], attachment_ids: Collection[int]) -> list[int]:
    """Copy those of the messages' attachments that are named, to hang them elsewhere: the ids of new files."""
    return attachments.copies_of(viewer, SUBJECT, message_ids, attachment_ids) if attachment_ids else []


def _in_room(room: Room, message_ids: Collection[int]) -> list[Message]:
    """The messages in the order of the held room, as they are now; `NotFound` if one of them is not in it."""
    wanted = set(message_ids)
    found = db.session.scalars(
        sa.select(Message)
        .where(Message.room_id == room.id, Message.id.in_(wanted))
        .order_by(Message.id)
        .execution_options(populate_existing=True)
    ).all()
    if len(found) != len(wanted):
        raise NotFound
    return list(found)


def _find_sent(author: Person, client_key: UUID) -> Message | None:
    """What this author has already sent with this key."""
    sent = db.session.connection().scalar(_SENT, {"author_id": author.id, "client_key": client_key})
    return None if sent is None else db.session.get(Message, sent)


def _same_room(sent: Message, room: Room) -> Message:
    if sent.room_id != room.id:
        raise _used_key()
    return sent


def _insert(message: Message) -> None:
    """The key may be taken in another room at this very moment; in this room, the lock keeps that from happening."""
    db.session.add(message)
    try:
        db.session.flush()
    except sa.exc.IntegrityError:
        raise _used_key() from None


def _attach(viewer: Viewer, message: Message, file_ids: Collection[int]) -> Sequence[AttachmentCard]:
    attachments.attach(viewer, SUBJECT, message.id, file_ids, space_id=None)
    return attachments_of(SUBJECT, [message.id], viewer)[message.id]


def _used_key() -> Conflict:
    return Conflict(_("Diese Nachricht ging schon in einen anderen Raum."))


def _require_patience(viewer: Viewer, place: Place, moment: datetime) -> None:
    """`Denied` in slow mode, while the viewer's last message is too young."""
    room = place.room
    if not room.slow_seconds or policy.may_moderate(viewer, place):
        return
    last_sent = db.session.scalar(
        sa.select(sa.func.max(Message.created_at)).where(
            Message.room_id == room.id,
            Message.author_id == viewer.member_id,
            Message.created_at > moment - policy.slowness(room),
        )
    )
    wait = policy.wait(viewer, place, last_sent, moment)
    seconds = -int(-wait.total_seconds() // 1)
    require(
        not wait,
        _("Hier geht es langsam zu: Du kannst in %(seconds)s Sekunden wieder schreiben.", seconds=seconds),
    )


def _find_quoted(room: Room, message_id: int) -> Quoted | None:
    """The message of this room that is answered."""
    row = db.session.execute(
        sa.select(
            Message.id,
            Message.html,
            Message.has_files,
            Member.id.label("author_id"),
            Member.name,
            Member.picture_version,
        )
        .join(Member, Member.id == Message.author_id)
        .where(Message.id == message_id, Message.room_id == room.id)
    ).one_or_none()
    if row is None:
        return None
    author = Person(row.author_id, row.name, row.picture_version)
    return Quoted(row.id, author, excerpt_of(row.html), row.has_files)


def _new_row(
    message: Message,
    author: Person,
    quoted: Quoted | None,
    written: Text,
    files: Sequence[AttachmentCard],
) -> MessageRow:
    """A message just written, as it is shown; without asking the database for what is known."""
    return MessageRow(
        id=message.id,
        room_id=message.room_id,
        stamp=message.stamp,
        author=author,
        at=message.created_at,
        html=message.html,
        reply_to=quoted,
        version=0,
        edited_at=None,
        state=MessageState.VISIBLE,
        state_by=None,
        reason="",
        is_pinned=False,
        kept=None,
        reactions={},
        mentions=written.mentions,
        files=files,
        client_key=message.client_key,
    )


def _require_editing(viewer: Viewer, place: Place, message: Message, moment: datetime) -> None:
    require(policy.may_edit(viewer, place, message, moment), _("Diese Nachricht kannst du nicht bearbeiten."))


def _take_out(held: Held, message: Message, state: MessageState, reason: str = "") -> Message:
    """The words leave the house, and with them what hung on them; who did it, and why, stays."""
    message.state, message.state_by_id, message.state_reason = state, held.me.id, reason
    message.source = message.html = ""
    message.pinned_at = message.pinned_by_id = None
    _drop(Reaction, message)
    _drop(Mention, message)
    if message.has_files:
        attachments.drop(SUBJECT, [message.id])
        message.has_files = False
    return _changed(held, message)


def _drop(kind: type[Reaction] | type[Mention], message: Message) -> None:
    db.session.execute(sa.delete(kind).where(kind.message_id == message.id))


def _changed(held: Held, message: Message) -> Message:
    message.stamp = held.stamp()
    tell_change(held.room, message)
    return message
