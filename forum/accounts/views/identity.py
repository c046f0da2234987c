"""Who is behind this request: from the session cookie to the signed-in member, and back."""

from datetime import timedelta

from flask import Response, current_app, g, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user, login_user

from forum.accounts import policy, queries
from forum.accounts.service import codes, devices
from forum.accounts.service.passkeys import Place
from forum.accounts.views.blueprint import bp
from forum.config import Settings
from forum.core.access import ANYONE
from forum.core.clock import now
from forum.core.db import unit_of_work
from forum.core.errors import Denied
from forum.web.access import Access, access_of
from forum.web.identity import SignedIn
from forum.web.resubmission import local_path, offer_again

#: Where somebody may go whose role demands a second factor that is not set up yet.
_ENROLMENT = frozenset(
    {
        "accounts.show_security",
        "accounts.create_totp",
        "accounts.show_totp",
        "accounts.update_totp",
        "accounts.new_passkey",
        "accounts.create_passkey_offer",
        "accounts.create_passkey",
        "accounts.delete_session",
        "portal.update_display",
    }
)


def settings() -> Settings:
    """The settings of this application."""
    found: Settings = current_app.extensions["settings"]
    return found


def place() -> Place:
    """Where passkeys are bound to."""
    return Place(settings().public_url)


def find_signed_in(token: str) -> SignedIn | None:
    """The device and member behind a session cookie: one query on each request; None sends to sign-in."""
    found = queries.find_device(codes.hash_of(token), now())
    if found is None:
        return None
    demanded = policy.demands_second_factor(
        settings().two_factor_roles, found.viewer.spaces.values(), found.viewer.is_administrator
    )
    return SignedIn(
        token=token,
        device_id=found.device_id,
        last_seen_at=found.last_seen_at,
        viewer=found.viewer,
        person=found.person,
        locale=found.locale,
        theme=found.theme,
        must_enrol=demanded and not found.has_second_factor,
    )


def stay_of(stays: bool) -> timedelta:
    """How long a device keeps signed in."""
    return timedelta(days=settings().session_days) if stays else devices.SHORT_STAY


def enter(member_id: int, *, stays: bool, is_first: bool = False) -> None:
    """Sign the member in on this device, in a session that has nothing of the one before.

    Of a device unlike those before the member is told, unless this `is_first`: the account was made just now.
    """
    with unit_of_work():
        if not is_first:
            devices.tell_if_new(member_id, request.user_agent.string)
        token = devices.open_device(member_id, request.user_agent.string, stay_of(stays))
    session.clear()
    session.permanent = stays
    signed_in = find_signed_in(token)
    if signed_in is not None:  # suspended between password and door
        login_user(signed_in)
        g.viewer = signed_in.viewer


def leave() -> None:
    """Forget who is signed in on this device."""
    session.clear()
    g.viewer = ANYONE


def lead_on(target: str, kept_action: str, kept_fields: str) -> ResponseReturnValue:
    """After signing in: to what was typed before the session ran out, else to the page that was asked for."""
    if kept_action:
        return offer_again(
            kept_action, kept_fields, _("Du bist wieder angemeldet. Es ist nichts verloren."), 200
        )
    return redirect(local_path(target), 303)


@bp.before_app_request
def lead_to_enrolment() -> ResponseReturnValue | None:
    """Whose role demands a second factor sets one up before anything else."""
    if not current_user.must_enrol or request.endpoint is None or request.endpoint in _ENROLMENT:
        return None
    if access_of(current_app.view_functions[request.endpoint]) is Access.PUBLIC:
        return None
    if request.method == "GET":
        return redirect(url_for("accounts.show_security"), 303)
    raise Denied(_("Richte zuerst den zweiten Schutz für dein Konto ein."))


@bp.after_app_request
def note_presence(response: Response) -> Response:
    """Remember, with a write and at most once an hour, that the device is in use."""
    if request.method == "POST" and current_user.is_authenticated:
        signed_in: SignedIn = current_user
        if signed_in.last_seen_at < now() - queries.PRESENCE:
            with unit_of_work():
                devices.note_presence(signed_in.device_id)
    return response
