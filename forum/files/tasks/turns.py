"""One after another of each member's: who sends many files, or slow ones, keeps one thread of the job process busy.

The others are free for everybody else's work: their files, and the mails.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import sqlalchemy as sa

from forum.core.clock import now
from forum.core.db import db, unit_of_work
from forum.files.models import File
from forum.jobs.service import enqueue

#: Work that waits for its turn comes again by itself if whoever should call it has died.
_LATER = timedelta(minutes=5)


class Turns:
    """Whose turn it is with the work `job`, in this process; the work has a key and takes `blob_id`."""

    def __init__(self, job: str) -> None:
        self._job = job
        self._lock = threading.Lock()
        self._busy: set[int] = set()
        #: Sender → blobs whose turn comes, in order.
        self._waiting: dict[int, dict[int, None]] = {}

    @contextmanager
    def turn(self, blob_id: int) -> Iterator[bool]:
        """Whether it is this blob's turn; if not, it is called when the work of the same sender before it is done."""
        member_id = _sender_of(blob_id)
        if not self._begin(member_id):
            self._ask(blob_id, later=True)
            if not self._wait(member_id, blob_id):
                self._ask(blob_id)
            yield False
            return
        try:
            yield True
        finally:
            next_id = self._end(member_id)
            if next_id is not None:
                self._ask(next_id)

    def _begin(self, member_id: int) -> bool:
        with self._lock:
            is_free = member_id not in self._busy
            self._busy.add(member_id)
            return is_free

    def _wait(self, member_id: int, blob_id: int) -> bool:
        """Whether there is something to wait for, still."""
        with self._lock:
            if member_id not in self._busy:
                return False
            self._waiting.setdefault(member_id, {})[blob_id] = None
            return True

    def _end(self, member_id: int) -> int | None:
        """Which blob is next."""
        with self._lock:
            self._busy.discard(member_id)
            waiting = self._waiting.pop(member_id, {})
            next_id = next(iter(waiting), None)
            if next_id is not None and len(waiting) > 1:
                self._waiting[member_id] = {blob_id: None for blob_id in waiting if blob_id != next_id}
            return next_id

    def _ask(self, blob_id: int, *, later: bool = False) -> None:
        due_at = now() + _LATER if later else None
        with unit_of_work():
            enqueue(self._job, key=f"{self._job}:{blob_id}", due_at=due_at, blob_id=blob_id)


def _sender_of(blob_id: int) -> int:
    rows = sa.select(File.member_id).where(File.blob_id == blob_id).order_by(File.id).limit(1)
    member_id = db.session.scalar(rows)
    db.session.rollback()
    return member_id or 0
