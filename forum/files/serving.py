"""Files leave the house: proved piece by piece, under their right names, and never run by a browser.

Whoever calls this has made sure that the viewer may have the file. A page is made while few others are; bytes are
fetched after that, when the server asks for the body, so that a slow line or a slow store holds up nobody's page.
"""

import logging
import re
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import IO, Any, cast
from urllib.parse import quote

import sqlalchemy as sa
from flask import Flask, Response, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import Headers
from werkzeug.exceptions import RequestedRangeNotSatisfiable
from werkzeug.http import parse_range_header
from zipstream import ZipStream

from forum.core.db import db, unit_of_work
from forum.core.errors import NotFound
from forum.files import policy
from forum.files.kinds import FACTS, SHOWN_INLINE, FileKind
from forum.files.models import Blob, File, FileState, Page
from forum.files.pieces import BlobReader, Broken
from forum.files.reader.codes import Fault
from forum.files.reading import ReadingFailed, reading
from forum.files.service.uploads import clean_name
from forum.files.store import Gone, Store, StoreAway, page_key, spool, store, tile_key
from forum.web.application import this_application
from forum.web.errors import error_page

#: What a browser shows of a file can do nothing and fetch nothing.
_SANDBOX = "sandbox; default-src 'none'; img-src 'self'; style-src 'unsafe-inline'"
_LASTING = "private, max-age=31536000, immutable"
_CHUNK = 256 * 1024
#: What proves the pieces of so many blobs is fetched with one statement.
_FACTS_AT_ONCE = 500
#: What stamps may add to a PDF, in bytes.
_STAMPS = 50 * 1024 * 1024
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ZipEntry:
    """A file in a ZIP: where it lies there (`Protokolle/März.pdf`), and what is stamped on it if it is a PDF."""

    path: str
    file: File
    stamp: str = ""


def send_file(file: File, *, as_name: str = "", inline: bool = False) -> Response:
    """The file to be saved, or with `inline` to be looked at where its kind allows that.

    Answers requests for a range and for "only if changed". Raises `NotFound`, with a sentence where the viewer
    can do something, for what is not READY, infected or damaged.
    """
    source = _source(file)
    answer = _Fetched(_Seekable(source), content_type=source.media_type)
    answer.content_length = source.size
    answer.headers["Cache-Control"] = "private, no-cache"
    answer.set_etag(source.digest)
    _name(answer, as_name or file.name, inline=inline and source.kind in SHOWN_INLINE)
    return _conditional(answer, source.size)


def stamped(file: File, text: str, *, as_name: str = "") -> Response:
    """As `send_file`, always to be saved, with `text` on each page of a PDF; other kinds go as they are.

    A PDF on which nothing can be stamped does not go at all.
    """
    source = _source(file)
    if source.kind is not FileKind.PDF:
        return send_file(file, as_name=as_name)
    answer = _Fetched(source.read_stamped(text), content_type=source.media_type)
    _name(answer, as_name or file.name, inline=False)
    return answer


def send_page(file: File, number: int) -> Response:
    """The image of a page of the file; `NotFound` where it has none."""
    blob = _shown(file)
    width = db.session.scalar(sa.select(Page.width).where(Page.blob_id == blob.id, Page.number == number))
    if not width:
        raise NotFound
    return _image(page_key(blob.digest, number), f"{blob.digest}-{number}")


def send_tile(file: File) -> Response:
    """The small image of the file's first page; `NotFound` where it has none."""
    blob = _shown(file)
    if not blob.has_tile:
        raise NotFound
    return _image(tile_key(blob.digest), f"{blob.digest}-tile")


def send_zip(entries: Iterable[ZipEntry], name: str) -> Response:
    """All these files in one ZIP called `name`, made while it is sent.

    Names that are there twice get a number. What cannot be given is left out, and a text in the ZIP says so.
    """
    archive = _archive(list(entries))
    answer = _Fetched(iter(archive), content_type="application/zip")
    if archive.sized:
        answer.content_length = len(archive)
    _name(answer, name, inline=False)
    return answer


class _Unavailable(Exception):
    """The bytes cannot be had: what to say, translated when it is said, and the status it is said with."""

    def __init__(self, message: object, status: int) -> None:
        super().__init__(status)
        self.message = message
        self.status = status


_BROKEN = _l(
    "Diese Datei ist beschädigt und wird deshalb nicht ausgegeben. "
    "Bitte die Person, von der sie kommt, sie noch einmal hochzuladen."
)
_AWAY = _l(
    "Der Speicher für Dateien ist gerade nicht erreichbar. Versuche es in ein paar Minuten noch einmal."
)
_NOT_STAMPED = _l(
    "Diese Datei ist vertraulich und lässt sich nicht kennzeichnen, deshalb wird sie nicht ausgegeben. "
    "Bitte die Person, von der sie kommt, um eine Fassung ohne Passwort."
)
_MISSING = _l("Dieses Bild gibt es nicht mehr. Lade die Seite neu.")


class _Fetched(Response):
    """An answer whose bytes are fetched when the server asks for the body: by then the page gate is open again.

    If they cannot be had at all, the answer is a page that says why. If that turns out later, the line is cut: what
    arrived is less than was announced, so nobody takes it for the file.
    """

    def __init__(self, body: Iterable[bytes], content_type: str) -> None:
        super().__init__(body, content_type=content_type, direct_passthrough=True)
        self.headers["Content-Security-Policy"] = _SANDBOX
        # Nobody compresses what says how it is encoded; the header itself stays in the house.
        self.headers["Content-Encoding"] = "identity"

    def get_wsgi_headers(self, environ: Any) -> Headers:
        headers = super().get_wsgi_headers(environ)
        headers.remove("Content-Encoding")
        return headers

    def __call__(self, environ: Any, start_response: Any) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] == "HEAD" or self.status_code >= 300:
            return super().__call__(environ, start_response)
        return self._sent(this_application(), environ, start_response)

    def _sent(self, app: Flask, environ: Any, start_response: Any) -> Iterator[bytes]:
        body = cast("Iterator[bytes]", iter(self.response))
        try:
            first = next(body, b"")
        except _Unavailable as reason:
            self.close()
            yield from _error(app, environ, reason)(environ, start_response)
            return
        self.response = chain((first,), body)
        try:
            yield from super().__call__(environ, start_response)
        finally:
            self.close()


def _error(app: Flask, environ: Any, reason: _Unavailable) -> Response:
    with app.request_context(environ):
        app.preprocess_request()
        return app.process_response(app.make_response(error_page(reason.status, str(reason.message))))


@dataclass(frozen=True, slots=True)
class _Bytes:
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
            with reading("stamp", self._copy, {"text": text}, self.spool) as child:
                for _line in child:
                    pass
                return open(child.written("stamped.pdf", 2 * self.size + _STAMPS), "rb")
        except ReadingFailed as fault:
            log.warning("blob %s could not be stamped: %s", self.blob_id, fault.fault)
            raise _Unavailable(_NOT_STAMPED, 422) from fault

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
            raise _Unavailable(_BROKEN, 404) from fault
        except StoreAway as fault:
            raise _Unavailable(_AWAY, 503) from fault


class _Seekable:
    """A body that may begin anywhere, as werkzeug wants it for ranges."""

    def __init__(self, source: _Bytes) -> None:
        self._source = source
        self._start = 0
        self._pieces: Iterator[bytes] | None = None

    def seekable(self) -> bool:
        return True

    def seek(self, start: int) -> None:
        self._start = start

    def tell(self) -> int:
        return self._start

    def __iter__(self) -> "_Seekable":
        return self

    def __next__(self) -> bytes:
        if self._pieces is None:
            self._pieces = self._source.read(self._start)
        return next(self._pieces)


def _shown(file: File) -> Blob:
    """The blob of a file that may leave the house."""
    blob = file.blob
    if policy.is_shown(file) and blob is not None:
        return blob
    if blob is not None and blob.is_broken:
        raise NotFound(str(_BROKEN))
    if file.state is FileState.CHECKING:
        raise NotFound(_("Diese Datei wird noch geprüft. Versuche es gleich noch einmal."))
    if file.state is FileState.ASKS:
        raise NotFound(_("Bei dieser Datei ist noch etwas zu entscheiden. Versuche es später noch einmal."))
    raise NotFound


def _bytes_of(blobs: Iterable[Blob]) -> dict[int, _Bytes]:
    wanted = {blob.id: blob for blob in blobs}
    app, bytes_at, room = this_application(), store(), spool()
    found: dict[int, _Bytes] = {}
    for start in range(0, len(wanted), _FACTS_AT_ONCE):
        ids = list(wanted)[start : start + _FACTS_AT_ONCE]
        for blob_id, pieces in db.session.execute(sa.select(Blob.id, Blob.pieces).where(Blob.id.in_(ids))):
            blob = wanted[blob_id]
            if blob.kind is not None:
                found[blob_id] = _Bytes(
                    app, bytes_at, room, blob_id, blob.kind, blob.digest, blob.size, pieces
                )
    return found


def _source(file: File) -> _Bytes:
    blob = _shown(file)
    found = _bytes_of([blob]).get(blob.id)
    if found is None:
        raise NotFound
    return found


def _conditional(answer: Response, size: int) -> Response:
    environ = dict(request.environ)
    asked = parse_range_header(environ.get("HTTP_RANGE"))
    if asked is not None and len(asked.ranges) > 1:
        del environ["HTTP_RANGE"]  # several at once are rare, and the whole is a right answer
    try:
        answer.make_conditional(environ, accept_ranges=True, complete_length=size)
    except RequestedRangeNotSatisfiable:
        return Response(status=416, headers={"Content-Range": f"bytes */{size}"})
    return answer


def _image(key: str, etag: str) -> Response:
    bytes_at = store()

    def fetched() -> Iterator[bytes]:
        try:
            yield bytes_at.get(key)
        except Gone as fault:
            raise _Unavailable(_MISSING, 404) from fault
        except StoreAway as fault:
            raise _Unavailable(_AWAY, 503) from fault

    answer = _Fetched(fetched(), content_type="image/webp")
    answer.headers["Cache-Control"] = _LASTING
    answer.set_etag(etag)
    answer.make_conditional(request)
    return answer


def _name(answer: Response, name: str, *, inline: bool) -> None:
    """RFC 6266: the name as it is, and for old programs one in plain letters."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    plain = re.sub(r'[\x00-\x1f\x7f"\\]', "_", plain)
    if not plain.rpartition(".")[0].strip():
        plain = f"Datei{plain}"
    names = {"filename": plain}
    if plain != name:
        names["filename*"] = f"UTF-8''{quote(name, safe='!#$&+-.^_`|~', errors='replace')}"
    answer.headers.set("Content-Disposition", "inline" if inline else "attachment", **names)


def _archive(entries: list[ZipEntry]) -> ZipStream:
    """The ZIP of these entries; of known length if nothing in it is stamped."""
    left_out: list[str] = []
    sources = _bytes_of(entry.file.blob for entry in entries if entry.file.blob and _is_given(entry))
    is_sized = not any(_is_stamped(entry) for entry in entries)
    stream = ZipStream(sized=is_sized)
    taken: set[str] = set()
    for entry in entries:
        path = "/".join(clean_name(part) for part in entry.path.split("/") if part)
        source = sources.get(entry.file.blob_id or 0) if _is_given(entry) else None
        if source is None:
            left_out.append(path)
        elif _is_stamped(entry):
            stream.add(source.read_stamped(entry.stamp), _unique(path, taken))
        else:
            stream.add(source.read(), _unique(path, taken), size=source.size)
    if left_out:
        words = _(
            "Diese Dateien fehlen hier. Sie werden noch geprüft, sind beschädigt oder lassen sich nicht kennzeichnen:"
        )
        lines = [words, "", *left_out, ""]
        stream.add("\r\n".join(["\ufeff" + lines[0], *lines[1:]]), _unique(_("Fehlende Dateien.txt"), taken))
    return stream


def _is_stamped(entry: ZipEntry) -> bool:
    blob = entry.file.blob
    return bool(entry.stamp) and blob is not None and blob.kind is FileKind.PDF


def _is_given(entry: ZipEntry) -> bool:
    """Whether the file goes into a ZIP; a failure in the middle would spoil all of it."""
    if not policy.is_shown(entry.file) or entry.file.blob is None:
        return False
    return not (_is_stamped(entry) and entry.file.blob.preview_fault == Fault.ENCRYPTED)


def _unique(path: str, taken: set[str]) -> str:
    """`path`, with a number where it is there already; some systems take large and small letters for the same."""
    folder, slash, name = path.rpartition("/")
    stem, dot, ending = name.rpartition(".")
    if not dot:
        stem, ending = name, ""
    number = 1
    while path.casefold() in taken:
        number += 1
        path = f"{folder}{slash}{stem} ({number}){dot}{ending}"
    taken.add(path.casefold())
    return path
