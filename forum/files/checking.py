"""Whether everything is where its row says, unharmed, and nothing else lies about.

Store and tables are walked in 256 parts, by the first digits of the digest: no list of everything is ever held.
Uploads and sweeps may go on meanwhile; what came within the last day is taken for somebody's work.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute

from forum.core.clock import now
from forum.core.db import db, unit_of_work
from forum.files.models import Blob, Choice, File, Ocr, Page, Progress
from forum.files.pieces import BlobReader, Broken
from forum.files.service.blobs import Content, keep_blob
from forum.files.service.work import have_checked, have_prepared, have_scan_read, have_stripped
from forum.files.spool import spool_path
from forum.files.store import MARK, Stored, blob_key, page_key, spool, store, tile_key
from forum.jobs.models import Job

#: So long an object may be on its way to its row.
_GRACE = timedelta(days=1)
_PARTS = [f"{number:02x}" for number in range(256)]
_FOLDERS = ("blobs", "previews")


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that is not as it should be: a plain line about it, and whether it is mended now."""

    text: str
    is_mended: bool


@dataclass(slots=True)
class Count:
    """How much was looked at."""

    blobs: int = 0
    bytes: int = 0
    objects: int = 0


@dataclass(slots=True)
class Check:
    """One walk through everything; iterate for the faults, then read `count`.

    `mends`: orphans are deleted, broken blobs are marked so that nobody is given them, lost jobs and page images
    are asked for again. `reads` all bytes; else only their number is compared. Opens its own units of work.
    """

    mends: bool
    reads: bool = True
    count: Count = field(default_factory=Count)

    def __iter__(self) -> Iterator[Fault]:
        for part in _PARTS:
            # Objects first: what comes into the tables meanwhile is looked for by its own key.
            objects = {
                found.key: found for folder in _FOLDERS for found in store().objects(f"{folder}/{part}/")
            }
            self.count.objects += len(objects)
            known = set()
            for blob in _rows(_BLOBS.where(Blob.digest.startswith(part)).order_by(Blob.id)):
                known.add(blob.digest)
                yield from self._check_blob(blob)
                yield from self._check_images(blob, objects)
            yield from self._check_objects(objects.values(), known)
        yield from self._check_strangers()
        yield from self._check_use()
        yield from self._check_work()
        yield from self._check_spool()

    def _check_blob(self, blob: Any) -> Iterator[Fault]:
        self.count.blobs += 1
        self.count.bytes += blob.size
        harm = self._harm(blob)
        if bool(harm) == blob.is_broken and not harm:
            return
        if harm and not _rows(sa.select(Blob.id).where(Blob.id == blob.id)):
            return  # swept away a moment ago
        self._set(blob.id, is_broken=bool(harm))
        if harm:
            yield Fault(f"blob {blob.id}: {harm}; {_users(blob.id)}", is_mended=False)
        else:
            yield Fault(f"blob {blob.id}: marked as broken, but its bytes are right", self.mends)

    def _harm(self, blob: Any) -> str:
        size = store().size(blob_key(blob.digest))
        if size is None:
            return "its bytes are gone"
        if size != blob.size:
            return f"has {size} bytes instead of {blob.size}"
        try:
            for _piece in BlobReader(store(), blob.digest, blob.size, blob.pieces) if self.reads else ():
                pass
        except Broken:
            return "its bytes are not what they were"
        return ""

    def _check_images(self, blob: Any, objects: Mapping[str, Stored]) -> Iterator[Fault]:
        pages = _rows(sa.select(Page.number).where(Page.blob_id == blob.id, Page.width > 0))
        keys = [page_key(blob.digest, page.number) for page in pages]
        keys += [tile_key(blob.digest)] if blob.has_tile else []
        missing = [key for key in keys if key not in objects and store().size(key) is None]
        if not missing:
            return
        if self.mends:
            with unit_of_work():
                _update(blob.id, preview=Progress.WAITING, preview_fault="")
                have_prepared(blob.id)
        yield Fault(f"blob {blob.id}: {len(missing)} page images are missing", self.mends)

    def _check_objects(self, objects: Any, known: set[str]) -> Iterator[Fault]:
        for found in objects:
            digest = found.key.split("/")[2]
            if digest in known or found.changed_at > now() - _GRACE:
                continue
            if self.mends and not _delete_orphan(found.key, digest):
                continue
            yield Fault(f"{found.key}: {found.size} bytes that belong to nothing", self.mends)

    def _check_strangers(self) -> Iterator[Fault]:
        """What nobody of ours puts there is named, never deleted."""
        for found in store().objects():
            folder, _, rest = found.key.partition("/")
            if found.key != MARK and (
                folder not in _FOLDERS or rest[:2] not in _PARTS or rest.count("/") < 1
            ):
                yield Fault(f"{found.key}: not one of ours, and left alone", is_mended=False)

    def _check_use(self) -> Iterator[Fault]:
        """Is what is noted as unused unused, and what is not noted used?"""
        is_used = sa.exists().where(File.blob_id == Blob.id)
        for blob in _rows(sa.select(Blob.id).where(is_used, Blob.unused_since.is_not(None))):
            self._set(blob.id, unused_since=None)
            yield Fault(f"blob {blob.id}: noted as unused, but in use", self.mends)
        for blob in _rows(sa.select(Blob.id).where(~is_used, Blob.unused_since.is_(None))):
            self._set(blob.id, unused_since=now())
            yield Fault(f"blob {blob.id}: unused, but not noted", self.mends)
        for file in _rows(sa.select(File.id).where(File.blob_id.is_(None), File.owner.is_not(None))):
            yield Fault(f"file {file.id}: belongs to something, but never arrived", is_mended=False)

    def _check_work(self) -> Iterator[Fault]:
        """Does what waits for a job have one?"""
        is_checked = Blob.check == Progress.DONE
        yield from self._ask_again("files.check", have_checked, Blob.id, Blob.check == Progress.WAITING)
        unshown = sa.and_(is_checked, Blob.preview == Progress.WAITING)
        yield from self._ask_again("files.prepare", have_prepared, Blob.id, unshown)
        yield from self._ask_again("files.read_scan", have_scan_read, Blob.id, Blob.ocr == Ocr.WAITING)
        unstripped = sa.and_(File.choice == Choice.STRIP, File.blob_id.is_not(None))
        yield from self._ask_again("files.strip", have_stripped, File.id, unstripped)

    def _ask_again(
        self,
        job: str,
        ask: Callable[[int], None],
        column: InstrumentedAttribute[int],
        waits: sa.ColumnElement[bool],
    ) -> Iterator[Fault]:
        noun = "blob" if column is Blob.id else "file"
        its_key = sa.literal(f"{job}:") + sa.cast(column, sa.String)
        has_job = sa.exists().where(Job.key == its_key, Job.due_at.is_not(None))
        for row in _rows(sa.select(column.label("id")).where(waits, ~has_job)):
            if self.mends:
                with unit_of_work():
                    ask(row.id)
            yield Fault(f"{noun} {row.id}: waits for {job}, which nobody will do", self.mends)

    def _check_spool(self) -> Iterator[Fault]:
        """What arrived and was never finished; folders are left by work that died."""
        files = _rows(sa.select(File.member_id, File.key).where(File.blob_id.is_(None)))
        expected = {spool_path(file.member_id, file.key) for file in files}
        for path in sorted(spool().iterdir()):
            changed = datetime.fromtimestamp(path.stat().st_mtime, UTC)
            if path in expected or changed > now() - _GRACE or not path.is_file():
                continue
            if self.mends:
                path.unlink(missing_ok=True)
            yield Fault(f"spool/{path.name}: part of a file that nobody sends any more", self.mends)

    def _set(self, blob_id: int, **values: Any) -> None:
        if self.mends:
            with unit_of_work():
                _update(blob_id, **values)


_BLOBS = sa.select(Blob.id, Blob.digest, Blob.size, Blob.pieces, Blob.is_broken, Blob.has_tile)


def _rows(statement: sa.Executable) -> list[Any]:
    """All rows at once: no transaction stays open while bytes are read."""
    found = list(db.session.execute(statement))
    db.session.rollback()
    return found


def _update(blob_id: int, **values: Any) -> None:
    db.session.execute(sa.update(Blob).where(Blob.id == blob_id).values(**values))


def _users(blob_id: int) -> str:
    """What has this blob, by number and owner; names are nobody's business here."""
    files = _rows(sa.select(File.id, File.owner).where(File.blob_id == blob_id).order_by(File.id).limit(6))
    named = [f"file {file.id}" + (f" of {file.owner}" if file.owner else "") for file in files[:5]]
    return "in " + ", ".join(named + ["…"] * (len(files) > 5)) if files else "in nobody's use"


def _delete_orphan(key: str, digest: str) -> bool:
    """Delete the object, unless somebody brings a row for it at this moment."""
    with unit_of_work():
        if db.session.scalar(sa.select(Blob.id).where(Blob.digest == digest)) is not None:
            return False
        # A row of our own keeps others waiting who would make one.
        placeholder = keep_blob(Content(digest, 0, b""))
        if placeholder.pieces:
            return False
        store().delete([key])
        db.session.delete(placeholder)
    return True
