"""The process that does the jobs: `flask --app wsgi work`, or beside the web server with `serve`."""

import logging
import os
import signal
import threading
import time
from types import FrameType
from typing import Any

from flask import Flask

from forum.core.db import db
from forum.jobs.lean_huey import BaseProcess, Consumer
from forum.jobs.worker import Worker, worker_of

#: Jobs that are done at the same time; on SQLite they write one after another.
THREADS = 2
#: How often rows are looked through that nobody hinted at, in seconds.
ROUND = 5.0
#: How long work under way may take to end when the process is to end; what is cut off is done again later.
PATIENCE = 5.0
#: The longest that a hint waits where a worker must look for it (in Redis it is told).
_LOOK = 0.5
#: How long it waits between two looks while Redis does not answer.
_AWAY = 10.0
#: How often it is asked whether to go on.
_GLANCE = 0.2
#: How long it may take to give back what is cut off.
_PARTING = 1.0
_HEALTH = 10.0
log = logging.getLogger(__name__)


def run_jobs(app: Flask, *, parent: int | None = None) -> None:
    """Do jobs until SIGTERM or SIGINT comes or, if given, the process `parent` is gone."""
    end = _End(parent)
    with app.app_context():
        db.engine.dispose(
            close=False
        )  # connections of another process, if this one was forked, are not ours to close
    worker = worker_of(app)
    consumer = _Consumer(worker)
    consumer.start()
    checked = time.monotonic()
    while not end.has_come():
        time.sleep(_GLANCE)
        if time.monotonic() - checked > _HEALTH:
            checked = time.monotonic()
            consumer.check_worker_health()
    worker_of(app).ending.set()
    consumer.stop(graceful=True)
    # Work that is cut off may hold the database; then its leases end by themselves.
    giving = threading.Thread(target=worker.give_back, daemon=True)
    giving.start()
    giving.join(_PARTING)


class _End:
    """Whether it is time to end. The signal handler only notes it: a lock might be held by what it interrupts."""

    def __init__(self, parent: int | None) -> None:
        self._parent = parent
        self._is_told = False
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._told)

    def has_come(self) -> bool:
        return self._is_told or (self._parent is not None and os.getppid() != self._parent)

    def _told(self, _number: int, _frame: FrameType | None) -> None:
        self._is_told = True


class _Consumer(Consumer):
    """huey's threads, with our sweeper in place of its schedule: rows know themselves when they are due."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        huey = worker.hints.huey
        pause = _AWAY if huey.storage.blocking else _LOOK
        super().__init__(huey, workers=THREADS, periodic=False, max_delay=pause, shutdown_timeout=PATIENCE)

    def _create_scheduler(self) -> "_Sweeper":
        return _Sweeper(self.huey, self.stop_flag, self._worker)

    def _set_signal_handlers(self) -> None:
        """Signals are `_End`'s."""


class _Sweeper(BaseProcess):
    process_name = "Sweeper"

    def __init__(self, huey: Any, stop_flag: threading.Event, worker: Worker) -> None:
        super().__init__(huey, stop_flag)
        self._worker = worker

    def loop(self, now: Any = None) -> None:
        try:
            self._worker.sweep()
        except Exception as fault:  # a database that is away for a while must not end the rounds
            log.warning("jobs could not be looked through: %s", type(fault).__name__)
        self.stop_flag.wait(ROUND)
