"""Which version of a document counts: the newest that everybody gets. Until there is one, the newest of all."""

from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement

from forum.core.db import db
from forum.documents.models import Document, Version
from forum.documents.queries.texts import files_shown
from forum.files.models import Blob, File
from forum.files.policy import is_shown


@dataclass(frozen=True, slots=True)
class Current:
    """The version that counts."""

    number: int
    file: File


def currents(documents: Collection[Document]) -> dict[int, Current]:
    """What counts of each of these documents, by id. A statement where the newest of one is not ready, else none."""
    found = {one.id: Current(one.last_number, one.file) for one in documents if one.file is not None}
    waiting = [document_id for document_id, one in found.items() if one.number > 1 and not is_shown(one.file)]
    if waiting:
        ready = _READY.where(Version.document_id.in_(waiting)).order_by(Version.number)
        found |= {one.document_id: Current(one.number, one.file) for one in db.session.scalars(ready)}
    return found


def current_of(document: Document) -> Current | None:
    """What counts of one document; None as long as it has no version at all."""
    return currents([document]).get(document.id)


_READY = (
    sa.select(Version)
    .join(File, File.id == Version.file_id)
    .join(Blob, Blob.id == File.blob_id)
    .where(files_shown())
)

#: `Current.number` for a statement on `Document`.
CURRENT_NUMBER: ColumnElement[int] = sa.func.coalesce(
    _READY.with_only_columns(sa.func.max(Version.number))
    .where(Version.document_id == Document.id)
    .correlate(Document)
    .scalar_subquery(),
    Document.last_number,
)
