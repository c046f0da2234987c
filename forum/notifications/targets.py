"""What members are told about: each capability says here how its own kind of thing is shown, named and answered."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from itertools import groupby
from operator import attrgetter
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import InstrumentedAttribute

from forum.core.access import Viewer
from forum.core.db import db
from forum.core.errors import NotFound
from forum.core.kinds import one_for
from forum.notifications.models import SPACE
from forum.notifications.queries.bell import NoticeRow
from forum.spaces.queries import spaces_of


@dataclass(frozen=True, slots=True)
class Since:
    """What is new of one thing: its id, and the first and last entry that the member was told of.

    Of these perhaps only those that were written later than `after`, and not later than `until`.
    """

    subject_id: int
    first_entry_id: int
    last_entry_id: int
    after: datetime | None = None
    until: datetime | None = None

    def holds(
        self, entry_id: InstrumentedAttribute[int], written_at: InstrumentedAttribute[datetime]
    ) -> sa.ColumnElement[bool]:
        """Whether an entry with these columns is among them."""
        bounds: list[sa.ColumnElement[bool]] = [entry_id.between(self.first_entry_id, self.last_entry_id)]
        if self.after is not None:
            bounds.append(written_at > self.after)
        if self.until is not None:
            bounds.append(written_at <= self.until)
        return sa.and_(*bounds)


def first_entries(
    entries: sa.Select[*tuple[Any, ...]],
    news: Collection[Since],
    subject_id: InstrumentedAttribute[int],
    entry_id: InstrumentedAttribute[int],
    written_at: InstrumentedAttribute[datetime],
    *,
    limit: int,
) -> dict[int, list[sa.Row[Any]]]:
    """Of what is new, the first entries of each thing, by its id; one statement for all things.

    `entries` selects those that may be shown; the columns name its thing, number it and say when it was written. Each
    row has these columns of `entries`, and `count_of_all`: how many there are of that thing, `limit` or not.
    """
    if not news:
        return {}
    asked = sa.or_(*(sa.and_(subject_id == one.subject_id, one.holds(entry_id, written_at)) for one in news))
    numbered = (
        entries.where(asked)
        .add_columns(
            subject_id.label("of"),
            sa.func.row_number().over(partition_by=subject_id, order_by=entry_id).label("place"),
            sa.func.count().over(partition_by=subject_id).label("count_of_all"),
        )
        .subquery()
    )
    rows = db.session.execute(
        sa.select(numbered).where(numbered.c.place <= limit).order_by(numbered.c.of, numbered.c.place)
    )
    return {of: list(found) for of, found in groupby(rows, attrgetter("of"))}


@dataclass(frozen=True, slots=True)
class Line:
    """One entry: who said what, in plain words."""

    author: str
    text: str
    at: datetime
    url: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """A thing as a member is told of it. `place` is where it stands ("FIN · Arbeitsorganisation").

    `lines` are read at the moment of asking: what was taken back since is not among them; `count` is how many there
    are, if they can be counted. `above` are the wider things that can be muted, too: (kind, id, title). What
    `is_confidential` is named in the house only: mails, pushes and pages that open without signing in say no more
    than that there is something.
    """

    title: str
    url: str
    place: str = ""
    lines: Sequence[Line] = ()
    count: int | None = None
    above: Sequence[tuple[str, int, str]] = field(default=())
    is_confidential: bool = False


@dataclass(frozen=True, slots=True)
class Named:
    """A thing that can be followed or muted, by its name. `place` is where it stands."""

    title: str
    url: str
    place: str = ""


Describe = Callable[[Viewer, Collection[Since], bool], Mapping[int, Entry]]
Answer = Callable[[Viewer, int, str, Collection[int], UUID], None]
_described: dict[str, Describe] = {}
_answered: dict[str, Answer] = {}
Name = Callable[[Viewer, Collection[int]], Mapping[int, Named]]
_named: dict[str, Name] = {}


def describes(subject: str) -> Callable[[Describe], Describe]:
    """Have the function say how things of this kind are shown to a viewer: `(viewer, what is new, with lines?)`.

    What the viewer may not read (any more), or what is gone, is not in its answer; nobody is told of it then.
    """
    return one_for(subject, _described)


def names(subject: str) -> Callable[[Name], Name]:
    """Have the function name things of this kind: those of the ids that the viewer may see."""
    return one_for(subject, _named)


def takes_answers(subject: str) -> Callable[[Answer], Answer]:
    """Have the function write the answer a member sent by mail: `(viewer, id, text, file ids, client key)`.

    Inside a unit of work. It raises refusals as any verb does; their sentence goes back to the sender.
    """
    return one_for(subject, _answered)


def described(
    viewer: Viewer, subject: str, news: Collection[Since], *, with_lines: bool
) -> Mapping[int, Entry]:
    """Those of the things that the viewer may be told of, as they may leave the house."""
    entries = _described_here(viewer, subject, news, with_lines=with_lines)
    return {subject_id: _veiled(entry) for subject_id, entry in entries.items()}


def named(viewer: Viewer, subject: str, subject_ids: Collection[int]) -> Mapping[int, Named]:
    """Those of the things that the viewer may see, by their names."""
    name = _named.get(subject)
    return name(viewer, subject_ids) if name and subject_ids else {}


class Shown(NamedTuple):
    """A line of the bell; without an entry, its reader may not see the thing any more."""

    row: NoticeRow
    entry: Entry | None


class Chosen(NamedTuple):
    """A thing that somebody follows or has muted."""

    subject: str
    subject_id: int
    named: Named


def described_rows(viewer: Viewer, rows: Sequence[NoticeRow]) -> list[Shown]:
    """The lines with what they are about, in the order given; for pages in the house, which name everything."""
    describe = partial(_described_here, viewer, with_lines=False)
    return _shown(rows, [_since(row) for row in rows], describe)


def rows_to_mail(
    viewer: Viewer, rows: Sequence[NoticeRow], until: datetime, *, with_lines: bool
) -> list[Shown]:
    """The same as it may leave the house: what was written by `until`, or is important, and no mail told of."""
    describe = partial(described, viewer, with_lines=with_lines)
    news = [_since(row, row.mailed_at, None if row.is_important else until) for row in rows]
    return _shown(rows, news, describe)


def chosen_things(viewer: Viewer, places: Sequence[tuple[str, int]]) -> list[Chosen]:
    """Those of the places (kind and id) that the viewer may see, by name."""
    ids: dict[str, list[int]] = {}
    for subject, subject_id in places:
        ids.setdefault(subject, []).append(subject_id)
    known = {subject: named(viewer, subject, given) for subject, given in ids.items()}
    found = [
        Chosen(subject, subject_id, known[subject][subject_id])
        for subject, subject_id in places
        if subject_id in known[subject]
    ]
    return sorted(found, key=lambda one: one.named.title.casefold())


def is_answerable(subject: str) -> bool:
    """Whether things of this kind can be answered by mail."""
    return subject in _answered


def answer(
    viewer: Viewer, subject: str, subject_id: int, text: str, file_ids: Collection[int], client_key: UUID
) -> None:
    """Write an answer; `NotFound` for a kind that takes none."""
    write = _answered.get(subject)
    if write is None:
        raise NotFound
    write(viewer, subject_id, text, file_ids, client_key)


@names(SPACE)
def name_spaces(viewer: Viewer, space_ids: Collection[int]) -> dict[int, Named]:
    """The viewer's own spaces."""
    return {
        space.id: Named(space.name, f"/spaces/{space.id}")
        for space in spaces_of(viewer)
        if space.id in space_ids and viewer.belongs_to(space.id)
    }


def _since(row: NoticeRow, after: datetime | None = None, until: datetime | None = None) -> Since:
    return Since(row.subject_id, row.first_entry_id, row.last_entry_id, after, until)


def _shown(
    rows: Sequence[NoticeRow],
    news: Sequence[Since],
    describe: Callable[[str, Collection[Since]], Mapping[int, Entry]],
) -> list[Shown]:
    by_subject: dict[str, list[Since]] = {}
    for row, since in zip(rows, news, strict=True):
        by_subject.setdefault(row.subject, []).append(since)
    entries = {subject: describe(subject, given) for subject, given in by_subject.items()}
    return [Shown(row, entries[row.subject].get(row.subject_id)) for row in rows]


def _described_here(
    viewer: Viewer, subject: str, news: Collection[Since], *, with_lines: bool
) -> Mapping[int, Entry]:
    describe = _described.get(subject)
    return describe(viewer, news, with_lines) if describe and news else {}


def _veiled(entry: Entry) -> Entry:
    """Of what is confidential only that it is there, and in which space."""
    if not entry.is_confidential:
        return entry
    spaces = [title for kind, _id, title in entry.above if kind == SPACE]
    return replace(entry, title=_("Vertraulich"), place=" · ".join(spaces), lines=())
