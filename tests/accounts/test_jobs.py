"""Administrators see what happens in the background, and decide about what did not succeed."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask

from forum.audit.models import Entry
from forum.core.clock import now
from forum.core.db import db, unit_of_work
from forum.jobs import registry
from forum.jobs.models import Job
from forum.jobs.service import enqueue
from forum.jobs.worker import worker_of
from tests.cast import Cast

QUEUE = "/administration/jobs"
Put = Callable[..., int]


@pytest.fixture
def put(app: Flask) -> Put:
    """Something that waits, changed as told; its id."""

    def put(**values: object) -> int:
        with app.app_context(), unit_of_work():
            enqueue("boards.tell", post_id=0, due_at=now() + timedelta(minutes=30))
            job_id = db.session.scalar(sa.select(sa.func.max(Job.id)))
            if values:
                db.session.execute(sa.update(Job).where(Job.id == job_id).values(**values))
        assert job_id is not None
        return job_id

    return put


def test_all_work_says_in_words_what_it_is(app: Flask) -> None:
    assert [
        work.name for work in registry._known.values() if not work.title and not work.name.startswith("test.")
    ] == []


def test_the_queue_says_where_each_work_is_and_why(cast: Cast, browse, put: Put):
    put()
    put(attempts=2, last_error="OSError, forum/files/store.py:80")
    put(due_at=None, attempts=8, last_error="TimeoutError")
    put(lease_until=now() + timedelta(minutes=1))
    page = browse(cast.karla).get(QUEUE).text
    for words in (
        "Von einem Beitrag benachrichtigen",
        "wartet",
        "neuer Versuch folgt",
        "bisher 2 Versuche",
        "forum/files/store.py:80",
        "aufgegeben",
        "läuft",
    ):
        assert words in page
    assert "Nichts wartet" in browse(cast.karla).get(f"{QUEUE}?state=regular").text
    assert "neuer Versuch folgt" not in browse(cast.karla).get(f"{QUEUE}?state=given_up").text


def test_what_was_given_up_is_tried_again_and_then_gone(app: Flask, cast: Cast, browse, put: Put):
    job_id = put(due_at=None, attempts=8, last_error="TimeoutError")
    karla = browse(cast.karla)
    answer = karla.send(f"{QUEUE}/{job_id}/attempt", state="given_up")
    assert answer.location.endswith("?state=given_up")
    worker_of(app).perform_due()
    karla.send(f"{QUEUE}/{job_id}/attempt")
    assert "Diese Arbeit ist schon erledigt." in karla.get(QUEUE).text


def test_what_was_given_up_is_thrown_away_and_the_record_says_by_whom(
    app: Flask, cast: Cast, browse, put: Put
):
    job_id = put(due_at=None, attempts=8, last_error="TimeoutError")
    karla = browse(cast.karla)
    karla.send(f"{QUEUE}/{job_id}/delete")
    assert "Verworfen." in karla.get(QUEUE).text
    with app.app_context():
        assert db.session.get(Job, job_id) is None
        entry = db.session.scalars(sa.select(Entry).where(Entry.action == "job.discarded")).one()
        assert (entry.actor_id, entry.subject_id, entry.note) == (cast.karla.id, job_id, "boards.tell")


def test_it_says_so_when_regular_work_is_overdue(app: Flask, cast: Cast, browse):
    worker_of(app).plant_regular_work()
    karla = browse(cast.karla)
    assert "ist regelmäßige Arbeit überfällig" not in karla.get(QUEUE).text
    with time_machine.travel(now() + timedelta(minutes=6)):
        assert "ist regelmäßige Arbeit überfällig" in karla.get(QUEUE).text
