"""A sheet, a slide, or a whole text."""

from dataclasses import dataclass

#: How much of a table is shown; its text goes on.
ROWS_SHOWN, COLUMNS_SHOWN = 200, 40
CELL_SHOWN = 300


@dataclass(frozen=True, slots=True)
class Part:
    """What a part says; `rows` where it is a table."""

    text: str
    rows: list[list[str]] | None = None


def shown(rows: list[list[str]]) -> list[list[str]]:
    """The rows as they are shown: all equally wide, without empty columns at the end, cut to what is shown."""
    cut = [row[:COLUMNS_SHOWN] for row in rows[:ROWS_SHOWN]]
    width = max((index + 1 for row in cut for index, cell in enumerate(row) if cell), default=0)
    return [[cell[:CELL_SHOWN] for cell in row[:width]] + [""] * (width - len(row)) for row in cut]
