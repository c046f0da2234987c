"""Those to whom mails and pushes go: address, language, what they chose, and what they may read."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import sqlalchemy as sa

from forum.core.access import Role, Viewer
from forum.core.db import db
from forum.members.models import Member, Standing
from forum.notifications.models import PERSONAL, Level, Preferences, Watch
from forum.notifications.queries.bell import NoticeRow
from forum.spaces.models import Membership


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody who is told something now. `calmed`: the things, by kind and id, of which they chose to hear less."""

    id: int
    viewer: Viewer
    name: str
    email: str
    locale: str
    preferences: Preferences
    calmed: Mapping[tuple[str, int], Level]

    def hears_of(self, row: NoticeRow, above: Sequence[tuple[str, int, str]]) -> bool:
        """Whether neither the thing nor a wider one `above` it was muted; what is important comes anyway."""
        places = [(row.subject, row.subject_id), *((kind, number) for kind, number, _title in above)]
        return row.is_important or not any(self.calmed.get(place) is Level.MUTED for place in places)

    def is_told_of(self, row: NoticeRow, above: Sequence[tuple[str, int, str]]) -> bool:
        """Whether a mail or a push may tell of the row: of what is wanted only when named, no other kind."""
        only_named = self.calmed.get((row.subject, row.subject_id)) is Level.MENTIONS
        return self.hears_of(row, above) and (row.is_important or row.kind in PERSONAL or not only_named)


def readers(member_ids: Collection[int]) -> dict[int, Reader]:
    """Those of the members who are active, with three statements however many there are."""
    spaces: dict[int, dict[int, Role]] = {}
    for member_id, space_id, role in db.session.execute(
        sa.select(Membership.member_id, Membership.space_id, Membership.role).where(
            Membership.member_id.in_(member_ids)
        )
    ):
        spaces.setdefault(member_id, {})[space_id] = role
    calmed: dict[int, dict[tuple[str, int], Level]] = defaultdict(dict)
    for member_id, subject, subject_id, level in db.session.execute(
        sa.select(Watch.member_id, Watch.subject, Watch.subject_id, Watch.level).where(
            Watch.member_id.in_(member_ids), Watch.level != Level.ALL
        )
    ):
        calmed[member_id][subject, subject_id] = level
    people = (
        sa.select(Member.id, Member.name, Member.email, Member.locale, Member.is_administrator, Preferences)
        .join(Preferences, Preferences.member_id == Member.id)
        .where(Member.id.in_(member_ids), Member.standing == Standing.ACTIVE)
    )
    found = {}
    for member_id, name, email, locale, is_administrator, chosen in db.session.execute(people):
        roles: Mapping[int, Role] = MappingProxyType(spaces.get(member_id, {}))
        viewer = Viewer(member_id, roles, is_administrator)
        found[member_id] = Reader(member_id, viewer, name, email, locale, chosen, calmed[member_id])
    return found
