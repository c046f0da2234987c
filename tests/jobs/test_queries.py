"""Administrators see the queue, nobody else does."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
import time_machine

from forum.core.access import Viewer
from forum.core.clock import now
from forum.core.db import db, unit_of_work
from forum.core.errors import NotFound
from forum.jobs.models import Job
from forum.jobs.queries import JobState, count_jobs, list_jobs, overdue_since
from forum.jobs.registry import job, periodic

ADMINISTRATOR = Viewer(1, is_administrator=True)


@pytest.fixture
def queue(app, worker, ask, rows):
    """One that waits, one that runs, one that was given up."""
    job("test.note")(print)
    for number in range(3):
        ask("test.note", number=number, due_at=now() + timedelta(days=1))
    with app.app_context(), unit_of_work():
        _first, second, third = rows()
        leased = sa.update(Job).where(Job.id == second.id)
        db.session.execute(leased.values(lease_until=now() + timedelta(minutes=1)))
        given_up = sa.update(Job).where(Job.id == third.id)
        db.session.execute(given_up.values(due_at=None, last_error="OSError"))


def test_the_queue_tells_what_waits_runs_and_was_given_up(context, queue):
    rows = list_jobs(ADMINISTRATOR).rows
    assert [(row.is_running, row.is_given_up, row.last_error) for row in rows] == [
        (False, True, "OSError"),
        (True, False, ""),
        (False, False, ""),
    ]
    assert [row.arguments for row in rows] == ['{"number": 2}', '{"number": 1}', '{"number": 0}']
    assert [row.last_error for row in list_jobs(ADMINISTRATOR, state=JobState.GIVEN_UP).rows] == ["OSError"]
    assert count_jobs(ADMINISTRATOR) == {JobState.WAITING: 2, JobState.GIVEN_UP: 1, JobState.REGULAR: 0}


def test_what_comes_regularly_is_told_apart_and_called_by_its_title(context, worker):
    periodic("test.clean", every=timedelta(hours=1), title="Aufräumen")(print)
    worker.plant_regular_work()
    ours = list_jobs(ADMINISTRATOR, state=JobState.REGULAR).rows
    assert [(row.title, row.is_regular, row.is_given_up) for row in ours] == [("Aufräumen", True, False)]
    assert list_jobs(ADMINISTRATOR, state=JobState.WAITING).rows == []


def test_it_shows_when_regular_work_is_overdue(context, worker):
    periodic("test.clean", every=timedelta(minutes=1))(print)
    worker.plant_regular_work()
    planted = now()
    assert overdue_since(ADMINISTRATOR) is None
    with time_machine.travel(planted + timedelta(minutes=6)):
        assert abs(overdue_since(ADMINISTRATOR) - planted) < timedelta(seconds=5)
        db.session.rollback()  # what was read stays as it was until then
        worker.perform_due()
        assert overdue_since(ADMINISTRATOR) is None


def test_nobody_else_sees_the_queue(context, queue):
    for viewer in (Viewer(2), Viewer()):
        for look in (list_jobs, count_jobs, overdue_since):
            with pytest.raises(NotFound):
                look(viewer)


def test_a_long_queue_is_read_in_pages(context, worker, ask):
    job("test.note")(print)
    for _ in range(51):
        ask("test.note")
    first = list_jobs(ADMINISTRATOR)
    second = list_jobs(ADMINISTRATOR, first.next)
    assert (len(first.rows), len(second.rows), second.next) == (50, 1, None)
    assert first.rows[-1].id > second.rows[0].id
