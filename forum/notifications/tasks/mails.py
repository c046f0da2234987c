"""Mails about what is new: one for a thing as soon as its grace is over, or one for everything at the hour chosen.

What goes into a mail is read when it goes: what was taken back is not in it, what was mended is as it is now. It is
composed outside the unit of work that notes it; if anything moved meanwhile, that one is left for the next round.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from flask_babel import force_locale

from forum.core.clock import now
from forum.core.db import changed_rows, db, unit_of_work
from forum.jobs.registry import periodic
from forum.mail import service as mail
from forum.notifications import policy
from forum.notifications.models import Notice, Preferences
from forum.notifications.queries.bell import Due, NoticeRow, due_rows, unmailed_of
from forum.notifications.queries.readers import Reader, readers
from forum.notifications.service.preferences import next_turn
from forum.notifications.service.replies import reply_address
from forum.notifications.targets import Entry, Since, described
from forum.notifications.tasks.letters import Letter, write_letter

#: So many members at a time are in memory.
_BATCH = 200
#: A bundled mail names so many things at most; the rest is a number.
THINGS = 30


@dataclass(frozen=True, slots=True)
class Told:
    """A notice with what it is about, as its reader may see it."""

    row: NoticeRow
    entry: Entry


@periodic("notifications.mail", every=timedelta(seconds=30), atomic=False, lease=timedelta(minutes=15))
def mail_due() -> None:
    """Send the mails whose moment has come, a batch at a time."""
    after = 0
    while (after := _mail_some(now(), after)) > 0:
        pass


@periodic("notifications.digest", every=timedelta(minutes=1), atomic=False, lease=timedelta(minutes=30))
def bundle_due() -> None:
    """Send the bundled mails of those whose hour has come, a batch at a time."""
    moment = now()
    while _bundle_some(moment):
        pass


def _mail_some(moment: datetime, after: int) -> int:
    """Mail about notices that are due, with ids above `after`; the last id looked at, 0 when there are no more."""
    due = due_rows(moment, after, _BATCH, skips_calm=policy.is_quiet(moment))
    people = readers({one.member_id for one in due})
    letters = []
    for one in due:
        reader = people.get(one.member_id)
        letters.append((one, _letter_about(one.row, reader) if reader else None))
    db.session.rollback()
    if due:
        with unit_of_work():
            for one, letter in letters:
                if _claim(one, moment if letter else None) and letter:
                    _send(people[one.member_id], letter)
    return due[-1].row.id if len(due) == _BATCH else 0


def _letter_about(row: NoticeRow, reader: Reader) -> Letter | None:
    with force_locale(reader.locale):
        told = _told(reader, [row])
    return write_letter(reader, told) if told else None


def _claim(one: Due, mailed_at: datetime | None) -> bool:
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
            .values(mail_due_at=None, mailed_at=mailed_at)
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
    people, news = readers(member_ids), unmailed_of(member_ids, THINGS + 1)
    letters = {}
    for member_id, reader in people.items():
        with force_locale(reader.locale):
            told = _told(reader, news.get(member_id, ()))
        letters[member_id] = (write_letter(reader, told, limit=THINGS) if told else None, told[:THINGS])
    db.session.rollback()
    with unit_of_work():
        for member_id, was_due, turn in found:
            claimed = changed_rows(
                sa.update(Preferences)
                .where(Preferences.member_id == member_id, Preferences.next_digest_at == was_due)
                .values(next_digest_at=turn)
                .execution_options(synchronize_session=False)
            )
            letter, told = letters.get(member_id, (None, []))
            if claimed and letter:
                _note_mailed([one.row.id for one in told], moment)
                _send(people[member_id], letter)
    return len(found) == _BATCH


def _note_mailed(notice_ids: Collection[int], moment: datetime) -> None:
    db.session.execute(
        sa.update(Notice)
        .where(Notice.id.in_(notice_ids), Notice.read_at.is_(None))
        .values(mailed_at=moment)
        .execution_options(synchronize_session=False)
    )


def _told(reader: Reader, rows: Sequence[NoticeRow]) -> list[Told]:
    """What of this the reader may be told, in the order given."""
    by_subject: dict[str, list[Since]] = {}
    for row in rows:
        by_subject.setdefault(row.subject, []).append(
            Since(row.subject_id, row.first_entry_id, row.last_entry_id)
        )
    with_lines = reader.preferences.shows_content
    entries: Mapping[str, Mapping[int, Entry]] = {
        subject: described(reader.viewer, subject, news, with_lines=with_lines)
        for subject, news in by_subject.items()
    }
    return [Told(row, entry) for row in rows if (entry := entries[row.subject].get(row.subject_id))]


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
