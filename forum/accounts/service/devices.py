"""Where a member is signed in."""

from datetime import timedelta

import sqlalchemy as sa

from forum.accounts.models import Device, Safety
from forum.accounts.service import safety
from forum.accounts.service.codes import hash_of, new_token
from forum.core.access import Viewer
from forum.core.browsers import label_of
from forum.core.clock import now
from forum.core.db import changed_rows, db
from forum.core.errors import NotFound
from forum.members.models import Member
from forum.notifications.service import pushes
from forum.realtime.publishing import cut_device, cut_member

#: How long a device stays signed in when the member did not ask to stay.
SHORT_STAY = timedelta(hours=12)
#: How long the row of a device that is gone is kept.
_AFTERLIFE = timedelta(days=30)


def open_device(member_id: int, user_agent: str = "", stay: timedelta = SHORT_STAY) -> str:
    """Sign the member in on a new device; the token that its cookie will carry."""
    moment = now()
    db.session.execute(
        sa.delete(Device).where(
            Device.member_id == member_id,
            sa.or_(Device.expires_at < moment - _AFTERLIFE, Device.revoked_at < moment - _AFTERLIFE),
        )
    )
    token = new_token()
    db.session.add(
        Device(
            member_id=member_id,
            token_hash=hash_of(token),
            label=label_of(user_agent),
            created_at=moment,
            last_seen_at=moment,
            expires_at=moment + stay,
        )
    )
    return token


def tell_if_new(member_id: int, user_agent: str) -> None:
    """Tell the member of a sign-in on a device unlike all that were used lately; before `open_device`.

    Devices are told apart by what they are called: nothing else of them is kept.
    """
    label = label_of(user_agent)
    known = sa.select(Device.id).where(Device.member_id == member_id, Device.label == label).limit(1)
    if db.session.scalar(known) is None:
        safety.tell(db.session.get_one(Member, member_id), Safety.NEW_DEVICE, label)


def note_presence(device_id: int) -> None:
    """Remember that the device was used just now."""
    db.session.execute(sa.update(Device).where(Device.id == device_id).values(last_seen_at=now()))


def sign_out(viewer: Viewer, device_id: int) -> None:
    """Sign out one of the viewer's own devices; `NotFound` for any other."""
    gone = changed_rows(
        sa.update(Device)
        .where(Device.id == device_id, Device.member_id == viewer.member_id, Device.revoked_at.is_(None))
        .values(revoked_at=now())
    )
    if gone == 0:
        raise NotFound
    pushes.forget_sign_in(device_id)
    cut_device(device_id)


def sign_out_everywhere(member_id: int, but: int | None = None) -> None:
    """Sign the member out on all devices, except `but`."""
    db.session.execute(
        sa.update(Device)
        .where(Device.member_id == member_id, Device.revoked_at.is_(None), Device.id != (but or 0))
        .values(revoked_at=now())
    )
    pushes.forget_sign_ins(member_id, but)
    cut_member(member_id)
