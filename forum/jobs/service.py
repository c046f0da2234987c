"""Asking for work, in the unit of work of its cause; it begins after the commit."""

import json
from datetime import datetime
from functools import partial
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _

from forum.core.access import Viewer
from forum.core.clock import now
from forum.core.db import after_commit, db, upsert
from forum.core.errors import Conflict, NotFound, require
from forum.jobs.hints import give_hint
from forum.jobs.models import Job
from forum.jobs.registry import REGULAR, work_named


def enqueue(
    name: str,
    /,
    *,
    due_at: datetime | None = None,
    key: str | None = None,
    lane: str | None = None,
    **arguments: Any,
) -> None:
    """Have the work `name` done with these arguments: after the commit at once, or at `due_at`.

    Arguments are numbers, short texts, lists; ids rather than content. Work with a `key` waits once: asked for
    again before it began, it stays one; asked for again while it runs, it is run once more; given up before, it
    gets another chance. Of the work in one `lane` one piece is done at a time, by whomever. `LookupError` for work
    that nobody knows.
    """
    if work_named(name) is None:
        raise LookupError(f"nobody does {name}")
    moment = now()
    due = due_at or moment
    values: dict[str, Any] = {
        "name": name,
        "arguments": json.dumps(arguments, ensure_ascii=False, sort_keys=True),
        "lane": lane,
        "created_at": moment,
        "due_at": due,
        "attempts": 0,
        "asked": 1,
        "last_error": "",
    }
    if key is None:
        job_id = db.session.scalar(sa.insert(Job).values(**values).returning(Job.id))
    else:
        upsert(Job, values | {"key": key}, ["key"], _asked_again(values["arguments"], due, moment))
        job_id = db.session.scalar(sa.select(Job.id).where(Job.key == key))
    if due <= moment and job_id is not None:
        after_commit(partial(give_hint, job_id))


def try_again(viewer: Viewer, job_id: int) -> None:
    """Do at once what waits or was given up; `Conflict` if it is done or under way."""
    job = _get_idle(viewer, job_id)
    job.due_at = now()
    job.attempts = 0
    job.lease_until = None
    after_commit(partial(give_hint, job.id))


def discard(viewer: Viewer, job_id: int) -> str:
    """Take away work that shall not be done; its name. `Denied` for regular work, `Conflict` as in `try_again`."""
    job = _get_idle(viewer, job_id)
    require(
        not (job.key or "").startswith(REGULAR),
        _("Diese Arbeit kommt regelmäßig wieder und lässt sich nicht verwerfen."),
    )
    db.session.delete(job)
    return job.name


def _get_idle(viewer: Viewer, job_id: int) -> Job:
    """`NotFound` for whoever is no administrator, `Conflict` if it is done meanwhile or under way."""
    if not viewer.is_administrator:
        raise NotFound
    job = db.session.get(Job, job_id, with_for_update=True)
    if job is None:
        raise Conflict(_("Diese Arbeit ist schon erledigt."))
    if job.lease_until is not None and job.lease_until > now():
        raise Conflict(_("Diese Arbeit läuft gerade."))
    return job


def _asked_again(arguments: str, due: datetime, moment: datetime) -> dict[str, Any]:
    """What becomes of the row with the key; a worker that has it sees by `asked` that there is more to do."""
    new_due = sa.literal(due, Job.due_at.type)
    was_given_up = Job.due_at.is_(None)
    return {
        "arguments": arguments,
        "asked": Job.asked + 1,
        "due_at": sa.case(
            (sa.or_(was_given_up, Job.lease_until > moment), new_due),
            (Job.attempts > 0, Job.due_at),  # it failed and waits for a better time
            (Job.due_at > new_due, new_due),
            else_=Job.due_at,
        ),
        "attempts": sa.case((was_given_up, 0), else_=Job.attempts),
    }
