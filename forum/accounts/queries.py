"""What pages and the sign-in read."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

import sqlalchemy as sa

from forum.accounts import policy
from forum.accounts.models import Credential, Device, Invitation, Passkey, RecoveryCode
from forum.core.access import Role, Viewer
from forum.core.clock import now
from forum.core.db import db
from forum.core.listing import newest
from forum.core.paging import Slice
from forum.core.persons import Person
from forum.members.models import Member, Standing
from forum.spaces.models import Membership, Space, SpaceKind


@dataclass(frozen=True, slots=True)
class Found:
    """The member behind a device's token, with everything that each request needs."""

    device_id: int
    last_seen_at: datetime
    viewer: Viewer
    person: Person
    locale: str
    theme: str
    has_second_factor: bool


_has_passkey = sa.exists().where(Passkey.member_id == Member.id)

#: Runs on every request: built once, three index look-ups, a row per membership.
_SIGNED_IN = (
    sa.select(
        Device.id,
        Device.last_seen_at,
        Member.id,
        Member.name,
        Member.picture_version,
        Member.locale,
        Member.theme,
        Member.is_administrator,
        sa.or_(Credential.totp_confirmed_at.is_not(None), _has_passkey),
        Membership.space_id,
        Membership.role,
    )
    .join(Member, Member.id == Device.member_id)
    .outerjoin(Credential, Credential.member_id == Member.id)
    .outerjoin(Membership, Membership.member_id == Member.id)
    .where(
        Device.token_hash == sa.bindparam("token_hash"),
        Device.expires_at > sa.bindparam("moment"),
        Device.revoked_at.is_(None),
        Member.standing == Standing.ACTIVE,
    )
)


def find_device(token_hash: bytes, moment: datetime) -> Found | None:
    """Who holds the device: None unless it is neither expired nor revoked and its member is active."""
    rows = db.session.connection().execute(_SIGNED_IN, {"token_hash": token_hash, "moment": moment}).all()
    if not rows:
        return None
    device_id, seen, member_id, name, picture, locale, theme, is_administrator, second, _space, _role = rows[
        0
    ]
    spaces: Mapping[int, Role] = MappingProxyType({row[9]: row[10] for row in rows if row[9] is not None})
    return Found(
        device_id,
        seen,
        Viewer(member_id, spaces, is_administrator),
        Person(member_id, name, picture),
        locale,
        theme,
        bool(second),
    )


def signed_in_devices(device_ids: Collection[int]) -> set[int]:
    """Those of the devices on which somebody is signed in."""
    statement = sa.select(Device.id).join(Member, Member.id == Device.member_id)
    return set(
        db.session.scalars(
            statement.where(
                Device.id.in_(device_ids),
                Device.expires_at > now(),
                Device.revoked_at.is_(None),
                Member.standing == Standing.ACTIVE,
            )
        )
    )


def list_devices(viewer: Viewer, moment: datetime) -> list[Device]:
    """Where the viewer is signed in, last used first."""
    return list(
        db.session.scalars(
            sa.select(Device)
            .where(
                Device.member_id == viewer.member_id, Device.revoked_at.is_(None), Device.expires_at > moment
            )
            .order_by(Device.last_seen_at.desc(), Device.id.desc())
        )
    )


@dataclass(frozen=True, slots=True)
class Safety:
    """How the viewer's account is guarded."""

    email: str
    totp_since: datetime | None
    passkeys: list[Passkey]
    recovery_codes_left: int

    @property
    def has_second_factor(self) -> bool:
        return self.totp_since is not None or bool(self.passkeys)


def read_safety(viewer: Viewer) -> Safety:
    """What the page on security shows."""
    email, since = db.session.execute(
        sa.select(Member.email, Credential.totp_confirmed_at)
        .outerjoin(Credential, Credential.member_id == Member.id)
        .where(Member.id == viewer.member_id)
    ).one()
    passkeys = db.session.scalars(
        sa.select(Passkey).where(Passkey.member_id == viewer.member_id).order_by(Passkey.id)
    )
    left = db.session.scalar(
        sa.select(sa.func.count()).where(
            RecoveryCode.member_id == viewer.member_id, RecoveryCode.used_at.is_(None)
        )
    )
    return Safety(email, since, list(passkeys), left or 0)


@dataclass(frozen=True, slots=True)
class InvitationRow:
    """An invitation in the list."""

    invitation: Invitation
    space: str
    creator: str
    member: str


def list_invitations(
    viewer: Viewer, moment: datetime, *, only_open: bool, cursor: str = ""
) -> Slice[InvitationRow]:
    """The invitations that the viewer keeps, newest first."""
    creator, member = sa.orm.aliased(Member), sa.orm.aliased(Member)
    query = (
        sa.select(Invitation, Space.name, creator.name, member.name)
        .outerjoin(Space, Space.id == Invitation.space_id)
        .outerjoin(creator, creator.id == Invitation.created_by_id)
        .outerjoin(member, member.id == Invitation.accepted_by_id)
        .where(policy.manageable_by(viewer))
    )
    if only_open:
        query = query.where(
            Invitation.accepted_at.is_(None), Invitation.revoked_at.is_(None), Invitation.expires_at > moment
        )
    return newest(
        query, Invitation.id, cursor, lambda row: InvitationRow(row[0], *(text or "" for text in row[1:]))
    )


def list_inviting_spaces(viewer: Viewer) -> list[tuple[int, str]]:
    """Id and name of each space the viewer may invite into; regions first, whoever joins one is in the network."""
    query = sa.select(Space.id, Space.name).order_by(
        Space.kind == SpaceKind.NETWORK, Space.position, Space.name
    )
    if not viewer.is_administrator:
        query = query.where(Space.id.in_(policy.inviting_spaces(viewer)))
    return [(space_id, name) for space_id, name in db.session.execute(query)]


#: How old `last_seen_at` may grow before a write refreshes it.
PRESENCE = timedelta(hours=1)
