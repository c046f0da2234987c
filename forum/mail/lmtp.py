"""Mail taken from our own mail server by LMTP (RFC 2033): "250" means that it is in the database."""

import asyncio
import logging
import signal
from collections.abc import Callable
from functools import partial
from typing import Any

from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP, Envelope, Session
from flask import Flask

from forum.mail.intake import is_for_us, receive
from forum.mail.letters import SIZE_LIMIT

#: Lines may be this long: the mail came that far, and it is not for us to judge it.
_LINE_LIMIT = 1_000_000
_PATIENCE = 300.0
log = logging.getLogger(__name__)


class _Lmtp(LMTP):
    line_length_limit = _LINE_LIMIT


class _Smtp(SMTP):
    line_length_limit = _LINE_LIMIT


class Intake:
    """What is said to each recipient and each mail. Strangers are refused at the door, so no mail is sent back."""

    def __init__(self, app: Flask, *, one_by_one: bool) -> None:
        self._app = app
        self._one_by_one = one_by_one

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        with self._app.app_context():
            if not is_for_us([address]):
                return "550 5.1.1 No such address here"
        if self._one_by_one and envelope.rcpt_tos:
            # LMTP wants an answer for each recipient after the mail, and we have one for all.
            return "452 4.5.3 One recipient at a time"
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 Ok"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        content = envelope.content
        raw = content if isinstance(content, bytes) else str(content or "").encode("utf-8", "surrogateescape")
        loop = asyncio.get_running_loop()
        try:
            await loop.run_in_executor(None, partial(self._keep, raw, list(envelope.rcpt_tos)))
        except Exception as fault:  # whatever it is: the mail server keeps the mail and comes again
            log.error("a mail could not be kept: %s", type(fault).__name__)
            return "451 4.3.0 Not now, please try again"
        return "250 2.0.0 Kept"

    def _keep(self, raw: bytes, recipients: list[str]) -> None:
        with self._app.app_context():
            receive(raw, recipients)


def run_intake(
    app: Flask, bind: str, *, speaks_smtp: bool = False, begun: Callable[[], None] | None = None
) -> None:
    """Take in mail at `bind` (`unix:/path` or `host:port`) until SIGTERM or SIGINT comes.

    `begun` is called when mail can come. `OSError` if the place is taken.
    """
    asyncio.run(_serve(app, bind, speaks_smtp, begun))


async def _serve(app: Flask, bind: str, speaks_smtp: bool, begun: Callable[[], None] | None) -> None:
    loop = asyncio.get_running_loop()
    end = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, end.set)
    server = await _listen(loop, bind, partial(protocol, app, speaks_smtp=speaks_smtp))
    async with server:
        if begun is not None:
            begun()
        await end.wait()


def protocol(app: Flask, *, speaks_smtp: bool = False) -> SMTP:
    """One connection's side of the talk."""
    kind = _Smtp if speaks_smtp else _Lmtp
    return kind(
        Intake(app, one_by_one=not speaks_smtp),
        data_size_limit=SIZE_LIMIT,
        enable_SMTPUTF8=True,
        hostname="netzwerk",
        ident="Netzwerk",
        timeout=_PATIENCE,
    )


async def _listen(loop: asyncio.AbstractEventLoop, bind: str, make: Callable[[], Any]) -> asyncio.Server:
    if bind.startswith("unix:"):
        return await loop.create_unix_server(make, bind.removeprefix("unix:"))
    host, _colon, port = bind.rpartition(":")
    return await loop.create_server(make, host.strip("[]"), int(port))
