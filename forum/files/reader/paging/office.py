"""The pages of office files: pictures from LibreOffice where it is there, words from our own reading in any case."""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from forum.files.kinds import FileKind
from forum.files.reader import libreoffice
from forum.files.reader.codes import Unreadable
from forum.files.reader.paging import plain
from forum.files.reader.paging.budget import Budget
from forum.files.reader.paging.work import Work
from forum.files.reader.texts.parts import Part

_SHEETS = frozenset({FileKind.XLSX, FileKind.ODS})
_SLIDES = frozenset({FileKind.PPTX, FileKind.ODP})
_OPEN = frozenset({FileKind.ODT, FileKind.ODS, FileKind.ODP})
_TEXTS = {FileKind.DOCX: "word", FileKind.XLSX: "sheets", FileKind.PPTX: "slides", FileKind.RTF: "rich"}
_SETTLED = {FileKind.DOCX: "ooxml", FileKind.ODT: "odf"}
#: Words of a paragraph that are looked for together, and which part of them must be found for it to count as shown.
_WORDS_TOGETHER, _ENOUGH = 4, 0.7
_GAP = re.compile(r"[\s\u00ad-]+")


def pages(work: Work) -> Iterator[dict[str, Any]]:
    """The lines of `paging.task` for an office file; raises `Unreadable`.

    Sheets are tables, with or without LibreOffice. Where LibreOffice is absent, or fails, Word files are HTML and the
    others text.
    """
    kind = work.kind
    if kind in _SHEETS:
        yield from _tables(parts(work.source, kind), work.budget)
        if work.office:
            yield from _tile_only(work)
        return
    if work.office:
        with _workplace(work.target) as workplace:
            try:
                made = libreoffice.to_pdf(_settled(work, workplace), kind, workplace, work.office)
            except Unreadable:
                pass
            else:
                yield from _pictured(made, work)
                return
    if kind is FileKind.DOCX:
        yield from _web(work.source, work.budget)
    elif kind in _SLIDES:
        yield from _words(parts(work.source, kind), work.budget)
    else:
        yield from plain.lines("\n".join(part.text for part in parts(work.source, kind)), work.budget)


def parts(source: Path, kind: FileKind) -> Iterator[Part]:
    """What the file says, by our own reading."""
    if kind in _OPEN:
        yield from import_module("forum.files.reader.texts.opendocument").parts(source, kind)
    else:
        yield from import_module(f"forum.files.reader.texts.{_TEXTS[kind]}").parts(source)


def _tables(sheets: Iterator[Part], budget: Budget) -> Iterator[dict[str, Any]]:
    held = list(sheets)
    yield {"pages": len(held)}
    for number, sheet in enumerate(held, 1):
        if not budget.takes_page():
            return
        yield {"page": number, "text": budget.text(sheet.text), "rows": sheet.rows or []}


def _words(slides: Iterator[Part], budget: Budget) -> Iterator[dict[str, Any]]:
    held = list(slides)
    yield {"pages": len(held)}
    for number, slide in enumerate(held, 1):
        if not budget.takes_page():
            return
        yield {"page": number, "text": budget.text(slide.text)}


def _web(source: Path, budget: Budget) -> Iterator[dict[str, Any]]:
    """A Word file as HTML, without its pictures."""
    text = next(part.text for part in parts(source, FileKind.DOCX))
    line: dict[str, Any] = {"page": 1, "text": budget.text(text)}
    html = import_module("forum.files.reader.texts.web").html(source)
    yield {"pages": 1}
    yield line | ({"html": html} if 0 < len(html) <= 2_000_000 else {})


def _pictured(made: Path, work: Work) -> Iterator[dict[str, Any]]:
    pdf = import_module("forum.files.reader.paging.pdf")
    file = pdf.opened(made)
    total = len(file)
    yield {"pages": total}
    held = [part.text for part in parts(work.source, work.kind)]
    if work.kind in _SLIDES and len(held) == total:
        for line in pdf.shown(file, work.target, work.budget):
            line.pop("scan", None)
            yield line | {"text": work.budget.text(held[line["page"] - 1])}
        return
    shown: list[str] = []
    for line in pdf.shown(file, work.target, work.budget):
        line.pop("scan", None)
        shown.append(line["text"])
        if line["page"] == total:
            line["text"] = work.budget.text("\n\n".join([line["text"], *_not_among(held, shown)]))
        yield line


def _not_among(texts: list[str], shown: list[str]) -> list[str]:
    """Paragraphs that no page shows: speaker's notes, folded and invisible text, what lies outside of pages."""
    seen = _joined("".join(shown))
    return [line for text in texts for line in text.split("\n") if line.strip() and not _is_in(line, seen)]


def _is_in(line: str, seen: str) -> bool:
    """Whether a paragraph is shown; it may be broken by the end of a page, and set in columns."""
    if _joined(line) in seen:
        return True
    words = line.split()
    groups = [words[start : start + _WORDS_TOGETHER] for start in range(0, len(words), _WORDS_TOGETHER)]
    found = sum(_joined("".join(group)) in seen for group in groups)
    return found >= _ENOUGH * len(groups)


def _joined(text: str) -> str:
    return _GAP.sub("", text).casefold()


def _settled(work: Work, workplace: Path) -> Path:
    """The file with its tracked changes accepted, so that pages neither show nor say what was deleted."""
    result = workplace / "settled"
    if work.kind not in _SETTLED:
        return work.source
    try:
        import_module(f"forum.files.reader.stripping.{_SETTLED[work.kind]}").strip(work.source, result)
    except Unreadable:
        return work.source
    return result


def _tile_only(work: Work) -> Iterator[dict[str, Any]]:
    """A small picture of a spreadsheet's first page; without it the file is shown by its kind."""
    pdf = import_module("forum.files.reader.paging.pdf")
    images = import_module("forum.files.reader.paging.images")
    with _workplace(work.target) as workplace:
        try:
            file = pdf.opened(
                libreoffice.to_pdf(work.source, work.kind, workplace, work.office, only_first=True)
            )
            yield {"tile": images.save_tile(pdf.drawn(file[0], images.WIDTH), work.target)}
        except Unreadable:
            return


@contextmanager
def _workplace(target: Path) -> Iterator[Path]:
    folder = target / "office"
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
