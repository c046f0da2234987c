"""Taking note, putting aside."""

from flask import flash, g, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from forum.announcements import queries, service
from forum.announcements.forms import ConfirmForm
from forum.announcements.views.blueprint import bp
from forum.core.db import unit_of_work
from forum.core.errors import Conflict
from forum.web.access import members_only
from forum.web.answers import go_to
from forum.web.resubmission import local_path


@bp.post("/announcements/<int:announcement_id>/notice")
@members_only
def create_notice(announcement_id: int) -> ResponseReturnValue:
    form = ConfirmForm()
    try:
        with unit_of_work():
            is_new = service.notices.confirm(g.viewer, announcement_id, form.edition.data or 0)
    except Conflict as refusal:
        flash(refusal.message, "warning")
    else:
        flash(
            _("Danke. Die Kenntnisnahme ist festgehalten.") if is_new else _already(announcement_id),
            "success",
        )
    return go_to(url_for(".show_announcement", announcement_id=announcement_id))


@bp.post("/announcements/<int:announcement_id>/dismissal")
@members_only
def create_dismissal(announcement_id: int) -> ResponseReturnValue:
    with unit_of_work():
        service.notices.dismiss(g.viewer, announcement_id)
    back = request.form.get("next")
    return go_to(local_path(back) if back else url_for(".list_announcements"))


def _already(announcement_id: int) -> str:
    """Somebody was faster: who, as far as that is known."""
    announcement = service.announcements.get_announcement(g.viewer, announcement_id)
    names = sorted({seat.by for seat in queries.listing.seats(g.viewer, announcement) if seat.by})
    return str(_("%(names)s hat das schon bestätigt. Mehr ist nicht zu tun.", names=", ".join(names)))
