"""Documents as lists and single pages show them."""

import enum
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased, defer, lazyload
from sqlalchemy.sql.elements import ColumnElement

from forum.core.access import Viewer
from forum.core.clock import now
from forum.core.db import db
from forum.core.errors import NotFound
from forum.core.paging import Slice, moment_of, read_cursor, write_cursor
from forum.core.persons import Person
from forum.documents import policy
from forum.documents.models import (
    TITLE_LIMIT,
    Document,
    DocumentFollow,
    DocumentKind,
    Folder,
    FolderFollow,
    Tag,
    Version,
    fold,
)
from forum.documents.queries.current import CURRENT_NUMBER, Current, currents
from forum.documents.queries.folders import FolderLink, trail
from forum.documents.queries.texts import texts_open_to
from forum.files.models import Blob, File, Page
from forum.files.queries import FileCard, card_of
from forum.members.models import Member

PAGE_SIZE = 50


class Sort(enum.StrEnum):
    """How a list is sorted: newest change first, title by alphabet, newest day first."""

    CHANGED = "changed"
    TITLE = "title"
    DATED = "dated"


@dataclass(frozen=True, slots=True)
class Filter:
    """What is wanted of a place. With any of these set, folders below count too. `words` must all be found, in
    title, description, tags, or the text of the version that counts; `tag` is a tag as written."""

    kind: DocumentKind | None = None
    tag: str = ""
    words: str = ""

    @property
    def is_set(self) -> bool:
        return self.kind is not None or bool(self.tag.strip()) or bool(self.words.strip())


@dataclass(frozen=True, slots=True)
class Reservation:
    """Who works on a document, until when."""

    person: Person
    until: datetime
    is_own: bool


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """A document in a list or as a tile. `number` and `file` are of the version that counts, `newest` is the file
    of the newest, which may not be ready.

    `is_news`: followed, and changed by somebody else since it was seen.
    """

    id: int
    space_id: int
    folder_id: int | None
    folder_name: str
    title: str
    kind: DocumentKind
    dated: date | None
    by_line: str
    author: Person
    changed_at: datetime
    changed_by: Person
    number: int
    file: FileCard
    newest: FileCard
    tags: list[str]
    is_confidential: bool
    reservation: Reservation | None
    may_edit: bool
    is_followed: bool
    is_news: bool
    topic_id: int | None


@dataclass(frozen=True, slots=True)
class OpenDocument:
    """A document as its reader finds it; what may be done is asked of the policy with `document`.

    `number` and `file` are of the version that counts, `newest` is the file of the newest, which may not be ready.
    """

    document: Document
    number: int
    file: FileCard
    newest: FileCard
    author: Person
    changed_by: Person
    binned_by: Person | None
    tags: list[str]
    trail: list[FolderLink]
    reservation: Reservation | None
    is_followed: bool
    is_news: bool


@dataclass(frozen=True, slots=True)
class Library:
    """How many documents a space has, and when one changed last."""

    documents: int
    changed_at: datetime | None


@dataclass(frozen=True, slots=True)
class TagCount:
    """A tag as the space writes it, and how many documents have it."""

    name: str
    documents: int


_author, _changer, _reserver, _binner = (aliased(Member) for _ in range(4))


def _person(member: Any) -> tuple[Any, ...]:
    return member.id, member.name, member.picture_version


def list_documents(
    viewer: Viewer,
    space_id: int,
    folder_id: int | None = None,
    sort: Sort = Sort.CHANGED,
    wanted: Filter | None = None,
    cursor: str = "",
) -> Slice[DocumentRow]:
    """One page of the documents in a folder, or at the top; empty for whoever does not belong.

    With a filter, of the folder and all below, or of the whole library. Three statements, four where a newest
    version is not ready.
    `NotFound` for a cursor that nobody here wrote, or that belongs to another sort.
    """
    if not viewer.belongs_to(space_id):
        return Slice([], None)
    wanted = wanted or Filter()
    statement = _ROWS.where(
        Document.space_id == space_id,
        _is_in(folder_id, and_below=wanted.is_set),
        Document.binned_at.is_(None),
        *_wanted(viewer, space_id, wanted),
    )
    if cursor:
        statement = statement.where(_behind(sort, cursor))
    statement = statement.order_by(*_ORDERS[sort]).limit(PAGE_SIZE + 1)
    found = db.session.execute(statement, {"viewer_id": viewer.member_id}).all()
    rows = found[:PAGE_SIZE]
    tags = _tags_of([row.Document.id for row in rows])
    seen = _folders_seen(viewer, space_id)
    current = currents([row.Document for row in rows])
    moment = now()
    more = _cursor_of(sort, rows[-1].Document) if len(found) > PAGE_SIZE else None
    return Slice([_row(viewer, row, current, tags, seen, moment) for row in rows], more)


def open_document(viewer: Viewer, document_id: int) -> OpenDocument | None:
    """The document with what its page shows; None if it is absent, foreign, or in the bin and not the viewer's."""
    statement = (
        _with_people(sa.select(Document, *_COLUMNS, *_person(_binner)).select_from(Document))
        .outerjoin(_binner, _binner.id == Document.binned_by_id)
        .where(Document.id == document_id, policy.readable_by(viewer))
    )
    row = db.session.execute(statement, {"viewer_id": viewer.member_id}).one_or_none()
    if row is None:
        return None
    document: Document = row.Document
    *_rest, binner_id, binner_name, binner_picture = row
    moment = now()
    return OpenDocument(
        document,
        *_versions(viewer, document, currents([document])),
        Person(*row[1:4]),
        Person(*row[4:7]),
        Person(binner_id, binner_name, binner_picture) if binner_id else None,
        _tags_of([document.id]).get(document.id, []),
        trail(document.folder),
        _reservation(viewer, document, row[7:10], moment),
        row.seen_at is not None,
        _is_news(viewer, document, row.seen_at, []),
    )


def list_tags(viewer: Viewer, space_id: int) -> list[TagCount]:
    """The tags of the space's documents, by alphabet; what is in the bin does not count. One statement."""
    if not viewer.belongs_to(space_id):
        return []
    statement = (
        sa.select(sa.func.min(Tag.name), sa.func.count())
        .join(Document, Document.id == Tag.document_id)
        .where(Tag.space_id == space_id, Document.binned_at.is_(None))
        .group_by(Tag.key)
    )
    return sorted((TagCount(*row) for row in db.session.execute(statement)), key=lambda tag: fold(tag.name))


def count_libraries(viewer: Viewer) -> dict[int, Library]:
    """What there is in the library of each of the viewer's spaces. One statement."""
    statement = (
        sa.select(Document.space_id, sa.func.count(), sa.func.max(Document.changed_at))
        .where(Document.space_id.in_(viewer.spaces), Document.binned_at.is_(None))
        .group_by(Document.space_id)
    )
    rows = db.session.execute(statement)
    filled = {space_id: Library(number, changed_at) for space_id, number, changed_at in rows}
    return {space_id: filled.get(space_id, Library(0, None)) for space_id in viewer.spaces}


_COLUMNS = (
    *_person(_author),
    *_person(_changer),
    *_person(_reserver),
    DocumentFollow.seen_at.label("seen_at"),
)


def _with_people(statement: sa.Select[*tuple[Any, ...]]) -> sa.Select[*tuple[Any, ...]]:
    """Join who put it here, who changed it last, who works on it, and how far the viewer has seen it."""
    return (
        statement.join(_author, _author.id == Document.author_id)
        .join(_changer, _changer.id == Document.changed_by_id)
        .outerjoin(_reserver, _reserver.id == Document.reserved_by_id)
        .outerjoin(
            DocumentFollow,
            sa.and_(
                DocumentFollow.document_id == Document.id,
                DocumentFollow.member_id == sa.bindparam("viewer_id", type_=sa.Integer()),
            ),
        )
    )


_ROWS = _with_people(
    sa.select(Document, *_COLUMNS, Folder.name.label("folder_name"), Folder.path, Folder.confidential)
    .select_from(Document)
    .outerjoin(Folder, Folder.id == Document.folder_id)
).options(
    lazyload(Document.space),
    lazyload(Document.folder),
    defer(Document.description),
    defer(Document.description_html),
)
_ORDERS: dict[Sort, tuple[ColumnElement[Any], ...]] = {
    Sort.CHANGED: (Document.changed_at.desc(), Document.id.desc()),
    Sort.TITLE: (Document.title_key.asc(), Document.id.asc()),
    Sort.DATED: (Document.dated_key.desc(), Document.id.desc()),
}


def _is_in(folder_id: int | None, *, and_below: bool) -> ColumnElement[bool]:
    if folder_id is None:
        return sa.true() if and_below else Document.folder_id.is_(None)
    if not and_below:
        return Document.folder_id == folder_id
    top = aliased(Folder)
    below = (
        sa.select(Folder.id)
        .join(top, sa.and_(top.space_id == Folder.space_id, Folder.path.like(top.path + "%")))
        .where(top.id == folder_id)
    )
    return Document.folder_id.in_(below)


def _wanted(viewer: Viewer, space_id: int, wanted: Filter) -> Iterator[ColumnElement[bool]]:
    if wanted.kind is not None:
        yield Document.kind == wanted.kind
    if wanted.tag.strip():
        yield Document.id.in_(
            sa.select(Tag.document_id).where(Tag.space_id == space_id, Tag.key == fold(_tame(wanted.tag)))
        )
    for word in _tame(wanted.words).split()[:_MOST_WORDS]:
        yield _has_word(viewer, word)


_MOST_WORDS = 5


def _tame(typed: str) -> str:
    """`typed` without what no database takes."""
    return typed.replace("\0", " ").encode("utf-8", "replace").decode()


def _has_word(viewer: Viewer, word: str) -> ColumnElement[bool]:
    folded = fold(word)
    in_tag = sa.exists().where(Tag.document_id == Document.id, Tag.key.contains(folded, autoescape=True))
    in_text = (
        sa.exists()
        .select_from(
            sa.join(Version, File, File.id == Version.file_id)
            .join(Blob, Blob.id == File.blob_id)
            .join(Page, Page.blob_id == Blob.id)
        )
        .where(
            Version.document_id == Document.id,
            Version.number == CURRENT_NUMBER,
            texts_open_to(viewer),
            _contains(Page.text, word),
        )
    )
    return sa.or_(
        Document.title_key.contains(folded, autoescape=True),
        in_tag,
        _contains(Document.description, word),
        in_text,
    )


def _contains(column: ColumnElement[str] | Any, word: str) -> ColumnElement[bool]:
    # SQLite knows capital letters of ASCII only: the others are looked for as people write them.
    spellings = {word} if word.isascii() else {word, word.lower(), word.capitalize(), word.upper()}
    return sa.or_(*(column.icontains(spelling, autoescape=True) for spelling in sorted(spellings)))


def _cursor_of(sort: Sort, document: Document) -> str:
    if sort is Sort.TITLE:
        return f"t.{document.id}.{document.title_key}"
    if sort is Sort.DATED:
        return "d." + write_cursor(document.dated_key, document.id)
    return "c." + write_cursor(document.changed_at, document.id)


def _behind(sort: Sort, cursor: str) -> ColumnElement[bool]:
    letter, _dot, rest = cursor.partition(".")
    if letter != sort.value[0]:
        raise NotFound
    if sort is Sort.TITLE:
        number, _dot, key = rest.partition(".")
        (document_id,) = read_cursor(number, 1)
        if key != _tame(key) or len(key) > TITLE_LIMIT * 2:
            raise NotFound
        return sa.tuple_(Document.title_key, Document.id) > _values(
            (Document.title_key, key), (Document.id, document_id)
        )
    value, document_id = read_cursor(rest, 2)
    if sort is Sort.DATED:
        return sa.tuple_(Document.dated_key, Document.id) < _values(
            (Document.dated_key, value), (Document.id, document_id)
        )
    return sa.tuple_(Document.changed_at, Document.id) < _values(
        (Document.changed_at, moment_of(value)), (Document.id, document_id)
    )


def _values(*pairs: tuple[Any, Any]) -> sa.Tuple:
    return sa.tuple_(*(sa.literal(value, column.type) for column, value in pairs))


def _tags_of(document_ids: Collection[int]) -> dict[int, list[str]]:
    tags: dict[int, list[str]] = {}
    if document_ids:
        statement = (
            sa.select(Tag.document_id, Tag.name).where(Tag.document_id.in_(document_ids)).order_by(Tag.key)
        )
        for document_id, name in db.session.execute(statement):
            tags.setdefault(document_id, []).append(name)
    return tags


def _folders_seen(viewer: Viewer, space_id: int) -> list[tuple[str, datetime]]:
    """The paths of the folders that the viewer follows in the space, and up to when each is known."""
    statement = (
        sa.select(Folder.path, FolderFollow.seen_at)
        .join(Folder, Folder.id == FolderFollow.folder_id)
        .where(FolderFollow.member_id == viewer.member_id, Folder.space_id == space_id)
    )
    return [(path, seen_at) for path, seen_at in db.session.execute(statement)]


def _row(
    viewer: Viewer,
    row: sa.Row[*tuple[Any, ...]],
    current: Mapping[int, Current],
    tags: dict[int, list[str]],
    folders_seen: Iterable[tuple[str, datetime]],
    moment: datetime,
) -> DocumentRow:
    document: Document = row.Document
    seen = [seen_at for path, seen_at in folders_seen if row.path and row.path.startswith(path)]
    return DocumentRow(
        document.id,
        document.space_id,
        document.folder_id,
        row.folder_name or "",
        document.title,
        document.kind,
        document.dated,
        document.by_line,
        Person(*row[1:4]),
        document.changed_at,
        Person(*row[4:7]),
        *_versions(viewer, document, current),
        tags.get(document.id, []),
        bool(row.confidential) or document.stays_confidential,
        _reservation(viewer, document, row[7:10], moment),
        policy.may_edit(viewer, document),
        row.seen_at is not None,
        _is_news(viewer, document, row.seen_at, seen),
        document.topic_id,
    )


def _versions(
    viewer: Viewer, document: Document, current: Mapping[int, Current]
) -> tuple[int, FileCard, FileCard]:
    """Number and file of the version that counts, and the file of the newest."""
    if document.file is None:
        raise NotFound
    counts = current[document.id]
    return counts.number, card_of(counts.file, viewer.member_id), card_of(document.file, viewer.member_id)


def _reservation(
    viewer: Viewer, document: Document, person: Iterable[Any], moment: datetime
) -> Reservation | None:
    if not document.is_reserved_at(moment) or document.reserved_until is None:
        return None
    return Reservation(Person(*person), document.reserved_until, document.reserved_by_id == viewer.member_id)


def _is_news(
    viewer: Viewer, document: Document, seen_at: datetime | None, folders_seen: Collection[datetime]
) -> bool:
    """As `news.list_news` has it: what was seen itself is known, whatever its folders say."""
    if document.changed_by_id == viewer.member_id:
        return False
    known = [seen_at] if seen_at is not None else folders_seen
    return any(document.changed_at > moment for moment in known)
