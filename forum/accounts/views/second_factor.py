"""Codes from an app, and recovery codes."""

from flask import flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from forum.accounts import queries
from forum.accounts.forms.security import PasswordForm, TotpForm
from forum.accounts.service import second_factor
from forum.accounts.views.blueprint import bp
from forum.accounts.views.invitations import qr_code
from forum.web.access import members_only
from forum.web.limits import GUESSING, limiter


@bp.get("/account/codes/new")
@members_only
def new_totp() -> ResponseReturnValue:
    return render_template("accounts/new_totp.html", form=PasswordForm(formdata=None))


@bp.post("/account/codes")
@members_only
@limiter.limit(GUESSING)
def create_totp() -> ResponseReturnValue:
    form = PasswordForm()
    started = form.succeeds(lambda: second_factor.start_totp(g.viewer, form.password.data))
    if not started:
        return render_template("accounts/new_totp.html", form=form), 422
    return redirect(url_for("accounts.show_totp"), 303)


@bp.get("/account/codes")
@members_only
def show_totp() -> ResponseReturnValue:
    return _set_up_page(TotpForm(formdata=None))


@bp.post("/account/codes/confirmation")
@members_only
@limiter.limit(GUESSING)
def update_totp() -> ResponseReturnValue:
    form = TotpForm()
    codes = form.carry_out(lambda: second_factor.confirm_totp(g.viewer, form.code.data))
    if codes is None:
        return _set_up_page(form), 422
    return show_recovery_codes(codes)


@bp.get("/account/codes/end")
@members_only
def edit_totp() -> ResponseReturnValue:
    return render_template("accounts/edit_totp.html", form=PasswordForm(formdata=None))


@bp.post("/account/codes/delete")
@members_only
@limiter.limit(GUESSING)
def delete_totp() -> ResponseReturnValue:
    form = PasswordForm()
    done = form.succeeds(lambda: second_factor.end_totp(g.viewer, form.password.data))
    if not done:
        return render_template("accounts/edit_totp.html", form=form), 422
    flash(_("Beim Anmelden wird kein Code aus der App mehr verlangt."), "success")
    return redirect(url_for("accounts.show_security"), 303)


@bp.get("/account/recovery-codes/new")
@members_only
def new_recovery_codes() -> ResponseReturnValue:
    return render_template("accounts/new_recovery_codes.html", form=PasswordForm(formdata=None))


@bp.post("/account/recovery-codes")
@members_only
@limiter.limit(GUESSING)
def create_recovery_codes() -> ResponseReturnValue:
    form = PasswordForm()
    codes = form.carry_out(lambda: second_factor.renew_recovery_codes(g.viewer, form.password.data))
    if codes is None:
        return render_template("accounts/new_recovery_codes.html", form=form), 422
    return show_recovery_codes(codes)


def show_recovery_codes(codes: list[str]) -> str:
    """The page with the codes, which is shown once."""
    return render_template("accounts/create_recovery_codes.html", codes=codes)


def _set_up_page(form: TotpForm) -> str:
    secret = second_factor.waiting_secret(g.viewer)
    account = queries.read_safety(g.viewer).email
    address = second_factor.totp_address(secret, account, _("Betriebsräte-Netzwerk"))
    groups = " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))
    return render_template("accounts/show_totp.html", form=form, qr=qr_code(address), secret=groups)
