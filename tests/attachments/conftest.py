"""What tests of attached files share."""

from collections.abc import Iterator

import pytest
from flask import Flask

from forum.files.store import spool, store


@pytest.fixture(autouse=True)
def tidy_store(app: Flask) -> Iterator[None]:
    """Nothing is in store and spool afterwards."""
    yield
    with app.app_context():
        store().delete([key for key, _size in store().keys()])
        for path in spool().iterdir():
            path.unlink()
