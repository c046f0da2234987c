"""Sign-in for tests: cheap hashes, a password for the cast, the mail that was written."""

import re
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from argon2 import PasswordHasher
from flask import Flask

from forum.accounts.service import passwords
from forum.core.db import db, unit_of_work
from forum.mail.models import OutgoingMail
from tests.cast import Person

PASSWORD = "vier blaue Elefanten"


def same_page(response) -> str:
    """The page without its CSRF tokens, which change with every second."""
    return re.sub(r'(name="csrf_token" value|data-token)="[^"]*"', "", response.get_data(as_text=True))


@pytest.fixture(autouse=True)
def cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashing that costs nothing; what it costs in earnest is in docs/decisions/0002-accounts.md."""
    monkeypatch.setattr(passwords, "hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    passwords._nobodys_hash.cache_clear()


@pytest.fixture
def give_password(app: Flask) -> Callable[..., None]:
    """Let a person sign in with `PASSWORD`, or another."""

    def give(person: Person, password: str = PASSWORD) -> None:
        with app.app_context(), unit_of_work():
            passwords.set_password(person.id, password)

    return give


@pytest.fixture
def mails(app: Flask) -> Callable[[], list[OutgoingMail]]:
    """Every mail written so far, the oldest first."""

    def read() -> list[OutgoingMail]:
        with app.app_context():
            return list(db.session.scalars(sa.select(OutgoingMail).order_by(OutgoingMail.id)))

    return read


@pytest.fixture
def link_in() -> Callable[[OutgoingMail], str]:
    """The path of the link in a mail."""

    def find(mail: OutgoingMail) -> str:
        address = next(word for word in mail.text.split() if word.startswith("http"))
        return "/" + address.split("/", 3)[3]

    return find
