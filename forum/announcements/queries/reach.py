"""Whom an announcement would reach, and whom it reached."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement

from forum.announcements.models import Acknowledgement, Announcement, Audience, Dismissal, Recipient
from forum.core.access import Role
from forum.core.db import db
from forum.councils import policy as councils
from forum.councils.models import Mandate
from forum.members.models import Member, Standing
from forum.spaces.models import Membership


@dataclass(frozen=True, slots=True)
class Reach:
    """People, and the councils on which they sit."""

    members: int
    councils: int


def reach(space_ids: Collection[int], role: Role | None, author_id: int | None, today: date) -> Reach:
    """How many the announcement would go to today; its author is not counted."""
    if not space_ids:
        return Reach(0, 0)
    is_chosen = [Membership.space_id.in_(space_ids), *([Membership.role == role] if role else [])]
    people = _people(sa.select(Membership.member_id), author_id or 0).where(*is_chosen).distinct().subquery()
    sitting = (
        sa.select(sa.func.count(sa.distinct(Mandate.council_id)))
        .join(people, people.c.member_id == Mandate.member_id)
        .where(councils.current_on(today))
        .scalar_subquery()
    )
    row = db.session.execute(sa.select(sa.func.count(), sitting).select_from(people)).one()
    return Reach(*row)


def recipients_now(announcement_id: int, author_id: int, today: date) -> sa.Select[*tuple[Any, ...]]:
    """Whom it is for at this moment: announcement, member, council, asked; a row for each council of a member.

    Asked are regular members of councils, and who sits on none. IG Metall is the one who asks, unless it is written
    to IG Metall alone.
    """
    is_asking = sa.and_(Membership.role == Role.STAFF, Audience.role.is_(None))
    columns = (Membership.member_id, sa.func.max(sa.case((is_asking, 0), else_=1)).label("is_asked"))
    people = (
        _people(sa.select(*columns), author_id)
        .join(Audience, _is_addressed())
        .where(Audience.announcement_id == announcement_id)
        .group_by(Membership.member_id)
        .subquery()
    )
    seats = (
        sa.select(
            Mandate.member_id,
            Mandate.council_id,
            sa.func.min(sa.case((Mandate.is_substitute, 1), else_=0)).label("is_substitute"),
        )
        .where(councils.current_on(today))
        .group_by(Mandate.member_id, Mandate.council_id)
        .subquery()
    )
    is_asked = sa.and_(people.c.is_asked == 1, sa.func.coalesce(seats.c.is_substitute, 0) == 0)
    return sa.select(
        sa.literal(announcement_id).label("announcement_id"),
        people.c.member_id,
        seats.c.council_id,
        is_asked.label("is_asked"),
    ).select_from(people.outerjoin(seats, seats.c.member_id == people.c.member_id))


def is_there(today: date) -> ColumnElement[bool]:
    """Condition on `Recipient`: the member may still read it, and still sits on the council of the row."""
    sits = sa.exists().where(
        Mandate.member_id == Recipient.member_id,
        Mandate.council_id == Recipient.council_id,
        councils.current_on(today),
    )
    return sa.and_(_belongs(), sa.or_(Recipient.council_id.is_(None), sits))


def is_noted() -> ColumnElement[bool]:
    """Condition on `Recipient` beside `Announcement`: notice of the present version was taken, by whomever counts."""
    # Said, because it may stand two levels below the announcement: else any announcement's version would do.
    taken = (
        sa.exists()
        .where(
            Acknowledgement.announcement_id == Recipient.announcement_id,
            Acknowledgement.version == Announcement.version,
        )
        .correlate(Recipient, Announcement)
    )
    by_member = sa.and_(
        Acknowledgement.council_id.is_(None), Acknowledgement.member_id == Recipient.member_id
    )
    return sa.or_(
        taken.where(Acknowledgement.council_id == Recipient.council_id),
        sa.and_(Recipient.council_id.is_(None), taken.where(by_member)),
    )


def is_dismissed(member_id: Any) -> ColumnElement[bool]:
    """Condition on `Announcement`: that member wants to see no more of the present version."""
    return sa.exists().where(
        Dismissal.announcement_id == Announcement.id,
        Dismissal.member_id == member_id,
        Dismissal.version == Announcement.version,
    )


def open_recipients(announcement_id: int, today: date) -> sa.Select[int]:
    """The members of whom notice is still asked."""
    return _recipients(announcement_id, Recipient.is_asked.is_(True), is_there(today), sa.not_(is_noted()))


def untold_recipients(announcement_id: int) -> sa.Select[int]:
    """The members who may still read it and have neither confirmed nor dismissed the present version."""
    return _recipients(
        announcement_id, _belongs(), sa.not_(is_noted()), sa.not_(is_dismissed(Recipient.member_id))
    )


def _recipients(announcement_id: int, *which: ColumnElement[bool]) -> sa.Select[int]:
    return (
        sa.select(Recipient.member_id)
        .join(Announcement, Announcement.id == Recipient.announcement_id)
        .where(Recipient.announcement_id == announcement_id, *which)
        .distinct()
    )


def _belongs() -> ColumnElement[bool]:
    return (
        sa.exists()
        .where(
            Member.id == Recipient.member_id,
            Member.standing == Standing.ACTIVE,
            Membership.member_id == Recipient.member_id,
            Audience.announcement_id == Recipient.announcement_id,
            _is_addressed(),
        )
        .correlate(Recipient)
    )


def _is_addressed() -> ColumnElement[bool]:
    return sa.and_(
        Audience.space_id == Membership.space_id,
        sa.or_(Audience.role.is_(None), Audience.role == Membership.role),
    )


def _people(memberships: sa.Select[*tuple[Any, ...]], author_id: int) -> sa.Select[*tuple[Any, ...]]:
    """Those of the members who are active, without the author."""
    return memberships.join(Member, Member.id == Membership.member_id).where(
        Member.standing == Standing.ACTIVE, Membership.member_id != author_id
    )
