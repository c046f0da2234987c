"""The line to the SMTP server: one connection for many mails, opened again when it breaks."""

import re
import smtplib
import ssl
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from forum.config import Settings
from forum.mail.faults import Fault, NotTaken, refusal

#: How long the server may take for a connection and for an answer, in seconds.
PATIENCE = 20.0
#: How long it may take to decide on a whole mail: hanging up earlier makes doubles (RFC 5321, 4.5.3.2.6).
VERDICT_PATIENCE = 300.0
#: So many mails go over one connection.
MAILS = 100
_LINE_START_DOT = re.compile(rb"(?m)^\.")


@dataclass(frozen=True, slots=True)
class Parcel:
    """A mail ready to go: the address that reports come to, whom it is for, its bytes; number and time of its row."""

    sender: str
    recipient: str
    raw: bytes
    number: int
    written_at: datetime


class Line:
    """Hands mails over, one after another."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._server: smtplib.SMTP | None = None
        self._count = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _fault: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.hang_up()

    def hand_over(self, parcel: Parcel) -> None:
        """Come back when the server has taken the mail; `NotTaken` if it did not, or if nobody can say."""
        server = self._connected()
        try:
            self._hand_over(server, parcel)
        except NotTaken as no:
            self._go_on(server, is_ended=no.words.startswith("421"))
            raise
        except (OSError, smtplib.SMTPException) as fault:
            self._drop()
            raise NotTaken(Fault.BROKEN_OFF, _words(fault), is_shaky=True) from fault
        self._count += 1
        if self._count >= MAILS:
            self.hang_up()

    def hang_up(self) -> None:
        """Say goodbye and close."""
        server, self._server = self._server, None
        if server is not None:
            with suppress(OSError, smtplib.SMTPException):
                server.quit()
            server.close()

    def _hand_over(self, server: smtplib.SMTP, parcel: Parcel) -> None:
        code, words = server.mail(parcel.sender, _options(server, parcel.recipient))
        if code != 250:
            raise _of_sender(code, _text(words))
        code, words = server.rcpt(parcel.recipient)
        if code not in (250, 251):
            raise refusal(code, _text(words), of_recipient=True)
        code, words = server.docmd("DATA")
        if code != 354:
            raise refusal(code, _text(words), of_recipient=False)
        # In one piece: between two the network would wait for a sign of the first.
        server.send(_LINE_START_DOT.sub(b"..", parcel.raw) + b".\r\n")
        self._wait_up_to(server, VERDICT_PATIENCE)
        code, words = server.getreply()
        self._wait_up_to(server, PATIENCE)
        if code != 250:
            raise refusal(code, _text(words), of_recipient=False)

    def _connected(self) -> smtplib.SMTP:
        if self._server is None:
            self._server = connect(self._settings, PATIENCE)
            self._count = 0
        return self._server

    def _go_on(self, server: smtplib.SMTP, *, is_ended: bool) -> None:
        """After a no the server forgets the mail, and the next one can follow."""
        if not is_ended:
            with suppress(OSError, smtplib.SMTPException):
                if server.docmd("RSET")[0] == 250:
                    return
        self._drop()

    def _drop(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            server.close()

    def _wait_up_to(self, server: smtplib.SMTP, seconds: float) -> None:
        if server.sock is not None:
            server.sock.settimeout(seconds)


def connect(settings: Settings, patience: float) -> smtplib.SMTP:
    """A connection that is encrypted and signed in as set; `NotTaken` with a fault of the house."""
    host, port = settings.smtp_host, settings.smtp_port
    secure = ssl.create_default_context()
    name = _own_name(settings)
    server: smtplib.SMTP | None = None
    try:
        if settings.smtp_security == "tls":
            server = smtplib.SMTP_SSL(host, port, name, timeout=patience, context=secure)
        else:
            server = smtplib.SMTP(host, port, name, timeout=patience)
        server.ehlo_or_helo_if_needed()
        if settings.smtp_security == "starttls":
            if not server.has_extn("starttls"):
                raise NotTaken(Fault.ENCRYPTION, "STARTTLS is not offered")
            server.starttls(context=secure)
            server.ehlo_or_helo_if_needed()
        if settings.smtp_user:
            server.login(settings.smtp_user, settings.smtp_password)
    except Exception as fault:
        if server is not None:
            server.close()
        raise _of_the_house(fault) from fault
    return server


def _of_the_house(fault: Exception) -> Exception:
    if isinstance(fault, ssl.SSLError):
        return NotTaken(Fault.ENCRYPTION, _words(fault))
    if isinstance(fault, smtplib.SMTPAuthenticationError | smtplib.SMTPNotSupportedError):
        return NotTaken(Fault.LOGIN, _words(fault))
    if isinstance(fault, OSError | smtplib.SMTPException):
        return NotTaken(Fault.UNREACHABLE, _words(fault))
    return fault


def _of_sender(code: int, words: str) -> NotTaken:
    return NotTaken(Fault.SENDER if code >= 500 else Fault.LATER, f"{code} {words}", is_shaky=True)


def _options(server: smtplib.SMTP, recipient: str) -> list[str]:
    if recipient.isascii():
        return []
    if not server.has_extn("smtputf8"):
        raise NotTaken(Fault.ADDRESS, "SMTPUTF8 is not offered", is_final=True)
    return ["SMTPUTF8"]


def _own_name(settings: Settings) -> str:
    """How we introduce ourselves; asking the resolver for it may take long where there is none."""
    host = urlsplit(settings.public_url).hostname or ""
    is_name = "." in host and not host.replace(".", "").isdigit()
    return host if is_name else "[127.0.0.1]"


def _text(words: bytes) -> str:
    return words.decode("utf-8", "replace")


def _words(fault: BaseException) -> str:
    if isinstance(fault, smtplib.SMTPResponseException):
        error = fault.smtp_error
        return f"{fault.smtp_code} {_text(error) if isinstance(error, bytes) else error}"
    return f"{type(fault).__name__}: {fault}"
