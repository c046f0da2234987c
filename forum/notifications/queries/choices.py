"""What members chose, and what comes of it."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from forum.core.access import Viewer
from forum.core.clock import now
from forum.core.db import db
from forum.members.models import Member
from forum.notifications import policy
from forum.notifications.models import IMPORTANT, Level, Notice, Preferences, Rhythm, Watch


@dataclass(frozen=True, slots=True)
class OrdinaryDay:
    """What a member would have got lately: things with news and mails about them on a day, all those mails.

    By the last `policy.NEWS_DAYS` days; without what is important.
    """

    things: int
    mails: int
    mails_in_all: int


def preferences(viewer: Viewer) -> Preferences | None:
    """What the viewer chose, for showing; None as long as nothing was chosen or told."""
    return db.session.get(Preferences, viewer.member_id)


def level_of(viewer: Viewer, subject: str, subject_id: int) -> Level | None:
    """How much the viewer wants to hear of the thing; None: what is usual."""
    return db.session.scalar(
        sa.select(Watch.level).where(
            Watch.member_id == viewer.member_id, Watch.subject == subject, Watch.subject_id == subject_id
        )
    )


def levels_of(viewer: Viewer, places: Sequence[tuple[str, int]]) -> dict[tuple[str, int], Level]:
    """What the viewer chose for those of the places (kind and id) where anything was chosen. One statement."""
    found = sa.select(Watch.subject, Watch.subject_id, Watch.level).where(
        Watch.member_id == viewer.member_id,
        sa.or_(
            sa.false(),
            *(sa.and_(Watch.subject == kind, Watch.subject_id == number) for kind, number in places),
        ),
    )
    return {(row.subject, row.subject_id): row.level for row in db.session.execute(found)}


def list_chosen(viewer: Viewer, level: Level) -> Sequence[tuple[str, int]]:
    """The things for which the viewer chose that level, unless it is what is usual there."""
    is_chosen = sa.or_(~Watch.is_by_acting, Watch.level != Level.ALL)
    rows = sa.select(Watch.subject, Watch.subject_id).where(
        Watch.member_id == viewer.member_id, Watch.level == level, is_chosen
    )
    return [
        (subject, subject_id)
        for subject, subject_id in db.session.execute(rows.order_by(Watch.subject, Watch.subject_id))
    ]


def address_of(viewer: Viewer) -> str:
    """Where the viewer's mails go."""
    return db.session.scalars(sa.select(Member.email).where(Member.id == viewer.member_id)).one()


def ordinary_day(
    viewer: Viewer, rhythm: Rhythm, hour: int, weekday: int, *, skips_quiet: bool
) -> OrdinaryDay:
    """What a day brings with this choice, by the last weeks."""
    today = policy.day_number(now())
    first = today - policy.NEWS_DAYS + 1
    rows = db.session.execute(
        sa.select(Notice.id, Notice.news_on, Notice.news_days, Notice.personal_days).where(
            Notice.member_id == viewer.member_id, Notice.news_on >= first, Notice.kind.not_in(IMPORTANT)
        )
    )
    news = [
        policy.News(row.id, row.news_on - ago, bool(row.personal_days >> ago & 1))
        for row in rows
        for ago in range(row.news_on - first + 1)
        if row.news_days >> ago & 1
    ]
    mails = policy.count_mails(news, rhythm, hour, weekday, skips_quiet=skips_quiet, last=today)
    return OrdinaryDay(round(len(news) / policy.NEWS_DAYS), round(mails / policy.NEWS_DAYS), mails)
