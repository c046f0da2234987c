"""Security at a glance, and the devices where one is signed in."""

from flask import flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from forum.accounts import queries
from forum.accounts.service import devices, safety
from forum.accounts.views.blueprint import bp
from forum.accounts.views.identity import leave
from forum.core.clock import now
from forum.core.db import unit_of_work
from forum.web.access import members_only
from forum.web.answers import go_to, is_fetch


@bp.get("/account/security")
@members_only
def show_security() -> ResponseReturnValue:
    return render_template(
        "accounts/show_security.html",
        safety=queries.read_safety(g.viewer),
        devices=queries.list_devices(g.viewer, now()),
        this_device=current_user.device_id,
        must_enrol=current_user.must_enrol,
    )


@bp.post("/account/security/reading")
@members_only
def create_security_reading() -> ResponseReturnValue:
    """The page was shown: what the bell said about the account is seen."""
    with unit_of_work():
        safety.see(g.viewer)
    return {"seen": True} if is_fetch() else go_to(url_for("accounts.show_security"))


@bp.post("/account/devices/<int:device_id>/delete")
@members_only
def delete_device(device_id: int) -> ResponseReturnValue:
    with unit_of_work():
        devices.sign_out(g.viewer, device_id)
    if device_id == current_user.device_id:
        leave()
        return redirect(url_for("accounts.new_session"), 303)
    flash(_("Das Gerät ist abgemeldet."), "success")
    return redirect(url_for("accounts.show_security"), 303)


@bp.post("/account/devices/delete")
@members_only
def delete_devices() -> ResponseReturnValue:
    with unit_of_work():
        devices.sign_out_everywhere(g.viewer.member_id)
    leave()
    flash(_("Du bist jetzt überall abgemeldet."), "success")
    return redirect(url_for("accounts.new_session"), 303)
