"""Mail leaves the house: by SMTP, or without it as files that an administrator reads.

A row is claimed by pushing its next try into the future, so two processes do not send it twice; a process that
dies between sending and noting it sends it again after the lease, which is the lesser evil.
"""

import logging
import smtplib
import ssl
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from pathlib import Path

import sqlalchemy as sa
from flask import Flask

from forum.config import Settings
from forum.core.clock import now
from forum.core.db import changed_rows, db, unit_of_work
from forum.mail.models import OutgoingMail
from forum.mail.outbox import Outbox
from forum.mail.service import written

LEASE = timedelta(minutes=5)
TIMEOUT = 20
#: Waiting times after each failure; together about three days, then the mail is given up.
PAUSES = [timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, *([180] * 23))]
#: How often the queue is looked at without being woken.
_ROUND = 60.0
log = logging.getLogger(__name__)


def init_mail(app: Flask, settings: Settings) -> None:
    """Have a thread of this process deliver mail, from the first request on; tests call `deliver_due` themselves."""
    postman = Postman(app, settings)
    app.extensions["mail"] = postman

    @app.before_request
    def start_postman() -> None:
        if not postman.is_at_work and not app.testing:
            postman.start()


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
    attempts: int
    created_at: datetime


class Postman:
    """Delivers what is due, once a minute and whenever mail is written."""

    def __init__(self, app: Flask, settings: Settings) -> None:
        self._app = app
        self._settings = settings
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self.is_at_work = False
        self.outbox = Outbox(Path(settings.instance) / "outbox")

    @property
    def sends(self) -> bool:
        """Whether mail goes out by SMTP; else it is laid into the outbox."""
        return bool(self._settings.smtp_host)

    def start(self) -> None:
        """Begin the rounds in a thread of their own; a second call does nothing."""
        with self._lock:
            if self.is_at_work:
                return
            self.is_at_work = True
        self._thread = threading.Thread(target=self._rounds, name="postman", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the rounds; a mail on its way is finished first."""
        with self._lock:
            thread, self._thread, self.is_at_work = self._thread, None, False
        written.set()
        if thread is not None:
            thread.join()

    def deliver_due(self) -> int:
        """Try every mail that is due, each once; how many left the house."""
        sent = 0
        with self._app.app_context():
            while claim := self._claim():
                sent += self._deliver(claim)
        return sent

    def _rounds(self) -> None:
        while self.is_at_work:
            try:
                self.deliver_due()
            except Exception:  # a database that is away for a while must not end the rounds
                log.exception("the mail queue could not be read")
            written.wait(_ROUND)
            written.clear()

    def _claim(self) -> _Claim | None:
        moment = now()
        due = sa.select(OutgoingMail.id, OutgoingMail.next_try_at).where(OutgoingMail.next_try_at <= moment)
        row = db.session.execute(
            due.order_by(OutgoingMail.next_try_at, OutgoingMail.id).limit(1)
        ).one_or_none()
        db.session.rollback()  # looking alone holds no lock
        if row is None:
            return None
        with unit_of_work():
            claimed = changed_rows(
                sa.update(OutgoingMail)
                .where(OutgoingMail.id == row.id, OutgoingMail.next_try_at == row.next_try_at)
                .values(next_try_at=moment + LEASE, attempts=OutgoingMail.attempts + 1)
            )
            mail = db.session.get_one(OutgoingMail, row.id, populate_existing=True)
            claim = _Claim(mail.id, mail.recipient, mail.subject, mail.text, mail.attempts, mail.created_at)
        return claim if claimed == 1 else self._claim()

    def _deliver(self, claim: _Claim) -> bool:
        moment = now()
        try:
            message = self._compose(claim, moment)
            if self.sends:
                self._send(message)
            else:
                self.outbox.put(message, moment, claim.id)
        except (OSError, smtplib.SMTPException, ValueError) as fault:
            self._note(claim, next_try_at=_next_try(claim, fault, moment), last_error=_words(fault))
            log.warning("mail %s was not delivered: %s", claim.id, type(fault).__name__)
            return False
        # The text may hold a one-time link; nobody needs it any more.
        self._note(claim, next_try_at=None, sent_at=moment, last_error="", text="")
        return True

    def _note(self, claim: _Claim, **values: object) -> None:
        with unit_of_work():
            db.session.execute(sa.update(OutgoingMail).where(OutgoingMail.id == claim.id).values(**values))

    def _compose(self, claim: _Claim, moment: datetime) -> EmailMessage:
        sender = self._settings.mail_from
        domain = parseaddr(sender)[1].rpartition("@")[2] or "localhost"
        message = EmailMessage()
        message["From"] = sender
        message["To"] = claim.recipient
        message["Subject"] = claim.subject
        message["Date"] = format_datetime(moment)
        # The same mail tried again keeps its name, so that a mailbox may know it for a double.
        message["Message-ID"] = f"<{claim.id}.{claim.created_at:%Y%m%d%H%M%S%f}@{domain}>"
        message["Auto-Submitted"] = "auto-generated"
        message["X-Auto-Response-Suppress"] = "All"
        message.set_content(claim.text)
        return message

    def _send(self, message: EmailMessage) -> None:
        settings = self._settings
        secure = ssl.create_default_context()
        server = (
            smtplib.SMTP_SSL(settings.smtp_host, settings.smtp_port, timeout=TIMEOUT, context=secure)
            if settings.smtp_security == "tls"
            else smtplib.SMTP(settings.smtp_host, settings.smtp_port, timeout=TIMEOUT)
        )
        with server:
            if settings.smtp_security == "starttls":
                server.starttls(context=secure)
            if settings.smtp_user:
                server.login(settings.smtp_user, settings.smtp_password)
            server.send_message(message)


def _next_try(claim: _Claim, fault: Exception, moment: datetime) -> datetime | None:
    """When to try again; None gives up: after about three days, or at once if the recipient is refused for good."""
    if isinstance(fault, smtplib.SMTPRecipientsRefused):
        codes = [code for code, _reason in fault.recipients.values()]
        if all(500 <= code < 600 for code in codes):
            return None
    if isinstance(fault, ValueError) or claim.attempts > len(PAUSES):
        return None
    return moment + PAUSES[claim.attempts - 1]


def _words(fault: Exception) -> str:
    return f"{type(fault).__name__}: {fault}"[:300]
