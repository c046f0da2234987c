"""How many files one member sends and fetches at the same time.

Each keeps one of the server's threads for as long as the member's line takes, and a line may be as slow as it likes.
"""

import socket
import threading
from collections import Counter
from contextlib import suppress

from flask import Flask, request
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l
from werkzeug.exceptions import ClientDisconnected

from forum.config import Settings
from forum.web.errors import error_page

#: Of the half of the threads that is not for those who wait for news, so many stay free for pages.
_FOR_PAGES = 4
#: So long a sender may be silent in the middle of a form or a file, in seconds; a slow line is not silent.
_PATIENCE = 60.0
TOO_MANY = _l("Bei dir laufen schon sehr viele Dateien auf einmal. Warte, bis einige davon fertig sind.")


class Lines:
    """Counts the lines of each member; may be used by several threads."""

    def __init__(self, at_once: int) -> None:
        self._at_once = at_once
        self._busy: Counter[int | None] = Counter()
        self._lock = threading.Lock()

    def take(self, member_id: int | None) -> bool:
        """Whether the member has one more line from now on; it is to be given back."""
        with self._lock:
            is_free = self._busy[member_id] < self._at_once
            self._busy[member_id] += is_free
            return is_free

    def give_back(self, member_id: int | None) -> None:
        with self._lock:
            self._busy[member_id] -= 1
            if not self._busy[member_id]:
                del self._busy[member_id]


def init_lines(app: Flask, settings: Settings) -> None:
    """Let a member have almost half as many lines as the server has threads, and none for ever."""
    app.extensions["lines"] = Lines(max(2, settings.server_threads // 2 - _FOR_PAGES))
    app.before_request(_lose_patience)
    app.register_error_handler(ClientDisconnected, _hang_up)


def _lose_patience() -> None:
    """Who stops in mid-body is hung up on. gunicorn gives the next request on the line all the time again."""
    line = request.environ.get("gunicorn.socket")
    if line is not None and (request.content_length or "Transfer-Encoding" in request.headers):
        line.settimeout(_PATIENCE)


def _hang_up(_error: ClientDisconnected) -> ResponseReturnValue:
    stop_listening()
    return error_page(400)


def stop_listening() -> None:
    """Else the server waits for the rest of a body that nobody reads."""
    line = request.environ.get("gunicorn.socket")
    if line is not None:
        with suppress(OSError):
            line.shutdown(socket.SHUT_RD)


def lines_of(app: Flask) -> Lines:
    """Those of this application."""
    found: Lines = app.extensions["lines"]
    return found
