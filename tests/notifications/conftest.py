"""What tests of being told share."""

import ssl
from collections.abc import Callable, Iterator

import pytest
import sqlalchemy as sa

from forum.core.db import db, unit_of_work
from forum.notifications.tasks import push_line
from forum.spaces.models import Membership
from tests.cast import Person
from tests.notifications.push_service import PushService, push_service


@pytest.fixture
def leave() -> Callable[[Person], None]:
    """Somebody belongs nowhere any more."""

    def go(person: Person) -> None:
        with unit_of_work():
            db.session.execute(sa.delete(Membership).where(Membership.member_id == person.id))

    return go


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[PushService, ssl.SSLContext]]:
    with push_service(tmp_path_factory.mktemp("tls")) as service:
        yield service


@pytest.fixture
def service(running: tuple[PushService, ssl.SSLContext], monkeypatch: pytest.MonkeyPatch) -> PushService:
    """The service, where its name leads for the time of a test."""
    found, trust = running
    found.arrivals.clear()
    found.answers.clear()
    monkeypatch.setattr(push_line, "look_up", lambda host: ("127.0.0.1", found.port))
    monkeypatch.setattr(push_line, "trust", lambda: trust)
    return found
