"""Mail that waits to leave, written in the same transaction as its cause."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from forum.core.db import Key, Model


class OutgoingMail(Model):
    """One mail to one person. After delivery the text is emptied: it may hold a one-time link."""

    __tablename__ = "outgoing_mail"

    id: Mapped[Key]
    recipient: Mapped[str] = mapped_column(sa.String(254))
    subject: Mapped[str] = mapped_column(sa.String(200))
    text: Mapped[str]
    created_at: Mapped[datetime]
    next_try_at: Mapped[datetime | None] = mapped_column(index=True)
    attempts: Mapped[int] = mapped_column(default=0)
    sent_at: Mapped[datetime | None]
    last_error: Mapped[str] = mapped_column(default="")
