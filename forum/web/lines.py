"""How many files one member sends and fetches at the same time.

Each keeps one of the server's threads for as long as the member's line takes, and a line may be as slow as it likes.
"""

import threading
from collections import Counter

from flask import Flask
from flask_babel import lazy_gettext as _l

from forum.config import Settings

#: Of the half of the threads that is not for those who wait for news, so many stay free for pages.
_FOR_PAGES = 4
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
    """Let a member have almost half as many lines as the server has threads."""
    app.extensions["lines"] = Lines(max(2, settings.server_threads // 2 - _FOR_PAGES))


def lines_of(app: Flask) -> Lines:
    """Those of this application."""
    found: Lines = app.extensions["lines"]
    return found
