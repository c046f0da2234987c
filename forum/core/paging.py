"""Keyset paging: a page begins after the last row of the one before, so depth costs nothing."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Generic, TypeVar

from forum.core.errors import NotFound

#: The highest number an id can have: columns are 32 bits wide.
HIGHEST_ID = 2**31 - 1

Row = TypeVar("Row")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Slice(Generic[Row]):
    """Rows of one page, and the cursor of the next one (None on the last)."""

    rows: list[Row]
    next: str | None


def write_cursor(*values: int | bool | datetime) -> str:
    """The sort key of a row as text for an address: `1.1764000000000000.77`."""
    return ".".join(str((v - _EPOCH) // _MICROSECOND if isinstance(v, datetime) else int(v)) for v in values)


def read_cursor(cursor: str, places: int) -> list[int]:
    """The numbers of a cursor; `NotFound` for one that nobody here wrote."""
    parts = cursor.split(".")
    if len(parts) != places or not all(
        part.isascii() and part.isdigit() and len(part) < 19 for part in parts
    ):
        raise NotFound
    return [int(part) for part in parts]


def moment_of(number: int) -> datetime:
    """The moment that `write_cursor` turned into `number`."""
    try:
        return _EPOCH + number * _MICROSECOND
    except OverflowError:
        raise NotFound from None
