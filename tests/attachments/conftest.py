"""What tests of attached files share."""

from collections.abc import Iterator

import pytest
from flask import Flask

from tests.make.sent import forget_all


@pytest.fixture(autouse=True)
def tidy_store(app: Flask) -> Iterator[None]:
    """Nothing is in store and spool afterwards."""
    yield
    with app.app_context():
        forget_all()
