"""The queue as administrators see it: what waits, what runs, what was given up and why."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from forum.core.access import Viewer
from forum.core.clock import now
from forum.core.db import db
from forum.core.errors import NotFound
from forum.core.paging import Slice, read_cursor, write_cursor
from forum.jobs.models import Job

_PAGE = 50


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
    is_running: bool

    @property
    def is_given_up(self) -> bool:
        return self.due_at is None and not self.is_running


def list_jobs(viewer: Viewer, cursor: str = "", *, only_given_up: bool = False) -> Slice[JobRow]:
    """What is not done yet, newest first."""
    if not viewer.is_administrator:
        raise NotFound
    query = sa.select(
        Job.id,
        Job.name,
        Job.arguments,
        Job.created_at,
        Job.due_at,
        Job.attempts,
        Job.last_error,
        sa.func.coalesce(Job.lease_until > now(), sa.false()),
    )
    if only_given_up:
        query = query.where(Job.due_at.is_(None))
    if cursor:
        query = query.where(Job.id < read_cursor(cursor, 1)[0])
    found = db.session.execute(query.order_by(Job.id.desc()).limit(_PAGE + 1)).all()
    rows = [JobRow(*row) for row in found[:_PAGE]]
    return Slice(rows, write_cursor(rows[-1].id) if len(found) > _PAGE else None)


def count_given_up(viewer: Viewer) -> int:
    """How much work waits for an administrator's decision."""
    if not viewer.is_administrator:
        raise NotFound
    return db.session.scalar(sa.select(sa.func.count()).where(Job.due_at.is_(None))) or 0


def find_ids(keys: Collection[str]) -> list[int]:
    """The work that waits under these keys, whoever has it."""
    return list(db.session.scalars(sa.select(Job.id).where(Job.key.in_(keys))))
