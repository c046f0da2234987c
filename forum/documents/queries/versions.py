"""The versions of a document, and what differs between two of them."""

import enum
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import zip_longest
from typing import Any

import sqlalchemy as sa

from forum.core.access import Viewer
from forum.core.db import db
from forum.core.errors import NotFound
from forum.core.persons import Person
from forum.core.textdiff import Change, Kind, word_diff
from forum.documents import policy
from forum.documents.models import Document, Version
from forum.documents.queries.texts import may_have_text, text_of
from forum.files.models import File, Ocr, Progress
from forum.files.policy import is_shown
from forum.files.queries import FileCard, card_of
from forum.members.models import Member


@dataclass(frozen=True, slots=True)
class VersionRow:
    """A version in a document's history."""

    number: int
    note: str
    author: Person
    created_at: datetime
    file: FileCard
    is_current: bool


class Comparability(enum.StrEnum):
    """Whether two versions can be compared."""

    READY = "ready"
    #: A text is still being read: "Text wird noch gelesen".
    WAITING = "waiting"
    #: One of them has no text: a picture, or reading failed.
    WITHOUT_TEXT = "without_text"
    #: One of them may not be shown to the viewer yet, or was refused.
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Line:
    """A line of both texts side by side; on the left what was there, on the right what is.

    `skipped` is the number of lines alike on both sides that were left out before this one.
    """

    left: list[Change]
    right: list[Change]
    is_changed: bool
    skipped: int = 0


@dataclass(frozen=True, slots=True)
class Comparison:
    """What changed between two versions. `changes` in one text, `lines` side by side (around changes only).

    `is_cut`: at least one text is longer than `COMPARED`, and only its beginning was compared.
    `skipped_at_end` counts the lines alike behind the last of `lines`.
    """

    old: Version
    new: Version
    state: Comparability
    changes: list[Change] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    skipped_at_end: int = 0
    is_cut: bool = False

    @property
    def is_same(self) -> bool:
        """Both have the same text, so far as it was compared."""
        return self.state is Comparability.READY and not any(line.is_changed for line in self.lines)


#: Letters of each text that are compared.
COMPARED = 100_000


#: Lines alike that are shown before and after a changed one.
_AROUND = 2


def list_versions(viewer: Viewer, document_id: int) -> list[VersionRow]:
    """The versions, newest first; empty for whoever may not read the document. One statement."""
    statement: sa.Select[*tuple[Any, ...]] = (
        sa.select(Version, Member.id, Member.name, Member.picture_version)
        .join(Document, Document.id == Version.document_id)
        .join(Member, Member.id == Version.author_id)
        .where(Version.document_id == document_id, policy.readable_by(viewer))
        .order_by(Version.number.desc())
    )
    found = db.session.execute(statement).all()
    shown = [row.Version.number for row in found if is_shown(row.Version.file)]
    current = next(iter(shown or [row.Version.number for row in found]), None)
    return [
        VersionRow(
            version.number,
            version.note,
            Person(*person),
            version.created_at,
            card_of(version.file, viewer.member_id),
            version.number == current,
        )
        for version, *person in found
    ]


def compare(viewer: Viewer, document_id: int, old: int, new: int) -> Comparison:
    """What changed in the text from version number `old` to number `new`. `NotFound` where one is absent.

    Where only the line breaks differ, nothing changed: a word more shifts them through a whole paragraph.
    At most three statements.
    """
    statement = (
        sa.select(Version)
        .join(Document, Document.id == Version.document_id)
        .where(Version.document_id == document_id, Version.number.in_([old, new]), policy.readable_by(viewer))
    )
    versions = {version.number: version for version in db.session.scalars(statement)}
    if old not in versions or new not in versions:
        raise NotFound
    pair = versions[old], versions[new]
    if not all(may_have_text(viewer, version.file) for version in pair):
        return Comparison(*pair, Comparability.CLOSED)
    texts = [text_of(version.file.blob_id or 0, COMPARED) for version in pair]
    for version, text in zip(pair, texts, strict=True):
        if _is_being_read(version.file, text.text):
            return Comparison(*pair, Comparability.WAITING)
    if not all(text.text.strip() for text in texts):
        return Comparison(*pair, Comparability.WITHOUT_TEXT)
    changes = list(_without_shifts(word_diff(texts[0].text, texts[1].text)))
    lines, skipped = _shortened(list(_side_by_side(changes)))
    is_cut = any(text.is_cut for text in texts)
    return Comparison(*pair, Comparability.READY, changes, lines, skipped, is_cut)


def is_there(space_id: int, blob_id: int | None) -> bool:
    """Whether these bytes are the newest version of a document of the space already. One statement."""
    statement = (
        sa.select(Document.id)
        .join(File, File.id == Document.file_id)
        .where(File.blob_id == blob_id, Document.space_id == space_id, Document.binned_at.is_(None))
    )
    return db.session.scalar(statement.limit(1)) is not None


def _is_being_read(file: File, text: str) -> bool:
    blob = file.blob
    if blob is None or blob.preview is Progress.WAITING:
        return True
    return blob.ocr is Ocr.WAITING and not text.strip()


def _without_shifts(changes: Sequence[Change]) -> Iterator[Change]:
    """The changes with those that only move white space counted as alike, as the new text has it."""
    same = removed = ""
    pending = [*changes, Change("same", "")]
    index = 0
    while index < len(pending):
        change = pending[index]
        index += 1
        if change.kind == "same":
            same += change.text
            continue
        removed = change.text if change.kind == "removed" else ""
        added = change.text if change.kind == "added" else ""
        if removed and pending[index].kind == "added":
            added = pending[index].text
            index += 1
        if removed.split() == added.split():
            same += added
            continue
        if same:
            yield Change("same", same)
            same = ""
        if removed:
            yield Change("removed", removed)
        if added:
            yield Change("added", added)
    if same:
        yield Change("same", same)


def _side_by_side(changes: Sequence[Change]) -> Iterator[Line]:
    """The lines of both texts, each beside the one that stands for it; where one has more, beside nothing."""
    left: list[list[Change]] = [[]]
    right: list[list[Change]] = [[]]
    for change in changes:
        first, *others = change.text.split("\n")
        sides = {"removed": [left], "added": [right], "same": [left, right]}[change.kind]
        for side in sides:
            _write(side, change.kind, first)
        for other in others:
            if change.kind == "same":
                yield from _beside(left, right)
                left, right = [[]], [[]]
                sides = [left, right]
            else:
                sides[0].append([])
            for side in sides:
                _write(side, change.kind, other)
    yield from _beside(left, right)


def _write(side: list[list[Change]], kind: Kind, text: str) -> None:
    if text:
        side[-1].append(Change(kind, text))


def _beside(left: list[list[Change]], right: list[list[Change]]) -> Iterator[Line]:
    for old, new in zip_longest(left, right):
        line = Line(old or [], new or [], False)
        yield replace(line, is_changed=any(change.kind != "same" for change in (*line.left, *line.right)))


def _shortened(lines: Sequence[Line]) -> tuple[list[Line], int]:
    """The changed lines with a few around them, and how many alike are left out at the end."""
    near = {
        place
        for index, line in enumerate(lines)
        if line.is_changed
        for place in range(index - _AROUND, index + _AROUND + 1)
    }
    shown: list[Line] = []
    skipped = 0
    for index, line in enumerate(lines):
        if index in near:
            shown.append(replace(line, skipped=skipped))
            skipped = 0
        else:
            skipped += 1
    return shown, skipped
