"""Pages come one after the other, with what they say and what shows them."""

import datetime
import io
import itertools

import openpyxl
import pptx as powerpoint
import pytest
from PIL import Image
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.util import Cm

from tests.make import files as make

SHOWN = ("docx", "pptx", "odt", "odp", "rtf")


def test_the_first_page_of_a_pdf_is_there_before_the_others(read):
    answer = read("pages", make.pdf(20), kind="pdf")
    assert answer.lines[0] == {"pages": 20}
    assert [page["page"] for page in answer.pages] == list(range(1, 21))
    assert answer.first_page < answer.seconds / 2
    assert [f"Seite {page['page']} von 20" in page["text"] for page in answer.pages] == [True] * 20


def test_a_page_of_a_pdf_has_a_picture_and_the_first_a_small_one(read):
    answer = read("pages", make.pdf(2), kind="pdf")
    for page in answer.pages:
        with Image.open(answer.folder / page["image"]) as picture:
            assert picture.format == "WEBP"
            assert picture.size == (page["width"], page["height"])
            assert 900 < picture.width <= 1000
    assert answer.pages[0]["tile"] == "tile.webp"
    with Image.open(answer.folder / "tile.webp") as tile:
        assert 200 < tile.width <= 320
    assert sorted(path.name for path in answer.folder.iterdir()) == ["1.webp", "2.webp", "tile.webp"]


def test_pictures_and_pages_are_bounded(read):
    answer = read("pages", make.pdf(12), kind="pdf", limit_images=2, limit_pages=5)
    assert answer.lines[0] == {"pages": 12}
    assert ["image" in page for page in answer.pages] == [True, True, False, False, False]
    assert answer.lines[-2] == {"cut": True}
    short = read("pages", make.pdf(3), kind="pdf", limit_text=100)
    assert sum(len(page["text"]) for page in short.pages) == 100


def test_what_was_typed_into_a_form_is_read(read):
    assert "Ausgefüllt von Hand" in read("pages", make.pdf(form=True), kind="pdf").text


def test_a_scanned_page_says_that_it_is_one(read):
    assert read("pages", make.scanned_pdf(), kind="pdf").pages[0]["scan"] is True
    assert "scan" not in read("pages", make.pdf(), kind="pdf").pages[0]
    assert "scan" not in read("pages", make.pdf(text="", lines=0), kind="pdf").pages[0]


def test_a_page_that_is_turned_or_enormous_or_tiny_is_shown(read):
    for size, turn in (((50_000, 20), 0), ((20, 50_000), 90), ((3, 3), 0), ((200, 100), 270)):
        page = read("pages", make.pdf(size=size, rotate=turn), kind="pdf").pages[0]
        assert page["width"] <= 1000
        assert page["height"] <= 4000


def test_pictures_are_shown_upright(read):
    page = read("pages", make.jpeg_with_gps((3000, 2000), orientation=6), kind="jpeg").only_page
    assert (page["width"], page["height"]) == (1000, 1500)


@pytest.mark.parametrize("kind", ["png", "jpeg", "webp", "heic"])
def test_every_kind_of_picture_is_a_page(read, kind):
    answer = read("pages", getattr(make, kind)(), kind=kind)
    assert answer.lines[0] == {"pages": 1}
    assert (answer.folder / answer.pages[0]["image"]).stat().st_size > 100


WORD = make.docx(
    changes=True, comments=1, header="Kopfzeile", footer="Fußzeile", footnote="Fußnote", cells=[["Zelle A", "Zelle B"]],
    box="Kasten", pages=2,
)  # fmt: skip
ALL_OF_IT = (
    "Kopfzeile",
    "Fußzeile",
    "Fußnote",
    "Zelle A",
    "Zelle B",
    "Kasten",
    "Fassung neu",
    "mobile Arbeit",
)


def test_word_without_libreoffice_is_a_page_of_html_with_all_its_text(read):
    (page,) = read("pages", WORD, kind="docx").pages
    assert [words for words in ALL_OF_IT if words not in page["text"]] == []
    assert "<table>" in page["html"]
    assert "<img" not in read("pages", make.docx(picture=make.png()), kind="docx").pages[0]["html"]
    assert "alt" not in page["text"].split()
    assert "Das geht so nicht" not in page["text"]


def test_word_with_libreoffice_has_pictures_and_all_its_text(read, office):
    answer = read("pages", WORD, kind="docx", office=office)
    assert len(answer.pages) == 2
    assert [words for words in ALL_OF_IT if words not in answer.text] == []
    assert "alt" not in answer.text.replace("Fassung neualt", "alt").split()
    assert answer.text.count("Kopfzeile") == 2
    assert sorted(path.name for path in answer.folder.iterdir()) == ["1.webp", "2.webp", "tile.webp"]


@pytest.mark.parametrize("kind", SHOWN)
def test_the_text_is_complete_with_and_without_libreoffice(read, office, kind):
    content = {
        "docx": make.docx("Grüße aus Görlitz"), "pptx": make.pptx(["Görlitz", "Zittau"], notes="Notiz", hidden=[2]),
        "odt": make.odt("Grüße aus Görlitz", footnote="Fußnote"), "odp": make.odp(["Görlitz", "Zittau"], notes="Notiz"),
        "rtf": make.rtf("Gr\\'fc\\'dfe aus G\\'f6rlitz"),
    }[kind]  # fmt: skip
    expected = ["Görlitz", *(["Notiz 1", "Zittau", "Notiz 2"] if kind in {"pptx", "odp"} else [])]
    expected += ["Fußnote"] if kind == "odt" else []
    for path in ("", office):
        answer = read("pages", content, kind=kind, office=path)
        assert [words for words in expected if words not in answer.text] == []


def test_slides_keep_their_notes_beside_them(read):
    pages = read("pages", make.pptx(notes="Notiz", cells=[["Lohn", "3 %"]]), kind="pptx").pages
    assert [page["text"] for page in pages] == ["Tarifrunde\nLohn\t3 %\n\nNotiz 1", "Forderungen\n\nNotiz 2"]


def test_titles_and_names_in_a_chart_are_read(read):
    slides = powerpoint.Presentation()
    numbers = CategoryChartData()
    numbers.categories = ["Frühschicht", "Spätschicht"]
    numbers.add_series("Überstunden", (3, 5))
    slide = slides.slides.add_slide(slides.slide_layouts[6])
    frame = slide.shapes.add_chart(XL_CHART_TYPE.COLUMN_CLUSTERED, 0, 0, Cm(9), Cm(9), numbers)
    frame.chart.chart_title.text_frame.text = "Mehrarbeit"
    content = io.BytesIO()
    slides.save(content)
    assert read("pages", content.getvalue(), kind="pptx").text.split("\n") == [
        "Mehrarbeit", "Überstunden", "Frühschicht", "Spätschicht",
    ]  # fmt: skip


@pytest.mark.parametrize("kind", ["xlsx", "ods"])
def test_sheets_are_tables_hidden_ones_too(read, kind):
    pages = read("pages", getattr(make, kind)(hidden="Geheim"), kind=kind).pages
    assert pages[0]["rows"] == [["Name", "Stunden"], ["Nina", "38,5"], ["Jonas", "40"]]
    assert pages[0]["text"].split("\n")[0] == "Übersicht"
    assert pages[1]["text"] == "Geheim\nGeheime Zahl\t4711"


def test_dates_and_shares_are_shown_as_excel_shows_them(read):
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(
        [
            datetime.date(2026, 11, 23),
            datetime.datetime(2026, 11, 23, 14, 30),
            datetime.time(9, 5),
            0.125,
            1234.5,
        ]
    )
    sheet["D1"].number_format, sheet["E1"].number_format = "0.0%", '#,##0.00 "€"'
    sheet.append([True, "=1+1", None, "x"])
    sheet.oddHeader.center.text = "Vertraulich &P"
    out = io.BytesIO()
    book.save(out)
    page = read("pages", out.getvalue(), kind="xlsx").pages[0]
    assert page["rows"][0] == ["23.11.2026", "23.11.2026 14:30", "09:05", "12,5 %", "1234,50"]
    assert page["rows"][1] == ["WAHR", "", "", "x", ""]
    assert "Vertraulich" in page["text"]


def test_a_big_sheet_is_shown_in_part_and_read_as_a_whole(read):
    rows = [[f"Zeile {number}", *range(60)] for number in range(3000)]
    (page,) = read("pages", make.xlsx({"Liste": rows}), kind="xlsx").pages
    assert (len(page["rows"]), len(page["rows"][0])) == (200, 40)
    assert "Zeile 2999" in page["text"]


@pytest.mark.parametrize("delimiter", [";", ",", "\t", "|"])
def test_csv_is_a_table_whatever_stands_between_its_cells(read, delimiter):
    page = read("pages", make.csv(2, delimiter), kind="csv").pages[0]
    assert page["rows"][0] == ["Name", "Stunden", "Ort"]
    assert [len(row) for row in page["rows"]] == [3, 3, 3]


def test_long_csv_is_cut_into_pages(read):
    answer = read("pages", make.csv(1200), kind="csv")
    assert [len(page["rows"]) for page in answer.pages] == [500, 500, 201]
    answer = read("pages", make.csv(20_000), kind="csv")
    assert len(answer.pages) == 20
    assert answer.lines[-2] == {"cut": True}


def test_cells_may_hold_signs_and_line_ends(read):
    page = read("pages", b'a;"b;""c""\nd"\r\n1;2\r\n', kind="csv").pages[0]
    assert page["rows"] == [["a", 'b;"c"\nd'], ["1", "2"]]


def test_long_texts_are_cut_between_paragraphs_and_nothing_is_lost(read):
    text = "\n\n".join(f"Absatz {number} " + "wort " * 200 for number in range(100))
    answer = read("pages", text.encode("utf-16"), kind="txt")
    assert len(answer.pages) > 3
    assert answer.text.split() == text.split()
    assert all(page["text"].startswith("Absatz") for page in answer.pages)


def test_an_archive_shows_the_names_within_it(read):
    assert read("pages", make.zip_of({"a/ä.txt": b"1", "b.txt": b"2"}), kind="zip").text == "a/ä.txt\nb.txt"


def test_text_holds_nothing_that_cannot_be_stored(read):
    said = read("pages", "a\x00b".encode("utf-16"), kind="txt")
    assert said.fault == "unknown_kind"
    text = read("pages", "a\x0cb\x1bc\u2028d\u00ad e".encode(), kind="txt").text
    assert text == "a\nbc\nd e"


def test_office_files_with_a_password_have_no_pages(read):
    for kind in ("docx", "xlsx"):
        assert read("pages", make.encrypted_docx(), kind=kind).fault == "encrypted"
    assert read("pages", make.pdf(password="geheim"), kind="pdf").fault == "encrypted"


def test_libreoffice_that_fails_is_done_without(read, tmp_path):
    broken = tmp_path / "soffice"
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)
    for program in (str(broken), str(tmp_path / "nowhere")):
        assert "html" in read("pages", make.docx(), kind="docx", office=program).pages[0]
        answer = read("pages", make.xlsx(), kind="xlsx", office=program)
        assert answer.pages[0]["rows"]
        assert list(answer.folder.iterdir()) == []


def test_every_line_is_short_enough_to_be_taken(read):
    answer = read("pages", ("ä" * 200_000 + "\n").encode() * 30, kind="txt")
    assert max(len(line.get("text", "")) for line in answer.lines) <= 1_000_000
    assert all(len(one["text"]) for one, _ in itertools.pairwise(answer.pages))
