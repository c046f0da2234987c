"""The bytes: a version as a file, its pages as pictures, many documents as a ZIP."""

from collections.abc import Callable

from flask import g, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from forum.core.clock import now
from forum.core.db import unit_of_work
from forum.core.errors import NotFound
from forum.documents import queries, service
from forum.documents.queries.entries import Entry, name_of
from forum.documents.views.blueprint import bp, ids_in, library_space
from forum.files import serving
from forum.files.queries import FileCard
from forum.files.service import previews
from forum.files.serving import ZipEntry
from forum.web.access import members_only
from forum.web.answers import go_to
from forum.web.languages import exact
from forum.web.limits import limiter


@bp.get("/documents/<int:document_id>/versions/<int:number>/file")
@members_only
def show_file(document_id: int, number: int) -> ResponseReturnValue:
    version = service.versions.get_version(g.viewer, document_id, number)
    document = service.documents.get_document(g.viewer, document_id)
    counts = queries.current.current_of(document)
    is_current = counts is not None and number == counts.number
    name = name_of(document.title, version.file, None if is_current else number)
    if document.is_confidential:
        return serving.stamped(version.file, stamp(), as_name=name)
    return serving.send_file(version.file, as_name=name)


@bp.get("/documents/<int:document_id>/versions/<int:number>/pages/<int:page>")
@members_only
def show_page(document_id: int, number: int, page: int) -> ResponseReturnValue:
    return serving.send_page(service.versions.get_version(g.viewer, document_id, number).file, page)


@bp.get("/documents/<int:document_id>/versions/<int:number>/tile")
@members_only
def show_tile(document_id: int, number: int) -> ResponseReturnValue:
    return serving.send_tile(service.versions.get_version(g.viewer, document_id, number).file)


@bp.post("/documents/<int:document_id>/versions/<int:number>/preview")
@members_only
@limiter.limit("6 per minute; 60 per hour")
def create_preview(document_id: int, number: int) -> ResponseReturnValue:
    """A preview that failed is tried once more."""
    file = service.versions.get_version(g.viewer, document_id, number).file
    with unit_of_work():
        previews.retry_preview(g.viewer, file)
    return go_to(url_for(".show_version", document_id=document_id, number=number))


@bp.get("/spaces/<int:space_id>/documents/zip")
@members_only
def show_library_archive(space_id: int) -> ResponseReturnValue:
    space = library_space(space_id)
    return _archive(
        queries.entries.list_in_folder(g.viewer, space_id, None), _("Ablage %(space)s", space=space.name)
    )


@bp.get("/folders/<int:folder_id>/zip")
@members_only
def show_folder_archive(folder_id: int) -> ResponseReturnValue:
    folder = service.folders.get_folder(g.viewer, folder_id)
    return _archive(queries.entries.list_in_folder(g.viewer, folder.space_id, folder_id), folder.name)


@bp.get("/spaces/<int:space_id>/documents/selection")
@members_only
def show_selection(space_id: int) -> ResponseReturnValue:
    space = library_space(space_id)
    ids = ids_in(request.args.getlist("ids"))
    return _archive(
        queries.entries.list_chosen(g.viewer, space_id, ids), _("Auswahl %(space)s", space=space.name)
    )


def page_address(document_id: int, number: int, file: FileCard) -> Callable[[int], str]:
    """Page number → the address of its picture; it changes with what it shows."""
    return lambda page: url_for(
        "documents.show_page", document_id=document_id, number=number, page=page, v=file.digest[:12]
    )


@bp.app_template_global()
def stamp() -> str:
    """What stands on each page of a confidential paper."""
    said = _("Vertraulich – abgerufen von %(name)s, am %(moment)s")
    return str(said % {"name": current_user.person.name, "moment": exact(now())})


def _archive(entries: list[Entry], name: str) -> ResponseReturnValue:
    """The ZIP of these; confidential papers bear the stamp there, too."""
    if not entries:
        raise NotFound(_("Hier liegt nichts, das du laden kannst. Was noch geprüft wird, kommt später dazu."))
    mark = stamp()
    files = [ZipEntry(entry.path, entry.file, mark if entry.is_confidential else "") for entry in entries]
    return serving.send_zip(files, f"{name}.zip")
