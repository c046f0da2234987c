"""A file's kind is told by its bytes, and what it tells about its makers is found."""

import subprocess
import sys

import pytest

from tests.make import files as make

NAMED = ["Petra Beispiel"]


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("pdf", make.pdf()), ("docx", make.docx()), ("xlsx", make.xlsx()), ("pptx", make.pptx()),
        ("odt", make.odt()), ("ods", make.ods()), ("odp", make.odp()), ("rtf", make.rtf()), ("png", make.png()),
        ("jpeg", make.jpeg()), ("webp", make.webp()), ("heic", make.heic()), ("txt", make.txt()),
        ("zip", make.zip_of({"a.txt": b"a"})),
    ],
)  # fmt: skip
def test_each_kind_is_told_by_its_content_whatever_its_name(read, kind, content):
    for name in ("egal.pdf", "ohne Endung"):
        said = read("inspect", content, name=name, zip=True).only
        assert (said["kind"], said["findings"], said["encrypted"]) == (kind, {}, False)


@pytest.mark.parametrize(
    ("kind", "content", "name"),
    [
        ("xlsx", make.xlsx(), "Bericht.docx"), ("docx", make.docx(), "Tabelle.xlsx"), ("odt", make.odt(), "x.docx"),
        ("jpeg", make.jpeg(), "bild.png"), ("md", make.md(), "lies.md"), ("csv", make.csv(), "liste.CSV"),
        ("csv", make.csv(delimiter="\t"), "liste.tsv"), ("txt", make.csv(), "liste.txt"),
        ("txt", make.txt("Grüße", "utf-16"), "a.txt"), ("txt", make.txt("Grüße", "cp1252"), "a.txt"),
        ("txt", make.txt("Grüße", "utf-8-sig"), "a.txt"), ("md", b"<div align=center>\n\n# Titel\n</div>", "a.md"),
        ("pdf", b"\r\n\r\n" + make.pdf(), "a.pdf"), ("docx", make.docx(macros=True), "a.docm"),
    ],
)  # fmt: skip
def test_a_name_only_tells_texts_apart(read, kind, content, name):
    assert read("inspect", content, name=name).only["kind"] == kind


@pytest.mark.parametrize("content", [b"\x7fELF\x02\x01\x01", b"MZ\x90\x00", b"#!/bin/sh\nrm -rf /\n"])
def test_programs_are_refused_under_any_name(read, content):
    assert read("inspect", content, name="Protokoll.pdf").fault == "program"


def test_scripts_that_are_only_text_are_refused_by_their_name(read):
    assert read("inspect", b"del *.*\r\n", name="start.bat").fault == "program"
    assert read("inspect", b"del *.*\r\n", name="start.txt").only["kind"] == "txt"


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (make.html(), "a.pdf"), (make.html(), "a.txt"), (make.svg(), "a.png"), (make.html_pdf(), "a.pdf"),
        (b"\xef\xbb\xbf  <!-- x --> <html>", "a.txt"), (b"nur Text", "a.html"), (b"<SCRIPT>alert(1)</SCRIPT>", "a.md"),
        ("<html>".encode("utf-16"), "a.txt"), (b"MIME-Version: 1.0\nContent-Type: multipart/related;\n\n", "a.txt"),
    ],
)  # fmt: skip
def test_web_pages_are_refused_under_any_name(read, content, name):
    assert read("inspect", content, name=name).fault == "web_page"


def test_archives_are_taken_only_where_that_is_set(read):
    content = make.zip_of({"a.txt": b"a"})
    assert read("inspect", content, zip=False).fault == "archive"
    assert read("inspect", content, zip=True).only["kind"] == "zip"
    assert read("inspect", b"\x1f\x8b\x08" + bytes(20), zip=True).fault == "archive"
    assert read("inspect", make.zip_of({"../../etc/cron.d/x": b"a"}), zip=True).fault == "unsafe_archive"
    assert read("inspect", make.zip_of({"META-INF/MANIFEST.MF": b"a"}), zip=True).fault == "program"


def test_a_file_with_a_password_is_taken_and_says_so(read):
    assert read("inspect", make.pdf(password="geheim")).only["encrypted"] is True
    locked = read("inspect", make.encrypted_docx(), name="a.xlsx").only
    assert (locked["kind"], locked["encrypted"], locked["findings"]) == ("xlsx", True, {})


def test_a_pdf_tells_its_author_comments_attachments_and_scripts(read):
    content = make.pdf(2, author="Nina Muster", comments=3, attachment=b"1;2", script="app.alert(1)")
    said = read("inspect", content).only
    assert said["pages"] == 2
    assert said["findings"] == {
        "authors": ["Nina Muster", *NAMED],
        "comments": 3,
        "attachments": ["gehaltsliste.csv"],
        "scripts": True,
    }


def test_links_and_fields_of_a_form_are_no_comments(read):
    assert read("inspect", make.pdf(form=True)).only["findings"] == {}


def test_word_tells_its_makers_comments_and_changes(read):
    content = make.docx(author="Nina Muster", company="Muster AG", comments=2, changes=True, macros=True)
    assert read("inspect", content).only["findings"] == {
        "authors": ["Nina Muster", *NAMED],
        "company": ["Muster AG"],
        "manager": ["Frau Chefin"],
        "comments": 2,
        "changes": 2,
        "macros": True,
    }


def test_a_photo_in_a_document_tells_where_it_was_taken(read):
    assert read("inspect", make.docx(picture=make.jpeg_with_gps())).only["findings"] == {"place": True}
    assert read("inspect", make.docx(picture=make.jpeg())).only["findings"] == {}


def test_excel_tells_notes_and_hidden_sheets(read):
    assert read("inspect", make.xlsx(hidden="Kalkulation", comments=2, author="Nina Muster")).only[
        "findings"
    ] == {
        "authors": ["Nina Muster", *NAMED],
        "comments": 2,
        "hidden_sheets": ["Kalkulation"],
    }


def test_powerpoint_tells_comments_and_hidden_slides(read):
    said = read("inspect", make.pptx(hidden=[2], comments=2, author="Nina Muster")).only
    assert said["findings"] == {"authors": ["Nina Muster", *NAMED], "comments": 2, "hidden_slides": [2]}
    assert said["pages"] == 2


def test_opendocument_tells_the_same(read):
    said = read("inspect", make.odt(author="Nina Muster", comments=2, changes=True)).only
    assert said["findings"] == {"authors": ["Nina Muster", *NAMED], "comments": 2, "changes": 2}
    said = read("inspect", make.ods(hidden="Kalkulation", comments=1)).only
    assert said["findings"] == {"authors": NAMED, "comments": 1, "hidden_sheets": ["Kalkulation"]}


def test_rich_text_tells_the_same(read):
    said = read("inspect", make.rtf(author="J\\'f6rg", comment="hm")).only
    assert said["findings"] == {"authors": ["Jörg", "Petra"], "comments": 1}


def test_pictures_tell_place_camera_and_artist(read):
    for content in (make.jpeg_with_gps(), make.webp(place=True), make.heic(place=True)):
        assert read("inspect", content).only["findings"] == {
            "place": True,
            "camera": "Beispiel Kamera 3",
            "authors": NAMED,
        }


def test_names_that_stand_for_nobody_are_not_told(read):
    for author in ("python-docx", "Microsoft Office User", "unbekannt", " "):
        assert read("inspect", make.docx(author=author)).only["findings"] == {}


def test_the_reader_starts_light():
    code = (
        "import sys, forum.files.reader.__main__\n"
        "heavy = {'flask', 'sqlalchemy', 'lxml', 'PIL', 'pikepdf', 'pypdfium2', 'mammoth', 'zipfile', 'subprocess'}\n"
        "print(heavy & set(sys.modules), [n for n in sys.modules if n.startswith('forum.') and 'reader' not in n])"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.startswith("set() ['forum.files']")


def test_inspecting_needs_nothing_of_the_forum_but_the_kinds():
    code = (
        "import sys, pkgutil, importlib, forum.files.reader as reader\n"
        "for found in pkgutil.walk_packages(reader.__path__, reader.__name__ + '.'): importlib.import_module(found.name)\n"
        "print(sorted(n for n in sys.modules if n.startswith(('forum', 'flask', 'sqlalchemy')) and 'reader' not in n))"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.strip() == "['forum', 'forum.files', 'forum.files.kinds']"
