"""Announcements, their versions, whom they were for, and who has taken note."""

import enum
from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from forum.core.access import Role
from forum.core.db import Key, MemberId, Model

TITLE_LIMIT = 200
TEXT_LIMIT = 60_000
#: What attachments and notices call an announcement.
SUBJECT = "announcement"


class State(enum.StrEnum):
    """Whether others see it; a scheduled one is a draft with a moment."""

    DRAFT = "draft"
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"


class Held(enum.StrEnum):
    """Why a draft does not go out by itself: it was saved as one, or something stood against it at its moment."""

    DRAFT = "draft"
    SUSPENDED = "suspended"
    NO_RIGHT = "no_right"
    OVER = "over"
    LATE = "late"
    NOBODY = "nobody"
    TOO_MANY = "too_many"


#: Without a check in the database: a table that others point to cannot get one later without being made anew.
_HELD = sa.Enum(Held, native_enum=False, length=20, values_callable=lambda kind: [one.value for one in kind])


class Announcement(Model):
    """Mitteilung. `version` counts essential edits from 1: each asks again for notice. `edition` counts all edits.

    `publish_at` of a draft: it goes out by itself then, unless it is `held`. `ends_at`: from then on it is only in
    the archive. `confirm_by`: the last day for taking note; without it nobody is asked. `asked_at`: when this version
    was first shown. `frozen_at`: when it was written down whom it is for. `told` counts how often people were told,
    `told_version` is the version they were told of last, `reminded` counts the reminders of this one, `nudged_on` is
    the day of the last, by itself or by hand.
    `asked_count`: councils, and members without one, of whom notice is asked.
    """

    __tablename__ = "announcement"
    __table_args__ = (
        sa.UniqueConstraint("author_id", "client_key"),
        sa.Index("ix_announcement_listing", "state", "published_at", "id"),
    )

    id: Mapped[Key]
    author_id: Mapped[MemberId]
    client_key: Mapped[UUID]
    title: Mapped[str] = mapped_column(sa.String(TITLE_LIMIT))
    source: Mapped[str]
    html: Mapped[str]
    html_version: Mapped[int]
    version: Mapped[int] = mapped_column(default=1)
    edition: Mapped[int] = mapped_column(default=1)
    state: Mapped[State] = mapped_column(default=State.DRAFT)
    is_urgent: Mapped[bool] = mapped_column(default=False)
    takes_comments: Mapped[bool] = mapped_column(default=False)
    confirm_by: Mapped[date | None]
    publish_at: Mapped[datetime | None]
    held: Mapped[Held | None] = mapped_column(_HELD)
    ends_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    published_at: Mapped[datetime | None]
    asked_at: Mapped[datetime | None]
    frozen_at: Mapped[datetime | None]
    edited_at: Mapped[datetime | None]
    has_files: Mapped[bool] = mapped_column(default=False)
    told: Mapped[int] = mapped_column(default=0)
    told_version: Mapped[int] = mapped_column(default=0)
    reminded: Mapped[int] = mapped_column(default=0)
    nudged_on: Mapped[date | None]
    recipient_count: Mapped[int] = mapped_column(default=0)
    asked_count: Mapped[int] = mapped_column(default=0)
    names_deleted_at: Mapped[datetime | None]

    audience: Mapped[list["Audience"]] = relationship(
        lazy="selectin", cascade="all, delete-orphan", order_by="Audience.id"
    )

    @property
    def is_waiting(self) -> bool:
        """Whether it goes out by itself at its moment."""
        return self.state is State.DRAFT and self.publish_at is not None and self.held is None


class Audience(Model):
    """A part of those whom it is for: a space, or one role in it. No `role`: everybody there."""

    __tablename__ = "announcement_audience"
    __table_args__ = (
        sa.Index("ix_announcement_audience_space", "space_id"),
        sa.Index("ix_announcement_audience_announcement", "announcement_id"),
    )

    id: Mapped[Key]
    announcement_id: Mapped[int] = mapped_column(sa.ForeignKey("announcement.id", ondelete="CASCADE"))
    space_id: Mapped[int] = mapped_column(sa.ForeignKey("space.id"))
    role: Mapped[Role | None]


class AnnouncementEdition(Model):
    """What an announcement said before an edit; `version` is the one it belonged to, `is_essential` what ended it.

    `files`: name and digest of the content of each file that hung on it then.
    """

    __tablename__ = "announcement_edition"
    __table_args__ = (sa.UniqueConstraint("announcement_id", "edition"),)

    id: Mapped[Key]
    announcement_id: Mapped[int] = mapped_column(sa.ForeignKey("announcement.id", ondelete="CASCADE"))
    edition: Mapped[int]
    version: Mapped[int]
    title: Mapped[str] = mapped_column(sa.String(TITLE_LIMIT))
    source: Mapped[str]
    files: Mapped[list[list[str]]] = mapped_column(sa.JSON, default=list)
    is_essential: Mapped[bool] = mapped_column(default=False)
    replaced_at: Mapped[datetime]


class Recipient(Model):
    """Whom it went to, frozen at publication; one row for each council that the member sat on, or one without.

    `council_id`: one notice of that council counts for all of its members. Not asked: who is only told (IG Metall,
    and substitutes of a council of which regular members were told). Gone after twelve months.
    """

    __tablename__ = "announcement_recipient"
    __table_args__ = (
        sa.UniqueConstraint("announcement_id", "member_id", "council_id"),
        sa.Index("ix_announcement_recipient_member", "member_id", "announcement_id"),
        sa.Index("ix_announcement_recipient_council", "announcement_id", "council_id"),
    )

    id: Mapped[Key]
    announcement_id: Mapped[int] = mapped_column(sa.ForeignKey("announcement.id", ondelete="CASCADE"))
    member_id: Mapped[int] = mapped_column(sa.ForeignKey("member.id"))
    council_id: Mapped[int | None] = mapped_column(sa.ForeignKey("council.id"))
    is_asked: Mapped[bool]


class Acknowledgement(Model):
    """Kenntnisnahme of one version, for a council or by a member without one. The day is kept, never the hour.

    `digest`: of the words and files that were confirmed (`service.digests`); "" for those from before it was kept.
    `member_id` is emptied twelve months after notice was asked last.
    """

    __tablename__ = "acknowledgement"
    __table_args__ = (
        sa.Index(
            "uq_acknowledgement_council",
            "announcement_id",
            "version",
            "council_id",
            unique=True,
            sqlite_where=sa.text("council_id IS NOT NULL"),
            postgresql_where=sa.text("council_id IS NOT NULL"),
        ),
        sa.Index(
            "uq_acknowledgement_member",
            "announcement_id",
            "version",
            "member_id",
            unique=True,
            sqlite_where=sa.text("council_id IS NULL"),
            postgresql_where=sa.text("council_id IS NULL"),
        ),
    )

    id: Mapped[Key]
    announcement_id: Mapped[int] = mapped_column(sa.ForeignKey("announcement.id", ondelete="CASCADE"))
    version: Mapped[int]
    member_id: Mapped[int | None] = mapped_column(sa.ForeignKey("member.id"))
    council_id: Mapped[int | None] = mapped_column(sa.ForeignKey("council.id"))
    given_on: Mapped[date]
    digest: Mapped[str] = mapped_column(sa.String(64), default="")


class Dismissal(Model):
    """A member wants to see no more of a version of which no notice is asked. When that was is not kept."""

    __tablename__ = "announcement_dismissal"
    __table_args__ = {"sqlite_with_rowid": False}

    announcement_id: Mapped[int] = mapped_column(
        sa.ForeignKey("announcement.id", ondelete="CASCADE"), primary_key=True
    )
    member_id: Mapped[int] = mapped_column(sa.ForeignKey("member.id"), primary_key=True)
    version: Mapped[int]


class Discussion(Model):
    """The topic in which the members of a space talk about an announcement."""

    __tablename__ = "announcement_discussion"
    __table_args__ = {"sqlite_with_rowid": False}

    announcement_id: Mapped[int] = mapped_column(
        sa.ForeignKey("announcement.id", ondelete="CASCADE"), primary_key=True
    )
    space_id: Mapped[int] = mapped_column(sa.ForeignKey("space.id"), primary_key=True)
    topic_id: Mapped[int] = mapped_column(sa.ForeignKey("topic.id", ondelete="CASCADE"), index=True)


class Certificate(Model):
    """The list of notices as it was written down: SHA-256 of its bytes, so that a paper can be checked later."""

    __tablename__ = "announcement_certificate"

    id: Mapped[Key]
    announcement_id: Mapped[int] = mapped_column(
        sa.ForeignKey("announcement.id", ondelete="CASCADE"), index=True
    )
    version: Mapped[int]
    digest: Mapped[str] = mapped_column(sa.String(64), unique=True)
    made_at: Mapped[datetime]
    made_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("member.id"))
