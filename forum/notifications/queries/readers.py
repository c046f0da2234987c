"""Those to whom mails and pushes go: address, language, what they chose, and what they may read."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import sqlalchemy as sa

from forum.core.access import Role, Viewer
from forum.core.db import db
from forum.members.models import Member, Standing
from forum.notifications.models import Preferences
from forum.spaces.models import Membership


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody who is told something now."""

    viewer: Viewer
    name: str
    email: str
    locale: str
    preferences: Preferences

    @property
    def id(self) -> int:
        """The member's."""
        return self.preferences.member_id


def readers(member_ids: Collection[int]) -> dict[int, Reader]:
    """Those of the members who are active, with two statements however many there are."""
    spaces: dict[int, dict[int, Role]] = {}
    for member_id, space_id, role in db.session.execute(
        sa.select(Membership.member_id, Membership.space_id, Membership.role).where(
            Membership.member_id.in_(member_ids)
        )
    ):
        spaces.setdefault(member_id, {})[space_id] = role
    people = (
        sa.select(Member.id, Member.name, Member.email, Member.locale, Member.is_administrator, Preferences)
        .join(Preferences, Preferences.member_id == Member.id)
        .where(Member.id.in_(member_ids), Member.standing == Standing.ACTIVE)
    )
    found = {}
    for member_id, name, email, locale, is_administrator, chosen in db.session.execute(people):
        roles: Mapping[int, Role] = MappingProxyType(spaces.get(member_id, {}))
        found[member_id] = Reader(Viewer(member_id, roles, is_administrator), name, email, locale, chosen)
    return found
