"""Lists that administrators and keepers leaf through: newest first, and how much there is of each kind."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute

from forum.core.db import Model, db
from forum.core.paging import Slice, read_cursor, write_cursor

#: So many rows stand on a page.
PAGE = 50
Row = TypeVar("Row")
Kind = TypeVar("Kind")


def newest(
    query: sa.Select[*tuple[Any, ...]],
    row_id: InstrumentedAttribute[int],
    cursor: str,
    make: Callable[[Sequence[Any]], Row],
) -> Slice[Row]:
    """What `make` makes of the rows of `query`, by falling `row_id`, after `cursor`; `NotFound` for a wrong one."""
    if cursor:
        query = query.where(row_id < read_cursor(cursor, 1)[0])
    query = query.add_columns(row_id.label("place")).order_by(row_id.desc()).limit(PAGE + 1)
    found = db.session.execute(query).all()
    rows = [make(row[:-1]) for row in found[:PAGE]]
    return Slice(rows, write_cursor(found[PAGE - 1].place) if len(found) > PAGE else None)


def count_each(model: type[Model], conditions: Mapping[Kind, sa.ColumnElement[bool]]) -> dict[Kind, int]:
    """How many rows of `model` meet each condition, with one statement."""
    sums = [sa.func.coalesce(sa.func.sum(sa.case((one, 1), else_=0)), 0) for one in conditions.values()]
    counts = db.session.execute(sa.select(*sums).select_from(model)).one()
    return dict(zip(conditions, counts, strict=True))
