"""Members of a space: seen by all who belong, kept in order by moderators and administrators."""

from flask import flash, g, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from forum.spaces import policy, queries, service
from forum.spaces.forms import MembershipForm, RoleForm
from forum.spaces.views.blueprint import bp
from forum.web.access import administrators_only, members_only
from forum.web.answers import go_to
from forum.web.forms import Form
from forum.web.languages import today


@bp.get("/spaces/<int:space_id>/members")
@members_only
def list_members(space_id: int) -> ResponseReturnValue:
    space = queries.get_space(g.viewer, space_id)
    name = request.args.get("q", "")
    may_manage = policy.may_manage(g.viewer, space_id)
    members = queries.list_members(
        space_id, today(), name, request.args.get("after"), with_suspended=may_manage
    )
    return render_template(
        "spaces/list_members.html",
        space=space,
        members=members,
        name=name,
        may_manage=may_manage,
        may_add=policy.may_add_members(g.viewer),
    )


@bp.get("/spaces/<int:space_id>/members/new")
@administrators_only
def new_membership(space_id: int) -> ResponseReturnValue:
    return _new_membership(space_id, MembershipForm(formdata=None))


@bp.post("/spaces/<int:space_id>/members/new")
@administrators_only
def create_membership(space_id: int) -> ResponseReturnValue:
    form = MembershipForm()
    member = form.carry_out(
        lambda: service.add_member(g.viewer, space_id, form.member_id.data, form.role.data)
    )
    if member:
        flash(_("%(name)s gehört jetzt zu diesem Bereich.", name=member.name), "success")
        return go_to(url_for("spaces.list_members", space_id=space_id))
    return _new_membership(space_id, form), 422


@bp.get("/spaces/<int:space_id>/members/<int:member_id>")
@members_only
def edit_membership(space_id: int, member_id: int) -> ResponseReturnValue:
    membership = service.get_membership(g.viewer, space_id, member_id)
    return _edit_membership(space_id, member_id, RoleForm(formdata=None, role=membership.role))


@bp.post("/spaces/<int:space_id>/members/<int:member_id>")
@members_only
def update_membership(space_id: int, member_id: int) -> ResponseReturnValue:
    form = RoleForm()
    if form.carry_out(lambda: service.change_role(g.viewer, space_id, member_id, form.role.data)):
        flash(_("Die Rolle ist geändert."), "success")
        return go_to(url_for("spaces.list_members", space_id=space_id))
    return _edit_membership(space_id, member_id, form), 422


@bp.post("/spaces/<int:space_id>/members/<int:member_id>/delete")
@members_only
def delete_membership(space_id: int, member_id: int) -> ResponseReturnValue:
    form = Form()
    if form.carry_out(lambda: service.end_membership(g.viewer, space_id, member_id)):
        if member_id == g.viewer.member_id:
            flash(_("Du gehörst nicht mehr zu diesem Bereich."), "success")
            return go_to(url_for("portal.show_start"))
        flash(_("Die Mitgliedschaft ist beendet: %(name)s.", name=queries.person(member_id).name), "success")
        return go_to(url_for("spaces.list_members", space_id=space_id))
    membership = service.get_membership(g.viewer, space_id, member_id)
    refused = RoleForm(formdata=None, role=membership.role)
    refused.form_errors = form.form_errors
    return _edit_membership(space_id, member_id, refused), 422


def _new_membership(space_id: int, form: MembershipForm) -> str:
    space = queries.get_space(g.viewer, space_id)
    name = request.args.get("q", "")
    form.offer(policy.grantable_roles(g.viewer, space_id))
    form.member_id.offer(queries.find_candidates(today(), name, outside=space_id, chosen=form.member_id.data))
    return render_template("spaces/new_membership.html", space=space, form=form, name=name)


def _edit_membership(space_id: int, member_id: int, form: RoleForm) -> str:
    membership = service.get_membership(g.viewer, space_id, member_id)
    form.offer(policy.grantable_roles(g.viewer, space_id))
    return render_template(
        "spaces/edit_membership.html",
        space=queries.get_space(g.viewer, space_id),
        member=queries.member_line(space_id, member_id, today()),
        form=form,
        may_change_role=policy.may_change_role(g.viewer, membership),
        may_end=policy.may_end(g.viewer, membership),
        is_own=member_id == g.viewer.member_id,
    )
