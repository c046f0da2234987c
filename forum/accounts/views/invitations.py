"""Inviting: write, hand over, withdraw."""

from datetime import timedelta

import segno
from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from markupsafe import Markup

from forum.accounts import policy, queries
from forum.accounts.forms.invitations import ROLE_NAMES, InvitationForm
from forum.accounts.service import invitations
from forum.accounts.service.invitations import Draft, Issued
from forum.accounts.views.blueprint import bp
from forum.accounts.views.identity import settings
from forum.core.access import Role
from forum.core.clock import now
from forum.core.db import db, unit_of_work
from forum.core.errors import NotFound
from forum.spaces.models import Space
from forum.web.access import members_only
from forum.web.limits import MAILING, limiter
from forum.web.links import public_link


@bp.get("/invitations")
@members_only
def list_invitations() -> ResponseReturnValue:
    _require_inviter()
    only_open = request.args.get("show") != "all"
    page = queries.list_invitations(
        g.viewer, now(), only_open=only_open, cursor=request.args.get("after", "")
    )
    return render_template(
        "accounts/list_invitations.html",
        page=page,
        only_open=only_open,
        moment=now(),
        role_names=ROLE_NAMES,
    )


@bp.get("/invitations/new")
@members_only
def new_invitation() -> ResponseReturnValue:
    form = _form(formdata=None, data={"space_id": request.args.get("space", type=int)})
    return render_template("accounts/new_invitation.html", form=form)


@bp.post("/invitations")
@members_only
@limiter.limit(MAILING)
def create_invitation() -> ResponseReturnValue:
    form = _form()
    issued = form.carry_out(
        lambda: invitations.invite(
            g.viewer,
            Draft(
                space_id=form.space_id.data,
                role=form.role.data,
                name=form.name.data or "",
                email=form.email.data or "",
                note=form.note.data or "",
                is_administrator="is_administrator" in form and form.is_administrator.data,
            ),
            form.client_key.uuid,
            _life(),
            _link_to,
        )
    )
    if issued is None:
        return render_template("accounts/new_invitation.html", form=form), 422
    return _slip(issued)


@bp.post("/invitations/<int:invitation_id>/code")
@members_only
@limiter.limit(MAILING)
def create_invitation_code(invitation_id: int) -> ResponseReturnValue:
    with unit_of_work():
        issued = invitations.reissue(g.viewer, invitation_id, _life())
    return _slip(issued)


@bp.post("/invitations/<int:invitation_id>/mail")
@members_only
@limiter.limit(MAILING)
def create_invitation_mail(invitation_id: int) -> ResponseReturnValue:
    with unit_of_work():
        invitations.send_again(g.viewer, invitation_id, _life(), _link_to)
    flash(_("Die Einladung ist noch einmal unterwegs."), "success")
    return redirect(url_for("accounts.list_invitations"), 303)


@bp.post("/invitations/<int:invitation_id>/delete")
@members_only
def delete_invitation(invitation_id: int) -> ResponseReturnValue:
    with unit_of_work():
        invitations.revoke(g.viewer, invitation_id)
    flash(_("Die Einladung ist zurückgezogen. Ihr Link öffnet nichts mehr."), "success")
    return redirect(url_for("accounts.list_invitations"), 303)


def _require_inviter() -> None:
    if not policy.may_invite_at_all(g.viewer):
        raise NotFound


def _form(**filled: object) -> InvitationForm:
    _require_inviter()
    form = InvitationForm(**filled)
    spaces = queries.list_inviting_spaces(g.viewer)
    offered = {role for space_id, _name in spaces for role in policy.invitable_roles(g.viewer, space_id)}
    form.offer(
        spaces, tuple(role for role in Role if role in offered), administrator=g.viewer.is_administrator
    )
    return form


def _slip(issued: Issued) -> ResponseReturnValue:
    """The page to print: shown this once, because only the code's hash is kept."""
    link = _link_to(issued.code)
    space = db.session.get_one(Space, issued.invitation.space_id)
    return render_template(
        "accounts/create_invitation.html",
        invitation=issued.invitation,
        space=space,
        code=issued.code,
        link=link,
        qr=qr_code(link),
        entry=public_link("accounts.new_code_entry"),
        role_names=ROLE_NAMES,
        by_mail=bool(settings().smtp_host),
    )


def qr_code(text: str) -> Markup:
    """The text as an SVG to be put into a page; black on white in every theme, or cameras do not read it."""
    svg = segno.make(text, error="m").svg_inline(omitsize=True, border=1, light="white", title=_("QR-Code"))
    return Markup(svg)  # noqa: S704  (squares drawn by segno; the text is in none of its attributes)


def _link_to(code: str) -> str:
    return public_link("accounts.show_invitation", code=code)


def _life() -> timedelta:
    return timedelta(days=settings().invitation_days)
