"""The way in with address and password."""

from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy as sa

from forum.accounts import policy
from forum.accounts.models import Credential, Passkey
from forum.accounts.service import passwords
from forum.core.db import db
from forum.members.models import Member, Standing
from forum.members.service import key_of
from forum.spaces.models import Membership


@dataclass(frozen=True, slots=True)
class Entrant:
    """Somebody whose password was right.

    `needs_second_step` asks for a code or a passkey before the door opens; `needs_rehash` says that the stored
    hash should be made again while the password is at hand.
    """

    member_id: int
    needs_second_step: bool
    needs_rehash: bool


def check_password(address: str, password: str, demanding: Collection[str] = ()) -> Entrant | None:
    """Who comes in with this address and password, or None.

    None is the answer to an unknown address, a wrong password and a suspended member alike, and it takes the
    same time. `demanding` are the roles that must have a second factor. Reads only: hashing holds no lock.
    """
    found = db.session.execute(
        sa.select(
            Member.id,
            Member.standing,
            Member.is_administrator,
            Credential.password_hash,
            Credential.totp_confirmed_at.is_not(None),
            sa.exists().where(Passkey.member_id == Member.id),
        )
        .outerjoin(Credential, Credential.member_id == Member.id)
        .where(Member.email_key == key_of(address))
    ).one_or_none()
    if found is None:
        passwords.is_right(None, password)
        return None
    member_id, standing, is_administrator, password_hash, has_codes, has_passkey = found
    if not passwords.is_right(password_hash, password) or standing is not Standing.ACTIVE:
        return None
    roles = db.session.scalars(sa.select(Membership.role).where(Membership.member_id == member_id)).all()
    demanded = policy.demands_second_factor(demanding, roles, is_administrator)
    return Entrant(
        member_id,
        needs_second_step=has_codes or (demanded and has_passkey),
        needs_rehash=passwords.is_outdated(password_hash or ""),
    )
