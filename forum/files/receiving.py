"""Bytes arriving: into the spool while no transaction is open, then into the store.

These are called by views, forms and commands, never inside a unit of work: they open their own, as nobody may
hold one while a slow line delivers.
"""

import os
from pathlib import Path
from typing import IO
from uuid import UUID, uuid4

import sqlalchemy as sa
from flask_babel import gettext as _
from gunicorn.http.unreader import SocketUnreader
from werkzeug.exceptions import ClientDisconnected

from forum.core.access import Viewer
from forum.core.db import db, unit_of_work
from forum.core.errors import Conflict, Invalid
from forum.files.models import Blob, File
from forum.files.pieces import digest_of, pieces_of
from forum.files.service.blobs import Content
from forum.files.service.uploads import begin_upload, complete_upload, discard, get_upload
from forum.files.spool import Spooled, arrived, spool_path
from forum.files.store import blob_key, store

#: Bytes read from the line at a time; a line that breaks hard loses what it brought of it.
CHUNK = 64 * 1024
# gunicorn would read a megabyte ahead for each sender and keep it several times over.
SocketUnreader.max_body_chunk = CHUNK


def append(viewer: Viewer, key: UUID, offset: int, stream: IO[bytes]) -> int:
    """Take what `stream` brings from `offset` on and say how many bytes are here now; when all are, the file is
    complete and its check begins.

    What arrived before the line broke stays. Raises `NotFound`; `Conflict` if `offset` is not what is here
    (`find_upload`) or the same is being sent on another line; `Invalid` if more comes than was said; `StoreAway`.
    """
    file = get_upload(viewer, key)
    path, size, is_complete = spool_path(file.member_id, key), file.size, file.blob_id is not None
    db.session.rollback()  # no transaction waits for a slow line
    if is_complete:
        if offset != size:
            raise Conflict(_("Diese Datei ist schon ganz da."))
        return size
    if not 0 <= offset < size:
        raise Conflict(_("Diese Stelle der Datei ist noch nicht dran."))
    spooled = Spooled(path, size, offset)
    try:
        _pour(stream, spooled)
        if spooled.left:
            return size - spooled.left
        _complete(viewer, key, spooled)
    finally:
        spooled.close()
    return size


def find_upload(viewer: Viewer, key: UUID) -> tuple[File, int]:
    """The viewer's own file with this key, and how many bytes of it are here; else `NotFound`."""
    file = get_upload(viewer, key)
    return file, file.size if file.blob_id is not None else arrived(file.member_id, key, file.size)


def receive(viewer: Viewer, stream: IO[bytes], name: str, place: str = "") -> File:
    """A whole file in one go, from a plain form or a command; `stream` must be seekable.

    Raises as `begin_upload` and `append`; then nothing of it is left.
    """
    stream.seek(0, os.SEEK_END)
    size = stream.tell()
    stream.seek(0)
    key = uuid4()
    with unit_of_work():
        begin_upload(viewer, key, name, size, place)
    try:
        if append(viewer, key, 0, stream) < size:
            raise Conflict(_("Das hat nicht geklappt. Bitte sende die Datei noch einmal."))
    except BaseException:
        with unit_of_work():
            discard(viewer, key)
        raise
    return get_upload(viewer, key)


def bring_in(path: Path, stream: IO[bytes]) -> Content:
    """Move the local file `path`, open as `stream`, into the store, unless its bytes are there already.

    Then the file stays where it is. Whoever makes a row of it (`blobs.keep_blob`) calls `see_to` behind it.
    """
    pieces, size = pieces_of(stream)
    content = Content(digest_of(pieces), size, pieces)
    row = db.session.execute(sa.select(Blob.is_broken).where(Blob.digest == content.digest)).one_or_none()
    db.session.rollback()
    if row is None or row.is_broken or store().size(blob_key(content.digest)) != size:
        store().take(path, blob_key(content.digest))
    return content


def see_to(content: Content, path: Path) -> None:
    """With the blob's row locked: a sweep may have taken the bytes after `bring_in` saw them."""
    key = blob_key(content.digest)
    if store().size(key) == content.size:
        return
    if not path.exists():
        raise Conflict(_("Das hat nicht geklappt. Bitte sende die Datei noch einmal."))
    store().take(path, key)


def _pour(stream: IO[bytes], spooled: Spooled) -> None:
    """From the line to the disk, until all is here or the line breaks."""
    while spooled.left:
        try:
            chunk = stream.read(CHUNK)
        except (OSError, ClientDisconnected):
            return
        if not chunk:
            return
        if len(chunk) > spooled.left:
            raise Invalid(
                _("Es kommt mehr an, als die Datei groß sein soll. Bitte wähl sie noch einmal aus.")
            )
        spooled.write(chunk)


def _complete(viewer: Viewer, key: UUID, spooled: Spooled) -> None:
    with spooled.whole() as stream:
        content = bring_in(spooled.path, stream)
        with unit_of_work():
            blob = complete_upload(viewer, key, content)
            see_to(content, spooled.path)
            blob.is_broken = False
        spooled.forget()
