"""The words of PowerPoint slides with their speaker's notes; those of hidden slides too."""

from collections.abc import Iterator
from pathlib import Path

from lxml import etree

from forum.files.reader import markup
from forum.files.reader.archives import Archive
from forum.files.reader.packages import Package, relation_id
from forum.files.reader.texts.parts import Part
from forum.files.reader.texts.word import drawn, figures


def parts(path: Path) -> Iterator[Part]:
    """A part per slide."""
    package = Package(Archive(path))
    names = package.by_id(package.main)
    for item in package.root(package.main).iter():
        if markup.local(item) == "sldId" and (slide := names.get(relation_id(item))):
            yield Part("\n".join(_lines(package, slide)))


def _lines(package: Package, slide: str) -> Iterator[str]:
    yield from _shapes(package.root(slide))
    yield from figures(package, slide)
    for name in package.targets(slide, "notesSlide"):
        notes = [line for shape in _bodies(package.root(name)) for line in drawn(shape)]
        if notes:
            yield from ("", *notes)


def _shapes(holder: etree._Element) -> Iterator[str]:
    """Paragraphs in the order of the slide, tables row by row; what older programs see instead is left out."""
    for item in holder:
        tag = markup.local(item)
        if tag == "tr":
            yield "\t".join(" ".join(drawn(cell)) for cell in item if markup.local(cell) == "tc")
        elif tag == "txBody":
            yield from drawn(item)
        elif tag and tag != "Fallback":
            yield from _shapes(item)


def _bodies(notes: etree._Element) -> Iterator[etree._Element]:
    """The shapes of a page of notes that hold the notes, not the page's number, date or picture of the slide."""
    for shape in notes.iter():
        if markup.local(shape) == "sp" and any(
            markup.local(item) == "ph" and item.get("type") == "body" for item in shape.iter()
        ):
            yield shape
