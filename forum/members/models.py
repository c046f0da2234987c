"""Members and their pictures."""

import enum
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from forum.core.db import Key, Model

NAME_LIMIT = 120
BIO_LIMIT = 2_000
PHONE_LIMIT = 40


class Standing(enum.StrEnum):
    """Whether a member may use the network now."""

    ACTIVE = "active"
    SUSPENDED = "suspended"


class Member(Model):
    """A person with an account. How the person signs in is the business of `accounts`."""

    __tablename__ = "member"

    id: Mapped[Key]
    name: Mapped[str] = mapped_column(sa.String(NAME_LIMIT))
    #: As typed, for writing to; `email_key` (casefolded) is what must be unique.
    email: Mapped[str] = mapped_column(sa.String(254))
    email_key: Mapped[str] = mapped_column(sa.String(254), unique=True)
    bio: Mapped[str] = mapped_column(default="")
    bio_html: Mapped[str] = mapped_column(default="")
    standing: Mapped[Standing] = mapped_column(default=Standing.ACTIVE)
    is_administrator: Mapped[bool] = mapped_column(default=False)
    locale: Mapped[str] = mapped_column(sa.String(5), default="de")
    theme: Mapped[str] = mapped_column(sa.String(5), default="auto")
    joined_at: Mapped[datetime]
    #: Where staff reaches the member if notice of something important is missing; only they see it.
    phone: Mapped[str] = mapped_column(sa.String(PHONE_LIMIT), default="", server_default="")
    #: Content hash of the uploaded picture; part of its address, so it may be cached for ever.
    picture_version: Mapped[str | None] = mapped_column(sa.String(16))


class Picture(Model):
    """An uploaded picture, cut square and encoded again (WebP, no metadata)."""

    __tablename__ = "member_picture"

    member_id: Mapped[int] = mapped_column(sa.ForeignKey("member.id", ondelete="CASCADE"), primary_key=True)
    content: Mapped[bytes] = mapped_column(sa.LargeBinary)


class ChatPreferences(Model):
    """What a member shows to others while talking, and how the Enter key works; without a row, everything is on.

    What is not shown to others is not shown to the member either.
    """

    __tablename__ = "chat_preferences"

    member_id: Mapped[int] = mapped_column(sa.ForeignKey("member.id"), primary_key=True)
    shows_presence: Mapped[bool] = mapped_column(default=True)
    shows_typing: Mapped[bool] = mapped_column(default=True)
    shows_receipts: Mapped[bool] = mapped_column(default=True)
    enter_sends: Mapped[bool] = mapped_column(default=True)
