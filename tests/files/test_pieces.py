"""Every byte that leaves the house is proved, a piece at a time."""

import io
import random
from hashlib import sha256
from pathlib import Path

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from forum.files.models import Blob
from forum.files.pieces import PIECE, BlobReader, Broken, copy_blob, digest_of, pieces_of
from forum.files.store import FolderStore, Store, blob_key

CONTENT = random.Random(7).randbytes(2 * PIECE + 12345)


class Counting(Store):
    """A store that only reads; it counts what it is asked for."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.asked: list[tuple[int, int]] = []

    def read_into(self, buffer: memoryview, key: str, start: int) -> None:
        self.asked.append((start, len(buffer)))
        buffer[:] = self.content[start : start + len(buffer)]


class Dribble(io.RawIOBase):
    """Gives a few bytes at a time, as some streams do."""

    def __init__(self, content: bytes) -> None:
        self._content = io.BytesIO(content)

    def read(self, size: int = -1) -> bytes:
        return self._content.read(min(size, 70_001))


def known(content: bytes) -> tuple[str, int, bytes]:
    pieces, size = pieces_of(io.BytesIO(content))
    return digest_of(pieces), size, pieces


def test_the_digest_is_that_of_the_digests_of_the_pieces() -> None:
    pieces, size = pieces_of(io.BytesIO(CONTENT))
    parts = [CONTENT[start : start + PIECE] for start in range(0, len(CONTENT), PIECE)]
    assert size == len(CONTENT)
    assert pieces == b"".join(sha256(part).digest() for part in parts)
    assert digest_of(pieces) == sha256(pieces).hexdigest()
    assert pieces_of(Dribble(CONTENT)) == (pieces, size)
    assert pieces_of(io.BytesIO(b"")) == (b"", 0)
    assert pieces_of(io.BytesIO(bytes(PIECE)))[0] == sha256(bytes(PIECE)).digest()


@given(st.lists(st.tuples(st.integers(0, len(CONTENT) + 10), st.integers(0, 2 * PIECE)), max_size=5))
def test_any_part_reads_as_it_was_written(parts: list[tuple[int, int]]) -> None:
    reader = io.BufferedReader(BlobReader(Counting(CONTENT), *known_content))
    for start, length in parts:
        reader.seek(start)
        assert reader.read(length) == CONTENT[start : start + length]


known_content = known(CONTENT)


def test_only_the_pieces_that_are_wanted_are_read_and_each_once() -> None:
    store = Counting(CONTENT)
    reader = BlobReader(store, *known_content)
    reader.seek(PIECE + 10)
    assert reader.read(100) == CONTENT[PIECE + 10 : PIECE + 110]
    assert reader.read(100) == CONTENT[PIECE + 110 : PIECE + 210]
    assert store.asked == [(PIECE, PIECE)]
    assert b"".join(reader) == CONTENT[PIECE + 210 :]
    assert (reader.tell(), reader.read(10)) == (len(CONTENT), b"")
    assert reader.seek(-5, io.SEEK_END) == len(CONTENT) - 5
    assert reader.read() == CONTENT[-5:]


def test_a_file_is_given_in_parts_that_wait_nowhere_as_a_piece_each() -> None:
    parts = list(BlobReader(Counting(CONTENT), *known_content))
    assert b"".join(parts) == CONTENT
    assert max(map(len, parts)) == 64 * 1024


def test_a_changed_byte_is_found_before_its_piece_leaves() -> None:
    changed = CONTENT[: PIECE + 5] + bytes([CONTENT[PIECE + 5] ^ 1]) + CONTENT[PIECE + 6 :]
    reader = BlobReader(Counting(changed), *known_content)
    assert reader.read(PIECE) == CONTENT[:PIECE]
    with pytest.raises(Broken):
        reader.read(1)
    reader.seek(2 * PIECE)
    assert reader.read(10) == CONTENT[2 * PIECE : 2 * PIECE + 10]


def test_pieces_that_belong_to_another_file_prove_nothing() -> None:
    digest, size, pieces = known_content
    with pytest.raises(Broken):
        BlobReader(Counting(CONTENT), digest, size, pieces[:-1] + b"?")
    with pytest.raises(Broken):
        BlobReader(Counting(CONTENT), digest_of(pieces[:-32]), size, pieces[:-32])


def test_a_copy_is_proved_and_what_is_gone_is_broken(context: Flask, tmp_path: Path, monkeypatch) -> None:
    store = FolderStore(tmp_path / "files")
    monkeypatch.setattr("forum.files.pieces.store", lambda: store)
    digest, size, pieces = known_content
    blob = Blob(digest=digest, size=size, pieces=pieces)
    store.put(blob_key(digest), CONTENT)
    copy_blob(blob, tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == CONTENT
    store.put(blob_key(digest), CONTENT[:-1])
    with pytest.raises(Broken):
        copy_blob(blob, tmp_path / "second")
    store.delete([blob_key(digest)])
    with pytest.raises(Broken):
        copy_blob(blob, tmp_path / "third")
