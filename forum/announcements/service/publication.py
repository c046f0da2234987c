"""Publishing: at once or at the moment chosen; and what keeps a waiting one from going out."""

from datetime import date, datetime, time

import sqlalchemy as sa

from forum.announcements import policy
from forum.announcements.models import Announcement, Audience, Held, State
from forum.announcements.queries.listing import HELD
from forum.announcements.queries.reach import reach
from forum.announcements.service.fanout import announce_later, get_locked, tell_live
from forum.audit import service as audit
from forum.audit.models import Entry
from forum.core.access import Viewer
from forum.core.db import db
from forum.members.models import Member, Standing
from forum.spaces.models import Membership

#: Acts that may write to thousands.
_SENDINGS = ("announcement.published", "announcement.changed", "announcement.restored")


def publish(viewer: Viewer, announcement: Announcement, moment: datetime) -> None:
    """Everybody whom it is for sees it from now on and is told. Too many on one day: it stays a draft."""
    if has_sent_enough(viewer, moment):
        hold(viewer, announcement, Held.TOO_MANY)
        return
    announcement.state = State.PUBLISHED
    announcement.published_at = announcement.asked_at = moment
    record(viewer, "announcement.published", announcement)
    announce_later(announcement)
    tell_live(announcement)


def publish_due(announcement_id: int, moment: datetime) -> bool:
    """Publish what waited for its moment; whether it is out, now or before. Inside a unit of work of a job.

    Whoever wrote it must still be allowed to, its days must not have gone by, and somebody must be there; otherwise
    it stays a draft, and those who keep it see why.
    """
    announcement = get_locked(announcement_id)
    if announcement is None:
        return False
    if announcement.is_waiting and announcement.publish_at is not None:
        if announcement.publish_at > moment:  # put off since
            announce_later(announcement, at=announcement.publish_at)
            return False
        announcement.edition += 1  # who has the draft open in a form is told that it is out
        author = _author(announcement)
        hindrance = _hindrance(author, announcement, moment)
        if hindrance is None:
            publish(author, announcement, moment)
        else:
            hold(author, announcement, hindrance)
    return announcement.state is State.PUBLISHED


def hold(viewer: Viewer, announcement: Announcement, why: Held) -> None:
    """It does not go out and stays a draft."""
    announcement.held, announcement.publish_at = why, None
    record(viewer, "announcement.held", announcement, note=str(HELD[why]))


def has_sent_enough(viewer: Viewer, moment: datetime) -> bool:
    """Whether the viewer has told others as often as one may today. Of two at once the second waits for the first."""
    db.session.execute(
        sa.select(Member.id).where(Member.id == viewer.member_id).with_for_update(key_share=True)
    )
    first_space = (
        sa.select(sa.func.min(Audience.space_id))
        .where(Audience.announcement_id == Entry.subject_id)
        .scalar_subquery()
    )
    sent = sa.select(sa.func.count()).where(
        Entry.actor_id == viewer.member_id,
        Entry.action.in_(_SENDINGS),
        Entry.at >= policy.at_local(policy.local_day(moment), time()),
        Entry.space_id == first_space,  # each space has an entry of its own
    )
    return (db.session.scalar(sent) or 0) >= policy.SENT_A_DAY


def record(viewer: Viewer, action: str, announcement: Announcement, *, note: str = "") -> None:
    """In the record of every space that it is for."""
    for space_id in sorted({one.space_id for one in announcement.audience}):
        audit.record(viewer, action, announcement.id, space_id=space_id, note=note)


def reaches_somebody(announcement: Announcement, today: date) -> bool:
    """Whether anybody is there today whom it is for."""
    spaces, role = [one.space_id for one in announcement.audience], announcement.audience[0].role
    return reach(spaces, role, announcement.author_id, today).members > 0


def _hindrance(author: Viewer, announcement: Announcement, moment: datetime) -> Held | None:
    today = policy.local_day(moment)
    if db.session.get_one(Member, announcement.author_id).standing is not Standing.ACTIVE:
        return Held.SUSPENDED
    if not policy.may_keep(author, announcement):
        return Held.NO_RIGHT
    if announcement.ends_at is not None and announcement.ends_at <= moment:
        return Held.OVER
    if announcement.confirm_by is not None and announcement.confirm_by < today:
        return Held.LATE
    return None if reaches_somebody(announcement, today) else Held.NOBODY


def _author(announcement: Announcement) -> Viewer:
    """Whoever wrote it, by the roles held now."""
    held = sa.select(Membership.space_id, Membership.role).where(
        Membership.member_id == announcement.author_id
    )
    return Viewer(announcement.author_id, {row.space_id: row.role for row in db.session.execute(held)})
