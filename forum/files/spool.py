"""What has arrived of a file whose end has not: a local file per upload. Its length is the truth.

Several processes may hold the same one open: a line that broke may not have been noticed yet when the sender goes
on over another. Whoever writes looks first, under a lock, whether the file still ends where this sender thinks.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO
from uuid import UUID

from flask_babel import gettext as _

from forum.core.errors import Conflict
from forum.files.store import spool, storing


def spool_path(member_id: int, key: UUID) -> Path:
    """Where the upload with this key of this member lies."""
    return spool() / f"{member_id}-{key.hex}"


def arrived(member_id: int, key: UUID, size: int) -> int:
    """How many bytes of an incomplete upload are here, as its sender is told.

    The last byte counts only when the file is complete: if that failed, it is sent again.
    """
    try:
        return min(spool_path(member_id, key).stat().st_size, size - 1)
    except FileNotFoundError:
        return 0


def throw_away(member_id: int, key: UUID) -> None:
    """Forget what has arrived."""
    spool_path(member_id, key).unlink(missing_ok=True)


class Spooled:
    """An upload of `size` bytes held open for writing, from `offset` on."""

    def __init__(self, path: Path, size: int, offset: int) -> None:
        self.path = path
        self._size = size
        self._end = offset
        if offset == 0:
            with storing():
                spool().mkdir(exist_ok=True, mode=0o700)
        try:
            # Who begins makes the file; who goes on must find it.
            with storing():
                self._descriptor = os.open(path, os.O_RDWR | (os.O_CREAT if offset == 0 else 0), 0o600)
        except FileNotFoundError:
            raise _overtaken() from None
        try:
            with self._held():
                if offset == size - 1 and self._length() == size:
                    os.ftruncate(self._descriptor, offset)  # all was here, but could not be kept
                self._prove_end()
        except BaseException:
            self.close()
            raise

    @property
    def left(self) -> int:
        """How many bytes are still missing."""
        return self._size - self._end

    def write(self, chunk: bytes) -> None:
        """Add `chunk`. `Conflict` if the file no longer ends where it did: another is faster."""
        with storing(), self._held():
            self._prove_end()
            rest = memoryview(chunk)
            while rest:
                written = os.pwrite(self._descriptor, rest, self._end)
                self._end += written
                rest = rest[written:]

    @contextmanager
    def whole(self) -> Iterator[IO[bytes]]:
        """The complete file for reading, while nobody else gets at it; what is moved meanwhile is overtaken."""
        with self._held():
            self._prove_end()
            with open(self._descriptor, "rb", closefd=False) as stream:
                stream.seek(0)
                yield stream

    def forget(self) -> None:
        """Take it out of the spool, if it is still there and the path does not mean another one by now."""
        if self._is_there():
            self.path.unlink()

    def close(self) -> None:
        os.close(self._descriptor)

    def _length(self) -> int:
        return os.fstat(self._descriptor).st_size

    @contextmanager
    def _held(self) -> Iterator[None]:
        """Hold the lock, and be sure that the path still means this file."""
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise _overtaken() from None
        try:
            if not self._is_there():
                raise _overtaken()
            yield
        finally:
            fcntl.flock(self._descriptor, fcntl.LOCK_UN)

    def _is_there(self) -> bool:
        try:
            return os.path.samestat(os.stat(self.path), os.fstat(self._descriptor))
        except FileNotFoundError:
            return False

    def _prove_end(self) -> None:
        if self._length() != self._end:
            raise _overtaken()


def _overtaken() -> Conflict:
    return Conflict(_("Diese Datei kommt gerade auf einem anderen Weg an. Versuche es gleich noch einmal."))
