"""The bell's page: a line for each thing with news, read and muted there."""

from flask import g, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from forum.core.db import unit_of_work
from forum.core.errors import NotFound
from forum.core.paging import moment_of, read_cursor, write_cursor
from forum.notifications.forms import said_of
from forum.notifications.models import Level
from forum.notifications.queries import bell, choices
from forum.notifications.service import notices, watches
from forum.notifications.targets import described_rows
from forum.notifications.views.blueprint import bp
from forum.web.access import members_only
from forum.web.answers import go_to, offer_undo


@bp.get("/notices")
@members_only
def list_notices() -> ResponseReturnValue:
    found = bell.list_rows(g.viewer, request.args.get("after", ""))
    levels = choices.levels_of(g.viewer, [(row.subject, row.subject_id) for row in found.rows])
    return render_template(
        "notifications/list_notices.html",
        lines=described_rows(g.viewer, found.rows),
        muted={place for place, level in levels.items() if level is Level.MUTED},
        next=found.next,
        # Of the first page also on older ones: what was told since is on none of them.
        until=request.args.get("until") or write_cursor(*(row.last_at for row in found.rows[:1])),
        chosen=choices.preferences(g.viewer),
    )


@bp.post("/notices/reading")
@members_only
def create_reading() -> ResponseReturnValue:
    """Everything that the page showed is seen; what came since stays new."""
    (until,) = read_cursor(request.form.get("until", ""), 1)
    with unit_of_work():
        notices.see_before(g.viewer, moment_of(until))
    return go_to(url_for(".list_notices"))


@bp.post("/notices/<int:notice_id>/reading")
@members_only
def create_notice_reading(notice_id: int) -> ResponseReturnValue:
    _row(notice_id)
    with unit_of_work():
        notices.see_one(g.viewer, notice_id)
    offer_undo(_("Als gelesen markiert."), url_for(".delete_notice_reading", notice_id=notice_id))
    return go_to(url_for(".list_notices"))


@bp.post("/notices/<int:notice_id>/reading/delete")
@members_only
def delete_notice_reading(notice_id: int) -> ResponseReturnValue:
    _row(notice_id)
    with unit_of_work():
        notices.unsee(g.viewer, notice_id)
    return go_to(url_for(".list_notices"))


@bp.post("/notices/<int:notice_id>/muting")
@members_only
def create_muting(notice_id: int) -> ResponseReturnValue:
    """Hear no more of the thing that the line is about."""
    row = _row(notice_id)
    with unit_of_work():
        watches.choose(g.viewer, row.subject, row.subject_id, Level.MUTED)
    was_new = {"was_new": "y"} if row.is_unread else {}
    offer_undo(said_of(Level.MUTED), url_for(".delete_muting", notice_id=notice_id), **was_new)
    return go_to(url_for(".list_notices"))


@bp.post("/notices/<int:notice_id>/muting/delete")
@members_only
def delete_muting(notice_id: int) -> ResponseReturnValue:
    """Hear of it as before; what was new then is new again."""
    row = _row(notice_id)
    with unit_of_work():
        watches.unmute(g.viewer, row.subject, row.subject_id)
        if "was_new" in request.form:
            notices.unsee(g.viewer, notice_id)
    return go_to(url_for(".list_notices"))


def _row(notice_id: int) -> bell.NoticeRow:
    row = bell.find_row(g.viewer, notice_id)
    if row is None:
        raise NotFound
    return row
