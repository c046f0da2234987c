"""Pages that are only pictures are read by tesseract."""

import pytest

from tests.make import files as make


def test_a_scan_is_read_page_by_page(read, tesseract):
    pages = read("ocr", make.scanned_pdf(3), kind="pdf", pages=[1, 3], tesseract=tesseract).pages
    assert [page["page"] for page in pages] == [1, 3]
    assert "Anträge und Beschlüsse" in pages[0]["text"]
    assert "Seite 3" in pages[1]["text"]


def test_a_photo_of_a_page_is_read(read, tesseract):
    assert "Beschlüsse" in read("ocr", make.picture_of_text("Anträge und Beschlüsse"), kind="png").text


def test_a_picture_without_letters_gives_an_empty_text(read, tesseract):
    assert len(read("ocr", make.jpeg(), kind="jpeg", tesseract=tesseract).pages) == 1


def test_nothing_is_left_in_the_folder(read, tesseract):
    assert list(read("ocr", make.scanned_pdf(), kind="pdf").folder.iterdir()) == []


@pytest.mark.parametrize("languages", ["fra", ""])
def test_without_tesseract_or_its_languages_it_says_so(read, tmp_path, languages):
    program = tmp_path / "tesseract"
    program.write_text(f"#!/bin/sh\necho {languages}\n")
    program.chmod(0o755)
    assert read("ocr", make.scanned_pdf(), kind="pdf", tesseract=str(program)).fault == "no_ocr"
    assert read("ocr", make.scanned_pdf(), kind="pdf", tesseract=str(tmp_path / "nowhere")).fault == "no_ocr"


def test_other_kinds_and_locked_files_are_not_read(read, tesseract):
    assert read("ocr", make.docx(), kind="docx").fault == "not_possible"
    assert read("ocr", make.pdf(password="geheim"), kind="pdf").fault == "encrypted"
