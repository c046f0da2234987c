"""Work that waits, written in the same transaction as its cause."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from forum.core.db import Key, Model


class Job(Model):
    """One piece of work. Done work has no row; what was given up keeps its row until somebody decides."""

    __tablename__ = "job"
    __table_args__ = (sa.Index("ix_job_lane", "lane", "due_at"),)

    id: Mapped[Key]
    name: Mapped[str] = mapped_column(sa.String(80))
    #: JSON; ids only, never content: administrators see the queue, not what members write.
    arguments: Mapped[str]
    #: Work with a key waits once, however often it is asked for.
    key: Mapped[str | None] = mapped_column(sa.String(120), unique=True)
    #: Of the work in one lane one piece is done at a time.
    lane: Mapped[str | None]
    #: How often it was asked for; work that is asked for again while it runs is run again.
    asked: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]
    #: When it is to be tried next; None: given up.
    due_at: Mapped[datetime | None] = mapped_column(index=True)
    #: Until then it belongs to the worker that took it; later, that worker is taken for dead.
    lease_until: Mapped[datetime | None] = mapped_column(index=True)
    attempts: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str] = mapped_column(default="")
