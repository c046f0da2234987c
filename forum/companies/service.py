"""What moderators do with the companies and sites of their region."""

from dataclasses import dataclass

import sqlalchemy as sa
from flask_babel import gettext as _

from forum.audit import service as audit
from forum.companies import policy
from forum.companies.models import Company, Site
from forum.core.access import Viewer
from forum.core.db import db
from forum.core.errors import Invalid, NotFound
from forum.core.text import clean_line

NAME_LIMIT = 160
PLACE_LIMIT = 120
MOST_EMPLOYEES = 1_000_000


@dataclass(frozen=True, slots=True)
class SiteFacts:
    """A site as typed: cleaned and checked by the verbs."""

    company: str
    name: str
    town: str = ""
    sector: str = ""
    employees: int | None = None


def get_site(viewer: Viewer, site_id: int) -> Site:
    """The site, or `NotFound`: the same answer for "no such site" and "not for you"."""
    site = db.session.get(Site, site_id)
    if site is None or not policy.may_read(viewer, site.space_id):
        raise NotFound
    return site


def get_managed_site(viewer: Viewer, site_id: int) -> Site:
    """The site, if the viewer keeps its region in order; else `NotFound`."""
    site = get_site(viewer, site_id)
    if not policy.may_manage(viewer, site.space_id):
        raise NotFound
    return site


def create_site(viewer: Viewer, space_id: int, facts: SiteFacts) -> Site:
    """A new site in the region, of a company known by its name or new with it.

    `Invalid` if the company already has a site of that name, in any region.
    """
    if not policy.may_manage(viewer, space_id):
        raise NotFound
    company = _known_company(_company_name(facts)) or Company(name=_company_name(facts))
    site = Site(space_id=space_id)
    _fill(site, company, facts)
    db.session.add(site)
    db.session.flush()
    audit.record(viewer, "site.created", site.id, space_id=space_id, note=site.name)
    return site


def update_site(viewer: Viewer, site_id: int, facts: SiteFacts) -> Site:
    """Correct the site. A company name nobody else bears renames the company, if this is its only site."""
    site = get_managed_site(viewer, site_id)
    name = _company_name(facts)
    company = _known_company(name)
    if company is None and _is_only_site(site):
        company = site.company
        company.name = name
    _fill(site, company or Company(name=name), facts)
    audit.record(viewer, "site.changed", site.id, space_id=site.space_id, note=site.name)
    return site


def _company_name(facts: SiteFacts) -> str:
    return clean_line(facts.company, limit=NAME_LIMIT, field="company")


def _known_company(name: str) -> Company | None:
    return db.session.scalar(sa.select(Company).where(Company.name == name))


def _is_only_site(site: Site) -> bool:
    others = sa.select(Site.id).where(Site.company_id == site.company_id, Site.id != site.id)
    return db.session.scalar(others.limit(1)) is None


def _fill(site: Site, company: Company, facts: SiteFacts) -> None:
    name = clean_line(facts.name, limit=NAME_LIMIT, field="name")
    with db.session.no_autoflush:
        taken = sa.select(Site.id).where(
            Site.company_id == company.id, Site.name == name, Site.id != (site.id or 0)
        )
        if company.id is not None and db.session.scalar(taken) is not None:
            raise Invalid(_("Dieses Unternehmen hat schon einen Betrieb, der so heißt."), "name")
        site.company = company
        site.name = name
        site.town = facts.town.strip() and clean_line(facts.town, limit=PLACE_LIMIT, field="town")
        site.sector = facts.sector.strip() and clean_line(facts.sector, limit=PLACE_LIMIT, field="sector")
        site.employees = _employees(facts.employees)


def _employees(number: int | None) -> int | None:
    if number is not None and not 0 <= number <= MOST_EMPLOYEES:
        raise Invalid(_("Die Zahl der Beschäftigten muss zwischen 0 und einer Million liegen."), "employees")
    return number
