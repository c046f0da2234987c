"""Mail leaves the house: by SMTP, or without it as files that an administrator reads.

A row is claimed by pushing its next try behind a lease and writing this machine's name to it, so two processes do
not send it at once. The moment the server has taken it, the machine's journal says so, and only then the database.
A worker that dies in between leaves a claim; when the lease is over, the same machine looks into its journal before
it sends again. Another machine waits longer, as it cannot look. docs/decisions/0011-mail.md tells what remains.
"""

import logging
import sqlite3
import threading
import time
import traceback
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parseaddr
from pathlib import Path
from typing import Any, Protocol

import sqlalchemy as sa
from flask import Flask

from forum.config import Settings
from forum.core.clock import now
from forum.core.db import changed_rows, db, unit_of_work
from forum.jobs.worker import worker_of
from forum.mail import addresses
from forum.mail.composing import Draft, compose, domain_of, wire_address
from forum.mail.dkim import BadKey, Signer, signer_of
from forum.mail.faults import OF_THE_HOUSE, Fault, NotTaken
from forum.mail.journal import Journal
from forum.mail.line import Line, Parcel
from forum.mail.models import OutgoingMail
from forum.mail.outbox import Outbox
from forum.mail.targets import tell_bounce

#: How long a claim holds: longer than one mail ever takes (`mail.line`).
LEASE = timedelta(minutes=10)
#: After that another machine takes over what this one left: its journal is taken for lost.
GONE = timedelta(hours=2)
#: Waiting times after each failure; together about three days, then the mail is given up.
PAUSES = [timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, *([180] * 23))]
#: How long a mail waits that found the house itself in trouble; such tries are not counted.
TROUBLE_PAUSE = timedelta(minutes=1)
#: A round ends after so many failures in a row that may be the connection's, and after so many seconds.
_FAILURES, _ROUND = 3, 600.0
#: How long the journal keeps what the database knows.
_MEMORY = timedelta(days=30)
log = logging.getLogger(__name__)


def init_mail(app: Flask, settings: Settings) -> None:
    """Give the application its postman; the job process has it deliver, tests call `deliver_due` themselves."""
    app.extensions["mail"] = Postman(app, settings)


def postman_of(app: Flask) -> "Postman":
    """The postman of this application."""
    found: Postman = app.extensions["mail"]
    return found


@dataclass(frozen=True, slots=True)
class _Claim:
    id: int
    recipient: str
    subject: str
    text: str
    html: str
    headers: Mapping[str, str]
    message_id: str
    member_id: int | None
    attempts: int
    created_at: datetime
    lease_until: datetime

    def name(self, domain: str) -> str:
        """The Message-ID: the same at every try, so that a mailbox may know a double."""
        return self.message_id or f"<{self.id}.{self.created_at:%Y%m%d%H%M%S%f}@{domain}>"


class Way(Protocol):
    """How mail leaves: over a line to a server, or into the outbox."""

    def hand_over(self, parcel: Parcel) -> None:
        """Come back when the mail is taken, else raise `NotTaken`."""


class Postman:
    """Delivers what is due; may be used by several threads, of which one delivers."""

    def __init__(self, app: Flask, settings: Settings) -> None:
        self._app = app
        self._settings = settings
        self._is_delivering = threading.Lock()
        self._is_asked = threading.Event()
        self._journal = Journal(Path(settings.instance) / "mail-journal.sqlite")
        self.outbox = Outbox(Path(settings.instance) / "outbox")

    @property
    def sends(self) -> bool:
        """Whether mail goes out by SMTP; else it is laid into the outbox."""
        return bool(self._settings.smtp_host)

    def deliver_due(self) -> int:
        """Try every mail that is due, each once; how many left the house.

        If another thread is at it, that one goes on with what is new.
        """
        sent = 0
        self._is_asked.set()
        while self._is_asked.is_set() and self._is_delivering.acquire(blocking=False):
            try:
                self._is_asked.clear()
                with self._app.app_context():
                    sent += self._make_round()
            finally:
                self._is_delivering.release()
        return sent

    def tidy(self) -> None:
        """Forget in the journal what the database knows long since."""
        self._journal.forget(now() - _MEMORY)

    def _make_round(self) -> int:
        sent = failures = 0
        ending = worker_of(self._app).ending
        deadline = time.monotonic() + _ROUND
        with self._way() as way:
            while failures < _FAILURES and time.monotonic() < deadline and not ending.is_set():
                claim = self._claim()
                if claim is None:
                    break
                refusal = self._deliver(way, claim)
                if refusal is None:
                    sent += 1
                elif refusal.fault in OF_THE_HOUSE:
                    break
                failures = failures + 1 if refusal and refusal.is_shaky else 0
        return sent

    def _way(self) -> AbstractContextManager[Way]:
        return Line(self._settings) if self.sends else nullcontext(_IntoOutbox(self.outbox))

    def _claim(self) -> _Claim | None:
        mail = OutgoingMail
        while True:
            moment = now()
            due = sa.select(mail.id, mail.next_try_at).where(*self._is_free(moment))
            row = db.session.execute(due.order_by(mail.next_try_at, mail.id).limit(1)).one_or_none()
            db.session.rollback()  # looking alone holds no lock
            if row is None:
                return None
            lease_until = moment + LEASE
            with unit_of_work():
                taken = db.session.execute(
                    sa.update(mail)
                    .where(mail.id == row.id, mail.next_try_at == row.next_try_at)
                    .values(
                        next_try_at=lease_until, attempts=mail.attempts + 1, claimed_by=self._journal.name
                    )
                    .returning(
                        mail.id,
                        mail.recipient,
                        mail.subject,
                        mail.text,
                        mail.html,
                        mail.headers,
                        mail.message_id,
                        mail.member_id,
                        mail.attempts,
                        mail.created_at,
                    )
                ).one_or_none()
            if taken is not None:
                return _Claim(**taken._mapping, lease_until=lease_until)

    def _is_free(self, moment: datetime) -> tuple[sa.ColumnElement[bool], ...]:
        """Due, and not left behind by another machine that may come back."""
        mail = OutgoingMail
        is_ours = mail.claimed_by.in_(["", self._journal.name])
        return mail.next_try_at <= moment, sa.or_(is_ours, mail.next_try_at <= moment - GONE)

    def _deliver(self, way: Way, claim: _Claim) -> NotTaken | None:
        """None if the mail is out, else what was in the way."""
        name = claim.name(domain_of(self._settings.mail_from))
        moment = now()
        if not self._journal.has(claim.id, name):
            refusal = self._hand_over(way, claim, name, moment)
            if refusal is not None:
                self._note_failure(claim, refusal)
                return refusal
            self._take_down(claim, name, moment)
        # Text and links may hold what only the person may have; nobody needs them any more.
        nothing = {"text": "", "html": "", "headers": {}, "last_error": "", "claimed_by": ""}
        with unit_of_work():
            changed_rows(
                sa.update(OutgoingMail)
                .where(OutgoingMail.id == claim.id)
                .values(next_try_at=None, sent_at=moment, **nothing)
            )
        return None

    def _hand_over(self, way: Way, claim: _Claim, name: str, moment: datetime) -> NotTaken | None:
        """None if the mail was taken, else what was in the way."""
        if claim.attempts > len(PAUSES) + 1:  # it never came so far as to fail: whoever began it died
            return NotTaken(Fault.BROKEN, "the worker died each time", is_final=True)
        try:
            parcel = self._parcel(claim, name, moment)
        except NotTaken as no:
            return no
        except ValueError as fault:
            return NotTaken(Fault.ADDRESS, type(fault).__name__, is_final=True)
        except Exception as fault:  # one mail that cannot be put together must not hold up the others
            # Without the fault's own words: they may hold what the mail says.
            trace = "".join(traceback.format_tb(fault.__traceback__))
            log.error("mail %s cannot be put together: %s\n%s", claim.id, type(fault).__name__, trace)
            return NotTaken(Fault.BROKEN, type(fault).__name__)
        try:
            way.hand_over(parcel)
        except NotTaken as no:
            return no
        return None

    def _parcel(self, claim: _Claim, name: str, moment: datetime) -> Parcel:
        recipient = wire_address(claim.recipient)
        draft = Draft(name, recipient, claim.subject, claim.text, claim.html, claim.headers)
        raw = self._signed(compose(draft, self._settings, moment))
        return Parcel(self._sender(claim), recipient, raw, claim.id, claim.created_at)

    def _take_down(self, claim: _Claim, name: str, moment: datetime) -> None:
        try:
            self._journal.take(claim.id, name, moment)
        except sqlite3.Error as fault:  # then the database alone must remember
            log.error("the mail journal cannot be written: %s", type(fault).__name__)

    def _note_failure(self, claim: _Claim, refusal: NotTaken) -> None:
        log.warning("mail %s was not delivered: %s", claim.id, refusal.fault)
        values: dict[str, Any] = {"claimed_by": "", "last_error": f"{refusal.fault}: {refusal.words}"}
        values["next_try_at"] = next_try_at = _next_try(claim, refusal, now())
        if refusal.fault in OF_THE_HOUSE:
            values["attempts"] = claim.attempts - 1
        held = (OutgoingMail.id == claim.id, OutgoingMail.next_try_at == claim.lease_until)
        with unit_of_work():
            is_ours = changed_rows(sa.update(OutgoingMail).where(*held).values(**values))
            if is_ours and next_try_at is None and claim.member_id is not None:
                tell_bounce(
                    claim.member_id, claim.recipient, refusal.fault is Fault.NO_MAILBOX, refusal.words
                )

    def _sender(self, claim: _Claim) -> str:
        """Where a report comes that the mail did not arrive; it names the mail."""
        return addresses.make("b", str(claim.id)) or parseaddr(self._settings.mail_from)[1]

    def _signed(self, raw: bytes) -> bytes:
        try:
            signer: Signer | None = signer_of(self._settings)
        except BadKey as fault:
            raise NotTaken(Fault.KEY, str(fault)) from fault
        return signer.sign(raw) if signer else raw


class _IntoOutbox:
    """The way where no server is set."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox

    def hand_over(self, parcel: Parcel) -> None:
        try:
            self._outbox.put(parcel.raw, parcel.written_at, parcel.number)
        except OSError as fault:
            raise NotTaken(Fault.FOLDER, fault.strerror or type(fault).__name__) from fault


def _next_try(claim: _Claim, refusal: NotTaken, moment: datetime) -> datetime | None:
    """When to try again; None gives up: after about three days, or at once if another try would end like this one."""
    if refusal.fault in OF_THE_HOUSE:
        return moment + TROUBLE_PAUSE
    if refusal.is_final or claim.attempts > len(PAUSES):
        return None
    return moment + PAUSES[claim.attempts - 1]
