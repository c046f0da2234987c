"""What becomes of bytes that arrived, with a reader that is played and one that is real."""

import io
import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from PIL import Image

from forum.core.access import Viewer
from forum.core.clock import now
from forum.core.db import db, unit_of_work
from forum.core.errors import Conflict, Denied, NotFound
from forum.files import reading
from forum.files.kinds import FileKind
from forum.files.models import Blob, Choice, File, FileState, Ocr, Page, Progress, Scan
from forum.files.pages import PageKeeper
from forum.files.pieces import open_blob
from forum.files.queries import card_of, list_pages
from forum.files.receiving import receive
from forum.files.scanner import ScannerAway
from forum.files.service import files, previews
from forum.files.store import StoreAway, blob_key, page_key, spool, store, tile_key
from forum.files.tasks import checking, scans, showing, stripping, sweeping
from forum.files.tasks.rows import fitting
from forum.jobs.models import Job
from forum.jobs.worker import worker_of
from tests.cast import Cast
from tests.files.conftest import empty

FAKE = Path(__file__).with_name("fake_reader.py")
DONE = {"say": {"done": True}}


def inspected(kind: str = "pdf", **findings: Any) -> list[Any]:
    return [{"say": {"kind": kind, "findings": findings, "pages": 2, "encrypted": False}}, DONE]


PAGES = [
    {"say": {"pages": 2}},
    {"webp": "tile.webp"},
    {"webp": "1.webp"},
    {
        "say": {
            "page": 1,
            "text": "Eins\x00\ud800",
            "image": "1.webp",
            "width": 1000,
            "height": 1414,
            "tile": "tile.webp",
        }
    },
    {"say": {"page": 2, "text": "Zwei", "html": "<h1>Zwei</h1><script>alert(1)</script>"}},
    DONE,
]


class Desk:
    """Files are sent here, and the jobs done; the reader is played unless a test wants the real one."""

    def __init__(self, app: Flask, cast: Cast, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.app = app
        self.cast = cast
        self.scenario = folder / "scenario.json"
        self.log = folder / "log"
        self.log.touch()
        self.monkeypatch = monkeypatch
        monkeypatch.setattr(reading, "COMMAND", [sys.executable, str(FAKE), str(self.scenario)])
        monkeypatch.setattr(shutil, "which", lambda name: {"tesseract": "/usr/bin/tesseract"}.get(name))
        self.plays(inspect=inspected(), pages=PAGES)

    def plays(self, **tasks: Any) -> None:
        self.scenario.write_text(json.dumps({"log": str(self.log), **tasks}))

    def really(self) -> None:
        self.monkeypatch.setattr(reading, "COMMAND", [sys.executable, "-m", "forum.files.reader"])

    def asked(self) -> list[str]:
        """The tasks that were given to the child since the last time."""
        lines = self.log.read_text().splitlines()
        self.log.write_text("")
        return [json.loads(line)[0] for line in lines]

    def send(self, content: bytes = b"Inhalt", name: str = "Plan.pdf", viewer: Viewer | None = None) -> int:
        with self.app.app_context():
            return receive(viewer or self.cast.petra.viewer, io.BytesIO(content), name).id

    def work(self, but: str = "") -> int:
        """Do all that is due and what comes of it, except work of the name `but`, and what others have in hand."""
        done = 0
        worker = worker_of(self.app)
        with self.app.app_context():
            while ids := list(db.session.scalars(_waiting().where(Job.name != but))):
                db.session.rollback()
                performed = sum([worker.perform(job_id) for job_id in ids])
                done += performed
                if done > 200:
                    raise AssertionError("it never ends")
                if not performed:
                    break
        return done

    @contextmanager
    def at_work(self, key: str) -> Iterator[None]:
        """Somebody else does this work meanwhile."""
        for until in (now() + timedelta(minutes=1), None):
            with unit_of_work():
                db.session.execute(sa.update(Job).where(Job.key == key).values(lease_until=until))
            if until:
                yield

    def file(self, file_id: int) -> File:
        db.session.rollback()
        return db.session.get_one(File, file_id, populate_existing=True)

    def blob(self, file_id: int) -> Blob:
        found = self.file(file_id).blob
        assert found is not None
        db.session.refresh(found)
        return found


def _waiting() -> sa.Select[int]:
    regular = Job.key.startswith("every:")
    return sa.select(Job.id).where(Job.due_at <= now(), Job.name.startswith("files."), sa.not_(regular))


@pytest.fixture
def desk(context: Flask, cast: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    yield Desk(context, cast, tmp_path, monkeypatch)
    empty(context)


def played_scanner(verdict: Scan | Exception) -> Callable[[str], Any]:
    class Played:
        def scan(self, pieces) -> Scan:
            b"".join(pieces)
            if isinstance(verdict, Exception):
                raise verdict
            return verdict

    return lambda _address: Played()


# Check


def test_a_file_is_checked_and_shown(desk: Desk) -> None:
    file_id = desk.send(name="Plan.doc")
    assert desk.file(file_id).state is FileState.CHECKING
    desk.work()
    file, blob = desk.file(file_id), desk.blob(file_id)
    assert (file.state, file.name) == (FileState.READY, "Plan.doc.pdf")
    assert (blob.kind, blob.scan, blob.check, blob.preview) == (
        FileKind.PDF,
        Scan.UNSCANNED,
        Progress.DONE,
        Progress.DONE,
    )
    assert (blob.page_count, blob.has_tile, blob.ocr) == (2, True, Ocr.NOT_NEEDED)
    first, second = list_pages(blob)
    assert (first.text, first.width, first.height, first.html, first.rows) == ("Eins", 1000, 1414, "", None)
    assert (second.text, second.html) == ("Zwei", "<h3>Zwei</h3>")
    assert store().get(page_key(blob.digest, 1)).endswith(b"1.webp")
    assert store().get(tile_key(blob.digest)).endswith(b"tile.webp")
    assert [path.name for path in spool().iterdir()] == []


@pytest.mark.parametrize("fault", ["web_page", "program", "bomb", "broken", "timeout", "crash"])
def test_what_is_not_taken_says_why_and_is_shown_to_nobody(desk: Desk, fault: str) -> None:
    desk.plays(inspect=[{"say": {"fault": fault}}])
    file_id = desk.send()
    desk.work()
    assert desk.file(file_id).state is FileState.REFUSED
    assert desk.blob(file_id).refusal == fault
    assert card_of(desk.file(file_id), desk.cast.petra.id).refusal.endswith((".", "!"))
    assert desk.asked() == ["inspect"]
    desk.plays(inspect=inspected(), pages=PAGES)
    again = desk.send()
    desk.work()
    assert desk.file(again).state is FileState.READY  # sent once more it is looked into once more


def test_a_reader_that_tells_nonsense_is_not_believed(desk: Desk) -> None:
    for said in ({"kind": "exe", "findings": {}}, {"kind": "pdf", "findings": []}, {"kind": "pdf"}, {}):
        desk.plays(inspect=[{"say": said}, DONE])
        file_id = desk.send(content=json.dumps(said).encode())
        desk.work()
        assert desk.blob(file_id).refusal == "crash"


def test_names_get_the_ending_of_what_the_file_is() -> None:
    for name, kind, expected in (
        ("Plan.pdf", FileKind.PDF, "Plan.pdf"),
        ("Plan.PDF", FileKind.PDF, "Plan.PDF"),
        ("Plan", FileKind.PDF, "Plan.pdf"),
        ("Plan.doc", FileKind.PDF, "Plan.doc.pdf"),
        ("Vorlage.docm", FileKind.DOCX, "Vorlage.docm"),
        ("Liste.csv", FileKind.TXT, "Liste.csv"),
        ("Liste.log", FileKind.TXT, "Liste.log.txt"),
        ("Foto.png", FileKind.JPEG, "Foto.png.jpg"),
        ("Fassung 1.2", FileKind.ODT, "Fassung 1.2.odt"),
    ):
        assert fitting(name, kind) == expected
    assert fitting("Foto.HEIC", FileKind.JPEG, FileKind.HEIC) == "Foto.jpg"
    assert len(fitting("x" * 198 + ".d", FileKind.PDF)) <= 200


def test_the_scanner_decides_before_anybody_looks_inside(desk: Desk) -> None:
    desk.monkeypatch.setattr(checking, "scanner_at", played_scanner(Scan.INFECTED))
    file_id = desk.send()
    desk.work()
    assert desk.file(file_id).state is FileState.REFUSED
    assert (desk.blob(file_id).scan, desk.blob(file_id).refusal) == (Scan.INFECTED, "infected")
    assert desk.asked() == []
    desk.monkeypatch.setattr(checking, "scanner_at", played_scanner(Scan.CLEAN))
    clean = desk.send(b"anders")
    desk.work()
    assert (desk.file(clean).state, desk.blob(clean).scan) == (FileState.READY, Scan.CLEAN)
    again = desk.send()  # what was found may have been a mistake of the scanner's
    desk.work()
    assert (desk.file(again).state, desk.blob(again).scan) == (FileState.READY, Scan.CLEAN)


def test_while_the_scanner_is_away_files_wait_and_then_go_on(desk: Desk) -> None:
    desk.monkeypatch.setattr(checking, "scanner_at", played_scanner(ScannerAway("away")))
    file_id = desk.send()
    assert desk.work() == 0
    assert (desk.file(file_id).state, desk.blob(file_id).scan) == (FileState.CHECKING, Scan.PENDING)
    job = db.session.scalars(sa.select(Job).where(Job.name == "files.check")).one()
    assert job.attempts == 1
    assert job.due_at > now()
    assert "ScannerAway" in job.last_error
    desk.monkeypatch.setattr(checking, "scanner_at", played_scanner(Scan.CLEAN))
    with unit_of_work():
        db.session.get_one(Job, job.id, populate_existing=True).due_at = now()
    desk.work()
    assert desk.file(file_id).state is FileState.READY


def test_bytes_that_broke_in_the_store_are_not_read(desk: Desk) -> None:
    file_id = desk.send()
    store().put(blob_key(desk.blob(file_id).digest), b"anders")
    desk.work()
    assert (desk.blob(file_id).is_broken, desk.blob(file_id).refusal) == (True, "broken")
    again = desk.send()
    desk.work()
    assert desk.file(again).state is FileState.READY
    assert not desk.blob(again).is_broken


def test_a_store_that_is_away_only_makes_the_job_wait(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    file_id = desk.send()

    def away(*_args: Any) -> bytes:
        raise StoreAway("weg")

    with monkeypatch.context() as patch:
        patch.setattr(type(store()), "read_into", away)
        assert desk.work() == 0
    assert desk.file(file_id).state is FileState.CHECKING
    assert not desk.blob(file_id).is_broken


# Traces


def test_a_file_that_tells_something_asks_and_the_traces_are_taken_out(desk: Desk) -> None:
    desk.plays(
        inspect={"Inhalt": inspected("docx", authors=["Petra"], comments=3), "": inspected("docx")},
        pages=PAGES,
        strip=[{"copy": ["stripped", "Sauber"]}, *inspected("docx")],
    )
    file_id = desk.send(name="Plan.docx")
    desk.work()
    assert desk.file(file_id).state is FileState.ASKS
    old = desk.blob(file_id)
    with unit_of_work():
        files.choose(desk.cast.petra.viewer, file_id, Choice.STRIP)
    assert desk.file(file_id).state is FileState.CHECKING
    desk.work()
    file, blob = desk.file(file_id), desk.blob(file_id)
    assert (file.state, file.choice, file.size, blob.findings) == (FileState.READY, None, 6, {})
    assert (blob.kind, blob.scan, blob.preview) == (FileKind.DOCX, Scan.UNSCANNED, Progress.DONE)
    assert open_blob(blob).read() == b"Sauber"
    db.session.refresh(old)
    assert old.unused_since is not None


def test_what_cannot_be_taken_out_stays_and_is_not_asked_about_twice(desk: Desk) -> None:
    desk.plays(
        inspect=inspected("xlsx", authors=["Petra"], hidden_sheets=["Kalkulation"]),
        pages=PAGES,
        strip=[{"copy": ["stripped", "Sauber"]}, *inspected("xlsx", hidden_sheets=["Kalkulation"])],
    )
    file_id = desk.send(name="Plan.xlsx")
    desk.work()
    with unit_of_work():
        files.choose(desk.cast.petra.viewer, file_id, Choice.STRIP)
    desk.work()
    assert desk.file(file_id).state is FileState.READY
    assert desk.blob(file_id).findings == {"hidden_sheets": ["Kalkulation"]}


def test_traces_that_are_still_there_are_asked_about_again(desk: Desk) -> None:
    desk.plays(
        inspect=inspected("docx", authors=["Petra"]),
        pages=PAGES,
        strip=[{"copy": ["stripped", "Fast"]}, *inspected("docx", authors=["Petra"])],
    )
    file_id = desk.send(name="Plan.docx")
    desk.work()
    with unit_of_work():
        files.choose(desk.cast.petra.viewer, file_id, Choice.STRIP)
    desk.work()
    assert (desk.file(file_id).state, desk.file(file_id).strip_failed) == (FileState.ASKS, True)


@pytest.mark.parametrize(
    "strip",
    [
        [{"say": {"fault": "not_possible"}}],
        [{"exit": 1}],
        [*inspected("docx")],
        [{"link": ["stripped", "/etc/hostname"]}, *inspected("docx")],
    ],
)
def test_when_taking_out_fails_the_sender_is_asked_again(desk: Desk, strip: list[Any]) -> None:
    desk.plays(inspect=inspected("docx", authors=["Petra"]), pages=PAGES, strip=strip)
    file_id = desk.send(name="Plan.docx")
    desk.work()
    with unit_of_work():
        files.choose(desk.cast.petra.viewer, file_id, Choice.STRIP)
    desk.work()
    assert (desk.file(file_id).state, desk.file(file_id).strip_failed) == (FileState.ASKS, True)
    assert open_blob(desk.blob(file_id)).read() == b"Inhalt"


def test_what_is_left_when_traces_are_out_is_shown_to_the_scanner_too(desk: Desk) -> None:
    desk.plays(
        inspect=inspected("docx", authors=["Petra"]),
        pages=PAGES,
        strip=[{"copy": ["stripped", "Boese"]}, *inspected("docx")],
    )
    desk.monkeypatch.setattr(checking, "scanner_at", played_scanner(Scan.CLEAN))
    desk.monkeypatch.setattr(stripping, "scanner_at", played_scanner(Scan.INFECTED))
    file_id = desk.send(name="Plan.docx")
    desk.work()
    with unit_of_work():
        files.choose(desk.cast.petra.viewer, file_id, Choice.STRIP)
    desk.work()
    assert (desk.file(file_id).state, desk.file(file_id).strip_failed) == (FileState.ASKS, True)
    desk.monkeypatch.setattr(stripping, "scanner_at", played_scanner(Scan.CLEAN))
    with unit_of_work():
        files.choose(desk.cast.petra.viewer, file_id, Choice.STRIP)
    desk.work()
    assert (desk.file(file_id).state, desk.blob(file_id).scan) == (FileState.READY, Scan.CLEAN)


def test_pictures_are_freed_of_all_they_tell_for_everybody_and_never_ask(desk: Desk) -> None:
    desk.plays(
        inspect=inspected("jpeg", place=True, camera="Kamera"),
        pages=PAGES,
        strip=[{"copy": ["stripped", "Sauber"]}, *inspected("jpeg")],
    )
    one = desk.send(name="Foto.jpg")
    other = desk.send(name="Bild.jpg", viewer=desk.cast.olga.viewer)
    desk.work()
    later = desk.send(name="Nochmal.jpg")
    assert desk.file(later).state is FileState.CHECKING
    desk.work()
    for file_id in (one, other, later):
        assert desk.file(file_id).state is FileState.READY
        assert open_blob(desk.blob(file_id)).read() == b"Sauber"
        assert desk.blob(file_id).preview is Progress.DONE
    assert desk.asked().count("pages") == 1


def test_a_picture_that_cannot_be_freed_is_refused(desk: Desk) -> None:
    desk.plays(inspect=inspected("jpeg", place=True), strip=[{"say": {"fault": "broken"}}])
    file_id = desk.send(name="Foto.jpg")
    desk.work()
    assert desk.file(file_id).state is FileState.REFUSED
    assert desk.blob(file_id).refusal == "broken"


# Pages


def test_the_first_page_is_seen_while_the_others_are_made(desk: Desk) -> None:
    desk.plays(inspect=inspected(), pages=[*PAGES[:4], {"sleep": 1.2}, {"sleep": 60}])
    file_id = desk.send()
    desk.monkeypatch.setitem(reading.TIME_LIMITS, "pages", 2.0)
    seen: list[int] = []
    keep = PageKeeper.store

    def noted(keeper: Any) -> None:
        keep(keeper)
        seen.append(len(list_pages(desk.blob(file_id))))

    desk.monkeypatch.setattr(PageKeeper, "store", noted)
    desk.work()
    assert seen[0] == 1
    blob = desk.blob(file_id)
    assert (blob.preview, blob.preview_fault) == (Progress.FAILED, "timeout")
    assert [page.number for page in list_pages(blob)] == [1]


def test_a_preview_that_failed_says_why_and_is_tried_again(desk: Desk) -> None:
    desk.plays(inspect=inspected(), pages=[{"exit": 1}])
    file_id = desk.send()
    desk.work()
    blob = desk.blob(file_id)
    assert (desk.file(file_id).state, blob.preview, blob.preview_fault) == (
        FileState.READY,
        Progress.FAILED,
        "crash",
    )
    desk.plays(inspect=inspected(), pages=PAGES)
    with unit_of_work():
        previews.retry_preview(desk.cast.olga.viewer, desk.file(file_id))
    desk.work()
    assert (desk.blob(file_id).preview, desk.blob(file_id).preview_fault) == (Progress.DONE, "")
    with pytest.raises(Conflict), unit_of_work():
        previews.retry_preview(desk.cast.petra.viewer, desk.file(file_id))


def test_what_needs_a_password_is_not_tried_again_and_what_is_not_ready_by_nobody_else(desk: Desk) -> None:
    desk.plays(inspect=inspected(), pages=[{"say": {"fault": "encrypted"}}])
    file_id = desk.send()
    with pytest.raises(NotFound), unit_of_work():
        previews.retry_preview(desk.cast.olga.viewer, desk.file(file_id))
    desk.work()
    assert desk.blob(file_id).preview_fault == "encrypted"
    with pytest.raises(Conflict), unit_of_work():
        previews.retry_preview(desk.cast.petra.viewer, desk.file(file_id))


def test_work_that_died_in_the_middle_is_done_again_to_the_same_end(desk: Desk) -> None:
    file_id = desk.send()
    store_pages = PageKeeper.store

    def dies(keeper: Any) -> None:
        store_pages(keeper)
        raise KeyboardInterrupt

    with desk.monkeypatch.context() as patch:
        patch.setattr(PageKeeper, "store", dies)
        with pytest.raises(KeyboardInterrupt):
            desk.work()
    assert len(list_pages(desk.blob(file_id))) == 1
    with unit_of_work():
        db.session.execute(sa.update(Job).values(lease_until=None))
    desk.work()
    assert len(list_pages(desk.blob(file_id))) == 2
    assert desk.blob(file_id).preview is Progress.DONE
    showing.prepare(desk.blob(file_id).id)
    checking.check(desk.blob(file_id).id)
    assert desk.asked().count("pages") == 2


def test_fewer_pages_than_before_leave_no_old_ones(desk: Desk) -> None:
    file_id = desk.send()
    desk.work()
    with unit_of_work():
        desk.blob(file_id).preview = Progress.WAITING
    desk.plays(
        pages=[
            {"say": {"pages": 1}},
            {"say": {"page": 1, "text": "Nur", "rows": [["a", 1, None], ["b\x00"]]}},
            DONE,
        ]
    )
    showing.prepare(desk.blob(file_id).id)
    (page,) = list_pages(desk.blob(file_id))
    assert (page.text, page.width, page.rows) == ("Nur", 0, [["a", "", ""], ["b"]])


@pytest.mark.parametrize(
    "said",
    [
        {"page": 0, "text": "x"},
        {"page": "1", "text": "x"},
        {"page": 1, "image": "../1.webp", "width": 1, "height": 1},
        {"page": 1, "image": "2.webp", "width": 1, "height": 1},
        {"page": 1, "image": "1.webp", "width": -1, "height": 1},
        {"page": 1, "rows": {"a": 1}},
        {"page": 1, "rows": ["a"]},
        {"tile": "text.webp"},
        {"pages": -1},
    ],
)
def test_pages_that_make_no_sense_end_the_preview(desk: Desk, said: dict[str, Any]) -> None:
    desk.plays(
        inspect=inspected(),
        pages=[{"webp": "1.webp"}, {"copy": ["text.webp", "<html>"]}, {"say": said}, DONE],
    )
    file_id = desk.send()
    desk.work()
    assert (desk.blob(file_id).preview, desk.blob(file_id).preview_fault) == (Progress.FAILED, "crash")
    assert list_pages(desk.blob(file_id)) == []


def test_a_blob_that_is_gone_meanwhile_is_no_fault(desk: Desk) -> None:
    file_id = desk.send()
    blob = desk.blob(file_id)
    blob_id = blob.id
    worker_of(desk.app).perform(db.session.scalars(sa.select(Job.id).where(Job.name == "files.check")).one())
    with unit_of_work():
        files.release_files([file_id])
        db.session.execute(sa.delete(Blob))
    assert desk.work() == 1
    checking.check(blob_id)
    scans.read_scan(blob_id)
    stripping.strip(file_id)


# Scans


def scanned(count: int) -> list[Any]:
    pages = [{"say": {"page": number, "text": "S. 1", "scan": True}} for number in range(1, count + 1)]
    return [{"say": {"pages": count + 1}}, *pages, {"say": {"page": count + 1, "text": "Text"}}, DONE]


def test_a_scan_is_read_a_few_pages_at_a_time(desk: Desk) -> None:
    count = scans.PAGES_AT_ONCE + 3
    read = [{"say": {"page": number, "text": f"Seite {number}"}} for number in range(1, count + 1)]
    desk.plays(inspect=inspected(), pages=scanned(count), ocr=[*read, DONE])
    file_id = desk.send()
    desk.work()
    assert desk.blob(file_id).ocr is Ocr.DONE
    assert [page.text for page in list_pages(desk.blob(file_id))][:2] == ["Seite 1", "Seite 2"]
    assert list_pages(desk.blob(file_id), first=count)[0].text == f"Seite {count}"
    asked = desk.asked()
    assert asked.count("ocr") == 2


def test_only_one_scan_is_read_at_a_time_whoever_sent_it(desk: Desk) -> None:
    desk.plays(inspect=inspected(), pages=scanned(1), ocr=[{"say": {"page": 1, "text": "Seite 1"}}, DONE])
    mine, theirs = desk.send(b"Eins"), desk.send(b"Zwei", viewer=desk.cast.manfred.viewer)
    desk.work(but="files.read_scan")
    with desk.at_work(f"files.read_scan:{desk.blob(mine).id}"):
        desk.work()
        assert desk.blob(theirs).ocr is Ocr.WAITING
    desk.work()
    assert (desk.blob(mine).ocr, desk.blob(theirs).ocr) == (Ocr.DONE, Ocr.DONE)


def test_one_members_files_wait_for_each_other_and_hold_up_nobodys(desk: Desk) -> None:
    mine = [desk.send(b"Eins"), desk.send(b"Zwei"), desk.send(b"Drei")]
    theirs = desk.send(b"Vier", viewer=desk.cast.manfred.viewer)
    with desk.at_work(f"files.check:{desk.blob(mine[0]).id}"):
        desk.work()
        assert [desk.file(file_id).state for file_id in mine] == [FileState.CHECKING] * 3
        assert desk.file(theirs).state is FileState.READY
    desk.work()
    assert [desk.file(file_id).state for file_id in mine] == [FileState.READY] * 3


def test_a_page_that_cannot_be_read_is_passed_over(desk: Desk) -> None:
    desk.plays(inspect=inspected(), pages=scanned(3), ocr=[{"say": {"page": 1, "text": "Eins"}}, {"exit": 1}])
    file_id = desk.send()
    desk.work()
    assert desk.blob(file_id).ocr is Ocr.FAILED
    assert [page.text for page in list_pages(desk.blob(file_id))] == ["Eins", "", "", "Text"]
    desk.plays(ocr=[*[{"say": {"page": number, "text": "Nun"}} for number in (2, 3)], DONE])
    with unit_of_work():
        previews.retry_preview(desk.cast.petra.viewer, desk.file(file_id))
    desk.work()
    assert desk.blob(file_id).ocr is Ocr.DONE
    assert [page.text for page in list_pages(desk.blob(file_id))] == ["Eins", "Nun", "Nun", "Text"]


def test_without_tesseract_the_state_says_so_and_few_letters_stay(desk: Desk) -> None:
    desk.plays(inspect=inspected(), pages=scanned(1))
    desk.monkeypatch.setattr(shutil, "which", lambda _name: None)
    file_id = desk.send()
    desk.work()
    assert desk.blob(file_id).ocr is Ocr.ABSENT
    assert list_pages(desk.blob(file_id))[0].text == "S. 1"
    # Once it is installed, asking again reads everything.
    desk.monkeypatch.setattr(shutil, "which", lambda _name: "/usr/bin/tesseract")
    desk.plays(pages=scanned(1), ocr=[{"say": {"page": 1, "text": "Seite 1"}}, DONE])
    file = desk.file(file_id)
    with unit_of_work():
        previews.retry_preview(desk.cast.petra.viewer, file)
    desk.work()
    assert desk.blob(file_id).ocr is Ocr.DONE
    assert list_pages(desk.blob(file_id))[0].text == "Seite 1"


def test_a_tesseract_that_knows_no_language_is_as_good_as_none(desk: Desk) -> None:
    desk.plays(inspect=inspected(), pages=scanned(1), ocr=[{"say": {"fault": "no_ocr"}}])
    file_id = desk.send()
    desk.work()
    assert desk.blob(file_id).ocr is Ocr.ABSENT


# Sweeping


def test_what_was_never_sent_goes_after_two_days_and_its_bytes_a_day_later(desk: Desk) -> None:
    old, new, owned = desk.send(b"alt"), desk.send(b"neu"), desk.send(b"gehalten")
    desk.work()
    digest = desk.blob(old).digest
    with unit_of_work():
        db.session.execute(sa.update(File).where(File.id != new).values(created_at=now() - timedelta(days=3)))
        db.session.execute(sa.update(File).where(File.id == owned).values(owner="post:1"))
    sweeping.sweep()
    assert set(db.session.scalars(sa.select(File.id))) == {new, owned}
    assert store().size(blob_key(digest)) == 3
    with unit_of_work():
        db.session.execute(
            sa.update(Blob)
            .where(Blob.unused_since.is_not(None))
            .values(unused_since=now() - timedelta(days=2))
        )
    sweeping.sweep()
    assert db.session.scalars(sa.select(Blob.id).where(Blob.digest == digest)).all() == []
    assert [found.key for found in store().objects() if digest in found.key] == []
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Page)) == 4
    assert desk.file(new).state is FileState.READY


def test_bytes_that_a_file_has_again_stay(desk: Desk) -> None:
    file_id = desk.send()
    with unit_of_work():
        desk.blob(file_id).unused_since = now() - timedelta(days=9)
    sweeping.sweep()
    assert store().size(blob_key(desk.blob(file_id).digest)) == 6


def test_leftovers_of_dead_work_go_and_those_of_living_stay(desk: Desk) -> None:
    for name in ("reading-alt", "reading-neu"):
        (spool() / name).mkdir()
        (spool() / name / "input").write_text("x")
    (spool() / "1-alt").write_text("x")
    for name in ("reading-alt", "1-alt"):
        os.utime(spool() / name, (0, 0))
    sweeping.sweep()
    assert [path.name for path in spool().iterdir()] == ["reading-neu"]
    (spool() / "reading-neu" / "input").unlink()
    (spool() / "reading-neu").rmdir()


def test_what_nobody_works_on_any_more_is_said_to_have_failed(desk: Desk) -> None:
    file_id = desk.send()
    desk.work()
    with unit_of_work():
        blob = desk.blob(file_id)
        blob.preview, blob.ocr, blob.created_at = Progress.WAITING, Ocr.WAITING, now() - timedelta(days=3)
    sweeping.sweep()
    blob = desk.blob(file_id)
    assert (blob.preview, blob.preview_fault, blob.ocr) == (Progress.FAILED, "crash", Ocr.FAILED)


def test_bytes_that_no_scanner_saw_for_days_are_shown_to_it_again(desk: Desk) -> None:
    desk.monkeypatch.setattr(checking, "scanner_at", played_scanner(ScannerAway("away")))
    file_id = desk.send()
    desk.work()
    with unit_of_work():
        db.session.execute(
            sa.update(Job).where(Job.name == "files.check").values(due_at=None, lease_until=None)
        )
        db.session.execute(sa.update(Blob).values(created_at=now() - timedelta(days=3)))
    assert desk.work() == 0
    assert desk.file(file_id).state is FileState.CHECKING  # given up, and still given to nobody
    desk.monkeypatch.setattr(checking, "scanner_at", played_scanner(Scan.CLEAN))
    sweeping.sweep()
    desk.work()
    assert desk.file(file_id).state is FileState.READY


def test_traces_whose_removal_was_given_up_are_taken_out_after_all(desk: Desk) -> None:
    desk.plays(
        inspect=inspected("docx", authors=["Petra"]),
        pages=PAGES,
        strip=[{"copy": ["stripped", "Sauber"]}, *inspected("docx")],
    )
    file_id = desk.send(name="Plan.docx")
    desk.work()
    with unit_of_work():
        files.choose(desk.cast.petra.viewer, file_id, Choice.STRIP)
        values = {"created_at": now() - timedelta(days=3), "owner": "post:1"}
        db.session.execute(sa.update(File).values(**values))
        db.session.execute(sa.delete(Job).where(Job.name == "files.strip"))
    sweeping.sweep()
    desk.work()
    assert desk.file(file_id).state is FileState.READY


# With the real reader


def test_a_real_picture_loses_its_place_and_is_shown(desk: Desk) -> None:
    desk.really()
    picture, exif = Image.new("RGB", (800, 600), "teal"), Image.Exif()
    exif[0x010F] = "Kameramarke"
    file = io.BytesIO()
    picture.save(file, "JPEG", exif=exif)
    assert b"Kameramarke" in file.getvalue()
    file_id = desk.send(file.getvalue(), "Foto.jpg")
    desk.monkeypatch.setattr(shutil, "which", lambda _name: None)
    desk.work()
    blob = desk.blob(file_id)
    assert (desk.file(file_id).state, blob.kind, blob.preview) == (
        FileState.READY,
        FileKind.JPEG,
        Progress.DONE,
    )
    kept = open_blob(blob).read()
    assert b"Kameramarke" not in kept
    assert Image.open(io.BytesIO(kept)).size == (800, 600)
    assert list_pages(blob)[0].width > 0
    assert store().size(tile_key(blob.digest))


def test_a_real_text_and_a_real_web_page_in_disguise(desk: Desk) -> None:
    desk.really()
    text = desk.send("Größe; Zahl\n1; 2\n".encode(), "Liste.txt")
    page = desk.send(b"<!doctype html><script>alert(1)</script>", "Plan.pdf")
    desk.work()
    assert desk.file(text).state is FileState.READY
    assert "Größe" in list_pages(desk.blob(text))[0].text
    assert (desk.file(page).state, desk.blob(page).refusal) == (FileState.REFUSED, "web_page")


def test_only_signed_in_people_have_a_preview_made_again(desk: Desk) -> None:
    file_id = desk.send()
    desk.work()
    with pytest.raises((NotFound, Denied)), unit_of_work():
        previews.retry_preview(Viewer(), desk.file(file_id))
