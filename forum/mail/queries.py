"""The queue as administrators see it: to whom and how it went, never the text."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from forum.core.access import Viewer
from forum.core.db import db
from forum.core.errors import NotFound
from forum.core.paging import Slice, read_cursor, write_cursor
from forum.mail.models import OutgoingMail

_PAGE = 50


@dataclass(frozen=True, slots=True)
class MailRow:
    """One mail in the queue; it waits while it has neither been sent nor given up."""

    id: int
    recipient: str
    created_at: datetime
    next_try_at: datetime | None
    attempts: int
    sent_at: datetime | None
    last_error: str

    @property
    def is_given_up(self) -> bool:
        return self.sent_at is None and self.next_try_at is None


def list_mails(viewer: Viewer, cursor: str = "") -> Slice[MailRow]:
    """All mails, newest first."""
    if not viewer.is_administrator:
        raise NotFound
    query = sa.select(
        OutgoingMail.id,
        OutgoingMail.recipient,
        OutgoingMail.created_at,
        OutgoingMail.next_try_at,
        OutgoingMail.attempts,
        OutgoingMail.sent_at,
        OutgoingMail.last_error,
    )
    if cursor:
        query = query.where(OutgoingMail.id < read_cursor(cursor, 1)[0])
    found = db.session.execute(query.order_by(OutgoingMail.id.desc()).limit(_PAGE + 1)).all()
    rows = [MailRow(*row) for row in found[:_PAGE]]
    return Slice(rows, write_cursor(rows[-1].id) if len(found) > _PAGE else None)
