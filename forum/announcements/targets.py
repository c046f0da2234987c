"""Announcements as something that files hang on, and that members are told of."""

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import defer

from forum.announcements import policy
from forum.announcements.models import SUBJECT, Announcement
from forum.attachments.targets import Place, target
from forum.core import html
from forum.core.access import Viewer
from forum.core.clock import now
from forum.core.db import db
from forum.members.models import Member
from forum.notifications.targets import Entry, Line, Since, describes

_LINE_LIMIT = 600


@target(SUBJECT)
def find_announcements(viewer: Viewer, announcement_ids: Collection[int]) -> dict[int, Place]:
    """Those of the announcements that the viewer may read."""
    statement = (
        sa.select(Announcement)
        .where(Announcement.id.in_(announcement_ids))
        .options(defer(Announcement.source), defer(Announcement.html))
    )
    return {
        one.id: Place(one.title, url_of(one.id), one.audience[0].space_id)
        for one in db.session.scalars(statement)
        if policy.may_read(viewer, one)
    }


@describes(SUBJECT)
def describe_announcements(viewer: Viewer, news: Collection[Since], with_lines: bool) -> dict[int, Entry]:
    """Those that are out and for the viewer; what was withdrawn or is over is not among them.

    A new version is news from the moment on at which notice was asked.
    """
    since = {one.subject_id: one for one in news}
    statement = (
        sa.select(
            Announcement.id,
            Announcement.title,
            Announcement.html if with_lines else sa.literal("").label("html"),
            Announcement.confirm_by,
            Announcement.asked_at,
            Member.name,
        )
        .join(Member, Member.id == Announcement.author_id)
        .where(
            Announcement.id.in_(since),
            policy.current_at(now()),
            policy.for_viewer(viewer),
        )
    )
    return {
        row.id: Entry(
            title=row.title,
            url=url_of(row.id),
            place=_("bitte bestätigen") if row.confirm_by else "",
            lines=[Line(row.name, html.plain(row.html, _LINE_LIMIT), row.asked_at, url_of(row.id))]
            if with_lines
            else (),
        )
        for row in db.session.execute(statement)
        if _is_within(since[row.id], row.asked_at)
    }


def url_of(announcement_id: int) -> str:
    """Where it stands."""
    return f"/announcements/{announcement_id}"


def _is_within(since: Since, asked_at: datetime) -> bool:
    return (since.after is None or asked_at > since.after) and (
        since.until is None or asked_at <= since.until
    )
