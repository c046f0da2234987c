"""Passkeys (WebAuthn): a key that lives in a phone, a computer or a stick, and never leaves it."""

from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

import sqlalchemy as sa
import webauthn
from flask_babel import gettext as _
from webauthn.helpers import base64url_to_bytes, parse_authentication_credential_json
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from forum.accounts.models import Passkey, RecoveryCode, Safety
from forum.accounts.service import passwords, safety
from forum.accounts.service.second_factor import make_recovery_codes
from forum.audit.service import record
from forum.core.access import Viewer
from forum.core.clock import now
from forum.core.db import db
from forum.core.errors import Invalid, NotFound
from forum.core.text import clean_line
from forum.members.models import Member, Standing
from forum.members.service import get_own

NAME_LIMIT = 60
_VERIFIED = UserVerificationRequirement.REQUIRED


@dataclass(frozen=True, slots=True)
class Place:
    """Where the network lives: a passkey is bound to the host's name."""

    origin: str

    @property
    def host(self) -> str:
        return urlsplit(self.origin).hostname or ""

    @property
    def takes_passkeys(self) -> bool:
        """Browsers bind passkeys to names only, and send them over https or to `localhost` only."""
        try:
            ip_address(self.host)
        except ValueError:
            return self.origin.startswith("https://") or self.host == "localhost"
        return False


@dataclass(frozen=True, slots=True)
class Challenge:
    """What the browser is asked (`options`, JSON) and the secret part of the question, to be kept for the answer."""

    options: str
    secret: bytes


def offer(viewer: Viewer, place: Place, password: str) -> Challenge:
    """Ask the browser to make a passkey for the viewer, who has said the password."""
    passwords.require_own(viewer, password)
    member = get_own(viewer)
    known = db.session.scalars(sa.select(Passkey.credential_id).where(Passkey.member_id == member.id))
    options = webauthn.generate_registration_options(
        rp_id=place.host,
        rp_name=_("Betriebsräte-Netzwerk"),
        user_id=str(member.id).encode(),
        user_name=member.email,
        user_display_name=member.name,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=_VERIFIED
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=credential_id) for credential_id in known],
    )
    return Challenge(webauthn.options_to_json(options), options.challenge)


def add(viewer: Viewer, place: Place, name: str, answer: str, secret: bytes) -> list[str]:
    """Keep the passkey that the browser made; recovery codes if the viewer has none yet, else nothing.

    `secret` is that of an `offer`, so the password was asked before the device made anything.
    """
    if not secret:
        raise Invalid(_("Der Passkey wurde nicht angenommen. Versuche es noch einmal."))
    try:
        made = webauthn.verify_registration_response(
            credential=answer,
            expected_challenge=secret,
            expected_rp_id=place.host,
            expected_origin=place.origin,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, RecursionError):
        raise Invalid(_("Der Passkey wurde nicht angenommen. Versuche es noch einmal.")) from None
    if (
        db.session.scalar(sa.select(Passkey.id).where(Passkey.credential_id == made.credential_id))
        is not None
    ):
        raise Invalid(_("Diesen Passkey gibt es hier schon."))
    member = get_own(viewer)
    db.session.add(
        Passkey(
            member_id=member.id,
            name=clean_line(name, limit=NAME_LIMIT),
            credential_id=made.credential_id,
            public_key=made.credential_public_key,
            sign_count=made.sign_count,
            created_at=now(),
        )
    )
    record(viewer, "passkey.added", member.id)
    safety.tell(member, Safety.PASSKEY_ADDED)
    has_codes = db.session.scalar(
        sa.select(sa.exists().where(RecoveryCode.member_id == member.id, RecoveryCode.used_at.is_(None)))
    )
    return [] if has_codes else make_recovery_codes(viewer)


def remove(viewer: Viewer, passkey_id: int) -> None:
    """Forget one of the viewer's own passkeys."""
    passkey = db.session.get(Passkey, passkey_id)
    if passkey is None or passkey.member_id != viewer.member_id:
        raise NotFound
    db.session.delete(passkey)
    record(viewer, "passkey.removed", viewer.member_id)
    safety.tell(get_own(viewer), Safety.PASSKEY_REMOVED)


def ask(place: Place) -> Challenge:
    """Ask the browser for any passkey of this place; it proves person and device, so it counts twice."""
    options = webauthn.generate_authentication_options(rp_id=place.host, user_verification=_VERIFIED)
    return Challenge(webauthn.options_to_json(options), options.challenge)


def take(place: Place, answer: str, secret: bytes, member_id: int | None = None) -> int:
    """The member whose passkey answered (it must be `member_id`, if given); else `Invalid`."""
    refusal = Invalid(
        _("Dieser Passkey wurde nicht angenommen. Versuche es noch einmal oder nimm dein Passwort.")
    )
    if not secret:  # nothing was asked, so nothing can be an answer
        raise refusal
    try:
        raw_id = base64url_to_bytes(parse_authentication_credential_json(answer).id)
        found = db.session.execute(
            sa.select(Passkey, Member.standing)
            .join(Member, Member.id == Passkey.member_id)
            .where(Passkey.credential_id == raw_id)
        ).one_or_none()
        if found is None or found[1] is not Standing.ACTIVE or member_id not in (None, found[0].member_id):
            raise refusal
        passkey: Passkey = found[0]
        proven = webauthn.verify_authentication_response(
            credential=answer,
            expected_challenge=secret,
            expected_rp_id=place.host,
            expected_origin=place.origin,
            credential_public_key=passkey.public_key,
            credential_current_sign_count=passkey.sign_count,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, RecursionError):
        raise refusal from None
    passkey.sign_count = proven.new_sign_count
    passkey.last_used_at = now()
    return passkey.member_id
