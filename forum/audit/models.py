"""The record of acts that somebody may have to account for. It holds no content."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from forum.core.db import Key, Model


class Entry(Model):
    """One act: who (`actor_id`), what (`action`, e.g. `post.hidden`), on what, where, why.

    Acts on memberships and mandates name the member as subject: the row itself may be gone tomorrow.
    """

    __tablename__ = "audit_entry"

    id: Mapped[Key]
    at: Mapped[datetime] = mapped_column(index=True)
    actor_id: Mapped[int | None] = mapped_column(sa.ForeignKey("member.id"), index=True)
    action: Mapped[str]
    subject_id: Mapped[int | None]
    space_id: Mapped[int | None] = mapped_column(sa.ForeignKey("space.id"), index=True)
    note: Mapped[str] = mapped_column(default="")
