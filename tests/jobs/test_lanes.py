"""Lanes: of one lane one piece of work at a time, and the next at once; whoever is in another lane does not notice."""

import threading
import time
from collections import Counter
from datetime import timedelta

import pytest
import sqlalchemy as sa
import time_machine

from forum.core.clock import now
from forum.core.db import db, unit_of_work
from forum.jobs.hints import Hints
from forum.jobs.models import Job
from forum.jobs.registry import job
from forum.jobs.worker import PAUSES, Worker

LEASE = timedelta(minutes=1)


@pytest.fixture
def done(worker):
    """What was done, in its order."""
    done = []

    @job("test.note", lease=LEASE)
    def note(what):
        done.append(what)

    @job("test.fail")
    def fail():
        raise RuntimeError

    return done


def claimed(app, worker, job_id):
    with app.app_context():
        return worker._claim(job_id)


def hinted(worker):
    """Follow the hint that was given first; False if there is none."""
    task = worker.hints.huey.dequeue()
    if task is not None:
        worker.hints.huey.execute(task)
    return task is not None


def plant(app, count, lane):
    """So much work that waits in a lane, and nobody was told of."""
    moment = now()
    row = {"name": "test.note", "arguments": '{"what": "many"}', "lane": lane, "asked": 1, "attempts": 0}
    fresh = {"created_at": moment, "due_at": moment - timedelta(hours=1), "last_error": ""}
    with app.app_context(), unit_of_work():
        db.session.execute(sa.insert(Job), [row | fresh] * count)


def test_the_second_of_a_lane_is_not_taken_while_the_first_runs_and_others_are(app, worker, done, ask, rows):
    for what, lane in (("first", "a"), ("second", "a"), ("other lane", "b"), ("no lane", None)):
        ask("test.note", what=what, lane=lane)
    first, second, other, free = (row.id for row in rows())
    claim = claimed(app, worker, first)
    assert claimed(app, worker, second) is None
    assert worker.perform(second) is False
    assert worker.perform(other) is True
    assert worker.perform(free) is True
    with app.app_context():
        assert worker._carry_out(claim) is True
    assert worker.perform(second) is True
    assert done == ["other lane", "no lane", "first", "second"]


def test_what_waits_for_its_lane_is_neither_tried_nor_hinted_at(app, worker, done, ask, rows):
    ask("test.note", what=1, lane="a")
    ask("test.note", what=2, lane="a")
    assert claimed(app, worker, rows()[0].id) is not None
    worker.hints.huey.flush()
    assert worker.sweep() == 0
    assert worker.perform_due() == 0
    assert [row.attempts for row in rows()] == [1, 0]


def test_when_one_ends_the_next_of_its_lane_is_hinted_at_the_longest_waiting_first(
    app, worker, done, ask, rows
):
    for what in (1, 2, 3):
        ask("test.note", what=what, lane="a")
    worker.hints.huey.flush()
    assert worker.perform(rows()[0].id) is True
    while hinted(worker):
        pass
    assert done == [1, 2, 3]


def test_one_that_fails_lets_the_next_of_its_lane_begin(worker, done, ask, rows):
    ask("test.fail", lane="a")
    ask("test.note", what="next", lane="a")
    ask("test.note", what="other", lane="b")
    worker.hints.huey.flush()
    assert worker.perform(rows()[0].id) is False
    assert hinted(worker)
    assert done == ["next"]
    with time_machine.travel(now() + PAUSES[0]):
        assert sorted(worker._due()) == [row.id for row in rows()]


def test_the_lane_of_a_dead_worker_is_free_when_its_lease_ends(app, worker, done, ask, rows):
    ask("test.note", what="dead", lane="a")
    ask("test.note", what="next", lane="a")
    assert claimed(app, worker, rows()[0].id) is not None  # and then died
    with time_machine.travel(now() + LEASE - timedelta(seconds=1)):
        assert worker.perform_due() == 0
    with time_machine.travel(now() + LEASE + timedelta(seconds=1)):
        assert worker.perform_due() == 2
    assert done == ["dead", "next"]


def test_what_is_given_back_is_free_for_others_at_once_and_its_first_worker_too_late(worker, done, ask, rows):
    @job("test.cut", atomic=False, lease=LEASE)
    def cut():
        worker.give_back()

    ask("test.cut", lane="a")
    ask("test.note", what="next", lane="a")
    first, second = rows()
    assert worker.perform(first.id) is False
    assert [row.lease_until for row in rows()] == [None, None]
    assert worker.perform(second.id) is True


def test_who_stands_and_waits_may_pass_a_busy_lane_but_takes_nothing_from_anybody(
    app, worker, done, ask, rows
):
    ask("test.note", what=1, lane="a")
    ask("test.note", what=2, lane="a")
    first, second = rows()
    assert claimed(app, worker, first.id) is not None
    assert worker.perform(first.id, beside_lane=True) is False
    assert worker.perform(second.id, beside_lane=True) is True


def test_work_with_a_key_keeps_its_lane(worker, done, ask, rows):
    for _ in range(2):
        ask("test.note", what=1, key="once", lane="a")
    assert [(row.asked, row.lane) for row in rows()] == [(2, "a")]


def test_of_many_that_grab_at_once_one_has_each_lane(app, worker, ask, rows):
    others = [worker, Worker(app, Hints(app.extensions["settings"]))]
    at_work, most, lock = Counter(), Counter(), threading.Lock()

    @job("test.slow", atomic=False)
    def slow(where):
        with lock:
            at_work[where] += 1
            most[where] = max(most[where], at_work[where])
        time.sleep(0.02)
        with lock:
            at_work[where] -= 1

    for number in range(12):
        where = "ab"[number % 2]
        ask("test.slow", where=where, lane=where)
    start = threading.Barrier(4)

    def grab(one):
        start.wait()
        while waiting := rows():
            for row in waiting:
                one.perform(row.id)

    threads = [threading.Thread(target=grab, args=[others[number % 2]]) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == {"a": 1, "b": 1}
    assert rows() == []


def test_hundreds_that_wait_in_one_lane_do_not_hold_up_another(app, worker, done, ask, rows):
    plant(app, 500, "long")
    ask("test.note", what="short", lane="short")
    ask("test.note", what="none")
    first = rows()[0].id
    assert claimed(app, worker, first) is not None
    worker.hints.huey.flush()
    assert worker.sweep() == 2  # what waits in the long lane is passed over
    while hinted(worker):
        pass
    assert sorted(done) == ["none", "short"]


def test_the_next_piece_of_work_is_found_without_looking_through_all(app, worker, done, ask):
    plant(app, 20_000, "long")
    ask("test.note", what="short", lane="short")
    first = worker._due(1)[0]
    assert claimed(app, worker, first) is not None
    began = time.monotonic()
    for _ in range(5):
        assert len(worker._due(100)) == 1
        with app.app_context():
            worker._call_next("short")
    assert (time.monotonic() - began) / 5 < 0.25
    with app.app_context():
        worker._call_next("long")
    assert worker.hints.waiting() == 6
