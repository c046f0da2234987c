"""Documents and folders as something that members are told of."""

from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _

from forum.core.access import Viewer
from forum.core.db import db
from forum.documents import policy
from forum.documents.models import DOCUMENT, FOLDER, Document, Folder, Version
from forum.members.models import Member
from forum.notifications.models import SPACE
from forum.notifications.targets import Entry, Line, Named, Since, describes, first_entries, names

#: A mail shows so many new documents of a folder, or versions of a document.
_LINES = 5


@describes(DOCUMENT)
def describe_documents(viewer: Viewer, news: Collection[Since], with_lines: bool) -> dict[int, Entry]:
    """The documents the viewer may read, with the versions that came."""
    statement = sa.select(Document).where(
        Document.id.in_([one.subject_id for one in news]), policy.readable_by(viewer)
    )
    documents = {document.id: document for document in db.session.scalars(statement)}
    news = [one for one in news if one.subject_id in documents]
    versions_of = first_entries(
        _versions(), news, Version.document_id, Version.id, Version.created_at, limit=_LINES
    )
    found = {}
    for document_id, versions in versions_of.items():
        document = documents[document_id]
        found[document_id] = Entry(
            title=document.title,
            url=f"/documents/{document.id}",
            place=_place(document.space.name, document.folder.name if document.folder else ""),
            lines=[
                Line(
                    row.name,
                    row.note or _("Fassung %(n)s", n=row.number),
                    row.created_at,
                    f"/documents/{document.id}",
                )
                for row in versions
            ]
            if with_lines
            else (),
            count=versions[0].count_of_all,
            above=((SPACE, document.space_id, document.space.name),),
            is_confidential=document.is_confidential,
        )
    return found


@describes(FOLDER)
def describe_folders(viewer: Viewer, news: Collection[Since], with_lines: bool) -> dict[int, Entry]:
    """The folders the viewer may read, with what came into them and those below and still lies there."""
    statement = sa.select(Folder).where(
        Folder.id.in_([one.subject_id for one in news]), policy.folders_readable_by(viewer)
    )
    folders = {folder.id: folder for folder in db.session.scalars(statement)}
    found = {}
    for one in news:
        folder = folders.get(one.subject_id)
        versions = _versions_below(folder, one) if folder else ()
        if folder is None or not versions:
            continue
        found[folder.id] = Entry(
            title=folder.name,
            url=f"/folders/{folder.id}",
            place=_place(folder.space.name),
            lines=[
                Line(row.name, row.title, row.created_at, f"/documents/{row.document_id}")
                for row in versions
                if not row.confidential and not row.stays_confidential
            ]
            if with_lines
            else (),
            count=versions[0].count_of_all,
            above=((SPACE, folder.space_id, folder.space.name),),
            is_confidential=folder.confidential,
        )
    return found


@names(DOCUMENT)
def name_documents(viewer: Viewer, document_ids: Collection[int]) -> dict[int, Named]:
    """The documents the viewer may read."""
    statement = sa.select(Document).where(Document.id.in_(document_ids), policy.readable_by(viewer))
    return {
        document.id: Named(document.title, f"/documents/{document.id}", _place(document.space.name))
        for document in db.session.scalars(statement)
    }


@names(FOLDER)
def name_folders(viewer: Viewer, folder_ids: Collection[int]) -> dict[int, Named]:
    """The folders the viewer may read."""
    statement = sa.select(Folder).where(Folder.id.in_(folder_ids), policy.folders_readable_by(viewer))
    return {
        folder.id: Named(folder.name, f"/folders/{folder.id}", _place(folder.space.name))
        for folder in db.session.scalars(statement)
    }


def _place(space: str, folder: str = "") -> str:
    return " · ".join(filter(None, (space, folder or _("Ablage"))))


def _versions() -> sa.Select[*tuple[Any, ...]]:
    """Versions of documents that are not in the bin."""
    return (
        sa.select(
            Version.number,
            Version.note,
            Version.created_at,
            Version.document_id,
            Member.name,
            Document.title,
            Document.stays_confidential,
            Folder.confidential,
        )
        .join(Document, Document.id == Version.document_id)
        .join(Member, Member.id == Version.author_id)
        .outerjoin(Folder, Folder.id == Document.folder_id)
        .where(Document.binned_at.is_(None))
    )


def _versions_below(folder: Folder, one: Since) -> Sequence[sa.Row[Any]]:
    """What is new in the folder and those below; what came into two followed ones is new in both."""
    return db.session.execute(
        _versions()
        .add_columns(sa.func.count().over().label("count_of_all"))
        .where(Folder.path.startswith(folder.path), one.holds(Version.id, Version.created_at))
        .order_by(Version.id)
        .limit(_LINES)
    ).all()
