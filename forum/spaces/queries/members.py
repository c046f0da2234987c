"""Who belongs to a space."""

from dataclasses import dataclass
from datetime import date
from typing import TypeAlias

import sqlalchemy as sa
from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

from forum.core.access import Role
from forum.core.db import db
from forum.core.errors import NotFound
from forum.core.paging import Slice, read_cursor, write_cursor
from forum.core.persons import Person
from forum.councils.queries import Byline, bylines
from forum.members.models import Member, Standing
from forum.spaces.models import Membership, Space
from forum.spaces.queries.spaces import SpaceLink

MEMBERS_A_PAGE = 50
CANDIDATES = 20
_Members: TypeAlias = sa.Select[int, str, str | None, Role, Standing]
ROLE_NAMES: dict[str, LazyString] = {
    Role.MEMBER: _l("Mitglied"),
    Role.MODERATOR: _l("Moderator:in"),
    Role.STAFF: _l("IG Metall"),
    Role.EXPERT: _l("Sachverständige:r"),
}


@dataclass(frozen=True, slots=True)
class MemberLine:
    """A member in the list of a space."""

    person: Person
    role: Role
    is_suspended: bool
    byline: Byline | None


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody to choose in a form."""

    person: Person
    byline: Byline | None


def role_name(role: Role) -> str:
    """What a member is in a space, in a word."""
    return str(ROLE_NAMES[role])


def list_members(
    space_id: int, today: date, name: str = "", after: str | None = None, *, with_suspended: bool = False
) -> Slice[MemberLine]:
    """The members of a space by name, those whose name contains `name`; two statements.

    The caller has checked that the viewer may see them; whoever keeps them in order sees suspended ones too.
    """
    query = (
        _members_of(space_id).where(_named(name)).order_by(Member.name, Member.id).limit(MEMBERS_A_PAGE + 1)
    )
    if not with_suspended:
        query = query.where(Member.standing == Standing.ACTIVE)
    if after:
        last = sa.select(Member.name, Member.id).where(
            Member.id == sa.literal(read_cursor(after, 1)[0], sa.BigInteger)
        )
        query = query.where(sa.tuple_(Member.name, Member.id) > last.scalar_subquery())
    lines = _member_lines(query, today)
    page = lines[:MEMBERS_A_PAGE]
    return Slice(page, write_cursor(page[-1].person.id) if len(lines) > MEMBERS_A_PAGE else None)


def member_line(space_id: int, member_id: int, today: date) -> MemberLine | None:
    """One member of the space."""
    return next(iter(_member_lines(_members_of(space_id).where(Member.id == member_id), today)), None)


def _members_of(space_id: int) -> _Members:
    return (
        sa.select(Member.id, Member.name, Member.picture_version, Membership.role, Member.standing)
        .join(Membership, Membership.member_id == Member.id)
        .where(Membership.space_id == space_id)
    )


def _member_lines(query: _Members, today: date) -> list[MemberLine]:
    rows = db.session.execute(query).all()
    known = bylines([row.id for row in rows], today)
    return [
        MemberLine(Person(*row[:3]), row.role, row.standing is Standing.SUSPENDED, known.get(row.id))
        for row in rows
    ]


def find_candidates(
    today: date,
    name: str,
    *,
    inside: int | None = None,
    outside: int | None = None,
    chosen: int | None = None,
) -> list[Candidate]:
    """Active members by name, at most `CANDIDATES`: of the space `inside`, or of all but the space `outside`.

    The one already `chosen` is among them, whatever the name.
    """
    belonging = sa.select(Membership.member_id).where(Membership.space_id == (inside or outside))
    query = (
        sa.select(Member.id, Member.name, Member.picture_version)
        .where(
            Member.standing == Standing.ACTIVE,
            Member.id.in_(belonging) if inside else Member.id.not_in(belonging),
            sa.or_(_named(name), Member.id == chosen),
        )
        .order_by(sa.case((Member.id == chosen, 0), else_=1), Member.name, Member.id)
        .limit(CANDIDATES)
    )
    people = [Person(*row) for row in db.session.execute(query)]
    known = bylines([person.id for person in people], today)
    return [Candidate(person, known.get(person.id)) for person in people]


def find_named(space_id: int, part: str, limit: int = 8) -> list[Person]:
    """Active members of the space whose name contains `part`, for the list behind a typed `@`; beginnings first."""
    begins = Member.name.istartswith(part.replace("\0", "").strip(), autoescape=True)
    query = (
        sa.select(Member.id, Member.name, Member.picture_version)
        .join(Membership, Membership.member_id == Member.id)
        .where(Membership.space_id == space_id, Member.standing == Standing.ACTIVE, _named(part))
        .order_by(sa.not_(begins), Member.name, Member.id)
        .limit(limit)
    )
    return [Person(*row) for row in db.session.execute(query)]


def person(member_id: int) -> Person:
    """A member as shown; `NotFound` if there is none."""
    row = db.session.execute(
        sa.select(Member.id, Member.name, Member.picture_version).where(Member.id == member_id)
    ).first()
    if row is None:
        raise NotFound
    return Person(*row)


def membership_of(space_id: int, member_id: int) -> Membership | None:
    """The member's membership of the space."""
    return db.session.scalar(
        sa.select(Membership).where(Membership.space_id == space_id, Membership.member_id == member_id)
    )


def spaces_of_member(member_id: int) -> list[tuple[SpaceLink, Role]]:
    """The spaces a member belongs to, with the role held there; for the member's page."""
    query = (
        sa.select(Space.id, Space.kind, Space.name, Space.sign, Space.accent, Membership.role)
        .join(Membership, Membership.space_id == Space.id)
        .where(Membership.member_id == member_id)
        .order_by(Space.position, Space.id)
    )
    return [(SpaceLink(*row[:5]), row.role) for row in db.session.execute(query)]


def _named(part: str) -> sa.ColumnElement[bool]:
    """Names that contain `part`. SQLite folds ASCII only: typed "öz" must still find "Özlem"."""
    part = part.replace("\0", "").strip()  # which PostgreSQL cannot take
    return sa.or_(
        Member.name.icontains(part, autoescape=True), Member.name.contains(part.title(), autoescape=True)
    )
