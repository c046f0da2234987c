"""Who has taken note and who has not, by council; for those who keep the announcement."""

from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa

from forum.announcements.models import Acknowledgement, Announcement, Recipient
from forum.announcements.queries.reach import is_there
from forum.companies.models import Company, Site
from forum.core.db import db
from forum.councils.models import Council, Function, Mandate
from forum.councils.policy import current_on
from forum.members.models import Member
from forum.spaces.models import Space


@dataclass(frozen=True, slots=True)
class Party:
    """A council, or a member without one, of whom notice is asked.

    `by`, `on`, `digest`: who took note, the day, and of which words and files (`queries.digests`); `by` is empty once
    names are gone. `contact` is the chair, or the
    member. `is_reachable`: somebody of those it went to is still there to take note.
    """

    council_id: int | None
    name: str
    site: str
    town: str
    sign: str
    contact: str
    contact_phone: str
    phone: str
    by: str
    on: date | None
    digest: str
    is_reachable: bool

    @property
    def is_open(self) -> bool:
        return self.on is None


@dataclass(frozen=True, slots=True)
class Standing:
    """The whole list: `asked` stays when names, and with them those who are open, are gone."""

    asked: int
    parties: tuple[Party, ...]

    @property
    def noted(self) -> list[Party]:
        return [one for one in self.parties if not one.is_open]

    @property
    def open(self) -> list[Party]:
        return [one for one in self.parties if one.is_open and one.is_reachable]

    @property
    def gone(self) -> list[Party]:
        """Open, but nobody of those it went to is there any more."""
        return [one for one in self.parties if one.is_open and not one.is_reachable]


def standing(announcement: Announcement, today: date) -> Standing:
    """Of the present version; four statements however many there are. The caller has checked the viewer."""
    councils = _councils(announcement, today)
    members = _members(announcement, today)
    parties = sorted(
        [*councils, *members], key=lambda one: (one.council_id is None, one.sign, one.name.casefold())
    )
    return Standing(announcement.asked_count, tuple(parties))


def _councils(announcement: Announcement, today: date) -> list[Party]:
    asked = (
        sa.select(
            Recipient.council_id,
            sa.func.max(sa.case((is_there(today), 1), else_=0)).label("is_reachable"),
        )
        .where(
            Recipient.announcement_id == announcement.id,
            Recipient.is_asked,
            Recipient.council_id.is_not(None),
        )
        .group_by(Recipient.council_id)
        .subquery()
    )
    noted = (
        sa.select(
            Acknowledgement.council_id,
            Acknowledgement.given_on,
            Acknowledgement.digest,
            Member.name.label("by"),
        )
        .outerjoin(Member, Member.id == Acknowledgement.member_id)
        .where(
            Acknowledgement.announcement_id == announcement.id,
            Acknowledgement.version == announcement.version,
            Acknowledgement.council_id.is_not(None),
        )
        .subquery()
    )
    statement = (
        sa.select(
            Council.id, Council.name, Council.phone, Site.name.label("site"), Company.name.label("company"),
            Site.town, Space.sign, noted.c.by, noted.c.given_on, noted.c.digest, asked.c.is_reachable,
        )
        .join(Site, Site.id == Council.site_id)
        .join(Company, Company.id == Site.company_id)
        .join(Space, Space.id == Site.space_id)
        .outerjoin(asked, asked.c.council_id == Council.id)
        .outerjoin(noted, noted.c.council_id == Council.id)
        .where(sa.or_(asked.c.council_id.is_not(None), noted.c.council_id.is_not(None)))
    )  # fmt: skip
    rows = db.session.execute(statement).all()
    chairs = _chairs([row.id for row in rows], today)
    return [
        Party(
            council_id=row.id,
            name=row.name,
            site=f"{row.company}, {row.site}",
            town=row.town,
            sign=row.sign,
            contact=chairs.get(row.id, ("", ""))[0],
            contact_phone=chairs.get(row.id, ("", ""))[1],
            phone=row.phone,
            by=row.by or "",
            on=row.given_on,
            digest=row.digest or "",
            is_reachable=bool(row.is_reachable),
        )
        for row in rows
    ]


def _chairs(council_ids: list[int], today: date) -> dict[int, tuple[str, str]]:
    """Name and phone of the chair, else of the deputy."""
    statement = (
        sa.select(Mandate.council_id, Mandate.function, Member.name, Member.phone)
        .join(Member, Member.id == Mandate.member_id)
        .where(
            Mandate.council_id.in_(council_ids),
            Mandate.function.in_([Function.CHAIR, Function.DEPUTY]),
            ~Mandate.is_substitute,
            current_on(today),
        )
        .order_by(Mandate.id)
    )
    found: dict[int, tuple[str, str]] = {}
    for council_id, function, name, phone in db.session.execute(statement):
        if function is Function.CHAIR or council_id not in found:
            found[council_id] = (name, phone)
    return found


def _members(announcement: Announcement, today: date) -> list[Party]:
    """Those without a council; and, once names are gone, as many notices without a name."""
    statement = (
        sa.select(
            Member.name,
            Member.phone,
            Acknowledgement.given_on,
            Acknowledgement.digest,
            is_there(today).label("is_reachable"),
        )
        .select_from(Recipient)
        .join(Member, Member.id == Recipient.member_id)
        .outerjoin(
            Acknowledgement,
            sa.and_(
                Acknowledgement.announcement_id == Recipient.announcement_id,
                Acknowledgement.version == announcement.version,
                Acknowledgement.council_id.is_(None),
                Acknowledgement.member_id == Recipient.member_id,
            ),
        )
        .where(
            Recipient.announcement_id == announcement.id, Recipient.is_asked, Recipient.council_id.is_(None)
        )
    )
    nameless = sa.select(Acknowledgement.given_on, Acknowledgement.digest).where(
        Acknowledgement.announcement_id == announcement.id,
        Acknowledgement.version == announcement.version,
        Acknowledgement.council_id.is_(None),
        Acknowledgement.member_id.is_(None),
    )
    known = [
        _member(name, phone, name if given_on else "", given_on, digest or "", bool(is_reachable))
        for name, phone, given_on, digest, is_reachable in db.session.execute(statement)
    ]
    return known + [
        _member("", "", "", given_on, digest, False) for given_on, digest in db.session.execute(nameless)
    ]


def _member(name: str, phone: str, by: str, on: date | None, digest: str, is_reachable: bool) -> Party:
    return Party(None, name, "", "", "", name, phone, "", by, on, digest, is_reachable)
