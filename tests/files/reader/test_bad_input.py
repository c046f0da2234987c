"""What means harm, or is damaged, is answered in time with a code; nothing comes of it but that."""

import http.server
import os
import struct
import threading
from itertools import product

import pytest

from forum.config import ROOT
from forum.files import sentences
from forum.files.reader.codes import Fault
from tests.make import files as make

#: What is tried, under which name, and what the reader says to it: a code, or the kind when it is taken.
CASES = {
    "empty file": (lambda: b"", "leer.pdf", "empty"),
    "only blanks": (lambda: b" \n\t\n", "leer.txt", "empty"),
    "zip bomb, 4 MB that become 4 GB": (make.zip_bomb, "a.zip", "bomb"),
    "zip bomb called DOCX": (make.zip_bomb, "a.docx", "bomb"),
    "Word with a part that becomes 4 GB": (make.bomb_docx, "a.docx", "bomb"),
    "archive of 30,000 entries": (make.many_entries_zip, "a.zip", "bomb"),
    "archives in archives, six deep (never opened)": (make.nested_zip, "a.zip", "zip"),
    "archive that says less than it holds": (lambda: _lying_zip(), "a.zip", "broken"),
    "archive with ../ in a name": (lambda: make.zip_of({"../../x": b"1"}), "a.zip", "unsafe_archive"),
    "archive with an absolute name": (lambda: make.zip_of({"/etc/x": b"1"}), "a.zip", "unsafe_archive"),
    "archive cut off": (lambda: make.zip_of({"a": bytes(5000)})[:80], "a.zip", "broken"),
    "XML bomb (billion laughs)": (make.xml_bomb_docx, "a.docx", "xml_bomb"),
    "XML that wants a file of the server": (make.outside_entity_docx, "a.docx", "xml_bomb"),
    "XML bomb in UTF-16": (lambda: _utf16_bomb(), "a.docx", "xml_bomb"),
    "XML 100,000 elements deep": (lambda: make.with_body("<w:p>" * 100_000 + "</w:p>" * 100_000), "a.docx", "broken"),
    "DOCX that is a ZIP of web pages": (make.html_docx, "a.docx", "disguised"),
    "DOCX without its main part": (lambda: _without_main(), "a.docx", "broken"),
    "DOCX cut off in the middle": (lambda: make.docx()[:20_000], "a.docx", "broken"),
    "DOCX with a flipped byte": (lambda: _flipped(make.docx(picture=make.jpeg())), "a.docx", "broken"),
    "XLSX called DOCX": (make.xlsx, "a.docx", "xlsx"),
    "DOC as before 2007": (make.old_office, "a.docx", "old_office"),
    "XLS as before 2007": (lambda: make.old_office("Workbook"), "a.xls", "old_office"),
    "Word with a password": (make.encrypted_docx, "a.docx", "docx"),
    "PDF with a password": (lambda: make.pdf(password="geheim"), "a.pdf", "pdf"),
    "PDF with a broken table of contents": (make.broken_xref_pdf, "a.pdf", "pdf"),
    "PDF cut off": (lambda: make.pdf(3)[:200], "a.pdf", "broken"),
    "PDF of nothing but its first line": (lambda: b"%PDF-1.7\n%%EOF", "a.pdf", "broken"),
    "PDF whose pages are their own parents": (lambda: _circular_pdf(), "a.pdf", "broken"),
    "PDF with 10,000 pages": (make.many_pages_pdf, "a.pdf", "pdf"),
    "web page called PDF": (make.html, "a.pdf", "web_page"),
    "web page with a PDF in it": (make.html_pdf, "a.pdf", "web_page"),
    "SVG with a script": (make.svg, "a.svg", "web_page"),
    "SVG with a script called PNG": (make.svg, "a.png", "web_page"),
    "SVG packed with gzip": (lambda: b"\x1f\x8b\x08\x00" + bytes(40), "a.svgz", "archive"),
    "picture of 900 million points": (make.huge_png, "a.png", "bomb"),
    "picture cut off": (lambda: make.jpeg()[:3000], "a.jpg", "broken"),
    "picture of noise": (lambda: b"\x89PNG\r\n\x1a\n" + os.urandom(5000), "a.png", "broken"),
    "program for Windows called PDF": (lambda: b"MZ" + bytes(300), "a.pdf", "program"),
    "program for Linux": (lambda: b"\x7fELF" + bytes(300), "a", "program"),
    "Java archive": (lambda: make.zip_of({"META-INF/MANIFEST.MF": b"", "A.class": b""}), "a.zip", "program"),
    "noise": (lambda: os.urandom(20_000), "a.txt", "unknown_kind"),
    "text with a NUL": (lambda: b"abc\0def", "a.txt", "unknown_kind"),
    "RTF of 200,000 open braces": (lambda: b"{\\rtf1" + b"{" * 200_000, "a.rtf", "rtf"),
}  # fmt: skip
#: Seconds in which each is answered; most need a twentieth.
IN_TIME = 10


def _lying_zip() -> bytes:
    honest = make.zip_of({"a.txt": b"x" * 100_000})
    place = honest.rindex(b"PK\x01\x02")
    return honest[: place + 24] + struct.pack("<I", 10) + honest[place + 28 :]


def _utf16_bomb() -> bytes:
    content = '<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'.encode(
        "utf-16"
    )
    return make.changed(make.docx(), {"word/styles.xml": content})


def _without_main() -> bytes:
    return make.zip_of({"[Content_Types].xml": b'<?xml version="1.0"?><Types/>', "word/x.xml": b"<x/>"})


def _flipped(content: bytes) -> bytes:
    place = content.index(b"word/media/image1.jpg") + 2000
    return content[:place] + bytes([content[place] ^ 255]) + content[place + 1 :]


def _circular_pdf() -> bytes:
    return (
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Count 1/Kids[2 0 R]>>endobj\n"
        b"trailer<</Root 1 0 R>>\n%%EOF"
    )


@pytest.mark.parametrize("case", CASES)
def test_it_is_answered_with_a_code_in_time(read, case):
    build, name, expected = CASES[case]
    answer = read("inspect", build(), name=name, zip=True)
    assert answer.status == 0
    assert answer.fault or answer.only["kind"]
    assert expected == (answer.fault or answer.only["kind"])
    assert answer.computing < IN_TIME


def test_the_list_in_the_docs_says_the_same(context):
    written = (ROOT / "docs" / "files-tried.md").read_text()
    for case, (_build, name, answer) in CASES.items():
        said = f"`{answer}`: {sentences.refusal(answer)}" if answer in {*Fault} else f"taken as `{answer}`"
        assert f"| {case} | `{name}` | {said} |" in written


KINDS = ("pdf", "docx", "xlsx", "odt", "pptx", "rtf", "png", "heic", "csv", "txt", "zip")


@pytest.mark.parametrize(
    ("task", "kind"),
    # What is stripped or stamped is looked at anew, whatever it was said to be.
    [("strip", "pdf"), ("stamp", "pdf"), *product(("pages", "ocr"), KINDS)],
)
def test_every_task_answers_whatever_lies_there(read, tmp_path, task, kind):
    """A file that changed between two tasks, or was never what it was said to be."""
    for content in (
        b"",
        b"\xff" * 50,
        make.html(),
        make.pdf()[:300],
        make.zip_of({"a": b"b"}),
        make.xml_bomb_docx(),
    ):
        answer = read(task, content, kind=kind, text="Vertraulich", tesseract="/bin/true")
        assert answer.fault in {*Fault, None}
        assert answer.fault != "crash"
        assert answer.status == 0


def test_the_first_page_of_ten_thousand_is_there_at_once(read):
    answer = read("pages", make.many_pages_pdf(), kind="pdf", limit_images=10, limit_pages=50)
    assert answer.lines[0] == {"pages": 10_000}
    assert answer.first_page < answer.seconds / 2
    assert len(answer.pages) == 50


def test_what_takes_too_long_is_ended(read):
    answer = read("stamp", make.many_pages_pdf(40_000), text="x", limits={"cpu": 1})
    assert answer.fault == "timeout"
    assert answer.computing < IN_TIME


def test_pages_end_before_their_time_does(read):
    answer = read("pages", make.many_pages_pdf(), kind="pdf", limits={"cpu": 3})
    assert answer.lines[-2:] == [{"cut": True}, {"done": True}]
    assert 10 < len(answer.pages) < 2000


def test_what_needs_too_much_memory_is_ended(read):
    big = make.png((6000, 6000))
    assert read("inspect", big).fault is None
    assert read("inspect", big, limits={"memory": 150 << 20}).fault == "memory"


def test_what_writes_too_much_is_ended(read):
    content = make.changed(make.docx(author="P"), {"word/media/x.bin": os.urandom(300_000)})
    assert read("strip", content, limits={"file": 100_000}).fault == "too_large"
    assert read("strip", content).fault is None


def test_a_page_that_is_broken_does_not_spoil_the_others(read):
    content = make.pdf(3, author="P").replace(b"/MediaBox", b"/MediaBot", 1)
    assert len(read("pages", content, kind="pdf").pages) == 3


def test_macros_do_not_run_and_links_are_not_followed(read, office):
    asked = []

    class Ear(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_error(404)

        do_HEAD = do_OPTIONS = do_PROPFIND = do_GET  # noqa: N815

    server = http.server.HTTPServer(("127.0.0.1", 0), Ear)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        picture = f"http://127.0.0.1:{server.server_port}/pixel.png"
        answer = read("pages", make.odt_with_outside_picture(picture), kind="odt", office=office)
        assert answer.pages
        assert asked == []
    finally:
        server.shutdown()
        server.server_close()


def test_names_within_an_archive_do_no_harm(read):
    names = {"a\u202efdp.exe": b"", "x" * 300: b"", "tab\tzeile\n.txt": b""}
    said = read("pages", make.zip_of(names), kind="zip").text.split("\n")
    assert len(said) == 3
