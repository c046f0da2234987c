"""The store does the same in a folder, on a real S3 server, and on one that is strict about ranges."""

import errno
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask

from forum.core.clock import now
from forum.files.pieces import PIECE, BlobReader, digest_of, pieces_of
from forum.files.policy import MEGABYTE
from forum.files.store import (
    FolderStore,
    Gone,
    Store,
    StoreAway,
    blob_key,
    page_key,
    previews_prefix,
    tile_key,
)
from tests.files.stores import BUCKET, moto, rclone, store_at

CONTENT = os.urandom(PIECE + 4321)
SERVERS = [pytest.param(name, marks=pytest.mark.cluster) for name in ("rclone", "moto")]


@pytest.fixture(scope="module")
def servers() -> Iterator[Callable[[str], str]]:
    """The address of a server by name; started once."""
    started: dict[str, str] = {"folder": ""}
    with ExitStack() as running:

        def start(name: str) -> str:
            if name not in started:
                started[name] = (
                    running.enter_context(moto()) if name == "moto" else running.enter_context(rclone()).url
                )
            return started[name]

        yield start


@pytest.fixture(params=["folder", *SERVERS])
def any_store(
    request: pytest.FixtureRequest, context: Flask, servers: Callable[[str], str], tmp_path: Path
) -> Iterator[Store]:
    """Of each kind one. `rclone` answers a range with all it has, which is no S3: see `ranging_store`."""
    found = store_at(servers(request.param), tmp_path)
    yield found
    found.delete([one.key for one in found.objects()])


@pytest.fixture
def ranging_store(any_store: Store, request: pytest.FixtureRequest) -> Store:
    """Those that can read a part."""
    if "rclone" in request.node.callspec.id:
        pytest.skip("rclone's server answers no ranges")
    return any_store


def read(store: Store, key: str, start: int, length: int) -> bytes:
    buffer = bytearray(length)
    store.read_into(memoryview(buffer), key, start)
    return bytes(buffer)


def test_what_is_put_is_there_until_it_is_deleted(any_store: Store) -> None:
    any_store.put("previews/ab/abc/1.webp", b"one")
    any_store.put("previews/ab/abc/2.webp", b"three")
    any_store.put("previews/ab/abcd/1.webp", b"another")
    assert any_store.get("previews/ab/abc/1.webp") == b"one"
    any_store.put("previews/ab/abc/1.webp", b"replaced")
    assert any_store.get("previews/ab/abc/1.webp") == b"replaced"
    assert dict(any_store.keys("previews/ab/abc/")) == {
        "previews/ab/abc/1.webp": 8,
        "previews/ab/abc/2.webp": 5,
    }
    assert len(list(any_store.keys())) == 3
    found = next(iter(any_store.objects("previews/ab/abcd/")))
    assert abs(found.changed_at - now()) < timedelta(minutes=2)
    any_store.delete(["previews/ab/abc/1.webp", "previews/ab/abc/2.webp"])
    assert list(any_store.keys("previews/ab/abc/")) == []
    assert any_store.size("previews/ab/abcd/1.webp") == 7
    assert any_store.size("previews/ab/abc/1.webp") is None


def test_what_is_not_there_is_gone_and_may_be_deleted_all_the_same(any_store: Store) -> None:
    any_store.put("blobs/aa/here", b"here")
    with pytest.raises(Gone):
        any_store.get("blobs/aa/missing")
    with pytest.raises(Gone):
        read(any_store, "blobs/aa/missing", 0, 10)
    any_store.delete(["blobs/aa/missing", "blobs/aa/here", "blobs/bb/missing"])
    any_store.delete([])
    assert any_store.size("blobs/aa/here") is None
    assert list(any_store.keys("blobs/zz/")) == []


def test_a_file_is_moved_in(any_store: Store, tmp_path: Path) -> None:
    path = tmp_path / "arrived"
    path.write_bytes(CONTENT)
    any_store.take(path, "blobs/aa/file")
    assert not path.exists()
    assert any_store.size("blobs/aa/file") == len(CONTENT)
    assert any_store.get("blobs/aa/file") == CONTENT
    path.write_bytes(b"another")
    any_store.take(path, "blobs/aa/file")
    assert any_store.get("blobs/aa/file") == b"another"


def test_a_large_file_is_moved_in_whole(any_store: Store, tmp_path: Path) -> None:
    path = tmp_path / "arrived"
    large = os.urandom(MEGABYTE) * 21
    path.write_bytes(large)
    any_store.take(path, "blobs/aa/file")
    assert any_store.get("blobs/aa/file") == large


def test_a_file_is_read_in_parts(ranging_store: Store) -> None:
    ranging_store.put("blobs/aa/file", CONTENT)
    assert read(ranging_store, "blobs/aa/file", 0, 10) == CONTENT[:10]
    assert read(ranging_store, "blobs/aa/file", PIECE, 4321) == CONTENT[PIECE:]
    for start, length in ((PIECE, 4322), (len(CONTENT), 1), (len(CONTENT) + 1000, 5)):
        with pytest.raises(Gone):
            read(ranging_store, "blobs/aa/file", start, length)


def test_a_large_file_comes_back_proved(ranging_store: Store, tmp_path: Path) -> None:
    path = tmp_path / "arrived"
    block = os.urandom(MEGABYTE)
    with open(path, "wb") as file:
        for number in range(21):
            file.write(bytes([number]) + block[1:])
    with open(path, "rb") as stream:
        pieces, size = pieces_of(stream)
    digest = digest_of(pieces)
    ranging_store.take(path, blob_key(digest))
    reader = BlobReader(ranging_store, digest, size, pieces)
    assert b"".join(reader)[::MEGABYTE] == bytes(range(21))
    reader.seek(-10, 2)
    assert reader.read() == block[-10:]


def test_the_keys_hold_nothing_that_people_typed() -> None:
    digest = "ab" + "0" * 62
    assert blob_key(digest) == f"blobs/ab/{digest}"
    assert page_key(digest, 12) == f"previews/ab/{digest}/12.webp"
    assert tile_key(digest) == f"previews/ab/{digest}/tile.webp"
    assert previews_prefix(digest) == f"previews/ab/{digest}/"


# A folder that fills up or goes away


def test_a_folder_that_goes_away_is_away_and_not_made_anew(context: Flask, tmp_path: Path) -> None:
    store = store_at("", tmp_path)
    (tmp_path / "spooled").write_bytes(b"hello")
    store.put("blobs/aa/file", b"hello")
    (tmp_path / "files").rename(tmp_path / "elsewhere")
    for ask in (
        lambda: store.get("blobs/aa/file"),
        lambda: store.size("blobs/aa/file"),
        lambda: store.put("blobs/aa/other", b""),
        lambda: store.take(tmp_path / "spooled", "blobs/aa/other"),
    ):
        with pytest.raises(StoreAway, match="nicht erreichbar"):
            ask()
    assert not (tmp_path / "files").exists()
    assert (tmp_path / "spooled").exists()
    (tmp_path / "files").mkdir()  # the disk is not mounted, its place is there
    with pytest.raises(StoreAway):
        store.take(tmp_path / "spooled", "blobs/aa/other")
    with pytest.raises(StoreAway):
        store_at("", tmp_path).get("blobs/aa/file")
    (tmp_path / "files").rmdir()
    (tmp_path / "elsewhere").rename(tmp_path / "files")
    store.take(tmp_path / "spooled", "blobs/aa/other")
    assert store.get("blobs/aa/file") + store.get("blobs/aa/other") == b"hellohello"


def test_a_full_folder_says_so_and_leaves_the_file_where_it_was(
    context: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = FolderStore(tmp_path / "files")
    path = tmp_path / "arrived"
    path.write_bytes(b"hello")

    def no_room(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", no_room)
    with pytest.raises(StoreAway, match="ist voll"):
        store.take(path, "blobs/aa/file")
    assert path.read_bytes() == b"hello"
    assert store.size("blobs/aa/file") is None


def test_a_file_from_another_disk_is_copied_whole_or_not_at_all(
    context: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = FolderStore(tmp_path / "files")
    path = tmp_path / "arrived"
    path.write_bytes(CONTENT)

    def other_disk(_self: Path, _target: Path) -> None:
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    monkeypatch.setattr(Path, "replace", other_disk)
    with monkeypatch.context() as failing:
        failing.setattr(shutil, "copyfileobj", lambda *_args: other_disk(path, path))
        with pytest.raises(StoreAway):
            store.take(path, "blobs/aa/file")
    assert (path.exists(), os.listdir(tmp_path / "files" / "blobs" / "aa")) == (True, [])
    store.take(path, "blobs/aa/file")
    assert (path.exists(), store.get("blobs/aa/file")) == (False, CONTENT)


# A server that goes away


@pytest.mark.cluster
def test_a_server_that_goes_away_is_away_and_comes_back(context: Flask, tmp_path: Path) -> None:
    path = tmp_path / "arrived"
    path.write_bytes(CONTENT)
    with rclone() as server:
        store = store_at(server.url, tmp_path)
        store.put("blobs/aa/file", b"hello")
        server.stop()
        for ask in (
            lambda: store.get("blobs/aa/file"),
            lambda: store.size("blobs/aa/file"),
            lambda: store.take(path, "blobs/aa/other"),
            lambda: list(store.objects()),
        ):
            with pytest.raises(StoreAway, match="nicht erreichbar"):
                ask()
        assert path.exists()
        server.start()
        store.take(path, "blobs/aa/other")
        assert (store.get("blobs/aa/file"), store.get("blobs/aa/other")) == (b"hello", CONTENT)


@pytest.mark.cluster
def test_an_empty_server_is_not_the_one_that_was_used_before(context: Flask, tmp_path: Path) -> None:
    with rclone() as server:
        store = store_at(server.url, tmp_path)
        store.put("blobs/aa/file", b"hello")
        server.stop()
        shutil.rmtree(server.folder / BUCKET)
        (server.folder / BUCKET).mkdir()
        server.start()
        with pytest.raises(StoreAway):
            store.get("blobs/aa/file")
        with pytest.raises(StoreAway):
            store_at(server.url, tmp_path).size("blobs/aa/file")
