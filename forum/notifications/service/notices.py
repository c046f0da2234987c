"""Notices: one row for each member and thing, however much happens there."""

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

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
#: So many are told one by one that something is new; beyond that, pages find out by themselves.
_TOLD = 1_000


def notify(
    kind: Kind,
    subject: str,
    subject_id: int,
    entry_id: int,
    audience: sa.Select[int],
    *,
    at: datetime | None = None,
) -> int:
    """Tell those whose ids `audience` selects that there is `entry_id` in the thing; how many rows that changed.

    One statement, whether they are five or ten thousand; done in a job, not while somebody waits. Told of the same
    entry again, nothing happens. Whoever has not looked since the last time has one more in the same row, and no
    second mail; only of what is important there is one for each entry. Suspended members hear nothing.
    """
    moment = at or now()
    give_preferences(audience, moment)
    changed = _tell(kind, subject, subject_id, entry_id, audience, moment)
    _hint(subject, subject_id, entry_id, changed)
    if changed:
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


def see_all(viewer: Viewer) -> None:
    """Nothing under the bell is new any more."""
    _see(viewer)


def see_before(viewer: Viewer, moment: datetime) -> None:
    """The same for what was under the bell at that moment."""
    _see(viewer, Notice.last_at <= moment)


def see_one(viewer: Viewer, notice_id: int) -> None:
    """The same for one line under the bell; of others' lines nothing changes."""
    _see(viewer, Notice.id == notice_id)


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
    kind: Kind, subject: str, subject_id: int, entry_id: int, audience: sa.Select[int], moment: datetime
) -> int:
    chosen = audience.subquery()
    member_id = chosen.c[0]
    grace = timedelta() if kind in IMPORTANT else policy.GRACE
    due_at = sa.literal(moment + grace, Notice.mail_due_at.type)
    is_at_once = Preferences.rhythm.in_(policy.rhythms_at_once(kind))
    values: dict[str, Any] = {
        "member_id": member_id,
        "subject": sa.literal(subject),
        "subject_id": sa.literal(subject_id),
        "kind": sa.literal(kind, Notice.kind.type),
        "count": sa.literal(1),
        "first_entry_id": sa.literal(entry_id),
        "last_entry_id": sa.literal(entry_id),
        "first_at": sa.literal(moment, Notice.first_at.type),
        "last_at": sa.literal(moment, Notice.last_at.type),
        "mail_due_at": sa.case((is_at_once, due_at)),
    }
    rows = (
        sa.select(*(value.label(name) for name, value in values.items()))
        .join(Member, sa.and_(Member.id == member_id, Member.standing == Standing.ACTIVE))
        .join(Preferences, Preferences.member_id == member_id)
        .where(sa.true())  # SQLite would take the ON of what follows for one of the join
    )
    insert = insert_into(Notice).from_select(list(values), rows)
    result: sa.CursorResult[Any] = db.session.execute(
        _on_conflict(insert, kind, entry_id).execution_options(preserve_rowcount=True)
    )  # type: ignore[assignment]  # changing rows gives no other kind
    return result.rowcount


def _on_conflict(
    insert: sqlite.Insert | postgresql.Insert, kind: Kind, entry_id: int
) -> sqlite.Insert | postgresql.Insert:
    """What becomes of the row that is there: one more, or, if it was read, a new beginning."""
    new = insert.excluded
    is_new_to_them = Notice.read_at.is_(None)
    stands_out = kind in IMPORTANT or kind in PERSONAL
    goes_again = sa.true() if kind in IMPORTANT else sa.false()
    was_mailed = sa.or_(Notice.mailed_at.is_not(None), Notice.mail_due_at.is_not(None))
    return insert.on_conflict_do_update(
        index_elements=["member_id", "subject", "subject_id"],
        set_={
            "count": sa.case((is_new_to_them, Notice.count + 1), else_=1),
            "kind": new.kind if stands_out else sa.case((is_new_to_them, Notice.kind), else_=new.kind),
            "first_entry_id": sa.case((is_new_to_them, Notice.first_entry_id), else_=new.first_entry_id),
            "first_at": sa.case((is_new_to_them, Notice.first_at), else_=new.first_at),
            "last_entry_id": new.last_entry_id,
            "last_at": new.last_at,
            "read_at": None,
            "mail_due_at": sa.case(
                (sa.and_(is_new_to_them, was_mailed, sa.not_(goes_again)), Notice.mail_due_at),
                else_=new.mail_due_at,
            ),
            "mailed_at": sa.case(
                (sa.and_(is_new_to_them, sa.not_(goes_again)), Notice.mailed_at), else_=sa.null()
            ),
            "pushed_at": sa.case(
                (sa.and_(is_new_to_them, sa.not_(goes_again)), Notice.pushed_at), else_=sa.null()
            ),
        },
        where=Notice.last_entry_id < entry_id,
    )


def _hint(subject: str, subject_id: int, entry_id: int, changed: int) -> None:
    """Windows that are open ask anew; of many, whoever is not told by a hint sees it on the next page."""
    if not 0 < changed <= _TOLD:
        return
    told = sa.select(Notice.member_id).where(
        Notice.subject == subject, Notice.subject_id == subject_id, Notice.last_entry_id == entry_id
    )
    for member_id in db.session.scalars(told):
        publish(NAMESPACE, f"member:{member_id}", "noticed", {})
