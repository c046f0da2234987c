"""Who may announce, read and keep, and when people are asked again; every answer from the arguments alone."""

from calendar import monthrange
from collections.abc import Collection, Mapping, Set
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement

from forum.announcements.models import Announcement, Audience, State
from forum.core.access import Role, Viewer
from forum.notifications.policy import ZONE

#: After so long nobody can be told any more who took note.
NAMES_KEPT_MONTHS = 12
#: So often a member may tell others of an announcement or of an essential edit on one day.
SENT_A_DAY = 20
#: Reminders go out at this hour.
_HOUR = time(9)


def may_announce_in(viewer: Viewer, space_id: int) -> bool:
    """Write to a space, or to one role there: IG Metall, and who keeps it in order."""
    return viewer.is_staff_in(space_id) or viewer.moderates(space_id)


def announceable(viewer: Viewer) -> Set[int]:
    """The spaces for which `may_announce_in` says yes."""
    return {space_id for space_id in viewer.spaces if may_announce_in(viewer, space_id)}


def is_for(viewer: Viewer, audience: Collection[Audience]) -> bool:
    """Whether the viewer is among those whom it is for, by the roles held today."""
    return any(
        viewer.belongs_to(part.space_id) and part.role in (None, viewer.spaces[part.space_id])
        for part in audience
    )


def for_viewer(viewer: Viewer) -> ColumnElement[bool]:
    """`is_for` as an SQL condition on `Announcement`; a test holds the two together."""
    return for_spaces(list(viewer.spaces), spaces_by_role(viewer))


def for_spaces(space_ids: Any, by_role: Mapping[Role, Any]) -> ColumnElement[bool]:
    """The same for somebody of these spaces, and of those in each role; lists, or parameters to be bound later."""
    roles = [sa.and_(Audience.role == role, Audience.space_id.in_(found)) for role, found in by_role.items()]
    everybody = sa.and_(Audience.role.is_(None), Audience.space_id.in_(space_ids))
    return sa.exists().where(Audience.announcement_id == Announcement.id, sa.or_(everybody, *roles))


def spaces_by_role(viewer: Viewer) -> dict[Role, list[int]]:
    """The viewer's spaces in each role there is."""
    return {role: [space_id for space_id, held in viewer.spaces.items() if held is role] for role in Role}


def may_keep(viewer: Viewer, announcement: Announcement) -> bool:
    """See drafts, edit, withdraw, see who took note: the author, and IG Metall of all spaces that it is for.

    Whoever may not announce there any more keeps nothing, author or not.
    """
    spaces = {part.space_id for part in announcement.audience}
    if not spaces or not all(may_announce_in(viewer, space_id) for space_id in spaces):
        return False
    return announcement.author_id == viewer.member_id or all(
        viewer.is_staff_in(space_id) for space_id in spaces
    )


def kept_by(viewer: Viewer) -> ColumnElement[bool]:
    """`may_keep` as an SQL condition on `Announcement`; a test holds the two together."""
    mine, staffed = announceable(viewer), [one for one in viewer.spaces if viewer.is_staff_in(one)]

    def is_beyond(space_ids: Collection[int]) -> ColumnElement[bool]:
        return sa.exists().where(
            Audience.announcement_id == Announcement.id, Audience.space_id.not_in(list(space_ids))
        )

    has_any = sa.exists().where(Audience.announcement_id == Announcement.id)
    is_mine = sa.or_(Announcement.author_id == viewer.member_id, sa.not_(is_beyond(staffed)))
    return sa.and_(has_any, sa.not_(is_beyond(mine)), is_mine)


def may_read(viewer: Viewer, announcement: Announcement) -> bool:
    """Published ones those whom it is for; drafts and withdrawn ones only who keeps it. Administrators: nothing."""
    if announcement.state is State.PUBLISHED and is_for(viewer, announcement.audience):
        return True
    return may_keep(viewer, announcement)


def is_for_whole_spaces(audience: Collection[Audience]) -> bool:
    """Whether it is for everybody in its spaces: only then it may be talked about where everybody there reads."""
    return all(part.role is None for part in audience)


def may_be_discussed(announcement: Announcement) -> bool:
    """Whether its readers may talk about it."""
    return (
        announcement.takes_comments
        and announcement.state is State.PUBLISHED
        and is_for_whole_spaces(announcement.audience)
    )


def is_current(announcement: Announcement, moment: datetime) -> bool:
    """Whether it is out and not yet in the archive."""
    return announcement.state is State.PUBLISHED and (
        announcement.ends_at is None or moment < announcement.ends_at
    )


def current_at(moment: datetime | ColumnElement[datetime]) -> ColumnElement[bool]:
    """`is_current` as an SQL condition on `Announcement`."""
    return sa.and_(
        Announcement.state == State.PUBLISHED,
        sa.or_(Announcement.ends_at.is_(None), Announcement.ends_at > moment),
    )


def local_day(moment: datetime) -> date:
    """The calendar day it is then for the people here."""
    return moment.astimezone(ZONE).date()


def at_local(day: date, clock: time) -> datetime:
    """That time of the wall clock. What the clocks leave out is an hour later, what comes twice the first."""
    return datetime.combine(day, clock.replace(fold=0), ZONE).astimezone(UTC)


def end_of(day: date) -> datetime:
    """The moment at which the day is over."""
    return at_local(day + timedelta(days=1), time())


def last_day(ends_at: datetime | None) -> date | None:
    """The day of which `ends_at` is the end."""
    return local_day(ends_at - timedelta(seconds=1)) if ends_at else None


def reminders_due(asked_at: datetime, confirm_by: date, moment: datetime) -> int:
    """How many of the two reminders, half-way and the day before, are due at `moment`: 0, 1 or 2.

    Of a time so short that one would come on the day of the asking itself, that one is skipped; it counts as due
    with the other.
    """
    first_day = local_day(asked_at)
    last = confirm_by - timedelta(days=1)
    half = first_day + (confirm_by - first_day) / 2
    days = [half, last]
    wanted = [day for day in sorted(set(days)) if first_day < day < confirm_by]
    if not wanted:
        return 0
    due = sum(at_local(day, _HOUR) <= moment for day in wanted)
    skipped = 2 - len(wanted)
    return due + skipped if due else 0


def names_kept_since(moment: datetime) -> datetime:
    """Where notice was asked last before this moment, no names are kept."""
    return at_local(_months_on(local_day(moment), -NAMES_KEPT_MONTHS), time())


def names_kept_until(asked_at: datetime) -> date:
    """The day on which names are deleted where notice was asked last at `asked_at`."""
    return _months_on(local_day(asked_at), NAMES_KEPT_MONTHS) + timedelta(days=1)


def _months_on(day: date, months: int) -> date:
    """The same day of another month, or the last one of a shorter month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
