"""Real job processes: together, killed in the middle, told to end, through a file and through Redis."""

import dataclasses
import multiprocessing
import os
import signal
import time
from collections import Counter
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from forum.core.db import db
from forum.jobs.hints import Hints
from forum.mail.models import OutgoingMail
from tests.jobs import house

SECONDS = 30
#: One process loads the product, and each process under test begins as a copy of it: loading is most of the time.
LOADED = multiprocessing.get_context("forkserver")
LOADED.set_forkserver_preload(["tests.jobs.house"])


class JobProcess(LOADED.Process):
    """A job process, handled as any other program."""

    def poll(self) -> int | None:
        return self.exitcode

    def wait(self, seconds: float | None = None) -> int | None:
        self.join(seconds)
        return self.exitcode

    def send_signal(self, number: int) -> None:
        os.kill(self.pid, number)


@pytest.fixture
def start(app, known, request, tmp_path, monkeypatch):
    """Start a job process on the test's database; works and hints are the same here."""
    house.register(tmp_path)
    started = []
    settings = dataclasses.replace(app.extensions["settings"], instance=tmp_path)
    url = request.getfixturevalue("redis_url") if "redis" in request.node.name else ""
    monkeypatch.setitem(app.extensions, "job_hints", Hints(dataclasses.replace(settings, redis_url=url)))

    def start() -> JobProcess:
        started.append(JobProcess(target=house.main, args=(str(tmp_path), settings.database_url, url)))
        started[-1].start()
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


@pytest.fixture
def written(app):
    def written():
        with app.app_context():
            return Counter(db.session.scalars(sa.select(OutgoingMail.recipient)))

    return written


def wait_until(true: Callable[[], object], seconds: float = SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)


def jobs(rows):
    """What is to be done besides what the process does regularly."""
    return [row for row in rows() if row.name != "test.tick"]


@pytest.mark.parametrize("through", ["file", "redis"])
def test_two_processes_do_each_job_once(start, ask, rows, written, through):
    for number in range(30):
        ask("test.write", recipient=f"{number}@betrieb.example")
    both = [start(), start()]
    for number in range(30, 60):
        ask("test.write", recipient=f"{number}@betrieb.example")
    wait_until(lambda: not jobs(rows))
    assert written() == {f"{number}@betrieb.example": 1 for number in range(60)}
    assert [process.poll() for process in both] == [None, None]


@pytest.mark.parametrize("through", ["file", "redis"])
def test_a_hint_is_followed_at_once(start, ask, rows, tmp_path, through):
    start()
    wait_until(lambda: (tmp_path / "ticks").exists())
    taken = []
    for _ in range(3):
        began = time.monotonic()
        ask("test.write", recipient="nina@betrieb.example")
        wait_until(lambda: not jobs(rows))
        taken.append(time.monotonic() - began)
    assert min(taken) < 1.5


@pytest.mark.parametrize(("work", "effects"), [("test.slow", 1), ("test.steps", 2)])
def test_a_job_whose_process_is_killed_in_the_middle_is_done_by_another(
    start, ask, rows, written, tmp_path, work, effects
):
    """Exactly once in the database if it is atomic; what has units of its own keeps the first one's."""
    ask(work)
    first = start()
    wait_until(lambda: (tmp_path / f"begun-{first.pid}").exists())
    first.send_signal(signal.SIGKILL)
    first.wait()
    assert len(jobs(rows)) == 1
    (tmp_path / "go").touch()
    second = start()
    wait_until(lambda: not jobs(rows))
    assert sum(written().values()) == effects
    assert (tmp_path / f"begun-{second.pid}").exists()


def test_the_lane_of_a_killed_process_goes_on_and_others_never_stood_still(
    start, ask, rows, written, tmp_path
):
    ask("test.steps", lane="a")
    ask("test.write", recipient="behind@betrieb.example", lane="a")
    first = start()
    wait_until(lambda: (tmp_path / f"begun-{first.pid}").exists())
    ask("test.write", recipient="beside@betrieb.example", lane="b")
    wait_until(lambda: written()["beside@betrieb.example"])
    first.kill()
    first.wait()
    (tmp_path / "go").touch()
    start()
    wait_until(lambda: not jobs(rows))
    assert written()["behind@betrieb.example"] == 1


def test_what_a_process_told_to_end_was_cut_off_from_is_given_back(start, ask, rows, tmp_path):
    ask("test.steps", lane="a")
    process = start()
    wait_until(lambda: (tmp_path / f"begun-{process.pid}").exists())
    process.terminate()
    assert process.wait(20) == 0
    assert [row.lease_until for row in jobs(rows)] == [None]


def test_what_was_never_hinted_at_is_found(app, start, ask, rows, written):
    ask("test.write", recipient="nina@betrieb.example")
    app.extensions["job_hints"].huey.flush()
    start()
    wait_until(lambda: not jobs(rows))
    assert written() == {"nina@betrieb.example": 1}


def test_regular_work_runs_by_itself_in_one_of_two_processes(start, rows, tmp_path):
    start()
    start()
    began = time.monotonic()
    wait_until(lambda: (tmp_path / "ticks").exists() and len((tmp_path / "ticks").read_text()) >= 3)
    assert len((tmp_path / "ticks").read_text()) <= time.monotonic() - began + 2
    assert len(rows()) == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_process_told_to_end_finishes_what_it_is_doing(start, ask, rows, written, tmp_path, number):
    ask("test.slow")
    process = start()
    wait_until(lambda: (tmp_path / f"begun-{process.pid}").exists())
    process.send_signal(number)
    time.sleep(0.5)
    assert process.poll() is None
    (tmp_path / "go").touch()
    assert process.wait(20) == 0
    assert jobs(rows) == []
    assert written() == {"slow@betrieb.example": 1}


def test_a_process_told_to_end_does_not_wait_for_ever(start, ask, rows, written, tmp_path):
    ask("test.slow")
    process = start()
    wait_until(lambda: (tmp_path / f"begun-{process.pid}").exists())
    process.terminate()
    assert process.wait(20) == 0
    assert len(jobs(rows)) == 1
    assert written() == {}


def test_a_process_lives_through_a_forged_hint(app, start, ask, rows, written):
    process = start()
    for _ in range(3):
        app.extensions["job_hints"].huey.storage.enqueue(b"forged")
    ask("test.write", recipient="nina@betrieb.example")
    wait_until(lambda: not jobs(rows))
    assert process.poll() is None
    assert written() == {"nina@betrieb.example": 1}
