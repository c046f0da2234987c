"""The tree of a space's folders, with what lies in them."""

from collections.abc import Iterator
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import lazyload

from forum.core.access import Viewer
from forum.core.db import db
from forum.documents import policy
from forum.documents.models import Document, Folder, FolderFollow, fold


@dataclass(frozen=True, slots=True)
class FolderLink:
    """A folder on the way down to something."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class FolderRow:
    """A folder in the tree. `documents` lie in it, `total` in it and below; the bin does not count.

    `is_chosen` says that it was made confidential itself, `confidential` that it is, also by one above.
    """

    id: int
    parent_id: int | None
    name: str
    depth: int
    is_chosen: bool
    confidential: bool
    documents: int
    total: int
    may_keep: bool
    is_followed: bool


@dataclass(frozen=True, slots=True)
class Tree:
    """All folders of a space in reading order: each before those in it, names beside each other by alphabet.

    `documents` lie at the top, `total` in the whole library.
    """

    rows: list[FolderRow]
    documents: int
    total: int

    def find(self, folder_id: int | None) -> FolderRow | None:
        """The folder, if it is there."""
        return next((row for row in self.rows if row.id == folder_id), None)

    def within(self, folder_id: int | None) -> list[FolderRow]:
        """The folders directly in this one; None: at the top."""
        return [row for row in self.rows if row.parent_id == folder_id]

    def trail(self, folder_id: int | None) -> list[FolderLink]:
        """The way from the top down to the folder, itself last; empty at the top."""
        way: list[FolderLink] = []
        row = self.find(folder_id)
        while row is not None:
            way.append(FolderLink(row.id, row.name))
            row = self.find(row.parent_id)
        return way[::-1]

    def targets(self, besides: int | None = None) -> list[FolderRow]:
        """Where something may be put: every folder, without `besides` (a folder that moves) and those below it."""
        chosen: list[FolderRow] = []
        left_out = {besides}
        for row in self.rows:
            if row.id in left_out or row.parent_id in left_out - {None}:
                left_out.add(row.id)
            else:
                chosen.append(row)
        return chosen


def tree(viewer: Viewer, space_id: int) -> Tree:
    """The folders of a space; empty for whoever does not belong. Two statements, however many there are."""
    if not viewer.belongs_to(space_id):
        return Tree([], 0, 0)
    statement = (
        sa.select(Folder, policy.folders_kept_by(viewer), FolderFollow.seen_at)
        .outerjoin(
            FolderFollow,
            sa.and_(FolderFollow.folder_id == Folder.id, FolderFollow.member_id == viewer.member_id),
        )
        .where(Folder.space_id == space_id, policy.folders_readable_by(viewer))
        .options(lazyload(Folder.space))
    )
    found = sorted(db.session.execute(statement), key=lambda row: (fold(row[0].name), row[0].id))
    counts = _count_by_folder(space_id)
    totals = {folder.id: 0 for folder, *_rest in found}
    for folder, *_rest in found:
        for above in folder.path.strip("/").split("/"):
            totals[int(above)] += counts.get(folder.id, 0)
    children: dict[int | None, list[FolderRow]] = {}
    for folder, may_keep, seen_at in found:
        row = FolderRow(
            folder.id,
            folder.parent_id,
            folder.name,
            folder.depth,
            folder.is_confidential,
            folder.confidential,
            counts.get(folder.id, 0),
            totals[folder.id],
            bool(may_keep),
            seen_at is not None,
        )
        children.setdefault(folder.parent_id, []).append(row)
    return Tree(list(_walk(children, None)), counts.get(None, 0), sum(counts.values()))


def trail(folder: Folder | None) -> list[FolderLink]:
    """The way from the top down to a folder of a readable space, itself last. At most one statement."""
    if folder is None:
        return []
    ids = [int(one) for one in folder.path.strip("/").split("/")]
    names = {folder.id: folder.name}
    if ids[:-1]:
        above = sa.select(Folder.id, Folder.name).where(Folder.id.in_(ids[:-1]))
        names |= dict(db.session.execute(above).all())
    return [FolderLink(one, names[one]) for one in ids]


def _count_by_folder(space_id: int) -> dict[int | None, int]:
    statement = (
        sa.select(Document.folder_id, sa.func.count())
        .where(Document.space_id == space_id, Document.binned_at.is_(None))
        .group_by(Document.folder_id)
    )
    return dict(db.session.execute(statement).all())


def _walk(children: dict[int | None, list[FolderRow]], parent_id: int | None) -> Iterator[FolderRow]:
    for row in children.get(parent_id, ()):
        yield row
        yield from _walk(children, row.id)
