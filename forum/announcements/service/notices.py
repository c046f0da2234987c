"""Taking note. The day is kept; that somebody opened the page, or at what hour, is kept nowhere."""

from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _

from forum.announcements import policy
from forum.announcements.models import SUBJECT, Acknowledgement, Announcement, Dismissal, Recipient, State
from forum.announcements.queries.digests import digest_of
from forum.announcements.queries.listing import asks
from forum.announcements.queries.reach import is_there, open_recipients
from forum.announcements.service import fanout
from forum.announcements.service.announcements import get_announcement, get_kept
from forum.core.access import Viewer
from forum.core.clock import now
from forum.core.db import changed_rows, db, insert_into, upsert
from forum.core.errors import Conflict, require
from forum.notifications.service import notices


def confirm(viewer: Viewer, announcement_id: int, edition: int) -> bool:
    """Take note for every council of the viewer's that was asked, or for oneself; whether that was still open.

    `edition` is the one that was read: `Conflict` if it says something else by now. `Denied` for those who are not
    asked. What is kept is the day, and the digest of the words and files.
    """
    # Locked, so that its files stay as they are until the digest is written down.
    announcement = get_announcement(viewer, announcement_id, lock=True)
    moment = now()
    require(
        announcement.confirm_by is not None and policy.is_current(announcement, moment),
        _("Um Kenntnisnahme wird hier nicht mehr gebeten."),
    )
    if edition != announcement.edition:
        raise Conflict(_("Die Mitteilung wurde inzwischen geändert. Bitte lies sie noch einmal."))
    today = policy.local_day(moment)
    of_it = Recipient.announcement_id == announcement.id
    mine = (
        sa.select(Recipient.council_id)
        .where(of_it, Recipient.member_id == viewer.member_id, Recipient.is_asked, is_there(today))
        .order_by(Recipient.council_id)
    )
    councils = db.session.scalars(mine).all()
    require(bool(councils), _("Von dir wird hier keine Kenntnisnahme erwartet."))
    rows: list[dict[str, Any]] = [
        {
            "announcement_id": announcement.id,
            "version": announcement.version,
            "member_id": viewer.member_id,
            "council_id": council_id,
            "given_on": today,
            "digest": digest_of(announcement),
        }
        for council_id in councils
    ]
    taken = insert_into(Acknowledgement).values(rows).on_conflict_do_nothing().returning(Acknowledgement.id)
    is_new = bool(db.session.scalars(taken).all())
    sharing = sa.select(Recipient.member_id).where(of_it, Recipient.council_id.in_(filter(None, councils)))
    fanout.leave_in_peace(announcement, {viewer.member_id or 0, *db.session.scalars(sharing)}, today)
    return is_new


def dismiss(viewer: Viewer, announcement_id: int) -> Announcement:
    """Put a read announcement aside, until it says something essential anew; not where notice is still asked."""
    announcement = get_announcement(viewer, announcement_id)
    if announcement.state is not State.PUBLISHED or viewer.member_id is None:
        return announcement
    require(not asks(viewer, announcement), _("Hier wird um Kenntnisnahme gebeten."))
    if announcement.names_deleted_at is not None:  # no names are written down any more; it waits for nobody
        return announcement
    upsert(
        Dismissal,
        {
            "announcement_id": announcement.id,
            "member_id": viewer.member_id,
            "version": announcement.version,
        },
        ["announcement_id", "member_id"],
        {"version": announcement.version},
    )
    notices.take_away(viewer, SUBJECT, announcement.id)
    return announcement


def nudge(viewer: Viewer, announcement_id: int) -> int:
    """Have those written to once more of whom notice is asked, at most once a day; how many they are."""
    announcement = get_kept(viewer, announcement_id, lock=True)
    moment = now()
    require(
        announcement.confirm_by is not None and policy.is_current(announcement, moment),
        _("Um Kenntnisnahme wird hier nicht mehr gebeten."),
    )
    today = policy.local_day(moment)
    # Two who keep it may press at once: the day is taken by one of them.
    taken = changed_rows(
        sa.update(Announcement)
        .where(
            Announcement.id == announcement.id,
            sa.or_(Announcement.nudged_on.is_(None), Announcement.nudged_on < today),
        )
        .values(nudged_on=today)
        .execution_options(synchronize_session=False)
    )
    if not taken:
        raise Conflict(_("Heute wurde schon erinnert. Morgen geht es wieder."))
    fanout.nudge_later(announcement)
    waiting = open_recipients(announcement.id, today).subquery()
    return db.session.scalar(sa.select(sa.func.count()).select_from(waiting)) or 0
