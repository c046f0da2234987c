"""The rows that the jobs on files share: loaded, locked, handed on to the next job."""

import sqlalchemy as sa
from sqlalchemy.orm import undefer

from forum.core.db import db
from forum.files.kinds import FACTS, FileKind
from forum.files.models import Blob, Choice, File, Progress, Scan
from forum.files.service.uploads import clean_name
from forum.files.service.work import have_prepared

_TEXTS = frozenset({FileKind.TXT, FileKind.MD, FileKind.CSV})


def load_blob(blob_id: int) -> Blob | None:
    """The row with all that reading the bytes needs, out of the session: work may take minutes."""
    blob = db.session.scalar(sa.select(Blob).where(Blob.id == blob_id).options(undefer(Blob.pieces)))
    if blob is not None:
        db.session.expunge(blob)
    db.session.rollback()
    return blob


def lock_blob(blob_id: int) -> Blob | None:
    """The row as it is now, for nobody else to change until the unit of work ends."""
    rows = sa.select(Blob).where(Blob.id == blob_id).with_for_update(of=Blob)
    return db.session.scalar(rows.execution_options(populate_existing=True))


def lock_stripping(file_id: int, blob_id: int) -> File | None:
    """The file, if it still waits for its traces to be taken out of these bytes."""
    rows = sa.select(File).where(File.id == file_id).with_for_update(of=File)
    file = db.session.scalar(rows.execution_options(populate_existing=True))
    is_due = file is not None and file.choice is Choice.STRIP and file.blob_id == blob_id
    return file if is_due else None


def may_be_read(blob: Blob) -> bool:
    """Whether it was looked into and nothing spoke against it."""
    return blob.check is Progress.DONE and blob.scan is not Scan.INFECTED


def have_shown(blob: Blob) -> None:
    """Have its pages made, unless they are."""
    if blob.preview is Progress.WAITING:
        have_prepared(blob.id)


def fitting(name: str, kind: FileKind | None, former: FileKind | None = None) -> str:
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
