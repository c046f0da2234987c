"""The queue as administrators see it: to whom and how it went, never the text."""

import enum
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from forum.core.access import Viewer
from forum.core.db import db
from forum.core.errors import NotFound
from forum.core.paging import Slice, read_cursor, write_cursor
from forum.mail.faults import OF_THE_HOUSE, Fault
from forum.mail.models import OutgoingMail
from forum.mail.service import PROBE

_PAGE = 50


class MailState(enum.StrEnum):
    """Where a mail is."""

    WAITING = "waiting"
    GIVEN_UP = "given_up"
    SENT = "sent"
    CAME_BACK = "came_back"


_IN: dict[MailState, sa.ColumnElement[bool]] = {
    MailState.WAITING: OutgoingMail.next_try_at.is_not(None),
    MailState.GIVEN_UP: sa.and_(OutgoingMail.sent_at.is_(None), OutgoingMail.next_try_at.is_(None)),
    MailState.SENT: sa.and_(OutgoingMail.sent_at.is_not(None), OutgoingMail.bounced_at.is_(None)),
    MailState.CAME_BACK: sa.and_(OutgoingMail.sent_at.is_not(None), OutgoingMail.bounced_at.is_not(None)),
}


@dataclass(frozen=True, slots=True)
class MailRow:
    """One mail in the queue. `fault` is a code of `Fault` or empty, `words` are the other side's."""

    id: int
    recipient: str
    about: str
    created_at: datetime
    next_try_at: datetime | None
    attempts: int
    sent_at: datetime | None
    bounced_at: datetime | None
    fault: str
    words: str

    @property
    def state(self) -> MailState:
        if self.sent_at is not None:
            return MailState.SENT if self.bounced_at is None else MailState.CAME_BACK
        return MailState.WAITING if self.next_try_at is not None else MailState.GIVEN_UP


def list_mails(viewer: Viewer, cursor: str = "", state: MailState | None = None) -> Slice[MailRow]:
    """All mails, or those in one state; newest first."""
    _require_administrator(viewer)
    query = _ROWS if state is None else _ROWS.where(_IN[state])
    if cursor:
        query = query.where(OutgoingMail.id < read_cursor(cursor, 1)[0])
    found = db.session.execute(query.order_by(OutgoingMail.id.desc()).limit(_PAGE + 1)).all()
    rows = [_row(row) for row in found[:_PAGE]]
    return Slice(rows, write_cursor(rows[-1].id) if len(found) > _PAGE else None)


def count_mails(viewer: Viewer) -> dict[MailState, int]:
    """How many mails are in each state."""
    _require_administrator(viewer)
    sums = [sa.func.coalesce(sa.func.sum(sa.case((condition, 1), else_=0)), 0) for condition in _IN.values()]
    return dict(zip(_IN, db.session.execute(sa.select(*sums).select_from(OutgoingMail)).one(), strict=True))


def house_trouble(viewer: Viewer) -> Fault | None:
    """What keeps all mail waiting at present, if anything does."""
    _require_administrator(viewer)
    starts = [OutgoingMail.last_error.startswith(f"{fault}:") for fault in OF_THE_HOUSE]
    query = sa.select(OutgoingMail.last_error).where(_IN[MailState.WAITING], sa.or_(*starts))
    found = db.session.scalar(query.order_by(OutgoingMail.next_try_at.desc()).limit(1))
    return Fault(found.partition(":")[0]) if found else None


def last_probe(viewer: Viewer) -> MailRow | None:
    """The newest mail that the viewer sent to oneself to see whether mail arrives."""
    _require_administrator(viewer)
    query = _ROWS.where(OutgoingMail.member_id == viewer.member_id, OutgoingMail.about == PROBE)
    found = db.session.execute(query.order_by(OutgoingMail.id.desc()).limit(1)).one_or_none()
    return _row(found) if found else None


_ROWS = sa.select(
    OutgoingMail.id,
    OutgoingMail.recipient,
    OutgoingMail.about,
    OutgoingMail.created_at,
    OutgoingMail.next_try_at,
    OutgoingMail.attempts,
    OutgoingMail.sent_at,
    OutgoingMail.bounced_at,
    OutgoingMail.last_error,
    OutgoingMail.bounce,
)


def _row(found: sa.Row[*tuple[Any, ...]]) -> MailRow:
    values = dict(found._mapping)
    fault, _colon, words = values.pop("last_error").partition(": ")
    bounce = values.pop("bounce")
    return MailRow(**values, fault=fault if fault in set(Fault) else "", words=bounce or words)


def _require_administrator(viewer: Viewer) -> None:
    if not viewer.is_administrator:
        raise NotFound
