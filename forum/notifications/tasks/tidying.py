"""Lines under the bell that mean nothing to their readers any more: unreadable by now, muted since, read long ago."""

from collections.abc import Iterable
from datetime import timedelta
from itertools import groupby
from operator import itemgetter

from flask_babel import lazy_gettext as _l

from forum.core.clock import now
from forum.core.db import db, unit_of_work
from forum.jobs.registry import job, periodic
from forum.notifications import policy
from forum.notifications.queries.bell import NoticeRow, unread_rows
from forum.notifications.queries.readers import Reader, readers
from forum.notifications.service import notices
from forum.notifications.service.watches import TIDY
from forum.notifications.targets import described_rows

#: So many lines at a time are in memory, or go.
_BATCH = 500


@job(TIDY, title=_l("Die Glocke eines Mitglieds aufräumen"), atomic=False)
def tidy_member(member_id: int) -> None:
    """See to the lines of one member, who has muted something."""
    _tidy(member_id)


@periodic(
    "notifications.tidy_all",
    title=_l("Die Glocken aller Mitglieder aufräumen"),
    every=timedelta(days=1),
    atomic=False,
    lease=timedelta(hours=2),
)
def tidy_all() -> None:
    """See to the lines of all members, and forget what was read long ago."""
    _tidy()
    before = policy.day_of(now()) - policy.MEMORY
    is_done = False
    while not is_done:
        with unit_of_work():
            is_done = notices.drop_read(before, _BATCH) < _BATCH


def _tidy(member_id: int | None = None) -> None:
    after = (0, 0)
    while found := unread_rows(after, _BATCH, member_id):
        after = (found[-1][0], found[-1][1].id)
        _tidy_some(found)


def _tidy_some(found: Iterable[tuple[int, NoticeRow]]) -> None:
    """What is gone goes, what was muted is read. Members who are away for a time keep theirs."""
    moment = now()
    by_member = {whose: [row for _whose, row in rows] for whose, rows in groupby(found, itemgetter(0))}
    gone: list[int] = []
    muted: list[tuple[Reader, list[int]]] = []
    for whose, reader in readers(by_member).items():
        shown = described_rows(reader.viewer, by_member[whose])
        gone += [row.id for row, entry in shown if entry is None]
        silent = [row.id for row, entry in shown if entry and not reader.hears_of(row, entry.above)]
        if silent:
            muted.append((reader, silent))
    db.session.rollback()
    if gone or muted:
        with unit_of_work():
            notices.drop(gone, moment)
            for reader, silent in muted:
                notices.see_these(reader.viewer, silent, moment)
