"""Notices: one row for each member and thing, however much happens there."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import InstrumentedAttribute

from forum.core.access import Viewer
from forum.core.clock import now
from forum.core.db import changed_rows, db, insert_into
from forum.members.models import Member, Standing
from forum.notifications import policy
from forum.notifications.models import IMPORTANT, PERSONAL, Kind, Notice, Preferences
from forum.notifications.service import pushes
from forum.notifications.service.preferences import give_preferences
from forum.realtime.publishing import publish

#: Where a member's windows hear that there is something under the bell.
NAMESPACE = "/notices"
#: What all windows hear. So many members are told one by one that something is new; beyond that, everybody is, and
#: asks within so many seconds, one sooner, another later.
EVERYBODY = "everybody"
_TOLD, _SPREAD = 1_000, 120


def notify(
    kind: Kind,
    subject: str,
    subject_id: int,
    entry_id: int,
    audience: sa.Select[int],
    *,
    at: datetime | None = None,
    written_at: datetime | None = None,
    is_mailed: bool = False,
) -> int:
    """Tell those whose ids `audience` selects that there is `entry_id` in the thing; how many rows that changed.

    One statement, whether they are five or ten thousand; done in a job, not while somebody waits. Told of the same
    entry again, nothing happens; told of entries in another order than they were written in, none is lost. Whoever
    has not looked since the last time has one more in the same row, and no second mail; only of what is important
    there is one for each entry. Suspended members hear nothing. `at` is the moment of telling; mails wait from
    `written_at` on, if that was sooner. `is_mailed`: who tells has sent a mail already.
    """
    moment = at or now()
    give_preferences(audience, moment)
    changed = _tell(kind, subject, subject_id, entry_id, audience, moment, written_at or moment, is_mailed)
    if changed:
        _hint(subject, subject_id, moment, changed)
        pushes.plan(subject, subject_id)
    return changed


def see(viewer: Viewer, subject: str, subject_id: int) -> None:
    """The viewer has looked at the thing: nothing of it is new, and the next news may be mailed."""
    _see(viewer, Notice.subject == subject, Notice.subject_id == subject_id)


def see_those(viewer: Viewer, subject: str, subject_ids: sa.Select[int]) -> None:
    """The same for many things of a kind."""
    _see(viewer, Notice.subject == subject, Notice.subject_id.in_(subject_ids))


def take_away(viewer: Viewer, subject: str, subject_id: int) -> None:
    """As `see`, where nobody shall know when it was looked at: the row goes, and its moments with it."""
    gone = (
        sa.delete(Notice)
        .where(
            Notice.member_id == viewer.member_id, Notice.subject == subject, Notice.subject_id == subject_id
        )
        .execution_options(synchronize_session=False)
    )
    if changed_rows(gone):
        publish(NAMESPACE, f"member:{viewer.member_id}", "noticed", {})


def see_before(viewer: Viewer, moment: datetime) -> None:
    """The same for everything that the viewer was told up to that moment."""
    _see(viewer, Notice.last_at <= moment)


def see_one(viewer: Viewer, notice_id: int) -> None:
    """The same for one line under the bell; of others' lines nothing changes."""
    _see(viewer, Notice.id == notice_id)


def see_these(viewer: Viewer, notice_ids: Collection[int], moment: datetime) -> None:
    """The same for these lines of the viewer's, unless there was more after the moment."""
    _see(viewer, Notice.id.in_(notice_ids), Notice.last_at <= moment)


def unsee(viewer: Viewer, notice_id: int) -> None:
    """The line is new again; a mail about it comes with the next bundle, if at all."""
    changed = changed_rows(
        sa.update(Notice)
        .where(Notice.member_id == viewer.member_id, Notice.id == notice_id, Notice.read_at.is_not(None))
        .values(read_at=None)
        .execution_options(synchronize_session=False)
    )
    if changed:
        publish(NAMESPACE, f"member:{viewer.member_id}", "noticed", {})


def forget(subject: str, subject_id: int) -> None:
    """The thing is gone: nobody is told of it."""
    db.session.execute(sa.delete(Notice).where(Notice.subject == subject, Notice.subject_id == subject_id))


def drop(notice_ids: Collection[int], moment: datetime) -> None:
    """These lines mean nothing to their readers any more, unless they were told of something after the moment."""
    gone = (
        sa.delete(Notice)
        .where(Notice.id.in_(notice_ids), Notice.last_at <= moment)
        .returning(Notice.member_id)
        .execution_options(synchronize_session=False)
    )
    for member_id in set(db.session.scalars(gone)):
        publish(NAMESPACE, f"member:{member_id}", "noticed", {})


def drop_read(before: datetime, limit: int) -> int:
    """Delete at most `limit` of the lines that were read before that; how many these were."""
    old = sa.select(Notice.id).where(Notice.read_at < before).limit(limit)
    return changed_rows(
        sa.delete(Notice).where(Notice.id.in_(old)).execution_options(synchronize_session=False)
    )


def _see(viewer: Viewer, *which: sa.ColumnElement[bool]) -> None:
    seen = (
        sa.update(Notice)
        .where(Notice.member_id == viewer.member_id, Notice.read_at.is_(None), *which)
        .values(read_at=policy.day_of(now()), mail_due_at=None)
        .returning(Notice.id)
        .execution_options(synchronize_session=False)
    )
    if db.session.scalars(seen).all():
        publish(NAMESPACE, f"member:{viewer.member_id}", "noticed", {})


def _tell(
    kind: Kind,
    subject: str,
    subject_id: int,
    entry_id: int,
    audience: sa.Select[int],
    moment: datetime,
    written_at: datetime,
    is_mailed: bool,
) -> int:
    chosen = audience.subquery()
    member_id = chosen.c[0]
    grace = timedelta() if kind in IMPORTANT else policy.GRACE
    due_at = sa.literal(None if is_mailed else written_at + grace, Notice.mail_due_at.type)
    is_at_once = Preferences.rhythm.in_(policy.rhythms_at_once(kind))
    values: dict[str, Any] = {
        "member_id": member_id,
        "subject": sa.literal(subject),
        "subject_id": sa.literal(subject_id),
        "kind": sa.literal(kind, Notice.kind.type),
        "count": sa.literal(1),
        "first_entry_id": sa.literal(entry_id),
        "last_entry_id": sa.literal(entry_id),
        "first_at": sa.literal(written_at, Notice.first_at.type),
        "last_at": sa.literal(moment, Notice.last_at.type),
        "mail_due_at": sa.case((is_at_once, due_at)),
        "mailed_at": sa.literal(moment if is_mailed else None, Notice.mailed_at.type),
        "news_on": sa.literal(policy.day_number(moment)),
        "news_days": sa.literal(1),
        "personal_days": sa.literal(int(kind in PERSONAL)),
    }
    rows = (
        sa.select(*(value.label(name) for name, value in values.items()))
        .join(Member, sa.and_(Member.id == member_id, Member.standing == Standing.ACTIVE))
        .join(Preferences, Preferences.member_id == member_id)
        .where(sa.true())  # SQLite would take the ON of what follows for one of the join
    )
    insert = insert_into(Notice).from_select(list(values), rows)
    return changed_rows(_on_conflict(insert, kind))


def _on_conflict(insert: sqlite.Insert | postgresql.Insert, kind: Kind) -> sqlite.Insert | postgresql.Insert:
    """What becomes of the row that is there: one more, or, if it was read, a new beginning.

    Two workers may tell of two entries in the other order. Of an entry between the first and the last nobody knows
    whether it was told, so it does not count; if it weighs more, it is never lost.
    """
    new = insert.excluded
    is_later = new.last_entry_id > Notice.last_entry_id
    is_earlier = new.first_entry_id < Notice.first_entry_id
    outweighs = sa.literal(kind in IMPORTANT or kind is Kind.MENTION)
    is_unread = Notice.read_at.is_(None)
    # Of what is important each goes for itself.
    goes_on = sa.and_(is_unread, sa.literal(kind not in IMPORTANT))
    was_mailed = sa.or_(Notice.mailed_at.is_not(None), Notice.mail_due_at.is_not(None))
    passed = new.news_on - Notice.news_on
    is_told_for_now = Notice.mailed_at >= Notice.last_at  # so no mail tells of this one, either
    return insert.on_conflict_do_update(
        index_elements=["member_id", "subject", "subject_id"],
        set_={
            "count": sa.case(
                (sa.not_(is_unread), 1),
                (sa.or_(is_later, is_earlier), Notice.count + 1),
                else_=Notice.count,
            ),
            "kind": sa.case((sa.and_(is_unread, sa.not_(outweighs)), Notice.kind), else_=new.kind),
            "first_entry_id": sa.case(
                (sa.and_(is_unread, sa.not_(is_earlier)), Notice.first_entry_id), else_=new.first_entry_id
            ),
            "first_at": sa.case(
                (sa.and_(is_unread, sa.not_(is_earlier)), Notice.first_at), else_=new.first_at
            ),
            "last_entry_id": sa.case((is_later, new.last_entry_id), else_=Notice.last_entry_id),
            "last_at": new.last_at,
            "read_at": None,
            "mail_due_at": sa.case((sa.and_(goes_on, was_mailed), Notice.mail_due_at), else_=new.mail_due_at),
            "mailed_at": sa.case(
                (sa.not_(goes_on), new.mailed_at), (is_told_for_now, new.last_at), else_=Notice.mailed_at
            ),
            "pushed_at": sa.case((goes_on, Notice.pushed_at), else_=sa.null()),
            "news_on": sa.case((passed > 0, new.news_on), else_=Notice.news_on),
            "news_days": _moved_on(Notice.news_days, passed, new.news_days),
            "personal_days": _moved_on(Notice.personal_days, passed, new.personal_days),
        },
        # Who has read what came later has seen what came before it.
        where=sa.or_(
            is_later,
            sa.and_(is_unread, sa.or_(is_earlier, sa.and_(outweighs, new.kind != Notice.kind))),
        ),
    )


def _moved_on(
    days: InstrumentedAttribute[int], passed: sa.ColumnElement[int], today: sa.ColumnElement[int]
) -> sa.ColumnElement[int]:
    """The days, a bit for each, so many days later, and today; none of them longer ago than counts."""
    kept = days.bitwise_and(sa.literal(2**policy.NEWS_DAYS - 1).bitwise_rshift(passed))
    return sa.case(
        (passed <= 0, days.bitwise_or(today)),
        (passed >= policy.NEWS_DAYS, today),
        else_=kept.bitwise_lshift(passed).bitwise_or(today),
    )


def _hint(subject: str, subject_id: int, moment: datetime, changed: int) -> None:
    """Windows that are open ask anew."""
    if changed > _TOLD:
        publish(NAMESPACE, EVERYBODY, "noticed", {"within": _SPREAD})
        return
    told = sa.select(Notice.member_id).where(
        Notice.subject == subject, Notice.subject_id == subject_id, Notice.last_at == moment
    )
    for member_id in db.session.scalars(told):
        publish(NAMESPACE, f"member:{member_id}", "noticed", {})
