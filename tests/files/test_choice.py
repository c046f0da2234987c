"""What a file tells: the question to its sender, and how files look on pages."""

import io
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask, get_template_attribute
from flask.testing import FlaskClient

from forum.core.db import db, unit_of_work
from forum.files import sentences
from forum.files.kinds import FileKind
from forum.files.models import Blob, Choice, File, FileState, Ocr, Page, Progress, Scan
from forum.files.queries import card_of
from forum.files.reader.codes import Fault, Finding
from forum.files.receiving import receive
from forum.jobs.models import Job
from tests.cast import Cast
from tests.files.conftest import empty

TRACES = {"authors": ["Petra Sommer", "Jens"], "comments": 3, "hidden_sheets": ["Kalkulation"]}


@pytest.fixture
def keep(app: Flask, cast: Cast) -> Iterator[Callable[..., int]]:
    """`keep(findings=…)`: a file of Petra's, and what its blob says."""

    def make(**facts: Any) -> int:
        with app.app_context():
            file = receive(cast.petra.viewer, io.BytesIO(b"Inhalt"), "Lohnplan Übersicht.xlsx")
            values = {
                "kind": FileKind.XLSX,
                "check": Progress.DONE,
                "scan": Scan.UNSCANNED,
                "preview": Progress.DONE,
            }
            with unit_of_work():
                db.session.execute(sa.update(Blob).where(Blob.id == file.blob_id).values(**values | facts))
            return file.id

    yield make
    empty(app)


def state_of(app: Flask, file_id: int) -> FileState:
    with app.app_context():
        return db.session.get_one(File, file_id).state


# The question


def test_the_sender_is_told_what_the_file_tells_and_what_stays(
    cast: Cast, browse: Callable[..., FlaskClient], keep: Callable[..., int]
) -> None:
    file_id = keep(findings=TRACES)
    page = browse(cast.petra).get(f"/files/{file_id}/choice").text
    assert "Diese Datei verrät mehr, als du siehst" in page
    assert "Wer daran geschrieben hat: Petra Sommer und Jens" in page
    assert "3 Kommentare" in page
    before, _heading, after = page.partition("Das kann hier niemand herausnehmen")
    assert "Kalkulation" in after
    assert "Kalkulation" not in before
    assert "Metadaten entfernen und hochladen" in page
    assert "So hochladen" in page
    for person in (cast.olga, cast.manfred, cast.karla):
        assert browse(person).get(f"/files/{file_id}/choice").status_code == 404


def test_where_nothing_can_be_taken_out_it_is_not_offered(
    cast: Cast, browse: Callable[..., FlaskClient], keep: Callable[..., int]
) -> None:
    page = browse(cast.petra).get(f"/files/{keep(findings={'macros': True})}/choice").text
    assert "Makros" in page
    assert "Metadaten entfernen" not in page
    assert "So hochladen" in page


@pytest.mark.parametrize(
    ("choice", "state", "work"), [("keep", FileState.READY, 0), ("strip", FileState.CHECKING, 1)]
)
def test_the_sender_decides_by_a_button_and_comes_back(
    app: Flask,
    cast: Cast,
    browse: Callable[..., FlaskClient],
    keep: Callable[..., int],
    choice: str,
    state: FileState,
    work: int,
) -> None:
    file_id = keep(findings=TRACES)
    client = browse(cast.petra)
    answer = client.send(f"/files/{file_id}/choice", choice=choice, next="/boards?a=1")
    assert (answer.status_code, answer.location) == (303, "/boards?a=1")
    assert state_of(app, file_id) is state
    with app.app_context():
        jobs = sa.select(sa.func.count()).where(Job.name == "files.strip")
        assert db.session.scalar(jobs) == work
    other = {"keep": "strip", "strip": "keep"}[choice]
    assert client.send(f"/files/{file_id}/choice", choice=other).status_code == 409
    assert client.send(f"/files/{file_id}/choice", choice=choice).status_code == 303  # twice is once


def test_the_way_back_never_leads_elsewhere(
    cast: Cast, browse: Callable[..., FlaskClient], keep: Callable[..., int]
) -> None:
    file_id = keep(findings=TRACES)
    client = browse(cast.petra)
    page = client.get(f"/files/{file_id}/choice?next=https://evil.example/").text
    assert 'name="next" value="https:' not in page
    assert 'name="next" value="/"' in page
    answer = client.send(f"/files/{file_id}/choice", choice="keep", next="//evil.example")
    assert answer.location == "/"


def test_a_script_is_told_the_state_and_others_may_not_decide(
    app: Flask, cast: Cast, browse: Callable[..., FlaskClient], keep: Callable[..., int]
) -> None:
    file_id = keep(findings=TRACES)
    stranger, client = browse(cast.olga), browse(cast.petra)
    assert stranger.send(f"/files/{file_id}/choice", choice="keep").status_code == 404
    assert state_of(app, file_id) is FileState.ASKS
    answer = client.post(
        f"/files/{file_id}/choice",
        data={"choice": "strip", "csrf_token": client.token()},
        headers={"X-Requested-With": "fetch"},
    )
    assert answer.json == {"state": "checking"}
    assert client.send(f"/files/{file_id}/choice", choice="egal").status_code == 422


def test_after_taking_out_failed_the_page_says_so(
    app: Flask, cast: Cast, browse: Callable[..., FlaskClient], keep: Callable[..., int]
) -> None:
    file_id = keep(findings=TRACES)
    with app.app_context(), unit_of_work():
        db.session.get_one(File, file_id).strip_failed = True
    assert "Das Entfernen hat nicht geklappt" in browse(cast.petra).get(f"/files/{file_id}/choice").text


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({}, "ist bereit"),
        ({"check": Progress.WAITING}, "wird geprüft"),
        ({"check": Progress.FAILED, "refusal": "program"}, "Programme werden hier nicht angenommen"),
        ({"scan": Scan.INFECTED}, "Schadsoftware"),
    ],
)
def test_where_nothing_is_to_decide_the_page_says_how_far_it_is(
    cast: Cast,
    browse: Callable[..., FlaskClient],
    keep: Callable[..., int],
    facts: dict[str, Any],
    words: str,
) -> None:
    page = browse(cast.petra).get(f"/files/{keep(**facts)}/choice").text
    assert words in page
    assert "So hochladen" not in page


def test_the_own_preview_is_tried_again(
    app: Flask, cast: Cast, browse: Callable[..., FlaskClient], keep: Callable[..., int]
) -> None:
    file_id = keep(preview=Progress.FAILED, preview_fault="timeout")
    assert browse(cast.olga).send(f"/files/{file_id}/preview").status_code == 404
    client = browse(cast.petra)
    assert client.send(f"/files/{file_id}/preview", next="/boards").location == "/boards"
    assert client.send(f"/files/{file_id}/preview").status_code == 409
    with app.app_context():
        assert db.session.get_one(File, file_id).blob.preview is Progress.WAITING


# Sentences


def test_every_code_has_words_that_are_sentences(context: Flask) -> None:
    for fault in Fault:
        for words in (sentences.refusal(fault), sentences.preview_fault(fault)):
            assert words.endswith(".")
            assert fault.value not in words.split()
    assert sentences.refusal("") == sentences.preview_fault("") == ""
    assert sentences.refusal("what is this") == sentences.refusal(Fault.CRASH)
    generic = sentences.findings({"what is this": True})
    for finding in Finding:
        lines = sentences.findings({finding: ["Eins", "Zwei"] if finding not in ("camera",) else "Eins"})
        assert lines != generic
        assert len(lines) == (0 if finding is Finding.SIGNED else 1)


def test_long_lists_of_names_are_cut(context: Flask) -> None:
    (line,) = sentences.findings({"authors": [f"Name {number}" for number in range(9)]})
    assert line.endswith("Name 4 und 4 weitere Einträge")
    assert sentences.findings({"comments": 1}) == ["1 Kommentar"]
    assert sentences.findings({"comments": 0, "authors": []}) == []


# How files look


def pages_of(app: Flask, file_id: int, pages: list[Page], retry_url: str = "/retry") -> str:
    with app.test_request_context():
        card = card_of(db.session.get_one(File, file_id), None)
        macro = get_template_attribute("files/parts.html", "pages")
        return str(macro(card, pages, lambda number: f"/pages/{number}", retry_url))


def page(number: int, **facts: Any) -> Page:
    return Page(**{"number": number, "text": "", "width": 0, "height": 0, "html": "", "rows": None} | facts)


def test_a_page_shows_its_image_with_its_words_beneath(app: Flask, keep: Callable[..., int]) -> None:
    markup = pages_of(app, keep(), [page(1, text="<b>Eins</b>", width=1000, height=1414)])
    assert '<img src="/pages/1" width="1000" height="1414" alt=""' in markup
    assert "&lt;b&gt;Eins&lt;/b&gt;" in markup
    assert "data-moving" not in markup


def test_tables_texts_and_cleaned_html_show_themselves(app: Flask, keep: Callable[..., int]) -> None:
    shown = [
        page(1, rows=[["Name", "<i>"], ["Petra", "1"]], text="Tabelle1"),
        page(2, text="Nur & Text"),
        page(3, html="<h3>Titel</h3>"),
    ]
    markup = pages_of(app, keep(page_count=3), shown)
    assert "<td>Name</td><td>&lt;i&gt;</td>" in markup
    assert "Nur &amp; Text" in markup
    assert "<h3>Titel</h3>" in markup


@pytest.mark.parametrize(
    ("facts", "words", "absent"),
    [
        ({"check": Progress.WAITING}, ["Wird geprüft", "data-moving", "Neu laden"], "Vorschau wird"),
        ({"preview": Progress.WAITING}, ["Vorschau wird erstellt", "data-moving", "Neu laden"], "Wird geprüft"),
        ({"preview": Progress.FAILED, "preview_fault": "timeout"}, ["zu lange gedauert", "Noch einmal versuchen"], "data-moving"),
        ({"preview": Progress.FAILED, "preview_fault": "encrypted"}, ["Passwort"], "Noch einmal"),
        ({"kind": FileKind.PDF, "ocr": Ocr.WAITING}, ["Text wird aus dem Scan gelesen", "data-moving"], "Noch einmal"),
        ({"kind": FileKind.PDF, "ocr": Ocr.ABSENT}, ["Texterkennung ist hier nicht eingerichtet"], "data-moving"),
        ({"kind": FileKind.PDF, "ocr": Ocr.FAILED}, ["ließ sich nicht", "Noch einmal versuchen"], "data-moving"),
        ({"kind": FileKind.JPEG, "ocr": Ocr.ABSENT}, [], "Texterkennung"),
        ({"is_broken": True}, ["beschädigt"], "data-moving"),
        ({"findings": {"authors": ["Petra"]}}, ["Wird geprüft"], "Petra"),
        ({"scan": Scan.INFECTED}, ["wurde nicht angenommen"], "Schadsoftware"),
    ],
)  # fmt: skip
def test_every_state_is_said(
    app: Flask, keep: Callable[..., int], facts: dict[str, Any], words: list[str], absent: str
) -> None:
    markup = pages_of(app, keep(**facts), [page(1, text="Eins")])
    for word in words:
        assert word in markup
    assert absent not in markup
    is_shown = not {"check", "is_broken", "findings", "scan"} & set(facts)
    assert ("Eins" in markup) is is_shown


def test_a_long_file_says_how_much_of_it_is_shown(app: Flask, keep: Callable[..., int]) -> None:
    file_id = keep(page_count=10_000)
    shown = [page(number, text="x") for number in range(1, 31)]
    markup = pages_of(app, file_id, shown)
    assert "Seite 1 bis 30 von 10.000" in markup
    assert 'href="?from=31"' in markup
    end = pages_of(app, file_id, [page(number, text="x") for number in range(91, 101)])
    assert "Nur die ersten 100 von 10.000 Seiten" in end
    assert 'href="?from=61"' in end
    assert "Nächste Seiten" not in end


def test_viruses_are_spoken_of_only_where_they_are_looked_for(
    app: Flask, keep: Callable[..., int], monkeypatch: pytest.MonkeyPatch
) -> None:
    file_id = keep()
    assert "Viren" not in pages_of(app, file_id, [page(1, text="x")])
    monkeypatch.setitem(app.jinja_env.globals, "scans_files", lambda: True)
    app.jinja_env.cache.clear()
    assert "nicht auf Viren geprüft" in pages_of(app, file_id, [page(1, text="x")])
    app.jinja_env.cache.clear()


def test_a_chip_names_the_file_and_tells_only_its_sender_what_to_do(
    app: Flask, cast: Cast, keep: Callable[..., int]
) -> None:
    file_id = keep(findings=TRACES)
    with app.test_request_context():
        chip = get_template_attribute("files/parts.html", "chip")
        file = db.session.get_one(File, file_id)
        own, others = chip(card_of(file, cast.petra.id), "/x"), chip(card_of(file, cast.olga.id), "/x")
        file.choice = Choice.KEEP
        ready = chip(card_of(file, cast.olga.id), "/x")
        db.session.rollback()
    assert f"/files/{file_id}/choice" in own
    assert "wird geprüft" in others
    assert "choice" not in others
    assert "/x" not in own + others
    assert '<a class="file-name" href="/x">Lohnplan Übersicht.xlsx</a>' in ready
    assert "6 Byte" in ready


def test_a_file_that_calls_out_when_opened_says_whom_it_calls(
    cast: Cast, browse: Callable[..., FlaskClient], keep: Callable[..., int]
) -> None:
    file_id = keep(findings={"remote": ["spion.example", "zwei.example"]})
    page = browse(cast.petra).get(f"/files/{file_id}/choice").text
    assert "ruft beim Öffnen etwas aus dem Internet ab (spion.example und zwei.example)" in page
    assert "Metadaten entfernen und hochladen" in page


def test_what_calls_out_of_rich_text_cannot_be_taken_out_here(
    cast: Cast, browse: Callable[..., FlaskClient], keep: Callable[..., int]
) -> None:
    file_id = keep(findings={"remote": ["spion.example"]}, kind=FileKind.RTF)
    page = browse(cast.petra).get(f"/files/{file_id}/choice").text
    assert "Das kann hier niemand herausnehmen" in page
    assert "Metadaten entfernen" not in page
