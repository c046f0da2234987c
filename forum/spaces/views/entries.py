"""The record: who did what that may need accounting for."""

from flask import g, render_template, request
from flask.typing import ResponseReturnValue

from forum.core.errors import NotFound
from forum.spaces import policy, queries
from forum.spaces.views.blueprint import bp
from forum.web.access import members_only


@bp.get("/record", defaults={"space_id": None})
@bp.get("/spaces/<int:space_id>/record")
@members_only
def list_entries(space_id: int | None) -> ResponseReturnValue:
    """Of one space for its moderators, of the whole house for administrators."""
    if not policy.may_read_record(g.viewer, space_id):
        raise NotFound
    space = None if space_id is None else queries.get_space(g.viewer, space_id)
    entries = queries.list_entries(space_id, request.args.get("before"))
    return render_template("spaces/list_entries.html", space=space, entries=entries)
