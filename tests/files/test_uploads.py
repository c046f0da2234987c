"""Uploads: resumable by tus, whatever happens to the line, the process, the disk and the store."""

import errno
import io
import os
import threading
from base64 import b64encode
from collections.abc import Callable
from uuid import uuid4

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from gunicorn.http.body import Body, LengthReader
from gunicorn.http.unreader import SocketUnreader

from forum.core.db import db, unit_of_work
from forum.core.errors import Conflict, Invalid
from forum.files import queries, receiving
from forum.files.kinds import FileKind
from forum.files.models import Blob, Choice, File, FileState, Progress
from forum.files.pieces import open_blob
from forum.files.policy import MEGABYTE, Limits
from forum.files.service import files, uploads
from forum.files.service.quota import shutil as quota_shutil
from forum.files.store import Store, StoreAway, _Files, blob_key, spool
from forum.jobs.models import Job
from tests.cast import Cast
from tests.files.conftest import Sender

CONTENT = bytes(range(256)) * 8192 + b"the end"  # two pieces and a bit


class BreakingLine(io.RawIOBase):
    """Delivers `data` in small parts, and then breaks."""

    def __init__(self, data: bytes, fault: Exception | None = None) -> None:
        self._data = io.BytesIO(data)
        self._fault = fault

    def read(self, size: int = -1) -> bytes:
        found = self._data.read(min(size, 10_000))
        if not found and self._fault:
            raise self._fault
        return found


# By tus


def test_a_place_is_what_any_database_keeps(app: Flask, sender: Sender) -> None:
    assert sender.begin(5, place="topic:1\0").status_code == 201
    with app.app_context():
        assert db.session.scalars(sa.select(File.place)).all() == ["topic:1"]


def test_a_file_arrives_in_parts_and_is_kept_under_its_digest(app: Flask, sender: Sender) -> None:
    key = uuid4()
    begun = sender.begin(len(CONTENT), "Satzung für alle.pdf", key, place="topic:1")
    assert (begun.status_code, begun.headers["Location"]) == (201, f"/files/{key}")
    assert begun.headers["Tus-Resumable"] == "1.0.0"
    assert "GMT" in begun.headers["Upload-Expires"]
    first = sender.patch(key, 0, CONTENT[:1000])
    assert (first.status_code, first.headers["Upload-Offset"]) == (204, "1000")
    asked = sender.head(key)
    assert (asked.headers["Upload-Offset"], asked.headers["Upload-Length"]) == ("1000", str(len(CONTENT)))
    assert asked.headers["Cache-Control"] == "no-store"
    assert sender.look(key) | {"id": 0, "key": ""} == {
        "id": 0, "key": "", "name": "Satzung für alle.pdf", "size": len(CONTENT), "received": 1000,
        "state": "receiving", "refusal": "", "findings": [], "removable": False, "strip_failed": False, "preview": "waiting",
    }  # fmt: skip
    last = sender.patch(key, 1000, CONTENT[1000:])
    assert (last.status_code, last.headers["Upload-Offset"]) == (204, str(len(CONTENT)))
    assert sender.look(key)["state"] == "checking"
    with app.app_context():
        blob = db.session.scalars(sa.select(Blob)).one()
        assert (blob.size, len(blob.pieces)) == (len(CONTENT), 3 * 32)
        assert open_blob(blob).read() == CONTENT
        assert list(spool().iterdir()) == []
        assert [job.arguments for job in db.session.scalars(sa.select(Job))] == [f'{{"blob_id": {blob.id}}}']


def test_the_server_says_what_it_knows_of_the_protocol(sender: Sender) -> None:
    asked = sender.ask("OPTIONS", "/files")
    assert asked.headers["Tus-Version"] == "1.0.0"
    assert set(asked.headers["Tus-Extension"].split(",")) == {"creation", "expiration", "termination"}
    assert asked.headers["Tus-Max-Size"] == str(200 * MEGABYTE)
    other = sender.ask("POST", "/files", {"Tus-Resumable": "2.0.0", "Upload-Length": "5"})
    assert (other.status_code, other.headers["Tus-Version"]) == (412, "1.0.0")


def test_what_is_said_wrongly_is_refused_and_nothing_begins(app: Flask, sender: Sender) -> None:
    key = uuid4()
    metadata = {"Upload-Length": "5", "Upload-Metadata": "filename !!!"}
    assert sender.ask("POST", "/files", metadata).status_code == 422
    assert sender.ask("POST", "/files", {}).status_code == 422
    assert sender.begin("many").status_code == 422
    assert sender.begin(-5).status_code == 422
    wrong_key = "key " + b64encode(b"../../etc/passwd").decode()
    answer = sender.ask("POST", "/files", {"Upload-Length": "5", "Upload-Metadata": wrong_key})
    assert answer.status_code == 422
    assert sender.head(key).status_code == 404
    assert sender.patch(key, 0, b"hello").status_code == 404
    assert sender.begin(5, key=key).status_code == 201
    assert sender.patch(key, 0, b"hello", **{"Content-Type": "text/plain"}).status_code == 415
    assert sender.patch(key, 0, b"hello", **{"Upload-Offset": "x"}).status_code == 422
    assert sender.patch(key, -1, b"hello").status_code == 409
    assert sender.patch(key, 3, b"lo").status_code == 409
    assert sender.patch(key, 0, b"hello").status_code == 204
    assert sender.patch(key, 0, b"hello").status_code == 409
    with app.app_context():
        assert db.session.scalar(sa.select(sa.func.count()).select_from(File)) == 1


def test_who_may_send_no_patch_sends_a_post_that_says_so(sender: Sender) -> None:
    key = uuid4()
    sender.begin(5, key=key)
    headers = {"Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
    assert sender.ask("POST", f"/files/{key}", headers, data=b"hello").status_code == 405
    override = headers | {"X-HTTP-Method-Override": "PATCH"}
    assert sender.ask("POST", f"/files/{key}", override, data=b"hello").status_code == 204


def test_beginning_twice_is_beginning_once(app: Flask, sender: Sender) -> None:
    key = uuid4()
    assert sender.begin(5, key=key).status_code == 201
    sender.patch(key, 0, b"he")
    assert sender.begin(5, key=key).status_code == 201
    assert sender.head(key).headers["Upload-Offset"] == "2"
    assert sender.begin(6, key=key).status_code == 422


def test_nobody_else_sees_touches_or_ends_an_upload(
    cast: Cast, browse: Callable[..., FlaskClient], sender: Sender
) -> None:
    key = uuid4()
    sender.begin(5, key=key)
    stranger = Sender(browse(cast.manfred))
    assert stranger.head(key).status_code == 404
    assert stranger.ask("GET", f"/files/{key}").status_code == 404
    assert stranger.patch(key, 0, b"hello").status_code == 404
    assert stranger.discard(key).status_code == 404
    # The same key is another file with another member.
    assert stranger.begin(3, key=key).status_code == 201
    assert sender.head(key).headers["Upload-Length"] == "5"


def test_without_a_token_nothing_is_taken(sender: Sender) -> None:
    key = uuid4()
    sender.begin(5, key=key)
    assert sender.patch(key, 0, b"hello", **{"X-CSRFToken": ""}).status_code == 400
    assert sender.ask("DELETE", f"/files/{key}", {"X-CSRFToken": "wrong"}).status_code == 400
    assert sender.head(key).headers["Upload-Offset"] == "0"


def test_an_upload_can_be_given_up_until_something_owns_it(app: Flask, cast: Cast, sender: Sender) -> None:
    unfinished, finished, sent = uuid4(), sender.send(b"hello"), sender.send(b"world")
    sender.begin(5, key=unfinished)
    sender.patch(unfinished, 0, b"he")
    with app.app_context(), unit_of_work():
        file = uploads.get_upload(cast.petra.viewer, sent)
        files.claim(cast.petra.viewer, [file.id], "post:1", cast.spaces["FIN"])
    assert sender.discard(unfinished).status_code == 204
    assert sender.discard(finished).status_code == 204
    assert sender.discard(sent).status_code == 409
    assert sender.head(unfinished).status_code == 404
    with app.app_context():
        assert list(spool().iterdir()) == []
        unused = dict(db.session.execute(sa.select(Blob.digest, Blob.unused_since.is_not(None))).all())
        assert sorted(unused.values()) == [False, True]


# Lines that break, processes that die


@pytest.mark.parametrize("fault", [None, ConnectionResetError(), TimeoutError()])
def test_what_came_before_the_line_broke_stays(
    context: Flask, cast: Cast, filed: Store, fault: Exception | None
) -> None:
    viewer, key = cast.petra.viewer, uuid4()
    with unit_of_work():
        uploads.begin_upload(viewer, key, "a.txt", len(CONTENT))
    at = len(CONTENT) * 6 // 10
    assert receiving.append(viewer, key, 0, BreakingLine(CONTENT[:at], fault)) == at
    assert receiving.find_upload(viewer, key)[1] == at
    assert receiving.append(viewer, key, at, io.BytesIO(CONTENT[at:])) == len(CONTENT)
    assert open_blob(uploads.get_upload(viewer, key).blob).read() == CONTENT


def test_no_transaction_is_open_while_bytes_arrive(context: Flask, cast: Cast, filed: Store) -> None:
    viewer, key = cast.petra.viewer, uuid4()
    seen = []

    class Line(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            seen.append(db.session.registry().in_transaction())
            return super().read(size)

    with unit_of_work():
        uploads.begin_upload(viewer, key, "a.txt", 5)
    uploads.get_upload(viewer, key)  # as the view that loaded the viewer
    receiving.append(viewer, key, 0, Line(b"hello"))
    assert set(seen) == {False}


def test_the_server_takes_no_more_from_the_line_than_is_read_at_a_time() -> None:
    taken = []

    class Line:
        def recv(self, size: int) -> bytes:
            taken.append(size)
            return bytes(size)

    body = Body(LengthReader(SocketUnreader(Line()), 100 * MEGABYTE))
    for _ in range(10):
        assert len(body.read(receiving.CHUNK)) == receiving.CHUNK
    assert max(taken) == receiving.CHUNK


def test_of_two_lines_one_delivers_and_the_other_is_told(context: Flask, cast: Cast, filed: Store) -> None:
    viewer, key = cast.petra.viewer, uuid4()
    with unit_of_work():
        uploads.begin_upload(viewer, key, "a.txt", len(CONTENT))

    class Overtaken(io.BytesIO):
        """While it delivers, the sender goes on over another line."""

        def read(self, size: int | None = -1) -> bytes:
            if self.tell() == 0:
                receiving.append(viewer, key, 0, io.BytesIO(CONTENT[:5000]))
            return super().read(100)

    with pytest.raises(Conflict):
        receiving.append(viewer, key, 0, Overtaken(CONTENT))
    assert receiving.find_upload(viewer, key)[1] == 5000
    receiving.append(viewer, key, 5000, io.BytesIO(CONTENT[5000:]))
    assert open_blob(uploads.get_upload(viewer, key).blob).read() == CONTENT


def test_many_lines_at_once_leave_one_right_file(app: Flask, cast: Cast, filed: Store) -> None:
    viewer, key = cast.petra.viewer, uuid4()
    with unit_of_work():
        uploads.begin_upload(viewer, key, "a.txt", len(CONTENT))
    surprises: list[BaseException] = []

    def deliver() -> None:
        with app.app_context():
            for _attempt in range(200):
                try:
                    _file, here = receiving.find_upload(viewer, key)
                    if here == len(CONTENT):
                        return
                    receiving.append(viewer, key, here, io.BytesIO(CONTENT[here : here + 300_000]))
                except Conflict:
                    continue
                except BaseException as surprise:
                    surprises.append(surprise)
                    return

    lines = [threading.Thread(target=deliver) for _ in range(4)]
    for line in lines:
        line.start()
    for line in lines:
        line.join(60)
    assert surprises == []
    db.session.rollback()
    file = uploads.get_upload(viewer, key)
    assert file.blob is not None
    assert open_blob(file.blob).read() == CONTENT
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Blob)) == 1


def test_the_last_byte_counts_only_when_the_file_is_kept(
    context: Flask, cast: Cast, filed: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the sender would think that all is well, while the store was away at the last moment."""
    viewer, key = cast.petra.viewer, uuid4()
    with unit_of_work():
        uploads.begin_upload(viewer, key, "a.txt", 5)

    def fail(*_args: object) -> None:
        raise OSError(errno.EIO, "gone")

    with monkeypatch.context() as broken:
        broken.setattr("forum.files.store._to_disk", fail)
        with pytest.raises(StoreAway, match="nicht erreichbar"):
            receiving.append(viewer, key, 0, io.BytesIO(b"hello"))
    file, here = receiving.find_upload(viewer, key)
    assert (file.state, here) == (FileState.RECEIVING, 4)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Blob)) == 0
    assert receiving.append(viewer, key, 4, io.BytesIO(b"o")) == 5
    assert open_blob(uploads.get_upload(viewer, key).blob).read() == b"hello"


def test_a_full_disk_is_told_and_what_came_stays(
    context: Flask, cast: Cast, filed: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    viewer, key = cast.petra.viewer, uuid4()
    with unit_of_work():
        uploads.begin_upload(viewer, key, "a.txt", len(CONTENT))
    write = os.pwrite

    def fill(descriptor: int, data: bytes, offset: int) -> int:
        if offset >= 600_000:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(descriptor, bytes(data)[: 600_000 - offset], offset)

    with monkeypatch.context() as full:
        full.setattr("os.pwrite", fill)
        with pytest.raises(StoreAway, match="ist voll"):
            receiving.append(viewer, key, 0, io.BytesIO(CONTENT))
    assert receiving.find_upload(viewer, key)[1] == 600_000
    receiving.append(viewer, key, 600_000, io.BytesIO(CONTENT[600_000:]))
    assert open_blob(uploads.get_upload(viewer, key).blob).read() == CONTENT


def test_what_will_not_fit_on_the_disk_does_not_begin(
    sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = quota_shutil.disk_usage("/")
    monkeypatch.setattr("shutil.disk_usage", lambda _path: usage._replace(free=64 * MEGABYTE + 99))
    refused = sender.begin(100)
    assert (refused.status_code, "voll" in refused.json["error"]) == (503, True)
    assert sender.begin(99).status_code == 201


def test_more_than_was_said_is_refused(context: Flask, cast: Cast, filed: Store) -> None:
    viewer, key = cast.petra.viewer, uuid4()
    with unit_of_work():
        uploads.begin_upload(viewer, key, "a.txt", 5)
    with pytest.raises(Invalid, match="mehr an"):
        receiving.append(viewer, key, 0, io.BytesIO(b"hello world"))
    assert uploads.get_upload(viewer, key).state is FileState.RECEIVING


# The same bytes twice


def test_the_same_bytes_are_kept_once(context: Flask, cast: Cast, filed: Store) -> None:
    first = receiving.receive(cast.petra.viewer, io.BytesIO(CONTENT), "a.txt")
    second = receiving.receive(cast.manfred.viewer, io.BytesIO(CONTENT), "b.txt")
    assert first.blob_id == second.blob_id
    assert (first.name, second.name) == ("a.txt", "b.txt")
    assert len(list(filed.keys())) == 1
    assert list(spool().iterdir()) == []


def test_bytes_that_come_again_are_not_swept_away(context: Flask, cast: Cast, filed: Store) -> None:
    receiving.receive(cast.petra.viewer, io.BytesIO(CONTENT), "a.txt")
    with unit_of_work():
        uploads.discard(cast.petra.viewer, db.session.scalars(sa.select(File)).one().key)
    assert db.session.scalars(sa.select(Blob)).one().unused_since is not None
    receiving.receive(cast.petra.viewer, io.BytesIO(CONTENT), "b.txt")
    assert db.session.scalars(sa.select(Blob)).one().unused_since is None


def test_bytes_that_a_sweep_took_at_the_last_moment_are_put_again(
    context: Flask, cast: Cast, filed: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    receiving.receive(cast.petra.viewer, io.BytesIO(CONTENT), "a.txt")
    digest = db.session.scalars(sa.select(Blob)).one().digest
    bring_in = receiving.bring_in

    def sweep_behind(*arguments: object) -> object:
        content = bring_in(*arguments)
        with unit_of_work():
            db.session.execute(sa.delete(File).where(File.blob_id.is_not(None)))
            db.session.execute(sa.delete(Blob))
            filed.delete([blob_key(digest)])
        return content

    monkeypatch.setattr(receiving, "bring_in", sweep_behind)
    second = receiving.receive(cast.manfred.viewer, io.BytesIO(CONTENT), "b.txt")
    assert open_blob(second.blob).read() == CONTENT


def test_broken_bytes_are_healed_by_whoever_brings_them_again(
    context: Flask, cast: Cast, filed: Store
) -> None:
    first = receiving.receive(cast.petra.viewer, io.BytesIO(CONTENT), "a.txt")
    with unit_of_work():
        filed.put(blob_key(first.blob.digest), CONTENT[:-1] + b"?")
        db.session.execute(sa.update(Blob).values(is_broken=True))
    receiving.receive(cast.manfred.viewer, io.BytesIO(CONTENT), "b.txt")
    blob = db.session.scalars(sa.select(Blob)).one()
    assert (blob.is_broken, open_blob(blob).read()) == (False, CONTENT)


def test_a_known_picture_is_not_shown_before_its_traces_are_out(
    context: Flask, cast: Cast, filed: Store
) -> None:
    """The original may still lie here for a while after its traces were taken out of a copy."""
    receiving.receive(cast.petra.viewer, io.BytesIO(CONTENT), "a.jpg")
    with unit_of_work():
        db.session.execute(sa.update(Blob).values(kind=FileKind.JPEG, check=Progress.DONE, scan="clean"))
    second = receiving.receive(cast.manfred.viewer, io.BytesIO(CONTENT), "b.jpg")
    assert (second.choice, second.state) == (Choice.STRIP, FileState.CHECKING)
    assert "files.strip" in list(db.session.scalars(sa.select(Job.name)))


def test_what_was_refused_once_is_looked_at_again(context: Flask, cast: Cast, filed: Store) -> None:
    receiving.receive(cast.petra.viewer, io.BytesIO(CONTENT), "a.zip")
    with unit_of_work():
        db.session.execute(sa.update(Blob).values(check=Progress.FAILED, refusal="archive"))
        db.session.execute(sa.delete(Job))
    second = receiving.receive(cast.manfred.viewer, io.BytesIO(CONTENT), "b.zip")
    assert (second.state, second.blob.refusal) == (FileState.CHECKING, "")
    assert list(db.session.scalars(sa.select(Job.name))) == ["files.check"]


# Room


@pytest.fixture
def narrow(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Limits:
    """An installation with little room."""
    limits = Limits(file=1000, space=1500, member=1200, zip_files=False)
    found: _Files = app.extensions["files"]
    monkeypatch.setitem(app.extensions, "files", _Files(found.store, found.spool, limits))
    return limits


def test_a_file_may_be_as_large_as_said_and_no_byte_larger(narrow: Limits, sender: Sender) -> None:
    assert sender.begin(1000, key=(key := uuid4())).status_code == 201
    assert sender.discard(key).status_code == 204
    refused = sender.begin(1001, "Gutachten.pdf")
    assert refused.status_code == 422
    assert (
        refused.json["error"] == "„Gutachten.pdf“ hat 1.001 Byte. Eine Datei darf höchstens 1.000 Byte haben."
    )
    empty = sender.begin(0, "Leer.pdf")
    assert (empty.status_code, "ist leer" in empty.json["error"]) == (422, True)


def test_a_member_has_room_to_the_byte(context: Flask, cast: Cast, filed: Store, narrow: Limits) -> None:
    viewer = cast.petra.viewer
    with unit_of_work():
        uploads.begin_upload(viewer, uuid4(), "a.txt", 1000)  # counts before it has arrived
    with pytest.raises(Invalid, match="frei sind noch 200 Byte"), unit_of_work():
        uploads.begin_upload(viewer, uuid4(), "b.txt", 201)
    with unit_of_work():
        last = uploads.begin_upload(viewer, uuid4(), "b.txt", 200)
    with pytest.raises(Invalid, match="frei sind noch 0 Byte"), unit_of_work():
        uploads.begin_upload(viewer, uuid4(), "c.txt", 1)
    with unit_of_work():
        uploads.begin_upload(cast.manfred.viewer, uuid4(), "c.txt", 1)  # others have their own
        uploads.discard(viewer, last.key)
    with unit_of_work():
        uploads.begin_upload(viewer, uuid4(), "c.txt", 200)
    assert queries.member_usage(viewer.member_id) == 1200


def test_two_at_once_cannot_both_take_the_last_room(
    app: Flask, cast: Cast, filed: Store, narrow: Limits
) -> None:
    outcomes: list[str] = []
    start = threading.Barrier(4)

    def begin() -> None:
        with app.app_context():
            start.wait(10)
            try:
                with unit_of_work():
                    uploads.begin_upload(cast.petra.viewer, uuid4(), "a.txt", 500)
                outcomes.append("begun")
            except Invalid:
                outcomes.append("refused")

    threads = [threading.Thread(target=begin) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(outcomes) == ["begun", "begun", "refused", "refused"]


def test_what_a_plain_form_brings_counts_too_and_leaves_nothing_when_refused(
    context: Flask, cast: Cast, filed: Store, narrow: Limits
) -> None:
    with pytest.raises(Invalid, match="höchstens"):
        receiving.receive(cast.petra.viewer, io.BytesIO(b"x" * 1001), "a.txt")
    with pytest.raises(Invalid, match="leer"):
        receiving.receive(cast.petra.viewer, io.BytesIO(b""), "a.txt")
    assert db.session.scalar(sa.select(sa.func.count()).select_from(File)) == 0
    assert list(spool().iterdir()) == []


def test_a_store_that_is_away_leaves_nothing_of_a_plain_upload(
    context: Flask, cast: Cast, filed: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_args: object) -> None:
        raise OSError(errno.EIO, "gone")

    monkeypatch.setattr("forum.files.store._to_disk", fail)
    with pytest.raises(StoreAway):
        receiving.receive(cast.petra.viewer, io.BytesIO(CONTENT), "a.txt")
    assert db.session.scalar(sa.select(sa.func.count()).select_from(File)) == 0
    assert list(spool().iterdir()) == []
