"""Rooms over Socket.IO: the same verbs, and what lives no longer than a connection: who is here, who is typing."""

from collections.abc import Iterable

from flask_babel import gettext as _

from forum.chat import queries, service
from forum.chat.models import ReactionKind
from forum.chat.queries.messages import MessagePage, as_data, person_data
from forum.chat.queries.people import readers_among
from forum.chat.service.telling import NAMESPACE, typing_channel_of
from forum.core.access import Viewer
from forum.core.errors import Invalid
from forum.members.queries import Sign, showing
from forum.realtime.namespace import Answer, Data, Namespace, event, key, number, text
from forum.realtime.publishing import emit

#: In this channel is whoever is connected and shows it.
ONLINE = "online"
#: Turning a page breaks the connection for a moment; only who stays away so long (in seconds) has left.
_ABSENCE = 8.0


class Chat(Namespace):
    """Members hear all rooms they read; signs of life, who has the room open and gives their own."""

    def __init__(self) -> None:
        super().__init__(NAMESPACE)

    def channels_of(self, viewer: Viewer) -> Iterable[str]:
        """Every room that the viewer reads."""
        return [_room(room_id) for room_id in queries.rooms.readable_ids(viewer)]

    def arrived(self, viewer: Viewer) -> None:
        """Say that the member is here, if the member wants that said."""
        member_id = viewer.member_id
        if not member_id or not showing([member_id], Sign.PRESENCE):
            return
        self.enter(ONLINE)
        if self.presence.enter(ONLINE, member_id):
            self._tell_presence(queries.rooms.readable_ids(viewer), member_id, is_here=True)

    def left(self, member_id: int, channels: list[str]) -> None:
        """Say so a while later, if the member was shown and has not come back by then."""
        if ONLINE not in channels:
            return
        room_ids = [int(channel.removeprefix("room:")) for channel in channels if channel.startswith("room:")]

        def look() -> None:
            if self.presence.leave(ONLINE, member_id):
                self._tell_presence(room_ids, member_id, is_here=False)

        self.later(_ABSENCE, look)

    @event()
    def on_open(self, viewer: Viewer, data: Data) -> Answer:
        """Have a room open: hear who is here and who is typing, as far as the viewer shows the same."""
        opened = queries.rooms.open_room(viewer, number(data, "room"))
        room = opened.room
        chosen = queries.preferences.preferences_of(viewer)
        self.enter(_room(room.id))
        present = None
        if chosen.shows_presence:
            self.enter(_presence(room.id))
            present = sorted(readers_among(room, showing(self.presence.present(ONLINE), Sign.PRESENCE)))
        if chosen.shows_typing:
            self.enter(typing_channel_of(room.id))
        return {
            "stamp": room.stamp,
            "present": present,
            "receipts": queries.people.receipts(viewer, room) if chosen.shows_receipts else None,
        }

    @event(cost=0.2)
    def on_close(self, viewer: Viewer, data: Data) -> None:
        """Have it open no longer."""
        room_id = number(data, "room")
        self.leave(_presence(room_id))
        self.leave(typing_channel_of(room_id))

    @event(writes=True)
    def on_send(self, viewer: Viewer, data: Data) -> Answer:
        """Write a message; acknowledged with the message as it is stored. `files` are ids of what was sent before."""
        reply_to = number(data, "reply_to") if data.get("reply_to") is not None else None
        message = service.messages.send_message(
            viewer, number(data, "room"), text(data, "text"), key(data), reply_to, _file_ids(data)
        )
        return _stored(message.id, message.stamp)

    @event(writes=True)
    def on_edit(self, viewer: Viewer, data: Data) -> Answer:
        """Change one's own words; `version` is the one they were read in."""
        message = service.messages.edit_message(
            viewer, number(data, "message"), text(data, "text"), number(data, "version")
        )
        return _stored(message.id, message.stamp)

    @event(writes=True)
    def on_withdraw(self, viewer: Viewer, data: Data) -> Answer:
        """Take one's own words back."""
        message = service.messages.withdraw_message(viewer, number(data, "message"))
        return _stored(message.id, message.stamp)

    @event(writes=True)
    def on_pin(self, viewer: Viewer, data: Data) -> Answer:
        """Keep a message at hand."""
        message = service.messages.pin_message(viewer, number(data, "message"))
        return _stored(message.id, message.stamp)

    @event(writes=True)
    def on_unpin(self, viewer: Viewer, data: Data) -> Answer:
        """Keep it at hand no longer."""
        message = service.messages.unpin_message(viewer, number(data, "message"))
        return _stored(message.id, message.stamp)

    @event(writes=True)
    def on_react(self, viewer: Viewer, data: Data) -> Answer:
        """Answer without words."""
        message = service.reactions.react(viewer, number(data, "message"), _kind(data))
        return _stored(message.id, message.stamp)

    @event(writes=True)
    def on_unreact(self, viewer: Viewer, data: Data) -> Answer:
        """Take that back."""
        message = service.reactions.unreact(viewer, number(data, "message"), _kind(data))
        return _stored(message.id, message.stamp)

    @event(writes=True)
    def on_read(self, viewer: Viewer, data: Data) -> None:
        """Have seen the room up to a message."""
        service.seats.note_reading(viewer, number(data, "room"), number(data, "message"))

    @event(cost=0.5)
    def on_typing(self, viewer: Viewer, data: Data) -> None:
        """Tell those who show the same that the viewer is typing."""
        service.seats.tell_typing(viewer, number(data, "room"), self.sid)

    @event()
    def on_catch_up(self, viewer: Viewer, data: Data) -> Answer:
        """All that has changed in a room since a stamp; or that it is too much and the room is to be loaded anew."""
        room = service.rooms.get_room(viewer, number(data, "room"))
        changes = queries.messages.changed_since(room.id, number(data, "since"))
        if changes is None:
            return {"reload": True}
        messages = [as_data(row, changes.last)["message"] for row in changes.rows]
        return {"messages": messages, "stamp": changes.last, "first_id": changes.first_id}

    @event()
    def on_older(self, viewer: Viewer, data: Data) -> Answer:
        """The messages before one."""
        return self._page(viewer, data, before=number(data, "before"))

    @event()
    def on_newer(self, viewer: Viewer, data: Data) -> Answer:
        """The messages after one."""
        return self._page(viewer, data, after=number(data, "after"))

    @event()
    def on_seen_by(self, viewer: Viewer, data: Data) -> Answer:
        """Who has read as far as a message of one's own and shows it."""
        people = service.messages.get_readers(viewer, number(data, "message"))
        return {"members": [person_data(person) for person in people]}

    @event()
    def on_names(self, viewer: Viewer, data: Data) -> Answer:
        """Whom the typed beginning of a name may mean in a room."""
        room = service.rooms.get_room(viewer, number(data, "room"))
        people = queries.people.find_mentionable(room, text(data, "part")[:80])
        return {"people": [person_data(person) for person in people]}

    @event()
    def on_rooms(self, viewer: Viewer, data: Data) -> Answer:
        """The viewer's rooms with what is new in them; rooms that are new themselves are heard from now on."""
        for room_id in queries.rooms.readable_ids(viewer):
            self.enter(_room(room_id))
        rooms = [
            {
                "id": room.id,
                "title": room.title,
                "unread": room.unread,
                "mentions": room.mentions,
                "muted": room.is_muted,
            }
            for room in queries.rooms.list_rooms(viewer).rooms
        ]
        return {"rooms": rooms}

    def _page(
        self, viewer: Viewer, data: Data, *, before: int | None = None, after: int | None = None
    ) -> Answer:
        room = service.rooms.get_room(viewer, number(data, "room"))
        return _shown(queries.messages.list_messages(room.id, before=before, after=after))

    def _tell_presence(self, room_ids: Iterable[int], member_id: int, *, is_here: bool) -> None:
        for room_id in room_ids:
            sign = {"room": room_id, "member": member_id, "is_here": is_here}
            emit(NAMESPACE, _presence(room_id), "presence", sign)


def _stored(message_id: int, stamp: int) -> Answer:
    return {"message": {"id": message_id, "stamp": stamp}}


def _shown(page: MessagePage) -> Answer:
    return {
        "messages": [as_data(row, row.stamp)["message"] for row in page.rows],
        "has_earlier": page.has_earlier,
        "has_later": page.has_later,
    }


def _kind(data: Data) -> ReactionKind:
    try:
        return ReactionKind(text(data, "kind"))
    except ValueError:
        raise Invalid(field="kind") from None


def _file_ids(data: Data) -> list[int]:
    found = data.get("files", [])
    if not isinstance(found, list) or any(type(one) is not int for one in found):
        raise Invalid(_("Das war nicht zu lesen. Lade die Seite neu und versuche es noch einmal."), "files")
    return found


def _room(room_id: int) -> str:
    return f"room:{room_id}"


def _presence(room_id: int) -> str:
    return f"presence:{room_id}"
