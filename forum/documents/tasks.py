"""The library's work in the background: telling those who follow, and what lay in the bin long enough goes, without
anybody asking."""

from datetime import timedelta

import sqlalchemy as sa
from flask_babel import lazy_gettext as _l

from forum.core.clock import now
from forum.core.db import db, unit_of_work
from forum.documents.models import DOCUMENT, FOLDER, Document, DocumentFollow, FolderFollow, Version
from forum.documents.service.documents import TELL
from forum.documents.service.purge import purge_expired
from forum.files.models import FileState
from forum.jobs.registry import job, periodic
from forum.jobs.service import enqueue
from forum.notifications.models import SPACE, Kind
from forum.notifications.service import notices, watches
from forum.spaces.models import Membership

#: After so long a file that is not ready is asked after again, later less often; its sender may take days.
_SOON, _AT_LATEST = timedelta(seconds=10), timedelta(minutes=10)


@job(TELL, title=_l("Von einer neuen Fassung benachrichtigen"))
def tell(version_id: int) -> None:
    """There is a new version: who follows the document hears of it, then who follows a folder it lies in, the nearest
    first; each once. Nobody before it can be opened: its file may be looked through still, or wait for its sender."""
    version = db.session.get(Version, version_id)
    document = db.session.get(Document, version.document_id) if version else None
    if version is None or document is None or document.is_binned or version.file.state is FileState.REFUSED:
        return
    if version.file.state is not FileState.READY:
        moment = now()
        later = moment + min(max(_SOON, (moment - version.created_at) / 2), _AT_LATEST)
        enqueue(TELL, due_at=later, version_id=version_id)
        return
    belongs = sa.select(Membership.member_id).where(
        Membership.space_id == document.space_id, Membership.member_id != version.author_id
    )
    following = sa.select(DocumentFollow.member_id).where(DocumentFollow.document_id == document.id)
    path = [int(folder) for folder in document.folder.path.strip("/").split("/")] if document.folder else []
    _tell(version, DOCUMENT, document, document.id, belongs.where(Membership.member_id.in_(following)))
    for depth, folder_id in enumerate(path):
        through = sa.select(FolderFollow.member_id).where(FolderFollow.folder_id == folder_id)
        nearer = sa.select(FolderFollow.member_id).where(FolderFollow.folder_id.in_(path[depth + 1 :]))
        others = belongs.where(
            Membership.member_id.in_(through),
            Membership.member_id.not_in(nearer),
            Membership.member_id.not_in(following),
        )
        _tell(version, FOLDER, document, folder_id, others)


@periodic(
    "documents.purge",
    title=_l("Papierkörbe nach ihrer Frist leeren"),
    every=timedelta(days=1),
    atomic=False,
    lease=timedelta(hours=1),
)
def purge() -> None:
    """Delete what has expired, a batch at a time, so that nobody who writes waits for it."""
    is_done = False
    while not is_done:
        with unit_of_work():
            is_done = purge_expired(now()) == 0


def _tell(
    version: Version, subject: str, document: Document, subject_id: int, audience: sa.Select[int]
) -> None:
    muters = watches.muters([(subject, subject_id), (SPACE, document.space_id)])
    notices.notify(
        Kind.DOCUMENT,
        subject,
        subject_id,
        version.id,
        audience.where(Membership.member_id.not_in(muters)),
        written_at=version.created_at,
    )
