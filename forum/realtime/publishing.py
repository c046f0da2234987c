"""Tell those who are connected, and cut off those who may no longer be. Both happen after the commit, or never."""

import logging
from typing import Any

from flask import current_app
from flask_socketio import SocketIO

from forum.core.db import after_commit

log = logging.getLogger(__name__)


def publish(
    namespace: str, channel: str, event: str, data: dict[str, Any], *, skip: str | None = None
) -> None:
    """Emit `event` to every socket in `channel`, except the socket `skip`.

    Inside a unit of work; a hint only, the database is the truth. `data` is JSON.
    """
    after_commit(lambda: emit(namespace, channel, event, data, skip=skip))


def emit(namespace: str, channel: str, event: str, data: dict[str, Any], *, skip: str | None = None) -> None:
    """The same at once, for what is not stored: presence, typing. A fault is logged: what was done stays done."""
    try:
        _live().emit(event, data, namespace=namespace, to=channel, skip_sid=skip)
    except Exception:
        log.exception("the event %s was not told", event)


def cut_member(member_id: int) -> None:
    """Disconnect all sockets of the member, on all processes; who is still welcome connects again by itself.

    For everything that takes something away: standing, role, membership, a place in a room.
    """
    _cut(f"member:{member_id}")


def cut_device(device_id: int) -> None:
    """Disconnect all sockets of one signed-in device, on all processes."""
    _cut(f"device:{device_id}")


def _cut(channel: str) -> None:
    live = _live()

    def close() -> None:
        try:
            for namespace in live.server.namespace_handlers:
                live.close_room(channel, namespace=namespace)
        except Exception:
            log.exception("the sockets of %s were not cut", channel)

    after_commit(close)


def _live() -> SocketIO:
    found: SocketIO = current_app.extensions["socketio"]
    return found
