"""What becomes of members: a person is added, shown differently, suspended, trusted with the machine."""

import hashlib
import re
import unicodedata
from collections.abc import Collection

import sqlalchemy as sa
from flask_babel import gettext as _

from forum.audit.service import record
from forum.core.access import Viewer
from forum.core.clock import now
from forum.core.db import db
from forum.core.errors import Invalid, NotFound, require
from forum.core.html import render
from forum.core.images import square_avatar
from forum.core.text import clean_line, clean_phone, clean_text
from forum.members import policy
from forum.members.models import BIO_LIMIT, NAME_LIMIT, Member, Picture, Standing
from forum.realtime.publishing import cut_member

_ADDRESS = re.compile(r"[^\s@<>()\[\]\\,;:\"]+@[^\s@<>()\[\]\\,;:\"]+")

#: So many people one text may call by name: each of them is told, whatever else they have switched off.
NAMED_LIMIT = 30


def require_few(member_ids: Collection[int]) -> None:
    """`Invalid` for `text` if that are more people than one text may call by name."""
    if len(member_ids) > NAMED_LIMIT:
        raise Invalid(
            _(
                "Nenne höchstens %(limit)s Personen mit @: Alle Genannten bekommen Bescheid.",
                limit=NAMED_LIMIT,
            ),
            "text",
        )


def clean_address(raw: str) -> str:
    """`raw` as an e-mail address one can write to; raises `Invalid` for `email`."""
    address = unicodedata.normalize("NFC", raw.strip())
    readable = not any(unicodedata.category(sign)[0] == "C" for sign in address)
    if not readable or len(address) > 254 or not _ADDRESS.fullmatch(address):
        raise Invalid(_("Das ist keine E-Mail-Adresse. Ein Beispiel: petra@beispiel.de"), "email")
    return address


def key_of(address: str) -> str:
    """What makes two spellings one address."""
    # PostgreSQL takes no NUL; an address that holds one is nobody's.
    return unicodedata.normalize("NFC", address.strip().replace("\0", "\ufffd")).casefold()


def find_by_address(address: str) -> Member | None:
    """The member with this address, active or not."""
    return db.session.scalar(sa.select(Member).where(Member.email_key == key_of(address)))


def add_member(name: str, email: str, *, locale: str = "de", is_administrator: bool = False) -> Member:
    """A new member, flushed. Whether the address is free is the caller's question: see `find_by_address`."""
    address = clean_address(email)
    member = Member(
        name=_clean_name(name),
        email=address,
        email_key=key_of(address),
        locale=locale,
        is_administrator=is_administrator,
        joined_at=now(),
    )
    db.session.add(member)
    db.session.flush()
    return member


def change_address(member: Member, address: str) -> None:
    """Write to the member at `address` from now on."""
    member.email = clean_address(address)
    member.email_key = key_of(address)


def get_own(viewer: Viewer) -> Member:
    """The viewer's own row; `NotFound` for a visitor."""
    member = db.session.get(Member, viewer.member_id) if viewer.is_signed_in else None
    if member is None:
        raise NotFound
    return member


def change_profile(viewer: Viewer, *, name: str, bio: str, phone: str | None = None) -> None:
    """What the viewer shows of themself, and the phone, which only staff and moderators see; None leaves it."""
    member = get_own(viewer)
    member.name = _clean_name(name)
    if phone is not None:
        member.phone = clean_phone(phone)
    member.bio = clean_text(bio, limit=BIO_LIMIT) if bio.strip() else ""
    member.bio_html = render(member.bio) if member.bio else ""


def choose_display(viewer: Viewer, *, locale: str | None = None, theme: str | None = None) -> None:
    """Another language or other colours, whichever is given."""
    member = get_own(viewer)
    member.locale = locale or member.locale
    member.theme = theme or member.theme


def change_picture(viewer: Viewer, upload: bytes) -> None:
    """Show the uploaded picture instead of the initials; raises `Invalid` for what is no picture."""
    member = get_own(viewer)
    try:
        content = square_avatar(upload)
    except Invalid as refusal:
        raise Invalid(refusal.message, "picture") from None
    picture = db.session.get(Picture, member.id)
    if picture is None:
        db.session.add(Picture(member_id=member.id, content=content))
    else:
        picture.content = content
    member.picture_version = hashlib.sha256(content).hexdigest()[:12]


def remove_picture(viewer: Viewer) -> None:
    """Back to the initials."""
    member = get_own(viewer)
    db.session.execute(sa.delete(Picture).where(Picture.member_id == member.id))
    member.picture_version = None


def suspend(viewer: Viewer, member_id: int) -> Member:
    """Keep the member out until further notice; nobody suspends themself or the last administrator."""
    member = _get_administered(viewer, member_id)
    require(member.id != viewer.member_id, _("Dich selbst kannst du nicht sperren."))
    if member.is_administrator:
        _require_another_administrator(member)
    member.standing = Standing.SUSPENDED
    cut_member(member.id)
    record(viewer, "member.suspended", member.id)
    return member


def reactivate(viewer: Viewer, member_id: int) -> Member:
    """Let a suspended member in again."""
    member = _get_administered(viewer, member_id)
    member.standing = Standing.ACTIVE
    record(viewer, "member.reactivated", member.id)
    return member


def appoint(viewer: Viewer, member_id: int) -> None:
    """Make the member an administrator."""
    member = _get_administered(viewer, member_id)
    require(member.standing is Standing.ACTIVE, _("Wer gesperrt ist, kann nicht verwalten."))
    member.is_administrator = True
    record(viewer, "administrator.appointed", member.id)


def dismiss(viewer: Viewer, member_id: int) -> None:
    """Take the administration from the member; one administrator always stays."""
    member = _get_administered(viewer, member_id)
    _require_another_administrator(member)
    member.is_administrator = False
    cut_member(member.id)
    record(viewer, "administrator.dismissed", member.id)


def _get_administered(viewer: Viewer, member_id: int) -> Member:
    member = db.session.get(Member, member_id)
    if member is None or not policy.may_administer(viewer):
        raise NotFound
    return member


def _require_another_administrator(member: Member) -> None:
    # The rows are locked, so that two administrators cannot dismiss each other at the same moment.
    administrators = db.session.scalars(
        sa.select(Member.id)
        .where(Member.is_administrator, Member.standing == Standing.ACTIVE)
        .order_by(Member.id)
        .with_for_update()
    ).all()
    require(
        any(other != member.id for other in administrators),
        _("Das ist die letzte Person in der Administration. Ernenne erst eine andere."),
    )


def _clean_name(name: str) -> str:
    try:
        return clean_line(name, limit=NAME_LIMIT)
    except Invalid as refusal:
        raise Invalid(refusal.message, "name") from None
