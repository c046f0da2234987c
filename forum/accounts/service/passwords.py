"""Passwords: judged, hashed, checked, changed, forgotten."""

import re
from collections.abc import Callable
from datetime import timedelta
from functools import lru_cache
from pathlib import Path

import sqlalchemy as sa
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from flask_babel import gettext as _

from forum.accounts.models import Credential, Safety, TokenKind
from forum.accounts.service import devices, safety, tokens
from forum.audit.service import record
from forum.core.access import Viewer
from forum.core.db import db
from forum.core.errors import Invalid
from forum.mail.service import send
from forum.members.models import Member, Standing
from forum.members.service import find_by_address, get_own

MIN_LENGTH = 10
MAX_LENGTH = 200
#: How long the link for a new password is good.
RESET_LIFE = timedelta(hours=1)

#: Argon2id, 19 MiB and three passes (OWASP asks for two): sixteen sign-ins at once still fit a small machine.
hasher = PasswordHasher(time_cost=3, memory_cost=19 * 1024, parallelism=1)

#: Words that a stranger would try first here; digits and signs around them make nothing better.
_OBVIOUS = frozenset(
    {
        *(
            "arbeit",
            "arbeitsrecht",
            "beispiel",
            "betriebsrat",
            "betriebsrätin",
            "betriebsräte",
            "betriebsraete",
        ),
        *(
            "berlin",
            "brandenburg",
            "finsterwalde",
            "frankfurt",
            "fürstenwalde",
            "prenzlau",
            "rathenow",
            "wildau",
        ),
        *("gewerkschaft", "igmetall", "igm", "metall", "netzwerk", "solidarität", "sommer", "winter"),
        *("geheim", "hallo", "passwort", "password", "qwertz", "qwerty", "test", "willkommen"),
    }
)


@lru_cache(maxsize=1)
def _common() -> frozenset[str]:
    """The common passwords that are long enough to be typed here (source: docs/decisions/0002-accounts.md)."""
    file = Path(__file__).with_name("common_passwords.txt")
    return frozenset(file.read_text(encoding="utf-8").split())


def judge(password: str, *known: str) -> None:
    """Take the password or raise `Invalid` with what is wrong; `known` are the person's name and address."""
    if len(password) < MIN_LENGTH:
        raise Invalid(
            _("Das Passwort ist zu kurz: Nimm mindestens %(n)s Zeichen, etwa drei Wörter.", n=MIN_LENGTH),
            "new_password",
        )
    if len(password) > MAX_LENGTH:
        raise Invalid(_("Das Passwort ist zu lang: höchstens %(n)s Zeichen.", n=MAX_LENGTH), "new_password")
    folded = password.casefold()
    letters = re.sub(r"[\W\d_]", "", folded)
    if folded in _common() or letters in _OBVIOUS or len(set(folded)) < 5:
        raise Invalid(
            _("Dieses Passwort errät man zu leicht. Nimm drei oder vier Wörter, die nicht zusammengehören."),
            "new_password",
        )
    rest = folded
    for part in re.split(r"[\W\d_]+", " ".join(known).casefold()):
        rest = rest.replace(part, "") if len(part) >= 3 else rest
    if len(rest) < len(folded) and len(re.sub(r"[\W\d_]", "", rest)) < 5:
        raise Invalid(
            _("Nimm ein Passwort, in dem nicht dein Name oder deine Adresse steckt."), "new_password"
        )


def set_password(member_id: int, password: str) -> None:
    """Give the member this password, unjudged."""
    credential = db.session.get(Credential, member_id)
    if credential is None:
        db.session.add(Credential(member_id=member_id, password_hash=hasher.hash(password)))
    else:
        credential.password_hash = hasher.hash(password)


def is_right(password_hash: str | None, password: str) -> bool:
    """Whether the password belongs to the hash. Without a hash it takes just as long to say no."""
    try:
        return hasher.verify(password_hash or _nobodys_hash(), password[:MAX_LENGTH]) and bool(password_hash)
    except (VerificationError, InvalidHashError):
        return False


def is_outdated(password_hash: str) -> bool:
    """Whether the hash was made with other parameters than today's."""
    return hasher.check_needs_rehash(password_hash)


def require_own(viewer: Viewer, password: str) -> None:
    """Go on only if `password` is the viewer's own: asked before every change to how the viewer gets in."""
    stored = db.session.scalar(
        sa.select(Credential.password_hash).where(Credential.member_id == viewer.member_id)
    )
    if not is_right(stored, password):
        raise Invalid(_("Das ist nicht dein jetziges Passwort."), "password")


def change(viewer: Viewer, device_id: int, current: str, new: str) -> None:
    """The viewer's new password; the other devices are signed out, and a mail tells of it."""
    require_own(viewer, current)
    member = get_own(viewer)
    judge(new, member.name, member.email)
    set_password(member.id, new)
    devices.sign_out_everywhere(member.id, but=device_id)
    record(viewer, "password.changed", member.id)
    safety.tell(member, Safety.PASSWORD)


def request_reset(address: str, link_to: Callable[[str], str]) -> None:
    """Mail a link for a new password to the address, if a member may sign in with it.

    For any other address a row is written as well: neither the answer nor its time tells which it was.
    """
    member = find_by_address(address)
    if member is None or member.standing is not Standing.ACTIVE:
        tokens.issue(TokenKind.RESET, "", RESET_LIFE)
        return
    token = tokens.issue(TokenKind.RESET, member.email, RESET_LIFE, member_id=member.id)
    send(
        member.email,
        _("Nachricht aus dem Netzwerk"),
        _(
            "Hallo %(name)s,\n\n"
            "für dein Konto wurde ein neues Passwort angefordert. Hier wählst du es:\n\n%(link)s\n\n"
            "Der Link gilt eine Stunde und nur einmal. Hast du nichts angefordert, musst du nichts tun: "
            "Dein Passwort bleibt, wie es ist.\n",
            name=member.name,
            link=link_to(token),
        ),
        member_id=member.id,
        about="account",
    )


def reset(token: str, new: str) -> None:
    """Use the mailed link up: the member's new password, signed out everywhere; `NotFound` for a dead link."""
    found = tokens.use(TokenKind.RESET, token)
    member = db.session.get_one(Member, found.member_id)
    judge(new, member.name, member.email)
    set_password(member.id, new)
    devices.sign_out_everywhere(member.id)
    tokens.discard(member.id)
    record(Viewer(member.id), "password.reset", member.id)
    safety.tell(member, Safety.PASSWORD)


@lru_cache(maxsize=1)
def _nobodys_hash() -> str:
    return hasher.hash("nobody has this password")
