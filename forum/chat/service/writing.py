"""Text of messages: cleaned, rendered, and whom it names."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from forum.chat.models import MESSAGE_LIMIT, Mention, Room
from forum.chat.queries.people import readers_of
from forum.core import html
from forum.core.db import db
from forum.core.text import clean_text
from forum.members.queries import named_in
from forum.members.service import require_few


@dataclass(frozen=True, slots=True)
class Text:
    """What is stored of a message's words; `mentions` are the members it names, its author aside."""

    source: str
    html: str
    mentions: Sequence[int]


def compose(room: Room, typed: str, author_id: int | None, *, has_files: bool = False) -> Text:
    """`typed` as the text of a message in the room; `Invalid` for what cannot be one. With files there need be none.

    `@` before the full name of somebody who reads the room makes a link to that person. Of two people of the same
    name both are mentioned, and the link leads to the one who was here first.
    """
    if has_files and not typed.strip():
        return Text("", "", ())
    source = clean_text(typed, limit=MESSAGE_LIMIT, field="text")
    known = named_in(readers_of(room), source)
    rendered, found = html.render_with_names(source, {name: f"/members/{known[name][0]}" for name in known})
    mentioned = {member_id for name in found for member_id in known[name]}
    require_few(mentioned)
    return Text(source, rendered, sorted(mentioned - {author_id}))


def add_mentions(room_id: int, message_id: int, member_ids: Collection[int]) -> None:
    """Note whom the message names."""
    if member_ids:
        rows = [
            {"message_id": message_id, "member_id": member_id, "room_id": room_id} for member_id in member_ids
        ]
        db.session.execute(sa.insert(Mention), rows)
