"""Boards by space, with counts and the newest topic."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from forum.boards import policy
from forum.boards.models import Board, Topic
from forum.boards.queries.unread import count_by_board
from forum.core.access import Viewer
from forum.core.db import db
from forum.core.persons import Person
from forum.members.models import Member
from forum.spaces.models import Space


@dataclass(frozen=True, slots=True)
class Newest:
    """The topic of a board that was written in last."""

    id: int
    title: str
    at: datetime
    by: Person


@dataclass(frozen=True, slots=True)
class BoardRow:
    """A board in an overview. `unread` is a number of topics, counted up to a limit."""

    id: int
    space_id: int
    name: str
    description: str
    is_archived: bool
    topic_count: int
    post_count: int
    unread: int
    newest: Newest | None


def list_boards(viewer: Viewer, space_id: int | None = None) -> list[BoardRow]:
    """The boards the viewer may read, in order of space and place; of one space if `space_id` is given."""
    newest = aliased(Topic)
    latest = (
        sa.select(newest.id)
        .where(newest.board_id == Board.id)
        .order_by(newest.last_post_at.desc(), newest.id.desc())
        .limit(1)
        .correlate(Board)
        .scalar_subquery()
    )
    statement = (
        sa.select(
            Board.id,
            Board.space_id,
            Board.name,
            Board.description,
            Board.archived_at,
            Board.topic_count,
            Board.post_count,
            Topic.id.label("topic_id"),
            Topic.title,
            Topic.last_post_at,
            Member.id.label("member_id"),
            Member.name.label("member_name"),
            Member.picture_version,
        )
        .join(Space, Space.id == Board.space_id)
        .outerjoin(Topic, Topic.id == latest)
        .outerjoin(Member, Member.id == Topic.last_author_id)
        .where(policy.readable_by(viewer))
        .order_by(Space.position, Space.id, Board.position, Board.id)
    )
    if space_id is not None:
        statement = statement.where(Board.space_id == space_id)
    rows = db.session.execute(statement).all()
    unread = count_by_board(viewer, [row.id for row in rows])
    return [
        BoardRow(
            row.id,
            row.space_id,
            row.name,
            row.description,
            row.archived_at is not None,
            row.topic_count,
            row.post_count,
            unread[row.id],
            _newest(row),
        )
        for row in rows
    ]


def list_targets(viewer: Viewer, besides: int) -> list[tuple[int, str, str]]:
    """Id, name and space name of each board that a topic of board `besides` may be moved to."""
    return _list_names(sa.and_(policy.movable_to(viewer), Board.id != besides))


def list_startable(viewer: Viewer, space_id: int | None = None) -> list[tuple[int, str, str]]:
    """Id, name and space name of each board, here or in one space, on which the viewer may start topics."""
    here = sa.true() if space_id is None else Board.space_id == space_id
    return _list_names(sa.and_(policy.startable_by(viewer), here))


def _list_names(condition: sa.ColumnElement[bool]) -> list[tuple[int, str, str]]:
    statement = (
        sa.select(Board.id, Board.name, Space.name)
        .join(Space, Space.id == Board.space_id)
        .where(condition)
        .order_by(Space.position, Space.id, Board.position, Board.id)
    )
    return [(board_id, name, space) for board_id, name, space in db.session.execute(statement)]


def _newest(row: sa.Row[*tuple[Any, ...]]) -> Newest | None:
    if row.topic_id is None:
        return None
    return Newest(
        row.topic_id, row.title, row.last_post_at, Person(row.member_id, row.member_name, row.picture_version)
    )
