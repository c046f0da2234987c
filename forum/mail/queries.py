"""Mail as administrators see it: to whom it went and how, what came in and what became of it; never the text."""

import enum
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from forum.core.access import Viewer
from forum.core.db import db
from forum.core.errors import NotFound
from forum.core.listing import count_each, newest
from forum.core.paging import Slice
from forum.mail.faults import OF_THE_HOUSE, Fault
from forum.mail.models import IncomingMail, IncomingState, Outcome, OutgoingMail
from forum.mail.service import PROBE


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
    return newest(query, OutgoingMail.id, cursor, _row)


def count_mails(viewer: Viewer) -> dict[MailState, int]:
    """How many mails are in each state."""
    _require_administrator(viewer)
    return count_each(OutgoingMail, _IN)


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


class Fate(enum.StrEnum):
    """What became of a mail that came in; one of ours that came back is no answer."""

    TAKEN = "taken"
    REFUSED = "refused"
    CAME_BACK = "came_back"
    IGNORED = "ignored"
    WAITING = "waiting"


_IS_BOUNCE = IncomingMail.outcome == Outcome.BOUNCE
_CAME: dict[Fate, sa.ColumnElement[bool]] = {
    Fate.TAKEN: sa.and_(IncomingMail.state == IncomingState.TAKEN, ~_IS_BOUNCE),
    Fate.REFUSED: IncomingMail.state == IncomingState.REFUSED,
    Fate.CAME_BACK: sa.and_(IncomingMail.state == IncomingState.TAKEN, _IS_BOUNCE),
    Fate.IGNORED: IncomingMail.state == IncomingState.IGNORED,
    Fate.WAITING: IncomingMail.state == IncomingState.WAITING,
}


@dataclass(frozen=True, slots=True)
class IncomingRow:
    """One mail that came in. `outcome` is a code of `Outcome`, or the sentence with which it was refused.

    `member_id` is whose it is, if that is known; of other senders there is the domain.
    """

    id: int
    received_at: datetime
    state: IncomingState
    outcome: str
    member_id: int | None
    sender_domain: str
    answered_at: datetime | None

    @property
    def fate(self) -> Fate:
        return Fate.CAME_BACK if self.outcome == Outcome.BOUNCE else Fate(self.state.value)


def list_incoming(viewer: Viewer, cursor: str = "", fate: Fate | None = None) -> Slice[IncomingRow]:
    """All mails that came in, or those of one fate; newest first."""
    _require_administrator(viewer)
    columns = [getattr(IncomingMail, each.name) for each in fields(IncomingRow)]
    query = sa.select(*columns)
    if fate is not None:
        query = query.where(_CAME[fate])
    return newest(query, IncomingMail.id, cursor, lambda row: IncomingRow(*row))


def count_incoming(viewer: Viewer) -> dict[Fate, int]:
    """How many of the mails that came in had each fate."""
    _require_administrator(viewer)
    return count_each(IncomingMail, _CAME)


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


def _row(found: Sequence[Any]) -> MailRow:
    *facts, last_error, bounce = found
    fault, _colon, words = last_error.partition(": ")
    facts += [fault if fault in set(Fault) else "", bounce or words]
    return MailRow(*facts)


def _require_administrator(viewer: Viewer) -> None:
    if not viewer.is_administrator:
        raise NotFound
