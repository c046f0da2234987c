"""Addresses to which a member may answer by mail: one for each thing, signed, for that member only, revocable."""

import secrets
from hmac import compare_digest

import sqlalchemy as sa
from flask_babel import gettext as _

from forum.core.access import Viewer
from forum.core.clock import now
from forum.core.db import db, insert_into
from forum.core.errors import Denied
from forum.mail import addresses
from forum.mail.targets import Owner
from forum.members.models import Member
from forum.notifications.models import ReplyAddress

#: The kind of signed address that answers go to.
KIND = "r"


def reply_address(member_id: int, subject: str, subject_id: int) -> str | None:
    """Where the member answers about this thing; None if the house takes no mail. Always the same until revoked."""
    if not addresses.are_made():
        return None
    values = {
        "member_id": member_id,
        "subject": subject,
        "subject_id": subject_id,
        "secret": secrets.token_hex(5),
        "created_at": now(),
    }
    db.session.execute(insert_into(ReplyAddress).values(**values).on_conflict_do_nothing())
    row = db.session.execute(
        sa.select(ReplyAddress.id, ReplyAddress.secret).where(
            ReplyAddress.member_id == member_id,
            ReplyAddress.subject == subject,
            ReplyAddress.subject_id == subject_id,
        )
    ).one()
    return addresses.make(KIND, f"{row.id}.{row.secret}")


def owner_of(payload: str) -> Owner | None:
    """Whose such an address is; None for one that is revoked."""
    place = _place(payload)
    if place is None:
        return None
    found = sa.select(Member.id, Member.email, Member.locale).where(Member.id == place.member_id)
    return Owner(*db.session.execute(found).one())


def find_place(payload: str, sender: str, *, is_forged: bool) -> ReplyAddress:
    """What an answer to this address is about. `Denied` unless it comes from the member whose address it is.

    `is_forged`: the mail server that took it in does not say that the sender is who it claims to be.
    """
    place, owner = _place(payload), owner_of(payload)
    if place is None or owner is None:
        raise Denied(
            _("Diese Antwortadresse gilt nicht mehr. Öffne das Thema im Netzwerk und antworte dort.")
        )
    if not addresses.are_same(owner.email, sender):
        raise Denied(
            _(
                "Antworte von der Adresse, an die die Mail ging. Von einer anderen nehmen wir die Antwort nicht an."
            )
        )
    if is_forged:
        raise Denied(
            _(
                "Dein Mailanbieter bestätigt nicht, dass die Mail von dir kommt. Öffne das Thema im Netzwerk und "
                "antworte dort."
            )
        )
    return place


def revoke_addresses(viewer: Viewer) -> None:
    """No answer to any mail that went out so far is taken any more."""
    db.session.execute(sa.delete(ReplyAddress).where(ReplyAddress.member_id == viewer.member_id))


def _place(payload: str) -> ReplyAddress | None:
    row_id, _dot, secret = payload.partition(".")
    place = db.session.get(ReplyAddress, int(row_id)) if row_id.isdecimal() and len(row_id) < 10 else None
    return place if place is not None and compare_digest(place.secret, secret) else None
