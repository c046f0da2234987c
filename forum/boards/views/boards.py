"""Boards: overview, list of topics, upkeep by moderators."""

from flask import g, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from forum.boards import policy, queries, service
from forum.boards.forms import BoardForm, StepForm
from forum.boards.models import BOARD, Board, Starters
from forum.boards.queries.topics import Filter
from forum.boards.views.blueprint import bp
from forum.core.db import unit_of_work
from forum.core.errors import NotFound
from forum.notifications.forms import LevelForm, level_name, said_of
from forum.notifications.models import SPACE, Level
from forum.notifications.queries.choices import levels_of
from forum.spaces import queries as spaces
from forum.web.access import members_only
from forum.web.answers import go_to, offer_undo


@bp.get("/boards")
@members_only
def list_boards() -> ResponseReturnValue:
    return render_template(
        "boards/list_boards.html",
        spaces=spaces.spaces_of(g.viewer),
        boards=queries.boards.list_boards(g.viewer),
    )


@bp.get("/boards/<int:board_id>")
@members_only
def show_board(board_id: int) -> ResponseReturnValue:
    board = service.boards.get_board(g.viewer, board_id)
    chosen = _filter(request.args.get("filter"))
    topics = queries.topics.list_topics(g.viewer, board, chosen, request.args.get("after"))
    levels = levels_of(g.viewer, [(BOARD, board_id), (SPACE, board.space_id)])
    return render_template(
        "boards/show_board.html",
        board=board,
        space=board.space,
        topics=topics,
        chosen=chosen,
        policy=policy,
        is_first_page="after" not in request.args,
        level=levels.get((BOARD, board_id)),
        is_muted_above=levels.get((SPACE, board.space_id)) is Level.MUTED,
    )


@bp.post("/boards/<int:board_id>/reading")
@members_only
def create_board_reading(board_id: int) -> ResponseReturnValue:
    with unit_of_work():
        service.readings.mark_board_read(g.viewer, board_id)
    return go_to(url_for(".show_board", board_id=board_id))


@bp.post("/boards/<int:board_id>/watch")
@members_only
def update_board_watch(board_id: int) -> ResponseReturnValue:
    form = LevelForm()
    if not form.validate_on_submit():
        raise NotFound
    with unit_of_work():
        former = service.watching.watch_board(g.viewer, board_id, form.chosen)
    offer_undo(
        said_of(form.chosen), url_for(".update_board_watch", board_id=board_id), level=level_name(former)
    )
    return go_to(url_for(".show_board", board_id=board_id))


@bp.post("/reading")
@members_only
def create_reading() -> ResponseReturnValue:
    with unit_of_work():
        service.readings.mark_all_read(g.viewer)
    return go_to(url_for("portal.show_start"))


@bp.get("/spaces/<int:space_id>/boards")
@members_only
def list_managed_boards(space_id: int) -> ResponseReturnValue:
    service.boards.require_managing(g.viewer, space_id)
    return render_template(
        "boards/list_managed_boards.html",
        space=spaces.get_space(g.viewer, space_id),
        boards=queries.boards.list_boards(g.viewer, space_id),
    )


@bp.get("/spaces/<int:space_id>/boards/new")
@members_only
def new_board(space_id: int) -> ResponseReturnValue:
    service.boards.require_managing(g.viewer, space_id)
    return _board_form(BoardForm(), space_id)


@bp.post("/spaces/<int:space_id>/boards")
@members_only
def create_board(space_id: int) -> ResponseReturnValue:
    service.boards.require_managing(g.viewer, space_id)
    form = BoardForm()
    board = form.carry_out(
        lambda: service.boards.create_board(
            g.viewer,
            space_id,
            form.name.data or "",
            form.description.data or "",
            Starters(form.starters.data),
        )
    )
    if board is None:
        return _board_form(form, space_id), 422
    return go_to(url_for(".list_managed_boards", space_id=space_id))


@bp.get("/boards/<int:board_id>/edit")
@members_only
def edit_board(board_id: int) -> ResponseReturnValue:
    board = service.boards.get_managed_board(g.viewer, board_id)
    return _board_form(BoardForm(obj=board, starters=board.starters.value), board.space_id, board)


@bp.post("/boards/<int:board_id>")
@members_only
def update_board(board_id: int) -> ResponseReturnValue:
    board = service.boards.get_managed_board(g.viewer, board_id)
    form = BoardForm()
    changed = form.carry_out(
        lambda: service.boards.update_board(
            g.viewer,
            board_id,
            form.name.data or "",
            form.description.data or "",
            Starters(form.starters.data),
        )
    )
    if changed is None:
        return _board_form(form, board.space_id, board), 422
    return go_to(url_for(".list_managed_boards", space_id=changed.space_id))


@bp.post("/boards/<int:board_id>/position")
@members_only
def update_board_position(board_id: int) -> ResponseReturnValue:
    form = StepForm()
    board = form.carry_out(lambda: service.boards.move_board(g.viewer, board_id, form.step.data))
    if board is None:
        raise NotFound
    return go_to(url_for(".list_managed_boards", space_id=board.space_id))


@bp.post("/boards/<int:board_id>/archival")
@members_only
def create_archival(board_id: int) -> ResponseReturnValue:
    with unit_of_work():
        board = service.boards.archive_board(g.viewer, board_id)
    offer_undo(
        _("„%(name)s“ wird jetzt nur noch gelesen.", name=board.name),
        url_for(".delete_archival", board_id=board_id),
    )
    return go_to(url_for(".list_managed_boards", space_id=board.space_id))


@bp.post("/boards/<int:board_id>/archival/delete")
@members_only
def delete_archival(board_id: int) -> ResponseReturnValue:
    with unit_of_work():
        board = service.boards.revive_board(g.viewer, board_id)
    return go_to(url_for(".list_managed_boards", space_id=board.space_id))


def _filter(name: str | None) -> Filter:
    try:
        return Filter(name or Filter.ALL)
    except ValueError:
        raise NotFound from None


def _board_form(form: BoardForm, space_id: int, board: Board | None = None) -> str:
    space = spaces.get_space(g.viewer, space_id)
    return render_template("boards/edit_board.html", form=form, space=space, board=board)
