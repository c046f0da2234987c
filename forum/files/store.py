"""Where the bytes lie: a folder, or a store that speaks S3. Beside it the spool, for what is still arriving.

Keys are made here and nowhere else; nothing of a name or of any other thing people typed is in them.
"""

import errno
import logging
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import mkstemp
from typing import Any
from urllib.parse import urlsplit

import obstore
from flask import Flask, current_app
from flask_babel import gettext as _
from obstore.exceptions import BaseError
from obstore.store import LocalStore, S3Store

from forum.config import Settings
from forum.core.errors import Invalid
from forum.files.policy import MEGABYTE, Limits

#: Lies in every store that was used once. What is missing where this is missing, too, is not gone: it is away.
MARK = "store"
#: Parts of a file on its way to an S3 store: so many bytes, so many at once, are in memory for each file.
_PART = 8 * MEGABYTE
_PARTS_AT_ONCE = 2
#: A request must not wait longer than people do. For a part to arrive.
_PATIENCE = timedelta(seconds=30)
_TO_CONNECT = timedelta(seconds=3)
_RETRIES = {"max_retries": 2, "retry_timeout": timedelta(seconds=20)}
#: How many deletions go out together; S3 takes no more.
_AT_ONCE = 1000
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
log = logging.getLogger(__name__)


class StoreAway(Invalid):
    """The store cannot be reached or has no room; what was asked for was not done. `message` says so."""


class Gone(Exception):
    """The store has nothing under this key, or less than was asked for."""


@dataclass(frozen=True, slots=True)
class Stored:
    """One object of the store, as `Store.objects` lists it."""

    key: str
    size: int
    changed_at: datetime


class Store:
    """Bytes under keys. All methods raise `StoreAway` when the store is away or full."""

    def __init__(self, remote: LocalStore | S3Store) -> None:
        self._remote = remote
        self._is_marked = False

    def take(self, path: Path, key: str) -> None:
        """Move the local file `path` in under `key`, replacing what is there; safe on the disk when this returns.

        In a folder on the same disk nothing is copied. If it fails, `path` is still there.
        """
        self._mark()
        with storing():
            obstore.put(self._remote, key, path, chunk_size=_PART, max_concurrency=_PARTS_AT_ONCE)
            path.unlink()

    def put(self, key: str, data: bytes) -> None:
        """Keep `data` (small: a page image) under `key`."""
        self._mark()
        with storing():
            obstore.put(self._remote, key, data)

    def get(self, key: str) -> bytes:
        """All of a small object; `Gone` if there is none."""
        try:
            with storing():
                return bytes(obstore.get(self._remote, key).bytes())
        except FileNotFoundError:
            raise self._gone(key) from None

    def read_into(self, buffer: memoryview, key: str, start: int) -> None:
        """Fill `buffer` (at least one byte) from `start` on; `Gone` if there is not so much."""
        try:
            with storing():
                data = obstore.get_range(self._remote, key, start=start, length=len(buffer))
        except FileNotFoundError:
            raise self._gone(key) from None
        except StoreAway:
            # Some stores call it a fault when a range begins behind the end.
            if (self.size(key) or 0) >= start + len(buffer):
                raise
            raise Gone(key) from None
        if len(data) != len(buffer):
            raise Gone(key)
        buffer[:] = data

    def size(self, key: str) -> int | None:
        """How many bytes lie under `key`; None if nothing does."""
        try:
            with storing():
                return int(obstore.head(self._remote, key)["size"])
        except FileNotFoundError:
            self._gone(key)
            return None

    def delete(self, keys: Iterable[str]) -> None:
        """Take these away; what is not there is no fault."""
        waiting = list(keys)
        for first in range(0, len(waiting), _AT_ONCE):
            self._delete(waiting[first : first + _AT_ONCE])

    def objects(self, prefix: str = "") -> Iterator[Stored]:
        """What lies under keys that begin with the folder `prefix` (`blobs/`)."""
        with storing():
            for found in obstore.list(self._remote, prefix or None, chunk_size=1000):
                for one in found:
                    if one["path"] != MARK:
                        yield Stored(one["path"], int(one["size"]), one["last_modified"])

    def keys(self, prefix: str = "") -> Iterator[tuple[str, int]]:
        """Key and size of each of `objects(prefix)`."""
        for found in self.objects(prefix):
            yield found.key, found.size

    def _delete(self, keys: list[str]) -> None:
        try:
            with storing():
                obstore.delete(self._remote, keys)
        except FileNotFoundError:
            for key in keys if len(keys) > 1 else ():
                self._delete([key])

    def _mark(self) -> None:
        if self._is_marked:
            return
        if not self._has_mark():
            with storing():
                obstore.put(self._remote, MARK, b"Here lie the files of the network.\n")
        self._is_marked = True

    def _has_mark(self) -> bool:
        try:
            with storing():
                obstore.head(self._remote, MARK)
        except FileNotFoundError:
            return False
        return True

    def _gone(self, key: str) -> Gone:
        """That the key is gone; `StoreAway` if all is."""
        if not self._has_mark():
            log.error("the store of files is away: not even its mark is there")
            raise _away()
        return Gone(key)


class FolderStore(Store):
    """The same in a folder of this machine."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._folder = folder
        super().__init__(LocalStore(folder))

    def take(self, path: Path, key: str) -> None:
        self._mark()
        target = self._folder / key
        with storing():
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            try:
                _to_disk(path)
                path.replace(target)
            except OSError as fault:
                if fault.errno != errno.EXDEV:
                    raise
                _copy(path, target)
                path.unlink()
            for folder in (target.parent, target.parent.parent):
                _to_disk(folder)

    def read_into(self, buffer: memoryview, key: str, start: int) -> None:
        # Without a detour: many are read at once, and nothing but the buffer is to take memory.
        try:
            with storing(), open(self._folder / key, "rb", buffering=0) as file:
                file.seek(start)
                count = file.readinto(buffer)
        except FileNotFoundError:
            raise self._gone(key) from None
        if count != len(buffer):
            raise Gone(key)

    def _mark(self) -> None:
        # When its disk is no longer there, nothing may be put where it used to be.
        if self._is_marked and not self._has_mark():
            raise _away()
        super()._mark()

    def _has_mark(self) -> bool:
        return (self._folder / MARK).is_file()


@dataclass(frozen=True, slots=True)
class _Files:
    store: Store
    spool: Path
    limits: Limits


def init_files(app: Flask, settings: Settings) -> None:
    """Give the application its store, its spool and its limits; forms with files use the spool, too."""
    folder = settings.instance / "spool"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    limits = Limits(
        file=settings.upload_limit_mb * MEGABYTE,
        space=settings.space_quota_mb * MEGABYTE,
        member=settings.member_quota_mb * MEGABYTE,
        zip_files=settings.zip_files,
    )
    app.extensions["files"] = _Files(open_store(settings), folder, limits)
    app.jinja_env.globals["files_limits"] = limits
    app.config["FILES_FOLDER"] = str(folder)
    app.config["FILE_LIMIT"] = limits.file
    # Several files in one form, with what was written beside them.
    app.config["FILES_LIMIT"] = 2 * limits.file + int(app.config["MAX_CONTENT_LENGTH"])


def open_store(settings: Settings) -> Store:
    """The store that the settings name; nothing is asked of it yet, so processes may still be forked."""
    if not settings.storage_url:
        return FolderStore(settings.instance / "files")
    address = urlsplit(settings.storage_url)
    options: dict[str, Any] = {"region": settings.s3_region}
    if settings.s3_endpoint:
        options["endpoint"] = settings.s3_endpoint
    if settings.s3_access_key:
        options |= {"access_key_id": settings.s3_access_key, "secret_access_key": settings.s3_secret_key}
    return Store(
        S3Store(
            address.netloc,
            prefix=address.path.strip("/") or None,
            client_options={
                "allow_http": settings.s3_endpoint.startswith("http://"),
                "timeout": _PATIENCE,
                "connect_timeout": _TO_CONNECT,
            },
            retry_config=_RETRIES,  # type: ignore[arg-type]  # all of its keys may be left out
            **options,
        )
    )


def store() -> Store:
    """The store of the current application."""
    return _files().store


def spool() -> Path:
    """The folder of what is still arriving, on the disk of a local store.

    Uploads lie at its top (`files.spool`). Work that needs local files makes folders of its own in it
    (`tempfile.TemporaryDirectory(dir=spool())`); what is left there for two days is swept away.
    """
    return _files().spool


def limits() -> Limits:
    """What this installation takes."""
    return _files().limits


def blob_key(digest: str) -> str:
    """Where the bytes of a blob lie."""
    return f"blobs/{digest[:2]}/{digest}"


def previews_prefix(digest: str) -> str:
    """The folder of everything that shows a blob."""
    return f"previews/{digest[:2]}/{digest}/"


def page_key(digest: str, number: int) -> str:
    """Where the image of a page (1 …) lies."""
    return f"{previews_prefix(digest)}{number}.webp"


def tile_key(digest: str) -> str:
    """Where the small image of the first page lies, 320 pixels wide."""
    return f"{previews_prefix(digest)}tile.webp"


def _files() -> _Files:
    found: _Files = current_app.extensions["files"]
    return found


@contextmanager
def storing() -> Iterator[None]:
    """Turn faults of disk and store into `StoreAway`; `FileNotFoundError` passes."""
    try:
        yield
    except FileNotFoundError:
        raise
    except (OSError, BaseError) as fault:
        is_full = getattr(fault, "errno", None) in _FULL or f"os error {errno.ENOSPC}" in str(fault)
        log.error("the store of files is %s: %s", "full" if is_full else "away", type(fault).__name__)
        raise (full() if is_full else _away()) from fault


def _away() -> StoreAway:
    return StoreAway(
        _(
            "Der Speicher für Dateien ist gerade nicht erreichbar. Versuche es in ein paar Minuten noch einmal."
        ),
        "files",
    )


def full() -> StoreAway:
    """What is raised when there is no room left."""
    return StoreAway(
        _(
            "Der Speicher für Dateien ist voll. Sag bitte der Administration Bescheid; es ist nichts verloren."
        ),
        "files",
    )


def _to_disk(path: Path) -> None:
    """Wait until the file or folder is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _copy(path: Path, target: Path) -> None:
    """Copy to another disk, so that the whole file is there at once or not at all."""
    descriptor, name = mkstemp(dir=target.parent)
    try:
        with open(descriptor, "wb") as copy, open(path, "rb") as original:
            shutil.copyfileobj(original, copy, MEGABYTE)
            copy.flush()
            os.fsync(descriptor)
        os.replace(name, target)
    except BaseException:
        os.unlink(name)
        raise
