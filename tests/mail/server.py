"""A real SMTP server in this process, which takes, refuses, hangs or hangs up as told."""

import asyncio
import email
import email.policy
import socket
from email.message import EmailMessage

from aiosmtpd.controller import Controller

SUBJECT = "Nachricht aus dem Netzwerk"


class Mailbox:
    """The server's memory, and what it shall answer instead of taking a mail."""

    def __init__(self) -> None:
        self.letters: list[tuple[list[str], EmailMessage]] = []
        self.raw: list[bytes] = []
        self.senders: list[str] = []
        self.port = 0
        self.greetings = 0
        #: Answers to RCPT, by address or for all; to MAIL; to the dot, one after another.
        self.refusal: str | None = None
        self.refusals: dict[str, str] = {}
        self.sender_refusal: str | None = None
        self.verdicts: list[str] = []
        #: After the dot it takes the mail or not, and hangs up or is silent instead of answering.
        self.drops: list[bool] = []
        self.silence = 0.0

    @property
    def names(self) -> list[str]:
        """The Message-IDs of what was taken, in its order."""
        return [str(letter["message-id"]) for _to, letter in self.letters]

    @property
    def recipients(self) -> list[str]:
        return [to for (to, *_), _letter in self.letters]

    async def handle_EHLO(self, server, session, envelope, hostname, responses):
        self.greetings += 1
        session.host_name = hostname
        return responses

    async def handle_MAIL(self, server, session, envelope, address, options):
        if self.sender_refusal:
            return self.sender_refusal
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):
        if refusal := self.refusals.get(address, self.refusal):
            return refusal
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if self.verdicts and (verdict := self.verdicts.pop(0)):
            return verdict
        if self.drops:
            if self.drops.pop(0):
                self._take(envelope)
            server.transport.abort()
            return "250 OK"
        self._take(envelope)
        if self.silence:
            await asyncio.sleep(self.silence)
        return "250 OK"

    def _take(self, envelope) -> None:
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        self.letters.append((envelope.rcpt_tos, message))
        self.raw.append(envelope.original_content)
        self.senders.append(envelope.mail_from)


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def open_mailbox() -> tuple[Mailbox, Controller]:
    """A server that listens; stop the controller in the end."""
    box = Mailbox()
    box.port = free_port()
    controller = Controller(box, hostname="127.0.0.1", port=box.port)
    controller.start()
    return box, controller
