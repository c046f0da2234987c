"""What tests of boards share."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from forum.core.db import unit_of_work
from tests.cast import Cast


@pytest.fixture
def topic(app: Flask, cast: Cast) -> int:
    """The id of a topic here, with one post."""
    with app.app_context():
        return cast.topic()


def do(app: Flask, verb: Callable[..., Any], *arguments: Any) -> Any:
    """What `verb` gives, done in a unit of work of its own."""
    with app.app_context(), unit_of_work():
        return verb(*arguments)
