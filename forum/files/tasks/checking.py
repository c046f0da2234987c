"""Is it harmless, and what is it?"""

from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from flask import current_app
from flask_babel import lazy_gettext as _l

from forum.core.db import db, unit_of_work
from forum.files import sentences
from forum.files.kinds import PICTURES
from forum.files.models import Blob, Choice, File, Progress, Scan
from forum.files.pieces import Broken, open_blob
from forum.files.reader.codes import Fault
from forum.files.reading import ReadingFailed
from forum.files.scanner import scanner_at
from forum.files.service.work import have_stripped
from forum.files.settling import tell_settled
from forum.files.store import limits
from forum.files.tasks.answers import ask, findings_in, kind_in
from forum.files.tasks.rows import fitting, have_shown, load_blob, lock_blob
from forum.jobs.registry import job


@job("files.check", title=_l("Eine Datei prüfen"), atomic=False, lease=timedelta(minutes=15))
def check(blob_id: int) -> None:
    """Have the bytes scanned, then say what they are and what they tell; then make what shows them.

    While the scanner is away the job fails and comes again; the bytes stay unseen by others until it answered.
    """
    blob = load_blob(blob_id)
    if blob is None:
        return
    try:
        verdict = _scan(blob) if blob.check is Progress.WAITING or blob.scan is Scan.PENDING else blob.scan
        found = _inspect(blob, verdict) if blob.check is Progress.WAITING else {}
    except Broken:
        found = {"is_broken": True, "check": Progress.FAILED, "refusal": Fault.BROKEN.value}
        verdict = blob.scan
    with unit_of_work():
        row = lock_blob(blob_id)
        if row is None:
            return
        row.scan = verdict
        for name, value in found.items():
            setattr(row, name, value)
        if row.check is Progress.DONE and row.scan is not Scan.INFECTED:
            _go_on(row)
    tell_settled(blob_id)


def _scan(blob: Blob) -> Scan:
    scanner = scanner_at(current_app.extensions["settings"].clamd)
    return scanner.scan(open_blob(blob)) if scanner else Scan.UNSCANNED


def _inspect(blob: Blob, verdict: Scan) -> dict[str, Any]:
    """What the row of the blob says after the check."""
    if verdict is Scan.INFECTED:
        return {"check": Progress.FAILED, "refusal": sentences.INFECTED}
    name = db.session.scalar(sa.select(File.name).where(File.blob_id == blob.id).order_by(File.id).limit(1))
    db.session.rollback()
    try:
        said = ask("inspect", blob, {"name": name or "", "zip": limits().zip_files})
        return {
            "check": Progress.DONE,
            "refusal": "",
            "kind": kind_in(said),
            "findings": findings_in(said),
            "page_count": said["pages"] if isinstance(said.get("pages"), int) else None,
        }
    except ReadingFailed as failed:
        return {"check": Progress.FAILED, "refusal": failed.fault.value}


def _go_on(blob: Blob) -> None:
    """Names as the kind wants them; pictures are freed of all they tell, everything else is shown as it is."""
    is_picture = blob.kind in PICTURES
    for file in db.session.scalars(sa.select(File).where(File.blob_id == blob.id)):
        file.name = fitting(file.name, blob.kind)
        if is_picture and file.choice is None:
            file.choice = Choice.STRIP
            have_stripped(file.id)
    if not is_picture:
        have_shown(blob)
