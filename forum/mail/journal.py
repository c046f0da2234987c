"""Which mails a server has taken, noted on this machine at once; the database is told after.

A worker may die, or the database be away, between the server's yes and the note of it. Whoever has the mail next
asks here first. A file of SQLite of its own: every line is on the disk when `take` comes back, and several processes
of one machine may use it. Its random name tells machines apart.
"""

import secrets
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

_TABLES = (
    "CREATE TABLE IF NOT EXISTS journal (name TEXT NOT NULL, one INTEGER PRIMARY KEY CHECK (one = 1))",
    "CREATE TABLE IF NOT EXISTS taken (mail_id INTEGER NOT NULL, message_id TEXT NOT NULL, at TEXT NOT NULL,"
    " PRIMARY KEY (mail_id, message_id)) WITHOUT ROWID",
)


#: How long another process may keep the file to itself, in seconds.
_PATIENCE, _GLANCE = 10.0, 0.05


class Journal:
    """The journal in a file; made when it is first asked. Faults of the file are `sqlite3.Error`."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._name = ""

    @property
    def name(self) -> str:
        """What tells this journal from those of other machines."""
        with self._opened():
            return self._name

    def take(self, mail_id: int, message_id: str, moment: datetime) -> None:
        """Note that a server has taken the mail; on the disk when this comes back."""
        with self._opened() as connection:
            connection.execute(
                "INSERT OR IGNORE INTO taken VALUES (?, ?, ?)", (mail_id, message_id, moment.isoformat())
            )

    def has(self, mail_id: int, message_id: str) -> bool:
        """Whether a server has taken the mail."""
        with self._opened() as connection:
            found = connection.execute(
                "SELECT 1 FROM taken WHERE mail_id = ? AND message_id = ?", (mail_id, message_id)
            )
            return found.fetchone() is not None

    def forget(self, before: datetime) -> None:
        """Drop what was noted earlier; the database knows it long since."""
        with self._opened() as connection:
            connection.execute("DELETE FROM taken WHERE at < ?", (before.isoformat(),))

    def close(self) -> None:
        """Close the file; the next question opens it again."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            if self._connection is None:
                self._connection = self._open()
            yield self._connection

    def _open(self) -> sqlite3.Connection:
        self._file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._file.touch(mode=0o600)
        connection = sqlite3.connect(
            self._file, timeout=_PATIENCE, isolation_level=None, check_same_thread=False
        )
        _write_ahead(connection)
        connection.execute("PRAGMA synchronous=FULL")
        for table in _TABLES:
            connection.execute(table)
        connection.execute("INSERT OR IGNORE INTO journal VALUES (?, 1)", (secrets.token_hex(8),))
        self._name = str(connection.execute("SELECT name FROM journal").fetchone()[0])
        return connection


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Let a line cost one wait for the disk; SQLite lets nobody queue for this step, and two may begin at once."""
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(_GLANCE)
