"""Asking for work: in the unit of work of its cause, once if it has a key."""

from datetime import timedelta

import pytest
import time_machine

from forum.core.access import Viewer
from forum.core.clock import now
from forum.core.db import unit_of_work
from forum.core.errors import Conflict, Denied, NotFound
from forum.jobs.registry import job, periodic
from forum.jobs.service import discard, enqueue, try_again

ADMINISTRATOR = Viewer(1, is_administrator=True)


@pytest.fixture
def done(worker):
    """What was done, with which arguments."""
    done = []

    @job("test.note")
    def note(**arguments):
        done.append(arguments)

    @job("test.fail")
    def fail():
        raise RuntimeError

    return done


def test_what_is_asked_for_is_done_once_and_leaves_no_row(worker, done, ask, rows):
    ask("test.note", room_id=7, words=["ä", "b"])
    assert worker.perform_due() == 1
    assert worker.perform_due() == 0
    assert done == [{"room_id": 7, "words": ["ä", "b"]}]
    assert rows() == []


def test_what_is_rolled_back_was_never_asked_for(app, worker, done, rows):
    def fail():
        with unit_of_work():
            enqueue("test.note", number=1)
            enqueue("test.note", number=2, key="once")
            raise RuntimeError

    with app.app_context(), pytest.raises(RuntimeError):
        fail()
    assert rows() == []
    assert worker.hints.waiting() == 0
    assert worker.perform_due() == 0


def test_workers_are_told_after_the_commit(app, worker, done):
    with app.app_context(), unit_of_work():
        enqueue("test.note")
        assert worker.hints.waiting() == 0
    assert worker.hints.waiting() == 1


def test_work_for_later_waits_for_its_time(worker, done, ask):
    ask("test.note", due_at=now() + timedelta(hours=1))
    assert worker.hints.waiting() == 0
    assert worker.sweep() == 0
    assert worker.perform_due() == 0
    with time_machine.travel(now() + timedelta(minutes=61)):
        assert worker.sweep() == 1
        assert worker.perform_due() == 1


def test_work_that_nobody_does_and_arguments_that_are_no_plain_data_are_refused(context, worker, done):
    with pytest.raises(LookupError), unit_of_work():
        enqueue("test.nobody")
    with pytest.raises(TypeError), unit_of_work():
        enqueue("test.note", moment=now())


def test_the_same_key_waits_once_as_soon_as_first_asked_and_another_key_beside_it(worker, done, ask, rows):
    ask("test.note", key="room 1", due_at=now() + timedelta(hours=2))
    ask("test.note", key="room 1", due_at=now() + timedelta(hours=1))
    ask("test.note", key="room 1", due_at=now() + timedelta(hours=3))
    ask("test.note", key="room 2", due_at=now() + timedelta(hours=3))
    first, second = rows()
    assert timedelta(minutes=59) < first.due_at - now() < timedelta(minutes=61)
    assert timedelta(minutes=179) < second.due_at - now() < timedelta(minutes=181)


def test_a_key_asked_for_again_while_it_runs_is_run_once_more(app, worker, ask, rows):
    runs = []

    @job("test.digest", atomic=False)
    def digest():
        runs.append(len(runs))
        if len(runs) == 1:  # somebody else, meanwhile
            with unit_of_work():
                enqueue("test.digest", key="digest")

    ask("test.digest", key="digest")
    assert worker.perform_due() == 1
    (row,) = rows()
    assert (row.attempts, row.lease_until) == (0, None)
    assert worker.perform_due() == 1
    assert runs == [0, 1]
    assert rows() == []


def test_work_that_asks_for_itself_again_keeps_its_time(worker, ask, rows):
    @job("test.chain")
    def chain():
        enqueue("test.chain", key="chain", due_at=now() + timedelta(days=1))

    ask("test.chain", key="chain")
    assert worker.perform_due() == 1
    assert worker.perform_due() == 0
    (row,) = rows()
    assert row.due_at > now() + timedelta(hours=23)


def test_a_key_that_failed_keeps_its_pause_and_one_given_up_gets_another_chance(worker, done, ask, rows):
    ask("test.fail", key="fail")
    worker.perform_due()
    ask("test.fail", key="fail")
    assert worker.perform_due() == 0
    moment = now()
    while rows()[0].due_at is not None:
        moment = max(moment, rows()[0].due_at)
        with time_machine.travel(moment):
            worker.perform_due()
    ask("test.fail", key="fail")
    assert [(row.attempts, row.due_at is None) for row in rows()] == [(0, False)]


def test_an_administrator_may_have_it_tried_again_or_thrown_away_and_nobody_else(
    app, worker, done, ask, rows
):
    ask("test.fail")
    worker.perform_due()
    (row,) = rows()
    for verb in (try_again, discard):
        for viewer in (Viewer(2), Viewer()):
            with app.app_context(), pytest.raises(NotFound), unit_of_work():
                verb(viewer, row.id)
        with app.test_request_context(), pytest.raises(Conflict, match="schon erledigt"), unit_of_work():
            verb(ADMINISTRATOR, row.id + 1)
    with app.app_context(), unit_of_work():
        try_again(ADMINISTRATOR, row.id)
    assert rows()[0].due_at <= now()
    assert rows()[0].attempts == 0
    with app.app_context(), unit_of_work():
        discard(ADMINISTRATOR, row.id)
    assert rows() == []


def test_work_under_way_and_regular_work_are_not_thrown_away(app, worker, done, ask, rows):
    @periodic("test.hourly", every=timedelta(hours=1))
    def hourly():
        pass

    ask("test.note")
    with app.app_context():
        assert worker._claim(rows()[0].id) is not None
    worker.plant_regular_work()
    for row, verb, refusal in (
        (rows()[0], discard, Conflict),
        (rows()[0], try_again, Conflict),
        (rows()[1], discard, Denied),
    ):
        with app.test_request_context(), pytest.raises(refusal), unit_of_work():
            verb(ADMINISTRATOR, row.id)
    with app.app_context(), unit_of_work():
        try_again(ADMINISTRATOR, rows()[1].id)
