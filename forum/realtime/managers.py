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
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import uuid4

from redis import RedisError
from redis.client import PubSub
from socketio import Manager, PubSubManager

from forum.realtime.store import PATIENCE, SharedStore

#: The longest path that a local socket may have on Linux and macOS.
_PATH_LIMIT = 100
_DATAGRAM_LIMIT = 200_000
#: A socket that is just connecting cannot be disconnected yet; so much later it can.
_SECOND_TRY = 0.5
#: Between processes: so often a quiet line is tried, so long it may stay without any answer; after losing it, a rest.
_GLANCE, _SILENCE, _PAUSE = 1.0, 10.0, 0.5
#: So long sockets stay with a process that hears no other; then they come anew, and see what was written elsewhere.
_ALONE = 60.0
#: Between one socket sent away and the next, in seconds.
_PACE = 0.005
_MISSED = "missed"
log = logging.getLogger(__name__)


class _CutsOff(Manager):
    """Closing a channel disconnects whoever is in it, from everything."""

    def basic_close_room(self, room: str, namespace: str) -> None:
        for sid, eio_sid in list(self.get_participants(namespace, room)):
            self._disconnect(sid, eio_sid, namespace)
            if not self.is_gone(eio_sid):
                threading.Timer(_SECOND_TRY, self._disconnect, (sid, eio_sid, namespace)).start()

    def is_gone(self, eio_sid: str) -> bool:
        return eio_sid not in self.server.eio.sockets

    def _disconnect(self, sid: str, eio_sid: str, namespace: str) -> None:
        self.server.disconnect(sid, namespace=namespace, ignore_queue=True)
        if not self.is_pre_connected(sid, namespace):
            self.server.eio.disconnect(eio_sid)


class SharedManager(_CutsOff, PubSubManager):
    """Several server processes, one Redis between them.

    What is said while Redis is away reaches no other process. Nothing is kept to be said later: as soon as they
    hear again, the others send their sockets away. These come back by themselves, enter the channels that are
    theirs by then, and ask for what they missed.
    """

    def __init__(self, store: SharedStore) -> None:
        super().__init__(channel=store.name("live"))
        self._store = store
        self._hears = threading.Event()
        self._was_deaf = False
        self._owes = False
        self._heard_at = time.monotonic()

    def initialize(self) -> None:
        """Begin to hear the others; called with the first socket, which waits until that is so."""
        self.host_id = uuid4().hex  # the one given at the start is that of all processes forked from there
        super().initialize()
        if not self._hears.wait(PATIENCE):
            self._was_deaf = True

    def _publish(self, data: dict[str, Any]) -> None:
        if not self._store.ask(lambda redis: self._tell(redis, data), False):
            self._owes = True

    def _tell(self, redis: Any, *said: dict[str, Any]) -> bool:
        if self._owes:
            self._owes = False
            said = ({"method": _MISSED, "host_id": self.host_id}, *said)
        for data in said:
            redis.publish(self.channel, json.dumps(data))
        return True

    def _listen(self) -> Iterator[dict[str, Any]]:
        """Called by the library, in a thread of its own: what the others say, for ever."""
        while True:
            try:
                with closing(self._store.listener()) as heard:
                    yield from self._hear(heard)
            except (RedisError, OSError) as fault:
                log.warning("other processes are not heard: %s", type(fault).__name__)
            except Exception:
                log.exception("other processes are not heard")
            self._was_deaf = True
            if time.monotonic() - self._heard_at > _ALONE:
                self._heard_at = time.monotonic()
                self._send_all_away()
            time.sleep(_PAUSE)

    def _hear(self, heard: PubSub) -> Iterator[dict[str, Any]]:
        """What is said from now on, until it cannot be heard any more."""
        heard.subscribe(self.channel)
        began_at = time.monotonic()
        while True:
            message = heard.get_message(timeout=_GLANCE)
            if message is not None:
                self._heard_at = time.monotonic()
                if message["type"] == "subscribe":
                    self._can_hear()
                elif message["type"] == "message":
                    yield self._taken(message["data"])
            elif time.monotonic() - max(self._heard_at, began_at) > _SILENCE:
                return  # a line that broke without a word
            else:
                heard.ping()
                if self._owes:
                    self._owes = not self._store.ask(self._tell, False)

    def _taken(self, said: bytes) -> dict[str, Any]:
        data = _understood(said)
        if data.get("method") == _MISSED and data.get("host_id") != self.host_id:
            self._send_all_away()
        return data

    def _can_hear(self) -> None:
        self._store.note_return()
        self._hears.set()
        if self._was_deaf:
            self._was_deaf = False
            self._send_all_away()

    def _send_all_away(self) -> None:
        """Disconnect every socket of this process, one after another: they come back, and not all at once."""
        engine = self.server.eio
        for number, eio_sid in enumerate(list(engine.sockets)):
            engine.wire.later(number * _PACE, partial(engine.disconnect, eio_sid))


class LocalManager(_CutsOff):
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


def _understood(said: bytes) -> dict[str, Any]:
    """What another process said; nothing, if it is none of ours."""
    with suppress(ValueError):
        data = json.loads(said)
        if isinstance(data, dict):
            return data
    return {}


def _address(instance: Path) -> str:
    path = str(instance.absolute() / "live.sock")
    if len(path) <= _PATH_LIMIT:
        return path
    return f"{tempfile.gettempdir()}/network-{sha256(path.encode()).hexdigest()[:16]}.sock"
