"""Members as administrators see them: names and standing, no content."""

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from forum.accounts.service import standing
from forum.accounts.views.blueprint import bp
from forum.core.db import unit_of_work
from forum.members import queries
from forum.members import service as members
from forum.web.access import administrators_only


@bp.get("/administration/members")
@administrators_only
def list_members() -> ResponseReturnValue:
    words = request.args.get("q", "").strip()
    page = queries.list_members(g.viewer, words, request.args.get("after", ""))
    return render_template("accounts/list_members.html", page=page, words=words)


@bp.post("/administration/members/<int:member_id>/suspension")
@administrators_only
def create_suspension(member_id: int) -> ResponseReturnValue:
    with unit_of_work():
        standing.suspend(g.viewer, member_id)
    return _back(_("Das Mitglied ist gesperrt und überall abgemeldet."))


@bp.post("/administration/members/<int:member_id>/suspension/delete")
@administrators_only
def delete_suspension(member_id: int) -> ResponseReturnValue:
    with unit_of_work():
        members.reactivate(g.viewer, member_id)
    return _back(_("Das Mitglied kann sich wieder anmelden."))


@bp.post("/administration/members/<int:member_id>/appointment")
@administrators_only
def create_appointment(member_id: int) -> ResponseReturnValue:
    with unit_of_work():
        members.appoint(g.viewer, member_id)
    return _back(_("Das Mitglied gehört jetzt zur Administration."))


@bp.post("/administration/members/<int:member_id>/appointment/delete")
@administrators_only
def delete_appointment(member_id: int) -> ResponseReturnValue:
    with unit_of_work():
        standing.dismiss(g.viewer, member_id)
    if member_id == g.viewer.member_id:
        flash(_("Du gehörst nicht mehr zur Administration."), "success")
        return redirect(url_for("portal.show_start"), 303)
    return _back(_("Das Mitglied gehört nicht mehr zur Administration."))


@bp.post("/administration/members/<int:member_id>/second-factor/delete")
@administrators_only
def delete_second_factor(member_id: int) -> ResponseReturnValue:
    with unit_of_work():
        standing.reset_second_factor(g.viewer, member_id)
    return _back(_("Der zweite Schutz ist zurückgesetzt, und das Mitglied ist überall abgemeldet."))


def _back(news: str) -> ResponseReturnValue:
    flash(news, "success")
    return redirect(url_for("accounts.list_members", q=request.form.get("q", "")), 303)
