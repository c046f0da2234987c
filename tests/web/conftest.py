"""What the tests of the web share: applications with other settings, a way to sign in with a password."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from flask import Flask

from forum.accounts.service import passwords
from forum.app import create_app
from forum.config import load_settings
from forum.core.db import db, unit_of_work
from forum.web.limits import limiter
from tests.cast import Person
from tests.pages import PageCheckingClient

PASSWORD = "vier blaue Elefanten"


@pytest.fixture
def app_with(app: Flask, database_url: str, tmp_path: Path) -> Iterator[Callable[..., Flask]]:
    """Another application on the same database, with other settings."""
    made = []

    def make(*, publish_assets: bool = False, **settings: Any) -> Flask:
        known = {
            "instance": tmp_path / "instance",
            "secret_key": "for tests only",
            "database_url": database_url,
        }
        chosen = load_settings(Path("no-such-file"), **known, **{"rate_limits": False, **settings})
        other = create_app(chosen, publish_assets=publish_assets)
        other.testing = True
        other.test_client_class = PageCheckingClient
        made.append(other)
        return other

    yield make
    limiter.enabled = False
    for other in made:
        with other.app_context():
            db.session.remove()
            db.engine.dispose()


@pytest.fixture
def counting(app: Flask) -> Iterator[None]:
    """Rate limits are on, and begin at nought."""
    limiter.enabled = True
    limiter.reset()
    yield
    limiter.reset()
    limiter.enabled = False


@pytest.fixture
def give_password(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Callable[[Person], None]:
    """Let a person sign in with `PASSWORD`."""
    monkeypatch.setattr(passwords, "hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    passwords._nobodys_hash.cache_clear()

    def give(person: Person) -> None:
        with app.app_context(), unit_of_work():
            passwords.set_password(person.id, PASSWORD)

    return give
