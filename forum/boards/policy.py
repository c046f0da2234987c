"""Who may do what on a board; every answer from the arguments alone."""

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement

from forum.boards.models import Board, Post, PostState, Starters, Topic
from forum.core.access import Viewer


def may_read(viewer: Viewer, board: Board) -> bool:
    return viewer.belongs_to(board.space_id)


def readable_by(viewer: Viewer) -> ColumnElement[bool]:
    """`may_read` as an SQL condition on `Board`; a test holds the two together."""
    return Board.space_id.in_(viewer.spaces)


def may_start_topic(viewer: Viewer, board: Board) -> bool:
    if board.archived_at is not None:
        return False
    if board.starters is Starters.STAFF:
        return viewer.is_staff_in(board.space_id)
    return viewer.may_write_in(board.space_id)


def startable_by(viewer: Viewer) -> ColumnElement[bool]:
    """`may_start_topic` as an SQL condition on `Board`; a test holds the two together."""
    writable = [space_id for space_id in viewer.spaces if viewer.may_write_in(space_id)]
    staffed = [space_id for space_id in viewer.spaces if viewer.is_staff_in(space_id)]
    return sa.and_(
        Board.archived_at.is_(None),
        sa.or_(
            sa.and_(Board.starters == Starters.MEMBERS, Board.space_id.in_(writable)),
            sa.and_(Board.starters == Starters.STAFF, Board.space_id.in_(staffed)),
        ),
    )


def may_moderate(viewer: Viewer, board: Board) -> bool:
    return viewer.moderates(board.space_id)


def may_manage_boards(viewer: Viewer, space_id: int) -> bool:
    return viewer.moderates(space_id)


def may_reply(viewer: Viewer, topic: Topic) -> bool:
    board = topic.board
    if board.archived_at is not None or not viewer.may_write_in(board.space_id):
        return False
    return not topic.is_closed or may_moderate(viewer, board)


def may_rename(viewer: Viewer, topic: Topic) -> bool:
    """Moderators at any time, the author while the topic is open."""
    is_author = viewer.is_signed_in and topic.author_id == viewer.member_id
    return may_moderate(viewer, topic.board) or (is_author and may_reply(viewer, topic))


def may_edit(viewer: Viewer, post: Post) -> bool:
    """Only the author changes words, and only while the post stands and the topic is open."""
    return _is_own(viewer, post) and post.state is PostState.VISIBLE and may_reply(viewer, post.topic)


def may_withdraw(viewer: Viewer, post: Post) -> bool:
    """Taking one's own words back is allowed at any time, also in a closed topic."""
    return _is_own(viewer, post) and post.state is PostState.VISIBLE and may_read(viewer, post.topic.board)


def may_hide(viewer: Viewer, post: Post) -> bool:
    return may_moderate(viewer, post.topic.board) and post.state is PostState.VISIBLE


def may_restore(viewer: Viewer, post: Post) -> bool:
    """A withdrawn post: its author or a moderator. A hidden one: moderators only."""
    if post.state is PostState.WITHDRAWN:
        return (_is_own(viewer, post) and may_read(viewer, post.topic.board)) or may_moderate(
            viewer, post.topic.board
        )
    return post.state is PostState.HIDDEN and may_moderate(viewer, post.topic.board)


def may_see_text(viewer: Viewer, post: Post) -> bool:
    """The words of a withdrawn or hidden post: its author, and the moderators who must decide on it."""
    if post.state is PostState.VISIBLE:
        return may_read(viewer, post.topic.board)
    return (_is_own(viewer, post) and may_read(viewer, post.topic.board)) or may_moderate(
        viewer, post.topic.board
    )


def may_see_history(viewer: Viewer, post: Post) -> bool:
    return may_see_text(viewer, post) and post.version > 0


def may_move(viewer: Viewer, topic: Topic, target: Board) -> bool:
    """Between boards that the viewer keeps in order; nobody carries a topic out of their reach."""
    return (
        may_moderate(viewer, topic.board)
        and may_moderate(viewer, target)
        and target.archived_at is None
        and target.id != topic.board_id
    )


def movable_to(viewer: Viewer) -> ColumnElement[bool]:
    """Boards that may receive a topic, as an SQL condition on `Board`."""
    return sa.and_(Board.space_id.in_(viewer.moderated_spaces), Board.archived_at.is_(None))


def _is_own(viewer: Viewer, post: Post) -> bool:
    return viewer.is_signed_in and post.author_id == viewer.member_id
