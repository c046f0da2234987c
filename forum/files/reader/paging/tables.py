"""CSV as tables."""

import csv
from collections.abc import Iterator
from itertools import islice
from typing import Any

from forum.files.reader import wording
from forum.files.reader.paging.work import Work
from forum.files.reader.texts import plain
from forum.files.reader.texts.parts import CELL_SHOWN, COLUMNS_SHOWN

ROWS, PAGES = 500, 20
_READ = 16 << 20
_SAMPLE = 16_384
_DELIMITERS = ";,\t|"


def pages(work: Work) -> Iterator[dict[str, Any]]:
    """A page per 500 rows, 20 at most; raises `Unreadable` for bytes that are no text."""
    text = plain.read(work.source, _READ)
    size = work.source.stat().st_size
    rows = _rows(text)
    blocks = iter(lambda: list(islice(rows, ROWS)), [])
    held = list(islice(blocks, PAGES))
    work.budget.is_cut = size > _READ or next(rows, None) is not None
    yield {"pages": max(len(held), 1)}
    for number, block in enumerate(held or [[]], 1):
        if not work.budget.takes_page():
            return
        said = work.budget.text("\n".join("\t".join(row) for row in block))
        yield {
            "page": number,
            "text": said,
            "rows": [[_cell(cell) for cell in row[:COLUMNS_SHOWN]] for row in block],
        }


def delimiter_of(text: str) -> str:
    """What stands between cells: the sign that cuts the first rows into most columns, equally many in each."""
    rows = {
        sign: [len(row) for row in islice(csv.reader(text[:_SAMPLE].splitlines(), delimiter=sign), 20)]
        for sign in _DELIMITERS
    }

    def worth(sign: str) -> tuple[float, int]:
        widths = [width for width in rows[sign][:-1] or rows[sign] if width]
        if not widths or max(widths) < 2:
            return 0.0, 0
        usual = max(set(widths), key=widths.count)
        return (widths.count(usual) / len(widths) if usual > 1 else 0.0), usual

    return max(_DELIMITERS, key=worth)


def _rows(text: str) -> Iterator[list[str]]:
    csv.field_size_limit(_READ)
    reader = csv.reader(text.splitlines(keepends=True), delimiter=delimiter_of(text))
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error:
            continue
        if any(row):
            yield row


def _cell(text: str) -> str:
    return wording.tidy(text)[:CELL_SHOWN]
