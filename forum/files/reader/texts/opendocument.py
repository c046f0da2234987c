"""The words of OpenDocument files: texts, sheets, slides; headers, footers, notes; nothing deleted, no comments."""

from collections.abc import Iterator
from pathlib import Path

from lxml import etree

from forum.files.kinds import FileKind
from forum.files.reader import markup
from forum.files.reader.archives import Archive
from forum.files.reader.texts.parts import COLUMNS_SHOWN, ROWS_SHOWN, Part, shown

_SKIPPED = frozenset(
    {
        "annotation",
        "tracked-changes",
        "note-citation",
        "forms",
        "sequence-decls",
        "automatic-styles",
        "scripts",
        "shapes",
    }
)
_LINES = frozenset({"p", "h"})
#: Letters kept of a sheet; more is no reading.
SHEET_LIMIT = 2_000_000
#: Rows that are said to repeat are said so many times at most.
_REPEATS = 1000


def parts(path: Path, kind: FileKind) -> Iterator[Part]:
    """A part for a text, a part per sheet or slide."""
    archive = Archive(path)
    root = markup.parse(archive.read("content.xml"))
    if kind is FileKind.ODS:
        for table in _outermost(root, "table"):
            yield _sheet(table)
    elif kind is FileKind.ODP:
        for page in _outermost(root, "page"):
            yield Part("\n".join(lines(page)))
    else:
        yield Part("\n".join([*lines(root), *_frame(archive)]))


def lines(holder: etree._Element) -> Iterator[str]:
    """The paragraphs within an element; rows of tables in one line each."""
    for item in holder:
        tag = markup.local(item)
        if tag in _SKIPPED or not tag:
            continue
        if tag in _LINES:
            aside: list[etree._Element] = []
            yield "".join(_letters(item, aside))
            for other in aside:
                yield from lines(other)
        elif tag == "table-row":
            yield "\t".join(" ".join(lines(cell)) for cell in item)
        else:
            yield from lines(item)


def _letters(holder: etree._Element, aside: list[etree._Element]) -> Iterator[str]:
    """The letters of a paragraph; frames and notes in it are put `aside`."""
    yield holder.text or ""
    for item in holder:
        tag = markup.local(item)
        if tag == "s":
            yield " " * min(_number(item, "c", 1), 100)
        elif tag == "tab":
            yield "\t"
        elif tag == "line-break":
            yield "\n"
        elif tag in {"frame", "note", "custom-shape", "rect", "g"}:
            aside.append(item)
        elif tag and tag not in _SKIPPED:
            yield from _letters(item, aside)
        yield item.tail or ""


def _frame(archive: Archive) -> Iterator[str]:
    """Headers and footers."""
    if "styles.xml" not in archive:
        return
    for item in markup.parse(archive.read("styles.xml")).iter():
        if markup.local(item) == "master-page":
            for part in item:
                if markup.local(part).startswith(("header", "footer")):
                    yield from lines(part)


def _sheet(table: etree._Element) -> Part:
    said, size = [_attribute(table, "name")], 0
    rows: list[list[str]] = []
    for row in table.iter():
        if markup.local(row) != "table-row":
            continue
        cells = list(_cells(row))
        if not any(cells):
            continue
        for _ in range(min(_number(row, "number-rows-repeated", 1), _REPEATS)):
            said.append("\t".join(cell for cell in cells if cell))
            size += len(said[-1])
            if len(rows) < ROWS_SHOWN:
                rows.append(cells[:COLUMNS_SHOWN])
        if size > SHEET_LIMIT:
            break
    drawn = [line for shapes in table if markup.local(shapes) == "shapes" for line in lines(shapes)]
    return Part("\n".join([*said, *drawn]), shown(rows))


def _cells(row: etree._Element) -> Iterator[str]:
    for cell in row:
        if markup.local(cell) in {"table-cell", "covered-table-cell"}:
            text = " ".join(" ".join(lines(cell)).split()) or _attribute(cell, "value")
            repeats = _number(cell, "number-columns-repeated", 1)
            yield from [text] * min(repeats, COLUMNS_SHOWN if text else 100)


def _outermost(root: etree._Element, tag: str) -> Iterator[etree._Element]:
    """Elements of that name in the order of the file, not those within another of them."""
    for item in root:
        if markup.local(item) == tag:
            yield item
        elif markup.local(item) and markup.local(item) not in _SKIPPED:
            yield from _outermost(item, tag)


def _attribute(element: etree._Element, name: str) -> str:
    return next((str(value) for key, value in element.attrib.items() if key.rpartition("}")[2] == name), "")


def _number(element: etree._Element, name: str, default: int) -> int:
    value = _attribute(element, name)
    return int(value) if value.isdigit() and len(value) < 9 else default
