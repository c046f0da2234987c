"""Whom an announcement goes to, written down once; and telling them: at first, again, and those who are late."""

from datetime import datetime

import sqlalchemy as sa

from forum.announcements import policy
from forum.announcements.models import SUBJECT, Announcement, Recipient, State
from forum.announcements.queries.reach import all_recipients, open_recipients, recipients_now
from forum.core.db import db
from forum.jobs.service import enqueue
from forum.notifications.models import SPACE, Kind
from forum.notifications.service import notices, watches
from forum.realtime.publishing import publish

#: The job that publishes what is due and tells whom it is for.
PUBLISH = "announcements.publish"


def announce_later(announcement: Announcement, at: datetime | None = None) -> None:
    """Have it published (or, as it is, told of) after the commit, or at that moment."""
    enqueue(PUBLISH, due_at=at, key=f"{PUBLISH}:{announcement.id}", announcement_id=announcement.id)


def tell_live(announcement: Announcement) -> None:
    """Open pages of the spaces that it is for look anew at what waits for their reader."""
    for space_id in sorted({part.space_id for part in announcement.audience}):
        publish(notices.NAMESPACE, f"space:{space_id}", "announced", {"id": announcement.id})


def publish_due(announcement_id: int, moment: datetime) -> bool:
    """Publish what waited for its moment; whether it is out, now or before. Inside a unit of work of a job."""
    announcement = _get(announcement_id)
    if announcement is None:
        return False
    if announcement.state is State.DRAFT and announcement.publish_at is not None:
        if announcement.publish_at > moment:  # put off since
            announce_later(announcement, at=announcement.publish_at)
            return False
        announcement.state = State.PUBLISHED
        announcement.published_at = announcement.asked_at = moment
        announcement.edition += 1  # who has the draft open in a form is told that it is out
        tell_live(announcement)
    return announcement.state is State.PUBLISHED


def freeze(announcement_id: int, moment: datetime) -> None:
    """Write down whom it goes to, with one statement; done once."""
    announcement = _get(announcement_id)
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
    announcement = _get(announcement_id)
    if announcement is None or announcement.state is not State.PUBLISHED or announcement.frozen_at is None:
        return 0
    # The number of tellings grows by reminders, too; of each version the first one comes once.
    if announcement.version <= announcement.told_version:
        return 0
    announcement.told_version = announcement.version
    return _tell(announcement, all_recipients(announcement.id), moment)


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
    """Tell those once more of whom notice is still asked; how many. A missed reminder comes with the next."""
    announcement = _get(announcement_id)
    if announcement is None or not policy.is_current(announcement, moment):
        return 0
    due = _due(announcement, moment)
    if due <= announcement.reminded:
        return 0
    announcement.reminded = due
    return _tell(announcement, open_recipients(announcement.id, policy.local_day(moment)), moment)


def nudge(announcement: Announcement, moment: datetime) -> int:
    """The same at the wish of who keeps it; how many were told."""
    announcement.nudged_on = policy.local_day(moment)
    return _tell(announcement, open_recipients(announcement.id, announcement.nudged_on), moment)


def _due(announcement: Announcement, moment: datetime) -> int:
    if announcement.asked_at is None or announcement.confirm_by is None:
        return 0
    return policy.reminders_due(announcement.asked_at, announcement.confirm_by, moment)


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


def _get(announcement_id: int) -> Announcement | None:
    return db.session.get(Announcement, announcement_id, with_for_update={"of": Announcement})
