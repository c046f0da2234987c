"""Spaces, as shown on pages and in the rail."""

from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy as sa

from forum.companies.models import Site
from forum.core.access import Role, Viewer
from forum.core.db import db
from forum.core.errors import NotFound
from forum.core.persons import Person
from forum.members.models import Member
from forum.spaces import policy
from forum.spaces.models import Membership, Space, SpaceKind


@dataclass(frozen=True, slots=True)
class SpaceLink:
    """What it takes to name a space: the short sign, the name, the number of its colour."""

    id: int
    kind: SpaceKind
    name: str
    sign: str
    accent: int

    @property
    def is_region(self) -> bool:
        return self.kind is SpaceKind.REGION


@dataclass(frozen=True, slots=True)
class Profile:
    """A region introduces itself: sector, description, contacts, and who keeps it in order."""

    space: SpaceLink
    sector: str
    description_html: str
    contacts_html: str
    moderators: list[Person]
    members: int


@dataclass(frozen=True, slots=True)
class SpaceOverview:
    """A space in the list of administrators."""

    space: SpaceLink
    sector: str
    members: int
    moderators: int
    sites: int


_LINK = (Space.id, Space.kind, Space.name, Space.sign, Space.accent)


def get_space(viewer: Viewer, space_id: int) -> SpaceLink:
    """The space, or `NotFound`: the same answer for "no such space" and "not for you"."""
    row = db.session.execute(
        sa.select(*_LINK).where(Space.id == space_id, policy.visitable_by(viewer))
    ).first()
    if row is None:
        raise NotFound
    return SpaceLink(*row)


def get_region(viewer: Viewer, space_id: int) -> SpaceLink:
    """As `get_space`, and `NotFound` for a space that is no region."""
    space = get_space(viewer, space_id)
    if not space.is_region:
        raise NotFound
    return space


def spaces_of(viewer: Viewer) -> list[SpaceLink]:
    """The spaces the viewer belongs to, in the house's order; the role is `viewer.spaces[space.id]`."""
    query = sa.select(*_LINK).where(Space.id.in_(viewer.spaces)).order_by(Space.position, Space.id)
    return [SpaceLink(*row) for row in db.session.execute(query)]


def space_links(space_ids: Collection[int]) -> dict[int, SpaceLink]:
    """Names and signs by id; they are no secret within the network."""
    query = sa.select(*_LINK).where(Space.id.in_(space_ids))
    return {row.id: SpaceLink(*row) for row in db.session.execute(query)}


def find_by_sign(sign: str) -> Space | None:
    """The space of that sign; for seeds, which may run twice."""
    return db.session.scalar(sa.select(Space).where(Space.sign == sign))


def profile(viewer: Viewer, space_id: int) -> Profile:
    """The region as it introduces itself; `NotFound` as `get_space`."""
    query = sa.select(
        *_LINK, Space.sector, Space.description_html, Space.contacts_html, _count(Membership.space_id)
    ).where(Space.id == space_id, policy.visitable_by(viewer))
    row = db.session.execute(query).first()
    if row is None:
        raise NotFound
    moderators = (
        sa.select(Member.id, Member.name, Member.picture_version)
        .join(Membership, Membership.member_id == Member.id)
        .where(Membership.space_id == space_id, Membership.role == Role.MODERATOR)
        .order_by(Member.name, Member.id)
    )
    return Profile(
        space=SpaceLink(*row[:5]),
        sector=row.sector,
        description_html=row.description_html,
        contacts_html=row.contacts_html,
        moderators=[Person(*person) for person in db.session.execute(moderators)],
        members=row[-1],
    )


def list_overview() -> list[SpaceOverview]:
    """All spaces with their figures, for administrators."""
    moderators = _count(Membership.space_id, Membership.role == Role.MODERATOR)
    query = sa.select(*_LINK, Space.sector, _count(Membership.space_id), moderators, _count(Site.space_id))
    rows = db.session.execute(query.order_by(Space.position, Space.id))
    return [SpaceOverview(SpaceLink(*row[:5]), *row[5:]) for row in rows]


def _count(
    space_id: sa.orm.InstrumentedAttribute[int], *conditions: sa.ColumnElement[bool]
) -> sa.ScalarSelect[int]:
    """How many rows of a table belong to the space."""
    return (
        sa.select(sa.func.count()).where(space_id == Space.id, *conditions).correlate(Space).scalar_subquery()
    )
