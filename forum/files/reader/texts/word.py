"""The words of Word documents: body, tables, text boxes, headers, footers, foot- and endnotes; nothing deleted."""

from collections.abc import Iterator
from pathlib import Path

from lxml import etree

from forum.files.reader import markup
from forum.files.reader.archives import Archive
from forum.files.reader.packages import Package
from forum.files.reader.texts.parts import Part

#: What holds paragraphs and tables besides the body.
_STORIES = ("header", "footer", "footnotes", "endnotes")
#: Tracked deletions, what older programs see instead, and what is no text.
_SKIPPED = frozenset(
    {"del", "moveFrom", "Fallback", "rPr", "pPr", "sectPr", "tblPr", "tcPr", "trPr", "instrText"}
)
_SIGNS = {"tab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-", "ptab": "\t"}


def parts(path: Path) -> Iterator[Part]:
    """One part: Word knows no pages."""
    package = Package(Archive(path))
    lines = list(_lines(package.root(package.main)))
    seen = set()
    for name in package.targets(package.main, *_STORIES):
        story = list(_lines(package.root(name)))
        # First pages, left and right pages often have the same header.
        if story and tuple(story) not in seen:
            seen.add(tuple(story))
            lines += ["", *story]
    lines += figures(package, package.main)
    yield Part("\n".join(lines))


def drawn(root: etree._Element) -> list[str]:
    """The paragraphs of a drawing: diagrams, shapes in spreadsheets, slides without tables."""
    return [line for item in root.iter() if markup.local(item) == "p" and (line := _drawn_line(item)).strip()]


def figures(package: Package, part: str) -> Iterator[str]:
    """The words of diagrams and charts on a part: titles, and what their columns and rows are called."""
    for name in package.targets(part, "diagramData"):
        yield from drawn(package.root(name))
    for name in package.targets(part, "chart"):
        chart = package.root(name)
        called = (
            (item.text or "").strip()
            for names in chart.iter()
            if markup.local(names) == "strCache"
            for item in names.iter()
            if markup.local(item) == "v"
        )
        yield from filter(None, dict.fromkeys([*drawn(chart), *called]))


def _drawn_line(paragraph: etree._Element) -> str:
    return "".join(
        item.text or "" if markup.local(item) == "t" else "\n"
        for item in paragraph.iter()
        if markup.local(item) in {"t", "br"}
    )


def _lines(holder: etree._Element) -> Iterator[str]:
    for item in holder:
        tag = markup.local(item)
        if tag in _SKIPPED or not tag:
            continue
        if tag == "p":
            yield from _paragraph(item)
        elif tag == "tbl":
            for row in _rows(item):
                yield "\t".join(" ".join(line for line in _lines(cell) if line) for cell in row)
        else:
            yield from _lines(item)


def _rows(table: etree._Element) -> Iterator[list[etree._Element]]:
    for row in table.iter():
        if markup.local(row) == "tr" and _table_of(row) is table:
            yield [cell for cell in row.iter() if markup.local(cell) == "tc" and _table_of(cell) is table]


def _table_of(item: etree._Element) -> etree._Element | None:
    return next((outer for outer in item.iterancestors() if markup.local(outer) == "tbl"), None)


def _paragraph(paragraph: etree._Element) -> Iterator[str]:
    boxes: list[etree._Element] = []
    yield "".join(_letters(paragraph, boxes))
    for box in boxes:
        yield from _lines(box)


def _letters(holder: etree._Element, boxes: list[etree._Element]) -> Iterator[str]:
    for item in holder:
        tag = markup.local(item)
        if tag == "t":
            yield item.text or ""
        elif tag in _SIGNS:
            yield _SIGNS[tag]
        elif tag == "txbxContent":
            boxes.append(item)
        elif tag and tag not in _SKIPPED:
            yield from _letters(item, boxes)
