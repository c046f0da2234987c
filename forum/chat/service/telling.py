"""What connected clients are told after the commit: that a message, a room or the list of rooms has changed."""

from collections.abc import Sequence

import sqlalchemy as sa

from forum.chat.models import Message, Room, Seat
from forum.chat.queries.messages import MessageRow, as_data, get_row, get_rows
from forum.core.db import db
from forum.realtime.publishing import publish

NAMESPACE = "/chat"


def typing_channel_of(room_id: int) -> str:
    """In this channel is whoever has the room open and wants to know who is typing."""
    return f"typing:{room_id}"


def tell_message(room: Room, row: MessageRow) -> None:
    """A message was written or changed: all of it, for all in the room."""
    publish(NAMESPACE, f"room:{room.id}", "changed", as_data(row, room.stamp))


def tell_change(room: Room, message: Message) -> None:
    """The same, for a message that was there before."""
    tell_message(room, get_row(message.id))


def tell_changes(room: Room, messages: Sequence[Message]) -> None:
    """The same, for several messages; as many statements as for one."""
    for row in get_rows([message.id for message in messages]):
        tell_message(room, row)


def tell_room(room: Room) -> None:
    """The room itself is another now: name, purpose, retention, lock, participants."""
    publish(NAMESPACE, f"room:{room.id}", "room", {"room": room.id})
    tell_lists(room)


def tell_rights(room: Room, member_id: int) -> None:
    """The room is another for this member alone, who may write there no longer, or again."""
    publish(NAMESPACE, f"member:{member_id}", "room", {"room": room.id})


def tell_lists(room: Room) -> None:
    """Whoever reads the room has another list of rooms now."""
    if room.is_private:
        tell_members(participant_ids(room.id))
    else:
        publish(NAMESPACE, f"space:{room.space_id}", "rooms", {})


def tell_members(member_ids: list[int]) -> None:
    """These members have another list of rooms now."""
    for member_id in member_ids:
        publish(NAMESPACE, f"member:{member_id}", "rooms", {})


def participant_ids(room_id: int) -> list[int]:
    """Who is in a private room, in the order of coming."""
    return list(
        db.session.scalars(
            sa.select(Seat.member_id)
            .where(Seat.room_id == room_id, Seat.is_participant)
            .order_by(Seat.joined_at, Seat.member_id)
        )
    )
