"""Who is in which channel, and how other processes reach them.

With Redis every process hears every other. Without, one process serves all sockets, and the others of this machine
(background jobs, commands) reach it through a local datagram socket.
"""

import json
import logging
import os
import socket
import tempfile
import threading
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any

from socketio import Manager, RedisManager

#: The longest path that a local socket may have on Linux and macOS.
_PATH_LIMIT = 100
_DATAGRAM_LIMIT = 200_000
#: A socket that is just connecting cannot be disconnected yet; so much later it can.
_SECOND_TRY = 0.5
log = logging.getLogger(__name__)


class _CutsOff:
    """Closing a channel disconnects whoever is in it, from everything."""

    server: Any

    def basic_close_room(self, room: str, namespace: str) -> None:
        for sid, eio_sid in list(self.get_participants(namespace, room)):  # type: ignore[attr-defined]
            self._disconnect(sid, eio_sid, namespace)
            if not self.is_gone(eio_sid):
                threading.Timer(_SECOND_TRY, self._disconnect, (sid, eio_sid, namespace)).start()

    def is_gone(self, eio_sid: str) -> bool:
        return eio_sid not in self.server.eio.sockets

    def _disconnect(self, sid: str, eio_sid: str, namespace: str) -> None:
        self.server.disconnect(sid, namespace=namespace, ignore_queue=True)
        if not self.is_connecting(sid, namespace):
            self.server.eio.disconnect(eio_sid)

    def is_connecting(self, sid: str, namespace: str) -> bool:
        return bool(self.is_pre_connected(sid, namespace))  # type: ignore[attr-defined]


class SharedManager(_CutsOff, RedisManager):
    """Several server processes, one Redis between them."""


class LocalManager(_CutsOff, Manager):
    """One server process; others on this machine send it datagrams, which nobody else may (the file is private)."""

    def __init__(self, instance: Path) -> None:
        super().__init__()
        self._address = _address(instance)
        self._has_the_sockets = False

    def initialize(self) -> None:
        """Begin to listen, in the process that has the sockets; called with the first of them."""
        with suppress(FileNotFoundError):
            os.unlink(self._address)
        heard = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        mask = os.umask(0o077)
        try:
            heard.bind(self._address)
        finally:
            os.umask(mask)
        self._has_the_sockets = True
        threading.Thread(target=self._listen, args=(heard,), name="neighbours", daemon=True).start()

    def emit(self, event: str, data: Any, namespace: str, room: str | None = None, **options: Any) -> None:
        """Tell the sockets in `room`, wherever they are."""
        if self._has_the_sockets:
            super().emit(event, data, namespace, room=room, **options)
        else:
            self._send("emit", event, data, namespace, room or options.get("to"))

    def close_room(self, room: str, namespace: str) -> None:
        """Disconnect the sockets in `room`, wherever they are."""
        if self._has_the_sockets:
            super().close_room(room, namespace)
        else:
            self._send("close_room", room, namespace)

    def _send(self, verb: str, *given: Any) -> None:
        with (
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out,
            suppress(OSError),
        ):  # nobody is listening
            out.setblocking(False)
            out.sendto(json.dumps([verb, *given]).encode(), self._address)

    def _listen(self, heard: socket.socket) -> None:
        verbs: dict[str, Callable[..., None]] = {"emit": self.emit, "close_room": self.close_room}
        while True:
            try:
                verb, *given = json.loads(heard.recv(_DATAGRAM_LIMIT))
                verbs[verb](*given)
            except Exception:
                log.exception("a neighbour's word was not understood")


def _address(instance: Path) -> str:
    path = str(instance.absolute() / "live.sock")
    if len(path) <= _PATH_LIMIT:
        return path
    return f"{tempfile.gettempdir()}/network-{sha256(path.encode()).hexdigest()[:16]}.sock"
