"""Real processes, killed and started: these tests run by themselves, one after the other."""

from collections.abc import Iterator

import pytest

from tests.cluster.house import House, new_house
from tests.cluster.pages import Pages, new_pages
from tests.conftest import _postgresql


@pytest.fixture(scope="module")
def postgresql_url() -> Iterator[str]:
    """An empty database on PostgreSQL."""
    yield from _postgresql()


@pytest.fixture(scope="module")
def postgresql_house(postgresql_url: str) -> Iterator[House]:
    """One on PostgreSQL."""
    with new_house(database_url=postgresql_url) as house:
        yield house


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    """One on SQLite."""
    with new_house() as house:
        yield house


@pytest.fixture
def pages() -> Iterator[Pages]:
    """Members' pages, to be opened."""
    with new_pages() as pages:
        yield pages
