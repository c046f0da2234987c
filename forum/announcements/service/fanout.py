"""Whom an announcement goes to, written down once; and telling them: at first, again, and those who are late."""

from collections.abc import Collection
from datetime import date, datetime

import sqlalchemy as sa

from forum.announcements import policy
from forum.announcements.models import SUBJECT, Announcement, Recipient, State
from forum.announcements.queries.reach import open_recipients, recipients_now, untold_recipients
from forum.attachments.targets import when_settled
from forum.core.access import Viewer
from forum.core.db import db
from forum.jobs.service import enqueue
from forum.notifications.models import SPACE, Kind, Notice
from forum.notifications.service import notices, watches
from forum.realtime.publishing import publish
from forum.spaces.models import Membership

#: The jobs: publish what is due and tell whom it is for; remind by hand.
PUBLISH, NUDGE = "announcements.publish", "announcements.nudge"
#: So many are told one by one.
_TOLD = 1_000


def announce_later(announcement: Announcement, at: datetime | None = None) -> None:
    """Have it published (or, as it is, told of) after the commit, or at that moment."""
    enqueue(PUBLISH, due_at=at, key=f"{PUBLISH}:{announcement.id}", announcement_id=announcement.id)


def nudge_later(announcement: Announcement) -> None:
    """Have those reminded of whom notice is still asked, after the commit."""
    enqueue(NUDGE, key=f"{NUDGE}:{announcement.id}", announcement_id=announcement.id)


def tell_live(announcement: Announcement, *, with_bell: bool = False) -> None:
    """Open pages of those whom it is for look anew at what waits for their reader, and perhaps at the bell."""
    for channel in _channels(announcement):
        publish(notices.NAMESPACE, channel, "announced", {})
        if with_bell:
            publish(notices.NAMESPACE, channel, "noticed", {})


@when_settled(SUBJECT)
def renew_files(announcement_ids: Collection[int]) -> None:
    """The files of these announcements are in another state now: those who have one open are shown so."""
    statement = sa.select(Announcement).where(Announcement.id.in_(announcement_ids))
    for announcement in db.session.scalars(statement.order_by(Announcement.id)):
        readers = _channels(announcement) if announcement.state is State.PUBLISHED else []
        for channel in (*readers, f"member:{announcement.author_id}"):
            publish(notices.NAMESPACE, channel, "settled", {"announcement": announcement.id})


def leave_in_peace(announcement: Announcement, member_ids: Collection[int], today: date) -> None:
    """Of those members, whoever is asked for nothing any more has no line of it under the bell and no banner."""
    still_open = open_recipients(announcement.id, today).where(Recipient.member_id.in_(member_ids))
    for member_id in sorted(set(member_ids) - set(db.session.scalars(still_open))):
        notices.take_away(Viewer(member_id), SUBJECT, announcement.id)
        publish(notices.NAMESPACE, f"member:{member_id}", "announced", {})


def forget_over(moment: datetime) -> None:
    """What is over has no line under any bell."""
    has_lines = sa.exists().where(Notice.subject == SUBJECT, Notice.subject_id == Announcement.id)
    for announcement_id in db.session.scalars(
        sa.select(Announcement.id).where(Announcement.ends_at <= moment, has_lines)
    ).all():
        notices.forget(SUBJECT, announcement_id)


def get_locked(announcement_id: int) -> Announcement | None:
    """The announcement, held until the unit of work is over; for jobs, which ask for nobody."""
    return db.session.get(Announcement, announcement_id, with_for_update={"of": Announcement})


def freeze(announcement_id: int, moment: datetime) -> None:
    """Write down whom it goes to, with one statement; done once."""
    announcement = get_locked(announcement_id)
    if announcement is None or announcement.frozen_at is not None:
        return
    today = policy.local_day(moment)
    rows = recipients_now(announcement.id, announcement.author_id, today)
    db.session.execute(
        sa.insert(Recipient).from_select(["announcement_id", "member_id", "council_id", "is_asked"], rows)
    )
    _ask_lone_substitutes(announcement.id)
    mine = Recipient.announcement_id == announcement.id
    announcement.recipient_count = (
        db.session.scalar(sa.select(sa.func.count(sa.distinct(Recipient.member_id))).where(mine)) or 0
    )
    councils = sa.select(sa.func.count(sa.distinct(Recipient.council_id))).where(mine, Recipient.is_asked)
    lone = sa.select(sa.func.count()).where(mine, Recipient.is_asked, Recipient.council_id.is_(None))
    announcement.asked_count = (db.session.scalar(councils) or 0) + (db.session.scalar(lone) or 0)
    announcement.frozen_at = moment
    tell_live(announcement)


def tell_version(announcement_id: int, moment: datetime) -> int:
    """Tell everybody whom it went to of the present version, unless that was done; how many."""
    announcement = get_locked(announcement_id)
    if announcement is None or announcement.frozen_at is None or not policy.is_current(announcement, moment):
        return 0
    # The number of tellings grows by reminders, too; of each version the first one comes once (again if it was
    # withdrawn meanwhile: then its lines went).
    if announcement.version <= announcement.told_version:
        return 0
    announcement.told_version = announcement.version
    return _tell(announcement, untold_recipients(announcement.id), moment)


def remind_due(moment: datetime) -> list[int]:
    """The ids of announcements of which a reminder is due."""
    today = policy.local_day(moment)
    statement = sa.select(Announcement).where(
        policy.current_at(moment),
        Announcement.confirm_by >= today,
        Announcement.frozen_at.is_not(None),
        Announcement.reminded < 2,
    )
    return [one.id for one in db.session.scalars(statement) if _due(one, moment) > one.reminded]


def remind(announcement_id: int, moment: datetime) -> int:
    """Tell those once more of whom notice is still asked; how many. A missed reminder comes with the next.
    On a day on which they were reminded, by hand or by itself, that was it, wherever the day for notice is moved.
    """
    announcement = get_locked(announcement_id)
    if announcement is None or not policy.is_current(announcement, moment):
        return 0
    due = _due(announcement, moment)
    if due <= announcement.reminded:
        return 0
    announcement.reminded = due
    today = policy.local_day(moment)
    if announcement.nudged_on == today:
        return 0
    announcement.nudged_on = today
    return _tell(announcement, open_recipients(announcement.id, today), moment)


def nudge(announcement_id: int, moment: datetime) -> int:
    """The same at the wish of who keeps it; how many were told."""
    announcement = get_locked(announcement_id)
    if announcement is None or not policy.is_current(announcement, moment):
        return 0
    return _tell(announcement, open_recipients(announcement.id, policy.local_day(moment)), moment)


def _due(announcement: Announcement, moment: datetime) -> int:
    if announcement.asked_at is None or announcement.confirm_by is None:
        return 0
    return policy.reminders_due(announcement.asked_at, announcement.confirm_by, moment)


def _channels(announcement: Announcement) -> list[str]:
    """Where those whom it is for listen, and nobody else; of very many with a role the next page tells them."""
    if policy.is_for_whole_spaces(announcement.audience):
        return [f"space:{part.space_id}" for part in announcement.audience]
    is_in = [
        sa.and_(Membership.space_id == part.space_id, Membership.role == part.role)
        for part in announcement.audience
    ]
    found = sa.select(Membership.member_id).where(sa.or_(*is_in)).distinct().limit(_TOLD)
    return [f"member:{member_id}" for member_id in db.session.scalars(found)]


def _tell(announcement: Announcement, audience: sa.Select[int], moment: datetime) -> int:
    announcement.told += 1
    db.session.flush()
    kind = Kind.ANNOUNCEMENT
    if not announcement.is_urgent and announcement.confirm_by is None:
        kind = Kind.INFORMATION
        spaces = [(SPACE, part.space_id) for part in announcement.audience]
        everybody = audience.subquery()
        audience = sa.select(everybody.c[0]).where(everybody.c[0].not_in(watches.muters(spaces)))
    return notices.notify(kind, SUBJECT, announcement.id, announcement.told, audience, at=moment)


def _ask_lone_substitutes(announcement_id: int) -> None:
    """Where no regular member of a council was told, its substitutes stand for it."""
    regular = sa.select(Recipient.council_id).where(
        Recipient.announcement_id == announcement_id, Recipient.is_asked, Recipient.council_id.is_not(None)
    )
    db.session.execute(
        sa.update(Recipient)
        .where(
            Recipient.announcement_id == announcement_id,
            Recipient.council_id.is_not(None),
            Recipient.council_id.not_in(regular.scalar_subquery()),
        )
        .values(is_asked=True)
        .execution_options(synchronize_session=False)
    )
