"""What shows a file, made once more."""

from flask_babel import gettext as _

from forum.core.access import Viewer
from forum.core.db import db
from forum.core.errors import Conflict, NotFound
from forum.files import policy, sentences
from forum.files.models import Blob, File, Ocr, Progress
from forum.files.service.work import have_prepared, have_scan_read


def retry_preview(viewer: Viewer, file: File) -> None:
    """Have the preview made again that failed, or the scan read again; whoever may read the file may ask for it.

    The caller has made sure of that. `Conflict` when nothing failed, or trying again cannot help.
    """
    if (
        not viewer.is_signed_in
        or file.blob is None
        or not (policy.is_shown(file) or policy.is_own(viewer, file))
    ):
        raise NotFound
    blob = file.blob
    db.session.refresh(blob, with_for_update={"of": Blob})
    has_failed = blob.preview is Progress.FAILED and sentences.is_worth_another_try(blob.preview_fault)
    if has_failed or (blob.preview is Progress.DONE and blob.ocr is Ocr.ABSENT):
        blob.preview, blob.preview_fault = Progress.WAITING, ""
        have_prepared(blob.id)
    elif blob.ocr is Ocr.FAILED:
        blob.ocr = Ocr.WAITING
        have_scan_read(blob.id)
    else:
        raise Conflict(_("Daran wird schon gearbeitet."))
