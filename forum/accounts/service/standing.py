"""What an administrator does to the account of another member."""

import sqlalchemy as sa
from flask_babel import gettext as _

from forum.accounts import policy
from forum.accounts.models import Passkey, RecoveryCode, Safety
from forum.accounts.service import devices, invitations, safety, second_factor, tokens
from forum.audit.service import record
from forum.core.access import Viewer
from forum.core.db import db
from forum.core.errors import NotFound, require
from forum.mail.service import send, take_back
from forum.members import service as members
from forum.members.models import Member


def suspend(viewer: Viewer, member_id: int) -> None:
    """Keep the member out, signed out everywhere; mailed links and written invitations are void.

    Mails that tell of what is new and have not left yet do not leave any more.
    """
    member = members.suspend(viewer, member_id)
    devices.sign_out_everywhere(member.id)
    tokens.discard(member.id)
    invitations.revoke_all(member.id)
    take_back(member.id, "notice", "digest")


def dismiss(viewer: Viewer, member_id: int) -> None:
    """Take the administration from the member, and back the invitations that only an administrator may write."""
    members.dismiss(viewer, member_id)
    invitations.revoke_all(member_id, beyond=policy.INVITABLE)


def reset_second_factor(viewer: Viewer, member_id: int) -> None:
    """Take all codes and passkeys from a member who has lost them; the password stays.

    It weakens somebody else's account, so it is recorded, told by mail and ends every session.
    """
    member = db.session.get(Member, member_id) if viewer.is_administrator else None
    if member is None:
        raise NotFound
    require(member.id != viewer.member_id, _("Deinen eigenen zweiten Schutz änderst du unter „Sicherheit“."))
    second_factor.forget_totp(member.id)
    db.session.execute(sa.delete(Passkey).where(Passkey.member_id == member.id))
    db.session.execute(sa.delete(RecoveryCode).where(RecoveryCode.member_id == member.id))
    devices.sign_out_everywhere(member.id)
    record(viewer, "second_factor.reset", member.id)
    safety.show(member.id, Safety.RESET)
    send(
        member.email,
        _("Nachricht aus dem Netzwerk"),
        _(
            "Hallo %(name)s,\n\n"
            "die Administration hat den zweiten Schutz deines Kontos zurückgesetzt und dich überall abgemeldet. "
            "Melde dich mit deinem Passwort an und richte ihn neu ein.\n\n"
            "Hast du nicht darum gebeten? Dann ändere dein Passwort und frag nach.\n",
            name=member.name,
        ),
        member_id=member.id,
        about="account",
    )
