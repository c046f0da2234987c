"""Names go twelve months after notice was asked last; the numbers stay."""

from datetime import datetime

import sqlalchemy as sa

from forum.announcements import policy
from forum.announcements.models import (
    SUBJECT,
    Acknowledgement,
    Announcement,
    Certificate,
    Dismissal,
    Recipient,
)
from forum.core.db import db
from forum.notifications.service import notices


def delete_names(moment: datetime) -> int:
    """Of one announcement whose time has come, forget who it went to and who took note; 0 when there is none left."""
    announcement = db.session.scalars(
        sa.select(Announcement)
        .where(
            Announcement.asked_at < policy.names_kept_since(moment),
            Announcement.names_deleted_at.is_(None),
        )
        .order_by(Announcement.id)
        .limit(1)
        .with_for_update(of=Announcement)
    ).first()
    if announcement is None:
        return 0
    mine = announcement.id
    for statement in (
        sa.update(Acknowledgement).where(Acknowledgement.announcement_id == mine).values(member_id=None),
        sa.update(Certificate).where(Certificate.announcement_id == mine).values(made_by_id=None),
        sa.delete(Recipient).where(Recipient.announcement_id == mine),
        sa.delete(Dismissal).where(Dismissal.announcement_id == mine),
    ):
        db.session.execute(statement.execution_options(synchronize_session=False))
    notices.forget(SUBJECT, mine)
    announcement.names_deleted_at = moment
    return 1
