"""Plain texts and Markdown, cut into pages where a paragraph ends."""

from collections.abc import Iterator
from typing import Any

from forum.files.reader.paging.budget import Budget
from forum.files.reader.paging.work import Work
from forum.files.reader.texts import plain

#: Letters of a page, about; bytes that are read.
PAGE = 20_000
_READ = 16 << 20


def pages(work: Work) -> Iterator[dict[str, Any]]:
    """Pages of text alone; raises `Unreadable` for bytes that are no text."""
    yield from lines(plain.read(work.source, _READ), work.budget)
    work.budget.is_cut |= work.source.stat().st_size > _READ


def lines(text: str, budget: Budget) -> Iterator[dict[str, Any]]:
    """The lines of `paging.task` for a long text."""
    pieces = list(_cut(text))
    yield {"pages": len(pieces)}
    for number, piece in enumerate(pieces, 1):
        if not budget.takes_page():
            return
        yield {"page": number, "text": budget.text(piece)}


def _cut(text: str) -> Iterator[str]:
    start = 0
    while len(text) - start > PAGE * 3 // 2:
        end = max(text.rfind("\n\n", start, start + PAGE), text.rfind("\n", start + PAGE // 2, start + PAGE))
        if end <= start:
            end = text.rfind(" ", start + PAGE // 2, start + PAGE)
        if end <= start:
            end = start + PAGE
        yield text[start:end]
        start = end
    yield text[start:]
