"""Mail that waits to leave, and mail that came in; each written in the same transaction as its cause."""

import enum
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from forum.core.db import Key, Model


class OutgoingMail(Model):
    """One mail to one person. After delivery text and HTML are emptied: they may hold a one-time link.

    `message_id` is fixed with the row: the same mail tried again keeps its name. `about` says in a word for the
    queue what it is. `claimed_by` names the journal of the machine that is delivering it (`mail.journal`); a name
    whose time is up belongs to a worker that died. `bounced_at` and `bounce` (words of the other side) say that it
    came back.
    """

    __tablename__ = "outgoing_mail"
    __table_args__ = (sa.Index("ix_outgoing_mail_member", "member_id"),)

    id: Mapped[Key]
    recipient: Mapped[str] = mapped_column(sa.String(254))
    subject: Mapped[str] = mapped_column(sa.String(200))
    text: Mapped[str]
    html: Mapped[str] = mapped_column(default="", server_default="")
    headers: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict, server_default="{}")
    message_id: Mapped[str] = mapped_column(sa.String(250), default="", server_default="")
    member_id: Mapped[int | None]
    about: Mapped[str] = mapped_column(sa.String(20), default="", server_default="")
    created_at: Mapped[datetime]
    next_try_at: Mapped[datetime | None] = mapped_column(index=True)
    attempts: Mapped[int] = mapped_column(default=0)
    claimed_by: Mapped[str] = mapped_column(sa.String(40), default="", server_default="")
    sent_at: Mapped[datetime | None]
    last_error: Mapped[str] = mapped_column(default="")
    bounced_at: Mapped[datetime | None]
    bounce: Mapped[str] = mapped_column(sa.String(300), default="", server_default="")


class IncomingState(enum.StrEnum):
    """What became of a mail that came in."""

    WAITING = "waiting"
    TAKEN = "taken"
    REFUSED = "refused"
    IGNORED = "ignored"


class Outcome(enum.StrEnum):
    """What became of it, more closely; of a refused one the sentence stands in its place, unless it names FILES."""

    ANSWER = "answer"
    BOUNCE = "bounce"
    AUTOMATIC = "automatic"
    LIST = "list"
    OWN = "own"
    NOT_OURS = "not_ours"
    FORGED = "forged"
    DELAYED = "delayed"
    STRAY_BOUNCE = "stray_bounce"
    STUCK = "stuck"
    FILES = "files"


class IncomingMail(Model):
    """One mail that came in. `digest` (SHA-256 of envelope and bytes) makes it one, however often it is fetched.

    The bytes go when it was looked into; what is left says what became of it: `outcome`, a code of `Outcome` or the
    sentence of a refusal. `member_id` is whose mail it is: the owner of the signed `address` to which it went, if it
    came from there, or to whom a mail of ours did not get. Of other senders only the domain is kept. `answered_at`:
    a mail about it went to that member.
    """

    __tablename__ = "incoming_mail"

    id: Mapped[Key]
    digest: Mapped[str] = mapped_column(sa.String(64), unique=True)
    received_at: Mapped[datetime]
    envelope_to: Mapped[str] = mapped_column(default="")
    raw: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    sender_domain: Mapped[str] = mapped_column(sa.String(190), default="", server_default="")
    address: Mapped[str] = mapped_column(sa.String(80), default="", server_default="")
    member_id: Mapped[int | None] = mapped_column(index=True)
    state: Mapped[IncomingState] = mapped_column(default=IncomingState.WAITING)
    outcome: Mapped[str] = mapped_column(sa.String(300), default="")
    answered_at: Mapped[datetime | None]
