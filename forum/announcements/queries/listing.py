"""Lists of announcements, and what of them waits for the viewer on every page."""

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString
from sqlalchemy.orm import aliased

from forum.announcements import policy
from forum.announcements.models import (
    Acknowledgement,
    Announcement,
    AnnouncementEdition,
    Audience,
    Discussion,
    Held,
    Recipient,
    State,
)
from forum.announcements.queries import digests, reach
from forum.core import html
from forum.core.access import Role, Viewer
from forum.core.clock import now
from forum.core.db import db
from forum.core.paging import Slice, moment_of, read_cursor, write_cursor
from forum.core.persons import Person
from forum.core.textdiff import Change, word_diff
from forum.councils.models import Council
from forum.members.models import Member

PAGE_SIZE = 20
#: So many are named on every page at most.
_WAITING_LIMIT = 20
_TEASER = 130


class Filter(enum.StrEnum):
    """Which announcements to list."""

    OPEN = "open"
    ALL = "all"
    ARCHIVE = "archive"


@dataclass(frozen=True, slots=True)
class Waiting:
    """Something the viewer has to see: notice `is_asked`, or it is urgent and unread."""

    id: int
    title: str
    is_urgent: bool
    confirm_by: date | None
    is_asked: bool


@dataclass(frozen=True, slots=True)
class AnnouncementRow:
    """An announcement in a list. `is_new`: neither dismissed nor confirmed; `is_asked`: notice is still asked."""

    id: int
    title: str
    teaser: str
    state: State
    is_urgent: bool
    confirm_by: date | None
    publish_at: datetime | None
    held: Held | None
    published_at: datetime | None
    ends_at: datetime | None
    has_files: bool
    author: Person
    scopes: tuple[tuple[int, Role | None], ...]
    is_asked: bool
    is_new: bool

    @property
    def is_waiting(self) -> bool:
        """Whether it goes out by itself at its moment."""
        return self.publish_at is not None and self.held is None

    @property
    def is_held_back(self) -> bool:
        """Whether something stood against its going out."""
        return self.held in HELD


@dataclass(frozen=True, slots=True)
class EditionStep:
    """A step in the history: the title before and after it, what changed in the text, and which files came, went."""

    edition: int
    at: datetime
    is_essential: bool
    title_before: str
    title: str
    changes: list[Change]
    files_added: list[str]
    files_taken_off: list[str]


#: Why one did not go out, after "Nicht veröffentlicht:".
HELD: dict[Held, LazyString] = {
    Held.SUSPENDED: _l("Das Konto, von dem sie kommt, ist gesperrt."),
    Held.NO_RIGHT: _l("Wer sie geschrieben hat, darf dort keine Mitteilungen mehr veröffentlichen."),
    Held.OVER: _l("Der letzte Tag war schon vorbei."),
    Held.LATE: _l("Der Tag für die Kenntnisnahme war schon vorbei."),
    Held.NOBODY: _l("Dort war niemand, den sie hätte erreichen können."),
    Held.TOO_MANY: _l(
        "Von einem Konto gehen an einem Tag höchstens %(limit)s Mitteilungen hinaus. Morgen geht es wieder.",
        limit=policy.SENT_A_DAY,
    ),
}


def waiting(viewer: Viewer) -> list[Waiting]:
    """What of the current announcements waits for the viewer, the urgent ones first; one statement."""
    if not viewer.spaces:
        return []
    moment = now()
    values = {
        "viewer_id": viewer.member_id,
        "moment": moment,
        "today": policy.local_day(moment),
        "spaces": list(viewer.spaces),
        **{f"{role.value}_spaces": found for role, found in policy.spaces_by_role(viewer).items()},
    }
    rows = db.session.connection().execute(_WAITING, values)
    return [Waiting(row[0], row[1], row[2], row[3], bool(row[4])) for row in rows]


def list_announcements(viewer: Viewer, chosen: Filter, cursor: str | None = None) -> Slice[AnnouncementRow]:
    """Published ones that the viewer may read, the newest first; two statements."""
    moment = now()
    asked = _asks(viewer.member_id, policy.local_day(moment))
    statement = (
        _rows(viewer, asked)
        .where(Announcement.state == State.PUBLISHED, _readable(viewer))
        .order_by(Announcement.published_at.desc(), Announcement.id.desc())
        .limit(PAGE_SIZE + 1)
    )
    if chosen is Filter.ARCHIVE:
        statement = statement.where(Announcement.ends_at <= moment)
    else:
        statement = statement.where(policy.current_at(moment))
    if chosen is Filter.OPEN:
        statement = statement.where(asked)
    if cursor:
        published, announcement_id = read_cursor(cursor, 2)
        last = sa.tuple_(
            sa.literal(moment_of(published), Announcement.published_at.type),
            sa.literal(announcement_id, sa.BigInteger),
        )
        statement = statement.where(sa.tuple_(Announcement.published_at, Announcement.id) < last)
    found = db.session.execute(statement).all()
    rows = found[:PAGE_SIZE]
    more = len(found) > PAGE_SIZE and rows[-1].published_at
    return Slice(_shown(rows), write_cursor(more, rows[-1].id) if more else None)


def list_unpublished(viewer: Viewer) -> list[AnnouncementRow]:
    """Drafts, scheduled and withdrawn ones that the viewer keeps, the latest first; two statements."""
    if not policy.announceable(viewer):
        return []
    statement = (
        _rows(viewer, sa.false())
        .where(Announcement.state != State.PUBLISHED, policy.kept_by(viewer))
        .order_by(Announcement.created_at.desc(), Announcement.id.desc())
        .limit(PAGE_SIZE)
    )
    return _shown(db.session.execute(statement).all())


def asks(viewer: Viewer, announcement: Announcement) -> bool:
    """Whether notice of the present version is still asked of the viewer."""
    moment = now()
    if announcement.confirm_by is None or not policy.is_current(announcement, moment):
        return False
    statement = sa.select(_asks(viewer.member_id, policy.local_day(moment))).where(
        Announcement.id == announcement.id
    )
    return bool(db.session.scalar(statement))


def is_unread(viewer: Viewer, announcement: Announcement) -> bool:
    """Whether the viewer, of whom no notice is asked, has not put the present version aside."""
    statement = sa.select(_unread(viewer.member_id)).where(Announcement.id == announcement.id)
    return bool(db.session.scalar(statement))


def editions(announcement: Announcement) -> list[EditionStep]:
    """The history, the newest step first."""
    old = db.session.scalars(
        sa.select(AnnouncementEdition)
        .where(AnnouncementEdition.announcement_id == announcement.id)
        .order_by(AnnouncementEdition.edition)
    ).all()
    titles = [*(one.title for one in old), announcement.title]
    texts = [*(one.source for one in old), announcement.source]
    files = [*(one.files for one in old), digests.files_of(announcement)]
    steps = [
        EditionStep(
            edition=one.edition + 1,
            at=one.replaced_at,
            is_essential=one.is_essential,
            title_before=titles[place],
            title=titles[place + 1],
            changes=word_diff(texts[place], texts[place + 1]),
            files_added=[name for name, digest in files[place + 1] if [name, digest] not in files[place]],
            files_taken_off=[name for name, digest in files[place] if [name, digest] not in files[place + 1]],
        )
        for place, one in enumerate(old)
    ]
    return steps[::-1]


def has_history(announcement: Announcement) -> bool:
    """Whether it said something else before."""
    return announcement.edited_at is not None


def topics_of(announcement_id: int) -> dict[int, int]:
    """The topic about it in each space that has one: space to topic."""
    statement = sa.select(Discussion.space_id, Discussion.topic_id).where(
        Discussion.announcement_id == announcement_id
    )
    return {row.space_id: row.topic_id for row in db.session.execute(statement)}


def _asks(member_id: Any, today: Any) -> sa.ColumnElement[bool]:
    mine = (
        sa.exists()
        .where(
            Recipient.announcement_id == Announcement.id,
            Recipient.member_id == member_id,
            Recipient.is_asked,
            reach.is_there(today),
            sa.not_(reach.is_noted()),
        )
        .correlate(Announcement)
    )
    return sa.and_(Announcement.confirm_by.is_not(None), mine)


def _unread(member_id: Any) -> sa.ColumnElement[bool]:
    """Not put aside; and neither is (or was) the viewer asked for notice, nor did the viewer's council take it."""
    is_settled = (
        sa.exists()
        .where(
            Recipient.announcement_id == Announcement.id,
            Recipient.member_id == member_id,
            sa.or_(Recipient.is_asked, reach.is_noted()),
        )
        .correlate(Announcement)
    )
    return sa.and_(
        Announcement.author_id != member_id,
        Announcement.names_deleted_at.is_(None),  # nobody knows any more who put it aside
        sa.not_(reach.is_dismissed(member_id)),
        sa.or_(Announcement.confirm_by.is_(None), sa.not_(is_settled)),
    )


def _write_waiting() -> sa.Select[*tuple[Any, ...]]:
    """Every page asks it, so it is written once: what is current and asks for something, and has not got it."""
    viewer_id = sa.bindparam("viewer_id", type_=sa.Integer())
    moment = sa.bindparam("moment", type_=Announcement.ends_at.type)
    asked = _asks(viewer_id, sa.bindparam("today", type_=sa.Date()))
    is_for = policy.for_spaces(
        sa.bindparam("spaces", expanding=True),
        {role: sa.bindparam(f"{role.value}_spaces", expanding=True) for role in Role},
    )
    is_unread = sa.and_(Announcement.is_urgent, _unread(viewer_id))
    columns = (Announcement.id, Announcement.title, Announcement.is_urgent, Announcement.confirm_by)
    return (
        sa.select(*columns, asked.label("is_asked"))
        .where(
            policy.current_at(moment),
            sa.or_(Announcement.confirm_by.is_not(None), Announcement.is_urgent),
            is_for,
            sa.or_(asked, is_unread),
        )
        .order_by(Announcement.is_urgent.desc(), Announcement.published_at.desc(), Announcement.id.desc())
        .limit(_WAITING_LIMIT)
    )


def _readable(viewer: Viewer) -> sa.ColumnElement[bool]:
    if not policy.announceable(viewer):
        return policy.for_viewer(viewer)
    return sa.or_(policy.for_viewer(viewer), policy.kept_by(viewer))


def _rows(viewer: Viewer, asked: sa.ColumnElement[bool]) -> sa.Select[*tuple[Any, ...]]:
    return sa.select(
        Announcement.id,
        Announcement.title,
        Announcement.html,
        Announcement.state,
        Announcement.is_urgent,
        Announcement.confirm_by,
        Announcement.publish_at,
        Announcement.held,
        Announcement.published_at,
        Announcement.ends_at,
        Announcement.has_files,
        Announcement.author_id,
        Member.name,
        Member.picture_version,
        asked.label("is_asked"),
        _unread(viewer.member_id).label("is_unread"),
    ).join(Member, Member.id == Announcement.author_id)


def _shown(rows: Sequence[sa.Row[Any]]) -> list[AnnouncementRow]:
    scopes: dict[int, list[tuple[int, Role | None]]] = {}
    parts = sa.select(Audience.announcement_id, Audience.space_id, Audience.role).where(
        Audience.announcement_id.in_([row.id for row in rows])
    )
    for announcement_id, space_id, role in db.session.execute(parts.order_by(Audience.id)) if rows else ():
        scopes.setdefault(announcement_id, []).append((space_id, role))
    return [
        AnnouncementRow(
            id=row.id,
            title=row.title,
            teaser=html.plain(row.html, _TEASER),
            state=row.state,
            is_urgent=row.is_urgent,
            confirm_by=row.confirm_by,
            publish_at=row.publish_at,
            held=row.held,
            published_at=row.published_at,
            ends_at=row.ends_at,
            has_files=row.has_files,
            author=Person(row.author_id, row.name, row.picture_version),
            scopes=tuple(scopes.get(row.id, ())),
            is_asked=bool(row.is_asked),
            is_new=bool(row.is_asked or row.is_unread),
        )
        for row in rows
    ]


@dataclass(frozen=True, slots=True)
class Seat:
    """For whom notice is asked of the viewer: a council by name, or "" for the viewer alone; who took it, and when.

    `is_held` is false once the viewer may not take it any more, by a mandate that ended.
    """

    council: str
    by: str
    on: date | None
    is_held: bool


def seats(viewer: Viewer, announcement: Announcement) -> list[Seat]:
    """What is asked of the viewer, councils by name; nothing for whoever is only told."""
    if announcement.confirm_by is None:
        return []
    taken = sa.and_(
        Acknowledgement.announcement_id == Recipient.announcement_id,
        Acknowledgement.version == announcement.version,
        sa.or_(
            Acknowledgement.council_id == Recipient.council_id,
            sa.and_(
                Recipient.council_id.is_(None),
                Acknowledgement.council_id.is_(None),
                Acknowledgement.member_id == Recipient.member_id,
            ),
        ),
    )
    by = aliased(Member)
    statement = (
        sa.select(
            Council.name,
            by.name.label("by"),
            Acknowledgement.given_on,
            reach.is_there(policy.local_day(now())),
        )
        .select_from(Recipient)
        .outerjoin(Council, Council.id == Recipient.council_id)
        .outerjoin(Acknowledgement, taken)
        .outerjoin(by, by.id == Acknowledgement.member_id)
        .where(
            Recipient.announcement_id == announcement.id,
            Recipient.member_id == viewer.member_id,
            Recipient.is_asked,
        )
        .order_by(Council.name)
    )
    return [
        Seat(council or "", name or "", on, bool(is_held))
        for council, name, on, is_held in db.session.execute(statement)
    ]


_WAITING = _write_waiting()
