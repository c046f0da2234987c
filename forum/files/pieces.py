"""Proved reading: the bytes of a blob are known piece by piece, and each is proved before it leaves the house."""

import io
from collections.abc import Iterator
from hashlib import sha256
from mmap import MAP_ANONYMOUS, MAP_PRIVATE, mmap
from pathlib import Path
from typing import IO, Any

from forum.files.models import Blob
from forum.files.store import Gone, Store, blob_key, store, storing

#: Bytes of a piece.
PIECE = 1024 * 1024
_DIGEST = sha256().digest_size
#: What is read or given at a time where a whole piece is not needed: many files are under way at once.
_PART = 64 * 1024


class Broken(Exception):
    """The bytes are not what they were when they came, or are gone."""


def pieces_of(stream: IO[bytes]) -> tuple[bytes, int]:
    """Read `stream` to its end: the joined digests of its pieces, and how many bytes it had."""
    pieces, size = [], 0
    known, missing = sha256(), PIECE
    while part := stream.read(min(_PART, missing)):
        known.update(part)
        size += len(part)
        missing -= len(part)
        if not missing:
            pieces.append(known.digest())
            known, missing = sha256(), PIECE
    if missing < PIECE:
        pieces.append(known.digest())
    return b"".join(pieces), size


def digest_of(pieces: bytes) -> str:
    """The digest under which bytes with these pieces are kept: hex SHA-256 over the digests of the pieces."""
    return sha256(pieces).hexdigest()


class BlobReader(io.RawIOBase):
    """The bytes of a blob as a seekable file, one proved piece in memory. Raises `Broken`, `StoreAway`."""

    def __init__(self, store: Store, digest: str, size: int, pieces: bytes) -> None:
        super().__init__()
        self._store = store
        self._key = blob_key(digest)
        self._size = size
        self._pieces = pieces
        self._position = 0
        # Mapped, not from the heap: that one would keep what many readers side by side took and gave back.
        self._buffer = memoryview(mmap(-1, PIECE, MAP_PRIVATE | MAP_ANONYMOUS))
        self._held = -1
        if digest_of(pieces) != digest or len(pieces) != -(-size // PIECE) * _DIGEST:
            raise Broken(digest)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        origin = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        if origin + offset < 0:
            raise ValueError("before the first byte")
        self._position = origin + offset
        return self._position

    def readinto(self, buffer: Any) -> int:
        """At most to the end of the piece; 0 at the end of the file."""
        if self._position >= self._size:
            return 0
        number, start = divmod(self._position, PIECE)
        view = memoryview(buffer).cast("B")
        found = self._piece(number)[start : start + len(view)]
        view[: len(found)] = found
        self._position += len(found)
        return len(found)

    def __iter__(self) -> Iterator[bytes]:
        """What is left of it, in small parts."""
        while self._position < self._size:
            number, start = divmod(self._position, PIECE)
            part = bytes(self._piece(number)[start : start + _PART])
            self._position += len(part)
            yield part

    def _piece(self, number: int) -> memoryview:
        """Good until another piece is asked for."""
        start = number * PIECE
        found = self._buffer[: min(PIECE, self._size - start)]
        if self._held == number:
            return found
        self._held = -1
        try:
            self._store.read_into(found, self._key, start)
        except Gone:
            raise Broken(self._key) from None
        if sha256(found).digest() != self._pieces[number * _DIGEST : (number + 1) * _DIGEST]:
            raise Broken(self._key)
        self._held = number
        return found


def open_blob(blob: Blob) -> BlobReader:
    """The blob's bytes; reads its row's `pieces`, so inside a session. `Broken` now or while reading."""
    return BlobReader(store(), blob.digest, blob.size, blob.pieces)


def copy_blob(blob: Blob, path: Path) -> None:
    """Write the blob's bytes, proved, to a new local file. Raises `Broken`, `StoreAway`."""
    reader = open_blob(blob)
    with storing(), open(path, "xb") as copy:
        for piece in reader:
            copy.write(piece)
