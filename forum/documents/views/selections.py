"""Several documents at once: saved, moved, thrown away, taken back."""

from datetime import datetime
from urllib.parse import urlencode

from flask import flash, g, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from forum.core.clock import now
from forum.core.db import unit_of_work
from forum.core.errors import Denied, Invalid, NotFound
from forum.documents import queries, service
from forum.documents.forms import ChosenForm, MoveForm
from forum.documents.models import Document
from forum.documents.views.blueprint import bp, crumbs, folder_choices, folder_url, ids_in, library_space
from forum.web.access import members_only
from forum.web.answers import go_to, offer_undo
from forum.web.resubmission import local_path


@bp.post("/documents/selection")
@members_only
def create_selection() -> ResponseReturnValue:
    """What the buttons above a list send: on to the page, or the file, that does it."""
    form = ChosenForm()
    ids = ids_in(request.form.getlist("ids"))
    if not form.validate_on_submit():
        raise NotFound
    if not ids:
        flash(_("Wähle zuerst Dokumente aus."), "warning")
        return go_to(local_path(form.back.data))
    try:
        if form.act.data == "bin":
            return _bin(ids, local_path(form.back.data))
        if form.act.data == "move":
            service.documents.get_movable(g.viewer, ids)
    except Denied as refusal:
        flash(f"{refusal.message} " + _("Es ist nichts geändert, deine Auswahl steht noch."), "warning")
        return go_to(_still_chosen(local_path(form.back.data), ids))
    endpoint = ".show_selection" if form.act.data == "zip" else ".new_move"
    return go_to(url_for(endpoint, space_id=form.space_id.data or 0, ids=_joined(ids)))


@bp.get("/spaces/<int:space_id>/documents/move")
@members_only
def new_move(space_id: int) -> ResponseReturnValue:
    return _move_form(MoveForm(formdata=None), space_id, ids_in(request.args.getlist("ids")))


@bp.post("/spaces/<int:space_id>/documents/move")
@members_only
def create_move(space_id: int) -> ResponseReturnValue:
    form = MoveForm()
    ids = ids_in(request.form.getlist("ids"))
    before = {document.folder_id for document in _chosen(space_id, ids)}
    folder_id = form.folder_id.data or None
    try:
        moved = form.carry_out(lambda: service.documents.move_documents(g.viewer, ids, folder_id))
    except Denied as refusal:
        form.refuse(Invalid(refusal.message, "folder_id"))
        return _move_form(form, space_id, ids), 403
    if moved is None:
        return _move_form(form, space_id, ids), 422
    done = ngettext("%(num)s Dokument verschoben.", "%(num)s Dokumente verschoben.", len(moved))
    if len(before) == 1:
        url = url_for(".create_move", space_id=space_id)
        offer_undo(done, url, ids=_joined(ids), folder_id=before.pop() or 0)
    else:
        flash(done, "success")
    return go_to(folder_url(space_id, folder_id))


@bp.post("/documents/binning")
@members_only
def create_binning() -> ResponseReturnValue:
    return _bin(ids_in(request.form.getlist("ids")), "")


@bp.post("/documents/restoration")
@members_only
def create_restoration() -> ResponseReturnValue:
    back = request.form.get("back")
    with unit_of_work():
        restored = service.documents.restore_documents(g.viewer, ids_in(request.form.getlist("ids")))
    if not restored:
        flash(_("Im Papierkorb liegt davon nichts mehr."), "warning")
        return go_to(local_path(back) if back else url_for(".list_libraries"))
    flash(
        ngettext("%(num)s Dokument zurückgeholt.", "%(num)s Dokumente zurückgeholt.", len(restored)),
        "success",
    )
    if back:
        return go_to(local_path(back))
    if len(restored) == 1:
        return go_to(url_for(".show_document", document_id=restored[0].id))
    return go_to(folder_url(restored[0].space_id, restored[0].folder_id))


@bp.get("/spaces/<int:space_id>/documents/bin")
@members_only
def list_binned(space_id: int) -> ResponseReturnValue:
    space = library_space(space_id)
    return render_template(
        "documents/list_binned.html",
        space=space,
        crumbs=[*crumbs(space), (_("Papierkorb"), None)],
        papers=queries.bins.list_binned(g.viewer, space_id, request.args.get("after", "")),
        left=_left,
    )


def _chosen(space_id: int, ids: list[int]) -> list[Document]:
    """The documents, all of this space and all the viewer's to move."""
    if not ids:
        raise NotFound
    found = service.documents.get_movable(g.viewer, ids)
    if any(document.space_id != space_id for document in found):
        raise NotFound
    return found


def _bin(ids: list[int], back: str) -> ResponseReturnValue:
    with unit_of_work():
        binned = service.documents.bin_documents(g.viewer, ids)
    if not binned:
        raise NotFound
    offer_undo(
        ngettext(
            "%(num)s Dokument liegt im Papierkorb.", "%(num)s Dokumente liegen im Papierkorb.", len(binned)
        ),
        url_for(".create_restoration"),
        ids=_joined(ids),
        back=back,
    )
    return go_to(back or folder_url(binned[0].space_id, binned[0].folder_id))


def _move_form(form: MoveForm, space_id: int, ids: list[int]) -> str:
    space = library_space(space_id)
    documents = _chosen(space_id, ids)
    folder_id = documents[0].folder_id
    tree = queries.folders.tree(g.viewer, space_id)
    here = {document.folder_id or 0 for document in documents}
    elsewhere = [choice for choice in folder_choices(tree) if {choice.value} != here]
    form.folder_id.choices = elsewhere or folder_choices(tree)
    return render_template(
        "documents/new_move.html",
        form=form,
        space=space,
        crumbs=crumbs(space, tree.trail(folder_id)),
        documents=documents,
        back=folder_url(space_id, folder_id),
    )


def _left(gone_at: datetime) -> str:
    """How long something stays in the bin."""
    days = (gone_at - now()).days
    if days < 1:
        return str(_("weniger als einen Tag"))
    return str(ngettext("noch %(num)s Tag", "noch %(num)s Tage", days))


def _still_chosen(page: str, ids: list[int]) -> str:
    """The address of the list, which shows these as chosen."""
    return f"{page}{'&' if '?' in page else '?'}{urlencode({'chosen': _joined(ids)})}"


def _joined(ids: list[int]) -> str:
    return ",".join(str(document_id) for document_id in ids)
