"""A house of its own: a database with people in it, their cookies, and the processes that serve it."""

import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import requests
import sqlalchemy as sa
from flask import Flask
from flask_migrate import upgrade

from forum.accounts.service.devices import open_device
from forum.app import create_app
from forum.config import load_settings
from forum.core.access import Role
from forum.core.db import db, unit_of_work
from forum.members.service import add_member
from forum.spaces.service import join
from tests.cast import HERE, NETWORK, Cast, make_cast
from tests.live import ROOT, free_port

START_SECONDS = 40


@dataclass
class House:
    """Its folder and settings, who lives there, and what is in its database."""

    folder: Path
    app: Flask
    cast: Cast
    settings: dict[str, str]
    _members: list[int] = field(default_factory=list)

    def environment(self, **settings: str) -> dict[str, str]:
        """For its processes: its own settings, nothing of this shell's."""
        ours = ("NETWORK_", "GUNICORN_")
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
        given = {f"NETWORK_{name.upper()}": value for name, value in (self.settings | settings).items()}
        return inherited | given

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Do something here as one more process of the house: verbs inside are committed together."""
        with self.app.app_context(), unit_of_work():
            yield

    def rows(self, statement: str, **values: Any) -> list[Any]:
        """Read from its database."""
        with self.app.app_context(), db.engine.connect() as connection:
            return list(connection.execute(sa.text(statement), values))

    def council(self, count: int) -> list[int]:
        """The ids of so many further members of the region."""
        with self.at_work():
            for number in range(len(self._members), count):
                member = add_member(f"Rat Nummer {number}", f"rat{number}@betrieb.example")
                join(member.id, self.cast.spaces[NETWORK], Role.MEMBER)
                join(member.id, self.cast.spaces[HERE], Role.MEMBER)
                self._members.append(member.id)
        return self._members[:count]

    def cookie(self, member_id: int) -> str:
        """The cookie of a new device, as signing in would leave it in the browser."""
        with self.at_work():
            token = open_device(member_id, "Firefox/130.0 (Windows)", timedelta(days=1))
        sign = self.app.session_interface.get_signing_serializer(self.app)  # type: ignore[attr-defined]
        return f"{self.app.config['SESSION_COOKIE_NAME']}={sign.dumps({'_user_id': token})}"

    def browser(self, member_id: int, url: str) -> "Browser":
        """A browser with such a cookie, looking at a server."""
        return Browser(url, self.cookie(member_id))


class Browser(requests.Session):
    """Asks one server; `token` is for its forms."""

    def __init__(self, url: str, cookie: str) -> None:
        super().__init__()
        self.url = url
        name, _, value = cookie.partition("=")
        self.cookies.set(name, value, domain="127.0.0.1")
        self.token = ""

    @property
    def cookie(self) -> str:
        """What it would send."""
        return "; ".join(f"{cookie.name}={cookie.value}" for cookie in self.cookies)

    def look(self, path: str = "/") -> str:
        """The text of a page."""
        answer = self.get(self.url + path, timeout=20)
        assert answer.status_code == 200, (path, answer.status_code)
        self.token = re.findall(r'name="csrf_token" value="([^"]+)"', answer.text)[0]
        return answer.text

    def fill_in(self, path: str, **data: Any) -> requests.Response:
        """What a form with these fields is answered with."""
        if not self.token:
            self.look()
        fields = {"csrf_token": self.token, **data}
        return self.post(self.url + path, data=fields, timeout=20, allow_redirects=False)


@contextmanager
def new_house(**settings: str) -> Iterator[House]:
    """A migrated house with the cast in it; `settings` as in the environment, without the prefix."""
    folder = Path(tempfile.mkdtemp(prefix="network-"))
    settings = {
        "instance": str(folder),
        "rate_limits": "false",
        "secret_key": secrets.token_hex(16),
    } | settings
    settings.setdefault("database_url", f"sqlite:///{folder / 'network.sqlite'}")
    mine = {name: settings.get(name, "") for name in ("secret_key", "database_url", "redis_url")}
    app = create_app(
        load_settings(Path("no-such-file"), instance=folder, rate_limits=False, **mine), publish_assets=False
    )
    try:
        with app.app_context():
            upgrade()
            cast = make_cast()
        yield House(folder, app, cast, settings)
    finally:
        with app.app_context():
            db.session.remove()
            db.engine.dispose()
        shutil.rmtree(folder, ignore_errors=True)


class Process:
    """A process of the house with all that it starts, in a group of its own; it can be killed and begin again."""

    def __init__(self, house: House, *command: str, **settings: str) -> None:
        self._house = house
        self._command = [sys.executable, *command]
        self._settings = settings
        self._log = house.folder / f"process-{secrets.token_hex(4)}.log"
        self._process: subprocess.Popen[bytes] | None = None

    def __str__(self) -> str:
        return " ".join(self._command)

    def start(self) -> None:
        """Begin, and do not wait."""
        with open(self._log, "ab") as log:
            self._process = subprocess.Popen(
                self._command,
                cwd=ROOT,
                env=self._house.environment(**self._settings),
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def kill(self) -> None:
        """SIGKILL to all of it at once: nothing is put in order, nothing is said."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(10)
            self._process = None

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def words(self) -> str:
        """What it has written to its log."""
        return self._log.read_text(errors="replace") if self._log.exists() else ""


class WebServer(Process):
    """One that listens on a port, which it keeps through its lives."""

    def __init__(self, house: House, *command: str, **settings: str) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        super().__init__(house, *command, "--bind", f"127.0.0.1:{self.port}", **settings)

    def wait(self) -> None:
        """Until it answers."""
        wait_for_answer(f"{self.url}/robots.txt", lambda: self.is_running, self.words)


def serve(house: House, app: str = "wsgi", **settings: str) -> WebServer:
    """The whole product by one command, as `make run` starts it."""
    server = WebServer(house, "-m", "flask", "--app", app, "serve", **settings)
    server._settings.setdefault("public_url", server.url)
    return server


def web(house: House, **settings: str) -> WebServer:
    """One of several web processes, as the unit in `deploy/` starts it."""
    return WebServer(house, "-m", "gunicorn", "--config", "deploy/gunicorn.conf.py", **settings)


def work(house: House) -> Process:
    """The job process, as the unit in `deploy/` starts it."""
    return Process(house, "-m", "flask", "--app", "wsgi", "work")


@contextmanager
def running(*processes: Process) -> Iterator[None]:
    """Started, those with a port waited for, and killed at the end whatever happens."""
    try:
        for process in processes:
            process.start()
        for process in processes:
            if isinstance(process, WebServer):
                process.wait()
        yield
    except BaseException as fault:
        for process in processes:
            fault.add_note(f"{process}:\n{process.words()[-3000:]}")
        raise
    finally:
        for process in processes:
            process.kill()


def wait_for_answer(address: str, is_running: Any, words: Any) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and is_running():
        with suppress(requests.RequestException):
            requests.get(address, timeout=2)
            return
        time.sleep(0.05)
    raise RuntimeError(f"{address} did not answer:\n{words()[-3000:]}")


def wait_until(condition: Any, seconds: float = 8, what: str = "it did not come to that") -> None:
    """Wait for something that others bring about."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)
