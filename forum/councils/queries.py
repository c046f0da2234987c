"""Councils and mandates for pages: explicit columns, a constant number of statements."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa
from flask_babel import lazy_gettext as _l

from forum.companies.models import Company, Site
from forum.core.db import db
from forum.core.paging import Slice, read_cursor, write_cursor
from forum.core.persons import Person
from forum.councils import policy
from forum.councils.models import Council, Function, Mandate
from forum.members.models import Member

SITES_A_PAGE = 50
_RANK = {function: rank for rank, function in enumerate(Function)}
_FUNCTIONS = {
    Function.CHAIR: _l("BR-Vorsitz"),
    Function.DEPUTY: _l("stellv. BR-Vorsitz"),
    Function.SECRETARY: _l("Schriftführung"),
    Function.COMMITTEE_CHAIR: _l("Ausschussvorsitz"),
    Function.MEMBER: _l("BR-Mitglied"),
}
_SUBSTITUTE = _l("Ersatzmitglied")


def function_label(function: Function, is_substitute: bool = False) -> str:
    """What a councillor is, in words that fit beside a name."""
    return str(_SUBSTITUTE if is_substitute else _FUNCTIONS[function])


@dataclass(frozen=True, slots=True)
class Byline:
    """Who somebody is on a council, as shown beside the name; `space_id` is the region of the site."""

    function: Function
    is_substitute: bool
    site: str
    company: str
    space_id: int

    @property
    def text(self) -> str:
        """ "BR-Vorsitz, Werk Rathenow", in the reader's language."""
        return f"{function_label(self.function, self.is_substitute)}, {self.site}"


@dataclass(frozen=True, slots=True)
class MandateLine:
    """A mandate on the page of a council or of a member."""

    id: int
    function: Function
    is_substitute: bool
    since: date
    until: date | None
    is_current: bool
    person: Person
    council_id: int
    council: str
    site: str
    company: str
    space_id: int

    @property
    def label(self) -> str:
        return function_label(self.function, self.is_substitute)


@dataclass(frozen=True, slots=True)
class SiteLine:
    """A site in the list of its region, with its council."""

    id: int
    company: str
    name: str
    town: str
    sector: str
    employees: int | None
    council_id: int | None
    council: str | None
    seats: int | None
    mandates: int


# Columns of tables and not of classes: this runs with every list of posts, and the session would only add to it.
_mandate, _council, _site, _company = Mandate.__table__, Council.__table__, Site.__table__, Company.__table__
_BYLINES = (
    sa.select(
        _mandate.c.member_id,
        _mandate.c.function,
        _mandate.c.is_substitute,
        _mandate.c.since,
        _site.c.name,
        _company.c.name,
        _site.c.space_id,
    )
    .select_from(_mandate.join(_council).join(_site).join(_company))
    .where(
        _mandate.c.member_id.in_(sa.bindparam("member_ids", expanding=True)),
        policy.current_on(sa.bindparam("today", type_=sa.Date)),
    )
)


def bylines(member_ids: Collection[int], today: date) -> dict[int, Byline]:
    """The byline of each member who holds a mandate today; one statement.

    Of several mandates a regular one comes before a substitute's, then the higher function, then the latest.
    """
    if not member_ids:
        return {}
    rows = (
        db.session.connection()
        .execute(_BYLINES, {"member_ids": sorted(set(member_ids)), "today": today})
        .all()
    )
    found: dict[int, Byline] = {}
    # The foremost is written last and stays.
    for member_id, function, is_substitute, _since, site, company, space_id in sorted(
        rows, key=lambda row: (not row[2], -_RANK[row[1]], row[3])
    ):
        found[member_id] = Byline(function, is_substitute, site, company, space_id)
    return found


def mandates_of(member_id: int, today: date) -> list[MandateLine]:
    """All mandates of a member, those held today first, then the latest."""
    return _mandate_lines(Mandate.member_id == member_id, today)


def mandates_in(council_id: int, today: date) -> list[MandateLine]:
    """All mandates ever held in a council: today's by function and name, then the former, the latest first."""
    lines = _mandate_lines(Mandate.council_id == council_id, today)
    current = [line for line in lines if line.is_current]
    current.sort(key=lambda line: (line.is_substitute, _RANK[line.function], line.person.name))
    return current + [line for line in lines if not line.is_current]


def _mandate_lines(condition: sa.ColumnElement[bool], today: date) -> list[MandateLine]:
    query = (
        sa.select(
            Mandate.id,
            Mandate.function,
            Mandate.is_substitute,
            Mandate.since,
            Mandate.until,
            policy.current_on(today).label("is_current"),
            Member.id.label("member_id"),
            Member.name.label("member"),
            Member.picture_version,
            Council.id.label("council_id"),
            Council.name.label("council"),
            Site.name.label("site"),
            Company.name.label("company"),
            Site.space_id,
        )
        .join(Member, Mandate.member_id == Member.id)
        .join(Mandate.council)
        .join(Council.site)
        .join(Site.company)
        .where(condition)
        .order_by(sa.desc("is_current"), Mandate.since.desc(), Mandate.id.desc())
    )
    return [
        MandateLine(
            id=row.id,
            function=row.function,
            is_substitute=row.is_substitute,
            since=row.since,
            until=row.until,
            is_current=bool(row.is_current),
            person=Person(row.member_id, row.member, row.picture_version),
            council_id=row.council_id,
            council=row.council,
            site=row.site,
            company=row.company,
            space_id=row.space_id,
        )
        for row in db.session.execute(query)
    ]


def list_sites(space_id: int, today: date, after: str | None = None) -> Slice[SiteLine]:
    """The sites of a region by company and name; the caller has checked that the viewer may read them."""
    held = (
        sa.select(sa.func.count())
        .where(Mandate.council_id == Council.id, policy.current_on(today))
        .correlate(Council)
        .scalar_subquery()
    )
    query = (
        sa.select(
            Site.id,
            Company.name,
            Site.name,
            Site.town,
            Site.sector,
            Site.employees,
            Council.id,
            Council.name,
            Council.seats,
            held,
        )
        .join(Site.company)
        .outerjoin(Council, Council.site_id == Site.id)
        .where(Site.space_id == space_id)
        .order_by(Company.name, Site.name)
        .limit(SITES_A_PAGE + 1)
    )
    if after:
        last = (
            sa.select(Company.name, Site.name)
            .join(Site.company)
            .where(Site.id == sa.literal(read_cursor(after, 1)[0], sa.BigInteger))
        )
        query = query.where(sa.tuple_(Company.name, Site.name) > last.scalar_subquery())
    rows = [SiteLine(*row) for row in db.session.execute(query)]
    page = rows[:SITES_A_PAGE]
    return Slice(page, write_cursor(page[-1].id) if len(rows) > SITES_A_PAGE else None)


def find_council(site_id: int) -> Council | None:
    """The council of a site, if it has one."""
    return db.session.scalar(sa.select(Council).where(Council.site_id == site_id))
