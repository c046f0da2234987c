"""Files of any size, ways to send them, and the stores to put them in."""

import shutil
from base64 import b64encode
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from forum.files.store import Store, spool, store
from tests.cast import Cast

TUS = {"Tus-Resumable": "1.0.0"}


@pytest.fixture
def filed(context: Flask) -> Iterator[Store]:
    """The application's store, empty: tests of what hangs files on things leave theirs there."""
    empty(context)
    yield store()
    empty(context)


def empty(app: Flask) -> None:
    """Nothing is in store and spool any more."""
    with app.app_context():
        store().delete([found.key for found in store().objects()])
        shutil.rmtree(spool())
        spool().mkdir()


class Sender:
    """A browser that sends by tus."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client
        self.token = client.token()

    def begin(
        self, size: int | str, name: str = "Protokoll.pdf", key: UUID | None = None, **about: str
    ) -> TestResponse:
        fields = {"filename": name, "key": str(key or uuid4())} | about
        metadata = ",".join(f"{name} {b64encode(text.encode()).decode()}" for name, text in fields.items())
        return self.ask("POST", "/files", {"Upload-Length": str(size), "Upload-Metadata": metadata})

    def patch(self, key: UUID, offset: int, data: bytes, **headers: str) -> TestResponse:
        headers = {"Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"} | headers
        return self.ask("PATCH", f"/files/{key}", headers, data=data)

    def head(self, key: UUID) -> TestResponse:
        return self.ask("HEAD", f"/files/{key}")

    def look(self, key: UUID) -> dict[str, Any]:
        answer = self.ask("GET", f"/files/{key}")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json
        return found

    def discard(self, key: UUID) -> TestResponse:
        return self.ask("DELETE", f"/files/{key}")

    def send(self, data: bytes, name: str = "Protokoll.pdf", key: UUID | None = None, **about: str) -> UUID:
        """The whole file; its key."""
        key = key or uuid4()
        answer = self.begin(len(data), name, key, **about)
        assert answer.status_code == 201, answer.text
        answer = self.patch(key, 0, data)
        assert answer.status_code == 204, answer.text
        return key

    def ask(
        self, method: str, path: str, headers: dict[str, str] | None = None, **options: Any
    ) -> TestResponse:
        ours = TUS | {"X-CSRFToken": self.token, "X-Requested-With": "fetch"} | (headers or {})
        return self.client.open(path, method=method, headers=ours, **options)


@pytest.fixture
def sender(app: Flask, cast: Cast, browse: Callable[..., FlaskClient]) -> Iterator[Sender]:
    """Petra's browser."""
    yield Sender(browse(cast.petra))
    empty(app)
