"""The mandates in a council: entered, corrected, ended."""

from flask import flash, g, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from forum.core.db import unit_of_work
from forum.councils import service as councils
from forum.spaces import queries, service
from forum.spaces.forms import MandateForm, TermForm
from forum.spaces.views.blueprint import bp
from forum.web.access import members_only
from forum.web.answers import go_to
from forum.web.languages import today


@bp.get("/councils/<int:council_id>/mandates/new")
@members_only
def new_mandate(council_id: int) -> ResponseReturnValue:
    return _new_mandate(council_id, MandateForm(formdata=None))


@bp.post("/councils/<int:council_id>/mandates/new")
@members_only
def create_mandate(council_id: int) -> ResponseReturnValue:
    form = MandateForm()
    if form.carry_out(lambda: service.create_mandate(g.viewer, council_id, form.member_id.data, form.term)):
        flash(_("Das Mandat ist eingetragen."), "success")
        return go_to(url_for("spaces.show_council", council_id=council_id))
    return _new_mandate(council_id, form), 422


@bp.get("/mandates/<int:mandate_id>/edit")
@members_only
def edit_mandate(mandate_id: int) -> ResponseReturnValue:
    return _edit_mandate(mandate_id, TermForm.showing(councils.get_managed_mandate(g.viewer, mandate_id)))


@bp.post("/mandates/<int:mandate_id>/edit")
@members_only
def update_mandate(mandate_id: int) -> ResponseReturnValue:
    form = TermForm()
    mandate = form.carry_out(lambda: councils.update_mandate(g.viewer, mandate_id, form.term))
    if mandate:
        flash(_("Das Mandat ist gespeichert."), "success")
        return go_to(url_for("spaces.show_council", council_id=mandate.council_id))
    return _edit_mandate(mandate_id, form), 422


@bp.post("/mandates/<int:mandate_id>/delete")
@members_only
def delete_mandate(mandate_id: int) -> ResponseReturnValue:
    with unit_of_work():
        mandate = councils.delete_mandate(g.viewer, mandate_id)
    flash(_("Das Mandat ist gelöscht."), "success")
    return go_to(url_for("spaces.show_council", council_id=mandate.council_id))


def _new_mandate(council_id: int, form: MandateForm) -> str:
    council = councils.get_managed_council(g.viewer, council_id)
    space = queries.get_space(g.viewer, council.site.space_id)
    name = request.args.get("q", "")
    form.member_id.offer(queries.find_candidates(today(), name, inside=space.id, chosen=form.member_id.data))
    return render_template("spaces/new_mandate.html", space=space, council=council, form=form, name=name)


def _edit_mandate(mandate_id: int, form: TermForm) -> str:
    mandate = councils.get_managed_mandate(g.viewer, mandate_id)
    space = queries.get_space(g.viewer, mandate.council.site.space_id)
    return render_template(
        "spaces/edit_mandate.html",
        space=space,
        mandate=mandate,
        member=queries.person(mandate.member_id),
        form=form,
    )
