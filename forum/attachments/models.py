"""Which file hangs where."""

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from forum.core.db import Key, Model
from forum.files.models import File


class Attachment(Model):
    """Anhang: `subject` is the kind of thing it hangs on (`post`, `message`: `attachments.targets`)."""

    __tablename__ = "attachment"
    __table_args__ = (sa.UniqueConstraint("subject", "subject_id", "file_id"),)

    id: Mapped[Key]
    subject: Mapped[str] = mapped_column(sa.String(20))
    subject_id: Mapped[int]
    file_id: Mapped[int] = mapped_column(sa.ForeignKey("file.id"), index=True)
    position: Mapped[int] = mapped_column(default=0)

    file: Mapped[File] = relationship(lazy="joined", innerjoin=True)
