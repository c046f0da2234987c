"""Builders for the tests of regions: spaces, members, sites, councils."""

from datetime import date
from itertools import count

from forum.companies.service import SiteFacts
from forum.core.access import Role, Viewer
from forum.core.clock import now
from forum.core.db import db
from forum.councils.models import Council, Function, Mandate
from forum.councils.queries import find_council
from forum.councils.service import Term
from forum.members.models import Member
from forum.spaces import service
from forum.spaces.models import Space, SpaceKind
from forum.spaces.queries import spaces_of_member

_numbers = count(1)
ADMINISTRATOR = Viewer(is_administrator=True)


def space(name: str = "", kind: SpaceKind = SpaceKind.REGION) -> Space:
    number = next(_numbers)
    return service.create_space(kind, name or f"Region {number}", f"R{number}", position=number)


def network() -> Space:
    return space("Netzwerk", SpaceKind.NETWORK)


def member(name: str = "Petra Sommer", where: Space | None = None, role: Role = Role.MEMBER) -> Member:
    address = f"m{next(_numbers)}@betrieb.example"
    person = Member(name=name, email=address, email_key=address, joined_at=now())
    db.session.add(person)
    db.session.flush()
    if where is not None:
        service.join(person.id, where.id, role)
    return person


def viewer(person: Member) -> Viewer:
    roles = {link.id: role for link, role in spaces_of_member(person.id)}
    return Viewer(person.id, roles, person.is_administrator)


def council(where: Space, company: str = "Havelblick Optik GmbH", site: str = "") -> Council:
    site = site or f"Werk {next(_numbers)}"
    made = service.create_site(
        ADMINISTRATOR, where.id, SiteFacts(company, site, "Rathenow", "Optik", 140), seats=7
    )
    found = find_council(made.id)
    assert found is not None
    return found


def mandate(
    person: Member,
    council: Council,
    function: Function = Function.MEMBER,
    since: date = date(2022, 4, 1),
    until: date | None = None,
    *,
    is_substitute: bool = False,
) -> Mandate:
    row = Mandate(
        member_id=person.id,
        council_id=council.id,
        function=function,
        since=since,
        until=until,
        is_substitute=is_substitute,
    )
    db.session.add(row)
    db.session.flush()
    return row


def term(
    since: date = date(2026, 4, 15), until: date | None = None, function: Function = Function.MEMBER
) -> Term:
    return Term(function, since, until)
