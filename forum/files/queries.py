"""Files for pages and for scripts, and how much room they take."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from forum.core.access import Viewer
from forum.core.db import db
from forum.files import sentences
from forum.files.kinds import FileKind
from forum.files.models import Blob, File, FileState, Ocr, Page, Progress, Scan
from forum.files.reader.codes import Finding
from forum.files.spool import arrived

#: So many pages are shown on one page of ours; further ones are a link away.
PAGES_SHOWN = 30
#: So many of the files that wait at a place are shown: a page of thousands would hold up the others' pages.
WAITING_SHOWN = 100


@dataclass(frozen=True, slots=True)
class FileCard:
    """A file as pages show it. `digest` makes the addresses of its images lasting; empty while it arrives.

    `received` is how many of its `size` bytes are here. `refusal` is why it cannot be taken, a sentence, or "".
    `traces` is what it tells about its makers (code to values); `findings` says it in sentences.
    """

    id: int
    key: UUID
    name: str
    size: int
    received: int
    state: FileState
    is_own: bool
    kind: FileKind | None
    digest: str
    refusal: str
    traces: dict[str, Any]
    strip_failed: bool
    scan: Scan
    preview: Progress
    preview_fault: str
    page_count: int | None
    has_tile: bool
    ocr: Ocr
    is_broken: bool

    @property
    def findings(self) -> list[str]:
        """What it tells about its makers, a line each."""
        return sentences.findings(self.traces)

    @property
    def remote(self) -> str:
        """For whoever is about to open it: that it asks somebody for something then, and whom; "" if it does not."""
        return next(iter(sentences.findings({Finding.REMOTE: self.traces.get(Finding.REMOTE)})), "")


def card_of(file: File, viewer_id: int | None) -> FileCard:
    """The card of a row with its blob loaded (it is, by `lazy="joined"`); asks nothing of the database."""
    blob = file.blob
    return FileCard(
        id=file.id,
        key=file.key,
        name=file.name,
        size=file.size,
        received=file.size if blob else arrived(file.member_id, file.key, file.size),
        state=file.state,
        is_own=viewer_id is not None and file.member_id == viewer_id,
        kind=blob.kind if blob else None,
        digest=blob.digest if blob else "",
        refusal=_refusal(file),
        traces=blob.findings if blob else {},
        strip_failed=file.strip_failed,
        scan=blob.scan if blob else Scan.PENDING,
        preview=blob.preview if blob else Progress.WAITING,
        preview_fault=blob.preview_fault if blob else "",
        page_count=blob.page_count if blob else None,
        has_tile=blob is not None and blob.has_tile,
        ocr=blob.ocr if blob else Ocr.NOT_NEEDED,
        is_broken=blob is not None and blob.is_broken,
    )


def cards(viewer: Viewer, file_ids: Iterable[int]) -> list[FileCard]:
    """The viewer's own files among these, in this order."""
    ids = list(file_ids)
    rows = db.session.scalars(sa.select(File).where(File.id.in_(ids), File.member_id == viewer.member_id))
    found = {file.id: file for file in rows}
    return [card_of(found[file_id], viewer.member_id) for file_id in ids if file_id in found]


def waiting(viewer: Viewer, place: str) -> list[FileCard]:
    """What the viewer dropped at `place` (`topic:12`) and has not yet sent: oldest first, half arrived ones too.

    At most `WAITING_SHOWN`.
    """
    rows = sa.select(File).where(
        File.member_id == viewer.member_id, File.place == place, File.owner.is_(None)
    )
    found = db.session.scalars(rows.order_by(File.id).limit(WAITING_SHOWN))
    return [card_of(file, viewer.member_id) for file in found]


def list_pages(blob: Blob, first: int = 1, limit: int = PAGES_SHOWN) -> list[Page]:
    """The pages of a blob from number `first` on, as far as they are read by now; for `files/parts.html`."""
    rows = sa.select(Page).where(Page.blob_id == blob.id, Page.number >= first)
    return list(db.session.scalars(rows.order_by(Page.number).limit(limit)))


def usage(space_id: int) -> int:
    """How many bytes the files of a space take."""
    return _sum(File.space_id == space_id)


def member_usage(member_id: int) -> int:
    """How many bytes the files of a member take that lie in no space: in conversations, and not yet sent."""
    return _sum(File.member_id == member_id, File.space_id.is_(None))


def _sum(*conditions: sa.ColumnElement[bool]) -> int:
    return int(
        db.session.scalar(sa.select(sa.func.coalesce(sa.func.sum(File.size), 0)).where(*conditions)) or 0
    )


def _refusal(file: File) -> str:
    if file.blob is None or file.state is not FileState.REFUSED:
        return ""
    return sentences.refusal(sentences.INFECTED if file.blob.scan is Scan.INFECTED else file.blob.refusal)
