"""All WebSockets of this process on one thread.

python-engineio gives every WebSocket four threads: the server's, a writer, a reader, and one that sleeps until the
next ping. Here one thread waits for all sockets at once, whoever has something to send writes it himself, and a few
threads do what arrives. Why, with figures: `docs/decisions/0007-sockets.md`.
"""

import heapq
import itertools
import logging
import os
import selectors
import socket
import threading
import time
from base64 import b64encode
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from hashlib import sha1
from typing import Any

from wsproto.connection import Connection as Protocol
from wsproto.connection import ConnectionType
from wsproto.events import BytesMessage, CloseConnection, Ping, TextMessage
from wsproto.frame_protocol import CloseReason, FrameProtocol
from wsproto.utilities import ProtocolError

#: Threads that carry out what clients send. Python runs one at a time; the others wait for the database.
_HANDLERS = 4
#: Of one client: frames at once and per second. Who sends more is read more slowly; nobody else notices.
_BURST, _PER_SECOND = 100, 40
_REST = 0.25
#: What a client may leave unread, in bytes, before it is cut off; it finds the rest in the database afterwards.
_UNREAD_LIMIT = 2_000_000
_GREETING = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455, section 1.3
log = logging.getLogger(__name__)

Receive = Callable[[str], None]
Lost = Callable[[], None]


class NoWebSocket(Exception):
    """The request asks for no WebSocket, or this server cannot hand its connection over."""


def text_frame(text: str) -> bytes:
    """`text` as one unmasked WebSocket frame (RFC 6455, section 5), the same for every receiver."""
    return bytes(FrameProtocol(client=False, extensions=[]).send_data(text, fin=True))


class Wire:
    """The thread that waits for all connections, its timers, and the threads that do the work."""

    def __init__(self, frame_limit: int) -> None:
        self.frame_limit = frame_limit
        self._selector = selectors.DefaultSelector()
        self._calls: deque[Callable[[], None]] = deque()
        self._timers: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None
        self._pool: ThreadPoolExecutor | None = None
        self._bell = -1

    def accept(
        self,
        environ: Mapping[str, Any],
        receive: Receive,
        lost: Lost,
        begin: "Callable[[Connection], None]" = lambda _connection: None,
    ) -> "Connection":
        """Answer the handshake and take the connection over from the web server.

        `begin` is called before anything is read, as clients do not wait; `receive` gets each text message, one
        after the other; `lost` is called once when the connection has ended. Raises `NoWebSocket`.
        """
        ours = _take_over(environ)
        ours.sendall(_handshake(environ))
        ours.setblocking(False)
        connection = Connection(self, ours, receive, lost)
        begin(connection)
        self.call(connection.listen)
        return connection

    def call(self, action: Callable[[], None]) -> None:
        """Have the wire's thread do `action` soon."""
        self._start()
        self._calls.append(action)
        with suppress(BlockingIOError):  # it is awake anyway
            os.write(self._bell, b".")

    def later(self, seconds: float, action: Callable[[], None]) -> None:
        """Have `action` done by one of the working threads after `seconds`."""
        due = time.monotonic() + seconds
        self.call(lambda: heapq.heappush(self._timers, (due, next(self._order), lambda: self.work(action))))

    def work(self, action: Callable[[], None]) -> None:
        """Have one of the working threads do `action`."""
        self._start()
        assert self._pool is not None  # noqa: S101 (started above)
        with suppress(RuntimeError):  # the process is ending
            self._pool.submit(_carefully, action)

    def watch(self, sock: socket.socket, events: int, ready: Callable[[int], None]) -> None:
        """Call `ready` whenever one of `events` happens; 0 watches no longer. Only from the wire's thread."""
        known = sock.fileno() in self._selector.get_map()
        if not events:
            if known:
                self._selector.unregister(sock)
        elif known:
            self._selector.modify(sock, events, ready)
        else:
            self._selector.register(sock, events, ready)

    def _start(self) -> None:
        if self._thread is not None:
            return
        with self._starting:
            if self._thread is not None:
                return
            hearing, self._bell = os.pipe()
            os.set_blocking(hearing, False)
            os.set_blocking(self._bell, False)
            self._selector.register(hearing, selectors.EVENT_READ, lambda _mask: os.read(hearing, 4096))
            self._pool = ThreadPoolExecutor(_HANDLERS, thread_name_prefix="event")
            self._thread = threading.Thread(target=self._run, name="wire", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        while True:
            pause = self._timers[0][0] - time.monotonic() if self._timers else None
            for key, mask in self._selector.select(None if pause is None else max(pause, 0)):
                _carefully(partial(key.data, mask))
            while self._calls:
                _carefully(self._calls.popleft())
            while self._timers and self._timers[0][0] <= time.monotonic():
                _carefully(heapq.heappop(self._timers)[2])


class Connection:
    """One WebSocket. `send` may be called from any thread; the rest is done by the wire's."""

    __slots__ = (
        "_allowance", "_allowed_at", "_inbox", "_is_ended", "_is_resting", "_is_working", "_lock", "_lost",
        "_out", "_parts", "_protocol", "_receive", "_size", "_sock", "_wire",
    )  # fmt: skip

    def __init__(self, wire: Wire, sock: socket.socket, receive: Receive, lost: Lost) -> None:
        self._wire = wire
        self._sock = sock
        self._receive = receive
        self._lost = lost
        self._protocol = Protocol(ConnectionType.SERVER)
        self._lock = threading.Lock()
        self._out = bytearray()
        self._parts: list[str] = []
        self._size = 0
        self._inbox: deque[str] = deque()
        self._is_working = False
        self._is_ended = False
        self._is_resting = False
        self._allowance = float(_BURST)
        self._allowed_at = time.monotonic()

    def send(self, frame: bytes) -> None:
        """Write `frame`; what the network does not take at once follows in order. Nothing happens after the end."""
        with self._lock:
            if self._is_ended:
                return
            if not self._out:
                try:
                    taken = _write(self._sock, frame)
                except OSError:
                    self._wire.call(self._end)
                    return
                if taken == len(frame):
                    return
                frame = frame[taken:]
            self._out += frame
            self._wire.call(self._end if len(self._out) > _UNREAD_LIMIT else self.listen)

    def close(self, code: int = CloseReason.NORMAL_CLOSURE) -> None:
        """Say goodbye and end; what waits to be sent is tried once more."""
        self._wire.call(lambda: self._say_goodbye(code))

    def listen(self) -> None:
        """Wait for what concerns this connection now: reading unless it rests, writing while something waits."""
        if not self._is_ended:
            reading = 0 if self._is_resting else selectors.EVENT_READ
            writing = selectors.EVENT_WRITE if self._out else 0
            self._wire.watch(self._sock, reading | writing, self._ready)

    def _ready(self, mask: int) -> None:
        if mask & selectors.EVENT_WRITE:
            self._flush()
        if mask & selectors.EVENT_READ and not self._is_ended:
            self._read()

    def _flush(self) -> None:
        with self._lock:
            try:
                del self._out[: _write(self._sock, self._out)]
            except OSError:
                self._out.clear()
                self._wire.call(self._end)
                return
            is_done = not self._out
        if is_done:
            self.listen()

    def _read(self) -> None:
        try:
            data = self._sock.recv(65536)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._end()
            return
        self._digest(data)

    def _digest(self, data: bytes = b"") -> None:
        """Take what has been read, as far as the allowance goes; the rest when there is some again."""
        try:
            if data:
                self._protocol.receive_data(data)
            for event in self._protocol.events():
                self._take(event)
                if self._is_resting:
                    return
        except ProtocolError:
            self._say_goodbye(CloseReason.PROTOCOL_ERROR)

    def _take(self, event: Any) -> None:
        if self._is_ended:
            return
        self._count()
        if isinstance(event, TextMessage):
            self._parts.append(event.data)
            self._size += len(event.data.encode())
            if self._size > self._wire.frame_limit:
                self._say_goodbye(CloseReason.MESSAGE_TOO_BIG)
            elif event.message_finished:
                text = "".join(self._parts)
                self._parts, self._size = [], 0
                self._arrive(text)
        elif isinstance(event, Ping):
            self.send(self._protocol.send(event.response()))
        elif isinstance(event, CloseConnection):
            self.send(self._protocol.send(event.response()))
            self._end()
        elif isinstance(event, BytesMessage):
            self._say_goodbye(CloseReason.UNSUPPORTED_DATA)

    def _arrive(self, text: str) -> None:
        self._inbox.append(text)
        with self._lock:
            is_idle = not self._is_working
            self._is_working = True
        if is_idle:
            self._wire.work(self._work)

    def _work(self) -> None:
        """Do what has arrived, in its order; only one thread at a time is here."""
        while True:
            while self._inbox:
                _carefully(lambda: self._receive(self._inbox.popleft()))
            with self._lock:
                if not self._inbox:
                    self._is_working = False
                    return

    def _count(self) -> None:
        moment = time.monotonic()
        refill = (moment - self._allowed_at) * _PER_SECOND
        self._allowance = min(_BURST, self._allowance + refill) - 1
        self._allowed_at = moment
        if self._allowance < 0 or len(self._inbox) > _BURST:
            self._is_resting = True
            self.listen()
            self._wire.later(_REST, lambda: self._wire.call(self._resume))

    def _resume(self) -> None:
        self._is_resting = False
        self._digest()
        self.listen()

    def _say_goodbye(self, code: int) -> None:
        if not self._is_ended:
            with suppress(ProtocolError):
                self.send(self._protocol.send(CloseConnection(code)))
            self._end()

    def _end(self) -> None:
        with self._lock:
            if self._is_ended:
                return
            self._is_ended = True
        self._wire.watch(self._sock, 0, self._ready)
        with suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)
        self._sock.close()
        self._wire.work(self._lost)


def _write(sock: socket.socket, data: bytes | bytearray) -> int:
    """How many bytes of `data` the network takes at once; 0 if it is busy."""
    try:
        return sock.send(data)
    except BlockingIOError:
        return 0


def _take_over(environ: Mapping[str, Any]) -> socket.socket:
    """The request's connection as a socket of our own.

    The web server keeps an unconnected one under the old number and closes that: closing the real one, it would
    shut the line down for us, too.
    """
    theirs = environ.get("gunicorn.socket")
    if not isinstance(theirs, socket.socket):
        raise NoWebSocket
    ours = theirs.dup()
    with socket.socket(theirs.family) as idle:
        os.dup2(idle.fileno(), theirs.fileno())
    return ours


def _handshake(environ: Mapping[str, Any]) -> bytes:
    """The answer to an opening handshake (RFC 6455, section 4.2.2)."""
    accept = b64encode(sha1(f"{_key(environ)}{_GREETING}".encode(), usedforsecurity=False).digest()).decode()
    lines = (
        "HTTP/1.1 101 Switching Protocols",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Accept: {accept}",
    )
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def is_handshake(environ: Mapping[str, Any]) -> bool:
    """Whether the request opens a WebSocket that `Wire.accept` can take."""
    return bool(
        environ.get("HTTP_SEC_WEBSOCKET_VERSION") == "13"
        and _key(environ)
        and isinstance(environ.get("gunicorn.socket"), socket.socket)
    )


def _key(environ: Mapping[str, Any]) -> str:
    return str(environ.get("HTTP_SEC_WEBSOCKET_KEY", "")).strip()


def _carefully(action: Callable[[], Any]) -> None:
    """One connection's fault must not end the thread that serves them all."""
    try:
        action()
    except Exception:
        log.exception("a socket's work failed")
