"""Words in pictures of pages, read a few pages at a time."""

import shutil
from datetime import timedelta
from functools import partial

import sqlalchemy as sa
from flask_babel import lazy_gettext as _l

from forum.core.db import db, unit_of_work
from forum.files.kinds import PICTURES, FileKind
from forum.files.models import Blob, Ocr, Page
from forum.files.pages import fit
from forum.files.pieces import Broken, copy_blob
from forum.files.reader.codes import Fault
from forum.files.reading import ReadingFailed, reading
from forum.files.service.work import have_scan_read
from forum.files.store import spool
from forum.files.tasks.rows import load_blob, may_be_read
from forum.jobs.registry import job

#: Pages of a scan that are read in one go, a few seconds each; then other work has its turn.
PAGES_AT_ONCE = 5


@job("files.read_scan", title=_l("Den Text eines Scans lesen"), atomic=False, lease=timedelta(minutes=15))
def read_scan(blob_id: int, after: int = 0, failed: bool = False) -> None:
    """Read the words on the next few pages behind `after` that are only images; then ask for the turn after.

    `failed` remembers that some page could not be read; such a page is passed over.
    """
    blob = load_blob(blob_id)
    if blob is None or blob.kind is None or blob.ocr is not Ocr.WAITING or not may_be_read(blob):
        return
    numbers = _wordless(blob_id, after)
    if not numbers:
        _end_scan(blob_id, Ocr.FAILED if failed else Ocr.DONE)
        return
    read: dict[int, str] = {}
    fault = None
    try:
        options = {"kind": blob.kind.value, "pages": numbers, "tesseract": shutil.which("tesseract")}
        with reading("ocr", partial(copy_blob, blob), options, spool()) as child:
            for said in child:
                if said.get("page") in numbers:
                    read[said["page"]] = _words(said.get("text"), blob.kind)
    except ReadingFailed as problem:
        fault = problem.fault
    except Broken:
        fault = Fault.BROKEN
    if fault is Fault.NO_OCR:
        _end_scan(blob_id, Ocr.ABSENT)
        return
    missing = [number for number in numbers if number not in read]
    if missing and not read:
        after, failed = missing[0], True
    else:
        after = missing[0] - 1 if missing else numbers[-1]
    with unit_of_work():
        for number, text in read.items():
            row = (Page.blob_id == blob_id, Page.number == number)
            db.session.execute(sa.update(Page).where(*row).values(text=text))
        have_scan_read(blob_id, after=after, failed=failed)


def _wordless(blob_id: int, after: int) -> list[int]:
    rows = sa.select(Page.number).where(
        Page.blob_id == blob_id, Page.number > after, Page.text == "", Page.rows.is_(None)
    )
    numbers = list(db.session.scalars(rows.order_by(Page.number).limit(PAGES_AT_ONCE)))
    db.session.rollback()
    return numbers


def _words(said: object, kind: FileKind) -> str:
    """What was read; of a photograph only what looks like words, as leaves and tiles look like letters."""
    text = fit(said)
    words = [word for word in text.split() if len(word) > 2 and word.isalpha()]
    return "" if kind in PICTURES and len(words) < 5 else text


def _end_scan(blob_id: int, state: Ocr) -> None:
    with unit_of_work():
        db.session.execute(sa.update(Blob).where(Blob.id == blob_id).values(ocr=state))
