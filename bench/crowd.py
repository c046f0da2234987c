"""Many clients of the live part in one thread: one clock sees the writing and every arrival.

A client library would take longer for a message than the server does; here a frame is noted as it comes and read
after the run. Socket.IO over WebSocket: `0` opened, `40` entered, `42` event, `43` answer, `2` ping, `3` pong.
"""

import base64
import gc
import json
import re
import selectors
import socket
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

_KEY = base64.b64encode(b"0123456789abcdef").decode()
_PATIENCE = 60.0
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_PONG = b"\x81\x81\0\0\0\0" + b"3"
clock = time.perf_counter


@dataclass(slots=True)
class Client:
    """One WebSocket; `status` is what its handshake was answered with."""

    number: int
    sock: socket.socket
    status: int = 0
    said: str = ""
    has_entered: bool = False
    rest: bytes = b""


@dataclass(frozen=True, slots=True)
class Arrival:
    """An event that a client heard."""

    moment: float
    client: int
    name: str
    data: dict[str, Any]


class Crowd:
    """So many clients in one namespace, each with the cookie of its member."""

    def __init__(self, url: str, namespace: str, cookies: Iterable[str]) -> None:
        self.clients: list[Client] = []
        #: By the number under which it was asked: when the answer came, and the answer.
        self.answers: dict[int, tuple[float, dict[str, Any]]] = {}
        self.asked: dict[int, float] = {}
        #: Of the last `run`: the share of its time that this thread was at work; near 1 it measures itself.
        self.busy = 0.0
        self._address = urlsplit(url)
        self._prefix = f"{namespace},".encode()
        self._cookies = list(cookies)
        self._selector = selectors.DefaultSelector()
        self._heard: list[tuple[float, int, bytes]] = []

    def connect(self, count: int | None = None, at_once: int = 32) -> None:
        """Open `count` more sockets (default: one for each cookie), at most `at_once` at a time."""
        wanted = len(self.clients) + (len(self._cookies) if count is None else count)
        deadline = clock() + _PATIENCE
        while clock() < deadline:
            pending = sum(not client.has_entered and not client.said for client in self.clients)
            if not pending and len(self.clients) == wanted:
                return
            for _ in range(min(at_once - pending, wanted - len(self.clients))):
                self._open()
            self._listen(0.05)
        raise RuntimeError(f"{pending} of {wanted} sockets were not answered")

    def run(self, seconds: float, each: Iterable[Callable[[], None]] = (), every: float = 0.2) -> None:
        """Hear for so long; meanwhile, every so many seconds, do the next of `each`."""
        start = due = clock()
        worked = time.thread_time()
        actions = iter(each)
        action = next(actions, None)
        while (moment := clock()) < start + seconds:
            if action is not None and moment >= due:
                action()
                action = next(actions, None)
                due += every
            soon = due if action is not None else start + seconds
            self._listen(max(0.0, min(soon, start + seconds) - clock()))
        self.busy = (time.thread_time() - worked) / (clock() - start)

    def ask(self, client: int, event: str, data: dict[str, Any]) -> int:
        """Send an event that is answered; the number of the question."""
        number = len(self.asked)
        text = b"42" + self._prefix + str(number).encode() + json.dumps([event, data]).encode()
        frame = _frame(text)
        self.asked[number] = clock()
        self._send(self.clients[client], frame)
        return number

    def await_answers(self, seconds: float = _PATIENCE) -> None:
        """Hear until everything asked is answered."""
        deadline = clock() + seconds
        while len(self.answers) < len(self.asked):
            if clock() > deadline:
                raise RuntimeError(f"{len(self.asked) - len(self.answers)} questions were not answered")
            self._listen(0.05)

    def arrivals(self) -> Iterator[Arrival]:
        """What was heard since the last time, oldest first."""
        heard, self._heard = self._heard, []
        start = len(self._prefix) + 2
        for moment, client, text in heard:
            name, *data = json.loads(text[start:])
            yield Arrival(moment, client, name, data[0] if data else {})

    def gone(self) -> int:
        """How many have been let in and then lost."""
        return sum(client.has_entered and client.sock.fileno() < 0 for client in self.clients)

    def close(self) -> None:
        """Everybody leaves."""
        for client in self.clients:
            self._drop(client)
        self._selector.close()

    def _open(self) -> None:
        number = len(self.clients)
        host = self._address.hostname or ""
        sock = socket.create_connection((host, self._address.port or 80), timeout=_PATIENCE)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        lines = (
            "GET /live/?EIO=4&transport=websocket HTTP/1.1",
            f"Host: {self._address.netloc}",
            f"Origin: {self._address.scheme}://{self._address.netloc}",
            "Connection: Upgrade",
            "Upgrade: websocket",
            "Sec-WebSocket-Version: 13",
            f"Sec-WebSocket-Key: {_KEY}",
            f"Cookie: {self._cookies[number % len(self._cookies)]}",
        )
        sock.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        client = Client(number, sock)
        self.clients.append(client)
        self._selector.register(sock, selectors.EVENT_READ, client)

    def _listen(self, seconds: float) -> None:
        for key, _ in self._selector.select(seconds):
            self._read(key.data)

    def _read(self, client: Client) -> None:
        try:
            data = client.sock.recv(65536)
        except OSError:
            data = b""
        if not data:
            self._drop(client)
            return
        if client.rest:
            data = client.rest + data
        if client.status != 101:
            rest = self._shake_hands(client, data)
            if rest is None:
                client.rest = data
                return
            data = rest
        moment = clock()
        while len(data) > 1:
            start, size = 2, data[1]
            if size == 126:
                start, size = 4, int.from_bytes(data[2:4], "big")
            elif size == 127:
                start, size = 10, int.from_bytes(data[2:10], "big")
            end = start + size
            if len(data) < end:
                break
            if data.startswith(b"42", start):
                self._heard.append((moment, client.number, data[start:end]))
            else:
                self._take(client, data[0] & 15, data[start:end], moment)
            data = data[end:]
        client.rest = data

    def _shake_hands(self, client: Client, data: bytes) -> bytes | None:
        """What follows the handshake; None if there is more to come, or nothing: a refusal is kept as `said`."""
        head, end, rest = data.partition(b"\r\n\r\n")
        if not end:
            return None
        client.status = int(head.split(b" ", 2)[1])
        if client.status == 101:
            return rest
        size = _LENGTH.search(head)
        if len(rest) >= (int(size[1]) if size else 1):
            client.said = rest.decode(errors="replace")
            self._drop(client)
        return None

    def _take(self, client: Client, kind: int, text: bytes, moment: float) -> None:
        if kind == 8:
            self._drop(client)
        elif text == b"2":
            self._send(client, _PONG)
        elif text.startswith(b"0"):
            self._send(client, _frame(b"40" + self._prefix))
        elif text.startswith(b"40"):
            client.has_entered = True
        elif text.startswith(b"43"):
            number, _, given = text[2 + len(self._prefix) :].partition(b"[")
            self.answers[int(number)] = (moment, json.loads(b"[" + given)[0])
        else:  # 41 and 44: the namespace is closed to it
            client.said = text.decode()

    def _send(self, client: Client, frame: bytes) -> None:
        try:
            client.sock.sendall(frame)
        except OSError:  # the server has cut it off
            self._drop(client)

    def _drop(self, client: Client) -> None:
        client.said = client.said or "closed"
        if client.sock.fileno() >= 0:
            with suppress(KeyError):
                self._selector.unregister(client.sock)
            client.sock.close()


@contextmanager
def undisturbed() -> Iterator[None]:
    """No collection of garbage while arrivals are noted: it would take longer than they do."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _frame(text: bytes) -> bytes:
    """One text frame as clients send it; the mask is zero, which is one."""
    size = len(text)
    length = bytes([128 | size]) if size < 126 else b"\xfe" + size.to_bytes(2, "big")
    return b"\x81" + length + b"\0\0\0\0" + text
