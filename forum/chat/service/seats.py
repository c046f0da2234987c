"""What a member has in a room: how far it was read, what is typed, quiet; and a moderator's word to be quiet."""

from datetime import datetime, timedelta
from typing import Any

from flask_babel import gettext as _

from forum.audit import service as audit
from forum.chat import policy
from forum.chat.models import MESSAGE_LIMIT, REASON_LIMIT, ROOM, Message, Room, Seat
from forum.chat.policy import Place
from forum.chat.service.places import get_place
from forum.chat.service.telling import NAMESPACE, participant_ids, tell_rights, typing_channel_of
from forum.core.access import Role, Viewer
from forum.core.clock import now
from forum.core.db import db, greatest, upsert
from forum.core.errors import Invalid, NotFound, require
from forum.core.text import clean_line
from forum.members.queries import Sign, find_card, showing
from forum.notifications.models import Level
from forum.notifications.service import notices, watches
from forum.realtime.publishing import emit, publish
from forum.spaces.queries import membership_of

#: Nobody is silenced for longer at once.
LONGEST_SILENCE = timedelta(days=366)


def note_reading(viewer: Viewer, room_id: int, message_id: int) -> None:
    """The viewer has seen the room up to this message; never backwards, never beyond the last one."""
    place = get_place(viewer, room_id)
    member_id = _member(viewer)
    until = min(message_id, place.room.last_message_id or 0)
    if until <= (place.seat.last_read_id if place.seat else 0):
        return
    _put(room_id, member_id, last_read_id=greatest(Seat.last_read_id, until), first={"last_read_id": until})
    if until == place.room.last_message_id:
        notices.see(viewer, ROOM, room_id)
    publish(NAMESPACE, f"member:{member_id}", "read", {"room": room_id, "until": until})
    if place.room.is_private:
        _show_reading(place.room, member_id, until)


def note_sent(viewer: Viewer, place: Place, message: Message, before: int) -> None:
    """Whoever writes has read the room so far, and the draft is used up. The room must be held.

    `before` is the message that was the last one until now, or 0.
    """
    if before > (place.seat.last_read_id if place.seat else 0):
        notices.see(viewer, ROOM, message.room_id)
    if place.seat is None:
        _put(message.room_id, message.author_id, last_read_id=message.id)
        return
    place.seat.last_read_id = message.id  # the newest there is: nobody can have read further
    place.seat.draft = ""


def save_draft(viewer: Viewer, room_id: int, text: str) -> None:
    """Keep what is being typed, cut at the limit; what is wrong with it is said when it is sent."""
    get_place(viewer, room_id)
    typed = text[:MESSAGE_LIMIT].replace("\0", "") if text.strip() else ""
    _put(room_id, _member(viewer), draft=typed)


def tell_typing(viewer: Viewer, room_id: int, socket: str) -> None:
    """Let those who have the room open and show the same know that the viewer is typing; not kept anywhere.

    `socket` is the one it comes from, which need not be told. `Denied` for who may not write in the room.
    """
    place = get_place(viewer, room_id)
    require(policy.may_write(viewer, place, now()))
    card = find_card(_member(viewer))
    if card is None:
        raise NotFound
    if showing([card.person.id], Sign.TYPING):
        data = {"room": place.room.id, "member": card.person.id, "name": card.person.name}
        emit(NAMESPACE, typing_channel_of(place.room.id), "typing", data, skip=socket)


def mute(viewer: Viewer, room_id: int) -> None:
    """Count nothing of this room in the viewer's badge, and tell nothing of it."""
    get_place(viewer, room_id)
    watches.watch(viewer, ROOM, room_id, Level.MUTED)


def unmute(viewer: Viewer, room_id: int) -> None:
    get_place(viewer, room_id)
    watches.unmute(viewer, ROOM, room_id)


def silence(viewer: Viewer, room_id: int, member_id: int, until: datetime, reason: str) -> None:
    """A moderator lets a member of the space read on in the room, but not write, until then."""
    place = _moderated(viewer, room_id, member_id)
    moment = now()
    if not moment < until <= moment + LONGEST_SILENCE:
        raise Invalid(_("Wähle, wie lange es gelten soll."), "until")
    reason = clean_line(reason, limit=REASON_LIMIT, field="reason")
    _put(room_id, member_id, silenced_until=until, silenced_by_id=viewer.member_id, silence_reason=reason)
    audit.record(
        viewer,
        "member.silenced",
        member_id,
        space_id=place.room.space_id,
        note=f"{place.room.name}: {reason}",
    )
    tell_rights(place.room, member_id)


def unsilence(viewer: Viewer, room_id: int, member_id: int) -> None:
    """Let the member write again before the time."""
    place = _moderated(viewer, room_id, member_id)
    seat = db.session.get(Seat, (room_id, member_id))
    if seat is None or seat.silenced_until is None:
        return
    seat.silenced_until = seat.silenced_by_id = None
    seat.silence_reason = ""
    audit.record(viewer, "member.unsilenced", member_id, space_id=place.room.space_id, note=place.room.name)
    tell_rights(place.room, member_id)


def take_place(room: Room, member_id: int) -> None:
    """Make the member a participant of a private room; what was said before is read, and not new."""
    read = {"last_read_id": room.last_message_id or 0}
    _put(room.id, member_id, is_participant=True, first=read)


def _put(room_id: int, member_id: int, *, first: dict[str, Any] | None = None, **changes: Any) -> None:
    """Change the seat, or make it; `first` has what differs in a new one."""
    values = {"room_id": room_id, "member_id": member_id, "joined_at": now(), **changes, **(first or {})}
    upsert(Seat, values, ["room_id", "member_id"], changes)


def _show_reading(room: Room, member_id: int, until: int) -> None:
    """Tell the others in a private room who show theirs; in large rooms that would be noise."""
    shown = showing(participant_ids(room.id), Sign.RECEIPTS)
    if member_id in shown:
        for other in sorted(shown - {member_id}):
            receipt = {"room": room.id, "member": member_id, "until": until}
            publish(NAMESPACE, f"member:{other}", "receipt", receipt)


def _moderated(viewer: Viewer, room_id: int, member_id: int) -> Place:
    """The room, if the viewer may silence this member in it."""
    place = get_place(viewer, room_id)
    require(policy.may_moderate(viewer, place))
    membership = membership_of(place.room.space_id, member_id) if place.room.space_id else None
    if membership is None:
        raise NotFound
    require(
        policy.may_silence(viewer, place, is_moderator=membership.role is Role.MODERATOR),
        _("Wer den Raum moderiert, kann nicht stummgeschaltet werden."),
    )
    return place


def _member(viewer: Viewer) -> int:
    if viewer.member_id is None:
        raise NotFound
    return viewer.member_id
