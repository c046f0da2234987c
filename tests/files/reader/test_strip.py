"""What a file tells about its makers is taken out; what it says stays, and it still opens."""

import io
import subprocess
import zipfile

import docx as word
import openpyxl
import pikepdf
import pillow_heif
import pptx as powerpoint
import pytest
from lxml import etree
from PIL import Image, ImageChops
from PIL.ExifTags import Base

from tests.make import files as make

SECRETS = (b"Petra", b"Nina Muster", b"Muster AG", b"Frau Chefin", b"Das geht so nicht", b"Stimmt das?")
FULL = {
    "docx": make.docx(
        author="Nina Muster", company="Muster AG", comments=2, changes=True, header="Kopf", footer="Fuß",
        cells=[["a", "b"]], footnote="Note", picture=make.jpeg_with_gps(),
    ),
    "xlsx": make.xlsx(author="Nina Muster", company="Muster AG", comments=2),
    "pptx": make.pptx(author="Nina Muster", company="Muster AG", comments=2, notes="Notiz"),
    "odt": make.odt(author="Nina Muster", comments=2, changes=True, footnote="Note"),
    "ods": make.ods(author="Nina Muster", comments=1),
    "odp": make.odp(author="Nina Muster", notes="Notiz"),
    "rtf": make.rtf(author="Nina Muster", comment="Das geht so nicht"),
    "pdf": make.pdf(2, author="Nina Muster", comments=2, attachment=b"1;2", script="app.alert(1)", form=True),
}  # fmt: skip


def unpacked(content: bytes) -> bytes:
    """All that is in a file, packed or not."""
    if content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return b"".join(archive.read(name) for name in archive.namelist())
    if content.startswith(b"%PDF"):
        with pikepdf.open(io.BytesIO(content)) as file:
            out = io.BytesIO()
            file.save(out, compress_streams=False, stream_decode_level=pikepdf.StreamDecodeLevel.generalized,
                      object_stream_mode=pikepdf.ObjectStreamMode.disable)  # fmt: skip
            return out.getvalue()
    return content


@pytest.mark.parametrize("kind", FULL)
def test_nothing_is_found_afterwards_and_nothing_is_left(read, kind):
    assert any(secret in unpacked(FULL[kind]) for secret in SECRETS)
    answer = read("strip", FULL[kind])
    assert answer.only["kind"] == kind
    assert answer.only["findings"] == {}
    assert read("inspect", answer.result).only["findings"] == {}
    left = unpacked(answer.result)
    assert [secret for secret in SECRETS if secret in left] == []


@pytest.mark.parametrize("kind", FULL)
def test_what_it_says_stays(read, kind):
    before = read("pages", FULL[kind], kind=kind).text
    after = read("pages", read("strip", FULL[kind]).result, kind=kind).text
    assert after == before
    assert "alt" not in after.split()


def test_word_opens_it_with_changes_accepted_and_without_comments(read):
    file = word.Document(io.BytesIO(read("strip", FULL["docx"]).result))
    assert [paragraph.text for paragraph in file.paragraphs][:2] == [make.TEXT, "Fassung neu"]
    assert file.tables[0].cell(0, 1).text == "b"
    assert file.sections[0].header.paragraphs[0].text == "Kopf"
    assert len(list(file.comments)) == 0
    assert (file.core_properties.author, file.core_properties.last_modified_by) == ("", "")


def test_parts_that_tell_nothing_stay_byte_by_byte(read):
    before, after = (
        zipfile.ZipFile(io.BytesIO(one)) for one in (FULL["docx"], read("strip", FULL["docx"]).result)
    )
    for name in (
        "word/theme/theme1.xml",
        "word/fontTable.xml",
        "word/webSettings.xml",
        "customXml/item1.xml",
    ):
        assert after.read(name) == before.read(name)
    assert "word/comments.xml" not in after.namelist()
    assert b"comments" not in after.read("[Content_Types].xml") + after.read("word/_rels/document.xml.rels")


def test_excel_opens_it_and_hidden_sheets_stay_and_are_still_told(read):
    answer = read("strip", make.xlsx(hidden="Kalkulation", comments=1, author="Nina Muster"))
    assert answer.only["findings"] == {"hidden_sheets": ["Kalkulation"]}
    book = openpyxl.load_workbook(io.BytesIO(answer.result))
    assert book.sheetnames == ["Übersicht", "Kalkulation"]
    assert book["Kalkulation"]["B1"].value == 4711
    assert book["Übersicht"]["A1"].comment is None


def test_powerpoint_opens_it_with_its_notes(read):
    slides = powerpoint.Presentation(io.BytesIO(read("strip", FULL["pptx"]).result)).slides
    assert [slide.shapes.title.text for slide in slides] == ["Tarifrunde", "Forderungen"]
    assert slides[1].notes_slide.notes_text_frame.text == "Notiz 2"


def test_macros_stay_and_are_still_told(read):
    assert read("strip", make.docx(macros=True, author="Nina Muster")).only["findings"] == {"macros": True}


def test_libreoffice_opens_them(read, office, tmp_path):
    """All in one go: to start it takes longer than a file."""
    files = [tmp_path / f"{kind}.{kind}" for kind in ("docx", "xlsx", "pptx", "odt", "ods", "odp", "rtf")]
    for file in files:
        file.write_bytes(read("strip", FULL[file.stem]).result)
    profile = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"
    subprocess.run(
        [office, profile, "--headless", "--convert-to", "pdf", "--outdir", tmp_path, *files],
        timeout=120,
        check=True,
    )
    for file in files:
        if file.stem in {"docx", "odt", "rtf"} or file.with_suffix(".pdf").exists():
            assert read("pages", file.with_suffix(".pdf").read_bytes(), kind="pdf").text.strip(), file.name


def test_the_pages_links_and_fields_of_a_pdf_stay(read):
    with pikepdf.open(io.BytesIO(read("strip", FULL["pdf"]).result)) as file:
        assert len(file.pages) == 2
        assert [str(note.Subtype) for note in file.pages[0].Annots] == ["/Widget"]
        assert len(file.attachments) == 0
        assert "/Info" not in file.trailer
        assert "/OpenAction" not in file.Root


def test_the_title_of_a_pdf_stays(read):
    with pikepdf.open(io.BytesIO(read("strip", make.pdf(title="Plän", author="Nina Muster")).result)) as file:
        assert dict(file.docinfo) == {"/Title": "Plän"}


@pytest.mark.parametrize("task", ["strip", "stamp"])
def test_what_a_pdf_forbids_stays_forbidden(read, task):
    allowed = pikepdf.Permissions(extract=False, print_lowres=False, print_highres=False)
    with pikepdf.open(io.BytesIO(make.pdf(author="Nina Muster"))) as file:
        bound = io.BytesIO()
        file.save(bound, encryption=pikepdf.Encryption(owner="chefin", allow=allowed))
    answer = read(task, bound.getvalue(), text="Vertraulich")
    assert answer.fault is None
    with pikepdf.open(io.BytesIO(answer.result)) as file:
        assert not file.allow.print_highres
        assert not file.allow.extract
        assert file.allow.modify_annotation
    assert make.TEXT in read("pages", answer.result, kind="pdf").text


def test_a_comment_that_a_tagged_pdf_still_refers_to_is_blank(read):
    with pikepdf.open(io.BytesIO(make.pdf(comments=1, author="Nina Muster"))) as file:
        file.Root.StructTreeRoot = pikepdf.Dictionary(K=pikepdf.Dictionary(Obj=file.pages[0].Annots[0]))
        out = io.BytesIO()
        file.save(out)
    assert b"Petra" not in unpacked(read("strip", out.getvalue()).result)


def test_a_photo_looks_the_same_bit_by_bit(read):
    for content in (make.jpeg_with_gps(), make.webp(place=True), make.png(note="Petra")):
        result = read("strip", content).result
        before, after = Image.open(io.BytesIO(content)), Image.open(io.BytesIO(result))
        assert ImageChops.difference(before.convert("RGB"), after.convert("RGB")).getbbox() is None
        assert not after.getexif()
        assert not any(secret in result for secret in (b"Petra", b"Kamera", b"Exif", b"taken by"))


def test_a_turned_photo_is_upright_afterwards(read):
    result = read("strip", make.jpeg_with_gps((640, 480), orientation=6)).result
    with Image.open(io.BytesIO(result)) as picture:
        assert picture.size == (480, 640)
        assert Base.Orientation not in picture.getexif()


def test_the_profile_of_colours_stays(read):
    out = io.BytesIO()
    Image.new("RGB", (50, 50), "red").save(
        out, "JPEG", icc_profile=b"a profile" * 20, exif=Image.Exif().tobytes()
    )
    with Image.open(io.BytesIO(read("strip", out.getvalue()).result)) as picture:
        assert picture.info["icc_profile"] == b"a profile" * 20


def test_what_hangs_behind_a_picture_goes(read):
    for content in (make.png(), make.jpeg(), make.webp()):
        result = read("strip", content + b"<html><script>alert(1)</script>").result
        assert b"script" not in result


def test_an_iphone_photo_stays_one_bit_by_bit_and_tells_nothing(read):
    content = make.heic(place=True)
    answer = read("strip", content + b"\0\0\0\x18uuid" + b"taken by Petra..")
    assert answer.only == {"kind": "heic", "findings": {}, "pages": 1, "encrypted": False}
    assert len(answer.result) == len(content) + 24
    assert not any(secret in answer.result for secret in (b"Petra", b"Kamera"))
    before, after = (pillow_heif.open_heif(io.BytesIO(one)).to_pillow() for one in (content, answer.result))
    assert ImageChops.difference(before, after).getbbox() is None
    assert not after.getexif()


def test_paragraphs_rows_and_moves_that_were_tracked_are_settled(read):
    body = (
        '<w:p><w:pPr><w:rPr><w:del w:id="1" w:author="P"/></w:rPr></w:pPr><w:r><w:t>eins </w:t></w:r></w:p>'
        "<w:p><w:pPr><w:rPr><w:ins w:id='2' w:author='P'/></w:rPr></w:pPr><w:r><w:t>zwei</w:t></w:r></w:p>"
        "<w:tbl><w:tr><w:trPr><w:del w:id='3' w:author='P'/></w:trPr><w:tc><w:p><w:r><w:t>weg</w:t></w:r></w:p></w:tc>"
        "</w:tr><w:tr><w:trPr><w:ins w:id='4' w:author='P'/></w:trPr><w:tc><w:p><w:r><w:t>da</w:t></w:r></w:p></w:tc>"
        "</w:tr></w:tbl>"
        "<w:p><w:moveFromRangeStart w:id='5' w:name='m'/><w:moveFrom w:id='6' w:author='P'><w:r><w:t>fort</w:t></w:r>"
        "</w:moveFrom><w:moveFromRangeEnd w:id='5'/><w:moveTo w:id='7' w:author='P'><w:r><w:rPr><w:b/><w:rPrChange "
        "w:id='8' w:author='P'><w:rPr/></w:rPrChange></w:rPr><w:t>hier</w:t></w:r></w:moveTo></w:p>"
    )
    content = make.with_body(body)
    assert read("inspect", content).only["findings"]["changes"] == 7
    answer = read("strip", content)
    assert answer.only["findings"] == {}
    assert read("pages", answer.result, kind="docx").text.split("\n") == ["eins zwei", "da", "hier"]
    root = etree.fromstring(zipfile.ZipFile(io.BytesIO(answer.result)).read("word/document.xml"))
    assert len(root.findall(".//{*}tr")) == 1
    assert root.find(".//{*}b") is not None


def test_rich_text_keeps_insertions_and_loses_deletions(read):
    content = make.rtf("Der {\\revised\\revauth1 neue} {\\deleted\\revauthdel1 alte} Text {\\b fett}")
    answer = read("strip", content)
    assert answer.only["findings"] == {}
    assert " ".join(read("pages", answer.result, kind="rtf").text.split()) == "Der neue Text fett"


def test_kinds_that_tell_nothing_and_locked_files_are_not_stripped(read):
    assert read("strip", make.txt(), name="a.txt").fault == "not_possible"
    assert read("strip", make.pdf(password="geheim")).fault == "encrypted"
    assert read("strip", make.encrypted_docx()).fault == "encrypted"
    assert read("strip", make.cut_pdf()[:200]).fault == "broken"


def test_a_list_of_parts_that_names_its_standard_is_no_bomb(read):
    with zipfile.ZipFile(io.BytesIO(FULL["odt"])) as archive:
        manifest = archive.read("META-INF/manifest.xml")
    start = manifest.index(b"<manifest:manifest")
    named = b'<!DOCTYPE manifest:manifest PUBLIC "-//OpenOffice.org//DTD Manifest 1.0//EN" "Manifest.dtd">'
    for doctype, fault in ((named, None), (b'<!DOCTYPE m [<!ENTITY a "b">]>', "xml_bomb")):
        content = make.changed(
            FULL["odt"], {"META-INF/manifest.xml": manifest[:start] + doctype + manifest[start:]}
        )
        assert read("inspect", content).fault == fault
        assert read("strip", content).fault == fault
