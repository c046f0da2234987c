"""Files as people sent them, the bytes behind them, and what was read out of those."""

import enum
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from forum.core.db import Key, MemberId, Model
from forum.files.kinds import FileKind

NAME_LIMIT = 200
PLACE_LIMIT = 40


class Scan(enum.StrEnum):
    """What the virus scanner says."""

    PENDING = "pending"
    CLEAN = "clean"
    INFECTED = "infected"
    UNSCANNED = "unscanned"


class Progress(enum.StrEnum):
    """How far a piece of work on the bytes is."""

    WAITING = "waiting"
    DONE = "done"
    FAILED = "failed"


class Ocr(enum.StrEnum):
    """Whether the text of scanned pages was read."""

    NOT_NEEDED = "not_needed"
    WAITING = "waiting"
    DONE = "done"
    FAILED = "failed"
    #: This installation has no tesseract.
    ABSENT = "absent"


class Choice(enum.StrEnum):
    """What the sender wants done with what a file tells about its makers."""

    KEEP = "keep"
    STRIP = "strip"


class FileState(enum.StrEnum):
    """Where a file is on its way; only a READY one is given to others than its sender."""

    RECEIVING = "receiving"
    CHECKING = "checking"
    ASKS = "asks"
    REFUSED = "refused"
    READY = "ready"


#: Its check in the database needs a name of its own beside that of `check`.
_PREVIEW = sa.Enum(
    Progress,
    name="preview",
    native_enum=False,
    create_constraint=True,
    length=40,
    values_callable=lambda kind: [step.value for step in kind],
)


class Blob(Model):
    """Bytes, kept once under the digest of their content (`pieces.digest_of`).

    `pieces` are the SHA-256 digests of the bytes, 1 MiB after 1 MiB: each is proved before it leaves the house.
    `check` says how far looking into it is: DONE with a `kind`, or FAILED with `refusal`, a code of
    `reader.codes`. `findings` are what it tells about its makers (code to values, see `reader.inspect`).
    `preview` says how far its pages are; FAILED with `preview_fault`. `page_count` is the number of pages the
    original has, of which `Page` may hold only the first ones.
    `unused_since`: no file has it since then; a sweep takes it away a day later.
    """

    __tablename__ = "blob"

    id: Mapped[Key]
    digest: Mapped[str] = mapped_column(sa.String(64), unique=True)
    size: Mapped[int] = mapped_column(sa.BigInteger)
    pieces: Mapped[bytes] = mapped_column(sa.LargeBinary, deferred=True)
    created_at: Mapped[datetime]
    unused_since: Mapped[datetime | None] = mapped_column(index=True)
    kind: Mapped[FileKind | None]
    scan: Mapped[Scan] = mapped_column(default=Scan.PENDING)
    check: Mapped[Progress] = mapped_column(default=Progress.WAITING)
    refusal: Mapped[str] = mapped_column(sa.String(40), default="")
    findings: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)
    preview: Mapped[Progress] = mapped_column(_PREVIEW, default=Progress.WAITING)
    preview_fault: Mapped[str] = mapped_column(sa.String(40), default="")
    page_count: Mapped[int | None]
    ocr: Mapped[Ocr] = mapped_column(default=Ocr.NOT_NEEDED)
    #: A small image of the first page lies under `store.tile_key`.
    has_tile: Mapped[bool] = mapped_column(default=False)
    #: Its bytes are gone or not what they were; found when reading or by `files check`.
    is_broken: Mapped[bool] = mapped_column(default=False)


class Page(Model):
    """A page, sheet or slide of a blob as it was read: its text, and what shows it.

    Exactly one of these shows it: an image (`width` > 0, WebP in the store under `store.page_key`), `html`
    (cleaned by `core.html`), `rows` (a table: list of rows of texts), or else the text alone.
    """

    __tablename__ = "blob_page"

    blob_id: Mapped[int] = mapped_column(sa.ForeignKey("blob.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(default="")
    width: Mapped[int] = mapped_column(default=0)
    height: Mapped[int] = mapped_column(default=0)
    html: Mapped[str] = mapped_column(default="")
    rows: Mapped[list[list[str]] | None] = mapped_column(sa.JSON)


class File(Model):
    """Datei: bytes that a member sent under a name.

    `key` is made by the sender's browser: the same key of the same member is the same file. Until all
    `size` bytes are here, they lie in the spool (`files.spool`), and their number is the length of the file there;
    then it has a `blob`. `place` is where it was dropped
    (`topic:12`, as drafts have it): a page that is opened again finds what was already sent. `owner` names
    what it belongs to (`post:40`, `version:7`); a file that nothing owns is swept away two days after
    `created_at`. It counts against the space `space_id`, or against its sender where that is empty.
    """

    __tablename__ = "file"
    __table_args__ = (
        sa.UniqueConstraint("member_id", "key"),
        sa.Index("ix_file_waiting", "member_id", "place"),
    )

    id: Mapped[Key]
    key: Mapped[UUID]
    member_id: Mapped[MemberId]
    place: Mapped[str] = mapped_column(sa.String(PLACE_LIMIT), default="")
    name: Mapped[str] = mapped_column(sa.String(NAME_LIMIT))
    size: Mapped[int] = mapped_column(sa.BigInteger)
    created_at: Mapped[datetime] = mapped_column(index=True)
    blob_id: Mapped[int | None] = mapped_column(sa.ForeignKey("blob.id"), index=True)
    choice: Mapped[Choice | None]
    #: Taking the traces out failed: the sender is asked again, and told so.
    strip_failed: Mapped[bool] = mapped_column(default=False)
    owner: Mapped[str | None] = mapped_column(sa.String(40), index=True)
    space_id: Mapped[int | None] = mapped_column(sa.ForeignKey("space.id"), index=True)

    blob: Mapped[Blob | None] = relationship(lazy="joined")

    @property
    def state(self) -> FileState:
        """Where the file is on its way."""
        blob = self.blob
        if blob is None:
            return FileState.RECEIVING
        if blob.check is Progress.FAILED or blob.scan is Scan.INFECTED:
            return FileState.REFUSED
        if blob.check is Progress.WAITING or blob.scan is Scan.PENDING or self.choice is Choice.STRIP:
            return FileState.CHECKING
        if blob.findings and self.choice is None:
            return FileState.ASKS
        return FileState.READY
