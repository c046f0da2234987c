"""How much a member wants to hear of a topic, a board, a space. Muting wins over everything but what is important."""

from collections.abc import Sequence
from datetime import timedelta

import sqlalchemy as sa

from forum.core.access import Viewer
from forum.core.clock import now
from forum.core.db import db, insert_into, upsert
from forum.core.errors import Denied, NotFound
from forum.jobs.service import enqueue
from forum.notifications.models import Level, Watch
from forum.notifications.queries.choices import level_of
from forum.notifications.service import notices
from forum.notifications.targets import named

#: The work that sees to a member's lines under the bell.
TIDY = "notifications.tidy"
#: Muting can be taken back for ten seconds on the page; until then, what lies below stays as it is.
_SECOND_THOUGHT = timedelta(seconds=15)
#: A thing that can be watched: kind and id.
Place = tuple[str, int]


def watch(viewer: Viewer, subject: str, subject_id: int, level: Level | None) -> None:
    """Choose how much to hear of the thing; None: what is usual. For who mutes it, what was new there is read.

    Whether the viewer may see the thing is asked by whoever knows it.
    """
    if viewer.member_id is None:
        raise Denied
    if level is None:
        _as_usual(*_own(viewer, subject, subject_id))
        return
    key = {"member_id": viewer.member_id, "subject": subject, "subject_id": subject_id}
    before = sa.case((Watch.level == Level.MUTED, Watch.former), else_=Watch.level)
    chosen = {"level": level, "former": before if level is Level.MUTED else None}
    upsert(Watch, key | {"level": level, "is_by_acting": False}, list(key), chosen)
    if level is Level.MUTED:
        notices.see(viewer, subject, subject_id)
        # What lies below it is known to those who describe it.
        key_of_work = f"{TIDY}:{viewer.member_id}"
        enqueue(TIDY, due_at=now() + _SECOND_THOUGHT, key=key_of_work, member_id=viewer.member_id)


def unmute(viewer: Viewer, subject: str, subject_id: int) -> None:
    """Hear of the thing as before it was muted; nothing happens if it is not."""
    muted = (*_own(viewer, subject, subject_id), Watch.level == Level.MUTED)
    _as_usual(*muted, Watch.former.is_(None))
    db.session.execute(sa.update(Watch).where(*muted).values(level=Watch.former, former=None))


def choose(viewer: Viewer, subject: str, subject_id: int, level: Level | None) -> Level | None:
    """`watch` for a thing known by kind and number only; what was chosen before.

    `NotFound` for what cannot be chosen, or not by the viewer. "As usual" is allowed for everything: it only takes
    back what was chosen.
    """
    if level is not None and not named(viewer, subject, [subject_id]):
        raise NotFound
    former = level_of(viewer, subject, subject_id)
    watch(viewer, subject, subject_id, level)
    return former


def watch_by_acting(member_id: int, subject: str, subject_id: int) -> None:
    """Who writes somewhere hears of the answers, unless something else was chosen; that is what is usual then."""
    key = {"member_id": member_id, "subject": subject, "subject_id": subject_id}
    insert = insert_into(Watch).values(**key, level=Level.ALL, is_by_acting=True)
    db.session.execute(
        insert.on_conflict_do_update(
            index_elements=list(key), set_={"is_by_acting": True}, where=~Watch.is_by_acting
        )
    )


def watchers(places: Sequence[Place]) -> sa.Select[int]:
    """Ids of those who want to hear of everything in one of these, and have muted none of them.

    The thing itself comes first in `places`: who wants to hear of it only when named is not among them, whatever
    was chosen for the wider ones.
    """
    only_named = sa.select(Watch.member_id).where(_any_of(places[:1]), Watch.level == Level.MENTIONS)
    return (
        sa.select(Watch.member_id)
        .where(
            _any_of(places),
            Watch.level == Level.ALL,
            Watch.member_id.not_in(muters(places)),
            Watch.member_id.not_in(only_named),
        )
        .distinct()
    )


def muters(places: Sequence[Place]) -> sa.Select[int]:
    """Ids of those who want to hear of one of these no more."""
    return sa.select(Watch.member_id).where(_any_of(places), Watch.level == Level.MUTED)


def _as_usual(*which: sa.ColumnElement[bool]) -> None:
    db.session.execute(sa.delete(Watch).where(*which, ~Watch.is_by_acting))
    db.session.execute(sa.update(Watch).where(*which).values(level=Level.ALL, former=None))


def _own(viewer: Viewer, subject: str, subject_id: int) -> tuple[sa.ColumnElement[bool], ...]:
    return Watch.member_id == viewer.member_id, Watch.subject == subject, Watch.subject_id == subject_id


def _any_of(places: Sequence[Place]) -> sa.ColumnElement[bool]:
    return sa.or_(
        *(sa.and_(Watch.subject == subject, Watch.subject_id == subject_id) for subject, subject_id in places)
    )
