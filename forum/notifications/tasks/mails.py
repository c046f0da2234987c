"""Mails about what is new: one for a thing as soon as its grace is over, or one for everything at the hour chosen.

What goes into a mail is read when it goes: what was taken back is not in it, what was mended is as it is now, what is
still within its grace is left for the next one. It is composed outside the unit of work that notes it; if anything
moved meanwhile, that one is left for the next round.
"""

import logging
import traceback
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import sqlalchemy as sa
from flask_babel import force_locale
from flask_babel import lazy_gettext as _l

from forum.core.clock import now
from forum.core.db import changed_rows, db, unit_of_work
from forum.jobs.registry import periodic
from forum.mail import service as mail
from forum.notifications import policy
from forum.notifications.models import IMPORTANT, Notice, Preferences
from forum.notifications.queries.bell import Due, NoticeRow, Unmailed, due_rows, unmailed_of
from forum.notifications.queries.readers import Reader, readers
from forum.notifications.service.preferences import next_turn
from forum.notifications.service.replies import reply_address
from forum.notifications.targets import Entry, rows_to_mail
from forum.notifications.tasks.letters import Letter, write_letter

#: So many members at a time are in memory.
_BATCH = 200
#: A bundled mail names so many things at most; the rest is a number.
THINGS = 30
#: A mail that cannot be written is tried again so much later.
_LATER = timedelta(hours=1)
log = logging.getLogger(__name__)


class _Moved(Exception):
    """Something that a mail tells of changed while it was written."""


@dataclass(frozen=True, slots=True)
class Told:
    """A notice with what it is about, as its reader may see it."""

    row: NoticeRow
    entry: Entry


@dataclass(frozen=True, slots=True)
class _Bundle:
    """What a bundled mail tells; without a letter, there is nothing to tell. `again_at`: it could not be written."""

    letter: Letter | None = None
    rows: Sequence[NoticeRow] = field(default=())
    again_at: datetime | None = None


@periodic(
    "notifications.mail",
    title=_l("E-Mails über Neues schreiben"),
    every=timedelta(seconds=30),
    atomic=False,
    lease=timedelta(minutes=15),
)
def mail_due() -> None:
    """Send the mails whose moment has come, a batch at a time."""
    after = 0
    while (after := _mail_some(now(), after)) > 0:
        pass


@periodic(
    "notifications.digest",
    title=_l("Gebündelte E-Mails schreiben"),
    every=timedelta(minutes=1),
    atomic=False,
    lease=timedelta(minutes=30),
)
def bundle_due() -> None:
    """Send the bundled mails of those whose hour has come, a batch at a time."""
    moment = now()
    while _bundle_some(moment):
        pass


def _mail_some(moment: datetime, after: int) -> int:
    """Mail about notices that are due, with ids above `after`; the last id looked at, 0 when there are no more."""
    due = due_rows(moment, after, _BATCH, skips_calm=policy.is_quiet(moment))
    people = readers({one.member_id for one in due})
    letters = [(one, *_letter_about(one.row, people.get(one.member_id), moment)) for one in due]
    db.session.rollback()
    if due:
        with unit_of_work():
            for one, letter, again_at in letters:
                try:
                    with db.session.begin_nested():
                        if _claim(one, again_at, moment if letter else None) and letter:
                            _send(people[one.member_id], letter)
                except Exception as fault:
                    _report(one.member_id, fault)
                    _claim(one, moment + _LATER)
    return due[-1].row.id if len(due) == _BATCH else 0


def _letter_about(
    row: NoticeRow, reader: Reader | None, moment: datetime
) -> tuple[Letter | None, datetime | None]:
    """The mail, if there is still something to tell; and when to look again, if there is only something fresh yet."""
    if reader is None:
        return None, None
    try:
        with force_locale(reader.locale):
            told = _told(reader, [row], moment)
        if told:
            return write_letter(reader, told), None
    except Exception as fault:
        db.session.rollback()
        _report(reader.id, fault)
        return None, moment + _LATER
    fresh_until = row.last_at + policy.GRACE
    return None, fresh_until if fresh_until > moment and not row.is_important else None


def _claim(one: Due, again_at: datetime | None, mailed_at: datetime | None = None) -> bool:
    """Note that the mail goes, unless the member looked, more came, or another process was first."""
    return bool(
        changed_rows(
            sa.update(Notice)
            .where(
                Notice.id == one.row.id,
                Notice.mail_due_at == one.due_at,
                Notice.read_at.is_(None),
                Notice.last_entry_id == one.row.last_entry_id,
            )
            .values(mail_due_at=again_at, mailed_at=mailed_at)
            .execution_options(synchronize_session=False)
        )
    )


def _bundle_some(moment: datetime) -> bool:
    """Bundled mails for some of those who are due; whether there may be more."""
    due = sa.select(Preferences).where(Preferences.next_digest_at <= moment)
    order = (Preferences.next_digest_at, Preferences.member_id)
    # Also those who are suspended have their next turn: once they are back, their mails come as before.
    found = [
        (chosen.member_id, chosen.next_digest_at, next_turn(chosen, moment))
        for chosen in db.session.scalars(due.order_by(*order).limit(_BATCH))
    ]
    if not found:
        db.session.rollback()
        return False
    member_ids = [member_id for member_id, _was_due, _turn in found]
    people, news = readers(member_ids), unmailed_of(member_ids, THINGS, moment - policy.GRACE)
    bundles = {
        member_id: _bundle(reader, news.get(member_id, Unmailed()), moment)
        for member_id, reader in people.items()
    }
    db.session.rollback()
    with unit_of_work():
        for member_id, was_due, turn in found:
            bundle = bundles.get(member_id, _Bundle())
            try:
                with db.session.begin_nested():
                    if _take_turn(member_id, was_due, bundle.again_at or turn) and bundle.letter:
                        _note_mailed(bundle.rows, moment)
                        _send(people[member_id], bundle.letter)
            except _Moved:
                continue  # it is due as before
            except Exception as fault:
                _report(member_id, fault)
                _take_turn(member_id, was_due, moment + _LATER)
    return len(found) == _BATCH


def _bundle(reader: Reader, news: Unmailed, moment: datetime) -> _Bundle:
    try:
        with force_locale(reader.locale):
            told = _told(reader, news.rows, moment)
        letter = write_letter(reader, told, more=news.count - len(news.rows)) if told else None
    except Exception as fault:
        db.session.rollback()
        _report(reader.id, fault)
        return _Bundle(again_at=moment + _LATER)
    return _Bundle(letter, [one.row for one in told])


def _take_turn(member_id: int, was_due: datetime | None, turn: datetime | None) -> bool:
    """Plan the next bundled mail, unless another process was first or the member chose anew."""
    return bool(
        changed_rows(
            sa.update(Preferences)
            .where(Preferences.member_id == member_id, Preferences.next_digest_at == was_due)
            .values(next_digest_at=turn)
            .execution_options(synchronize_session=False)
        )
    )


def _note_mailed(rows: Sequence[NoticeRow], moment: datetime) -> None:
    """Note up to when the mail tells of these; `_Moved` if one was read, goes out by itself, or has more."""
    cut = moment - policy.GRACE
    is_fresh = sa.and_(Notice.last_at > cut, Notice.kind.not_in(IMPORTANT))
    changed = changed_rows(
        sa.update(Notice)
        .where(
            Notice.id.in_([row.id for row in rows]),  # SQLite has no index for pairs
            sa.tuple_(Notice.id, Notice.last_entry_id).in_([(row.id, row.last_entry_id) for row in rows]),
            Notice.read_at.is_(None),
            Notice.mail_due_at.is_(None),
            sa.or_(Notice.mailed_at.is_(None), Notice.mailed_at < Notice.last_at),
        )
        .values(mailed_at=sa.case((is_fresh, _literal(cut)), else_=_literal(moment)))
        .execution_options(synchronize_session=False)
    )
    if changed != len(rows):
        raise _Moved


def _literal(moment: datetime) -> sa.ColumnElement[datetime]:
    return sa.literal(moment, Notice.mailed_at.type)


def _told(reader: Reader, rows: Sequence[NoticeRow], moment: datetime) -> list[Told]:
    """What of this the reader is told, in the order given: neither what is fresh, nor what was chosen away since."""
    shown = rows_to_mail(
        reader.viewer, rows, moment - policy.GRACE, with_lines=reader.preferences.shows_content
    )
    return [
        Told(replace(row, count=entry.count or row.count), entry)
        for row, entry in shown
        if entry and reader.is_told_of(row, entry.above)
    ]


def _report(member_id: int, fault: Exception) -> None:
    """Log it without its own words: they may hold what members wrote."""
    trace = "".join(traceback.format_tb(fault.__traceback__))
    log.error("a mail for member %s could not be written: %s\n%s", member_id, type(fault).__name__, trace)


def _send(reader: Reader, letter: Letter) -> None:
    reply_to = reply_address(reader.id, *letter.answers) if letter.answers else None
    mail.send(
        reader.email,
        letter.subject,
        letter.text,
        html=letter.html,
        headers=letter.headers,
        member_id=reader.id,
        reply_to=reply_to or "",
        about=letter.about,
    )
