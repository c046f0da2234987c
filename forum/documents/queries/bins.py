"""What lies in the bin."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from forum.core.access import Viewer
from forum.core.db import db
from forum.core.paging import Slice, moment_of, read_cursor, write_cursor
from forum.core.persons import Person
from forum.documents import policy
from forum.documents.models import BIN_KEEPS, Document, DocumentKind, Folder
from forum.members.models import Member

PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class BinnedRow:
    """A document in the bin; at `gone_at` it is deleted for real. `folder_name` is "" where it lay at the top."""

    id: int
    title: str
    kind: DocumentKind
    folder_name: str
    author: Person
    binned_at: datetime
    binned_by: Person
    gone_at: datetime


_author, _binner = aliased(Member), aliased(Member)


def list_binned(viewer: Viewer, space_id: int, cursor: str = "") -> Slice[BinnedRow]:
    """What the viewer may take out of the space's bin, last thrown away first. One statement."""
    statement: sa.Select[*tuple[Any, ...]] = (
        sa.select(
            Document.id,
            Document.title,
            Document.kind,
            Folder.name,
            Document.binned_at,
            _author.id,
            _author.name,
            _author.picture_version,
            _binner.id,
            _binner.name,
            _binner.picture_version,
        )
        .join(_author, _author.id == Document.author_id)
        .join(_binner, _binner.id == Document.binned_by_id)
        .outerjoin(Folder, Folder.id == Document.folder_id)
        .where(Document.space_id == space_id, policy.restorable_by(viewer))
        .order_by(Document.binned_at.desc(), Document.id.desc())
        .limit(PAGE_SIZE + 1)
    )
    if cursor:
        value, document_id = read_cursor(cursor, 2)
        statement = statement.where(
            sa.tuple_(Document.binned_at, Document.id)
            < sa.tuple_(
                sa.literal(moment_of(value), Document.binned_at.type), sa.literal(document_id, sa.Integer)
            )
        )
    found = db.session.execute(statement).all()
    rows = [
        BinnedRow(
            document_id,
            title,
            kind,
            folder or "",
            Person(*people[:3]),
            binned_at,
            Person(*people[3:]),
            binned_at + BIN_KEEPS,
        )
        for document_id, title, kind, folder, binned_at, *people in found[:PAGE_SIZE]
    ]
    more = write_cursor(rows[-1].binned_at, rows[-1].id) if len(found) > PAGE_SIZE else None
    return Slice(rows, more)
