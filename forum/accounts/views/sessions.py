"""Signing in and out."""

import enum
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime, timedelta

from flask import Response, current_app, g, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from forum.accounts.forms.sign_in import CodeForm, PasskeyForm, SignInForm
from forum.accounts.service import devices, passkeys, passwords, second_factor, sign_in
from forum.accounts.views.blueprint import bp
from forum.accounts.views.identity import enter, lead_on, leave, place, settings
from forum.core.clock import now
from forum.core.db import unit_of_work
from forum.core.errors import Invalid
from forum.members.service import key_of
from forum.web.access import public
from forum.web.limits import GUESSING, limiter, network_address
from forum.web.resubmission import local_path

#: How long the second step may take.
_STEP_LIFE = timedelta(minutes=5)
#: Wrong guesses at one account from one place; another place is not kept out by them.
_GUESSING_ONE = "5 per minute; 20 per hour"
#: Wrong codes for one account from anywhere; whoever gets to guess them knows the password.
_GUESSING_CODES = "10 per minute; 40 per hour"


def _was_wrong(response: Response) -> bool:
    return response.status_code == 422


def _account_and_place() -> str:
    return f"{key_of(request.form.get('email', ''))[:254]} {network_address()}"


def _account_in_waiting() -> str:
    return str(session.get("entrant", {}).get("member_id", network_address()))


@bp.app_template_global()
def sign_in_form() -> SignInForm:
    """The empty form: an expired session shows the sign-in page from any address."""
    return SignInForm(formdata=None)


@bp.app_template_global()
def takes_passkeys() -> bool:
    """Whether browsers make and show passkeys at the network's address."""
    return place().takes_passkeys


@bp.get("/sign-in")
@public
def new_session() -> ResponseReturnValue:
    target = local_path(request.args.get("next"))
    if g.viewer.is_signed_in:
        return redirect(target)
    return render_template("accounts/new_session.html", form=SignInForm(formdata=None, data={"next": target}))


@bp.post("/sign-in")
@public
@limiter.limit(GUESSING, deduct_when=_was_wrong)
@limiter.limit(_GUESSING_ONE, key_func=_account_and_place, deduct_when=_was_wrong)
def create_session() -> ResponseReturnValue:
    form = SignInForm()
    entrant = (
        sign_in.check_password(form.email.data, form.password.data, settings().two_factor_roles)
        if form.validate_on_submit()
        else None
    )
    if entrant is None:
        if not form.errors:
            form.refuse(
                Invalid(_("Adresse oder Passwort stimmt nicht. Prüfe beides und versuche es noch einmal."))
            )
        return render_template("accounts/new_session.html", form=form), 422
    if entrant.needs_rehash:
        with unit_of_work():
            passwords.set_password(entrant.member_id, form.password.data)
    if entrant.needs_second_step:
        return _ask_second_step(entrant.member_id, form)
    enter(entrant.member_id, stays=form.stay.data)
    return lead_on(form.next.data, form.kept_action.data, form.kept_fields.data)


@bp.get("/sign-in/code")
@public
def new_second_step() -> ResponseReturnValue:
    if _waiting() is None:
        return redirect(url_for("accounts.new_session"))
    form = CodeForm(formdata=None, data={"next": local_path(request.args.get("next"))})
    return render_template("accounts/new_second_step.html", form=form)


@bp.post("/sign-in/code")
@public
@limiter.limit(GUESSING, deduct_when=_was_wrong)
@limiter.limit(_GUESSING_CODES, key_func=_account_in_waiting, deduct_when=_was_wrong)
def create_second_step() -> ResponseReturnValue:
    waiting = _waiting()
    if waiting is None:
        return redirect(url_for("accounts.new_session"), 303)
    member_id, stays = waiting
    form = CodeForm()
    passed = form.succeeds(lambda: second_factor.take_code(member_id, form.code.data))
    if not passed:
        return render_template("accounts/new_second_step.html", form=form), 422
    enter(member_id, stays=stays)
    return lead_on(form.next.data, form.kept_action.data, form.kept_fields.data)


@bp.post("/sign-in/passkey/challenge")
@public
@limiter.limit("60 per minute")
def create_passkey_challenge() -> ResponseReturnValue:
    challenge = passkeys.ask(place())
    keep_challenge(Purpose.USE, challenge.secret)
    return current_app.response_class(challenge.options, mimetype="application/json")


@bp.post("/sign-in/passkey")
@public
@limiter.limit(GUESSING, deduct_when=_was_wrong)
def create_passkey_session() -> ResponseReturnValue:
    form = PasskeyForm()
    waiting = _waiting()
    expected, stays = waiting or (None, form.stay.data)
    secret = kept_challenge(Purpose.USE)
    member_id = form.carry_out(lambda: passkeys.take(place(), form.credential.data, secret, expected))
    if member_id is None:
        return _passkey_refused(form, second_step=waiting is not None), 422
    enter(member_id, stays=stays)
    return lead_on(form.next.data, form.kept_action.data, form.kept_fields.data)


@bp.post("/sign-out")
@public
def delete_session() -> ResponseReturnValue:
    if g.viewer.is_signed_in:
        with unit_of_work():
            devices.sign_out(g.viewer, current_user.device_id)
    leave()
    return redirect(url_for("accounts.new_session"), 303)


class Purpose(enum.StrEnum):
    """What a passkey's challenge was asked for: an answer to one question is none to the other."""

    USE = "passkey to use"
    MAKE = "passkey to make"


def keep_challenge(purpose: Purpose, secret: bytes) -> None:
    """Remember in the session what the browser was asked."""
    session[purpose] = urlsafe_b64encode(secret).decode()


def kept_challenge(purpose: Purpose) -> bytes:
    """What the browser was asked; a question is good for one answer."""
    return urlsafe_b64decode(session.pop(purpose, ""))


def _ask_second_step(member_id: int, form: SignInForm) -> ResponseReturnValue:
    session["entrant"] = {
        "member_id": member_id,
        "stays": form.stay.data,
        "until": (now() + _STEP_LIFE).isoformat(),
    }
    onward = {name: form[name].data for name in ("next", "kept_action", "kept_fields")}
    if not form.kept_action.data:
        return redirect(url_for("accounts.new_second_step", next=local_path(form.next.data)), 303)
    return render_template("accounts/new_second_step.html", form=CodeForm(formdata=None, data=onward))


def _waiting() -> tuple[int, bool] | None:
    """The member whose password was right and who still owes the second step; and whether the device stays."""
    entrant = session.get("entrant")
    if entrant is None or datetime.fromisoformat(entrant["until"]).astimezone(UTC) < now():
        return None
    return entrant["member_id"], entrant["stays"]


def _passkey_refused(form: PasskeyForm, *, second_step: bool) -> str:
    onward = {name: form[name].data for name in ("next", "kept_action", "kept_fields")}
    page = CodeForm(formdata=None, data=onward) if second_step else SignInForm(formdata=None, data=onward)
    page.form_errors.extend(form.form_errors or [_("Es kam kein Passkey an. Versuche es noch einmal.")])
    template = "accounts/new_second_step.html" if second_step else "accounts/new_session.html"
    return render_template(template, form=page)
