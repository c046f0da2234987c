"""Passwords: changed, forgotten."""

from flask import flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from forum.accounts.forms.security import ChangePasswordForm
from forum.accounts.forms.sign_in import ForgottenForm, NewPasswordForm
from forum.accounts.models import TokenKind
from forum.accounts.service import passwords, tokens
from forum.accounts.views.blueprint import bp
from forum.accounts.views.identity import leave, settings
from forum.core.errors import NotFound
from forum.web.access import members_only, public
from forum.web.limits import GUESSING, MAILING, limiter
from forum.web.links import public_link


@bp.get("/password/forgotten")
@public
def new_reset() -> ResponseReturnValue:
    return render_template(
        "accounts/new_reset.html", sends_mail=_sends_mail(), form=ForgottenForm(formdata=None)
    )


@bp.post("/password/forgotten")
@public
@limiter.limit(MAILING)
def create_reset() -> ResponseReturnValue:
    form = ForgottenForm()
    sent = form.succeeds(lambda: passwords.request_reset(form.email.data, _link_to_reset))
    if not sent:
        return render_template("accounts/new_reset.html", sends_mail=_sends_mail(), form=form), 422
    return render_template("accounts/create_reset.html", sends_mail=_sends_mail())


@bp.get("/password/reset/<token>")
@public
@limiter.limit(GUESSING)
def new_password(token: str) -> ResponseReturnValue:
    try:
        tokens.find(TokenKind.RESET, token)
    except NotFound:
        return render_template("accounts/show_void_link.html", again=url_for("accounts.new_reset")), 404
    return render_template("accounts/new_password.html", form=NewPasswordForm(formdata=None), token=token)


@bp.post("/password/reset/<token>")
@public
@limiter.limit(GUESSING)
def create_password(token: str) -> ResponseReturnValue:
    form = NewPasswordForm()
    done = form.succeeds(lambda: passwords.reset(token, form.new_password.data))
    if not done:
        return render_template("accounts/new_password.html", form=form, token=token), 422
    leave()
    flash(_("Dein neues Passwort gilt. Melde dich jetzt damit an."), "success")
    return redirect(url_for("accounts.new_session"), 303)


@bp.get("/account/password")
@members_only
def edit_password() -> ResponseReturnValue:
    return render_template("accounts/edit_password.html", form=ChangePasswordForm(formdata=None))


@bp.post("/account/password")
@members_only
@limiter.limit(GUESSING)
def update_password() -> ResponseReturnValue:
    form = ChangePasswordForm()
    done = form.succeeds(
        lambda: passwords.change(g.viewer, current_user.device_id, form.password.data, form.new_password.data)
    )
    if not done:
        return render_template("accounts/edit_password.html", form=form), 422
    flash(_("Dein Passwort ist geändert. Alle anderen Geräte sind abgemeldet."), "success")
    return redirect(url_for("accounts.show_security"), 303)


def _link_to_reset(token: str) -> str:
    return public_link("accounts.new_password", token=token)


def _sends_mail() -> bool:
    """Whether mails leave by themselves; else they wait on a page of the administration."""
    return bool(settings().smtp_host)
