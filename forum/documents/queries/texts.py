"""The text that was read out of a version, and who may have it."""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement

from forum.core.access import Viewer
from forum.core.db import db
from forum.files.models import Blob, Choice, File, FileState, Page, Progress, Scan
from forum.files.policy import is_own, is_shown


@dataclass(frozen=True, slots=True)
class Text:
    """The beginning of a text; `is_cut` where there was more."""

    text: str
    is_cut: bool


def text_of(blob_id: int, limit: int) -> Text:
    """At most `limit` letters of what was read, page after page. One statement."""
    pages = db.session.scalars(
        sa.select(sa.func.substr(Page.text, 1, limit + 1))
        .where(Page.blob_id == blob_id)
        .order_by(Page.number)
        .execution_options(yield_per=50)
    )
    parts: list[str] = []
    size = 0
    for text in pages:
        if text.strip():
            size += len(text) + (len(_BREAK) if parts else 0)
            parts.append(text.strip("\n"))
        if size > limit:
            break
    pages.close()
    whole = _BREAK.join(parts)
    return Text(whole[:limit], len(whole) > limit)


_BREAK = "\n\n"


def may_have_text(viewer: Viewer, file: File) -> bool:
    """Others than the sender get what is in a file once it is ready; what is refused nobody gets."""
    return is_shown(file) or (is_own(viewer, file) and file.state is not FileState.REFUSED)


def texts_open_to(viewer: Viewer) -> ColumnElement[bool]:
    """`may_have_text` as an SQL condition on `File` and its `Blob`; a test holds the two together."""
    is_taken = sa.and_(Blob.check != Progress.FAILED, Blob.scan != Scan.INFECTED)
    return sa.or_(files_shown(), sa.and_(is_taken, File.member_id == viewer.member_id))


def files_shown() -> ColumnElement[bool]:
    """`files.policy.is_shown` as an SQL condition on `File` and its `Blob`; a test holds the two together."""
    is_checked = sa.and_(Blob.check == Progress.DONE, Blob.scan.in_([Scan.CLEAN, Scan.UNSCANNED]))
    tells_nothing = sa.cast(Blob.findings, sa.String) == "{}"
    is_decided = sa.or_(
        sa.and_(File.choice.is_(None), tells_nothing),
        File.choice == Choice.KEEP,
    )
    return sa.and_(is_checked, is_decided, sa.not_(Blob.is_broken))
