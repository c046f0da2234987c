"""One push to one browser: encrypted for it, sent to its maker's service, and never to a machine inside the house.

`pywebpush` encrypts and signs; the line itself is ours, since the address comes from a browser: it leads to a checked
address of the open net, follows no redirection, asks no proxy, and is cut after a while. What went wrong is said
without the host's name.
"""

import enum
import http.client
import logging
import socket
import ssl
import threading
from collections.abc import Mapping
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from forum.notifications.service.pushes import is_open, is_open_address

#: Seconds for one step of a connection, and for all of it.
_STEP, _ALL = 5.0, 12.0
#: So long a service keeps what a device that is off cannot take yet, in seconds.
_KEPT = 24 * 3600
#: Statuses that say: this browser is gone (RFC 8030, 7.3), try again later.
_GONE, _LATER = frozenset({404, 410}), frozenset({408, 429})
_ANSWER = 4096
log = logging.getLogger(__name__)


class Outcome(enum.Enum):
    """What became of a push."""

    SENT = "sent"
    GONE = "gone"
    LATER = "later"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Target:
    """A browser's address and keys."""

    endpoint: str
    public_key: str
    secret: str

    @property
    def host(self) -> str:
        return urlsplit(self.endpoint).hostname or ""


class _Closed(Exception):
    """The name leads into a net that is nobody's business."""


@dataclass(frozen=True, slots=True)
class _Answer:
    """As much of an answer as `pywebpush` looks at."""

    status_code: int
    reason: str
    headers: Mapping[str, str]
    text: str = ""


def send(target: Target, payload: str, *, key: Path, contact: str, urgency: str, topic: str) -> Outcome:
    """Send `payload` (≤ 3 KB of text). `urgency`: RFC 8030, 5.3; of one `topic` a service keeps only the last."""
    # Only here: it brings libraries that take as much memory as the rest of a web process, which never sends.
    from pywebpush import WebPushException, webpush

    subscription = {
        "endpoint": target.endpoint,
        "keys": {"p256dh": target.public_key, "auth": target.secret},
    }
    try:
        webpush(
            subscription,
            payload,
            vapid_private_key=str(key),
            vapid_claims={"sub": contact},
            ttl=_KEPT,
            timeout=_STEP,
            headers={"Urgency": urgency, "Topic": topic},
            requests_session=_Line(),
        )
    except WebPushException as fault:
        return _outcome(fault.status_code or 400)
    except _Closed:
        return Outcome.GONE
    except (OSError, ValueError, http.client.HTTPException) as fault:
        log.info("push not delivered: %s", type(fault).__name__)
        return Outcome.LATER
    return Outcome.SENT


def _outcome(status: int) -> Outcome:
    if status in _GONE:
        return Outcome.GONE
    if status in _LATER or status >= 500:
        return Outcome.LATER
    log.warning("push refused with status %s", status)
    return Outcome.REFUSED


class _Line:
    """What `pywebpush` takes for a session of `requests`: one POST, one connection."""

    def post(self, endpoint: str, *, timeout: float, data: bytes, headers: Mapping[str, Any]) -> _Answer:
        parts = urlsplit(endpoint)
        host = parts.hostname or ""
        if not is_open_address(endpoint):
            raise _Closed
        connection = _Pinned(host, look_up(host), timeout)
        overdue = threading.Timer(_ALL, connection.cut)
        overdue.start()
        try:
            path = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
            connection.request("POST", path, body=data, headers={k: str(v) for k, v in headers.items()})
            answer = connection.getresponse()
            answer.read(_ANSWER)
            return _Answer(answer.status, "", {"Retry-After": answer.headers.get("Retry-After", "")})
        finally:
            overdue.cancel()
            connection.close()


class _Pinned(http.client.HTTPSConnection):
    """A connection to the address that was checked, not to where the name may lead a moment later."""

    def __init__(self, host: str, address: tuple[str, int], timeout: float) -> None:
        super().__init__(host, 443, timeout=timeout, context=trust())
        self._address = address
        self._patience = timeout
        self._line: ssl.SSLSocket | None = None

    def connect(self) -> None:
        raw = socket.create_connection(self._address, self._patience)
        # Greeting comes after: who is slow in it can be cut off, too.
        self.sock = self._line = trust().wrap_socket(
            raw, server_hostname=self.host, do_handshake_on_connect=False
        )
        self._line.do_handshake()

    def cut(self) -> None:
        """End it, whatever it waits for."""
        # Not `sock`: that is gone when the answer is one after which the service hangs up, and is still being read.
        if self._line is not None:
            with suppress(OSError):
                self._line.shutdown(socket.SHUT_RDWR)


def look_up(host: str) -> tuple[str, int]:
    """Where the host is: an address of the open net; `_Closed` if any of its addresses is not."""
    found = _resolve(host).result(_STEP)
    if not found or not all(is_open(address) for address in found):
        raise _Closed
    return found[0], 443


def _resolve(host: str) -> "Future[list[str]]":
    """The addresses that the name has now. How long the system asks is its own affair: a thread waits for it."""
    answer: Future[list[str]] = Future()

    def ask() -> None:
        try:
            found = socket.getaddrinfo(host, 443, type=socket.SOCK_STREAM)
            answer.set_result([str(place[0]) for *_rest, place in found])
        except (OSError, ValueError) as fault:
            answer.set_exception(fault)

    threading.Thread(target=ask, daemon=True).start()
    return answer


@lru_cache(maxsize=1)
def trust() -> ssl.SSLContext:
    """Which certificates are believed: those the machine believes."""
    return ssl.create_default_context()
