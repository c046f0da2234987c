"""A real server with the demo in it, for browsers."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

ROOT = Path(__file__).parent.parent


@dataclass(frozen=True)
class LiveServer:
    """Where it listens and keeps its things."""

    url: str
    instance: Path
    printed: str  # by `prepare`
    _machine: "Machine"

    def change(self, statement: str) -> None:
        """Write to its database what no page of the demo offers."""
        engine = sa.create_engine(f"sqlite:///{self.instance / 'network.sqlite'}")
        with engine.begin() as connection:
            connection.execute(sa.text(statement))

    def kill(self) -> None:
        """What a power cut does: every process of it is gone in the middle of whatever it does."""
        self._machine.kill()

    def start(self) -> None:
        """Start it again where it was, after `kill`."""
        self._machine.start()

    def rows(self, statement: str) -> list[sa.Row[tuple[object, ...]]]:
        """Read from its database."""
        engine = sa.create_engine(f"sqlite:///{self.instance / 'network.sqlite'}")
        with engine.connect() as connection:
            return list(connection.execute(sa.text(statement)))

    def places(self) -> dict[str, int]:
        """Ids of things worth looking at, by name."""
        statements = {
            "long": "SELECT id FROM topic ORDER BY last_number DESC LIMIT 1",
            "hidden": "SELECT topic_id FROM post WHERE state = 'hidden'",
            "edited": "SELECT p.id FROM post p JOIN topic t ON t.id = topic_id JOIN space s ON s.id = space_id "
            "WHERE version > 0 AND sign IN ('FIN', 'NET') AND state = 'visible' LIMIT 1",
            "first": "SELECT p.id FROM post p JOIN topic t ON t.id = topic_id WHERE number = 1 "
            "ORDER BY last_number DESC LIMIT 1",
            "me": "SELECT id FROM member WHERE name LIKE 'Petra %'",
            "room": "SELECT r.id FROM room r JOIN space s ON s.id = space_id WHERE sign = 'FIN' ORDER BY r.id LIMIT 1",
            "message": "SELECT max(m.id) FROM message m JOIN room r ON r.id = room_id JOIN space s ON s.id = space_id "
            "WHERE sign = 'FIN' AND state = 'visible' AND m.author_id != (SELECT id FROM member WHERE name LIKE 'Manfred %')",
            "document": "SELECT coalesce(max(d.id), 0) FROM document d JOIN space s ON s.id = space_id WHERE sign = 'FIN' "
            "AND binned_at IS NULL AND last_number = (SELECT max(last_number) FROM document d2 WHERE d2.space_id = s.id)",
            "folder": "SELECT coalesce(min(f.id), 0) FROM folder f JOIN space s ON s.id = space_id WHERE sign = 'FIN'",
        }
        return {name: self.rows(statement)[0][0] for name, statement in statements.items()}  # type: ignore[misc]


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def demo_server(**settings: str) -> Iterator[LiveServer]:
    """`make demo` as a person starts it, on a port and an instance of its own."""
    with _server({"demo": "true", "rate_limits": "false", **settings}) as server:
        yield server


@contextmanager
def empty_server(**settings: str) -> Iterator[LiveServer]:
    """`make run` on a fresh machine: nobody lives there yet, `printed` has the link for the first one."""
    with _server({"demo": "false", "rate_limits": "false", **settings}) as server:
        yield server


@contextmanager
def _server(settings: dict[str, str]) -> Iterator[LiveServer]:
    folder = Path(tempfile.mkdtemp(prefix="network-"))
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    environment = {
        **os.environ,
        "NETWORK_INSTANCE": str(folder),
        "NETWORK_PUBLIC_URL": url,
        **{f"NETWORK_{name.upper()}": value for name, value in settings.items()},
    }
    prepared = subprocess.run(
        [*_FLASK, "prepare"], cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE, text=True
    )
    machine = Machine(port, environment)
    try:
        machine.start()
        yield LiveServer(url, folder, prepared.stdout, machine)
    finally:
        machine.stop()
        shutil.rmtree(folder, ignore_errors=True)


_FLASK = [sys.executable, "-m", "flask", "--app", "wsgi"]


class Machine:
    """The processes of one server: `flask serve` and what it starts."""

    def __init__(self, port: int, environment: dict[str, str]) -> None:
        self._port = port
        self._environment = environment
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(
            [*_FLASK, "serve", "--bind", f"127.0.0.1:{self._port}"],
            cwd=ROOT,
            env=self._environment,
            stdout=subprocess.DEVNULL,
            start_new_session=True,  # a group of its own, so that `kill` gets them all
        )
        _wait_for(f"http://127.0.0.1:{self._port}/sign-in", self._process)

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(15)

    def kill(self) -> None:
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(15)
            self._process = None


def _wait_for(address: str, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if server.poll() is not None:
            raise RuntimeError("the server stopped at once")
        try:
            urllib.request.urlopen(address, timeout=2).close()
            return
        except OSError:  # nobody listens yet, or does not answer in time
            time.sleep(0.2)
    raise RuntimeError("the server did not answer")
