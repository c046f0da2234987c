"""`serve`: one command starts web server and job process, keeps both alive and ends both."""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from forum.config import ROOT
from tests.live import free_port

SECONDS = 30
FLASK = [sys.executable, "-m", "flask", "--app", "wsgi"]


def environment(instance: Path) -> dict[str, str]:
    """Nothing of this shell's settings."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("NETWORK_")}
    return inherited | {
        "NETWORK_INSTANCE": str(instance),
        "NETWORK_DATABASE_URL": f"sqlite:///{instance / 'network.sqlite'}",
        "NETWORK_REDIS_URL": "",
        "NETWORK_DEMO": "false",
    }


def wait_until(true: Callable[[], object], seconds: float = SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)


def is_there(process: int) -> bool:
    """Whether the process runs; one that ended and waits to be noticed does not."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@dataclass(frozen=True)
class Served:
    """A server under way and what can be seen of it from outside."""

    process: subprocess.Popen[bytes]
    instance: Path
    port: int

    def answers(self) -> bool:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{self.port}/sign-in", timeout=5).close()
        except OSError:
            return False
        return True

    def children(self) -> list[int]:
        tasks = Path(f"/proc/{self.process.pid}/task").glob("*/children")
        return [int(child) for file in tasks for child in file.read_text().split()]

    def job_process(self) -> int | None:
        """The child that reads hints."""
        for child in self.children():
            files = Path(f"/proc/{child}/fd").iterdir() if is_there(child) else ()
            if any("jobs.sqlite" in str(file.readlink()) for file in files if file.is_symlink()):
                return child
        return None

    def is_whole(self) -> bool:
        return self.answers() and self.job_process() is not None and len(self.children()) == 2

    def does_jobs(self) -> bool:
        """Whether a row that waits is taken up; nobody can do this one, which is noted in it."""
        with sqlite3.connect(self.instance / "network.sqlite") as connection:
            connection.execute("DELETE FROM job WHERE name = 'test.nobody'")
            connection.execute(
                "INSERT INTO job (name, arguments, asked, created_at, due_at, attempts, last_error) "
                "VALUES ('test.nobody', '{}', 1, '2026-01-01 00:00:00', '2026-01-01 00:00:00', 0, '')"
            )

        def is_noted() -> bool:
            with sqlite3.connect(self.instance / "network.sqlite") as connection:
                (error,) = connection.execute(
                    "SELECT last_error FROM job WHERE name = 'test.nobody'"
                ).fetchone()
            return str(error).startswith("LookupError")

        wait_until(is_noted)
        return True


@pytest.fixture(scope="module")
def prepared(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("house") / "instance"
    subprocess.run(
        [*FLASK, "prepare"], cwd=ROOT, env=environment(folder), check=True, stdout=subprocess.DEVNULL
    )
    return folder


@pytest.fixture
def served(prepared, tmp_path) -> Iterator[Served]:
    """A server of this test's own, which may end it."""
    with serving(prepared, tmp_path) as server:
        yield server


@pytest.fixture(scope="module")
def lasting(prepared, tmp_path_factory) -> Iterator[Served]:
    """One server for the tests that leave it whole."""
    with serving(prepared, tmp_path_factory.mktemp("lasting")) as server:
        yield server


@contextmanager
def serving(prepared: Path, tmp_path: Path) -> Iterator[Served]:
    instance, port = tmp_path / "instance", free_port()
    shutil.copytree(prepared, instance)
    command = [*FLASK, "serve", "--bind", f"127.0.0.1:{port}"]
    process = subprocess.Popen(command, cwd=ROOT, env=environment(instance), start_new_session=True)
    server = Served(process, instance, port)
    try:
        wait_until(lambda: process.poll() is None and server.is_whole())
        yield server
    finally:
        family = [process.pid, *server.children()] if process.poll() is None else []
        for one in family:
            os.kill(one, signal.SIGKILL)
        process.wait()


def test_one_command_answers_pages_and_does_jobs(lasting):
    assert lasting.does_jobs()


def test_a_killed_job_process_is_followed_by_another_while_pages_go_on(lasting):
    first = lasting.job_process()
    os.kill(first, signal.SIGKILL)
    assert lasting.answers()
    wait_until(lambda: lasting.job_process() not in {None, first})
    assert lasting.does_jobs()
    assert lasting.is_whole()


def test_a_killed_web_worker_is_followed_by_another_while_jobs_go_on(lasting):
    jobs = lasting.job_process()
    (web,) = set(lasting.children()) - {jobs}
    os.kill(web, signal.SIGKILL)
    wait_until(lasting.is_whole)
    assert lasting.job_process() == jobs
    assert lasting.does_jobs()


@pytest.mark.parametrize(
    ("number", "to_all"), [(signal.SIGTERM, False), (signal.SIGINT, False), (signal.SIGINT, True)]
)
def test_a_signal_to_the_server_and_ctrl_c_end_everything_soon(served, number, to_all):
    children = served.children()
    (os.killpg if to_all else os.kill)(served.process.pid, number)
    assert served.process.wait(30) == 0
    assert [child for child in children if is_there(child)] == []
    assert not served.answers()


def test_nothing_is_left_over_when_the_server_itself_is_killed(served):
    children = served.children()
    served.process.kill()
    served.process.wait()
    wait_until(lambda: not any(is_there(child) for child in children), 15)
    assert not served.answers()


def test_a_port_that_is_taken_ends_the_command(lasting):
    again = subprocess.run(
        [*FLASK, "serve", "--bind", f"127.0.0.1:{lasting.port}"],
        cwd=ROOT,
        env=environment(lasting.instance),
        timeout=60,
        stderr=subprocess.DEVNULL,
    )
    assert again.returncode != 0
    assert lasting.is_whole()


def test_a_web_server_run_by_hand_and_the_jobs_beside_it(prepared, tmp_path):
    instance, port = tmp_path / "instance", free_port()
    shutil.copytree(prepared, instance)
    commands = [
        [sys.executable, "-m", "gunicorn", "wsgi:app", "--bind", f"127.0.0.1:{port}", "--no-control-socket"],
        [*FLASK, "work"],
    ]
    both = [subprocess.Popen(command, cwd=ROOT, env=environment(instance)) for command in commands]
    server = Served(both[0], instance, port)
    try:
        wait_until(server.answers)
        assert server.does_jobs()
        assert len(server.children()) == 1
        for process in both:
            process.terminate()
        assert [process.wait(30) for process in both] == [0, 0]
    finally:
        for process in both:
            process.kill()
