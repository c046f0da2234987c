"""Spaces: the administrators' list, and the profile kept by moderators."""

from flask import flash, g, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from forum.spaces import queries, service
from forum.spaces.forms import SpaceForm
from forum.spaces.views.blueprint import bp
from forum.web.access import administrators_only, members_only
from forum.web.answers import go_to


@bp.get("/spaces")
@administrators_only
def list_spaces() -> ResponseReturnValue:
    return render_template("spaces/list_spaces.html", overview=queries.list_overview())


@bp.get("/spaces/<int:space_id>/edit")
@members_only
def edit_space(space_id: int) -> ResponseReturnValue:
    space = service.get_managed_space(g.viewer, space_id)
    return render_template("spaces/edit_space.html", space=space, form=SpaceForm(obj=space))


@bp.post("/spaces/<int:space_id>/edit")
@members_only
def update_space(space_id: int) -> ResponseReturnValue:
    form = SpaceForm()
    if form.carry_out(lambda: service.update_space(g.viewer, space_id, **form.data)):
        flash(_("Die Angaben sind gespeichert."), "success")
        return go_to(url_for("portal.show_space", space_id=space_id))
    space = service.get_managed_space(g.viewer, space_id)
    return render_template("spaces/edit_space.html", space=space, form=form), 422
