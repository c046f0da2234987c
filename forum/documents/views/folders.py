"""Folders: made, named, moved, removed, followed, and what in them is confidential."""

from flask import flash, g, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from forum.core.db import unit_of_work
from forum.core.errors import NotFound, require
from forum.documents import policy, queries, service
from forum.documents.forms import ConfidentialityForm, FolderForm, NameForm, ParentForm
from forum.documents.models import Folder
from forum.documents.views.blueprint import (
    bp,
    crumbs,
    folder_choices,
    folder_url,
    library_space,
)
from forum.web.access import members_only
from forum.web.answers import go_to, offer_undo


@bp.get("/spaces/<int:space_id>/folders/new")
@members_only
def new_folder(space_id: int) -> ResponseReturnValue:
    service.documents.require_adding(g.viewer, space_id)
    form = FolderForm(formdata=None)
    form.parent_id.data = request.args.get("inside", 0, type=int)
    return _folder_form(form, space_id)


@bp.post("/spaces/<int:space_id>/folders")
@members_only
def create_folder(space_id: int) -> ResponseReturnValue:
    service.documents.require_adding(g.viewer, space_id)
    form = FolderForm()
    folder = form.carry_out(
        lambda: service.folders.create_folder(
            g.viewer,
            space_id,
            form.parent_id.data or None,
            form.name.data or "",
            is_confidential=bool(form.is_confidential.data),
        )
    )
    if folder is None:
        return _folder_form(form, space_id), 422
    return go_to(url_for(".show_folder", folder_id=folder.id))


@bp.get("/folders/<int:folder_id>/edit")
@members_only
def edit_folder(folder_id: int) -> ResponseReturnValue:
    folder = service.folders.get_kept_folder(g.viewer, folder_id)
    return _page("documents/edit_folder.html", folder, form=NameForm(obj=folder))


@bp.post("/folders/<int:folder_id>")
@members_only
def update_folder(folder_id: int) -> ResponseReturnValue:
    folder = service.folders.get_kept_folder(g.viewer, folder_id)
    form = NameForm()
    if not form.succeeds(lambda: service.folders.rename_folder(g.viewer, folder_id, form.name.data or "")):
        return _page("documents/edit_folder.html", folder, form=form), 422
    return go_to(url_for(".show_folder", folder_id=folder_id))


@bp.get("/folders/<int:folder_id>/move")
@members_only
def new_folder_move(folder_id: int) -> ResponseReturnValue:
    folder = service.folders.get_kept_folder(g.viewer, folder_id)
    form = ParentForm(formdata=None)
    form.parent_id.data = folder.parent_id or 0
    return _move_form(form, folder)


@bp.post("/folders/<int:folder_id>/move")
@members_only
def create_folder_move(folder_id: int) -> ResponseReturnValue:
    folder = service.folders.get_kept_folder(g.viewer, folder_id)
    before = folder.parent_id or 0
    form = ParentForm()
    if not form.succeeds(
        lambda: service.folders.move_folder(g.viewer, folder_id, form.parent_id.data or None)
    ):
        return _move_form(form, folder), 422
    offer_undo(
        _("„%(name)s“ ist verschoben.", name=folder.name),
        url_for(".create_folder_move", folder_id=folder_id),
        parent_id=before,
    )
    return go_to(url_for(".show_folder", folder_id=folder_id))


@bp.get("/folders/<int:folder_id>/removal")
@members_only
def new_folder_removal(folder_id: int) -> ResponseReturnValue:
    folder = service.folders.get_kept_folder(g.viewer, folder_id)
    row = queries.folders.tree(g.viewer, folder.space_id).find(folder_id)
    if row is None:
        raise NotFound
    return _page("documents/new_folder_removal.html", folder, row=row)


@bp.post("/folders/<int:folder_id>/delete")
@members_only
def delete_folder(folder_id: int) -> ResponseReturnValue:
    folder = service.folders.get_kept_folder(g.viewer, folder_id)
    space_id, parent_id = folder.space_id, folder.parent_id
    with unit_of_work():
        binned = service.folders.delete_folder(g.viewer, folder_id)
    done = _("Der Ordner ist gelöscht.")
    if binned:
        done += " " + ngettext(
            "%(num)s Dokument daraus liegt im Papierkorb.",
            "%(num)s Dokumente daraus liegen im Papierkorb.",
            binned,
        )
    flash(done, "success")
    return go_to(folder_url(space_id, parent_id))


@bp.get("/folders/<int:folder_id>/confidentiality")
@members_only
def edit_confidentiality(folder_id: int) -> ResponseReturnValue:
    folder = service.folders.get_folder(g.viewer, folder_id)
    require(policy.may_make_confidential(g.viewer, folder.space_id), _("Das entscheidet die Moderation."))
    return _page("documents/edit_confidentiality.html", folder, form=ConfidentialityForm(obj=folder))


@bp.post("/folders/<int:folder_id>/confidentiality")
@members_only
def update_confidentiality(folder_id: int) -> ResponseReturnValue:
    form = ConfidentialityForm()
    folder = form.carry_out(
        lambda: service.folders.set_confidential(g.viewer, folder_id, bool(form.is_confidential.data))
    )
    if folder is None:
        folder = service.folders.get_folder(g.viewer, folder_id)
        return _page("documents/edit_confidentiality.html", folder, form=form), 422
    flash(
        _("Der Ordner ist jetzt vertraulich.")
        if folder.confidential
        else _("Der Ordner ist nicht vertraulich."),
        "success",
    )
    return go_to(url_for(".show_folder", folder_id=folder_id))


def _folder_form(form: FolderForm, space_id: int) -> str:
    space = library_space(space_id)
    tree = queries.folders.tree(g.viewer, space_id)
    inside = form.parent_id.data or None
    form.parent_id.choices = folder_choices(tree)
    trail = tree.trail(inside) if tree.find(inside) else []
    return render_template(
        "documents/new_folder.html",
        form=form,
        space=space,
        crumbs=[*crumbs(space, trail), (_("Neuer Ordner"), None)],
        back=folder_url(space_id, trail[-1].id if trail else None),
        may_make_confidential=policy.may_make_confidential(g.viewer, space_id),
    )


def _move_form(form: ParentForm, folder: Folder) -> str:
    form.parent_id.choices = folder_choices(queries.folders.tree(g.viewer, folder.space_id), folder.id)
    return _page("documents/new_folder_move.html", folder, form=form)


def _page(template: str, folder: Folder, **values: object) -> str:
    space = library_space(folder.space_id)
    trail = queries.folders.tree(g.viewer, folder.space_id).trail(folder.id)
    return render_template(template, folder=folder, space=space, crumbs=crumbs(space, trail), **values)
