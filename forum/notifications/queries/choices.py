"""What members chose, and what comes of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa

from forum.core.access import Viewer
from forum.core.clock import now
from forum.core.db import db
from forum.members.models import Member
from forum.notifications import policy
from forum.notifications.models import Kind, Level, Notice, Preferences, ReplyAddress, Rhythm, Watch

#: Over so many days back an ordinary day is reckoned.
_DAYS = 14


@dataclass(frozen=True, slots=True)
class OrdinaryDay:
    """What a member would have got a day lately, rounded up: things with news, and mails about them."""

    things: int
    mails: int


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
        sa.or_(*(sa.and_(Watch.subject == kind, Watch.subject_id == number) for kind, number in places)),
    )
    return {(row.subject, row.subject_id): row.level for row in db.session.execute(found)}


def list_chosen(viewer: Viewer, level: Level) -> Sequence[tuple[str, int]]:
    """The things for which the viewer chose that level, not those that came with writing there."""
    rows = sa.select(Watch.subject, Watch.subject_id).where(
        Watch.member_id == viewer.member_id, Watch.level == level, ~Watch.is_by_acting
    )
    return [
        (subject, subject_id)
        for subject, subject_id in db.session.execute(rows.order_by(Watch.subject, Watch.subject_id))
    ]


def address_of(viewer: Viewer) -> str:
    """Where the viewer's mails go."""
    return db.session.scalars(sa.select(Member.email).where(Member.id == viewer.member_id)).one()


def has_reply_addresses(viewer: Viewer) -> bool:
    """Whether the viewer could answer by mail to something."""
    some = sa.select(ReplyAddress.id).where(ReplyAddress.member_id == viewer.member_id).limit(1)
    return db.session.scalar(some) is not None


def ordinary_day(viewer: Viewer, rhythm: Rhythm) -> OrdinaryDay:
    """What a day brings, by the last two weeks."""
    since = now() - timedelta(days=_DAYS)
    counted = sa.select(Notice.kind, sa.func.count()).where(
        Notice.member_id == viewer.member_id, Notice.last_at >= since
    )
    by_kind: dict[Kind, int] = {row.kind: row[1] for row in db.session.execute(counted.group_by(Notice.kind))}
    at_once = sum(n for kind, n in by_kind.items() if policy.is_mailed_at_once(kind, rhythm))
    things = -(-sum(by_kind.values()) // _DAYS)
    bundled = 1 if rhythm is Rhythm.DAILY and things else 0
    return OrdinaryDay(things, -(-at_once // _DAYS) + bundled)
