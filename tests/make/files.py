"""Files as people make them, and as those make them who mean harm. Every function gives the bytes of one file."""

import io
import struct
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import docx as word
import odf.dc
import odf.draw
import odf.meta
import odf.namespaces
import odf.office
import odf.opendocument
import odf.presentation
import odf.style
import odf.table
import odf.text
import openpyxl
import pikepdf
import pillow_heif
import pptx as powerpoint
import reportlab
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from openpyxl.comments import Comment
from PIL import Image, ImageDraw, ImageFont
from PIL.PngImagePlugin import PngInfo
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen import canvas

TEXT = "Betriebsvereinbarung über mobile Arbeit: § 87 Abs. 1 Nr. 14 BetrVG gilt für alle Beschäftigten."
GPS = {1: "N", 2: (52.0, 31.0, 12.0), 3: "E", 4: (13.0, 24.0, 18.0)}
#: A typeface with umlauts.
LETTERS = Path(reportlab.__file__).parent / "fonts" / "Vera.ttf"


# --- PDF


def pdf(
    pages: int = 1,
    text: str = TEXT,
    *,
    author: str = "",
    title: str = "",
    size: tuple[float, float] = A4,
    comments: int = 0,
    attachment: bytes | None = None,
    script: str = "",
    rotate: int = 0,
    cropped: bool = False,
    dark: bool = False,
    password: str = "",
    form: bool = False,
    lines: int = 30,
) -> bytes:
    """A PDF with text; each page says `text` and „Seite n von pages“."""
    out = io.BytesIO()
    paper = canvas.Canvas(out, pagesize=size)
    paper.setAuthor(author)
    paper.setTitle(title)
    for number in range(1, pages + 1):
        if dark:
            paper.setFillColorRGB(0.05, 0.05, 0.1)
            paper.rect(0, 0, *size, stroke=0, fill=1)
            paper.setFillColorRGB(1, 1, 1)
        paper.drawString(60, size[1] - 60, f"Seite {number} von {pages}")
        for line in range(lines):
            paper.drawString(60, size[1] - 90 - 20 * line, text)
        if form:
            paper.acroForm.textfield(name=f"feld{number}", value="Ausgefüllt von Hand", x=60, y=60, width=200)
        paper.showPage()
    paper.save()
    if not (comments or attachment or script or rotate or cropped or password or not author):
        return out.getvalue()
    changed = io.BytesIO()
    with pikepdf.open(io.BytesIO(out.getvalue())) as file:
        if not author and "/Author" in file.docinfo:
            del file.docinfo["/Author"]
        for index in range(comments):
            note = file.make_indirect(
                pikepdf.Dictionary(
                    Type=pikepdf.Name.Annot,
                    Subtype=pikepdf.Name.Text,
                    Rect=[100, 100 + 30 * index, 120, 120 + 30 * index],
                    Contents="Das geht so nicht",
                    T="Petra Beispiel",
                )
            )
            page = file.pages[0]
            page.Annots = pikepdf.Array([*page.get("/Annots", []), note])
        if attachment is not None:
            file.attachments["gehaltsliste.csv"] = attachment
        if script:
            file.Root.OpenAction = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS=script)
        for page in file.pages:
            if rotate:
                page.Rotate = rotate
            if cropped:
                page.CropBox = [50, 400, size[0] - 50, size[1] - 20]
        protection = pikepdf.Encryption(user=password, owner=password) if password else None
        file.save(changed, encryption=protection)
    return changed.getvalue()


def scanned_pdf(
    pages: int = 1, text: str = "Protokoll der Betriebsratssitzung\nAnträge und Beschlüsse"
) -> bytes:
    """A PDF whose pages are nothing but pictures of text."""
    pictures = [_picture_of_text(f"{text}\nSeite {number}") for number in range(1, pages + 1)]
    out = io.BytesIO()
    pictures[0].save(out, "PDF", resolution=150, save_all=True, append_images=pictures[1:])
    return out.getvalue()


def picture_of_text(text: str) -> bytes:
    """A PNG with text on it, as a photo of a page."""
    out = io.BytesIO()
    _picture_of_text(text).save(out, "PNG")
    return out.getvalue()


def broken_xref_pdf() -> bytes:
    """A PDF whose table of contents points nowhere; readers find their way all the same."""
    good = pdf(2)
    start = good.rindex(b"startxref")
    return good[:start] + b"startxref\n99999999\n%%EOF\n"


def cut_pdf() -> bytes:
    """The first 700 bytes of a PDF."""
    return pdf(3)[:700]


def html_pdf() -> bytes:
    """A web page that calls itself a PDF within its first kilobyte."""
    return b"<html><script>alert(1)</script><!--\n" + pdf() + b"\n--></html>"


def many_pages_pdf(pages: int = 10_000) -> bytes:
    """A PDF with that many pages, made quickly: all share one content."""
    file = pikepdf.open(io.BytesIO(pdf(1)))
    first = file.pages[0].obj
    kids = pikepdf.Array([file.make_indirect(pikepdf.Dictionary(first)) for _ in range(pages)])
    for kid in kids:
        kid.Parent = file.Root.Pages
    file.Root.Pages.Kids = kids
    file.Root.Pages.Count = pages
    out = io.BytesIO()
    file.save(out, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    return out.getvalue()


# --- Word, Excel, PowerPoint


def docx(
    text: str = TEXT,
    *,
    author: str = "",
    company: str = "",
    comments: int = 0,
    changes: bool = False,
    macros: bool = False,
    header: str = "",
    footer: str = "",
    footnote: str = "",
    cells: Sequence[Sequence[str]] = (),
    box: str = "",
    picture: bytes | None = None,
    pages: int = 1,
) -> bytes:
    """A Word document; `changes` adds a tracked insertion („neu“) and a tracked deletion („alt“)."""
    file = word.Document()
    file.core_properties.author = author
    file.core_properties.last_modified_by = author
    file.core_properties.comments = ""
    for number in range(pages):
        if number:
            file.add_page_break()
        paragraph = file.add_paragraph(text)
    for number in range(comments):
        file.add_comment(
            paragraph.runs[0], text="Das geht so nicht", author="Petra Beispiel", initials=f"P{number}"
        )
    if header:
        file.sections[0].header.paragraphs[0].text = header
    if footer:
        file.sections[0].footer.paragraphs[0].text = footer
    if cells:
        table = file.add_table(len(cells), len(cells[0]))
        for row, texts in zip(table.rows, cells, strict=True):
            for cell, content in zip(row.cells, texts, strict=True):
                cell.text = content
    if changes:
        paragraph = file.add_paragraph("Fassung ")
        paragraph._p.append(_change("w:ins", "w:t", "neu"))
        paragraph._p.append(_change("w:del", "w:delText", "alt"))
    if box:
        file.add_paragraph()._p.append(_text_box(box))
    if picture:
        file.add_picture(io.BytesIO(picture))
    out = io.BytesIO()
    file.save(out)
    extra: dict[str, bytes] = {}
    replaced: dict[str, tuple[bytes, bytes]] = {}
    if company:
        extra["docProps/app.xml"] = _app_xml(company)
    if footnote:
        extra["word/footnotes.xml"] = _footnotes_xml(footnote)
        replaced["[Content_Types].xml"] = (
            b"</Types>",
            b'<Override PartName="/word/footnotes.xml" ContentType="application/vnd.openxmlformats-officedocument.'
            b'wordprocessingml.footnotes+xml"/></Types>',
        )
        replaced["word/_rels/document.xml.rels"] = (
            b"</Relationships>",
            b'<Relationship Id="rIdNotes" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/'
            b'footnotes" Target="footnotes.xml"/></Relationships>',
        )
    if macros:
        extra["word/vbaProject.bin"] = b"\xd0\xcf\x11\xe0 no real macro"
    return changed(out.getvalue(), extra, replaced)


def with_body(body: str) -> bytes:
    """A Word document with this XML as its body (prefix `w`)."""
    return _with_document("", body, wrapped=False)


def xlsx(
    sheets: Mapping[str, Sequence[Sequence[object]]] | None = None,
    *,
    hidden: str = "",
    author: str = "",
    company: str = "",
    comments: int = 0,
) -> bytes:
    """A spreadsheet; `hidden` is the name of one more sheet, hidden, with „Geheime Zahl“ in it."""
    sheets = sheets or {"Übersicht": [["Name", "Stunden"], ["Nina", 38.5], ["Jonas", 40]]}
    file = openpyxl.Workbook()
    file.remove(file.active)
    for name, rows in sheets.items():
        sheet = file.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
        for number in range(comments):
            sheet.cell(number + 1, 1).comment = Comment("Stimmt das?", "Petra Beispiel")
    if hidden:
        secret = file.create_sheet(hidden)
        secret.append(["Geheime Zahl", 4711])
        secret.sheet_state = "hidden"
    file.properties.creator = author
    file.properties.lastModifiedBy = author
    out = io.BytesIO()
    file.save(out)
    return changed(out.getvalue(), {"docProps/app.xml": _app_xml(company)} if company else {})


def pptx(
    slides: Sequence[str] = ("Tarifrunde", "Forderungen"),
    *,
    notes: str = "",
    hidden: Sequence[int] = (),
    author: str = "",
    company: str = "",
    comments: int = 0,
    cells: Sequence[Sequence[str]] = (),
) -> bytes:
    """Slides with a title each; `hidden` are numbers of slides that are not shown."""
    file = powerpoint.Presentation()
    for number, title in enumerate(slides, 1):
        slide = file.slides.add_slide(file.slide_layouts[5])
        slide.shapes.title.text = title
        if notes:
            slide.notes_slide.notes_text_frame.text = f"{notes} {number}"
        if number in hidden:
            slide._element.set("show", "0")
        if cells and number == 1:
            table = slide.shapes.add_table(
                len(cells), len(cells[0]), 0, 2_000_000, 5_000_000, 1_000_000
            ).table
            for row, texts in enumerate(cells):
                for column, content in enumerate(texts):
                    table.cell(row, column).text = content
    file.core_properties.author = author
    file.core_properties.last_modified_by = author
    out = io.BytesIO()
    file.save(out)
    extra: dict[str, bytes] = {}
    replaced: dict[str, tuple[bytes, bytes]] = {}
    if company:
        extra["docProps/app.xml"] = _app_xml(company)
    if comments:
        extra["ppt/comments/comment1.xml"] = _slide_comments_xml(comments)
        extra["ppt/commentAuthors.xml"] = _comment_authors_xml()
        kind = b"application/vnd.openxmlformats-officedocument.presentationml."
        relation = b"http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
        replaced["[Content_Types].xml"] = (
            b"</Types>",
            b'<Override PartName="/ppt/comments/comment1.xml" ContentType="' + kind + b'comments+xml"/>'
            b'<Override PartName="/ppt/commentAuthors.xml" ContentType="'
            + kind
            + b'commentAuthors+xml"/></Types>',
        )
        replaced["ppt/slides/_rels/slide1.xml.rels"] = (
            b"</Relationships>",
            b'<Relationship Id="rIdC" Type="' + relation + b'comments" Target="../comments/comment1.xml"/>'
            b"</Relationships>",
        )
        replaced["ppt/_rels/presentation.xml.rels"] = (
            b"</Relationships>",
            b'<Relationship Id="rIdA" Type="' + relation + b'commentAuthors" Target="commentAuthors.xml"/>'
            b"</Relationships>",
        )
    return changed(out.getvalue(), extra, replaced)


# --- OpenDocument


def odt(
    text: str = TEXT, *, author: str = "", comments: int = 0, changes: bool = False, footnote: str = ""
) -> bytes:
    """An OpenDocument text."""
    file = odf.opendocument.OpenDocumentText()
    if changes:
        file.text.addElement(_odf_changes(author or "Petra Beispiel"))
    paragraph = odf.text.P(text=text)
    if changes:
        paragraph.addElement(odf.text.Change(changeid="ct1"))
        paragraph.addElement(odf.text.ChangeStart(changeid="ct2"))
        paragraph.addText(" neu")
        paragraph.addElement(odf.text.ChangeEnd(changeid="ct2"))
    for _ in range(comments):
        paragraph.addElement(_odf_comment())
    if footnote:
        note = odf.text.Note(noteclass="footnote")
        note.addElement(odf.text.NoteCitation(text="1"))
        body = odf.text.NoteBody()
        body.addElement(odf.text.P(text=footnote))
        note.addElement(body)
        paragraph.addElement(note)
    file.text.addElement(paragraph)
    return _odf_bytes(file, author)


def odt_with_outside_picture(address: str) -> bytes:
    """An OpenDocument text whose picture lies at an address in the network."""
    file = odf.opendocument.OpenDocumentText()
    frame = odf.draw.Frame(width="2cm", height="2cm", anchortype="paragraph")
    frame.addElement(odf.draw.Image(href=address, type="simple", show="embed", actuate="onLoad"))
    paragraph = odf.text.P(text=TEXT)
    paragraph.addElement(frame)
    file.text.addElement(paragraph)
    return _odf_bytes(file, "")


def ods(
    sheets: Mapping[str, Sequence[Sequence[object]]] | None = None,
    *,
    hidden: str = "",
    author: str = "",
    comments: int = 0,
) -> bytes:
    """An OpenDocument spreadsheet; `hidden` as with `xlsx`."""
    sheets = sheets or {"Übersicht": [["Name", "Stunden"], ["Nina", 38.5], ["Jonas", 40]]}
    file = odf.opendocument.OpenDocumentSpreadsheet()
    style = odf.style.Style(name="verborgen", family="table")
    style.addElement(odf.style.TableProperties(display="false"))
    file.automaticstyles.addElement(style)
    for name, rows in sheets.items():
        file.spreadsheet.addElement(_odf_table(name, rows, comments))
    if hidden:
        secret = _odf_table(hidden, [["Geheime Zahl", 4711]], 0)
        secret.setAttribute("stylename", style)
        file.spreadsheet.addElement(secret)
    return _odf_bytes(file, author)


def odp(slides: Sequence[str] = ("Tarifrunde", "Forderungen"), *, notes: str = "", author: str = "") -> bytes:
    """An OpenDocument presentation."""
    file = odf.opendocument.OpenDocumentPresentation()
    layout = odf.style.PageLayout(name="Blatt")
    layout.addElement(odf.style.PageLayoutProperties(pagewidth="28cm", pageheight="21cm"))
    file.automaticstyles.addElement(layout)
    master = odf.style.MasterPage(name="Standard", pagelayoutname=layout)
    file.masterstyles.addElement(master)
    for number, title in enumerate(slides, 1):
        page = odf.draw.Page(name=f"Folie {number}", masterpagename=master)
        page.addElement(_odf_frame(title))
        if notes:
            side = odf.presentation.Notes()
            side.addElement(_odf_frame(f"{notes} {number}"))
            page.addElement(side)
        file.presentation.addElement(page)
    return _odf_bytes(file, author)


# --- what calls out when it is opened

SPY = "spion.example"
_TIES = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def tied(archive: bytes, part: str, role: str, address: str = f"https://{SPY}/x") -> bytes:
    """An office file whose `part` ("word/document.xml") refers to something outside as `role`."""
    folder, _, name = part.rpartition("/")
    ties = f"{folder}/_rels/{name}.rels"
    tie = (
        f'<Relationship Id="rIdOut" Type="{_TIES}/{role}" Target="{address}" TargetMode="External"/>'.encode()
    )
    with zipfile.ZipFile(io.BytesIO(archive)) as file:
        is_there = ties in file.namelist()
    if is_there:
        return changed(archive, {}, {ties: (b"</Relationships>", tie + b"</Relationships>")})
    head = b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    return changed(archive, {ties: head + tie + b"</Relationships>"})


def with_field(instruction: str) -> bytes:
    """A Word document with a field, its instruction in two pieces."""
    half = len(instruction) // 2
    pieces = "".join(
        f'<w:r><w:instrText xml:space="preserve">{text}</w:instrText></w:r>'
        for text in (instruction[:half], instruction[half:])
    )
    mark = '<w:r><w:fldChar w:fldCharType="{}"/></w:r>'
    shown = f"{mark.format('separate')}<w:r><w:t>Bild</w:t></w:r>"
    return with_body(f"<w:p>{mark.format('begin')}{pieces}{shown}{mark.format('end')}</w:p>")


def xlsx_with_formula(formula: str) -> bytes:
    """A spreadsheet with this formula in a cell."""
    return xlsx({"Blatt": [[f"={formula}"]]})


def xlsx_with_connection(address: str = f"https://{SPY}/x") -> bytes:
    """A spreadsheet that takes its numbers from a page in the web."""
    part = (
        '<connections xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><connection id="1" '
        f'name="Kurse" type="4" refreshOnLoad="1"><webPr url="{address}"/></connection></connections>'
    ).encode()
    tie = f'<Relationship Id="rIdOut" Type="{_TIES}/connections" Target="connections.xml"/></Relationships>'.encode()
    return changed(
        xlsx(), {"xl/connections.xml": part}, {"xl/_rels/workbook.xml.rels": (b"</Relationships>", tie)}
    )


def ods_with_formula(formula: str) -> bytes:
    """An OpenDocument spreadsheet with this formula in its first cell."""
    replaced = (b"<table:table-cell ", f'<table:table-cell table:formula="{formula}" '.encode())
    return changed(ods(), {}, {"content.xml": replaced})


def pdf_with(root: Mapping[str, object]) -> bytes:
    """A PDF with these keys in its catalogue."""
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf())) as file:
        for key, value in root.items():
            file.Root[key] = file.make_stream(value) if isinstance(value, bytes) else value
        file.save(out)
    return out.getvalue()


def pdf_with_xml_form(content: bytes) -> bytes:
    """A PDF with a form in XML (XFA)."""
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf())) as file:
        file.Root.AcroForm = pikepdf.Dictionary(
            Fields=pikepdf.Array(), XFA=pikepdf.Array([pikepdf.String("template"), file.make_stream(content)])
        )
        file.save(out)
    return out.getvalue()


# --- texts


def rtf(text: str = "Betriebsrat f\\'fcr alle", *, author: str = "", comment: str = "") -> bytes:
    """Rich Text as WordPad writes it."""
    info = f"{{\\info{{\\author {author}}}{{\\operator {author}}}}}" if author else ""
    note = f"{{\\*\\atnauthor Petra}}{{\\*\\annotation {comment}}}" if comment else ""
    return f"{{\\rtf1\\ansi\\ansicpg1252{{\\fonttbl{{\\f0 Arial;}}}}{info}\\f0 {text}{note}\\par}}".encode(
        "latin-1"
    )


def txt(text: str = TEXT, coding: str = "utf-8") -> bytes:
    """Plain text."""
    return text.encode(coding)


def md(text: str = f"# Überschrift\n\n{TEXT}\n") -> bytes:
    """Markdown."""
    return text.encode()


def csv(rows: int = 3, delimiter: str = ";") -> bytes:
    """A table as text."""
    lines = [delimiter.join(("Name", "Stunden", "Ort"))]
    lines += [
        delimiter.join((f"Person {number}", "38,5" if delimiter == ";" else "38", "Görlitz"))
        for number in range(rows)
    ]
    return ("\r\n".join(lines) + "\r\n").encode()


# --- pictures


def png(size: tuple[int, int] = (640, 480), *, note: str = "") -> bytes:
    """A picture; `note` is kept in it as text that nobody sees."""
    info = PngInfo()
    if note:
        info.add_text("Author", note)
    out = io.BytesIO()
    _picture(size).save(out, "PNG", pnginfo=info)
    return out.getvalue()


def jpeg(size: tuple[int, int] = (640, 480), *, quality: int = 90) -> bytes:
    """A photo that tells nothing about who took it."""
    out = io.BytesIO()
    _picture(size).save(out, "JPEG", quality=quality)
    return out.getvalue()


def jpeg_with_gps(size: tuple[int, int] = (640, 480), *, orientation: int = 1) -> bytes:
    """A photo that tells where and with what it was taken; `orientation` as EXIF has it (6: held upright)."""
    out = io.BytesIO()
    _picture(size).save(out, "JPEG", quality=90, exif=_exif(orientation), comment=b"taken by Petra")
    return out.getvalue()


def webp(size: tuple[int, int] = (640, 480), *, place: bool = False) -> bytes:
    """A WebP picture."""
    out = io.BytesIO()
    _picture(size).save(out, "WEBP", exif=_exif(1).tobytes() if place else b"")
    return out.getvalue()


def heic(size: tuple[int, int] = (320, 240), *, place: bool = False) -> bytes:
    """A picture as iPhones take it."""
    out = io.BytesIO()
    heif = pillow_heif.from_pillow(_picture(size))
    heif.save(out, exif=_exif(1).tobytes() if place else None)
    return out.getvalue()


def huge_png(side: int = 30_000) -> bytes:
    """A few hundred kilobytes that become a picture of side × side points."""
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    packer = zlib.compressobj(9)
    row = b"\x00" * (side // 8 + 2)
    data = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", data) + _chunk(b"IEND", b"")


# --- archives


def zip_of(entries: Mapping[str, bytes]) -> bytes:
    """An archive of these entries."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return out.getvalue()


def zip_bomb(mebibytes: int = 4095) -> bytes:
    """A small archive of much nothing."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        _nothing(archive, "null.txt", mebibytes)
    return out.getvalue()


def nested_zip(depth: int = 6, wide: int = 6) -> bytes:
    """Archives in archives."""
    content = zip_of({"null.txt": bytes(1 << 20)})
    for _ in range(depth):
        content = zip_of({f"archiv{number}.zip": content for number in range(wide)})
    return content


def many_entries_zip(entries: int = 30_000) -> bytes:
    """An archive of that many empty entries."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for number in range(entries):
            archive.writestr(f"{number}.txt", b"")
    return out.getvalue()


def bomb_docx(mebibytes: int = 4000) -> bytes:
    """A Word document with a part that is far too big when unpacked."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(docx())) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, old.read(name))
        _nothing(new, "word/media/null.bin", mebibytes)
    return out.getvalue()


def xml_bomb_docx() -> bytes:
    """A Word document whose text is made of entities that grow („billion laughs“)."""
    entities = "".join(
        f'<!ENTITY l{number} "{f"&l{number - 1};" * 10}">' if number else '<!ENTITY l0 "ha">'
        for number in range(10)
    )
    return _with_document(f"<!DOCTYPE w:document [{entities}]>", "&l9;")


def outside_entity_docx(path: str = "/etc/passwd") -> bytes:
    """A Word document that wants a file of the server as its text."""
    return _with_document(f'<!DOCTYPE w:document [<!ENTITY x SYSTEM "file://{path}">]>', "&x;")


def html_docx() -> bytes:
    """A ZIP of web pages that calls itself DOCX."""
    return zip_of({"index.html": b"<html><script>alert(1)</script></html>", "style.css": b"body{}"})


def old_office(stream: str = "WordDocument") -> bytes:
    """The first sectors of an office file as before 2007."""
    return _compound(["Root Entry", stream])


def encrypted_docx() -> bytes:
    """What Word writes when a document has a password."""
    return _compound(["Root Entry", "EncryptionInfo", "EncryptedPackage"])


def svg() -> bytes:
    """A drawing that runs a script."""
    return b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def html() -> bytes:
    """A web page."""
    return b"<!DOCTYPE html><html><body><script>alert(1)</script></body></html>"


# --- what they are made of


def _picture(size: tuple[int, int]) -> Image.Image:
    wide, high = size
    across = Image.linear_gradient("L").resize(size)
    down = Image.linear_gradient("L").rotate(90).resize(size)
    picture = Image.merge("RGB", (across, down, Image.new("L", size, 90)))
    ImageDraw.Draw(picture).rectangle((wide // 10, high // 10, wide // 3, high // 3), fill="white")
    return picture


def _picture_of_text(text: str) -> Image.Image:
    picture = Image.new("L", (1240, 1754), "white")
    ImageDraw.Draw(picture).multiline_text(
        (120, 150), text, font=ImageFont.truetype(LETTERS, 36), fill="black", spacing=16
    )
    return picture


def _exif(orientation: int) -> Image.Exif:
    exif = Image.Exif()
    exif[0x010F] = "Beispiel"
    exif[0x0110] = "Kamera 3"
    exif[0x0112] = orientation
    exif[0x013B] = "Petra Beispiel"
    exif.get_ifd(0x8825).update(GPS)
    return exif


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _change(tag: str, text_tag: str, text: str) -> object:
    change = OxmlElement(tag)
    change.set(qn("w:id"), "7")
    change.set(qn("w:author"), "Petra Beispiel")
    run, content = OxmlElement("w:r"), OxmlElement(text_tag)
    content.text = text
    run.append(content)
    change.append(run)
    return change


def _text_box(text: str) -> object:
    run, picture, shape, box, inside = (
        OxmlElement("w:r"),
        OxmlElement("w:pict"),
        OxmlElement("w:object"),
        OxmlElement("w:object"),
        OxmlElement("w:txbxContent"),
    )
    paragraph, line, content = OxmlElement("w:p"), OxmlElement("w:r"), OxmlElement("w:t")
    content.text = text
    line.append(content)
    paragraph.append(line)
    inside.append(paragraph)
    vml = "urn:schemas-microsoft-com:vml"
    shape = picture.makeelement(f"{{{vml}}}shape", {"style": "width:200pt;height:40pt"}, {"v": vml})
    box = picture.makeelement(f"{{{vml}}}textbox", {}, {"v": vml})
    box.append(inside)
    shape.append(box)
    picture.append(shape)
    run.append(picture)
    return run


def _app_xml(company: str) -> bytes:
    return (
        '<?xml version="1.0" encoding="UTF-8"?><Properties xmlns="http://schemas.openxmlformats.org/officeDocument/'
        f'2006/extended-properties"><Manager>Frau Chefin</Manager><Company>{company}</Company></Properties>'
    ).encode()


def _footnotes_xml(text: str) -> bytes:
    return (
        '<?xml version="1.0" encoding="UTF-8"?><w:footnotes xmlns:w="http://schemas.openxmlformats.org/'
        'wordprocessingml/2006/main"><w:footnote w:id="2"><w:p><w:r><w:t>'
        f"{text}</w:t></w:r></w:p></w:footnote></w:footnotes>"
    ).encode()


def _slide_comments_xml(number: int) -> bytes:
    one = (
        '<p:cm authorId="0" dt="2026-01-01T10:00:00" idx="1"><p:pos x="10" y="10"/><p:text>Hm</p:text></p:cm>'
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?><p:cmLst xmlns:p="http://schemas.openxmlformats.org/presentationml/'
        f'2006/main">{one * number}</p:cmLst>'
    ).encode()


def _comment_authors_xml() -> bytes:
    return (
        b'<?xml version="1.0" encoding="UTF-8"?><p:cmAuthorLst xmlns:p="http://schemas.openxmlformats.org/'
        b'presentationml/2006/main"><p:cmAuthor id="0" name="Petra Beispiel" initials="PB" lastIdx="1" clrIdx="0"/>'
        b"</p:cmAuthorLst>"
    )


def _with_document(doctype: str, text: str, *, wrapped: bool = True) -> bytes:
    body = f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>" if wrapped else text
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?>{doctype}<w:document xmlns:w="http://schemas.openxmlformats.org/'
        f'wordprocessingml/2006/main"><w:body>{body}</w:body></w:document>'
    ).encode()
    return changed(docx(), {"word/document.xml": content})


def changed(
    archive: bytes, parts: Mapping[str, bytes], replaced: Mapping[str, tuple[bytes, bytes]] | None = None
) -> bytes:
    """The archive with these parts instead of, or beside, its own, and with bytes replaced in others."""
    if not parts and not replaced:
        return archive
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            if name in parts:
                continue
            content = old.read(name)
            if replaced and name in replaced:
                content = content.replace(*replaced[name])
            new.writestr(name, content)
        for name, content in parts.items():
            new.writestr(name, content)
    return out.getvalue()


def _nothing(archive: zipfile.ZipFile, name: str, mebibytes: int) -> None:
    """Put that many zeros into an archive without packing them one by one: one packed block, again and again."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = packer.compress(bytes(1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
    packed = block * mebibytes + packer.flush()
    check = 0
    for _ in range(mebibytes):
        check = zlib.crc32(bytes(1 << 20), check)
    entry = zipfile.ZipInfo(name)
    archive.writestr(entry, packed)
    entry.compress_type, entry.CRC, entry.file_size = zipfile.ZIP_DEFLATED, check, mebibytes << 20
    end = archive.fp.tell()
    archive.fp.seek(entry.header_offset + 8)
    archive.fp.write(struct.pack("<H", entry.compress_type))
    archive.fp.seek(entry.header_offset + 14)
    archive.fp.write(struct.pack("<III", check, len(packed), entry.file_size))
    archive.fp.seek(end)


def _odf_bytes(file: object, author: str) -> bytes:
    if author:
        file.meta.addElement(odf.meta.InitialCreator(text=author))
        file.meta.addElement(odf.dc.Creator(text=author))
    out = io.BytesIO()
    file.write(out)
    return out.getvalue()


def _odf_comment() -> object:
    note = odf.office.Annotation()
    note.addElement(odf.dc.Creator(text="Petra Beispiel"))
    note.addElement(odf.text.P(text="Das geht so nicht"))
    return note


def _odf_changes(author: str) -> object:
    changes = odf.text.TrackedChanges()
    for kind, key in ((odf.text.Deletion, "ct1"), (odf.text.Insertion, "ct2")):
        region = odf.text.ChangedRegion(check_grammar=False, qattributes={(odf.namespaces.TEXTNS, "id"): key})
        change = kind()
        info = odf.office.ChangeInfo()
        info.addElement(odf.dc.Creator(text=author))
        change.addElement(info)
        if kind is odf.text.Deletion:
            change.addElement(odf.text.P(text="alt"))
        region.addElement(change)
        changes.addElement(region)
    return changes


def _odf_table(name: str, rows: Sequence[Sequence[object]], comments: int) -> object:
    table = odf.table.Table(name=name)
    for values in rows:
        row = odf.table.TableRow()
        for value in values:
            if isinstance(value, int | float):
                cell = odf.table.TableCell(valuetype="float", value=str(value))
            else:
                cell = odf.table.TableCell(valuetype="string")
            if comments:
                cell.addElement(_odf_comment())
                comments -= 1
            cell.addElement(
                odf.text.P(text=str(value).replace(".", ",") if isinstance(value, float) else str(value))
            )
            row.addElement(cell)
        table.addElement(row)
    return table


def _odf_frame(text: str) -> object:
    frame = odf.draw.Frame(width="20cm", height="3cm", x="2cm", y="2cm")
    box = odf.draw.TextBox()
    box.addElement(odf.text.P(text=text))
    frame.addElement(box)
    return frame


def _compound(names: Sequence[str]) -> bytes:
    """An OLE compound file with a directory of these names and nothing in it."""
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    header += struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    header += struct.pack("<IIIIIIIII", 0, 1, 1, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0) + struct.pack("<I", 0)
    header = header.ljust(512, b"\xff")
    fat = struct.pack("<II", 0xFFFFFFFD, 0xFFFFFFFE).ljust(512, b"\xff")
    entries = b""
    for number, name in enumerate(names):
        coded = name.encode("utf-16-le") + b"\0\0"
        entry = coded.ljust(64, b"\0") + struct.pack("<HBB", len(coded), 5 if number == 0 else 2, 1)
        entry += struct.pack(
            "<III", 0xFFFFFFFF, 0xFFFFFFFF, 1 if number == 0 and len(names) > 1 else 0xFFFFFFFF
        )
        entries += entry.ljust(128, b"\0")
    return header + fat + entries.ljust(512, b"\0")
