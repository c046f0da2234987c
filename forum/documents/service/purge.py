"""What lay in the bin for 30 days is deleted for real, a little at a time."""

from datetime import datetime

import sqlalchemy as sa

from forum.audit import service as audit
from forum.core.access import ANYONE
from forum.core.db import db
from forum.documents.models import BIN_KEEPS, Document, Version
from forum.files.service import files

#: Documents deleted at a time.
BATCH = 100


def purge_expired(moment: datetime, limit: int = BATCH) -> int:
    """Delete at most `limit` documents that the bin had kept long enough at `moment`, and say how many.

    To be called in units of work of their own until it answers 0. Versions, tags and follows go with them;
    their files are released, and the sweep of files takes bytes, previews and texts.
    """
    expired = db.session.execute(
        sa.select(Document.id, Document.space_id)
        .where(Document.binned_at <= moment - BIN_KEEPS)
        .order_by(Document.binned_at, Document.id)
        .limit(limit)
        .with_for_update()
    ).all()
    ids = [row.id for row in expired]
    if not ids:
        return 0
    versions = db.session.scalars(sa.select(Version.id).where(Version.document_id.in_(ids))).all()
    db.session.execute(sa.delete(Document).where(Document.id.in_(ids)))
    files.release([f"version:{version_id}" for version_id in versions])
    for document_id, space_id in expired:
        audit.record(ANYONE, "document.purged", document_id, space_id=space_id)
    return len(ids)
