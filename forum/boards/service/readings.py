"""What a member has read: a number per topic, and per board a moment up to which all counts as read."""

from datetime import timedelta

import sqlalchemy as sa

from forum.boards import policy
from forum.boards.models import TOPIC, Board, BoardReading, Reading, Topic
from forum.boards.queries.posts import first_unread, open_topic
from forum.boards.queries.unread import unread_topics
from forum.boards.service import news
from forum.boards.service.boards import get_board
from forum.core.access import Viewer
from forum.core.clock import now
from forum.core.db import db, greatest, upsert
from forum.core.errors import NotFound
from forum.notifications.service import notices

#: A post being written right now may carry an earlier moment than one already seen.
_OVERLAP = timedelta(minutes=1)


def record_reading(viewer: Viewer, topic_id: int, number: int) -> None:
    """The viewer has seen the posts up to `number`; a lower number than before changes nothing."""
    opened = open_topic(viewer, topic_id)
    if opened is None or not policy.may_read(viewer, opened.topic.board) or viewer.member_id is None:
        raise NotFound
    topic = opened.topic
    # Who looks at the first page of a topic read long ago has not forgotten the rest of it.
    known = first_unread(opened) - 1 if opened.is_unread else topic.last_number
    note_reading(viewer.member_id, topic_id, min(max(number, known), topic.last_number))
    _advance(viewer, topic.board_id)
    notices.see(viewer, TOPIC, topic_id)
    news.tell_read(viewer)


def note_reading(member_id: int, topic_id: int, number: int) -> None:
    """Set the number, never backwards."""
    upsert(
        Reading,
        {"member_id": member_id, "topic_id": topic_id, "last_number": number},
        key=["member_id", "topic_id"],
        update={"last_number": greatest(Reading.last_number, number)},
    )


def mark_board_read(viewer: Viewer, board_id: int) -> Board:
    """Everything on the board counts as read."""
    board = get_board(viewer, board_id)
    _mark_read(viewer, [board_id])
    return board


def mark_all_read(viewer: Viewer) -> None:
    """Everything on every board the viewer may read counts as read."""
    _mark_read(viewer, list(db.session.scalars(sa.select(Board.id).where(policy.readable_by(viewer)))))


def _mark_read(viewer: Viewer, board_ids: list[int]) -> None:
    """All on the boards is read; topics left half-way are read to their end, or the next jump would lead back."""
    mine = sa.and_(Reading.member_id == viewer.member_id, Topic.board_id.in_(board_ids))
    ends = sa.select(Topic.last_number).where(Topic.id == Reading.topic_id).scalar_subquery()
    half_way = sa.select(Reading.topic_id).join(Topic, Topic.id == Reading.topic_id).where(mine)
    db.session.execute(
        sa.update(Reading)
        .where(Reading.member_id == viewer.member_id, Reading.topic_id.in_(half_way))
        .values(last_number=ends)
        .execution_options(synchronize_session=False)
    )
    _read_until(viewer, board_ids)
    notices.see_those(viewer, TOPIC, sa.select(Topic.id).where(Topic.board_id.in_(board_ids)))
    news.tell_read(viewer)


def _advance(viewer: Viewer, board_id: int) -> None:
    """Move the board's moment forward when nothing unread is left.

    Every page counts unread topics after that moment, so the count stays as cheap as the board is calm.
    """
    if db.session.scalar(unread_topics(viewer).where(Topic.board_id == board_id).limit(1)) is None:
        _read_until(viewer, [board_id], _OVERLAP)


def _read_until(viewer: Viewer, board_ids: list[int], margin: timedelta = timedelta()) -> None:
    moment = now() - margin
    for board_id in board_ids:
        upsert(
            BoardReading,
            {"member_id": viewer.member_id, "board_id": board_id, "read_until": moment},
            key=["member_id", "board_id"],
            update={
                "read_until": greatest(
                    BoardReading.read_until, sa.literal(moment, BoardReading.read_until.type)
                )
            },
        )
