"""What tests of documents share."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from forum.core.db import unit_of_work
from tests.cast import Cast
from tests.make.library import Library


@pytest.fixture
def library(context: Flask, cast: Cast) -> Library:
    """The library of the space here, still empty; in an application context."""
    return Library(cast)


def do(verb: Callable[..., Any], *arguments: Any, **more: Any) -> Any:
    """What `verb` gives, done in a unit of work of its own."""
    with unit_of_work():
        return verb(*arguments, **more)
