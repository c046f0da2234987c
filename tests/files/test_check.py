"""`files check` finds what is missing, harmed, or nobody's, and mends what can be mended."""

import io
import os
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
import sqlalchemy as sa
from click.testing import Result
from flask import Flask

from forum.core.clock import now
from forum.core.db import db, unit_of_work
from forum.files.models import Blob, File, Ocr, Page, Progress, Scan
from forum.files.receiving import append, receive
from forum.files.service import files, uploads
from forum.files.store import Store, _Files, blob_key, page_key, spool, tile_key
from forum.jobs.models import Job
from tests.cast import Cast
from tests.files.stores import moto, store_at

DAY = 24 * 3600


@pytest.fixture(params=["folder", pytest.param("moto", marks=pytest.mark.cluster)])
def kept(
    request: pytest.FixtureRequest, context: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Store]:
    """The store of the application: a folder of this test's own, or a server."""
    found: _Files = context.extensions["files"]

    def use(url: str) -> Store:
        store = store_at(url, tmp_path)
        spool_folder = tmp_path / "spool"
        spool_folder.mkdir()
        monkeypatch.setitem(context.extensions, "files", _Files(store, spool_folder, found.limits))
        return store

    if request.param == "folder":
        yield use("")
    else:
        with moto() as url:
            store = use(url)
            yield store
            store.delete([one.key for one in store.objects()])  # moto keeps all in this process


@pytest.fixture
def check(context: Flask) -> Callable[..., Result]:
    def run(*options: str) -> Result:
        db.session.rollback()
        return context.test_cli_runner().invoke(args=["files", "check", *options])

    return run


@pytest.fixture
def blob(kept: Store, cast: Cast) -> Blob:
    """Of a file that was looked into, shown, and attached."""
    file = receive(cast.petra.viewer, io.BytesIO(b"minutes" * 1000), "Protokoll.pdf")
    with unit_of_work():
        files.claim(cast.petra.viewer, [file.id], "post:40", cast.spaces["FIN"])
        found = db.session.scalars(sa.select(Blob)).one()
        found.check = found.preview = Progress.DONE
        found.scan, found.has_tile = Scan.CLEAN, True
        db.session.add(Page(blob_id=found.id, number=1, width=1000, height=1414))
        db.session.execute(sa.delete(Job))
    kept.put(page_key(found.digest, 1), b"image")
    kept.put(tile_key(found.digest), b"image")
    return found


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Let two days pass for what lies there."""

    def pass_by() -> None:
        moment = now()
        monkeypatch.setattr("forum.files.checking.now", lambda: moment + timedelta(days=2))

    return pass_by


def test_when_all_is_well_it_says_so(blob: Blob, check: Callable[..., Result]) -> None:
    said = check()
    assert (said.exit_code, said.output) == (0, "1 blobs with 7000 bytes, 3 objects: all well.\n")


def test_harmed_bytes_are_found_marked_and_unmarked_when_they_are_right_again(
    blob: Blob, kept: Store, check: Callable[..., Result]
) -> None:
    right = kept.get(blob_key(blob.digest))
    kept.put(blob_key(blob.digest), b"?" + right[1:])
    said = check()
    assert said.exit_code == 1
    file_id = db.session.scalars(sa.select(File.id)).one()
    fault = f"FAULT  blob {blob.id}: its bytes are not what they were; in file {file_id} of post:40"
    assert fault in said.output
    assert "Protokoll" not in said.output
    assert check("--quick").exit_code == 0
    assert not db.session.scalar(sa.select(Blob.is_broken))
    assert check("--repair").exit_code == 1  # nobody can bring the bytes back but who has them
    assert db.session.scalar(sa.select(Blob.is_broken))
    kept.put(blob_key(blob.digest), right)
    said = check("--repair")
    assert (said.exit_code, "marked as broken, but its bytes are right" in said.output) == (0, True)
    assert not db.session.scalar(sa.select(Blob.is_broken))
    assert check().exit_code == 0


def test_missing_and_short_bytes_are_found(blob: Blob, kept: Store, check: Callable[..., Result]) -> None:
    kept.put(blob_key(blob.digest), b"short")
    assert "has 5 bytes instead of 7000" in check("--quick").output
    kept.delete([blob_key(blob.digest)])
    assert "its bytes are gone" in check("--quick").output


def test_what_belongs_to_nothing_is_deleted_a_day_later(
    blob: Blob, kept: Store, check: Callable[..., Result], later: Callable[[], None]
) -> None:
    stray = "cd" + "0" * 62
    for key in (blob_key(stray), page_key(stray, 1)):
        kept.put(key, b"stray")
    assert check().exit_code == 0  # somebody may be at work
    later()
    said = check()
    assert (said.exit_code, said.output.count("belong to nothing")) == (1, 2)
    assert kept.size(blob_key(stray)) == 5
    said = check("--repair")
    assert (said.exit_code, said.output.count("repaired")) == (0, 3)
    assert (kept.size(blob_key(stray)), kept.size(page_key(stray, 1))) == (None, None)
    assert kept.size(blob_key(blob.digest)) == 7000
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Blob)) == 1


def test_what_is_not_ours_is_named_and_left_alone(
    blob: Blob, kept: Store, check: Callable[..., Result], later: Callable[[], None]
) -> None:
    kept.put("holiday/photo.jpg", b"beach")
    later()
    said = check("--repair")
    assert (said.exit_code, "holiday/photo.jpg: not one of ours" in said.output) == (1, True)
    assert kept.size("holiday/photo.jpg") == 5


def test_missing_images_are_made_again(blob: Blob, kept: Store, check: Callable[..., Result]) -> None:
    kept.delete([page_key(blob.digest, 1)])
    assert "1 page images are missing" in check().output
    assert check("--repair").exit_code == 0
    assert list(db.session.scalars(sa.select(Job.key))) == [f"files.prepare:{blob.id}"]
    assert db.session.scalar(sa.select(Blob.preview)) == Progress.WAITING


@pytest.mark.parametrize(
    ("values", "job"),
    [
        ({"check": Progress.WAITING}, "files.check"),
        ({"preview": Progress.WAITING}, "files.prepare"),
        ({"ocr": Ocr.WAITING}, "files.read_scan"),
    ],
)
def test_lost_work_is_asked_for_again(
    blob: Blob, check: Callable[..., Result], values: dict[str, object], job: str
) -> None:
    with unit_of_work():
        db.session.execute(sa.update(Blob).values(**values))
    said = check()
    assert (said.exit_code, f"waits for {job}, which nobody will do" in said.output) == (1, True)
    assert check("--repair").exit_code == 0
    assert list(db.session.scalars(sa.select(Job.key))) == [f"{job}:{blob.id}"]
    assert check().exit_code == 0


def test_wrong_notes_of_use_are_put_right(blob: Blob, cast: Cast, check: Callable[..., Result]) -> None:
    with unit_of_work():
        db.session.execute(sa.update(Blob).values(unused_since=now()))
    assert "noted as unused, but in use" in check("--repair").output
    assert db.session.scalar(sa.select(Blob.unused_since)) is None
    with unit_of_work():
        db.session.execute(sa.delete(File))
    assert "unused, but not noted" in check("--repair").output
    assert db.session.scalar(sa.select(Blob.unused_since)) is not None
    assert check().exit_code == 0


def test_parts_of_files_that_nobody_sends_are_cleared_away(
    blob: Blob, cast: Cast, check: Callable[..., Result]
) -> None:
    key = uuid4()
    with unit_of_work():
        uploads.begin_upload(cast.petra.viewer, key, "Halb.pdf", 10)
    append(cast.petra.viewer, key, 0, io.BytesIO(b"half"))
    stray, fresh = spool() / "7-stray", spool() / "7-fresh"
    for path in (stray, fresh):
        path.write_bytes(b"stray")
    for path in spool().iterdir():
        os.utime(path, (now().timestamp() - 3 * DAY,) * 2)
    os.utime(fresh)
    assert (check().exit_code, stray.exists()) == (1, True)
    assert (check("--repair").exit_code, stray.exists(), fresh.exists()) == (0, False, True)
    assert len(list(spool().iterdir())) == 2  # the upload goes on when its sender wants to


def test_a_store_that_is_away_is_no_empty_store(
    blob: Blob, context: Flask, check: Callable[..., Result], tmp_path: Path
) -> None:
    if not (tmp_path / "files").exists():
        pytest.skip("a server's way to be away is tried with the store")
    (tmp_path / "files").rename(tmp_path / "elsewhere")
    (tmp_path / "files").mkdir()
    said = check("--repair")
    assert (said.exit_code, "cannot be reached" in said.output) == (2, True)
    assert not db.session.scalar(sa.select(Blob.is_broken))
