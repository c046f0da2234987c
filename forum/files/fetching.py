"""Bytes that are fetched when the server asks for the body: by then the request is over, and the page gate open."""

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import IO, Any, cast

import sqlalchemy as sa
from flask import Flask, Response, g
from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import Headers

from forum.core.db import db, unit_of_work
from forum.files.kinds import FACTS, FileKind
from forum.files.models import Blob
from forum.files.pieces import BlobReader, Broken
from forum.files.reading import ReadingFailed, reading
from forum.files.store import Store, StoreAway, storing
from forum.web.application import this_application
from forum.web.errors import error_page
from forum.web.lines import TOO_MANY, lines_of

#: What a browser shows of a file can do nothing and fetch nothing.
_SANDBOX = "sandbox; default-src 'none'; img-src 'self'; style-src 'unsafe-inline'"
_CHUNK = 256 * 1024
#: What stamps may add to a PDF, in bytes.
_STAMPS = 50 * 1024 * 1024
log = logging.getLogger(__name__)


class Unavailable(Exception):
    """The bytes cannot be had: what to say, translated when it is said, and the status it is said with."""

    def __init__(self, message: object, status: int) -> None:
        super().__init__(status)
        self.message = message
        self.status = status


BROKEN = _l(
    "Diese Datei ist beschädigt und wird deshalb nicht ausgegeben. "
    "Bitte die Person, von der sie kommt, sie noch einmal hochzuladen."
)
AWAY = _l(
    "Der Speicher für Dateien ist gerade nicht erreichbar. Versuche es in ein paar Minuten noch einmal."
)
_NOT_STAMPED = _l(
    "Diese Datei ist vertraulich und lässt sich nicht kennzeichnen, deshalb wird sie nicht ausgegeben. "
    "Bitte die Person, von der sie kommt, um eine Fassung ohne Passwort."
)
MISSING = _l("Dieses Bild gibt es nicht mehr. Lade die Seite neu.")


class Fetched(Response):
    """An answer whose bytes are fetched when the server asks for the body: by then the page gate is open again.

    If they cannot be had at all, the answer is a page that says why. If that turns out later, the line is cut: what
    arrived is less than was announced, so nobody takes it for the file.
    """

    def __init__(self, body: Iterable[bytes], content_type: str, *, is_small: bool = False) -> None:
        super().__init__(body, content_type=content_type, direct_passthrough=True)
        self._member_id: int | None = g.viewer.member_id if "viewer" in g else None
        self._is_small = is_small
        self.headers["Content-Security-Policy"] = _SANDBOX
        # Nobody compresses what says how it is encoded; the header itself stays in the house.
        self.headers["Content-Encoding"] = "identity"

    def get_wsgi_headers(self, environ: Any) -> Headers:
        headers = super().get_wsgi_headers(environ)
        headers.remove("Content-Encoding")
        return headers

    def __call__(self, environ: Any, start_response: Any) -> Iterable[bytes]:
        if self.status_code == 412:
            self.set_data(b"")  # who wants another file than this one gets nothing of it
        if environ["REQUEST_METHOD"] == "HEAD" or self.status_code >= 300:
            return super().__call__(environ, start_response)
        app = this_application()
        sent = self._sent(app, environ, start_response)
        return sent if self._is_small else self._on_a_line(sent, app, environ, start_response)

    def _on_a_line(
        self, sent: Iterator[bytes], app: Flask, environ: Any, start_response: Any
    ) -> Iterator[bytes]:
        """The same, if the member has not too many under way; a page has many small ones."""
        if not lines_of(app).take(self._member_id):
            self.close()
            yield from _error(app, environ, Unavailable(TOO_MANY, 429))(environ, start_response)
            return
        try:
            yield from sent
        finally:
            lines_of(app).give_back(self._member_id)

    def _sent(self, app: Flask, environ: Any, start_response: Any) -> Iterator[bytes]:
        body = cast("Iterator[bytes]", iter(self.response))
        try:
            first = next(body, b"")
        except Unavailable as reason:
            self.close()
            yield from _error(app, environ, reason)(environ, start_response)
            return
        self.response = chain((first,), body)
        try:
            yield from super().__call__(environ, start_response)
        finally:
            self.close()


def _error(app: Flask, environ: Any, reason: Unavailable) -> Response:
    with app.request_context(environ):
        app.preprocess_request()
        return app.process_response(app.make_response(error_page(reason.status, str(reason.message))))


@dataclass(frozen=True, slots=True)
class BlobBytes:
    """All that is needed of a blob to send it when its request is over, and the session with it."""

    app: Flask
    store: Store
    spool: Path
    blob_id: int
    kind: FileKind
    digest: str
    size: int
    pieces: bytes

    @property
    def media_type(self) -> str:
        return FACTS[self.kind].media_type

    def read(self, start: int = 0) -> Iterator[bytes]:
        """The bytes from `start` on."""
        with self._telling():
            reader = self._open()
            reader.seek(start)
            yield from reader

    def read_stamped(self, text: str) -> Iterator[bytes]:
        """The bytes of a PDF with `text` on each page."""
        with self._telling(), self._stamped(text) as stream:
            while chunk := stream.read(_CHUNK):
                yield chunk

    def _stamped(self, text: str) -> IO[bytes]:
        """Opened, and without a name any more: the child that wrote it, and its folder, are gone."""
        try:
            with storing(), reading("stamp", self._copy, {"text": text}, self.spool) as child:
                for _line in child:
                    pass
                return open(child.written("stamped.pdf", 2 * self.size + _STAMPS), "rb")
        except ReadingFailed as fault:
            log.warning("blob %s could not be stamped: %s", self.blob_id, fault.fault)
            raise Unavailable(_NOT_STAMPED, 422) from fault

    def _copy(self, path: Path) -> None:
        with open(path, "xb") as copy:
            copy.writelines(self._open())

    def _open(self) -> BlobReader:
        return BlobReader(self.store, self.digest, self.size, self.pieces)

    @contextmanager
    def _telling(self) -> Iterator[None]:
        try:
            yield
        except Broken as fault:
            log.error("blob %s is broken", self.blob_id)
            with self.app.app_context(), unit_of_work():
                db.session.execute(sa.update(Blob).where(Blob.id == self.blob_id).values(is_broken=True))
            raise Unavailable(BROKEN, 404) from fault
        except StoreAway as fault:
            raise Unavailable(AWAY, 503) from fault


class Seekable:
    """A body that may begin anywhere, as werkzeug wants it for ranges."""

    def __init__(self, source: BlobBytes) -> None:
        self._source = source
        self._start = 0
        self._pieces: Iterator[bytes] | None = None

    def seekable(self) -> bool:
        return True

    def seek(self, start: int) -> None:
        self._start = start

    def tell(self) -> int:
        return self._start

    def __iter__(self) -> "Seekable":
        return self

    def __next__(self) -> bytes:
        if self._pieces is None:
            self._pieces = self._source.read(self._start)
        return next(self._pieces)
