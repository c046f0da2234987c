"""One document: put in, shown, described, followed, reserved."""

from urllib.parse import urlencode

from flask import flash, g, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from forum.attachments import service as attachments
from forum.core.db import unit_of_work
from forum.core.errors import Conflict, NotFound
from forum.documents import policy, queries, service
from forum.documents.forms import KIND_NAMES, DescriptionForm, DocumentForm, ReservationForm
from forum.documents.models import BIN_KEEPS, Document, DocumentKind, Period
from forum.documents.queries.documents import OpenDocument
from forum.documents.service.documents import Description
from forum.documents.views.blueprint import (
    Crumb,
    bp,
    crumbs,
    folder_choices,
    folder_url,
    library_space,
    upload_place,
)
from forum.documents.views.files import page_address
from forum.files.queries import list_pages, waiting
from forum.web.access import members_only
from forum.web.answers import go_to, offer_undo
from forum.web.forms import takes_files
from forum.web.languages import day
from forum.web.limits import POSTING, limiter


@bp.get("/spaces/<int:space_id>/documents/new")
@members_only
def new_document(space_id: int) -> ResponseReturnValue:
    service.documents.require_adding(g.viewer, space_id)
    form = DocumentForm(formdata=None)
    form.folder_id.data = request.args.get("folder", 0, type=int)
    return _adding_form(form, space_id)


@bp.post("/spaces/<int:space_id>/documents")
@members_only
@takes_files
@limiter.limit(POSTING)
def create_document(space_id: int) -> ResponseReturnValue:
    service.documents.require_adding(g.viewer, space_id)
    form = DocumentForm()
    folder_id = form.folder_id.data or None
    file_ids = form.taken(
        g.viewer, upload_place(space_id, folder_id), service.documents.BULK_LIMIT, form.client_key
    )
    added = form.carry_out(lambda: _add(form, space_id, file_ids))
    if added is None:
        return _adding_form(form, space_id), 422
    if form.full.data and len(added) == 1:
        return go_to(url_for(".show_document", document_id=added[0].id))
    flash(
        ngettext("%(num)s Dokument abgelegt.", "%(num)s Dokumente abgelegt.", len(added)),
        "success",
    )
    return go_to(folder_url(space_id, folder_id))


@bp.get("/documents/<int:document_id>")
@members_only
def show_document(document_id: int) -> ResponseReturnValue:
    opened = open_or_404(document_id)
    document = opened.document
    space = library_space(document.space_id)
    counts = queries.current.current_of(document)
    blob = counts.file.blob if counts else None
    library = folder_url(space.id, None)
    return render_template(
        "documents/show_document.html",
        opened=opened,
        space=space,
        crumbs=crumbs(space, opened.trail),
        versions=queries.versions.list_versions(g.viewer, document_id),
        shown_pages=list_pages(blob, request.args.get("from", 1, type=int)) if blob else [],
        retry_url=url_for(".create_preview", document_id=document_id, number=opened.number),
        page_url=page_address(document_id, opened.number, opened.file),
        places=attachments.places_of(g.viewer, [blob.id]) if blob else [],
        discussion=_discussion(document),
        gone_at=document.binned_at + BIN_KEEPS if document.binned_at else None,
        tag_url=lambda name: f"{library}?{urlencode({'tag': name})}",
        policy=policy,
    )


@bp.get("/documents/<int:document_id>/edit")
@members_only
def edit_document(document_id: int) -> ResponseReturnValue:
    document = service.documents.get_editable_document(g.viewer, document_id)
    form = DescriptionForm(formdata=None, obj=document, kind=document.kind.value)
    form.tags.data = ", ".join(open_or_404(document_id).tags)
    return _describing_form(form, document)


@bp.post("/documents/<int:document_id>")
@members_only
@limiter.limit(POSTING)
def update_document(document_id: int) -> ResponseReturnValue:
    document = service.documents.get_editable_document(g.viewer, document_id)
    form = DescriptionForm()
    try:
        described = form.carry_out(
            lambda: service.documents.describe_document(
                g.viewer, document_id, _description(form), form.revision.data or 0
            )
        )
    except Conflict:
        return _both_descriptions(form, document_id), 409
    if described is None:
        return _describing_form(form, document), 422
    return go_to(url_for(".show_document", document_id=document_id))


@bp.post("/documents/<int:document_id>/reservation")
@members_only
def create_reservation(document_id: int) -> ResponseReturnValue:
    form = ReservationForm()
    try:
        document = form.carry_out(
            lambda: service.reservations.reserve(g.viewer, document_id, Period(form.period.data))
        )
    except Conflict as refusal:
        flash(refusal.message, "warning")
        return go_to(url_for(".show_document", document_id=document_id))
    if document is None:
        raise NotFound
    offer_undo(
        _("Die anderen sehen jetzt, dass du daran arbeitest."),
        url_for(".delete_reservation", document_id=document_id),
    )
    return go_to(url_for(".show_document", document_id=document_id))


@bp.post("/documents/<int:document_id>/reservation/delete")
@members_only
def delete_reservation(document_id: int) -> ResponseReturnValue:
    with unit_of_work():
        service.reservations.give_back(g.viewer, document_id)
    flash(_("Das Dokument ist wieder frei."), "success")
    return go_to(url_for(".show_document", document_id=document_id))


def open_or_404(document_id: int) -> OpenDocument:
    """The document as its page shows it, or `NotFound`."""
    opened = queries.documents.open_document(g.viewer, document_id)
    if opened is None:
        raise NotFound
    return opened


def _description(form: DescriptionForm) -> Description:
    return Description(
        title=form.title.data or "",
        kind=DocumentKind(form.kind.data),
        dated=form.dated.data,
        description=form.description.data or "",
        by_line=form.by_line.data or "",
        source=form.source.data or "",
        tags=form.words,
    )


def _add(form: DocumentForm, space_id: int, file_ids: list[int]) -> list[Document]:
    """A document with all that was said, or several with what they have in common."""
    folder_id = form.folder_id.data or None
    said = _description(form)
    if len(file_ids) == 1:
        return [service.documents.add_document(g.viewer, space_id, folder_id, file_ids[0], said)]
    return service.documents.add_documents(g.viewer, space_id, folder_id, file_ids, said.kind, said.tags)


def _adding_form(form: DocumentForm, space_id: int) -> str:
    space = library_space(space_id)
    tree = queries.folders.tree(g.viewer, space_id)
    folder = tree.find(form.folder_id.data or None)
    folder_id = folder.id if folder else None
    form.folder_id.choices = folder_choices(tree)
    place = upload_place(space_id, folder_id)
    return render_template(
        "documents/new_document.html",
        form=form,
        space=space,
        crumbs=[*crumbs(space, tree.trail(folder_id)), (_("Dokumente ablegen"), None)],
        back=folder_url(space_id, folder_id),
        place=place,
        cards=form.cards(g.viewer) if form.is_sent else waiting(g.viewer, place),
        tags=_tag_names(space_id),
    )


def _describing_form(
    form: DescriptionForm, document: Document, theirs: list[tuple[str, str, str]] | None = None
) -> str:
    space = library_space(document.space_id)
    return render_template(
        "documents/edit_document.html",
        form=form,
        document=document,
        space=space,
        crumbs=document_crumbs(open_or_404(document.id)),
        tags=_tag_names(space.id),
        theirs=theirs,
    )


def _both_descriptions(form: DescriptionForm, document_id: int) -> str:
    """The form once more with what was typed, and what stands there by now where it differs."""
    opened = open_or_404(document_id)
    document = opened.document
    form.revision.data = document.revision
    there = (
        (form.title, document.title, document.title),
        (form.kind, document.kind.value, str(KIND_NAMES[document.kind])),
        (form.tags, ", ".join(opened.tags), ", ".join(opened.tags)),
        (form.dated, document.dated, day(document.dated) if document.dated else ""),
        (form.by_line, document.by_line, document.by_line),
        (form.source, document.source, document.source),
        (form.description, document.description, ""),  # the template shows it as it looks
    )
    theirs = [
        (str(field.name), str(field.label.text), shown)
        for field, value, shown in there
        if (field.data or "") != (value or "")
    ]
    return _describing_form(form, document, theirs)


def document_crumbs(opened: OpenDocument) -> list[Crumb]:
    """The way to a page about the document; the document is its last step."""
    space = library_space(opened.document.space_id)
    url = url_for("documents.show_document", document_id=opened.document.id)
    return [*crumbs(space, opened.trail), (opened.document.title, url)]


def _tag_names(space_id: int) -> list[str]:
    return [tag.name for tag in queries.documents.list_tags(g.viewer, space_id)]


def _discussion(document: Document) -> str | None:
    """Where the document is talked about, or can be."""
    if document.topic_id is not None or policy.may_discuss(g.viewer, document):
        return url_for("workflows.new_discussion", document_id=document.id)
    return None
