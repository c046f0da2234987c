"""Boards, topics, posts; what a member has read and is writing."""

import enum
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from forum.core.db import Key, MemberId, Model, SpaceId
from forum.spaces.models import Space

TITLE_LIMIT = 200
POST_LIMIT = 60_000
REASON_LIMIT = 500
PAGE_SIZE = 20
#: What attachments call a post.
SUBJECT = "post"
#: What notices call a topic and a board.
TOPIC, BOARD = "topic", "board"


def page_of(number: int) -> int:
    """The page, counted from 1, on which the post with this number stands."""
    return (number - 1) // PAGE_SIZE + 1


class Starters(enum.StrEnum):
    """Who may start topics on a board."""

    MEMBERS = "members"
    STAFF = "staff"


class PostState(enum.StrEnum):
    """A post is never deleted from its thread: its number and a stub stay."""

    VISIBLE = "visible"
    WITHDRAWN = "withdrawn"
    HIDDEN = "hidden"


class Board(Model):
    """Forum: topics of one subject inside a space."""

    __tablename__ = "board"
    __table_args__ = (sa.UniqueConstraint("space_id", "name"),)

    id: Mapped[Key]
    space_id: Mapped[SpaceId]
    name: Mapped[str] = mapped_column(sa.String(120))
    description: Mapped[str] = mapped_column(default="")
    position: Mapped[int] = mapped_column(default=0)
    starters: Mapped[Starters] = mapped_column(default=Starters.MEMBERS)
    archived_at: Mapped[datetime | None]
    topic_count: Mapped[int] = mapped_column(default=0)
    post_count: Mapped[int] = mapped_column(default=0)

    space: Mapped[Space] = relationship(lazy="joined", innerjoin=True)


_UNANSWERED = sa.text("last_number = 1 AND closed_at IS NULL")


class Topic(Model):
    """Thema. `last_number` counts posts ever written; numbers are never given twice.

    `last_post_at` and `last_author_id` follow the newest post; lists sort by them. `space_id` repeats the
    board's, so that one index answers "what is new in my spaces".
    """

    __tablename__ = "topic"
    __table_args__ = (
        sa.Index("ix_topic_listing", "board_id", "is_pinned", "last_post_at", "id"),
        sa.Index("ix_topic_newest", "board_id", "last_post_at", "id", "last_number"),
        sa.Index(
            "ix_topic_unanswered",
            "space_id",
            "last_post_at",
            sqlite_where=_UNANSWERED,
            postgresql_where=_UNANSWERED,
        ),
        sa.Index("ix_topic_activity", "space_id", "last_post_at", "id"),
    )

    id: Mapped[Key]
    board_id: Mapped[int] = mapped_column(sa.ForeignKey("board.id"))
    space_id: Mapped[int] = mapped_column(sa.ForeignKey("space.id"))
    title: Mapped[str] = mapped_column(sa.String(TITLE_LIMIT))
    author_id: Mapped[MemberId]
    created_at: Mapped[datetime]
    last_number: Mapped[int] = mapped_column(default=0)
    last_post_at: Mapped[datetime]
    last_author_id: Mapped[int] = mapped_column(sa.ForeignKey("member.id"))
    is_pinned: Mapped[bool] = mapped_column(default=False)
    closed_at: Mapped[datetime | None]

    board: Mapped[Board] = relationship(lazy="joined", innerjoin=True)

    @property
    def is_closed(self) -> bool:
        return self.closed_at is not None

    @property
    def page_count(self) -> int:
        return page_of(max(self.last_number, 1))


class Post(Model):
    """Beitrag: `number` is its lasting place in the topic.

    `version` counts edits (0: never); `html` was rendered from `source` by renderer `html_version`.
    `client_key` is made by the form: the same key of the same author is the same post.
    """

    __tablename__ = "post"
    __table_args__ = (
        sa.UniqueConstraint("topic_id", "number"),
        sa.UniqueConstraint("author_id", "client_key"),
    )

    id: Mapped[Key]
    topic_id: Mapped[int] = mapped_column(sa.ForeignKey("topic.id"))
    number: Mapped[int]
    author_id: Mapped[int] = mapped_column(sa.ForeignKey("member.id"))
    created_at: Mapped[datetime]
    source: Mapped[str]
    html: Mapped[str]
    html_version: Mapped[int]
    version: Mapped[int] = mapped_column(default=0)
    edited_at: Mapped[datetime | None]
    state: Mapped[PostState] = mapped_column(default=PostState.VISIBLE)
    state_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("member.id"))
    state_reason: Mapped[str] = mapped_column(default="")
    client_key: Mapped[UUID]
    #: Whether files hang on it: where none do, nobody looks for them.
    has_files: Mapped[bool] = mapped_column(default=False)

    topic: Mapped[Topic] = relationship(lazy="joined", innerjoin=True)


class Revision(Model):
    """The text of a post before an edit: `version` is the version it was."""

    __tablename__ = "post_revision"
    __table_args__ = (sa.UniqueConstraint("post_id", "version"),)

    id: Mapped[Key]
    post_id: Mapped[int] = mapped_column(sa.ForeignKey("post.id"))
    version: Mapped[int]
    source: Mapped[str]
    replaced_at: Mapped[datetime]
    replaced_by_id: Mapped[int] = mapped_column(sa.ForeignKey("member.id"))


class Reading(Model):
    """How far a member has read a topic: the number of the last post seen."""

    __tablename__ = "reading"
    __table_args__ = ({"sqlite_with_rowid": False},)  # looked up by the whole key, always

    member_id: Mapped[int] = mapped_column(sa.ForeignKey("member.id"), primary_key=True)
    topic_id: Mapped[int] = mapped_column(sa.ForeignKey("topic.id"), primary_key=True)
    last_number: Mapped[int]


class BoardReading(Model):
    """Everything on the board up to `read_until` counts as read by the member."""

    __tablename__ = "board_reading"
    __table_args__ = ({"sqlite_with_rowid": False},)  # looked up by the whole key, always

    member_id: Mapped[int] = mapped_column(sa.ForeignKey("member.id"), primary_key=True)
    board_id: Mapped[int] = mapped_column(sa.ForeignKey("board.id"), primary_key=True)
    read_until: Mapped[datetime]


class Draft(Model):
    """What a member was typing at `place` (`board:3`, `topic:12`, `post:40`) and has not sent."""

    __tablename__ = "draft"
    __table_args__ = ({"sqlite_with_rowid": False},)  # looked up by the whole key, always

    member_id: Mapped[int] = mapped_column(sa.ForeignKey("member.id"), primary_key=True)
    place: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    title: Mapped[str] = mapped_column(default="")
    text: Mapped[str] = mapped_column(default="")
    updated_at: Mapped[datetime]
