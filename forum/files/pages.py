"""Pages as a reading child says them, made fit to be kept: texts, tables, HTML into rows, images into the store."""

import re
import time
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from forum.core.db import db, unit_of_work, upsert
from forum.core.html import clean_foreign
from forum.core.text import tame
from forum.files.models import Blob, Page
from forum.files.reader.codes import Fault
from forum.files.reading import Reading, ReadingFailed
from forum.files.store import page_key, store, tile_key

#: The largest image of a page, in bytes; usual are a hundred thousand.
IMAGE_LIMIT = 8 * 1024 * 1024
#: Rows of a table and cells of a row that are kept.
ROWS_KEPT, CELLS_KEPT = 2_000, 100
#: The first page is stored at once, then so many together, or what came in so many seconds.
_TOGETHER = 20
_PAUSE = 1.0
_HIGHEST = 10_000_000
#: What PostgreSQL does not take, and what no page shows: control characters, halves of pairs.
_UNFIT = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")


class BlobGone(Exception):
    """The blob was swept away while it was read."""


class PageKeeper:
    """Keeps the pages of one blob; kept twice, a page is the same. `scans` are those whose words are in an image."""

    def __init__(self, blob_id: int, digest: str, *, reads_scans: bool) -> None:
        self._blob_id = blob_id
        self._digest = digest
        self._reads_scans = reads_scans
        self._waiting: list[dict[str, Any]] = []
        self._about: dict[str, Any] = {}
        self._stored_at = 0.0
        self.scans = 0
        self.last = 0

    def take(self, said: dict[str, Any], child: Reading) -> None:
        """Keep what one line says. `ReadingFailed` (CRASH) for nonsense, `BlobGone`, `StoreAway`."""
        if "pages" in said:
            self._about["page_count"] = _number(said["pages"], lowest=0)
        if "tile" in said:
            store().put(tile_key(self._digest), _image(child, said["tile"]))
            self._about["has_tile"] = True
        if "page" in said:
            self._waiting.append(self._page(said, child))
        is_time = time.monotonic() - self._stored_at > _PAUSE
        if self._waiting and (len(self._waiting) >= _TOGETHER or is_time):
            self.store()

    def store(self) -> None:
        """Write what waits."""
        if not self._waiting and not self._about:
            return
        with unit_of_work():
            locked = sa.select(Blob.id).where(Blob.id == self._blob_id).with_for_update()
            if db.session.scalar(locked) is None:
                raise BlobGone
            for values in self._waiting:
                upsert(Page, values, ["blob_id", "number"], values)
            if self._about:
                db.session.execute(sa.update(Blob).where(Blob.id == self._blob_id).values(**self._about))
        self._waiting.clear()
        self._about.clear()
        self._stored_at = time.monotonic()

    def _page(self, said: dict[str, Any], child: Reading) -> dict[str, Any]:
        number = self.last = _number(said["page"])
        is_scan = said.get("scan") is True
        self.scans += is_scan
        values: dict[str, Any] = {
            "blob_id": self._blob_id,
            "number": number,
            # The few letters on a scanned page come again when all of it is read.
            "text": "" if is_scan and self._reads_scans else fit(said.get("text")),
            "width": 0,
            "height": 0,
            "html": "",
            "rows": sa.null(),
        }
        if "image" in said:
            store().put(page_key(self._digest, number), _image(child, said["image"]))
            values |= {"width": _number(said.get("width")), "height": _number(said.get("height"))}
        elif said.get("rows"):
            values["rows"] = _rows(said["rows"])
        elif "html" in said:
            values["html"] = clean_foreign(fit(said["html"]))
        return values


def fit(text: object) -> str:
    """A text out of a file as it may be stored and shown; nothing for what is none."""
    return tame(_UNFIT.sub("", text)) if isinstance(text, str) else ""


def _number(said: object, lowest: int = 1) -> int:
    if not isinstance(said, int) or isinstance(said, bool) or not lowest <= said <= _HIGHEST:
        raise ReadingFailed(Fault.CRASH)
    return said


def _rows(said: object) -> list[list[str]]:
    if not isinstance(said, list) or not all(isinstance(row, list) for row in said):
        raise ReadingFailed(Fault.CRASH)
    return [[fit(cell) for cell in row[:CELLS_KEPT]] for row in said[:ROWS_KEPT]]


def _image(child: Reading, name: object) -> bytes:
    """A WebP image that the child wrote; it is taken away there, as what it may write is limited."""
    path: Path = child.written(name, IMAGE_LIMIT)
    image = path.read_bytes()
    path.unlink()
    if image[:4] != b"RIFF" or image[8:12] != b"WEBP":
        raise ReadingFailed(Fault.CRASH)
    return image
