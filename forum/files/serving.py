"""Files leave the house: proved piece by piece, under their right names, and never run by a browser.

Whoever calls this has made sure that the viewer may have the file. A page is made while few others are; bytes are
fetched after that, when the server asks for the body, so that a slow line or a slow store holds up nobody's page.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import quote

import sqlalchemy as sa
from flask import Response, request
from flask_babel import gettext as _
from werkzeug.exceptions import RequestedRangeNotSatisfiable
from werkzeug.http import parse_range_header
from zipstream import ZipStream

from forum.core.db import db
from forum.core.errors import NotFound
from forum.files import policy
from forum.files.fetching import AWAY, BROKEN, MISSING, BlobBytes, Fetched, Seekable, Unavailable
from forum.files.kinds import SHOWN_INLINE, FileKind
from forum.files.models import Blob, File, FileState, Page
from forum.files.reader.codes import Fault
from forum.files.service.uploads import clean_name
from forum.files.store import Gone, StoreAway, page_key, spool, store, tile_key
from forum.web.application import this_application

#: What proves the pieces of so many blobs is fetched with one statement.
_FACTS_AT_ONCE = 500


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
    answer = Fetched(Seekable(source), content_type=source.media_type)
    answer.content_length = source.size
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
    answer = Fetched(source.read_stamped(text), content_type=source.media_type)
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
    answer = Fetched(iter(archive), content_type="application/zip")
    if archive.sized:
        answer.content_length = len(archive)
    _name(answer, name, inline=False)
    return answer


def _shown(file: File) -> Blob:
    """The blob of a file that may leave the house."""
    blob = file.blob
    if policy.is_shown(file) and blob is not None:
        return blob
    if blob is not None and blob.is_broken:
        raise NotFound(str(BROKEN))
    if file.state is FileState.CHECKING:
        raise NotFound(_("Diese Datei wird noch geprüft. Versuche es gleich noch einmal."))
    if file.state is FileState.ASKS:
        raise NotFound(_("Bei dieser Datei ist noch etwas zu entscheiden. Versuche es später noch einmal."))
    raise NotFound


def _bytes_of(blobs: Iterable[Blob]) -> dict[int, BlobBytes]:
    wanted = {blob.id: blob for blob in blobs}
    app, bytes_at, room = this_application(), store(), spool()
    found: dict[int, BlobBytes] = {}
    for start in range(0, len(wanted), _FACTS_AT_ONCE):
        ids = list(wanted)[start : start + _FACTS_AT_ONCE]
        for blob_id, pieces in db.session.execute(sa.select(Blob.id, Blob.pieces).where(Blob.id.in_(ids))):
            blob = wanted[blob_id]
            if blob.kind is not None:
                found[blob_id] = BlobBytes(
                    app, bytes_at, room, blob_id, blob.kind, blob.digest, blob.size, pieces
                )
    return found


def _source(file: File) -> BlobBytes:
    blob = _shown(file)
    found = _bytes_of([blob]).get(blob.id)
    if found is None:
        raise NotFound
    return found


def _conditional(answer: Response, size: int) -> Response:
    environ = dict(request.environ)
    header = environ.get("HTTP_RANGE", "")
    asked = parse_range_header(header)
    # The whole is a right answer to several at once, which are rare, and the only one to a unit that nobody knows.
    if not header.lower().startswith("bytes=") or (asked is not None and len(asked.ranges) > 1):
        environ.pop("HTTP_RANGE", None)
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
            raise Unavailable(MISSING, 404) from fault
        except StoreAway as fault:
            raise Unavailable(AWAY, 503) from fault

    answer = Fetched(fetched(), content_type="image/webp", is_small=True)
    answer.set_etag(etag)
    answer.make_conditional(request)
    return answer


def _name(answer: Response, name: str, *, inline: bool) -> None:
    """RFC 6266: the name as it is, and for old programs one in plain letters."""
    name = re.sub(r"[/\\]", "-", name)
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
