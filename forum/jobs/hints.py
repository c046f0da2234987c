"""Hints to the workers: "row so-and-so waits". A hint may get lost or come twice; the row is the truth."""

import logging
import sqlite3
import time
from hashlib import sha256
from typing import Any

import redis
from flask import Flask, current_app
from redis.backoff import NoBackoff
from redis.retry import Retry

from forum.config import Settings
from forum.jobs.lean_huey import Huey, RedisStorage, SignedSerializer, SqliteStorage

#: After a failure no hints are tried for so many seconds: a page must not wait for a Redis that is away.
_SILENCE = 10.0
_AWAY = (redis.RedisError, sqlite3.Error, OSError)
log = logging.getLogger(__name__)


def init_hints(app: Flask, settings: Settings) -> "Hints":
    """Make the application's queue of hints; nothing is opened yet."""
    hints = app.extensions["job_hints"] = Hints(settings)
    return hints


def give_hint(job_id: int) -> None:
    """Let a worker begin at once; without a hint the row is found by the next sweep."""
    hints: Hints = current_app.extensions["job_hints"]
    hints.give(job_id)


class Hints:
    """huey's queue, in a SQLite file of its own or in Redis. Entries are signed: it carries pickles."""

    def __init__(self, settings: Settings) -> None:
        signed = SignedSerializer(secret=settings.secret_key, salt="network jobs")
        # Two installations may share a Redis; their secrets differ.
        name = "network" + sha256(settings.secret_key.encode()).hexdigest()[:12]
        options = _in_redis(settings.redis_url) if settings.redis_url else _in_file(settings)
        self.huey = Huey(name, serializer=signed, results=False, **options)
        self.perform: Any = None
        self._silent_until = 0.0
        # huey knows tasks by the name of their function; ours is looked up when a worker runs it.
        self._task = self.huey.task(name="job")(self._perform)

    def give(self, job_id: int) -> None:
        """Put a hint into the queue; what goes wrong there harms nobody."""
        if time.monotonic() < self._silent_until:
            return
        try:
            self._task(job_id)
        except _AWAY as fault:
            self._silent_until = time.monotonic() + _SILENCE
            log.warning("no hint could be given: %s", type(fault).__name__)

    def waiting(self) -> int | None:
        """How many hints nobody has taken yet; None if the queue is away."""
        try:
            return int(self.huey.pending_count())
        except _AWAY:
            return None

    def _perform(self, job_id: int) -> None:
        self.perform(job_id)


class _HintFile(SqliteStorage):
    """The file may be deleted at any time; with the next connection it is there again."""

    def _create_connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection = super()._create_connection()
        for statement in self.ddl:
            connection.execute(statement)
        return connection


def _in_file(settings: Settings) -> dict[str, Any]:
    settings.instance.mkdir(parents=True, exist_ok=True, mode=0o700)
    # Not waiting for the disk: what a power cut takes here is found again by its row.
    return {
        "storage_class": _HintFile,
        "filename": str(settings.instance / "jobs.sqlite"),
        "fsync": False,
        "cache_mb": 1,
        "create_tables": False,
    }


def _in_redis(url: str) -> dict[str, Any]:
    # The workers wait for a second in each read, so answers may take longer than that.
    pool = redis.ConnectionPool.from_url(
        url, socket_connect_timeout=1.0, socket_timeout=3.0, retry=Retry(NoBackoff(), 0)
    )
    return {"storage_class": RedisStorage, "connection_pool": pool, "read_timeout": 1}
