"""What tests of the Ablage's pages share: making things for a client, and reading pages."""

from collections.abc import Callable
from typing import Any

from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.cast import Cast, Person
from tests.make.library import Library

Browse = Callable[[Person | None], FlaskClient]


class Shelf:
    """The library here, filled from outside: each thing in an application context of its own."""

    def __init__(self, app: Flask, cast: Cast) -> None:
        self._app = app
        self._library = Library(cast)

    @property
    def space(self) -> int:
        return self._library.space

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def make(*arguments: Any, **more: Any) -> Any:
            with self._app.app_context():
                return getattr(self._library, name)(*arguments, **more)

        return make


def soup(answer: TestResponse) -> BeautifulSoup:
    return BeautifulSoup(answer.text, "html.parser")


def text(answer: TestResponse) -> str:
    """The words of the page's main part."""
    main = soup(answer).find("main")
    return " ".join(main.get_text(" ").split()) if main else ""


def titles(answer: TestResponse) -> list[str]:
    """The titles of the documents listed, as they stand."""
    return [link.get_text() for link in soup(answer).select("[data-row] .whole")]


def folders(answer: TestResponse) -> list[str]:
    """The names of the folders listed among the documents."""
    return [
        link.get_text()
        for link in soup(answer).select(".papers .whole, .tile .whole")
        if "/folders/" in link["href"]
    ]


def menu(answer: TestResponse) -> set[str]:
    """What can be done with the thing of the page, by button, link or menu."""
    return {" ".join(one.get_text(" ").split()) for one in soup(answer).select("main .item, main .btn")}
