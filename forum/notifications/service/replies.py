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


def find_place(payload: str, sender: str, *, is_forged: bool) -> ReplyAddress:
    """What an answer to this address is about. `Denied` unless it comes from the member whose address it is.

    `is_forged`: the mail server that took it in says that the sender is not who it claims to be.
    """
    row_id, _dot, secret = payload.partition(".")
    place = db.session.get(ReplyAddress, int(row_id)) if row_id.isdecimal() and len(row_id) < 10 else None
    if place is None or not compare_digest(place.secret, secret):
        raise Denied(
            _("Diese Antwortadresse gilt nicht mehr. Öffne das Thema im Netzwerk und antworte dort.")
        )
    email_key = db.session.scalar(sa.select(Member.email_key).where(Member.id == place.member_id))
    if is_forged or email_key != sender.strip().casefold():
        raise Denied(
            _(
                "Antworte von der Adresse, an die die Mail ging. Von einer anderen nehmen wir die Antwort nicht an."
            )
        )
    return place


def revoke_addresses(viewer: Viewer) -> None:
    """No answer to any mail that went out so far is taken any more."""
    db.session.execute(sa.delete(ReplyAddress).where(ReplyAddress.member_id == viewer.member_id))
