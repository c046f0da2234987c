"""What a file tells about its makers, taken out."""

from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import IO, Any

from flask import current_app
from flask_babel import lazy_gettext as _l

from forum.core.db import db, unit_of_work
from forum.files import sentences
from forum.files.kinds import PICTURES, FileKind
from forum.files.models import Blob, Choice, File, Progress, Scan
from forum.files.pieces import PIECE, Broken, copy_blob
from forum.files.reader.codes import Fault
from forum.files.reading import ReadingFailed, reading
from forum.files.receiving import bring_in, see_to
from forum.files.scanner import scanner_at
from forum.files.service.blobs import Content, keep_blob, let_go
from forum.files.settling import tell_settled
from forum.files.store import spool
from forum.files.tasks.answers import all_said, findings_in, kind_in
from forum.files.tasks.rows import (
    fitting,
    have_shown,
    load_blob,
    lock_stripping,
)
from forum.jobs.registry import job


@job(
    "files.strip", title=_l("Metadaten aus einer Datei entfernen"), atomic=False, lease=timedelta(minutes=15)
)
def strip(file_id: int) -> None:
    """Give the file bytes that tell nothing about its makers; other files with the same bytes keep theirs."""
    file = db.session.get(File, file_id)
    blob_id = file.blob_id if file is not None and file.choice is Choice.STRIP else None
    name = file.name if file is not None else ""
    db.session.rollback()
    blob = load_blob(blob_id) if blob_id is not None else None
    if blob is None or blob.check is not Progress.DONE:
        return
    try:
        with reading("strip", partial(copy_blob, blob), {"name": name}, spool()) as child:
            said = all_said(child)
            path = child.written("stripped", _longest(blob))
            kind, findings = kind_in(said), findings_in(said)
            with open(path, "rb") as stream:
                verdict = _scan(stream, blob.scan)
                stream.seek(0)
                content = bring_in(path, stream)
            with unit_of_work():
                blob_id = _exchange(file_id, blob, content, path, kind, findings, verdict)
    except (ReadingFailed, Broken) as failed:
        with unit_of_work():
            _keep_as_it_was(
                file_id, blob, failed.fault if isinstance(failed, ReadingFailed) else Fault.BROKEN
            )
    if blob_id is not None:
        tell_settled(blob_id)


def _scan(stream: IO[bytes], former: Scan) -> Scan:
    """What the scanner says of the new bytes: they may be what it knows, while the old ones were not.

    `former` where there is no scanner. `ReadingFailed` (BROKEN) for what nobody may get.
    """
    scanner = scanner_at(current_app.extensions["settings"].clamd)
    verdict = scanner.scan(iter(partial(stream.read, PIECE), b"")) if scanner else former
    if verdict is Scan.INFECTED:
        raise ReadingFailed(Fault.BROKEN)
    return verdict


def _exchange(
    file_id: int,
    old: Blob,
    content: Content,
    path: Path,
    kind: FileKind,
    findings: dict[str, Any],
    verdict: Scan,
) -> int:
    """The id of the bytes that the file has now."""
    file = lock_stripping(file_id, old.id)
    if file is None:
        return old.id
    new = keep_blob(content)
    see_to(content, path)
    new.is_broken = False
    if new.check is not Progress.DONE:
        new.check, new.refusal, new.kind, new.page_count = Progress.DONE, "", kind, old.page_count
        new.scan = verdict
    # A picture never asks; what is left of anything else was told to the sender as what cannot be taken out.
    new.findings = {} if kind in PICTURES else findings
    file.choice = Choice.KEEP if new.findings and set(new.findings) <= _accepted(old) else None
    file.strip_failed = bool(new.findings) and file.choice is None
    file.name = fitting(file.name, kind, old.kind)
    file.size = content.size
    file.blob = new
    let_go([old.id])
    have_shown(new)
    return new.id


def _accepted(old: Blob) -> set[str]:
    stays = sentences.staying_in(old.kind)
    return {code for code in old.findings if code in stays} | set(sentences.UNASKED)


def _keep_as_it_was(file_id: int, blob: Blob, fault: Fault) -> None:
    file = lock_stripping(file_id, blob.id)
    if file is None:
        return
    file.choice = None
    if blob.kind in PICTURES:
        # It would tell where it was taken, so nobody gets it.
        row = db.session.get_one(Blob, blob.id)
        row.check, row.refusal = Progress.FAILED, fault.value
    else:
        file.strip_failed = True


def _longest(blob: Blob) -> int:
    """How large the bytes may be when traces are taken out; they are packed anew."""
    return 2 * blob.size + 10 * 1024 * 1024
