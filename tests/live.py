"""A real server with the demo in it, for browsers."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
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
    printed: str = ""  # by `prepare`

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
    flask = [sys.executable, "-m", "flask", "--app", "wsgi"]
    prepared = subprocess.run(
        [*flask, "prepare"], cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE, text=True
    )
    server = subprocess.Popen(
        [*flask, "serve", "--bind", f"127.0.0.1:{port}"], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL
    )
    try:
        _wait_for(f"{url}/sign-in", server)
        yield LiveServer(url, folder, prepared.stdout)
    finally:
        server.terminate()
        server.wait(15)
        shutil.rmtree(folder, ignore_errors=True)


def _wait_for(address: str, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if server.poll() is not None:
            raise RuntimeError("the server stopped at once")
        try:
            urllib.request.urlopen(address, timeout=2).close()
            return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.2)
    raise RuntimeError("the server did not answer")
