"""The pages of a file, made to be seen without fetching it."""

import shutil
from datetime import timedelta
from functools import partial

import sqlalchemy as sa
from flask_babel import lazy_gettext as _l

from forum.core.db import db, unit_of_work
from forum.files.models import Ocr, Page, Progress
from forum.files.pages import BlobGone, PageKeeper
from forum.files.pieces import Broken, copy_blob
from forum.files.reader.codes import Fault
from forum.files.reading import ReadingFailed, reading
from forum.files.service.work import have_scan_read
from forum.files.settling import tell_settled
from forum.files.store import spool
from forum.files.tasks.rows import load_blob, lock_blob, may_be_read
from forum.jobs.registry import job

#: How much of a file is shown.
IMAGES_KEPT, PAGES_KEPT, LETTERS_KEPT = 100, 2_000, 10_000_000


@job(
    "files.prepare",
    title=_l("Vorschau und Text einer Datei erstellen"),
    atomic=False,
    lease=timedelta(minutes=20),
)
def prepare(blob_id: int) -> None:
    """Read the pages and store them one after another, so that the first is seen while the others are made."""
    blob = load_blob(blob_id)
    if blob is None or blob.kind is None or blob.preview is not Progress.WAITING or not may_be_read(blob):
        return
    tesseract = shutil.which("tesseract")
    keeper = PageKeeper(blob.id, blob.digest, reads_scans=tesseract is not None)
    options = {
        "kind": blob.kind.value,
        "office": shutil.which("soffice"),
        "limit_images": IMAGES_KEPT,
        "limit_pages": PAGES_KEPT,
        "limit_text": LETTERS_KEPT,
    }
    fault = ""
    is_broken = False
    try:
        with reading("pages", partial(copy_blob, blob), options, spool()) as child:
            for said in child:
                keeper.take(said, child)
        keeper.store()
    except ReadingFailed as failed:
        fault = failed.fault.value
        keeper.store()
    except Broken:
        fault, is_broken = Fault.BROKEN.value, True
    except BlobGone:
        return
    with unit_of_work():
        row = lock_blob(blob_id)
        if row is None:
            return
        row.preview, row.preview_fault = (Progress.FAILED if fault else Progress.DONE), fault
        row.is_broken = row.is_broken or is_broken
        if not fault:
            db.session.execute(sa.delete(Page).where(Page.blob_id == blob_id, Page.number > keeper.last))
        row.ocr = _reading_of_scans(keeper.scans, can_read=tesseract is not None)
        if row.ocr is Ocr.WAITING:
            have_scan_read(blob_id)
    tell_settled(blob_id)


def _reading_of_scans(scans: int, *, can_read: bool) -> Ocr:
    if not scans:
        return Ocr.NOT_NEEDED
    return Ocr.WAITING if can_read else Ocr.ABSENT
