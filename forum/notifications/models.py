"""What members are told, what they want to be told, and where."""

import enum
from datetime import datetime, time

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from forum.core.db import Key, Model


class Kind(enum.StrEnum):
    """Why somebody is told; the important ones come always.

    An ANNOUNCEMENT is urgent or asks for notice, INFORMATION is one that does neither.
    """

    ANSWER = "answer"
    TOPIC = "topic"
    MENTION = "mention"
    MESSAGE = "message"
    DOCUMENT = "document"
    ANNOUNCEMENT = "announcement"
    INFORMATION = "information"
    EVENT = "event"
    ACCOUNT = "account"


#: What nobody can switch off: to confirm, an event moved, the account's safety.
IMPORTANT = frozenset({Kind.ANNOUNCEMENT, Kind.EVENT, Kind.ACCOUNT})
#: What speaks to one person.
PERSONAL = frozenset({Kind.MENTION, Kind.MESSAGE})


class Rhythm(enum.StrEnum):
    """When mails come."""

    AT_ONCE = "at_once"
    DAILY = "daily"
    WEEKLY = "weekly"
    MENTIONS = "mentions"
    NEVER = "never"


class Level(enum.StrEnum):
    """How much a member wants to hear of one thing."""

    ALL = "all"
    MENTIONS = "mentions"
    MUTED = "muted"


#: What of a whole region can be muted; the other kinds of thing are named by their capabilities.
SPACE = "space"


class Notice(Model):
    """A line under a member's bell: what is new of one thing since the last visit. One row for each member and thing.

    `count` entries, the first and the last of them by id (a post, a message, a version). `kind` is the weightiest
    reason among them. `first_at`: when the first was written; `last_at`: when the member was told last. `read_at`:
    seen, on whichever device. `mail_due_at`: a mail goes out then, unless it was read. `mailed_at`: a mail went out
    since the last visit, and told of what was written until then; another one comes only if `last_at` is later, which
    is so if a bundled mail left out what was still fresh. `pushed_at`: a push went out since the last visit.
    `news_days`: on which of the last `policy.NEWS_DAYS` days up to `news_on` (`policy.day_number`) something came, a
    bit for each, the lowest for the last one; `personal_days`: the same of what spoke to the member.
    """

    __tablename__ = "notice"
    __table_args__ = (
        sa.UniqueConstraint("member_id", "subject", "subject_id"),
        sa.Index("ix_notice_newest", "member_id", "last_at", "id"),
        sa.Index(
            "ix_notice_unread",
            "member_id",
            sqlite_where=sa.text("read_at IS NULL"),
            postgresql_where=sa.text("read_at IS NULL"),
        ),
        sa.Index(
            "ix_notice_due",
            "mail_due_at",
            sqlite_where=sa.text("mail_due_at IS NOT NULL"),
            postgresql_where=sa.text("mail_due_at IS NOT NULL"),
        ),
        sa.Index("ix_notice_subject", "subject", "subject_id"),
    )

    id: Mapped[Key]
    member_id: Mapped[int] = mapped_column(sa.ForeignKey("member.id"))
    subject: Mapped[str] = mapped_column(sa.String(20))
    subject_id: Mapped[int]
    kind: Mapped[Kind]
    count: Mapped[int]
    first_entry_id: Mapped[int]
    last_entry_id: Mapped[int]
    first_at: Mapped[datetime]
    last_at: Mapped[datetime]
    read_at: Mapped[datetime | None]
    mail_due_at: Mapped[datetime | None]
    mailed_at: Mapped[datetime | None]
    pushed_at: Mapped[datetime | None]
    news_on: Mapped[int] = mapped_column(default=0, server_default="0")
    news_days: Mapped[int] = mapped_column(default=0, server_default="0")
    personal_days: Mapped[int] = mapped_column(default=0, server_default="0")


class Watch(Model):
    """How much a member wants to hear of one thing (`topic`, `board`, `space`, `room`); without a row, what is usual.

    `former`: what held before it was muted, if anything; `is_by_acting` is kept with it.
    """

    __tablename__ = "watch"
    __table_args__ = (
        sa.Index("ix_watch_subject", "subject", "subject_id", "level"),
        {"sqlite_with_rowid": False},  # looked up by the beginning of the key, or by the index
    )

    member_id: Mapped[int] = mapped_column(sa.ForeignKey("member.id"), primary_key=True)
    subject: Mapped[str] = mapped_column(sa.String(20), primary_key=True)
    subject_id: Mapped[int] = mapped_column(primary_key=True)
    level: Mapped[Level]
    former: Mapped[Level | None]
    #: The member wrote there: to hear of everything is what is usual.
    is_by_acting: Mapped[bool] = mapped_column(default=False)


class Preferences(Model):
    """When and how a member is told. `hour` and `weekday` (0: Monday) are those of the member's clock in Germany.

    `next_digest_at` is when bundled mail goes out next; it is kept so that a sweep finds who is due. `former_rhythm`
    is the one that a link in a mail put an end to. Links in mails hold if they are of the series `link_series`.
    """

    __tablename__ = "notification_preferences"
    __table_args__ = (
        sa.CheckConstraint("hour BETWEEN 0 AND 23", name="hour"),
        sa.CheckConstraint("weekday BETWEEN 0 AND 6", name="weekday"),
        sa.Index("ix_notification_preferences_next", "next_digest_at"),
    )

    member_id: Mapped[int] = mapped_column(sa.ForeignKey("member.id"), primary_key=True)
    rhythm: Mapped[Rhythm] = mapped_column(default=Rhythm.DAILY)
    former_rhythm: Mapped[Rhythm | None]
    hour: Mapped[int] = mapped_column(default=17)
    weekday: Mapped[int] = mapped_column(default=0)
    #: Neither mails nor pushes on Saturdays, Sundays and holidays of Brandenburg.
    quiet_weekends: Mapped[bool] = mapped_column(default=False)
    #: Mails say who wrote what; otherwise only that there is something.
    shows_content: Mapped[bool] = mapped_column(default=False)
    pushes: Mapped[bool] = mapped_column(default=True)
    push_shows_content: Mapped[bool] = mapped_column(default=False)
    #: No push between these hours (of the wall clock; over midnight if the first is later).
    quiet_from: Mapped[time | None]
    quiet_until: Mapped[time | None]
    next_digest_at: Mapped[datetime | None]
    link_series: Mapped[int] = mapped_column(default=0, server_default="0")
    #: Mails come back; the member sees it in the app until there is a new address or the member says they arrive.
    mail_fails_since: Mapped[datetime | None]
    mail_failure: Mapped[str] = mapped_column(sa.String(300), default="")


class ReplyAddress(Model):
    """A member may answer by mail about one thing; revoked by deleting the row. `secret` is part of the address."""

    __tablename__ = "reply_address"
    __table_args__ = (sa.UniqueConstraint("member_id", "subject", "subject_id"),)

    id: Mapped[Key]
    member_id: Mapped[int] = mapped_column(sa.ForeignKey("member.id"))
    subject: Mapped[str] = mapped_column(sa.String(20))
    subject_id: Mapped[int]
    secret: Mapped[str] = mapped_column(sa.String(20))
    created_at: Mapped[datetime]


class PushDevice(Model):
    """A browser that takes pushes (RFC 8030). `endpoint` is its address at the maker's service, the keys encrypt.

    `device_id` is the sign-in it belongs to: when that ends, nothing is sent there any more.
    """

    __tablename__ = "push_device"

    id: Mapped[Key]
    member_id: Mapped[int] = mapped_column(sa.ForeignKey("member.id"), index=True)
    device_id: Mapped[int] = mapped_column(sa.ForeignKey("device.id", ondelete="CASCADE"), index=True)
    endpoint: Mapped[str] = mapped_column(sa.String(1000), unique=True)
    public_key: Mapped[str] = mapped_column(sa.String(200))
    secret: Mapped[str] = mapped_column(sa.String(100))
    name: Mapped[str] = mapped_column(sa.String(120), default="")
    created_at: Mapped[datetime]
