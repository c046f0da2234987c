"""Codes of an app (TOTP, RFC 6238) and recovery codes on paper."""

from datetime import UTC, datetime

import pyotp
import sqlalchemy as sa
from flask_babel import gettext as _

from forum.accounts.models import Credential, RecoveryCode, Safety
from forum.accounts.service import passwords, safety
from forum.accounts.service.codes import hash_of, new_code, read_code
from forum.audit.service import record
from forum.core.access import Viewer
from forum.core.clock import now
from forum.core.db import changed_rows, db
from forum.core.errors import Invalid, NotFound
from forum.members.models import Member
from forum.members.service import get_own

RECOVERY_CODES = 10
_STEP = 30
#: A clock may be half a minute off to either side.
_DRIFT = (0, -1, 1)


def start_totp(viewer: Viewer, password: str) -> None:
    """Make a secret for the viewer's app; it counts only after `confirm_totp`."""
    passwords.require_own(viewer, password)
    credential = _own_credential(viewer)
    if credential.totp_confirmed_at is not None:
        raise Invalid(_("Codes aus einer App sind bei dir schon eingeschaltet."))
    credential.totp_secret = pyotp.random_base32()
    credential.totp_last_step = None


def waiting_secret(viewer: Viewer) -> str:
    """The secret that waits to be confirmed; `NotFound` if none does."""
    credential = _own_credential(viewer)
    if credential.totp_secret is None or credential.totp_confirmed_at is not None:
        raise NotFound
    return credential.totp_secret


def totp_address(secret: str, account: str, issuer: str) -> str:
    """What the QR code says to the app."""
    return pyotp.TOTP(secret).provisioning_uri(name=account, issuer_name=issuer)


def confirm_totp(viewer: Viewer, code: str) -> list[str]:
    """Switch codes on, once one of them was right; the recovery codes, shown this once."""
    secret = waiting_secret(viewer)
    step = _step_of(secret, code)
    if step is None:
        raise Invalid(_("Dieser Code stimmt nicht. Prüfe, ob die Uhr deines Telefons richtig geht."), "code")
    credential = _own_credential(viewer)
    credential.totp_confirmed_at = now()
    credential.totp_last_step = step
    record(viewer, "totp.confirmed", viewer.member_id)
    safety.tell(get_own(viewer), Safety.CODES_ON)
    return make_recovery_codes(viewer)


def end_totp(viewer: Viewer, password: str) -> None:
    """Ask for no codes of the app any more."""
    passwords.require_own(viewer, password)
    forget_totp(_own_credential(viewer).member_id)
    record(viewer, "totp.ended", viewer.member_id)
    safety.tell(get_own(viewer), Safety.CODES_OFF)


def forget_totp(member_id: int) -> None:
    """Drop the secret of the member's app."""
    db.session.execute(
        sa.update(Credential)
        .where(Credential.member_id == member_id)
        .values(totp_secret=None, totp_confirmed_at=None, totp_last_step=None)
    )


def renew_recovery_codes(viewer: Viewer, password: str) -> list[str]:
    """Ten new codes; the old ones are void."""
    passwords.require_own(viewer, password)
    record(viewer, "recovery_codes.renewed", viewer.member_id)
    safety.tell(get_own(viewer), Safety.RECOVERY_CODES_MADE)
    return make_recovery_codes(viewer)


def make_recovery_codes(viewer: Viewer) -> list[str]:
    """Ten new codes instead of all old ones; only their hashes are kept."""
    codes = [new_code() for _each in range(RECOVERY_CODES)]
    db.session.execute(sa.delete(RecoveryCode).where(RecoveryCode.member_id == viewer.member_id))
    db.session.add_all(RecoveryCode(member_id=viewer.member_id, code_hash=hash_of(code)) for code in codes)
    return codes


def take_code(member_id: int, typed: str) -> None:
    """Let the member pass with a code of the app or a recovery code, each good once; else `Invalid`."""
    digits = "".join(typed.split())
    right = _take_totp(member_id, digits) if len(digits) == 6 else _take_recovery_code(member_id, typed)
    if not right:
        raise Invalid(_("Dieser Code stimmt nicht oder wurde schon benutzt."), "code")


def _take_totp(member_id: int, code: str) -> bool:
    credential = db.session.get(Credential, member_id)
    if credential is None or credential.totp_secret is None or credential.totp_confirmed_at is None:
        return False
    step = _step_of(credential.totp_secret, code)
    if step is None:
        return False
    taken = changed_rows(
        sa.update(Credential)
        .where(
            Credential.member_id == member_id,
            sa.or_(Credential.totp_last_step.is_(None), Credential.totp_last_step < step),
        )
        .values(totp_last_step=step)
    )
    return taken == 1


def _take_recovery_code(member_id: int, typed: str) -> bool:
    taken = changed_rows(
        sa.update(RecoveryCode)
        .where(
            RecoveryCode.member_id == member_id,
            RecoveryCode.code_hash == hash_of(read_code(typed)),
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=now())
    )
    if taken == 1:
        safety.tell(db.session.get_one(Member, member_id), Safety.RECOVERY_CODE_USED)
    return taken == 1


def _step_of(secret: str, code: str) -> int | None:
    """The time step whose code this is, or None."""
    totp = pyotp.TOTP(secret, interval=_STEP)
    present = int(now().timestamp()) // _STEP
    for drift in _DRIFT:
        step = present + drift
        if totp.verify("".join(code.split()), for_time=datetime.fromtimestamp(step * _STEP, UTC)):
            return step
    return None


def _own_credential(viewer: Viewer) -> Credential:
    credential = db.session.get(Credential, viewer.member_id) if viewer.is_signed_in else None
    if credential is None:
        raise NotFound
    return credential
