"""What is followed, and what is new in it."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from forum.core.access import Viewer
from forum.core.db import db
from forum.core.persons import Person
from forum.documents.models import Document, DocumentFollow, Folder, FolderFollow, fold
from forum.documents.queries.current import CURRENT_NUMBER
from forum.members.models import Member


@dataclass(frozen=True, slots=True)
class NewsRow:
    """A followed document, or one in a followed folder, that somebody else changed since it was seen.

    `number` is that of the version that counts. `is_added`: it was not there before. `folder_id` is where it lies
    now.
    """

    document_id: int
    space_id: int
    title: str
    folder_id: int | None
    folder_name: str
    number: int
    changed_at: datetime
    changed_by: Person
    is_added: bool


@dataclass(frozen=True, slots=True)
class Followed:
    """Something the viewer follows: one of `document_id` and `folder_id` is set."""

    document_id: int | None
    folder_id: int | None
    space_id: int
    name: str


def list_news(viewer: Viewer, space_id: int | None = None, limit: int = 50) -> list[NewsRow]:
    """What is new, latest first, of one space or of all. One statement."""
    news = _news_of(viewer).subquery()
    statement = (
        sa.select(
            Document.id,
            Document.space_id,
            Document.title,
            Document.folder_id,
            sa.func.coalesce(Folder.name, ""),
            CURRENT_NUMBER,
            Document.changed_at,
            Member.id,
            Member.name,
            Member.picture_version,
            Document.created_at > news.c.seen_at,
        )
        .join(news, news.c.document_id == Document.id)
        .join(Member, Member.id == Document.changed_by_id)
        .outerjoin(Folder, Folder.id == Document.folder_id)
        .order_by(Document.changed_at.desc(), Document.id.desc())
        .limit(limit)
    )
    if space_id is not None:
        statement = statement.where(Document.space_id == space_id)
    return [NewsRow(*row[:7], Person(*row[7:10]), bool(row[10])) for row in db.session.execute(statement)]


def list_followed(viewer: Viewer) -> list[Followed]:
    """Folders and documents that the viewer follows and may read, by name. Two statements."""
    folders = (
        sa.select(sa.null(), Folder.id, Folder.space_id, Folder.name)
        .join(FolderFollow, FolderFollow.folder_id == Folder.id)
        .where(FolderFollow.member_id == viewer.member_id, Folder.space_id.in_(viewer.spaces))
    )
    documents = (
        sa.select(Document.id, sa.null(), Document.space_id, Document.title)
        .join(DocumentFollow, DocumentFollow.document_id == Document.id)
        .where(DocumentFollow.member_id == viewer.member_id, _stands_for(viewer))
    )
    found = [Followed(*row) for statement in (folders, documents) for row in db.session.execute(statement)]
    return sorted(found, key=lambda followed: fold(followed.name))


def follows_folder(viewer: Viewer, folder_id: int) -> bool:
    """Whether the viewer follows this very folder. One statement."""
    statement = sa.select(FolderFollow.folder_id).where(
        FolderFollow.member_id == viewer.member_id, FolderFollow.folder_id == folder_id
    )
    return db.session.scalar(statement) is not None


def _stands_for(viewer: Viewer) -> sa.ColumnElement[bool]:
    return sa.and_(Document.space_id.in_(viewer.spaces), Document.binned_at.is_(None))


def _news_of(viewer: Viewer) -> sa.Select[int, datetime]:
    """Ids of what is new to the viewer, and up to when it was known: from the follows to their documents, so
    that an index finds what came after, however large the library is."""
    is_others = sa.and_(_stands_for(viewer), Document.changed_by_id != viewer.member_id)
    itself = (
        sa.select(Document.id.label("document_id"), DocumentFollow.seen_at.label("seen_at"))
        .join(DocumentFollow, DocumentFollow.document_id == Document.id)
        .where(
            DocumentFollow.member_id == viewer.member_id,
            Document.changed_at > DocumentFollow.seen_at,
            is_others,
        )
    )
    top = aliased(Folder)
    is_followed_itself = sa.exists().where(
        DocumentFollow.document_id == Document.id, DocumentFollow.member_id == viewer.member_id
    )
    through_folder = (
        sa.select(Document.id, FolderFollow.seen_at)
        .select_from(FolderFollow)
        .join(top, top.id == FolderFollow.folder_id)
        .join(Folder, sa.and_(Folder.space_id == top.space_id, Folder.path.like(top.path + "%")))
        .join(Document, sa.and_(Document.space_id == Folder.space_id, Document.folder_id == Folder.id))
        .where(
            FolderFollow.member_id == viewer.member_id,
            Document.changed_at > FolderFollow.seen_at,
            is_others,
            sa.not_(is_followed_itself),
        )
    )
    both = sa.union_all(itself, through_folder).subquery()
    return sa.select(both.c.document_id, sa.func.min(both.c.seen_at).label("seen_at")).group_by(
        both.c.document_id
    )
