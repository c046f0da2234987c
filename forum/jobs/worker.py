"""Doing the work: take a row, do what it says, take the row away; and find what nobody does.

Taking is one update with a condition, so two processes never hold the same row; the moment the lease ends is also
the proof of holding it. Whoever finishes too late, after another took the row, finds the proof gone and undoes all.
"""

import json
import logging
import threading
import traceback
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import aliased

from forum.config import ROOT, Settings
from forum.core.clock import now
from forum.core.db import after_commit, changed_rows, db, unit_of_work, upsert
from forum.jobs.hints import Hints, init_hints
from forum.jobs.models import Job
from forum.jobs.registry import LEASE, REGULAR, Work, regular_work, work_named

#: Waiting times after each failure; together about a day, then the work is given up.
PAUSES = [
    timedelta(seconds=10),
    timedelta(minutes=1),
    timedelta(minutes=10),
    timedelta(hours=1),
    timedelta(hours=4),
    timedelta(hours=8),
    timedelta(hours=12),
]
#: So many hints may wait; a sweep fills up to that and no further.
_HINTS = 100
log = logging.getLogger(__name__)


def init_jobs(app: Flask, settings: Settings) -> None:
    """Let the application's verbs ask for work, and its job process do it."""
    app.extensions["jobs"] = Worker(app, init_hints(app, settings))


def worker_of(app: Flask) -> "Worker":
    """The worker of this application."""
    found: Worker = app.extensions["jobs"]
    return found


class Overtaken(Exception):
    """The lease ran out and somebody else has the row."""


@dataclass(frozen=True, slots=True)
class _Claim:
    id: int
    name: str
    lane: str | None
    arguments: dict[str, Any]
    lease_until: datetime
    asked: int
    attempts: int


class Worker:
    """Does jobs of one application; may be used by several threads."""

    def __init__(self, app: Flask, hints: Hints) -> None:
        self._app = app
        self.hints = hints
        #: Set when the process is to end: work in many steps begins no further one.
        self.ending = threading.Event()
        self._has_planted = False
        self._held: list[_Claim] = []
        hints.perform = self.perform

    def perform(self, job_id: int, *, beside_lane: bool = False) -> bool:
        """Do this job if it is due, nobody has it and its lane is free; whether it was done.

        `beside_lane`: though its lane is not free, because somebody stands there and waits for this one.
        """
        with self._app.app_context():
            claim = self._claim(job_id, beside_lane=beside_lane)
            if claim is None:
                return False
            self._held.append(claim)
            try:
                is_done = self._carry_out(claim)
            finally:
                self._held.remove(claim)
            if claim.lane:
                self._call_next(claim.lane)
            return is_done

    def give_back(self) -> None:
        """Let others take at once what is under way here, as this process ends; what is done after all is undone."""
        with self._app.app_context():
            for claim in list(self._held):
                self._note(claim)

    def perform_due(self) -> int:
        """Do all that is due now, each once; how much was done. For tests and for times without a queue."""
        self.plant_regular_work()
        return sum([self.perform(job_id) for job_id in self._due()])

    def sweep(self) -> int:
        """See to what is due and in nobody's hands: never hinted, hint lost, worker dead. How much it was.

        A hint is given for each; if there is no queue to give it to, the work is done here.
        """
        if not self._has_planted:
            self.plant_regular_work()
            self._has_planted = True
        waiting = self.hints.waiting()
        if waiting is None:
            return self.perform_due()
        due = self._due(_HINTS - waiting)
        for job_id in due:
            self.hints.give(job_id)
        return len(due)

    def plant_regular_work(self) -> None:
        """See that everything regular has its row, and that nothing else pretends to be regular."""
        with self._app.app_context(), unit_of_work():
            moment = now()
            for work in regular_work():
                latest = sa.literal(work.next_turn(moment), Job.due_at.type)
                values = {"name": work.name, "arguments": "{}", "key": work.key, "created_at": moment}
                values |= {"due_at": moment, "asked": 1, "attempts": 0, "last_error": ""}
                sooner = sa.case((Job.due_at < latest, Job.due_at), else_=latest)
                upsert(Job, values, ["key"], {"due_at": sooner})
            names = [work.name for work in regular_work()]
            db.session.execute(
                sa.delete(Job).where(Job.key.startswith(REGULAR, autoescape=True), Job.name.not_in(names))
            )

    def _due(self, limit: int | None = None) -> list[int]:
        if limit is not None and limit <= 0:
            return []  # the workers have enough to do
        due = sa.select(Job.id).where(*_free(now())).order_by(Job.due_at, Job.id).limit(limit)
        with self._app.app_context():
            return list(db.session.scalars(due))

    def _claim(self, job_id: int, *, beside_lane: bool = False) -> _Claim | None:
        moment = now()
        free = (Job.id == job_id, *_free(moment, beside_lane=beside_lane))
        row = db.session.execute(sa.select(Job.name, Job.lane).where(*free)).one_or_none()
        db.session.rollback()  # looking alone holds no lock
        if row is None:
            return None
        work = work_named(row.name)
        with unit_of_work():
            if row.lane and db.session.get_bind().dialect.name == "postgresql":
                # Two that look at one lane do it one after another; on SQLite only one writes anyway.
                db.session.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtext(row.lane))))
            taken = db.session.execute(
                sa.update(Job)
                .where(*free)
                .values(lease_until=moment + (work.lease if work else LEASE), attempts=Job.attempts + 1)
                .returning(
                    Job.id, Job.name, Job.lane, Job.arguments, Job.lease_until, Job.asked, Job.attempts
                )
            ).one_or_none()
        if taken is None or taken.lease_until is None:
            return None
        claim = _Claim(
            id=taken.id,
            name=taken.name,
            lane=taken.lane,
            arguments=json.loads(taken.arguments),
            lease_until=taken.lease_until,
            asked=taken.asked,
            attempts=taken.attempts,
        )
        if claim.attempts > len(PAUSES) + 1 and (work is None or not work.every):
            # It never came so far as to fail: whoever began it died.
            self._note(claim, due_at=None, last_error="the worker died each time")
            return None
        return claim

    def _call_next(self, lane: str) -> None:
        """Have the next of this lane begin. Looked for after the commit: what comes later has a hint of its own."""
        following = sa.select(Job.id).where(Job.lane == lane, *_free(now())).order_by(Job.due_at, Job.id)
        job_id = db.session.scalar(following.limit(1))
        db.session.rollback()
        if job_id is not None:
            self.hints.give(job_id)

    def _carry_out(self, claim: _Claim) -> bool:
        work = work_named(claim.name)
        try:
            if work is None:
                raise LookupError(f"nobody does {claim.name}")
            self._do(work, claim)
        except Overtaken:
            log.warning("job %s (%s) took longer than its lease; what it did is undone", claim.id, claim.name)
            return False
        except Exception as fault:
            self._note_failure(work, claim, fault)
            return False
        return True

    def _do(self, work: Work, claim: _Claim) -> None:
        if not work.atomic:
            work.do(**claim.arguments)
            with unit_of_work():
                self._finish(work, claim)
            return
        with unit_of_work():
            work.do(**claim.arguments)
            self._finish(work, claim)

    def _finish(self, work: Work, claim: _Claim) -> None:
        """Take the row away; if it was asked for again meanwhile, or comes regularly, have it wait for its turn."""
        held = (Job.id == claim.id, Job.lease_until == claim.lease_until)
        fresh = {"lease_until": None, "attempts": 0, "last_error": ""}
        if work.every:
            if not changed_rows(sa.update(Job).where(*held).values(due_at=work.next_turn(now()), **fresh)):
                raise Overtaken
        elif not changed_rows(sa.delete(Job).where(*held, Job.asked == claim.asked)):
            if not changed_rows(sa.update(Job).where(*held).values(**fresh)):
                raise Overtaken
            after_commit(partial(self.hints.give, claim.id))

    def _note_failure(self, work: Work | None, claim: _Claim, fault: Exception) -> None:
        moment = now()
        next_turn = work.next_turn(moment) if work else None
        due_at = moment + PAUSES[claim.attempts - 1] if claim.attempts <= len(PAUSES) else None
        if next_turn:  # regular work is never given up
            due_at = min(due_at or next_turn, next_turn)
        # Neither log nor row repeats the fault's own words: they may hold what members wrote.
        trace = "".join(traceback.format_tb(fault.__traceback__))
        log.error("job %s (%s) failed: %s\n%s", claim.id, claim.name, type(fault).__name__, trace)
        self._note(claim, due_at=due_at, last_error=_words(fault))

    def _note(self, claim: _Claim, **values: Any) -> None:
        held = (Job.id == claim.id, Job.lease_until == claim.lease_until)
        with unit_of_work():
            db.session.execute(sa.update(Job).where(*held).values(lease_until=None, **values))


def _free(moment: datetime, *, beside_lane: bool = False) -> tuple[sa.ColumnElement[bool], ...]:
    """Due, in nobody's hands, and, unless `beside_lane`, nothing else of its lane is at work."""
    is_free = (Job.due_at <= moment, sa.or_(Job.lease_until.is_(None), Job.lease_until <= moment))
    if beside_lane:
        return is_free
    other = aliased(Job)
    busy = sa.select(other.lane).where(other.lease_until > moment, other.lane.is_not(None))
    return (*is_free, sa.or_(Job.lane.is_(None), Job.lane.not_in(busy)))


def _words(fault: Exception) -> str:
    """The kind of fault and the last place of ours that it passed."""
    frames = traceback.extract_tb(fault.__traceback__)
    ours = [frame for frame in frames if Path(frame.filename).is_relative_to(ROOT / "forum")]
    place = f", {Path(ours[-1].filename).relative_to(ROOT)}:{ours[-1].lineno}" if ours else ""
    return f"{type(fault).__name__}{place}"
