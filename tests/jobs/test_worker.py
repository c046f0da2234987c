"""Doing work: exactly once in the database, again after failures, given up in the end, taken over from the dead."""

import threading
from datetime import timedelta

import pytest
import sqlalchemy as sa
import time_machine

from forum.core.clock import now
from forum.core.db import after_commit, db, unit_of_work
from forum.jobs.models import Job
from forum.jobs.registry import job, periodic
from forum.jobs.worker import PAUSES
from forum.mail.models import OutgoingMail
from tests.jobs.effects import leave_mail


@pytest.fixture
def written(app):
    """To whom mail was written: an effect in the database."""

    def written():
        with app.app_context():
            return list(db.session.scalars(sa.select(OutgoingMail.recipient).order_by(OutgoingMail.id)))

    return written


@pytest.fixture
def writing(worker):
    """Work that writes a mail."""

    @job("test.write", lease=timedelta(minutes=1))
    def write(recipient="nina@betrieb.example"):
        leave_mail(recipient)


def claimed(app, worker, job_id):
    with app.app_context():
        return worker._claim(job_id)


def test_an_effect_and_the_end_of_its_row_are_one(app, worker, ask, rows, written):
    @job("test.half")
    def half():
        leave_mail("nina@betrieb.example")
        db.session.flush()
        raise RuntimeError

    ask("test.half")
    assert worker.perform_due() == 0
    assert written() == []
    assert len(rows()) == 1


def test_effects_outside_the_database_come_after_the_commit(worker, ask, rows):
    seen = []

    @job("test.tell")
    def tell():
        after_commit(lambda: seen.append(rows()))

    ask("test.tell")
    worker.perform_due()
    assert seen == [[]]


def test_work_with_units_of_its_own_keeps_what_it_did_before_it_failed(worker, ask, rows, written):
    @job("test.steps", atomic=False)
    def steps():
        with unit_of_work():
            leave_mail("nina@betrieb.example")
        if len(written()) == 1:
            raise OSError

    ask("test.steps")
    assert worker.perform_due() == 0
    with time_machine.travel(now() + PAUSES[0]):
        assert worker.perform_due() == 1
    assert len(written()) == 2
    assert rows() == []


def test_failing_work_waits_longer_each_time_and_is_given_up_visibly(worker, ask, rows, caplog):
    words = "Worte eines Mitglieds"

    @job("test.fail")
    def fail():
        raise ValueError(words)

    ask("test.fail")
    waited, moment = [], now()
    while rows()[0].due_at is not None:
        with time_machine.travel(max(moment, rows()[0].due_at), tick=False):
            moment = now()
            assert worker.perform_due() == 0
            due_at = rows()[0].due_at
            waited += [due_at - moment] if due_at else []
    (row,) = rows()
    assert waited == PAUSES
    assert row.attempts == len(PAUSES) + 1
    assert row.last_error.startswith("ValueError, forum/jobs/worker.py:")
    assert worker.sweep() == 0
    # Whoever reads rows or logs does not read what members wrote.
    assert words not in row.last_error + caplog.text
    assert "raise ValueError(words)" in caplog.text


def test_work_that_nobody_knows_any_more_is_kept_and_says_so(app, worker, writing, ask, rows):
    ask("test.write")
    with app.app_context(), unit_of_work():
        db.session.execute(sa.update(Job).values(name="test.gone"))
    assert worker.perform_due() == 0
    assert rows()[0].last_error.startswith("LookupError")


def test_one_that_fails_does_not_hold_up_the_others(worker, writing, ask, written):
    @job("test.fail")
    def fail():
        raise RuntimeError

    ask("test.write", recipient="a@betrieb.example")
    ask("test.fail")
    ask("test.write", recipient="b@betrieb.example")
    assert worker.perform_due() == 2
    assert written() == ["a@betrieb.example", "b@betrieb.example"]


def test_what_somebody_has_is_left_alone_until_the_lease_ends(app, worker, writing, ask, rows, written):
    ask("test.write")
    job_id = rows()[0].id
    assert claimed(app, worker, job_id) is not None  # and then died
    assert claimed(app, worker, job_id) is None
    assert worker.sweep() == 0
    with time_machine.travel(now() + timedelta(seconds=61)):
        assert worker.sweep() == 1
        assert worker.perform(job_id) is True
    assert len(written()) == 1


def test_whoever_is_too_slow_undoes_what_it_did(app, worker, writing, ask, rows, written):
    ask("test.write")
    job_id = rows()[0].id
    slow = claimed(app, worker, job_id)
    with time_machine.travel(now() + timedelta(seconds=61)):
        fast = claimed(app, worker, job_id)
    with app.app_context():
        assert worker._carry_out(slow) is False
        assert written() == []
        assert len(rows()) == 1
        assert worker._carry_out(fast) is True
    assert len(written()) == 1
    assert rows() == []


def test_work_that_kills_its_worker_each_time_is_given_up(app, worker, writing, ask, rows):
    ask("test.write")
    job_id, moment = rows()[0].id, now()
    for _ in range(len(PAUSES) + 1):
        with time_machine.travel(moment):
            assert claimed(app, worker, job_id) is not None
        moment += timedelta(minutes=2)
    with time_machine.travel(moment):
        assert claimed(app, worker, job_id) is None
    assert (rows()[0].due_at, rows()[0].last_error) == (None, "the worker died each time")


def test_of_many_that_want_the_same_row_one_gets_it(app, worker, writing, ask, rows, written):
    for number in range(5):
        ask("test.write", recipient=f"{number}@betrieb.example")
    results, start = [], threading.Barrier(4)

    def grab():
        start.wait()
        results.extend(worker.perform(row.id) for row in waiting)

    waiting = rows()
    threads = [threading.Thread(target=grab) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == [False] * 15 + [True] * 5
    assert sorted(written()) == [f"{number}@betrieb.example" for number in range(5)]


def test_a_sweep_does_not_heap_up_hints(worker, writing, ask):
    for _ in range(3):
        ask("test.write")
    for _ in range(60):
        worker.sweep()
    assert worker.hints.waiting() == 100


def test_regular_work_is_done_at_the_start_and_then_every_so_often_by_one(worker, rows):
    done = []

    @periodic("test.hourly", every=timedelta(hours=1))
    def hourly():
        done.append(now())

    assert worker.perform_due() == 1
    assert worker.perform_due() == 0
    with time_machine.travel(now() + timedelta(minutes=59)):
        assert worker.perform_due() == 0
    with time_machine.travel(now() + timedelta(minutes=61)):
        assert worker.perform_due() == 1
        assert worker.perform_due() == 0
    assert len(done) == 2
    assert len(rows()) == 1


def test_regular_work_that_fails_is_never_given_up(worker, rows):
    @periodic("test.hourly", every=timedelta(hours=1))
    def hourly():
        raise RuntimeError

    moment = now()
    worker.plant_regular_work()
    for _ in range(3 * len(PAUSES)):
        with time_machine.travel(moment, tick=False):
            worker.perform_due()
            (row,) = rows()
            assert row.due_at - now() <= timedelta(hours=1)
        moment = row.due_at
    assert row.last_error.startswith("RuntimeError")


def test_regular_work_follows_what_is_registered(worker, rows, monkeypatch):
    @periodic("test.daily", every=timedelta(days=1))
    def daily():
        pass

    worker.perform_due()
    monkeypatch.setattr("forum.jobs.registry._known", {})

    @periodic("test.daily", every=timedelta(hours=1))
    def hourly():
        pass

    worker.plant_regular_work()
    (row,) = rows()
    assert row.due_at <= now() + timedelta(hours=1)
    monkeypatch.setattr("forum.jobs.registry._known", {})
    worker.plant_regular_work()
    assert rows() == []


def test_two_functions_cannot_want_the_same_name(worker, writing):
    with pytest.raises(ValueError, match=r"test\.write"):
        job("test.write")(print)
