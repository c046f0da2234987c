"""What becomes of bytes that arrived: scanned, told by kind, freed of traces, shown, read; swept away at last.

Each step is a job of its own that may be done twice, or die in the middle: it looks at what is there first, and
writes what it found in small units of work. Files are looked into by a child (`files.reading`), never here.
"""

import logging
import shutil
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask import current_app
from sqlalchemy.orm import undefer

from forum.core.clock import now
from forum.core.db import db, unit_of_work
from forum.files import sentences
from forum.files.kinds import FACTS, PICTURES, FileKind
from forum.files.models import Blob, Choice, File, Ocr, Page, Progress, Scan
from forum.files.pages import BlobGone, PageKeeper, fit
from forum.files.pieces import Broken, copy_blob, open_blob
from forum.files.policy import KEPT_UNSENT
from forum.files.reader.codes import Fault
from forum.files.reading import Reading, ReadingFailed, reading
from forum.files.receiving import bring_in, see_to
from forum.files.scanner import scanner_at
from forum.files.service.blobs import Content, keep_blob, let_go
from forum.files.service.files import release_files
from forum.files.service.uploads import clean_name
from forum.files.settling import tell_settled
from forum.files.spool import throw_away
from forum.files.store import blob_key, limits, previews_prefix, spool, store
from forum.jobs.registry import job, periodic
from forum.jobs.service import enqueue

#: Pages of a scan that are read in one go; then other work has its turn.
PAGES_AT_ONCE = 8
#: How much of a file is shown.
IMAGES_KEPT, PAGES_KEPT, LETTERS_KEPT = 100, 2_000, 10_000_000
#: Bytes that no file has any more are kept so long, in case the same ones come again.
KEPT_UNUSED = timedelta(days=1)
#: What is not done by then was given up by the jobs, or died with them.
STUCK_AFTER = timedelta(days=2)
_TEXTS = frozenset({FileKind.TXT, FileKind.MD, FileKind.CSV})
_BATCH = 100
log = logging.getLogger(__name__)


# Looking into it


@job("files.check", atomic=False, lease=timedelta(minutes=15))
def check(blob_id: int) -> None:
    """Have the bytes scanned, then say what they are and what they tell; then make what shows them.

    While the scanner is away the job fails and comes again; the bytes stay unseen by others until it answered.
    """
    blob = _load(blob_id)
    if blob is None:
        return
    try:
        verdict = _scan(blob) if blob.check is Progress.WAITING or blob.scan is Scan.PENDING else blob.scan
        found = _inspect(blob, verdict) if blob.check is Progress.WAITING else {}
    except Broken:
        found = {"is_broken": True, "check": Progress.FAILED, "refusal": Fault.BROKEN.value}
        verdict = blob.scan
    with unit_of_work():
        row = _lock(blob_id)
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
        said = _ask("inspect", blob, {"name": name or "", "zip": limits().zip_files})
        return {
            "check": Progress.DONE,
            "refusal": "",
            "kind": _kind_in(said),
            "findings": _findings_in(said),
            "page_count": said["pages"] if isinstance(said.get("pages"), int) else None,
        }
    except ReadingFailed as failed:
        return {"check": Progress.FAILED, "refusal": failed.fault.value}


def _go_on(blob: Blob) -> None:
    """Names as the kind wants them; pictures are freed of all they tell, everything else is shown as it is."""
    is_picture = blob.kind in PICTURES
    for file in db.session.scalars(sa.select(File).where(File.blob_id == blob.id)):
        file.name = _fitting(file.name, blob.kind)
        if is_picture and file.choice is None:
            file.choice = Choice.STRIP
            enqueue("files.strip", key=f"files.strip:{file.id}", file_id=file.id)
    if not is_picture:
        _have_shown(blob)


def _have_shown(blob: Blob) -> None:
    if blob.preview is Progress.WAITING:
        enqueue("files.prepare", key=f"files.prepare:{blob.id}", blob_id=blob.id)


def _fitting(name: str, kind: FileKind | None, former: FileKind | None = None) -> str:
    """The name with an ending that says what it is: `Plan.doc` that is a PDF becomes `Plan.doc.pdf`.

    The ending of a `former` kind, from which the file was converted, is replaced.
    """
    if kind is None:
        return name
    stem, dot, ending = name.rpartition(".")
    kinds = _TEXTS if kind in _TEXTS else {kind}
    if dot and any(ending.lower() in FACTS[one].endings for one in kinds):
        return name
    if dot and former is not None and ending.lower() in FACTS[former].endings:
        name = stem
    return clean_name(f"{name}.{FACTS[kind].endings[0]}")


# Taking traces out


@job("files.strip", atomic=False, lease=timedelta(minutes=15))
def strip(file_id: int) -> None:
    """Give the file bytes that tell nothing about its makers; other files with the same bytes keep theirs."""
    file = db.session.get(File, file_id)
    blob_id = file.blob_id if file is not None and file.choice is Choice.STRIP else None
    name = file.name if file is not None else ""
    db.session.rollback()
    blob = _load(blob_id) if blob_id is not None else None
    if blob is None or blob.check is not Progress.DONE:
        return
    try:
        with reading("strip", partial(copy_blob, blob), {"name": name}, spool()) as child:
            said = _all_said(child)
            path = child.written("stripped", _longest(blob))
            kind, findings = _kind_in(said), _findings_in(said)
            with open(path, "rb") as stream:
                content = bring_in(path, stream)
            with unit_of_work():
                blob_id = _exchange(file_id, blob, content, path, kind, findings)
    except (ReadingFailed, Broken) as failed:
        with unit_of_work():
            _keep_as_it_was(
                file_id, blob, failed.fault if isinstance(failed, ReadingFailed) else Fault.BROKEN
            )
    if blob_id is not None:
        tell_settled(blob_id)


def _exchange(
    file_id: int, old: Blob, content: Content, path: Path, kind: FileKind, findings: dict[str, Any]
) -> int:
    """The id of the bytes that the file has now."""
    file = _lock_file(file_id, old.id)
    if file is None:
        return old.id
    new = keep_blob(content)
    see_to(content, path)
    new.is_broken = False
    if new.check is not Progress.DONE:
        new.check, new.refusal, new.kind, new.page_count = Progress.DONE, "", kind, old.page_count
        new.scan = old.scan
    # A picture never asks; what is left of anything else was told to the sender as what cannot be taken out.
    new.findings = {} if kind in PICTURES else findings
    file.choice = Choice.KEEP if new.findings and set(new.findings) <= _accepted(old) else None
    file.strip_failed = bool(new.findings) and file.choice is None
    file.name = _fitting(file.name, kind, old.kind)
    file.size = content.size
    file.blob = new
    let_go([old.id])
    _have_shown(new)
    return new.id


def _accepted(old: Blob) -> set[str]:
    return {code for code in old.findings if code in sentences.STAYING} | set(sentences.UNASKED)


def _keep_as_it_was(file_id: int, blob: Blob, fault: Fault) -> None:
    file = _lock_file(file_id, blob.id)
    if file is None:
        return
    file.choice = None
    if blob.kind in PICTURES:
        # It would tell where it was taken, so nobody gets it.
        row = db.session.get_one(Blob, blob.id)
        row.check, row.refusal = Progress.FAILED, fault.value
    else:
        file.strip_failed = True


# Showing it


@job("files.prepare", atomic=False, lease=timedelta(minutes=20))
def prepare(blob_id: int) -> None:
    """Read the pages and store them one after another, so that the first is seen while the others are made."""
    blob = _load(blob_id)
    if blob is None or blob.kind is None or blob.preview is not Progress.WAITING or not _may_be_read(blob):
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
        row = _lock(blob_id)
        if row is None:
            return
        row.preview, row.preview_fault = (Progress.FAILED if fault else Progress.DONE), fault
        row.is_broken = row.is_broken or is_broken
        if not fault:
            db.session.execute(sa.delete(Page).where(Page.blob_id == blob_id, Page.number > keeper.last))
        row.ocr = _reading_of_scans(keeper.scans, can_read=tesseract is not None)
        if row.ocr is Ocr.WAITING:
            _have_scan_read(blob_id)
    tell_settled(blob_id)


def _reading_of_scans(scans: int, *, can_read: bool) -> Ocr:
    if not scans:
        return Ocr.NOT_NEEDED
    return Ocr.WAITING if can_read else Ocr.ABSENT


@job("files.read_scan", atomic=False, lease=timedelta(minutes=15))
def read_scan(blob_id: int, after: int = 0, failed: bool = False) -> None:
    """Read the words on the next few pages behind `after` that are only images; then ask for the turn after.

    `failed` remembers that some page could not be read; such a page is passed over.
    """
    blob = _load(blob_id)
    if blob is None or blob.kind is None or blob.ocr is not Ocr.WAITING or not _may_be_read(blob):
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
        _have_scan_read(blob_id, after=after, failed=failed)


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


def _have_scan_read(blob_id: int, **arguments: Any) -> None:
    enqueue("files.read_scan", key=f"files.read_scan:{blob_id}", blob_id=blob_id, **arguments)


def _end_scan(blob_id: int, state: Ocr) -> None:
    with unit_of_work():
        db.session.execute(sa.update(Blob).where(Blob.id == blob_id).values(ocr=state))


# Sweeping


@periodic("files.sweep", every=timedelta(days=1), atomic=False, lease=timedelta(hours=2))
def sweep() -> None:
    """Throw away what was never sent, bytes that no file has any more, and what died work left lying about."""
    _forget_unsent()
    _forget_unused()
    _tidy_spool()
    _end_stuck()


def _forget_unsent() -> None:
    is_old = (File.owner.is_(None), File.created_at < now() - KEPT_UNSENT)
    while True:
        with unit_of_work():
            rows = sa.select(File.id, File.member_id, File.key).where(*is_old).order_by(File.id).limit(_BATCH)
            found = db.session.execute(rows.with_for_update(of=File)).all()
            release_files([row.id for row in found])
        for row in found:
            throw_away(row.member_id, row.key)
        if len(found) < _BATCH:
            return


def _forget_unused() -> None:
    is_unused = (
        Blob.unused_since < now() - KEPT_UNUSED,
        sa.not_(sa.exists().where(File.blob_id == Blob.id)),
    )
    ids = list(db.session.scalars(sa.select(Blob.id).where(*is_unused)))
    db.session.rollback()
    for blob_id in ids:
        with unit_of_work():
            # Whoever brings the same bytes waits for this row, and then looks whether they are still there.
            rows = sa.select(Blob.digest).where(Blob.id == blob_id, *is_unused).with_for_update(of=Blob)
            digest = db.session.scalar(rows)
            if digest is None:
                continue
            shown = [key for key, _size in store().keys(previews_prefix(digest))]
            store().delete([*shown, blob_key(digest)])
            db.session.execute(sa.delete(Page).where(Page.blob_id == blob_id))
            db.session.execute(sa.delete(Blob).where(Blob.id == blob_id))


def _tidy_spool() -> None:
    old = (now() - STUCK_AFTER).timestamp()
    for path in spool().iterdir():
        try:
            if path.lstat().st_mtime > old:
                continue
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink()
        except FileNotFoundError:
            continue


def _end_stuck() -> None:
    """Say of work that nobody does any more that it failed, so that it can be asked for again."""
    is_old = Blob.created_at < now() - STUCK_AFTER
    is_checked = (Blob.check == Progress.DONE, Blob.scan != Scan.PENDING)
    with unit_of_work():
        for condition, values in (
            (
                (Blob.check == Progress.WAITING, Blob.scan != Scan.PENDING),
                {"check": Progress.FAILED, "refusal": Fault.CRASH.value},
            ),
            (
                (Blob.preview == Progress.WAITING, *is_checked),
                {"preview": Progress.FAILED, "preview_fault": Fault.CRASH.value},
            ),
            ((Blob.ocr == Ocr.WAITING, *is_checked), {"ocr": Ocr.FAILED}),
        ):
            db.session.execute(sa.update(Blob).where(is_old, *condition).values(**values))


# What all of them need


def _load(blob_id: int) -> Blob | None:
    """The row with all that reading the bytes needs, out of the session: work may take minutes."""
    blob = db.session.scalar(sa.select(Blob).where(Blob.id == blob_id).options(undefer(Blob.pieces)))
    if blob is not None:
        db.session.expunge(blob)
    db.session.rollback()
    return blob


def _lock(blob_id: int) -> Blob | None:
    rows = sa.select(Blob).where(Blob.id == blob_id).with_for_update(of=Blob)
    return db.session.scalar(rows.execution_options(populate_existing=True))


def _lock_file(file_id: int, blob_id: int) -> File | None:
    """The file, if it still waits for its traces to be taken out of these bytes."""
    rows = sa.select(File).where(File.id == file_id).with_for_update(of=File)
    file = db.session.scalar(rows.execution_options(populate_existing=True))
    is_due = file is not None and file.choice is Choice.STRIP and file.blob_id == blob_id
    return file if is_due else None


def _may_be_read(blob: Blob) -> bool:
    return blob.check is Progress.DONE and blob.scan is not Scan.INFECTED


def _ask(task: str, blob: Blob, options: dict[str, Any]) -> dict[str, Any]:
    with reading(task, partial(copy_blob, blob), options, spool()) as child:
        return _all_said(child)


def _all_said(child: Reading) -> dict[str, Any]:
    said: dict[str, Any] = {}
    for line in child:
        said |= line
    return said


def _kind_in(said: dict[str, Any]) -> FileKind:
    try:
        return FileKind(str(said.get("kind")))
    except ValueError:
        raise ReadingFailed(Fault.CRASH) from None


def _findings_in(said: dict[str, Any]) -> dict[str, Any]:
    """Codes with numbers, names or yes; anything else is none of them."""
    found = said.get("findings")
    if not isinstance(found, dict):
        raise ReadingFailed(Fault.CRASH)
    return {fit(code)[:40]: _value(value) for code, value in found.items() if value}


def _value(value: object) -> Any:
    if isinstance(value, list):
        return [_value(one) for one in value[:100]]
    return value if isinstance(value, (bool, int)) else fit(str(value))[:200]


def _longest(blob: Blob) -> int:
    """How large the bytes may be when traces are taken out; they are packed anew."""
    return 2 * blob.size + 10 * 1024 * 1024
