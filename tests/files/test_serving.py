"""Files on their way out: whole, in parts, under their names, in a ZIP, stamped; and never a wrong byte."""

import io
import json
import sys
import threading
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask, Response
from werkzeug.datastructures import Headers
from werkzeug.http import parse_options_header
from werkzeug.test import run_wsgi_app

from forum.core.db import db, unit_of_work
from forum.core.errors import NotFound
from forum.files import reading, serving
from forum.files.kinds import FACTS, FileKind
from forum.files.models import Blob, File, Page, Progress, Scan
from forum.files.pieces import PIECE
from forum.files.receiving import receive
from forum.files.serving import ZipEntry
from forum.files.store import StoreAway, blob_key, page_key, spool, store, tile_key
from forum.web.gate import PageGate
from forum.web.lines import lines_of
from tests.cast import Cast
from tests.files.conftest import empty

FAKE = Path(__file__).with_name("fake_reader.py")
CONTENT = bytes(range(256)) * 10_000  # two pieces and a bit


class Answer:
    """What came over the line: until it was cut, if it was."""

    def __init__(self, body: bytes, status: int, headers: Headers, was_cut: bool) -> None:
        self.body = body
        self.status = status
        self.headers = headers
        self.was_cut = was_cut

    @property
    def text(self) -> str:
        return self.body.decode()


class House:
    """Files that are ready, and a way to ask for them as a server does: the body when the request is over."""

    def __init__(self, app: Flask, cast: Cast) -> None:
        self.app = app
        self.cast = cast

    def keep(self, content: bytes = CONTENT, name: str = "Plan.pdf", kind: FileKind = FileKind.PDF) -> int:
        with self.app.app_context():
            file = receive(self.cast.petra.viewer, io.BytesIO(content), name)
            with unit_of_work():
                values = {"kind": kind, "check": Progress.DONE, "scan": Scan.CLEAN, "has_tile": True}
                db.session.execute(sa.update(Blob).where(Blob.id == file.blob_id).values(**values))
            return file.id

    def change(self, file_id: int, **values: Any) -> None:
        with self.app.app_context(), unit_of_work():
            blob = db.session.get_one(File, file_id).blob
            for name, value in values.items():
                setattr(blob, name, value)

    def digest(self, file_id: int) -> str:
        return str(self.blob(file_id).digest)

    def blob(self, file_id: int) -> Blob:
        with self.app.app_context():
            blob = db.session.get_one(File, file_id).blob
            assert blob is not None
            return blob

    def ask(
        self, make: Callable[[], Response], method: str = "GET", limit: int | None = None, **headers: str
    ) -> Answer:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        with self.app.test_request_context("/somewhere", method=method, headers=sent) as context:
            self.app.preprocess_request()
            environ = context.request.environ
            response = self.app.process_response(self.app.make_response(make()))
            # As the server does it: the application is called within the request, the body iterated after it.
            collected: list[Any] = []
            parts = response(environ, lambda status, head, _info=None: collected.append((status, head)))
        body, was_cut = b"", False
        try:
            for part in parts:
                body += part
                if limit is not None and len(body) >= limit:
                    break
        except Exception:
            if not collected:
                raise
            was_cut = True
        finally:
            if hasattr(parts, "close"):
                parts.close()
        status, head = collected[-1]
        return Answer(body, int(status.split()[0]), Headers(head), was_cut)

    def fetch(self, file_id: int, method: str = "GET", limit: int | None = None, **options: Any) -> Answer:
        headers = {name: value for name, value in options.items() if name[0].isupper()}
        others = {name: value for name, value in options.items() if name not in headers}
        return self.ask(
            lambda: serving.send_file(db.session.get_one(File, file_id), **others), method, limit, **headers
        )


@pytest.fixture
def house(app: Flask, cast: Cast) -> Iterator[House]:
    yield House(app, cast)
    empty(app)


# Whole and in parts


def test_a_file_comes_whole_under_its_name_to_be_saved(house: House) -> None:
    answer = house.fetch(house.keep(name="Plan.pdf"))
    assert (answer.status, answer.body) == (200, CONTENT)
    assert answer.headers["Content-Length"] == str(len(CONTENT))
    assert answer.headers["Content-Type"] == "application/pdf"
    assert answer.headers["Content-Disposition"] == "attachment; filename=Plan.pdf"
    assert answer.headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert "Content-Encoding" not in answer.headers


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("Übersicht Löhne.pdf", "Ubersicht Lohne.pdf"),
        ("Plan 🎉.pdf", "Plan .pdf"),
        ("Протокол.pdf", "Datei.pdf"),
        ('Das "Muster".pdf', "Das _Muster_.pdf"),
        ("2026-03-01.pdf", "2026-03-01.pdf"),
        ("a;b, c=d%20.pdf", "a;b, c=d%20.pdf"),
        ("x" * 190 + "ß.pdf", "x" * 190 + ".pdf"),
    ],
)
def test_names_of_all_kinds_arrive_as_they_are(house: House, name: str, plain: str) -> None:
    header = house.fetch(house.keep(), as_name=name).headers["Content-Disposition"]
    assert header.isascii()
    assert "\n" not in header
    kind, options = parse_options_header(header)
    assert kind == "attachment"
    assert options["filename"] == name  # what a browser takes
    assert f'filename="{plain}"' in header or f"filename={plain};" in f"{header};"


def test_a_name_is_no_path(house: House) -> None:
    header = house.fetch(house.keep(), as_name="../BV 3/2026.pdf").headers["Content-Disposition"]
    assert parse_options_header(header)[1]["filename"] == "..-BV 3-2026.pdf"


def test_only_pictures_are_shown_by_the_browser_itself(house: House) -> None:
    for kind in FileKind:
        file_id = house.keep(kind.value.encode() + CONTENT, kind=kind)
        answer = house.fetch(file_id, inline=True)
        is_shown = kind in (FileKind.PNG, FileKind.JPEG, FileKind.WEBP)
        assert answer.headers["Content-Disposition"].startswith("inline" if is_shown else "attachment")
        assert answer.headers["Content-Type"] == FACTS[kind].media_type
        assert house.fetch(file_id).headers["Content-Disposition"].startswith("attachment")


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=0-1048575", 0, PIECE),
        ("bytes=1048570-1048585", 1_048_570, 1_048_586),
        ("bytes=2000000-", 2_000_000, len(CONTENT)),
        ("bytes=-5", len(CONTENT) - 5, len(CONTENT)),
        ("bytes=10-99999999", 10, len(CONTENT)),
    ],
)
def test_a_part_comes_as_asked(house: House, asked: str, start: int, end: int) -> None:
    answer = house.fetch(house.keep(), Range=asked)
    assert (answer.status, answer.body) == (206, CONTENT[start:end])
    assert answer.headers["Content-Range"] == f"bytes {start}-{end - 1}/{len(CONTENT)}"
    assert answer.headers["Content-Length"] == str(end - start)


@pytest.mark.parametrize("asked", ["pages=1-2", "items=0-5,7-9", "nonsense"])
def test_a_part_in_a_unit_that_nobody_knows_is_the_whole(house: House, asked: str) -> None:
    answer = house.fetch(house.keep(), Range=asked)
    assert (answer.status, answer.body) == (200, CONTENT)


@pytest.mark.parametrize("asked", ["bytes=99999999-", "bytes=abc", "bytes=5-2", "bytes="])
def test_a_part_that_is_not_there_is_refused_with_the_length(house: House, asked: str) -> None:
    answer = house.fetch(house.keep(), Range=asked)
    assert answer.status == 416
    assert answer.headers["Content-Range"] == f"bytes */{len(CONTENT)}"
    assert answer.body == b""


def test_several_parts_at_once_get_the_whole(house: House) -> None:
    answer = house.fetch(house.keep(), Range="bytes=0-1,5-6")
    assert (answer.status, answer.body) == (200, CONTENT)


def test_what_the_browser_has_is_not_sent_again(house: House) -> None:
    file_id = house.keep()
    tag = house.fetch(file_id).headers["ETag"]
    assert tag == f'"{house.digest(file_id)}"'
    again = house.fetch(file_id, If_None_Match=tag)
    assert (again.status, again.body) == (304, b"")
    assert house.fetch(file_id, If_None_Match='"other"').status == 200
    assert house.fetch(file_id, Range="bytes=0-3", If_Range=tag).status == 206
    assert house.fetch(file_id, Range="bytes=0-3", If_Range='"other"').body == CONTENT


def test_who_wants_another_file_than_this_one_gets_nothing_of_it(house: House) -> None:
    file_id = house.keep()
    refused = house.fetch(file_id, If_Match='"other"')
    assert (refused.status, refused.body, refused.headers["Content-Length"]) == (412, b"", "0")
    assert house.fetch(file_id, If_Match=f'"{house.digest(file_id)}"').body == CONTENT


def test_head_says_everything_and_sends_nothing(house: House) -> None:
    answer = house.fetch(house.keep(), "HEAD")
    assert (answer.status, answer.body) == (200, b"")
    assert answer.headers["Content-Length"] == str(len(CONTENT))
    assert answer.headers["Content-Disposition"].startswith("attachment")


def test_texts_are_not_compressed_and_keep_their_length(house: House) -> None:
    text = ("Größe\n" * 100_000).encode()
    file_id = house.keep(text, "Liste.txt", FileKind.TXT)
    answer = house.fetch(file_id, Accept_Encoding="br, gzip")
    assert answer.body == text
    assert "Content-Encoding" not in answer.headers
    assert answer.headers["Content-Length"] == str(len(text))
    assert answer.headers["Content-Type"] == "text/plain"
    assert house.fetch(file_id, Accept_Encoding="br, gzip", Range="bytes=0-4").body == text[:5]


# Never


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"scan": Scan.INFECTED}, ""),
        ({"scan": Scan.PENDING}, "wird noch geprüft"),
        ({"check": Progress.WAITING}, "wird noch geprüft"),
        ({"check": Progress.FAILED, "refusal": "broken"}, ""),
        ({"findings": {"authors": ["Petra"]}}, "zu entscheiden"),
        ({"is_broken": True}, "beschädigt"),
    ],
)
def test_what_is_not_ready_infected_or_damaged_is_never_given(
    house: House, values: dict[str, Any], words: str
) -> None:
    file_id = house.keep()
    house.change(file_id, **values)
    with house.app.test_request_context():
        file = db.session.get_one(File, file_id)
        with unit_of_work():
            db.session.add(Page(blob_id=file.blob_id, number=1, width=1, height=1))
        for ask in (
            lambda: serving.send_file(file),
            lambda: serving.stamped(file, "x"),
            lambda: serving.send_page(file, 1),
            lambda: serving.send_tile(file),
        ):
            with pytest.raises(NotFound) as caught:
                ask()
            assert words in caught.value.message


def test_bytes_that_are_damaged_from_the_start_become_a_page_that_says_so(house: House) -> None:
    file_id = house.keep()
    store_bytes(house, file_id, b"X" + CONTENT[1:])
    answer = house.fetch(file_id)
    assert answer.status == 404
    assert "Diese Datei ist beschädigt" in answer.text
    assert answer.headers["Content-Type"].startswith("text/html")
    assert "Content-Disposition" not in answer.headers
    assert "sandbox" not in answer.headers["Content-Security-Policy"]
    assert house.blob(file_id).is_broken


def test_bytes_that_are_damaged_further_on_are_cut_off_before(house: House) -> None:
    file_id = house.keep()
    store_bytes(house, file_id, CONTENT[:PIECE] + b"X" + CONTENT[PIECE + 1 :])
    answer = house.fetch(file_id)
    assert (answer.was_cut, answer.body) == (True, CONTENT[:PIECE])
    assert answer.headers["Content-Length"] == str(len(CONTENT))
    assert house.blob(file_id).is_broken


def test_bytes_that_are_gone_or_shorter_are_damaged(house: House) -> None:
    gone, shorter = house.keep(), house.keep(CONTENT + b"!")
    with house.app.app_context():
        store().delete([blob_key(house.digest(gone))])
    store_bytes(house, shorter, CONTENT[:100])
    for file_id in (gone, shorter):
        assert "beschädigt" in house.fetch(file_id).text
        assert house.blob(file_id).is_broken


def test_a_store_that_is_away_says_so_and_nothing_counts_as_damaged(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    file_id = house.keep()

    def away(*_args: Any) -> bytes:
        raise StoreAway("weg")

    with house.app.app_context():
        monkeypatch.setattr(type(store()), "read_into", away)
    answer = house.fetch(file_id)
    assert answer.status == 503
    assert "nicht erreichbar" in answer.text
    assert not house.blob(file_id).is_broken


def test_a_reader_who_leaves_leaves_nothing_open(house: House) -> None:
    file_id = house.keep()
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(5):
        assert house.fetch(file_id, limit=10).body
    assert len(list(Path("/proc/self/fd").iterdir())) <= before + 1


def test_while_bytes_flow_other_pages_are_made(house: House) -> None:
    file_id = house.keep()

    def application(environ: Any, start_response: Any) -> Any:
        with house.app.request_context(environ):
            return serving.send_file(db.session.get_one(File, file_id))(environ, start_response)

    gate = PageGate(application)
    bodies = []
    for _ in range(5):  # more than may be made at once, none of them read to its end
        with house.app.test_request_context() as context:
            environ = dict(context.request.environ)
        parts, status, _headers = run_wsgi_app(gate, environ)
        assert status.startswith("200")
        bodies.append(parts)
    assert [b"".join(parts) for parts in bodies] == [CONTENT] * 5


# Pages


def test_images_of_pages_are_kept_by_the_browser(house: House) -> None:
    file_id = house.keep()
    blob = house.blob(file_id)
    with house.app.app_context():
        store().put(page_key(blob.digest, 1), b"RIFF1")
        store().put(tile_key(blob.digest), b"RIFF2")
        with unit_of_work():
            db.session.add(Page(blob_id=blob.id, number=1, width=10, height=10))
            db.session.add(Page(blob_id=blob.id, number=2, text="ohne Bild"))
            db.session.add(Page(blob_id=blob.id, number=3, width=10, height=10))
    page = house.ask(lambda: serving.send_page(db.session.get_one(File, file_id), 1))
    tile = house.ask(lambda: serving.send_tile(db.session.get_one(File, file_id)))
    assert (page.body, tile.body) == (b"RIFF1", b"RIFF2")
    for answer in (page, tile):
        assert answer.headers["Content-Type"] == "image/webp"
        assert answer.headers["Cache-Control"] == "no-store"
    again = house.ask(
        lambda: serving.send_page(db.session.get_one(File, file_id), 1), If_None_Match=page.headers["ETag"]
    )
    assert again.status == 304
    for number in (2, 4, 0):
        with house.app.test_request_context(), pytest.raises(NotFound):
            serving.send_page(db.session.get_one(File, file_id), number)
    assert house.ask(lambda: serving.send_page(db.session.get_one(File, file_id), 3)).status == 404


# ZIP


def unzipped(answer: Answer) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(answer.body)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def test_a_zip_holds_everything_under_its_name(house: House) -> None:
    one, two, three = house.keep(b"eins"), house.keep(CONTENT), house.keep(b"drei", "x.txt", FileKind.TXT)

    def entries() -> list[ZipEntry]:
        files = {number: db.session.get_one(File, number) for number in (one, two, three)}
        return [
            ZipEntry("Löhne/Übersicht 🎉.pdf", files[one]),
            ZipEntry("Löhne/übersicht 🎉.pdf", files[two]),
            ZipEntry("../../etc/passwd", files[three]),
            ZipEntry("/Plan\n.txt", files[three]),
        ]

    answer = house.ask(lambda: serving.send_zip(entries(), "Löhne.zip"))
    assert unzipped(answer) == {
        "Löhne/Übersicht 🎉.pdf": b"eins",
        "Löhne/übersicht 🎉 (2).pdf": CONTENT,
        "Datei/Datei/etc/passwd": b"drei",
        "Plan.txt": b"drei",
    }
    assert answer.headers["Content-Length"] == str(len(answer.body))
    assert parse_options_header(answer.headers["Content-Disposition"])[1]["filename"] == "Löhne.zip"


def test_what_cannot_be_given_is_named_in_the_zip(house: House) -> None:
    good, bad, infected = house.keep(b"gut"), house.keep(b"kaputt"), house.keep(b"krank")
    house.change(bad, is_broken=True)
    house.change(infected, scan=Scan.INFECTED)
    answer = house.ask(
        lambda: serving.send_zip(
            [
                ZipEntry(f"{name}.pdf", db.session.get_one(File, number))
                for name, number in (("gut", good), ("kaputt", bad), ("krank", infected))
            ],
            "Alles.zip",
        )
    )
    found = unzipped(answer)
    assert set(found) == {"gut.pdf", "Fehlende Dateien.txt"}
    assert "kaputt.pdf\r\nkrank.pdf" in found["Fehlende Dateien.txt"].decode("utf-8-sig")
    assert b"krank" not in answer.body.replace(b"krank.pdf", b"")


def test_a_zip_with_a_damaged_file_is_cut_and_is_no_zip(house: House) -> None:
    good, bad = house.keep(b"gut"), house.keep()
    store_bytes(house, bad, CONTENT[:-1] + b"X")
    answer = house.ask(
        lambda: serving.send_zip(
            [ZipEntry(f"{number}.pdf", db.session.get_one(File, number)) for number in (good, bad)], "a.zip"
        )
    )
    assert answer.was_cut
    with pytest.raises(zipfile.BadZipFile):
        unzipped(answer)
    assert house.blob(bad).is_broken


def test_a_zip_asks_the_database_no_more_for_many_files(
    house: House, count_queries: Callable[[], int]
) -> None:
    ids = [house.keep(f"Datei {number}".encode()) for number in range(12)]
    with house.app.test_request_context():
        files = [db.session.get_one(File, number) for number in ids]
        few = [ZipEntry("a.pdf", file) for file in files[:2]]
        many = [ZipEntry("a.pdf", file) for file in files]
        count_queries()
        serving.send_zip(few, "a.zip")
        first = count_queries()
        serving.send_zip(many, "a.zip")
        assert count_queries() == first


# Stamps


@pytest.fixture
def stamping(house: House, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., None]:
    def plays(*steps: Any) -> None:

        scenario = tmp_path / "scenario.json"
        scenario.write_text(json.dumps({"log": str(tmp_path / "log"), "stamp": steps}))
        monkeypatch.setattr(reading, "COMMAND", [sys.executable, str(FAKE), str(scenario)])

    return plays


STAMPED = ({"copy": ["stamped.pdf", "Vertraulich"]}, {"say": {"done": True}})


def test_a_confidential_pdf_is_stamped_and_nothing_of_it_stays(
    house: House, stamping: Callable[..., None], tmp_path: Path
) -> None:
    stamping(*STAMPED)
    file_id = house.keep()
    answer = house.ask(lambda: serving.stamped(db.session.get_one(File, file_id), "Vertraulich – Petra"))
    assert (answer.status, answer.text) == (200, "Vertraulich")
    assert answer.headers["Content-Type"] == "application/pdf"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Vertraulich \\u2013 Petra" in (tmp_path / "log").read_text()
    with house.app.app_context():
        assert list(spool().iterdir()) == []
    text = house.keep(b"Text", "a.txt", FileKind.TXT)
    assert house.ask(lambda: serving.stamped(db.session.get_one(File, text), "x")).body == b"Text"


def test_a_pdf_that_cannot_be_stamped_is_not_given_unstamped(
    house: House, stamping: Callable[..., None]
) -> None:
    stamping({"say": {"fault": "encrypted"}})
    file_id = house.keep()
    answer = house.ask(lambda: serving.stamped(db.session.get_one(File, file_id), "x"))
    assert answer.status == 422
    assert "lässt sich nicht kennzeichnen" in answer.text
    house.change(file_id, preview_fault="encrypted")
    zipped = house.ask(
        lambda: serving.send_zip([ZipEntry("a.pdf", db.session.get_one(File, file_id), "x")], "a.zip")
    )
    assert list(unzipped(zipped)) == ["Fehlende Dateien.txt"]


def test_a_disk_without_room_for_stamping_says_so(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    file_id = house.keep()

    def full(*_args: Any, **_options: Any) -> Any:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(reading, "TemporaryDirectory", full)
    answer = house.ask(lambda: serving.stamped(db.session.get_one(File, file_id), "x"))
    assert answer.status == 503
    assert not house.blob(file_id).is_broken


def test_a_zip_stamps_pdfs_and_leaves_other_kinds_as_they_are(
    house: House, stamping: Callable[..., None]
) -> None:
    stamping(*STAMPED)
    pdf, text = house.keep(), house.keep(b"Text", "a.txt", FileKind.TXT)
    answer = house.ask(
        lambda: serving.send_zip(
            [
                ZipEntry("a.pdf", db.session.get_one(File, pdf), "Vertraulich"),
                ZipEntry("b.txt", db.session.get_one(File, text), "Vertraulich"),
            ],
            "a.zip",
        )
    )
    assert unzipped(answer) == {"a.pdf": b"Vertraulich", "b.txt": b"Text"}


def test_stamping_happens_when_the_body_is_asked_for_and_slow_lines_hold_no_reader(
    house: House, stamping: Callable[..., None]
) -> None:
    stamping(*STAMPED)
    file_id = house.keep()
    answers = []
    for _ in range(reading.AT_ONCE + 2):
        with house.app.test_request_context() as context:
            response = serving.stamped(db.session.get_one(File, file_id), "x")
            answers.append(iter(response(context.request.environ, lambda *_args: None)))
    firsts: list[bytes] = []
    thread = threading.Thread(target=lambda: firsts.extend(next(answer) for answer in answers))
    thread.start()
    thread.join(20)
    assert firsts == [b"Vertraulich"] * len(answers)


def store_bytes(house: House, file_id: int, content: bytes) -> None:
    with house.app.app_context():
        store().put(blob_key(house.digest(file_id)), content)


def test_who_fetches_very_much_at_once_waits_and_still_sees_pages(house: House) -> None:
    file_id = house.keep()
    lines = lines_of(house.app)
    taken = 0
    while lines.take(None):
        taken += 1
    try:
        refused = house.fetch(file_id)
        assert (refused.status, CONTENT in refused.body) == (429, False)
        with house.app.app_context():
            store().put(tile_key(house.digest(file_id)), b"Bild")
        assert house.ask(lambda: serving.send_tile(db.session.get_one(File, file_id))).status == 200
    finally:
        for _line in range(taken):
            lines.give_back(None)
    assert house.fetch(file_id).status == 200
    house.fetch(file_id, limit=10)  # cut in the middle
    assert not lines._busy
