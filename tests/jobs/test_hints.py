"""Hints may be lost, doubled or forged: the rows decide. In a file, and in a real Redis."""

import dataclasses
import os
import pickle
import subprocess
import sys

import pytest

from forum.core.db import unit_of_work
from forum.jobs.hints import Hints
from forum.jobs.registry import job
from forum.jobs.service import enqueue
from forum.jobs.worker import Worker


class Evil:
    """What an attacker would like to have unpacked."""

    def __reduce__(self):
        return (os.putenv, ("NETWORK_HACKED", "1"))


@pytest.fixture
def done(known):
    done = []

    @job("test.note")
    def note(number):
        done.append(number)

    return done


def work_off(hints):
    """What a worker's thread does with the queue; how much was in it."""
    taken = 0
    while (task := hints.huey.dequeue()) is not None:
        hints.huey.execute(task)
        taken += 1
    return taken


def test_a_hint_leads_to_its_row_once_even_if_it_comes_twice(app, hints, done, ask, rows):
    Worker(app, hints)
    ask("test.note", number=1)
    hints.give(rows()[0].id)
    assert work_off(hints) == 2
    assert done == [1]
    assert rows() == []


def test_a_lost_hint_is_given_again_by_the_sweep(app, hints, done, ask):
    worker = Worker(app, hints)
    ask("test.note", number=1)
    hints.huey.flush()
    assert worker.sweep() == 1
    work_off(hints)
    assert done == [1]


def test_hints_of_another_key_are_refused_and_the_others_go_on(app, hints, done, ask, rows):
    worker = Worker(app, hints)
    ask("test.note", number=1)
    (entry,) = hints.huey.storage.enqueued_items()
    hints.huey.flush()
    body, _, signature = bytes(entry).rpartition(b":")
    forged = [
        pickle.dumps(Evil()),
        pickle.dumps(Evil()) + b":" + signature,
        body + b":" + b"0" * len(signature),
        body.replace(b"job", b"jab") + b":" + signature,
        b"",
        b"::",
    ]
    for entry in forged:
        hints.huey.storage.enqueue(entry)
        with pytest.raises(ValueError, match=r"not found|mismatch"):
            hints.huey.dequeue()
    assert done == []
    assert worker.sweep() == 1
    work_off(hints)
    assert done == [1]


def test_installations_with_different_secrets_do_not_meet_in_one_redis(app, known, redis_url, tmp_path):
    settings = dataclasses.replace(app.extensions["settings"], instance=tmp_path, redis_url=redis_url)
    ours, theirs = Hints(settings), Hints(dataclasses.replace(settings, secret_key="another"))
    ours.huey.flush()
    ours.give(1)
    assert (ours.waiting(), theirs.waiting()) == (1, 0)


def test_work_is_taken_on_and_done_while_the_queue_cannot_be_reached(
    app, known, done, ask, tmp_path, monkeypatch
):
    settings = dataclasses.replace(
        app.extensions["settings"], instance=tmp_path, redis_url="redis://127.0.0.1:1/0"
    )
    worker = Worker(app, Hints(settings))
    monkeypatch.setitem(app.extensions, "job_hints", worker.hints)
    ask("test.note", number=1)
    ask("test.note", number=2)
    assert worker.sweep() == 2
    assert done == [1, 2]


def test_the_file_may_be_deleted(app, worker, done, ask, tmp_path):
    ask("test.note", number=1)
    worker.hints.huey.storage.close()
    for file in tmp_path.glob("jobs.sqlite*"):
        file.unlink()
    assert worker.hints.waiting() == 0
    assert worker.sweep() == 1
    work_off(worker.hints)
    assert done == [1]


def test_many_threads_may_give_hints_at_once(app, hints, done):
    Worker(app, hints)
    with app.app_context():
        for number in range(20):
            with unit_of_work():
                enqueue("test.note", number=number)
    assert hints.waiting() == 20
    assert work_off(hints) == 20
    assert sorted(done) == list(range(20))


def test_huey_comes_without_a_driver_that_is_not_used():
    program = "import sys, forum.jobs.lean_huey; assert 'psycopg' not in sys.modules; import psycopg; psycopg.connect"
    subprocess.run([sys.executable, "-c", program], check=True)
