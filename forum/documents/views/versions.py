"""The versions of a document: put in, read, compared, made the newest again."""

from flask import flash, g, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from forum.core.db import unit_of_work
from forum.core.errors import Conflict, Invalid, NotFound, require
from forum.documents import policy, queries, service
from forum.documents.forms import VersionForm
from forum.documents.models import Version
from forum.documents.queries.documents import OpenDocument
from forum.documents.views.blueprint import bp, library_space
from forum.documents.views.documents import document_crumbs, open_or_404
from forum.documents.views.files import page_address
from forum.files.policy import is_shown
from forum.files.queries import list_pages, waiting
from forum.web.access import members_only
from forum.web.answers import go_to
from forum.web.forms import takes_files
from forum.web.limits import POSTING, limiter

#: Comparing two long texts takes up to a second of the server's time.
_COMPARING = "10 per minute; 100 per hour"


@bp.get("/documents/<int:document_id>/versions/new")
@members_only
def new_version(document_id: int) -> ResponseReturnValue:
    opened = open_or_404(document_id)
    require(policy.may_add_version(g.viewer, opened.document))
    return _version_form(VersionForm(formdata=None), opened)


@bp.post("/documents/<int:document_id>/versions")
@members_only
@takes_files
@limiter.limit(POSTING)
def create_version(document_id: int) -> ResponseReturnValue:
    require(policy.may_add_version(g.viewer, open_or_404(document_id).document))
    form = VersionForm()
    file_ids = form.taken(g.viewer, _place(document_id), form_key=form.client_key)
    try:
        version = form.carry_out(lambda: _add(form, document_id, file_ids))
    except Conflict as refusal:
        form.refuse(Invalid(refusal.message))
        return _version_form(form, open_or_404(document_id)), 409
    if version is None:
        return _version_form(form, open_or_404(document_id)), 422
    said = (
        _("Fassung %(number)s ist abgelegt.")
        if is_shown(version.file)
        else _("Fassung %(number)s ist da. Für die anderen gilt sie, sobald ihre Datei bereit ist.")
    )
    flash(said % {"number": version.number}, "success")
    return go_to(url_for(".show_document", document_id=document_id))


@bp.get("/documents/<int:document_id>/versions/<int:number>")
@members_only
def show_version(document_id: int, number: int) -> ResponseReturnValue:
    opened = open_or_404(document_id)
    rows = queries.versions.list_versions(g.viewer, document_id)
    row = next((row for row in rows if row.number == number), None)
    if row is None:
        raise NotFound
    blob = service.versions.get_version(g.viewer, document_id, number).file.blob
    return render_template(
        "documents/show_version.html",
        opened=opened,
        version=row,
        space=library_space(opened.document.space_id),
        crumbs=document_crumbs(opened),
        shown_pages=list_pages(blob, request.args.get("from", 1, type=int)) if blob else [],
        retry_url=url_for(".create_preview", document_id=document_id, number=number),
        page_url=page_address(document_id, number, row.file),
        policy=policy,
    )


@bp.post("/documents/<int:document_id>/versions/<int:number>/restoration")
@members_only
def create_version_restoration(document_id: int, number: int) -> ResponseReturnValue:
    try:
        with unit_of_work():
            version = service.versions.restore_version(g.viewer, document_id, number)
    except Conflict as refusal:
        flash(refusal.message, "warning")
    else:
        flash(
            _("Fassung %(old)s gilt wieder, als Fassung %(new)s.", old=number, new=version.number), "success"
        )
    return go_to(url_for(".show_document", document_id=document_id))


@bp.get("/documents/<int:document_id>/comparison")
@members_only
@limiter.limit(_COMPARING)
def show_comparison(document_id: int) -> ResponseReturnValue:
    """Two versions, the current and the one before it if none are named; side by side with `?view=sides`."""
    opened = open_or_404(document_id)
    new = request.args.get("new", opened.number, type=int)
    old = request.args.get("old", max(1, opened.number - 1), type=int)
    return render_template(
        "documents/show_comparison.html",
        opened=opened,
        space=library_space(opened.document.space_id),
        crumbs=document_crumbs(opened),
        versions=queries.versions.list_versions(g.viewer, document_id),
        found=queries.versions.compare(g.viewer, document_id, old, new),
        is_beside=request.args.get("view") == "sides",
    )


def _place(document_id: int) -> str:
    return f"document:{document_id}"


def _add(form: VersionForm, document_id: int, file_ids: list[int]) -> Version:
    if not file_ids:
        raise Invalid(_("Wähle die Datei der neuen Fassung."), "files")
    return service.versions.add_version(
        g.viewer,
        document_id,
        file_ids[-1],
        form.note.data or "",
        despite_reservation=bool(form.despite.data),
    )


def _version_form(form: VersionForm, opened: OpenDocument) -> str:
    place = _place(opened.document.id)
    return render_template(
        "documents/new_version.html",
        form=form,
        document=opened.document,
        reservation=opened.reservation,
        space=library_space(opened.document.space_id),
        crumbs=document_crumbs(opened),
        place=place,
        cards=form.cards(g.viewer) if form.is_sent else waiting(g.viewer, place),
    )
