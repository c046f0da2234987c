"""Lists of topics: of a board, and of what is new in all boards."""

import enum
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased
from sqlalchemy.sql.elements import ColumnElement

from forum.boards.models import PAGE_SIZE, Board, Topic
from forum.boards.queries.unread import IS_UNREAD, UNREAD_POSTS, only_unread, with_readings
from forum.core.access import Viewer
from forum.core.db import db
from forum.core.paging import Slice, moment_of, read_cursor, write_cursor
from forum.core.persons import Person
from forum.members.models import Member


class Filter(enum.StrEnum):
    """Which topics of a board to list."""

    ALL = "all"
    UNREAD = "unread"
    MINE = "mine"
    UNANSWERED = "unanswered"


@dataclass(frozen=True, slots=True)
class TopicRow:
    """A topic in a list. `unread_posts` is None where it is new but was never counted."""

    id: int
    board_id: int
    space_id: int
    board_name: str
    title: str
    is_pinned: bool
    is_closed: bool
    replies: int
    author: Person
    last_author: Person
    last_post_at: datetime
    is_unread: bool
    unread_posts: int | None


_last_author = aliased(Member)
_viewer_id = sa.bindparam("viewer_id", type_=sa.Integer())
_COLUMNS = (
    Topic.id,
    Topic.board_id,
    Topic.space_id,
    Board.name.label("board_name"),
    Topic.title,
    Topic.is_pinned,
    Topic.closed_at,
    Topic.last_number,
    Topic.last_post_at,
    Topic.author_id,
    Member.name,
    Member.picture_version,
    Topic.last_author_id,
    _last_author.name.label("last_name"),
    _last_author.picture_version.label("last_picture"),
    IS_UNREAD.label("is_unread"),
    UNREAD_POSTS.label("unread_posts"),
)


def _with_people(statement: sa.Select[*tuple[Any, ...]]) -> sa.Select[*tuple[Any, ...]]:
    """Join who began the topic and who wrote last; as many rows as asked for."""
    return (
        statement.join(Member, Member.id == Topic.author_id)
        .join(_last_author, _last_author.id == Topic.last_author_id)
        .limit(sa.bindparam("limit", type_=sa.Integer()))
    )


_ROWS = _with_people(
    with_readings(sa.select(*_COLUMNS).select_from(Topic), _viewer_id).join(Board, Board.id == Topic.board_id)
)
_OF_BOARD = _ROWS.where(Topic.board_id == sa.bindparam("board_id", type_=sa.Integer())).order_by(
    Topic.is_pinned.desc(), Topic.last_post_at.desc(), Topic.id.desc()
)
_LATEST_FIRST = (Topic.last_post_at.desc(), Topic.id.desc())
_FILTERED = {
    Filter.ALL: _OF_BOARD,
    Filter.UNREAD: _OF_BOARD.where(IS_UNREAD),
    Filter.MINE: _OF_BOARD.where(Topic.author_id == _viewer_id),
    Filter.UNANSWERED: _OF_BOARD.where(Topic.last_number == 1),
}


def list_topics(viewer: Viewer, board: Board, chosen: Filter, cursor: str | None = None) -> Slice[TopicRow]:
    """One page of a board's topics: pinned first, then by last activity. `board` must be readable."""
    statement = _FILTERED[chosen]
    if cursor:
        pinned, activity, topic_id = read_cursor(cursor, 3)
        statement = statement.where(
            _comes_after(
                (Topic.is_pinned, bool(pinned)),
                (Topic.last_post_at, moment_of(activity)),
                (Topic.id, topic_id),
            )
        )
    rows = (
        db.session.connection()
        .execute(statement, {"viewer_id": viewer.member_id, "board_id": board.id, "limit": PAGE_SIZE + 1})
        .all()
    )
    shown = rows[:PAGE_SIZE]
    more = (
        write_cursor(shown[-1].is_pinned, shown[-1].last_post_at, shown[-1].id)
        if len(rows) > PAGE_SIZE
        else None
    )
    return Slice([_row(row) for row in shown], more)


_NEW = _with_people(only_unread(*_COLUMNS, member_id=_viewer_id)).order_by(*_LATEST_FIRST)
_RECENT = _ROWS.order_by(*_LATEST_FIRST)
_RECENT_IN_SPACE = _RECENT.where(Topic.space_id == sa.bindparam("space_id", type_=sa.Integer()))
_UNANSWERED = _RECENT.where(
    Topic.last_number == sa.literal_column("1"),  # as the index has it
    Topic.closed_at.is_(None),
    Topic.author_id != _viewer_id,
    sa.not_(IS_UNREAD),
)


def list_new(viewer: Viewer, limit: int = PAGE_SIZE) -> list[TopicRow]:
    """Unread topics of all the viewer's spaces, newest activity first."""
    return _listed(_NEW, viewer, limit=limit)


def list_unanswered(viewer: Viewer, limit: int = 5) -> list[TopicRow]:
    """Open topics of others that the viewer has read and nobody has answered yet, newest first."""
    return _listed(_UNANSWERED, viewer, limit=limit)


def list_recent(viewer: Viewer, space_id: int | None = None, limit: int = 8) -> list[TopicRow]:
    """The topics of one space of the viewer, or of all, newest activity first."""
    if space_id is None:
        return _listed(_RECENT, viewer, limit=limit)
    return _listed(_RECENT_IN_SPACE, viewer, limit=limit, space_id=space_id)


def _listed(statement: sa.Select[*tuple[Any, ...]], viewer: Viewer, **values: int) -> list[TopicRow]:
    return [
        _row(row)
        for row in db.session.connection().execute(statement, {"viewer_id": viewer.member_id, **values})
    ]


def _comes_after(*keys: tuple[Any, Any]) -> ColumnElement[bool]:
    """Rows behind the given one when all keys sort descending."""
    columns, values = zip(*keys, strict=True)
    return sa.tuple_(*columns) < sa.tuple_(
        *(sa.literal(value, column.type) for column, value in zip(columns, values, strict=True))
    )


def _row(row: sa.Row[*tuple[Any, ...]]) -> TopicRow:
    return TopicRow(
        row.id,
        row.board_id,
        row.space_id,
        row.board_name,
        row.title,
        row.is_pinned,
        row.closed_at is not None,
        row.last_number - 1,
        Person(row.author_id, row.name, row.picture_version),
        Person(row.last_author_id, row.last_name, row.last_picture),
        row.last_post_at,
        bool(row.is_unread),
        row.unread_posts,
    )
