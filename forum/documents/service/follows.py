"""Following documents and folders, and what of it is known already."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from forum.core.access import Viewer
from forum.core.clock import now
from forum.core.db import db, upsert
from forum.documents.models import DOCUMENT, FOLDER, Document, DocumentFollow, Folder, FolderFollow
from forum.documents.service.documents import get_document
from forum.documents.service.folders import get_folder
from forum.notifications.service import notices


def follow_document(viewer: Viewer, document_id: int) -> None:
    """Want to know when the document changes; from now on."""
    get_document(viewer, document_id)
    _follow(DocumentFollow, {"member_id": viewer.member_id, "document_id": document_id})


def unfollow_document(viewer: Viewer, document_id: int) -> None:
    """Want to know no more."""
    get_document(viewer, document_id)
    notices.see(viewer, DOCUMENT, document_id)
    _unfollow(DocumentFollow, DocumentFollow.document_id == document_id, viewer)


def follow_folder(viewer: Viewer, folder_id: int) -> None:
    """Want to know what comes into the folder and those below, and changes there; from now on."""
    get_folder(viewer, folder_id)
    _follow(FolderFollow, {"member_id": viewer.member_id, "folder_id": folder_id})


def unfollow_folder(viewer: Viewer, folder_id: int) -> None:
    """Want to know no more."""
    get_folder(viewer, folder_id)
    notices.see(viewer, FOLDER, folder_id)
    _unfollow(FolderFollow, FolderFollow.folder_id == folder_id, viewer)


def see_document(viewer: Viewer, document_id: int, until: datetime | None = None) -> None:
    """Note that the viewer knows the document as it was at `until` (now); does nothing where it is not followed."""
    get_document(viewer, document_id)
    notices.see(viewer, DOCUMENT, document_id)
    _see(DocumentFollow, DocumentFollow.document_id == document_id, viewer, until)


def see_folder(viewer: Viewer, folder_id: int, until: datetime | None = None) -> None:
    """Note that the viewer knows the folder and those below as they were at `until` (now)."""
    get_folder(viewer, folder_id)
    notices.see(viewer, FOLDER, folder_id)
    _see(FolderFollow, FolderFollow.folder_id == folder_id, viewer, until)


def see_everything(viewer: Viewer, until: datetime | None = None) -> None:
    """Note that the viewer knows everything that is followed as it was at `until` (now)."""
    notices.see_those(viewer, DOCUMENT, sa.select(Document.id))
    notices.see_those(viewer, FOLDER, sa.select(Folder.id))
    _see(DocumentFollow, sa.true(), viewer, until)
    _see(FolderFollow, sa.true(), viewer, until)


_Follow = type[DocumentFollow] | type[FolderFollow]


def _follow(follow: _Follow, key: dict[str, Any]) -> None:
    # Who follows already keeps what is new.
    upsert(follow, {**key, "seen_at": now()}, list(key), {"seen_at": follow.seen_at})


def _unfollow(follow: _Follow, which: sa.ColumnElement[bool], viewer: Viewer) -> None:
    db.session.execute(sa.delete(follow).where(which, follow.member_id == viewer.member_id))


def _see(follow: _Follow, which: sa.ColumnElement[bool], viewer: Viewer, until: datetime | None) -> None:
    moment = min(until or now(), now())
    db.session.execute(
        sa.update(follow)
        .where(which, follow.member_id == viewer.member_id, follow.seen_at < moment)
        .values(seen_at=moment)
    )
