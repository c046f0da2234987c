"""The bytes behind files as rows: kept once, and let go when no file has them any more."""

from collections.abc import Iterable
from dataclasses import dataclass

import sqlalchemy as sa

from forum.core.clock import now
from forum.core.db import db, upsert
from forum.files.models import Blob, File


@dataclass(frozen=True, slots=True)
class Content:
    """What bytes are: their digest, their length, the digests of their pieces (`files.pieces`)."""

    digest: str
    size: int
    pieces: bytes


def keep_blob(content: Content) -> Blob:
    """The row of these bytes, new or the one that is there; locked, so that no sweep takes it away meanwhile.

    A sweep deletes bytes while it holds the row: who has it looks then whether the bytes are there.
    """
    values = {
        "digest": content.digest,
        "size": content.size,
        "pieces": content.pieces,
        "created_at": now(),
    }
    upsert(Blob, values, ["digest"], {"unused_since": None})
    found = sa.select(Blob).where(Blob.digest == content.digest)
    return db.session.scalars(found.execution_options(populate_existing=True)).one()


def let_go(blob_ids: Iterable[int | None]) -> None:
    """Note of each of these whether no file has it any more; after the files are deleted or have another."""
    ids = {blob_id for blob_id in blob_ids if blob_id is not None}
    db.session.flush()
    has_none = sa.not_(sa.exists().where(File.blob_id == Blob.id))
    db.session.execute(sa.update(Blob).where(Blob.id.in_(ids), has_none).values(unused_since=now()))
