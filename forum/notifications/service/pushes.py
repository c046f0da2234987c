"""Browsers that take pushes, and asking for a push."""

import base64
import binascii
from collections.abc import Collection, Sequence
from datetime import timedelta
from ipaddress import IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric import ec
from flask_babel import gettext as _

from forum.core.access import Viewer
from forum.core.clock import now
from forum.core.db import changed_rows, db, upsert
from forum.core.errors import Denied, Invalid, NotFound, require
from forum.jobs.service import enqueue
from forum.notifications.models import Notice, PushDevice
from forum.notifications.service.preferences import preferences_of

#: The work that sends; what waits for a better time is asked for under a name of its own.
PUSH, PUSH_AGAIN, PUSH_PROBE = "notifications.push", "notifications.push_again", "notifications.push_probe"
#: So long a window that is open has time to say that its reader has seen it.
LOOK = timedelta(seconds=8)
#: So many browsers of a member take pushes; beyond that the oldest goes.
DEVICES = 10
_ENDPOINT_LIMIT, _NAME_LIMIT, _SECRET_BYTES = 1000, 120, 16
#: The part of IPv6 that is given out to machines on the open net, and what in it only wraps an address of IPv4, which
#: may be one of the house's own (6to4, Teredo). NAT64 and mapped addresses lie outside of it.
_OPEN = IPv6Network("2000::/3")
_WRAPPED = (IPv6Network("2002::/16"), IPv6Network("2001::/32"))


def plan(subject: str, subject_id: int) -> None:
    """Have those told of the thing pushed in a moment, unless they read it meanwhile; nothing without browsers."""
    told = (
        sa.select(PushDevice.id)
        .join(Notice, Notice.member_id == PushDevice.member_id)
        .where(
            Notice.subject == subject,
            Notice.subject_id == subject_id,
            Notice.read_at.is_(None),
            Notice.pushed_at.is_(None),
        )
    )
    if db.session.scalar(told.limit(1)) is not None:
        key = f"push:{subject}:{subject_id}"
        enqueue(PUSH, key=key, due_at=now() + LOOK, subject=subject, subject_id=subject_id)


def register(
    viewer: Viewer, device_id: int, endpoint: str, public_key: str, secret: str, name: str = ""
) -> None:
    """The browser in which the viewer is signed in as `device_id` takes pushes from now on.

    `endpoint` is its address at the maker's service; `public_key` and `secret` are its keys in base64. `Invalid` for
    an address that is not on the open net, or keys that are none. A browser has one reader: the last who said so.
    """
    if viewer.member_id is None:
        raise Denied
    if not is_open_address(endpoint) or not _is_key(public_key) or len(_bytes(secret)) != _SECRET_BYTES:
        raise Invalid(_("Dieser Browser hat keine brauchbare Adresse für Meldungen genannt."))
    values = {
        "member_id": viewer.member_id,
        "device_id": device_id,
        "endpoint": endpoint,
        "public_key": public_key,
        "secret": secret,
        "name": name[:_NAME_LIMIT],
        "created_at": now(),
    }
    upsert(
        PushDevice, values, ["endpoint"], {key: value for key, value in values.items() if key != "endpoint"}
    )
    preferences_of(viewer).pushes = True
    kept = (
        sa.select(PushDevice.id)
        .where(PushDevice.member_id == viewer.member_id)
        .order_by(PushDevice.created_at.desc(), PushDevice.id.desc())
        .limit(DEVICES)
    )
    db.session.execute(
        sa.delete(PushDevice).where(
            PushDevice.member_id == viewer.member_id, PushDevice.id.not_in(kept.scalar_subquery())
        )
    )


def remove(viewer: Viewer, push_device_id: int) -> None:
    """One of the viewer's browsers takes no pushes any more; `NotFound` for any other."""
    mine = (PushDevice.id == push_device_id, PushDevice.member_id == viewer.member_id)
    if not changed_rows(sa.delete(PushDevice).where(*mine)):
        raise NotFound


def remove_endpoint(viewer: Viewer, endpoint: str) -> None:
    """The browser with this address takes no pushes any more; nothing happens if it is not the viewer's."""
    if not is_open_address(endpoint):
        return
    mine = (PushDevice.endpoint == endpoint, PushDevice.member_id == viewer.member_id)
    db.session.execute(sa.delete(PushDevice).where(*mine))


def forget(push_device_ids: Collection[int]) -> None:
    """These browsers are gone: unsubscribed at the maker's, or signed out here."""
    db.session.execute(sa.delete(PushDevice).where(PushDevice.id.in_(push_device_ids)))


def forget_sign_in(device_id: int) -> None:
    """Whoever was signed in there has gone; nothing is pushed there any more."""
    db.session.execute(sa.delete(PushDevice).where(PushDevice.device_id == device_id))


def forget_sign_ins(member_id: int, but: int | None = None) -> None:
    """The same for all places where the member is signed in, except `but`."""
    others = (PushDevice.member_id == member_id, PushDevice.device_id != (but or 0))
    db.session.execute(sa.delete(PushDevice).where(*others))


def send_probe(viewer: Viewer) -> None:
    """Have a push sent to all browsers of the viewer, to see that it arrives."""
    require(bool(devices_of(viewer)), _("Schalte zuerst Meldungen auf einem Gerät ein."))
    enqueue(PUSH_PROBE, key=f"push-probe:{viewer.member_id}", member_id=viewer.member_id)


def devices_of(viewer: Viewer) -> Sequence[PushDevice]:
    """The browsers of the viewer that take pushes, the newest first."""
    mine = sa.select(PushDevice).where(PushDevice.member_id == viewer.member_id)
    return db.session.scalars(mine.order_by(PushDevice.created_at.desc(), PushDevice.id.desc())).all()


def is_open_address(endpoint: str) -> bool:
    """Whether this may be the address of a push service: https, the usual port, a host of the open net.

    Where the host's name leads to is looked at when something is sent.
    """
    try:
        parts = urlsplit(endpoint)
        port = parts.port
    except ValueError:
        return False
    host = (parts.hostname or "").removesuffix(".")
    if parts.scheme != "https" or port not in (None, 443) or parts.username is not None or parts.fragment:
        return False
    if (
        len(endpoint) > _ENDPOINT_LIMIT
        or not endpoint.isascii()
        or not endpoint.isprintable()
        or any(sign.isspace() for sign in endpoint)
    ):
        return False
    try:
        return is_open(host)
    except ValueError:  # a name
        try:
            host.encode("idna")
        except UnicodeError:
            return False
        return "." in host.strip(".") and not host.endswith((".local", ".localhost", ".internal", ".arpa"))


def is_open(address: str) -> bool:
    """Whether this network address is one of the open net, not of this machine or a house's own net."""
    found = ip_address(address)
    if isinstance(found, IPv6Address) and (found not in _OPEN or any(found in net for net in _WRAPPED)):
        return False
    return found.is_global and not found.is_multicast


def _is_key(public_key: str) -> bool:
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), _bytes(public_key))
    except ValueError:
        return False
    return True


def _bytes(text: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (ValueError, binascii.Error):
        return b""
