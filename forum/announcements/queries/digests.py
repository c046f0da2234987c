"""What an announcement says, in one number: of its words and of the content of its files."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from forum.announcements.models import SUBJECT, Announcement, AnnouncementEdition
from forum.attachments.queries import hanging_on
from forum.core.db import db


@dataclass(frozen=True, slots=True)
class Stage:
    """Words and files of the present version as they were until `until`, None: as they are. `number`: "2.1" is the
    first wording of the second version."""

    number: str
    digest: str
    files: list[str]
    until: datetime | None


def digest_of(announcement: Announcement) -> str:
    """SHA-256 of title, an empty line and text as typed; then, each after a zero byte, the digests of its files."""
    return _digest(announcement.title, announcement.source, files_of(announcement))


def files_of(announcement: Announcement) -> list[list[str]]:
    """Name and digest of each file that hangs on it, in their order."""
    if not announcement.has_files:
        return []
    hung = db.session.scalars(hanging_on(SUBJECT, [announcement.id]))
    return [[one.file.name, one.file.blob.digest] for one in hung if one.file.blob]


def stages(announcement: Announcement) -> dict[str, Stage]:
    """What the present version has said, by digest, the oldest first."""
    old = db.session.scalars(
        sa.select(AnnouncementEdition)
        .where(
            AnnouncementEdition.announcement_id == announcement.id,
            AnnouncementEdition.version == announcement.version,
        )
        .order_by(AnnouncementEdition.edition)
    )
    said = [
        *((one.title, one.source, one.files, one.replaced_at) for one in old),
        (announcement.title, announcement.source, files_of(announcement), None),
    ]
    found: dict[str, Stage] = {}
    for title, source, files, until in said:
        digest = _digest(title, source, files)
        number = found[digest].number if digest in found else f"{announcement.version}.{len(found) + 1}"
        found[digest] = Stage(number, digest, [name for name, _digest_of_file in files], until)
    return found


def _digest(title: str, source: str, files: Iterable[list[str]]) -> str:
    said = f"{title}\n\n{source}" + "".join(f"\0{digest}" for _name, digest in files)
    return hashlib.sha256(said.encode()).hexdigest()
