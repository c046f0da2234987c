"""Asking the database what an SQL condition says of one row."""

import sqlite3
from datetime import date

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite


def holds(condition: sa.ColumnElement[bool], table: str, **row: int | str | date | None) -> bool:
    """Whether `condition` picks the row of `table`; no other table is there."""
    written = condition.compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True})
    marks = ", ".join("?" * len(row))
    statement = (
        f"WITH {table}({', '.join(row)}) AS (VALUES ({marks})) SELECT count(*) FROM {table} WHERE {written}"
    )
    values = [value.isoformat() if isinstance(value, date) else value for value in row.values()]
    with sqlite3.connect(":memory:") as connection:
        return bool(connection.execute(statement, values).fetchone()[0])
