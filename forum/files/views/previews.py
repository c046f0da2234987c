"""What the sender decides about a file, and a preview that is tried once more."""

from flask import current_app, g, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from forum.core.db import unit_of_work
from forum.core.errors import Invalid
from forum.files import queries, sentences, sizes
from forum.files.models import Choice
from forum.files.service import files, previews
from forum.files.views.blueprint import bp
from forum.web.access import members_only
from forum.web.answers import go_to, is_fetch
from forum.web.limits import limiter
from forum.web.resubmission import local_path

#: Each try may keep the machine busy for minutes.
TRYING = "6 per minute; 60 per hour"

bp.add_app_template_filter(sizes.in_words, "file_size")
bp.add_app_template_filter(sentences.preview_fault, "preview_fault")
bp.add_app_template_test(sentences.is_worth_another_try, "worth_another_try")


@bp.app_template_global()
def scans_files() -> bool:
    """Whether files are scanned for viruses here; if not, no page speaks of it."""
    return bool(current_app.extensions["settings"].clamd)


@bp.get("/files/<int:file_id>/choice")
@members_only
def edit_choice(file_id: int) -> ResponseReturnValue:
    """What the own file tells about its makers, and what shall be done with it."""
    file = files.get_own(g.viewer, file_id)
    card = queries.card_of(file, g.viewer.member_id)
    return render_template(
        "files/edit_choice.html",
        card=card,
        removable=sentences.removable(card.traces, card.kind),
        staying=sentences.staying(card.traces, card.kind),
        is_signed=sentences.is_signed(card.traces),
        back=_way_back(),
    )


@bp.post("/files/<int:file_id>/choice")
@members_only
def update_choice(file_id: int) -> ResponseReturnValue:
    try:
        choice = Choice(request.form.get("choice", ""))
    except ValueError:
        raise Invalid(_("Bitte wähle, was mit der Datei geschehen soll.")) from None
    with unit_of_work():
        file = files.choose(g.viewer, file_id, choice)
    if is_fetch():
        return {"state": file.state}
    return go_to(_way_back() or f"/files/{file_id}/choice")


@bp.post("/files/<int:file_id>/preview")
@members_only
@limiter.limit(TRYING)
def create_preview(file_id: int) -> ResponseReturnValue:
    """The preview of the own file once more; for others' files the page that shows them has its own button."""
    with unit_of_work():
        previews.retry_preview(g.viewer, files.get_own(g.viewer, file_id))
    return go_to(_way_back() or f"/files/{file_id}/choice")


def _way_back() -> str:
    """The page that the sender came from, if it is one of ours."""
    given = request.values.get("next", "")
    return local_path(given) if given else ""
