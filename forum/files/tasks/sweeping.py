"""What nobody needs any more goes, and what died is told of or begun again."""

import shutil
from datetime import timedelta

import sqlalchemy as sa
from flask_babel import lazy_gettext as _l

from forum.core.clock import now
from forum.core.db import db, unit_of_work
from forum.files.models import Blob, Choice, File, Ocr, Page, Progress, Scan
from forum.files.policy import KEPT_UNSENT
from forum.files.reader.codes import Fault
from forum.files.service.files import release_files
from forum.files.service.work import have_checked, have_stripped
from forum.files.spool import throw_away
from forum.files.store import blob_key, previews_prefix, spool, store
from forum.jobs.registry import periodic

#: Bytes that no file has any more are kept so long, in case the same ones come again.
KEPT_UNUSED = timedelta(days=1)
#: What is not done by then was given up by the jobs, or died with them.
STUCK_AFTER = timedelta(days=2)
_BATCH = 100


@periodic(
    "files.sweep",
    title=_l("Nicht mehr gebrauchte Dateien löschen"),
    every=timedelta(days=1),
    atomic=False,
    lease=timedelta(hours=2),
)
def sweep() -> None:
    """Throw away what was never sent, bytes that no file has any more, and what died work left lying about."""
    _forget_unsent()
    _forget_unused()
    _tidy_spool()
    _end_stuck()
    _begin_again()


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


def _begin_again() -> None:
    """Give another chance to what must not be given up: a scan for viruses, and traces to be taken out."""
    old = now() - STUCK_AFTER
    with unit_of_work():
        unseen = sa.select(Blob.id).where(Blob.scan == Scan.PENDING, Blob.created_at < old)
        for blob_id in db.session.scalars(unseen.limit(_BATCH)):
            have_checked(blob_id)
        unstripped = sa.select(File.id).where(File.choice == Choice.STRIP, File.created_at < old)
        for file_id in db.session.scalars(unstripped.limit(_BATCH)):
            have_stripped(file_id)
