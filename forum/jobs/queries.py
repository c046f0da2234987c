"""The queue as administrators see it: what waits, what runs, what was given up and why."""

import enum
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from forum.core.access import Viewer
from forum.core.clock import now
from forum.core.db import db
from forum.core.errors import NotFound
from forum.core.listing import count_each, newest
from forum.core.paging import Slice
from forum.jobs.models import Job
from forum.jobs.registry import REGULAR, work_named

#: Regular work waits no longer for its turn, unless nobody does it or those who do cannot keep up.
_PATIENCE = timedelta(minutes=5)


class JobState(enum.StrEnum):
    """Where a piece of work is; what comes again and again is told apart."""

    WAITING = "waiting"
    GIVEN_UP = "given_up"
    REGULAR = "regular"


_IS_REGULAR = sa.func.coalesce(Job.key, "").startswith(REGULAR, autoescape=True)
_IN: dict[JobState, sa.ColumnElement[bool]] = {
    JobState.WAITING: sa.and_(Job.due_at.is_not(None), ~_IS_REGULAR),
    JobState.GIVEN_UP: Job.due_at.is_(None),
    JobState.REGULAR: sa.and_(Job.due_at.is_not(None), _IS_REGULAR),
}


@dataclass(frozen=True, slots=True)
class JobRow:
    """One piece of work; `last_error` is the kind of fault and its place, never what members wrote."""

    id: int
    name: str
    arguments: str
    created_at: datetime
    due_at: datetime | None
    attempts: int
    last_error: str
    is_regular: bool
    is_running: bool

    @property
    def title(self) -> str:
        """What is done, in words."""
        work = work_named(self.name)
        return str(work.title) if work and work.title else self.name

    @property
    def is_given_up(self) -> bool:
        return self.due_at is None and not self.is_running


def list_jobs(viewer: Viewer, cursor: str = "", state: JobState | None = None) -> Slice[JobRow]:
    """What is not done yet, newest first."""
    _require_administrator(viewer)
    query = sa.select(
        Job.id,
        Job.name,
        Job.arguments,
        Job.created_at,
        Job.due_at,
        Job.attempts,
        Job.last_error,
        _IS_REGULAR,
        sa.func.coalesce(Job.lease_until > now(), sa.false()),
    )
    if state is not None:
        query = query.where(_IN[state])
    return newest(query, Job.id, cursor, lambda row: JobRow(*row))


def count_jobs(viewer: Viewer) -> dict[JobState, int]:
    """How much work is in each state; what was given up waits for an administrator's decision."""
    _require_administrator(viewer)
    return count_each(Job, _IN)


def overdue_since(viewer: Viewer) -> datetime | None:
    """Since when regular work is overdue, if it is: its process is missing, stuck or too slow."""
    _require_administrator(viewer)
    moment = now()
    in_no_hands = sa.or_(Job.lease_until.is_(None), Job.lease_until <= moment)
    oldest = sa.select(sa.func.min(Job.due_at)).where(
        _IS_REGULAR, in_no_hands, Job.due_at < moment - _PATIENCE
    )
    return db.session.scalar(oldest)


def find_ids(keys: Collection[str]) -> list[int]:
    """The work that waits under these keys, whoever has it."""
    return list(db.session.scalars(sa.select(Job.id).where(Job.key.in_(keys))))


def _require_administrator(viewer: Viewer) -> None:
    if not viewer.is_administrator:
        raise NotFound
