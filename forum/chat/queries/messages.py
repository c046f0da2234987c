"""Messages of a room: pages of them, what has changed, what is pinned, what is found.

Whoever calls has made sure that the viewer reads the room: `queries.rooms.open_room` or a verb.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from forum.attachments.queries import AttachmentCard, attachments_of, has_one, names_of
from forum.chat.models import SUBJECT, Mention, Message, MessageState, Reaction, ReactionKind, Room
from forum.core.access import ANYONE
from forum.core.db import db
from forum.core.html import plain
from forum.core.persons import Person
from forum.files.models import File
from forum.members.models import Member

PAGE_SIZE = 50
#: Changes that a client may catch up with; after more it loads the room anew.
CHANGES_LIMIT = 200
FOUND_LIMIT = 50
EXCERPT_LIMIT = 120
#: Words that a search goes by; further ones are left out.
WORDS_LIMIT = 5

Data: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Quoted:
    """The message that another one answers: enough for the line above the answer."""

    id: int
    author: Person
    excerpt: str
    has_files: bool = False


@dataclass(frozen=True, slots=True)
class Kept:
    """Where a message was kept as a topic."""

    url: str
    title: str


@dataclass(frozen=True, slots=True)
class MessageRow:
    """A message as it is shown. `state_by` is the name of whoever took it back or away, `reason` why."""

    id: int
    room_id: int
    stamp: int
    author: Person
    at: datetime
    html: str
    reply_to: Quoted | None
    version: int
    edited_at: datetime | None
    state: MessageState
    state_by: str | None
    reason: str
    is_pinned: bool
    kept: Kept | None
    reactions: Mapping[ReactionKind, Sequence[int]]
    mentions: Sequence[int]
    files: Sequence[AttachmentCard]
    client_key: UUID

    @property
    def author_id(self) -> int:
        return self.author.id


@dataclass(frozen=True, slots=True)
class MessagePage:
    """A stretch of a room in its order, and whether there is more before and after it."""

    rows: list[MessageRow]
    has_earlier: bool
    has_later: bool


@dataclass(frozen=True, slots=True)
class Changes:
    """What has changed in a room: `last` is its stamp now; nothing older than `first_id` is left in it."""

    rows: list[MessageRow]
    last: int
    first_id: int


@dataclass(frozen=True, slots=True)
class Line:
    """A message as plain text, with the names of its files, for export and for carrying it elsewhere."""

    id: int
    at: datetime
    author: Person
    source: str
    reply_to_id: int | None
    state: MessageState
    edited_at: datetime | None
    files: Sequence[str]


def as_data(row: MessageRow, last: int) -> Data:
    """The message for a client, as JSON; `last` is the stamp that its room has reached."""
    quoted, kept = row.reply_to, row.kept
    return {
        "room": row.room_id,
        "stamp": row.stamp,
        "last": last,
        "message": {
            "id": row.id,
            "stamp": row.stamp,
            "author": person_data(row.author),
            "at": row.at.isoformat(),
            "html": row.html,
            "reply_to": quoted
            and {
                "id": quoted.id,
                "author": person_data(quoted.author),
                "excerpt": quoted.excerpt,
                "has_files": quoted.has_files,
            },
            "version": row.version,
            "edited_at": row.edited_at and row.edited_at.isoformat(),
            "state": row.state.value,
            "by": row.state_by,
            "reason": row.reason,
            "pinned": row.is_pinned,
            "kept": kept and {"url": kept.url, "title": kept.title},
            "reactions": {kind.value: list(members) for kind, members in row.reactions.items()},
            "mentions": list(row.mentions),
            "files": [file_data(card) for card in row.files],
            "client_key": str(row.client_key),
        },
    }


def file_data(card: AttachmentCard) -> Data:
    """What a client needs to show an attached file."""
    return {
        "id": card.id,
        "file": card.file.id,
        "name": card.file.name,
        "size": card.file.size,
        "kind": card.file.kind,
        "state": card.file.state.value,
        "is_remote": bool(card.file.remote),
        "url": card.url,
        "tile": card.tile_url,
    }


def person_data(person: Person) -> Data:
    """What a client needs to show somebody."""
    return {
        "id": person.id,
        "name": person.name,
        "initials": person.initials,
        "colour": person.colour,
        "picture": person.avatar_url,
    }


def excerpt_of(html: str) -> str:
    """The beginning of a message, as text."""
    return plain(html, EXCERPT_LIMIT) if html else ""


_quoted, _quoted_author, _state_by = aliased(Message), aliased(Member), aliased(Member)
_ROWS = (
    sa.select(
        Message.id,
        Message.room_id,
        Message.stamp,
        Message.created_at,
        Message.html,
        Message.version,
        Message.edited_at,
        Message.state,
        Message.state_reason,
        Message.pinned_at,
        Message.kept_url,
        Message.kept_title,
        Message.client_key,
        Message.has_files,
        Message.author_id,
        Member.name,
        Member.picture_version,
        _state_by.name.label("state_by"),
        _quoted.id.label("quoted_id"),
        _quoted.html.label("quoted_html"),
        _quoted.has_files.label("quoted_has_files"),
        _quoted.author_id.label("quoted_author_id"),
        _quoted_author.name.label("quoted_name"),
        _quoted_author.picture_version.label("quoted_picture"),
    )
    .join(Member, Member.id == Message.author_id)
    .outerjoin(_state_by, _state_by.id == Message.state_by_id)
    .outerjoin(_quoted, _quoted.id == Message.reply_to_id)
    .outerjoin(_quoted_author, _quoted_author.id == _quoted.author_id)
)
_limit = sa.bindparam("limit", type_=sa.Integer())
_place = sa.bindparam("place", type_=sa.Integer())
_IN_ROOM = _ROWS.where(Message.room_id == sa.bindparam("room_id", type_=sa.Integer()))
_BEFORE = _IN_ROOM.where(Message.id < _place).order_by(Message.id.desc()).limit(_limit)
_AFTER = _IN_ROOM.where(Message.id > _place).order_by(Message.id).limit(_limit)
_LATEST = _IN_ROOM.order_by(Message.id.desc()).limit(_limit)
_CHANGED = (
    _IN_ROOM.where(Message.stamp > sa.bindparam("since", type_=sa.BigInteger()))
    .order_by(Message.stamp)
    .limit(CHANGES_LIMIT + 1)
)
_PINNED = _IN_ROOM.where(Message.pinned_at.is_not(None)).order_by(Message.pinned_at.desc(), Message.id.desc())
_ids = sa.bindparam("ids", expanding=True, type_=sa.Integer())
_THESE = _ROWS.where(Message.id.in_(_ids)).order_by(Message.id)
_CLOCK = sa.select(
    Room.stamp,
    sa.select(sa.func.min(Message.id)).where(Message.room_id == Room.id).correlate(Room).scalar_subquery(),
).where(Room.id == sa.bindparam("room_id", type_=sa.Integer()))

_REACTIONS = (
    sa.select(Reaction.message_id, Reaction.kind, Reaction.member_id)
    .where(Reaction.message_id.in_(_ids))
    .order_by(Reaction.message_id, Reaction.member_id)
)
_MENTIONS = (
    sa.select(Mention.message_id, Mention.member_id)
    .where(Mention.message_id.in_(_ids))
    .order_by(Mention.message_id, Mention.member_id)
)


def list_messages(
    room_id: int,
    *,
    before: int | None = None,
    after: int | None = None,
    around: int | None = None,
    limit: int = PAGE_SIZE,
) -> MessagePage:
    """Messages in the order of the room: the last ones, those next `before` or `after` an id, or half and half.

    `around` itself is the first of the later half; it need not exist any more. Three statements, four for `around`,
    and one more if files hang on any of them.
    """
    if around is not None:
        half = limit // 2
        earlier, has_earlier = _stretch(_BEFORE, room_id, half, around)
        later, has_later = _stretch(_AFTER, room_id, limit - half, around - 1)
        return MessagePage(_with_extras([*earlier[::-1], *later]), has_earlier, has_later)
    if after is not None:
        later, has_later = _stretch(_AFTER, room_id, limit, after)
        return MessagePage(_with_extras(later), has_earlier=True, has_later=has_later)
    earlier, has_earlier = (
        _stretch(_LATEST, room_id, limit) if before is None else _stretch(_BEFORE, room_id, limit, before)
    )
    return MessagePage(_with_extras(earlier[::-1]), has_earlier, has_later=before is not None)


def changed_since(room_id: int, since: int) -> Changes | None:
    """What was written or changed after the stamp `since`, in the order of ids; None if that is too much.

    The clock is read first: what the list has beyond it is no harm, what it lacked would be lost.
    """
    connection = db.session.connection()
    last, first_id = connection.execute(_CLOCK, {"room_id": room_id}).one()
    found = connection.execute(_CHANGED, {"room_id": room_id, "since": since}).all()
    if len(found) > CHANGES_LIMIT:
        return None
    rows = _with_extras(sorted(found, key=lambda row: row.id))
    return Changes(rows, last, first_id or 0)


def get_row(message_id: int) -> MessageRow:
    """One message as it is shown; it must be there."""
    [row] = get_rows([message_id])
    return row


def get_rows(message_ids: Sequence[int]) -> list[MessageRow]:
    """Those of the messages that are there, as they are shown, in the order of ids. Three statements or four."""
    db.session.flush()
    return _with_extras(db.session.connection().execute(_THESE, {"ids": message_ids}).all())


def list_pinned(room_id: int) -> list[MessageRow]:
    """What is pinned, last pinned first."""
    return _with_extras(db.session.connection().execute(_PINNED, {"room_id": room_id}).all())


def search(room_id: int, words: str) -> list[MessageRow]:
    """Messages that hold all the words, in the text or the names of files, newest first, at most `FOUND_LIMIT`."""
    wanted = words.replace("\0", " ").split()[:WORDS_LIMIT]
    if not wanted:
        return []
    statement = _IN_ROOM.where(*(_holds(word) for word in wanted)).order_by(Message.id.desc())
    return _with_extras(
        db.session.connection().execute(statement.limit(FOUND_LIMIT), {"room_id": room_id}).all()
    )


def first_on(room_id: int, moment: datetime) -> int | None:
    """The id of the first message at or after `moment`; None if nothing was written since."""
    return db.session.scalar(
        sa.select(Message.id)
        .where(Message.room_id == room_id, Message.created_at >= moment)
        .order_by(Message.created_at, Message.id)
        .limit(1)
    )


def count_messages(room_id: int, before: datetime | None = None) -> int:
    """How many messages the room has; those written before a moment, if one is given."""
    statement = sa.select(sa.func.count()).where(Message.room_id == room_id)
    if before is not None:
        statement = statement.where(Message.created_at < before)
    return db.session.scalar(statement) or 0


def chosen(room_id: int, message_ids: Collection[int]) -> list[Line]:
    """Those of the messages that are in the room and stand, in its order, as text."""
    return lines_of(
        db.session.execute(
            LINES.where(
                Message.room_id == room_id,
                Message.id.in_(message_ids),
                Message.state == MessageState.VISIBLE,
            )
        ).all()
    )


#: Messages as plain text, in the order of the room.
LINES = (
    sa.select(
        Message.id,
        Message.created_at,
        Message.source,
        Message.reply_to_id,
        Message.state,
        Message.edited_at,
        Message.has_files,
        Message.author_id,
        Member.name,
        Member.picture_version,
    )
    .join(Member, Member.id == Message.author_id)
    .order_by(Message.id)
)


def lines_of(rows: Sequence[sa.Row[*tuple[Any, ...]]]) -> list[Line]:
    """Rows of `LINES` as values. A statement if files hang on any of them, else none."""
    with_files = [row.id for row in rows if row.has_files]
    names = names_of(SUBJECT, with_files) if with_files else {}
    return [
        Line(
            row.id,
            row.created_at,
            Person(row.author_id, row.name, row.picture_version),
            row.source,
            row.reply_to_id,
            row.state,
            row.edited_at,
            names.get(row.id, ()),
        )
        for row in rows
    ]


def _stretch(
    statement: sa.Select[*tuple[Any, ...]], room_id: int, limit: int, place: int = 0
) -> tuple[list[sa.Row[*tuple[Any, ...]]], bool]:
    """So many rows, and whether there are more."""
    values = {"room_id": room_id, "limit": limit + 1, "place": place}
    rows = list(db.session.connection().execute(statement, values))
    return rows[:limit], len(rows) > limit


def _with_extras(rows: Sequence[sa.Row[*tuple[Any, ...]]]) -> list[MessageRow]:
    """The rows with their reactions, mentions and files: two statements for all of them, or three."""
    if not rows:
        return []
    connection, ids = db.session.connection(), {"ids": [row.id for row in rows]}
    reactions: dict[int, dict[ReactionKind, list[int]]] = {}
    for message_id, kind, member_id in connection.execute(_REACTIONS, ids):
        reactions.setdefault(message_id, {}).setdefault(kind, []).append(member_id)
    mentions: dict[int, list[int]] = {}
    for message_id, member_id in connection.execute(_MENTIONS, ids):
        mentions.setdefault(message_id, []).append(member_id)
    with_files = [row.id for row in rows if row.has_files]
    files = attachments_of(SUBJECT, with_files, ANYONE) if with_files else {}
    return [
        _row(row, reactions.get(row.id, {}), mentions.get(row.id, []), files.get(row.id, ())) for row in rows
    ]


def _row(
    row: sa.Row[*tuple[Any, ...]],
    reactions: dict[ReactionKind, list[int]],
    mentions: list[int],
    files: Sequence[AttachmentCard],
) -> MessageRow:
    quoted = None
    if row.quoted_id is not None:
        author = Person(row.quoted_author_id, row.quoted_name, row.quoted_picture)
        quoted = Quoted(row.quoted_id, author, excerpt_of(row.quoted_html), row.quoted_has_files)
    return MessageRow(
        id=row.id,
        room_id=row.room_id,
        stamp=row.stamp,
        author=Person(row.author_id, row.name, row.picture_version),
        at=row.created_at,
        html=row.html,
        reply_to=quoted,
        version=row.version,
        edited_at=row.edited_at,
        state=row.state,
        state_by=row.state_by,
        reason=row.state_reason,
        is_pinned=row.pinned_at is not None,
        kept=Kept(row.kept_url, row.kept_title) if row.kept_url else None,
        reactions=reactions,
        mentions=mentions,
        files=files,
        client_key=row.client_key,
    )


def _holds(word: str) -> sa.ColumnElement[bool]:
    in_name = has_one(SUBJECT, Message.id, _contains(File.name, word))
    return sa.or_(_contains(Message.source, word), sa.and_(Message.has_files, in_name))


def _contains(text: sa.orm.InstrumentedAttribute[str], word: str) -> sa.ColumnElement[bool]:
    """SQLite folds ASCII only: typed "öfen" must still find "Öfen"."""
    spellings = {word.lower(), word.capitalize()}
    return sa.or_(
        text.icontains(word, autoescape=True),
        *(text.contains(spelling, autoescape=True) for spelling in sorted(spellings)),
    )
