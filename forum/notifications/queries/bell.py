"""The bell: how much is new, and what."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import ngettext

from forum.core.access import Viewer
from forum.core.db import db
from forum.core.paging import Slice, moment_of, read_cursor, write_cursor
from forum.notifications.models import IMPORTANT, Kind, Notice, Preferences

#: Counting stops here ("99+").
COUNT_LIMIT = 100
_PAGE = 30


# Built once: every page of a member asks it.
_UNREAD = sa.select(sa.func.count()).select_from(
    sa.select(Notice.id)
    .where(Notice.member_id == sa.bindparam("viewer_id", type_=sa.Integer()), Notice.read_at.is_(None))
    .limit(COUNT_LIMIT)
    .subquery()
)


@dataclass(frozen=True, slots=True)
class NoticeRow:
    """A notice as it is kept: what it is of, by number."""

    id: int
    subject: str
    subject_id: int
    kind: Kind
    count: int
    first_entry_id: int
    last_entry_id: int
    last_at: datetime
    is_unread: bool
    mailed_at: datetime | None = None

    @property
    def is_important(self) -> bool:
        """Whether it comes whatever was muted."""
        return self.kind in IMPORTANT

    @property
    def said(self) -> str:
        """What happened, in a few words: "3 neue Antworten"."""
        n = self.count
        if self.kind is Kind.ANSWER:
            return str(ngettext("%(num)s neue Antwort", "%(num)s neue Antworten", n))
        if self.kind is Kind.MESSAGE:
            return str(ngettext("%(num)s neue Nachricht", "%(num)s neue Nachrichten", n))
        if self.kind is Kind.DOCUMENT and self.subject == "folder":
            return str(ngettext("%(num)s neues Dokument", "%(num)s neue Dokumente", n))
        if self.kind is Kind.DOCUMENT:
            return str(ngettext("%(num)s neue Fassung", "%(num)s neue Fassungen", n))
        if self.kind is Kind.MENTION and n > 1:
            return str(_("Du wurdest genannt, %(num)s Mal Neues", num=n))
        words: dict[Kind, str] = {
            Kind.TOPIC: _("Neues Thema"),
            Kind.MENTION: _("Du wurdest genannt"),
            Kind.ANNOUNCEMENT: _("Mitteilung"),
            Kind.INFORMATION: _("Mitteilung"),
            Kind.EVENT: _("Termin geändert"),
        }
        return words.get(self.kind) or str(_("Zu deinem Konto"))


@dataclass(frozen=True, slots=True)
class Due:
    """A notice that wants a mail: whose it is, and since when."""

    row: NoticeRow
    member_id: int
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Unmailed:
    """What a member has not looked at and got no mail about: the newest notices, and how many there are in all."""

    rows: list[NoticeRow] = field(default_factory=list)
    count: int = 0


def count_unread(viewer: Viewer) -> int:
    """So many things have something new; counting stops at `COUNT_LIMIT`."""
    return db.session.connection().scalar(_UNREAD, {"viewer_id": viewer.member_id}) or 0


def list_rows(viewer: Viewer, cursor: str = "") -> Slice[NoticeRow]:
    """Notices of the viewer, the newest first, read ones among them."""
    statement = _rows.where(Notice.member_id == viewer.member_id)
    if cursor:
        moment, notice_id = read_cursor(cursor, 2)
        statement = statement.where(
            sa.tuple_(Notice.last_at, Notice.id)
            < sa.tuple_(sa.literal(moment_of(moment), Notice.last_at.type), notice_id)
        )
    statement = statement.order_by(Notice.last_at.desc(), Notice.id.desc()).limit(_PAGE + 1)
    found = [NoticeRow(*row) for row in db.session.execute(statement)]
    rows = found[:_PAGE]
    return Slice(rows, write_cursor(rows[-1].last_at, rows[-1].id) if len(found) > _PAGE else None)


def find_row(viewer: Viewer, notice_id: int) -> NoticeRow | None:
    """One of the viewer's notices."""
    row = db.session.execute(
        _rows.where(Notice.member_id == viewer.member_id, Notice.id == notice_id)
    ).one_or_none()
    return NoticeRow(*row) if row else None


def due_rows(moment: datetime, after: int, limit: int, *, skips_calm: bool) -> list[Due]:
    """At most `limit` notices whose mail is due by `moment`, with ids above `after`, in the order of ids.

    `skips_calm`: without what is not important to those who want calm on free days.
    """
    statement = (
        _rows.add_columns(Notice.member_id, Notice.mail_due_at)
        .join(Preferences, Preferences.member_id == Notice.member_id)
        .where(Notice.mail_due_at <= moment, Notice.id > after)
    )
    if skips_calm:
        statement = statement.where(sa.or_(Notice.kind.in_(IMPORTANT), ~Preferences.quiet_weekends))
    return [
        Due(NoticeRow(*row), member_id, due_at)
        for *row, member_id, due_at in db.session.execute(statement.order_by(Notice.id).limit(limit))
    ]


def unmailed_of(member_ids: Sequence[int], limit: int, cut: datetime) -> Mapping[int, Unmailed]:
    """What was written by `cut` and each of these has not looked at and got no mail about, at most `limit` each.

    Of what a bundled mail told in part, because the rest was fresh then, the rest is among them.
    """
    place = sa.func.row_number().over(
        partition_by=Notice.member_id, order_by=(Notice.last_at.desc(), Notice.id.desc())
    )
    numbered = (
        sa.select(
            Notice.member_id,
            *_rows.selected_columns,
            place.label("place"),
            sa.func.count().over(partition_by=Notice.member_id).label("count_of_all"),
        )
        .where(
            Notice.member_id.in_(member_ids),
            Notice.read_at.is_(None),
            Notice.mail_due_at.is_(None),
            sa.or_(
                sa.and_(Notice.mailed_at.is_(None), Notice.first_at <= cut), Notice.mailed_at < Notice.last_at
            ),
        )
        .subquery()
    )
    found: dict[int, Unmailed] = {}
    for member_id, *row, _place, count in db.session.execute(
        sa.select(numbered).where(numbered.c.place <= limit).order_by(numbered.c.member_id, numbered.c.place)
    ):
        found.setdefault(member_id, Unmailed(count=count)).rows.append(NoticeRow(*row))
    return found


def unread_rows(
    after: tuple[int, int], limit: int, member_id: int | None = None
) -> list[tuple[int, NoticeRow]]:
    """At most `limit` notices that nobody looked at, of one member or all, each with whose it is.

    In the order of members and ids, after the pair given.
    """
    order = sa.tuple_(Notice.member_id, Notice.id)
    statement = _rows.add_columns(Notice.member_id).where(Notice.read_at.is_(None), order > after)
    if member_id is not None:
        statement = statement.where(Notice.member_id == member_id)
    found = db.session.execute(statement.order_by(Notice.member_id, Notice.id).limit(limit))
    return [(whose, NoticeRow(*row)) for *row, whose in found]


_rows: sa.Select[*tuple[Any, ...]] = sa.select(
    Notice.id,
    Notice.subject,
    Notice.subject_id,
    Notice.kind,
    Notice.count,
    Notice.first_entry_id,
    Notice.last_entry_id,
    Notice.last_at,
    Notice.read_at.is_(None).label("is_unread"),
    Notice.mailed_at,
)


def shown(count: int) -> dict[str, str]:
    """A count as the bell shows it, and as a screen reader says it."""
    if not count:
        return {"shown": "", "said": ""}
    more = "+" if count >= COUNT_LIMIT else ""
    return {
        "shown": f"{min(count, COUNT_LIMIT - 1)}{more}",
        "said": ngettext("%(num)s ungelesen", "%(num)s ungelesen", count),
    }
