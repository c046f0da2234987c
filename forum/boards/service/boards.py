"""Boards: found, and kept in order by the moderators of their space."""

import sqlalchemy as sa
from flask_babel import gettext as _

from forum.audit import service as audit
from forum.boards import policy
from forum.boards.models import Board, Starters
from forum.boards.service import news
from forum.core.access import Viewer
from forum.core.clock import now
from forum.core.db import db
from forum.core.errors import Invalid, NotFound
from forum.core.text import clean_line

NAME_LIMIT = 120
DESCRIPTION_LIMIT = 300


def get_board(viewer: Viewer, board_id: int) -> Board:
    """The board, or `NotFound`: the same answer for "no such board" and "not for you"."""
    board = db.session.get(Board, board_id)
    if board is None or not policy.may_read(viewer, board):
        raise NotFound
    return board


def get_managed_board(viewer: Viewer, board_id: int) -> Board:
    """The board, if the viewer keeps it in order; else `NotFound`."""
    board = get_board(viewer, board_id)
    if not policy.may_moderate(viewer, board):
        raise NotFound
    return board


def require_managing(viewer: Viewer, space_id: int) -> None:
    """`NotFound` unless the viewer may create, order and archive boards of the space."""
    if not policy.may_manage_boards(viewer, space_id):
        raise NotFound


def create_board(viewer: Viewer, space_id: int, name: str, description: str, starters: Starters) -> Board:
    """A new board at the end of the space's boards; `Invalid` if the name is taken there."""
    require_managing(viewer, space_id)
    board = add_board(space_id, _free_name(space_id, name), _description(description), starters)
    audit.record(viewer, "board.created", board.id, space_id=space_id, note=board.name)
    news.tell_moved(viewer, board)
    return board


def add_board(
    space_id: int, name: str, description: str = "", starters: Starters = Starters.MEMBERS
) -> Board:
    """Add the row, last in order; for seeds and `create_board`."""
    last = db.session.scalar(sa.select(sa.func.max(Board.position)).where(Board.space_id == space_id))
    board = Board(
        space_id=space_id, name=name, description=description, starters=starters, position=(last or 0) + 1
    )
    db.session.add(board)
    db.session.flush()
    return board


def update_board(viewer: Viewer, board_id: int, name: str, description: str, starters: Starters) -> Board:
    """Rename, describe, and say who may start topics."""
    board = get_managed_board(viewer, board_id)
    board.name = _free_name(board.space_id, name, besides=board.id)
    board.description = _description(description)
    board.starters = starters
    audit.record(viewer, "board.changed", board.id, space_id=board.space_id, note=board.name)
    news.tell_moved(viewer, board)
    return board


def move_board(viewer: Viewer, board_id: int, step: int) -> Board:
    """One place up (`step` -1) or down (+1) among the boards of the space; at the end nothing happens."""
    board = get_managed_board(viewer, board_id)
    siblings = list(
        db.session.scalars(
            sa.select(Board).where(Board.space_id == board.space_id).order_by(Board.position, Board.id)
        )
    )
    here = siblings.index(board)
    there = min(max(here + step, 0), len(siblings) - 1)
    siblings.insert(there, siblings.pop(here))
    for position, sibling in enumerate(siblings, start=1):
        sibling.position = position
    news.tell_moved(viewer, board)
    return board


def archive_board(viewer: Viewer, board_id: int) -> Board:
    """From now on the board is only read."""
    board = get_managed_board(viewer, board_id)
    if board.archived_at is None:
        board.archived_at = now()
        audit.record(viewer, "board.archived", board.id, space_id=board.space_id, note=board.name)
        news.tell_moved(viewer, board)
    return board


def revive_board(viewer: Viewer, board_id: int) -> Board:
    """Take an archived board into use again."""
    board = get_managed_board(viewer, board_id)
    if board.archived_at is not None:
        board.archived_at = None
        audit.record(viewer, "board.revived", board.id, space_id=board.space_id, note=board.name)
        news.tell_moved(viewer, board)
    return board


def _free_name(space_id: int, name: str, besides: int | None = None) -> str:
    name = clean_line(name, limit=NAME_LIMIT, field="name")
    taken = sa.select(Board.id).where(
        Board.space_id == space_id, Board.name == name, Board.id != (besides or 0)
    )
    if db.session.scalar(taken) is not None:
        raise Invalid(_("So heißt hier schon ein Forum. Wähle einen anderen Namen."), "name")
    return name


def _description(text: str) -> str:
    return clean_line(text, limit=DESCRIPTION_LIMIT, field="description") if text.strip() else ""
