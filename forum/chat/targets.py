"""Messages as something that files hang on; rooms as something that members are told of."""

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa

from forum.attachments.targets import Place, target
from forum.chat import policy
from forum.chat.models import ROOM, SUBJECT, Message, MessageState, Room
from forum.chat.queries.rooms import titles_of
from forum.core import html
from forum.core.access import Viewer
from forum.core.db import db
from forum.members.models import Member
from forum.notifications.models import SPACE
from forum.notifications.targets import Entry, Line, Named, Since, describes, first_entries, names

#: A mail shows so many new messages of a room, each with so many characters.
_LINES, _LINE_LIMIT = 5, 400


@target(SUBJECT)
def find_messages(viewer: Viewer, message_ids: Collection[int]) -> dict[int, Place]:
    """Those of the messages that stand in a room the viewer reads."""
    rows = db.session.execute(
        sa.select(Message.id, Room.name, Room.space_id)
        .join(Room, Room.id == Message.room_id)
        .where(Message.id.in_(message_ids), Message.state == MessageState.VISIBLE, policy.readable_by(viewer))
    )
    return {
        message_id: Place(name, f"/chat/messages/{message_id}", space_id)
        for message_id, name, space_id in rows
    }


@describes(ROOM)
def describe_rooms(viewer: Viewer, news: Collection[Since], with_lines: bool) -> dict[int, Entry]:
    """The rooms the viewer reads, with the messages that came; of a room whose new messages are all gone, nothing."""
    titles = titles_of(viewer, [one.subject_id for one in news])
    news = [one for one in news if one.subject_id in titles]
    found = {}
    for room_id, messages in _new_messages(viewer, news, with_lines).items():
        title = titles[room_id]
        found[room_id] = Entry(
            title=title.name,
            url=f"/chat/messages/{messages[0].id}",
            place=title.place,
            lines=[
                Line(
                    said.name,
                    html.plain(said.html, _LINE_LIMIT),
                    said.created_at,
                    f"/chat/messages/{said.id}",
                )
                for said in messages
            ]
            if with_lines
            else (),
            count=messages[0].count_of_all if with_lines else None,
            above=((SPACE, title.space_id, title.place),) if title.space_id else (),
        )
    return found


@names(ROOM)
def name_rooms(viewer: Viewer, room_ids: Collection[int]) -> dict[int, Named]:
    """The rooms the viewer reads."""
    return {
        room_id: Named(title.name, f"/chat/rooms/{room_id}", title.place)
        for room_id, title in titles_of(viewer, room_ids).items()
    }


def _new_messages(viewer: Viewer, news: Collection[Since], with_lines: bool) -> dict[int, list[sa.Row[Any]]]:
    """By room, messages of others that came and still stand; only the first, if nobody wants their words."""
    words = Message.html if with_lines else sa.literal("").label("html")
    messages = (
        sa.select(Message.id, Message.created_at, Member.name, words)
        .join(Member, Member.id == Message.author_id)
        .where(Message.state == MessageState.VISIBLE, Message.author_id != viewer.member_id)
    )
    return first_entries(
        messages, news, Message.room_id, Message.id, Message.created_at, limit=_LINES if with_lines else 1
    )
