"""The viewer's own passkeys."""

from flask import current_app, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from forum.accounts.forms.security import NewPasskeyForm, PasswordForm
from forum.accounts.service import passkeys
from forum.accounts.views.blueprint import bp
from forum.accounts.views.identity import place
from forum.accounts.views.second_factor import show_recovery_codes
from forum.accounts.views.sessions import Purpose, keep_challenge, kept_challenge
from forum.core.browsers import label_of
from forum.core.db import unit_of_work
from forum.web.access import members_only
from forum.web.limits import GUESSING, limiter


@bp.get("/account/passkeys/new")
@members_only
def new_passkey() -> ResponseReturnValue:
    form = NewPasskeyForm(formdata=None, data={"name": label_of(request.user_agent.string)})
    return render_template("accounts/new_passkey.html", form=form)


@bp.post("/account/passkeys/challenge")
@members_only
@limiter.limit(GUESSING)
def create_passkey_offer() -> ResponseReturnValue:
    form = PasswordForm()
    challenge = form.carry_out(lambda: passkeys.offer(g.viewer, place(), form.password.data))
    if challenge is None:
        return {"error": " ".join(map(str, form.password.errors))}, 422
    keep_challenge(Purpose.MAKE, challenge.secret)
    return current_app.response_class(challenge.options, mimetype="application/json")


@bp.post("/account/passkeys")
@members_only
@limiter.limit(GUESSING)
def create_passkey() -> ResponseReturnValue:
    form = NewPasskeyForm()
    secret = kept_challenge(Purpose.MAKE)
    codes = form.carry_out(
        lambda: passkeys.add(g.viewer, place(), form.name.data, form.credential.data or "", secret)
    )
    if codes is None:
        return render_template("accounts/new_passkey.html", form=form), 422
    if codes:
        return show_recovery_codes(codes)
    flash(_("Der Passkey ist eingerichtet."), "success")
    return redirect(url_for("accounts.show_security"), 303)


@bp.post("/account/passkeys/<int:passkey_id>/delete")
@members_only
def delete_passkey(passkey_id: int) -> ResponseReturnValue:
    with unit_of_work():
        passkeys.remove(g.viewer, passkey_id)
    flash(_("Der Passkey ist entfernt."), "success")
    return redirect(url_for("accounts.show_security"), 303)
