"""What is new to a member, as SQL.

A topic is new if something was written in it after the moment up to which its board counts as read (at first:
when the member joined the space), and its last post has a higher number than the member has seen.
"""

from collections.abc import Collection
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql.elements import ColumnElement

from forum.boards.models import BoardReading, Reading, Topic
from forum.core.access import Viewer
from forum.core.db import db
from forum.spaces.models import Membership

#: Beyond this many a badge says "99+" and nobody counts on.
COUNT_LIMIT = 100

#: The moment up to which everything on the topic's board counts as read.
BASELINE: ColumnElement[Any] = sa.func.coalesce(BoardReading.read_until, Membership.joined_at)
IS_UNREAD: ColumnElement[bool] = sa.and_(
    Topic.last_post_at > BASELINE,
    sa.or_(Reading.last_number.is_(None), Reading.last_number < Topic.last_number),
)
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


def unread_topics(viewer: Viewer) -> sa.Select[*tuple[Any, ...]]:
    """The ids of the viewer's unread topics."""
    return with_readings(sa.select(Topic.id), viewer.member_id).where(IS_UNREAD)


def count_by_space(viewer: Viewer) -> dict[int, int]:
    """Unread topics per space of the viewer, each counted up to `COUNT_LIMIT`; one statement."""
    return _counts(viewer, Topic.space_id, viewer.spaces)


def count_by_board(viewer: Viewer, board_ids: Collection[int]) -> dict[int, int]:
    """Unread topics per board, each counted up to `COUNT_LIMIT`; one statement."""
    return _counts(viewer, Topic.board_id, board_ids)


def _counts(viewer: Viewer, column: InstrumentedAttribute[int], ids: Collection[int]) -> dict[int, int]:
    if not ids:
        return {}
    values = {f"id_{place}": key for place, key in enumerate(ids)}
    rows = db.session.execute(_count_statement(column, len(ids)), {"member_id": viewer.member_id, **values})
    return {row[0]: row[1] for row in rows}


@lru_cache(maxsize=256)
def _count_statement(column: InstrumentedAttribute[int], places: int) -> sa.CompoundSelect[*tuple[Any, ...]]:
    """Built once per number of places: every page runs it, and building costs more than running."""
    return sa.union_all(*(_capped_count(column, f"id_{place}") for place in range(places)))


def _capped_count(column: InstrumentedAttribute[int], name: str) -> sa.Select[*tuple[Any, ...]]:
    key = sa.bindparam(name, type_=sa.Integer())
    found = with_readings(
        sa.select(sa.literal_column("1").label("one")).select_from(Topic),
        sa.bindparam("member_id", type_=sa.Integer()),
    )
    capped = found.where(IS_UNREAD, column == key).limit(COUNT_LIMIT).subquery()
    return sa.select(key, sa.select(sa.func.count()).select_from(capped).scalar_subquery())
