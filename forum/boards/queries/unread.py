"""What is new to a member, as SQL.

A topic is new if something was written in it after the moment up to which its board counts as read (at first:
when the member joined the space), and its last post has a higher number than the member has seen.
"""

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased
from sqlalchemy.sql.elements import ColumnElement

from forum.boards.models import Board, BoardReading, Reading, Topic
from forum.core.access import Viewer
from forum.core.db import db
from forum.spaces.models import Membership, Space, SpaceKind
from forum.spaces.queries import SpaceLink

#: Beyond this many a badge says "99+" and nobody counts on.
COUNT_LIMIT = 100

#: The moment up to which everything on the topic's board counts as read.
BASELINE: ColumnElement[Any] = sa.func.coalesce(BoardReading.read_until, Membership.joined_at)
_IS_AFTER: ColumnElement[bool] = Topic.last_post_at > BASELINE
_IS_UNSEEN: ColumnElement[bool] = sa.or_(
    Reading.last_number.is_(None), Reading.last_number < Topic.last_number
)
IS_UNREAD: ColumnElement[bool] = sa.and_(_IS_AFTER, _IS_UNSEEN)
#: How many posts are new, where it is known: the topic was opened before, or began after the baseline.
UNREAD_POSTS: ColumnElement[Any] = sa.case(
    (sa.not_(IS_UNREAD), 0),
    (Reading.last_number.is_not(None), Topic.last_number - Reading.last_number),
    (Topic.created_at > BASELINE, Topic.last_number),
)


def with_readings(statement: sa.Select[*tuple[Any, ...]], member_id: Any) -> sa.Select[*tuple[Any, ...]]:
    """`statement` over `Topic`, joined with what the member has read of it; drops topics of foreign spaces."""
    return (
        statement.join(
            Membership, sa.and_(Membership.space_id == Topic.space_id, Membership.member_id == member_id)
        )
        .outerjoin(
            BoardReading,
            sa.and_(BoardReading.board_id == Topic.board_id, BoardReading.member_id == member_id),
        )
        .outerjoin(Reading, sa.and_(Reading.topic_id == Topic.id, Reading.member_id == member_id))
    )


def only_unread(*columns: Any, member_id: Any) -> sa.Select[*tuple[Any, ...]]:
    """`columns` of the member's unread topics, their boards and memberships.

    It goes from the boards to their topics: each board's moment is known before its topics are looked at, so an
    index finds what came after it, however large the archive is.
    """
    return (
        sa.select(*columns)
        .select_from(Membership)
        .join(Board, Board.space_id == Membership.space_id)
        .outerjoin(
            BoardReading, sa.and_(BoardReading.board_id == Board.id, BoardReading.member_id == member_id)
        )
        .join(Topic, sa.and_(Topic.board_id == Board.id, _IS_AFTER))
        .outerjoin(Reading, sa.and_(Reading.topic_id == Topic.id, Reading.member_id == member_id))
        .where(Membership.member_id == member_id, _IS_UNSEEN)
    )


def unread_topics(viewer: Viewer) -> sa.Select[*tuple[Any, ...]]:
    """The ids of the viewer's unread topics."""
    return only_unread(Topic.id, member_id=viewer.member_id)


def spaces_with_unread(viewer: Viewer) -> list[tuple[SpaceLink, int]]:
    """Every region and every space of the viewer, in the house's order, each with the number of unread topics.

    Names and signs are no secret within the network; the number is 0 where the viewer does not belong. It is
    counted up to `COUNT_LIMIT`. One statement: every page runs it.
    """
    rows = db.session.connection().execute(
        _SPACES, {"member_id": viewer.member_id, "space_ids": list(viewer.spaces)}
    )
    return [(SpaceLink(*row[:-1]), row[-1]) for row in rows]


def count_by_board(viewer: Viewer, board_ids: Collection[int]) -> dict[int, int]:
    """Unread topics per board, each counted up to `COUNT_LIMIT`; one statement."""
    values = {"member_id": viewer.member_id, "board_ids": list(board_ids)}
    return {row[0]: row[1] for row in db.session.connection().execute(_BOARDS, values)}


def _count_where(condition: ColumnElement[bool], owner: Any) -> sa.ScalarSelect[int]:
    found = only_unread(
        sa.literal_column("1").label("one"), member_id=sa.bindparam("member_id", type_=sa.Integer())
    )
    capped = found.where(condition).limit(COUNT_LIMIT).correlate(owner).subquery()
    return sa.select(sa.func.count()).select_from(capped).scalar_subquery()


_SPACES = (
    sa.select(
        Space.id,
        Space.kind,
        Space.name,
        Space.sign,
        Space.accent,
        _count_where(Board.space_id == Space.id, Space),
    )
    .where(
        sa.or_(
            Space.kind.in_([SpaceKind.NETWORK, SpaceKind.REGION]),
            Space.id.in_(sa.bindparam("space_ids", expanding=True)),
        )
    )
    .order_by(Space.position, Space.id)
)
_counted = aliased(Board)
_BOARDS = sa.select(_counted.id, _count_where(Board.id == _counted.id, _counted)).where(
    _counted.id.in_(sa.bindparam("board_ids", expanding=True))
)
