"""Folders, documents, versions; who works on one, who follows."""

import enum
import unicodedata
from datetime import date, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from forum.core.db import Key, MemberId, Model, SpaceId
from forum.files.models import File
from forum.spaces.models import Space

TITLE_LIMIT = 200
DESCRIPTION_LIMIT = 5_000
NOTE_LIMIT = 500
BY_LINE_LIMIT = 200
SOURCE_LIMIT = 300
FOLDER_NAME_LIMIT = 120
TAG_LIMIT = 40
TAGS_PER_DOCUMENT = 10
#: Folders within folders.
DEPTH_LIMIT = 6
#: What notifications call a document, and a folder with what comes into it.
DOCUMENT, FOLDER = "document", "folder"
#: How long the bin keeps.
BIN_KEEPS = timedelta(days=30)


def fold(text: str) -> str:
    """`text` as it sorts and counts as the same: small letters, without accents, ß as ss; on any database."""
    letters = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(letter for letter in letters if unicodedata.category(letter) != "Mn").split())


class DocumentKind(enum.StrEnum):
    """What a document is to a works council."""

    AGREEMENT = "agreement"
    TEMPLATE = "template"
    MINUTES = "minutes"
    SLIDES = "slides"
    OPINION = "opinion"
    OTHER = "other"


class Period(enum.StrEnum):
    """For how long a document can be reserved at a time."""

    HOURS = "hours"
    DAY = "day"
    WEEK = "week"


class Folder(Model):
    """Ordner of a space's library. `path` holds the ids from the top down to itself: `/3/17/`.

    Names are unique beside each other; the service sees to it, as the top has no folder of its own.
    `is_confidential` says what was chosen here, `confidential` what holds: chosen here or in a folder above.
    """

    __tablename__ = "folder"

    id: Mapped[Key]
    space_id: Mapped[SpaceId]
    parent_id: Mapped[int | None] = mapped_column(sa.ForeignKey("folder.id"), index=True)
    path: Mapped[str] = mapped_column(sa.String(200), default="", index=True)
    name: Mapped[str] = mapped_column(sa.String(FOLDER_NAME_LIMIT))
    author_id: Mapped[MemberId]
    created_at: Mapped[datetime]
    is_confidential: Mapped[bool] = mapped_column(default=False)
    confidential: Mapped[bool] = mapped_column(default=False)

    space: Mapped[Space] = relationship(lazy="joined", innerjoin=True)

    @property
    def depth(self) -> int:
        """1 at the top, at most `DEPTH_LIMIT`."""
        return self.path.count("/") - 1


class Document(Model):
    """Dokument. `last_number` and `file_id` follow the newest version; which one counts says `queries.current`.

    `changed_at` moves with every new version and every change of its description, and `changed_by_id` says whose
    it was; lists sort by it. `source` is where it comes from, `dated` the day it bears. In the bin since
    `binned_at`. Without a folder it lies at the top.
    """

    __tablename__ = "document"
    __table_args__ = (
        sa.Index("ix_document_newest", "space_id", "folder_id", "binned_at", "changed_at", "id"),
        sa.Index("ix_document_titles", "space_id", "folder_id", "binned_at", "title_key", "id"),
        sa.Index("ix_document_dates", "space_id", "folder_id", "binned_at", "dated_key", "id"),
        sa.Index("ix_document_kinds", "space_id", "kind", "binned_at", "changed_at", "id"),
    )

    id: Mapped[Key]
    space_id: Mapped[SpaceId]
    folder_id: Mapped[int | None] = mapped_column(sa.ForeignKey("folder.id"), index=True)
    title: Mapped[str] = mapped_column(sa.String(TITLE_LIMIT))
    #: How the title sorts: folded, umlauts as their letters.
    title_key: Mapped[str] = mapped_column(
        sa.String(TITLE_LIMIT * 2).with_variant(sa.String(TITLE_LIMIT * 2, collation="C"), "postgresql")
    )
    kind: Mapped[DocumentKind] = mapped_column(default=DocumentKind.OTHER)
    dated: Mapped[date | None]
    #: How the day sorts, counted in days; what bears none sorts as the oldest, 0.
    dated_key: Mapped[int] = mapped_column(default=0)
    description: Mapped[str] = mapped_column(default="")
    description_html: Mapped[str] = mapped_column(default="")
    #: Who wrote it, as it stands on the paper; the member who put it here is `author_id`.
    by_line: Mapped[str] = mapped_column(sa.String(BY_LINE_LIMIT), default="")
    source: Mapped[str] = mapped_column(sa.String(SOURCE_LIMIT), default="")
    author_id: Mapped[MemberId]
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    changed_by_id: Mapped[int] = mapped_column(sa.ForeignKey("member.id"))
    #: Counts changes of the description, so that nobody overwrites another's unseen.
    revision: Mapped[int] = mapped_column(default=0)
    last_number: Mapped[int] = mapped_column(default=0)
    file_id: Mapped[int | None] = mapped_column(sa.ForeignKey("file.id"))
    reserved_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("member.id"))
    reserved_until: Mapped[datetime | None]
    binned_at: Mapped[datetime | None] = mapped_column(index=True)
    binned_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("member.id"))
    #: It lay in a confidential folder that was deleted: it stays confidential until moderators move it.
    stays_confidential: Mapped[bool] = mapped_column(default=False)
    #: Its discussion; the topic's table belongs to another capability.
    topic_id: Mapped[int | None] = mapped_column(sa.ForeignKey("topic.id", ondelete="SET NULL"), index=True)

    space: Mapped[Space] = relationship(lazy="joined", innerjoin=True)
    folder: Mapped[Folder | None] = relationship(lazy="joined")
    file: Mapped[File | None] = relationship(lazy="joined")

    @property
    def is_binned(self) -> bool:
        return self.binned_at is not None

    @property
    def is_confidential(self) -> bool:
        """Each page of it says who fetched it, and when."""
        return self.stays_confidential or (self.folder is not None and self.folder.confidential)

    def is_reserved_at(self, moment: datetime) -> bool:
        """Whether somebody works on it; a reservation ends by itself."""
        return self.reserved_until is not None and self.reserved_until > moment


class Version(Model):
    """Fassung: what the document was at a time. A restored one shares the file of the former one."""

    __tablename__ = "document_version"
    __table_args__ = (sa.UniqueConstraint("document_id", "number"),)

    id: Mapped[Key]
    document_id: Mapped[int] = mapped_column(sa.ForeignKey("document.id", ondelete="CASCADE"))
    number: Mapped[int]
    file_id: Mapped[int] = mapped_column(sa.ForeignKey("file.id"), index=True)
    note: Mapped[str] = mapped_column(sa.String(NOTE_LIMIT), default="")
    author_id: Mapped[MemberId]
    created_at: Mapped[datetime]

    file: Mapped[File] = relationship(lazy="joined", innerjoin=True)


class Tag(Model):
    """Schlagwort of a document, as written first in its space; `key` (folded) is what counts as the same."""

    __tablename__ = "document_tag"
    __table_args__ = (sa.Index("ix_document_tag_key", "space_id", "key", "document_id"),)

    document_id: Mapped[int] = mapped_column(
        sa.ForeignKey("document.id", ondelete="CASCADE"), primary_key=True
    )
    key: Mapped[str] = mapped_column(sa.String(TAG_LIMIT * 2), primary_key=True)
    space_id: Mapped[int] = mapped_column(sa.ForeignKey("space.id"))
    name: Mapped[str] = mapped_column(sa.String(TAG_LIMIT))


class DocumentFollow(Model):
    """A member wants to know what becomes of a document; up to `seen_at` it is known."""

    __tablename__ = "document_follow"

    member_id: Mapped[int] = mapped_column(sa.ForeignKey("member.id"), primary_key=True)
    document_id: Mapped[int] = mapped_column(
        sa.ForeignKey("document.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    seen_at: Mapped[datetime]


class FolderFollow(Model):
    """A member wants to know what comes into a folder and those below; up to `seen_at` it is known."""

    __tablename__ = "folder_follow"

    member_id: Mapped[int] = mapped_column(sa.ForeignKey("member.id"), primary_key=True)
    folder_id: Mapped[int] = mapped_column(
        sa.ForeignKey("folder.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    seen_at: Mapped[datetime]
