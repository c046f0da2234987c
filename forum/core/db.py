"""The database: one session per request, one place that commits, effects only afterwards."""

import enum
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime
from typing import Annotated, Any, cast

import sqlalchemy as sa
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, Dialect, Engine
from sqlalchemy.orm import DeclarativeBase, mapped_column

NAMING = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class UtcDateTime(sa.types.TypeDecorator[datetime]):
    """An aware moment; SQLite, which knows no zones, keeps it as UTC."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without a zone cannot be stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value if value is None or value.tzinfo else value.replace(tzinfo=UTC)


class Model(DeclarativeBase):
    """Base of all tables."""

    metadata = sa.MetaData(naming_convention=NAMING)
    type_annotation_map = {
        datetime: UtcDateTime(),
        str: sa.Text(),
        # Enumerations are stored by value, with a check in the database.
        enum.Enum: sa.Enum(
            enum.Enum,
            native_enum=False,
            create_constraint=True,
            length=40,
            values_callable=lambda kind: [member.value for member in kind],
        ),
    }


#: Column shapes that every content table shares. The tables are named, not imported: lower tiers own them.
Key = Annotated[int, mapped_column(primary_key=True)]
MemberId = Annotated[int, mapped_column(sa.ForeignKey("member.id"), index=True)]
SpaceId = Annotated[int, mapped_column(sa.ForeignKey("space.id"), index=True)]


db = SQLAlchemy(metadata=Model.metadata, session_options={"expire_on_commit": False})

_EFFECTS = "effects"
_WRITES = {"writes": True}
#: SQLite has one writer at a time and lets the others sleep and try again; threads of one process need not.
_writing = threading.Lock()


@contextmanager
def unit_of_work() -> Iterator[None]:
    """Do everything inside or nothing; the only place that commits.

    What was registered with `after_commit` runs once the rows are safe. On SQLite the transaction takes the
    write lock at its start (`BEGIN IMMEDIATE`): a reader that turns writer could only fail.
    """
    session = db.session
    session.rollback()  # ends the reading transaction that loading the viewer began
    session.info.pop(_EFFECTS, None)
    with _one_writer(session.get_bind().dialect):
        session.connection(execution_options=_WRITES)
        try:
            yield
            session.commit()
        except BaseException:
            session.rollback()
            session.info.pop(_EFFECTS, None)
            raise
    for effect in session.info.pop(_EFFECTS, ()):
        effect()


def after_commit(effect: Callable[[], None]) -> None:
    """Have `effect` run after, and only if, the unit of work commits."""
    db.session.info.setdefault(_EFFECTS, []).append(effect)


def upsert(model: type[Model], values: dict[str, Any], key: list[str], update: dict[str, Any]) -> None:
    """Insert one row, or on a clash of `key` set `update` instead: one statement, on both databases.

    The values of `update` are literals or SQL expressions over the columns of the row that is there.
    """
    insert = insert_into(model).values(**values)
    db.session.execute(insert.on_conflict_do_update(index_elements=key, set_=update))


def insert_into(model: type[Model]) -> sqlite.Insert | postgresql.Insert:
    """An insertion that can say what happens on a clash, on the database that is there."""
    return postgresql.insert(model) if _on_postgresql() else sqlite.insert(model)


def changed_rows(statement: sa.Insert | sa.Update | sa.Delete) -> int:
    """Carry `statement` out and say how many rows it wrote, changed or deleted.

    Of two who try the same at once the second gets 0, if the statement asks for what the first one changed.
    """
    counted = statement.execution_options(preserve_rowcount=True)  # insertions count nothing unless told to
    result = cast("sa.CursorResult[Any]", db.session.execute(counted))  # changing rows gives no other kind
    return result.rowcount


def greatest(*values: Any) -> sa.ColumnElement[Any]:
    """The largest of the values: SQLite says `max(a, b)`, PostgreSQL `greatest(a, b)`."""
    larger = sa.func.greatest if _on_postgresql() else sa.func.max
    return larger(*values)


def _one_writer(dialect: Dialect) -> AbstractContextManager[Any]:
    return _writing if dialect.name == "sqlite" else nullcontext()


def _on_postgresql() -> bool:
    return bool(db.session.connection().dialect.name == "postgresql")


@sa.event.listens_for(Engine, "connect")
def _prepare_sqlite(connection: Any, _record: Any) -> None:
    if isinstance(connection, sqlite3.Connection):
        connection.isolation_level = None  # we say BEGIN ourselves, see below
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "busy_timeout=10000",
            "cache_size=-4000",
            "temp_store=MEMORY",
            "secure_delete=ON",  # what is deleted is overwritten, not only forgotten
        ):
            connection.execute(f"PRAGMA {pragma}")


@sa.event.listens_for(Engine, "begin")
def _begin_sqlite(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        immediate = connection.get_execution_options().get("writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")
