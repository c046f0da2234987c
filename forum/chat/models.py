"""Rooms and messages; what a member has read, is writing and prefers."""

import enum
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from forum.core.db import Key, Model

NAME_LIMIT = 80
PURPOSE_LIMIT = 300
MESSAGE_LIMIT = 10_000
REASON_LIMIT = 500
TITLE_LIMIT = 200
#: Participants of a group, with whoever began it.
GROUP_LIMIT = 20
#: What attachments call a message.
SUBJECT = "message"
#: What notifications call a room.
ROOM = "room"
#: Pinned messages of one room; what everybody pins, nobody reads.
PIN_LIMIT = 50
#: How many days the messages of a room may be kept; None: until somebody takes them away.
RETENTIONS = (30, 90, 180, 365, None)
#: Seconds a member waits between two messages in slow mode; 0: it is off.
SLOWNESSES = (0, 10, 30, 60, 300)


class RoomKind(enum.StrEnum):
    """Who a room is for."""

    SPACE = "space"
    DIRECT = "direct"
    GROUP = "group"


class MessageState(enum.StrEnum):
    """Of a message taken back or taken away a trace stays; its words are gone."""

    VISIBLE = "visible"
    WITHDRAWN = "withdrawn"
    REMOVED = "removed"


class ReactionKind(enum.StrEnum):
    """The few answers that need no words."""

    THANKS = "thanks"
    AGREE = "agree"
    HELPFUL = "helpful"
    SEEN = "seen"
    LAUGH = "laugh"


class Room(Model):
    """Raum: of a space (all who belong read it), of two people, or of a group with its own list.

    `stamp` is the room's clock: every change to a message moves it by one and is marked with it, under the lock
    of this row. Stamps have no gaps and follow the order of commits, so a client that knows one knows what came
    after. `pair_key` makes two people one conversation. `last_message_id` names the newest message there is.
    `created_by_id` of a group is who keeps its list; it passes on when that person leaves.
    """

    __tablename__ = "room"
    __table_args__ = (
        sa.UniqueConstraint("space_id", "name"),
        sa.UniqueConstraint("created_by_id", "client_key"),
        sa.CheckConstraint("(kind = 'space') = (space_id IS NOT NULL)", name="place"),
        sa.CheckConstraint("(kind = 'direct') = (pair_key IS NOT NULL)", name="pair"),
        sa.CheckConstraint("retention_days IN (30, 90, 180, 365)", name="retention"),
        sa.CheckConstraint("slow_seconds IN (0, 10, 30, 60, 300)", name="slowness"),
        {"sqlite_autoincrement": True},  # whoever listens to a deleted room must not hear the next one
    )

    id: Mapped[Key]
    kind: Mapped[RoomKind]
    space_id: Mapped[int | None] = mapped_column(sa.ForeignKey("space.id"))
    name: Mapped[str] = mapped_column(sa.String(NAME_LIMIT), default="")
    purpose: Mapped[str] = mapped_column(sa.String(PURPOSE_LIMIT), default="")
    retention_days: Mapped[int | None]
    slow_seconds: Mapped[int] = mapped_column(default=0)
    locked_at: Mapped[datetime | None]
    archived_at: Mapped[datetime | None]
    created_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("member.id"))
    created_at: Mapped[datetime]
    pair_key: Mapped[str | None] = mapped_column(sa.String(40), unique=True)
    client_key: Mapped[UUID | None]
    stamp: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    #: No foreign key: message and room would each need the other first.
    last_message_id: Mapped[int | None]
    last_message_at: Mapped[datetime | None]

    @property
    def is_private(self) -> bool:
        """Whether only its participants read it."""
        return self.kind is not RoomKind.SPACE

    @property
    def is_locked(self) -> bool:
        return self.locked_at is not None

    @property
    def is_archived(self) -> bool:
        return self.archived_at is not None


class Seat(Model):
    """What one member has in a room: how far it was read, a draft; in private rooms, the place itself.

    When something was read is nowhere kept, only how far. `silenced_until`: a moderator lets the member read on,
    but not write, until then.
    """

    __tablename__ = "seat"
    __table_args__ = (
        sa.Index("ix_seat_of_member", "member_id", "is_participant"),
        {"sqlite_with_rowid": False},  # looked up by the whole key, nearly always
    )

    room_id: Mapped[int] = mapped_column(sa.ForeignKey("room.id"), primary_key=True)
    member_id: Mapped[int] = mapped_column(sa.ForeignKey("member.id"), primary_key=True)
    is_participant: Mapped[bool] = mapped_column(default=False)
    joined_at: Mapped[datetime]
    last_read_id: Mapped[int] = mapped_column(default=0)
    draft: Mapped[str] = mapped_column(default="")
    silenced_until: Mapped[datetime | None]
    silenced_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("member.id"))
    silence_reason: Mapped[str] = mapped_column(sa.String(REASON_LIMIT), default="")


_IS_REPLY = sa.text("reply_to_id IS NOT NULL")
_IS_PINNED = sa.text("pinned_at IS NOT NULL")


class Message(Model):
    """Nachricht: words, files, or both. `stamp` is the room's clock at its last change, `version` counts edits.

    `client_key` is made by the client: the same key of the same author is the same message. `kept_url` leads to
    the topic in which it was kept.
    """

    __tablename__ = "message"
    __table_args__ = (
        sa.UniqueConstraint("author_id", "client_key"),
        sa.Index("ix_message_order", "room_id", "id"),
        sa.Index("ix_message_changes", "room_id", "stamp"),
        sa.Index("ix_message_age", "room_id", "created_at"),
        # Deleting a message must find its replies; few messages are one.
        sa.Index("ix_message_replies", "reply_to_id", sqlite_where=_IS_REPLY, postgresql_where=_IS_REPLY),
        sa.Index("ix_message_pinned", "room_id", "pinned_at", sqlite_where=_IS_PINNED, postgresql_where=_IS_PINNED),
        {"sqlite_autoincrement": True},  # "read up to" means nothing if the id of a deleted message comes again
    )  # fmt: skip

    id: Mapped[Key]
    room_id: Mapped[int] = mapped_column(sa.ForeignKey("room.id"))
    author_id: Mapped[int] = mapped_column(sa.ForeignKey("member.id"))
    created_at: Mapped[datetime]
    source: Mapped[str]
    html: Mapped[str]
    html_version: Mapped[int]
    reply_to_id: Mapped[int | None] = mapped_column(sa.ForeignKey("message.id", ondelete="SET NULL"))
    client_key: Mapped[UUID]
    version: Mapped[int] = mapped_column(default=0)
    edited_at: Mapped[datetime | None]
    state: Mapped[MessageState] = mapped_column(default=MessageState.VISIBLE)
    state_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("member.id"))
    state_reason: Mapped[str] = mapped_column(sa.String(REASON_LIMIT), default="")
    pinned_at: Mapped[datetime | None]
    pinned_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("member.id"))
    kept_url: Mapped[str] = mapped_column(sa.String(200), default="")
    kept_title: Mapped[str] = mapped_column(sa.String(TITLE_LIMIT), default="")
    stamp: Mapped[int] = mapped_column(sa.BigInteger)
    #: Whether files hang on it: where none do, nobody looks for them.
    has_files: Mapped[bool] = mapped_column(default=False)


class Reaction(Model):
    """A member's wordless answer to a message; each kind once."""

    __tablename__ = "reaction"
    __table_args__ = ({"sqlite_with_rowid": False},)  # looked up by the beginning of the key, always

    message_id: Mapped[int] = mapped_column(sa.ForeignKey("message.id", ondelete="CASCADE"), primary_key=True)
    member_id: Mapped[int] = mapped_column(sa.ForeignKey("member.id"), primary_key=True)
    kind: Mapped[ReactionKind] = mapped_column(primary_key=True)


class Mention(Model):
    """A message names a member; `room_id` repeats the message's, for counting."""

    __tablename__ = "mention"
    __table_args__ = (
        sa.Index("ix_mention_of_member", "member_id", "room_id", "message_id"),
        {"sqlite_with_rowid": False},
    )

    message_id: Mapped[int] = mapped_column(sa.ForeignKey("message.id", ondelete="CASCADE"), primary_key=True)
    member_id: Mapped[int] = mapped_column(sa.ForeignKey("member.id"), primary_key=True)
    room_id: Mapped[int] = mapped_column(sa.ForeignKey("room.id"))
