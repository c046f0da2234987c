"""How many pages are made at once."""

import threading
from collections.abc import Callable, Iterable
from typing import Any

#: Python runs one thread at a time, and every question to the database hands the turn on: sixteen pages made at
#: once take half as long again in all as two (measured: `docs/decisions/0006-speed.md`).
PAGES_AT_ONCE = 2

WsgiApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class PageGate:
    """Lets `PAGES_AT_ONCE` pages be made while the others wait for their turn.

    Only what is read passes it: a write may have to wait for its body, and must not keep others waiting for that.
    """

    def __init__(self, inner: WsgiApp) -> None:
        self._inner = inner
        self._gate = threading.BoundedSemaphore(PAGES_AT_ONCE)

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] != "GET":
            return self._inner(environ, start_response)
        with self._gate:
            return self._inner(environ, start_response)
