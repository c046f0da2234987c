"""What moderators do with the councils of their region and the mandates in them."""

from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa
from flask_babel import gettext as _

from forum.audit import service as audit
from forum.companies import service as companies
from forum.core.access import Viewer
from forum.core.db import db
from forum.core.errors import Invalid, NotFound
from forum.core.text import clean_line, clean_phone
from forum.councils import policy
from forum.councils.models import Council, Function, Mandate

NAME_LIMIT = 160
MOST_SEATS = 99
#: The first works councils act; what lies before is a slip of the finger.
EARLIEST = date(1920, 2, 4)


@dataclass(frozen=True, slots=True)
class Term:
    """What a mandate says: function, first and last day (open if `until` is None)."""

    function: Function
    since: date
    until: date | None = None
    is_substitute: bool = False


def get_council(viewer: Viewer, council_id: int) -> Council:
    """The council, or `NotFound`: the same answer for "no such council" and "not for you"."""
    council = db.session.get(Council, council_id)
    if council is None or not policy.may_read(viewer, council):
        raise NotFound
    return council


def get_managed_council(viewer: Viewer, council_id: int) -> Council:
    """The council, if the viewer keeps its region in order; else `NotFound`."""
    council = get_council(viewer, council_id)
    if not policy.may_manage(viewer, council):
        raise NotFound
    return council


def get_managed_mandate(viewer: Viewer, mandate_id: int) -> Mandate:
    """The mandate, if the viewer keeps its region in order; else `NotFound`."""
    mandate = db.session.get(Mandate, mandate_id)
    if mandate is None or not policy.may_manage(viewer, mandate.council):
        raise NotFound
    return mandate


def put_council(
    viewer: Viewer, site_id: int, name: str = "", seats: int | None = None, phone: str | None = None
) -> Council:
    """The council of the site, made if there is none. Without a name it is called after company and site.

    `phone`: where staff reaches it if notice of something important is missing; None leaves it as it is.
    """
    site = companies.get_managed_site(viewer, site_id)
    name = name.strip() or f"Betriebsrat {site.company.name}, {site.name}"
    if seats is not None and not 1 <= seats <= MOST_SEATS:
        raise Invalid(_("Ein Betriebsrat hat zwischen 1 und 99 Sitzen."), "seats")
    council = db.session.scalar(sa.select(Council).where(Council.site_id == site.id)) or Council(
        site_id=site.id
    )
    council.name = clean_line(name, limit=NAME_LIMIT, field="council")
    council.seats = seats
    if phone is not None:
        council.phone = clean_phone(phone)
    db.session.add(council)
    db.session.flush()
    return council


def create_mandate(viewer: Viewer, council_id: int, member_id: int, term: Term) -> Mandate:
    """Give a member a seat. That the member belongs to the region is for `spaces.service` to check."""
    council = get_managed_council(viewer, council_id)
    mandate = Mandate(member_id=member_id, council_id=council.id)
    _fill(mandate, term)
    db.session.add(mandate)
    db.session.flush()
    _record(viewer, "mandate.created", mandate, council)
    return mandate


def update_mandate(viewer: Viewer, mandate_id: int, term: Term) -> Mandate:
    """Correct the mandate, or end it by its last day."""
    mandate = get_managed_mandate(viewer, mandate_id)
    was_open = mandate.until is None
    _fill(mandate, term)
    action = "mandate.ended" if was_open and mandate.until else "mandate.changed"
    _record(viewer, action, mandate, mandate.council)
    return mandate


def delete_mandate(viewer: Viewer, mandate_id: int) -> Mandate:
    """Remove a mandate that never was; one that was is ended instead."""
    mandate = get_managed_mandate(viewer, mandate_id)
    db.session.delete(mandate)
    _record(viewer, "mandate.deleted", mandate, mandate.council)
    return mandate


def _fill(mandate: Mandate, term: Term) -> None:
    if term.since < EARLIEST:
        raise Invalid(_("Prüfe das Jahr: So lange gibt es Betriebsräte noch nicht."), "since")
    if term.until is not None and term.until < term.since:
        raise Invalid(_("Der letzte Tag liegt vor dem ersten."), "until")
    mandate.function = term.function
    mandate.since = term.since
    mandate.until = term.until
    mandate.is_substitute = term.is_substitute
    others = sa.select(Mandate).where(
        Mandate.member_id == mandate.member_id,
        Mandate.council_id == mandate.council_id,
        Mandate.id != (mandate.id or 0),
    )
    with db.session.no_autoflush:
        if any(policy.overlap(mandate, other) for other in db.session.scalars(others)):
            raise Invalid(
                _("In dieser Zeit gibt es hier schon ein Mandat dieser Person. Beende es zuerst."), "since"
            )


def _record(viewer: Viewer, action: str, mandate: Mandate, council: Council) -> None:
    """The subject is the member: who it was must be known when the mandate is gone."""
    audit.record(viewer, action, mandate.member_id, space_id=council.site.space_id, note=council.name)
