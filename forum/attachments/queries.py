"""What hangs on things: their files, for pages that show many of them at once."""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from forum.attachments.models import Attachment
from forum.core.access import Viewer
from forum.core.db import db
from forum.files.models import File
from forum.files.queries import FileCard, card_of


@dataclass(frozen=True, slots=True)
class AttachmentCard:
    """A file where it hangs, as a reader sees it. Hashable, so that what shows it can be remembered."""

    id: int
    subject_id: int
    file: FileCard = field(hash=False)

    @property
    def url(self) -> str:
        """The page that shows it."""
        return f"/attachments/{self.id}"

    @property
    def file_url(self) -> str:
        """The file itself."""
        return f"/attachments/{self.id}/file"

    @property
    def tile_url(self) -> str:
        """A small picture of its first page, if it has one; the address changes with the bytes."""
        return f"/attachments/{self.id}/tile?v={self.file.digest[:12]}" if self.file.has_tile else ""


def attachments_of(
    subject: str, subject_ids: Collection[int], viewer: Viewer
) -> dict[int, tuple[AttachmentCard, ...]]:
    """The files of these things, each in its order; things without any are absent. One statement.

    Whoever calls has made sure that the viewer may read the things.
    """
    if not subject_ids:
        return {}
    found: dict[int, tuple[AttachmentCard, ...]] = {}
    for one in db.session.scalars(hanging_on(subject, subject_ids)):
        card = AttachmentCard(one.id, one.subject_id, card_of(one.file, viewer.member_id))
        found[one.subject_id] = (*found.get(one.subject_id, ()), card)
    return found


def names_of(subject: str, subject_ids: Collection[int]) -> dict[int, list[str]]:
    """The names of these things' files, each in its order. One statement."""
    if not subject_ids:
        return {}
    statement = (
        sa.select(Attachment.subject_id, File.name)
        .join(File, File.id == Attachment.file_id)
        .where(Attachment.subject == subject, Attachment.subject_id.in_(subject_ids))
        .order_by(Attachment.subject_id, Attachment.position, Attachment.id)
    )
    found: dict[int, list[str]] = {}
    for subject_id, name in db.session.execute(statement):
        found.setdefault(subject_id, []).append(name)
    return found


def has_one(subject: str, subject_id: Any, which: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    """Whether a file of this kind hangs on the thing; an SQL condition, in which `subject_id` may be a column."""
    return (
        sa.exists()
        .where(Attachment.subject == subject, Attachment.subject_id == subject_id)
        .where(File.id == Attachment.file_id, which)
    )


def waits_at(member_id: Any, place: Any) -> sa.ColumnElement[bool]:
    """Whether files of the member wait at `place` for what is being written there; both may be bound later."""
    return sa.exists().where(File.member_id == member_id, File.place == place, File.owner.is_(None))


def hanging_on(subject: str, subject_ids: Collection[int]) -> sa.Select[Attachment]:
    """The attachments of these things, with file and blob, in their order."""
    return (
        sa.select(Attachment)
        .where(Attachment.subject == subject, Attachment.subject_id.in_(subject_ids))
        .order_by(Attachment.subject_id, Attachment.position, Attachment.id)
        .execution_options(populate_existing=True)
    )
