"""Files that belong to something: claimed by it, moved with it, released with it."""

from collections.abc import Iterable
from uuid import UUID, uuid4

import sqlalchemy as sa
from flask_babel import gettext as _

from forum.core.access import Viewer
from forum.core.clock import now
from forum.core.db import db
from forum.core.errors import Conflict, Invalid, NotFound
from forum.files import policy
from forum.files.models import Choice, File, FileState
from forum.files.policy import FILES_AT_ONCE
from forum.files.service import quota
from forum.files.service.blobs import let_go
from forum.files.service.work import have_stripped


def get_own(viewer: Viewer, file_id: int) -> File:
    """A file that the viewer sent; else `NotFound`."""
    file = db.session.get(File, file_id)
    if file is None or not policy.is_own(viewer, file):
        raise NotFound
    return file


def claim(
    viewer: Viewer, file_ids: Iterable[int], owner: str, space_id: int | None, limit: int = FILES_AT_ONCE
) -> list[File]:
    """Make the viewer's files part of `owner` (`post:40`), in this order; what it owns already stays its own.

    They count against the space `space_id` from now on, or against the sender where that is None. Raises
    `NotFound` for a file that is not the viewer's or belongs to something else, `Invalid` (field `files`) for one
    that has not arrived, was refused, for more than `limit`, and when the space has no room left.
    """
    ids = list(dict.fromkeys(file_ids))
    if len(ids) > limit:
        raise Invalid(_("Es gehen höchstens %(limit)s Dateien auf einmal.", limit=limit), "files")
    found = _lock(ids)
    files = [found[file_id] for file_id in ids if file_id in found]
    if len(files) < len(ids) or not all(policy.may_claim(viewer, file, owner) for file in files):
        raise NotFound
    for file in files:
        _require_claimable(file)
    if space_id is not None:
        added = sum(file.size for file in files if file.space_id != space_id)
        quota.check_space(space_id, added)
    for file in files:
        file.owner = owner
        file.space_id = space_id
    db.session.flush()
    return files


def copy_for(viewer: Viewer, file: File, key: UUID | None = None) -> File:
    """A new file of the viewer's with the same bytes and name, to be claimed in the same unit of work.

    Whoever calls has made sure that the viewer may have it. The same `key` of the same member is the same file.
    """
    if viewer.member_id is None:
        raise NotFound
    made = sa.select(File).where(File.member_id == viewer.member_id, File.key == key)
    if key is not None and (found := db.session.scalar(made)) is not None:
        return found
    copy = File(
        key=key or uuid4(),
        member_id=viewer.member_id,
        name=file.name,
        size=file.size,
        created_at=now(),
        blob=file.blob,
        choice=file.choice,
    )
    db.session.add(copy)
    db.session.flush()
    return copy


def release(owners: Iterable[str]) -> None:
    """Delete all files of these owners; bytes that nobody else has go a day later. Attachments first."""
    _delete(File.owner.in_(list(owners)))


def release_files(file_ids: Iterable[int]) -> None:
    """Delete these files; what names them (attachment, version) must be gone before."""
    _delete(File.id.in_(list(file_ids)))


def move(owners: Iterable[str], space_id: int | None) -> None:
    """Count the files of these owners against another space; what moves is never refused for want of room."""
    db.session.execute(sa.update(File).where(File.owner.in_(list(owners))).values(space_id=space_id))


def choose(viewer: Viewer, file_id: int, choice: Choice) -> File:
    """Decide what is done with what the own file tells about its makers; STRIP begins at once in the background.

    `Conflict` when the file does not ask (any more).
    """
    file = get_own(viewer, file_id)
    db.session.refresh(file, with_for_update={"of": File})
    if file.choice is choice:
        return file
    if file.state is not FileState.ASKS:
        raise Conflict(_("Über diese Datei ist schon entschieden."))
    file.choice = choice
    file.strip_failed = False
    if choice is Choice.STRIP:
        have_stripped(file.id)
    db.session.flush()
    return file


def _lock(file_ids: list[int]) -> dict[int, File]:
    rows = sa.select(File).where(File.id.in_(file_ids)).order_by(File.id).with_for_update(of=File)
    found = db.session.scalars(rows.execution_options(populate_existing=True))
    return {file.id: file for file in found}


def _require_claimable(file: File) -> None:
    if file.state is FileState.RECEIVING:
        message = _(
            "„%(name)s“ ist noch nicht ganz angekommen. Warte einen Moment und sende dann.", name=file.name
        )
        raise Invalid(message, "files")
    if file.state is FileState.REFUSED:
        message = _(
            "„%(name)s“ wurde nicht angenommen. Nimm die Datei heraus und sende dann.", name=file.name
        )
        raise Invalid(message, "files")


def _delete(condition: sa.ColumnElement[bool]) -> None:
    gone = sa.delete(File).where(condition).returning(File.blob_id)
    let_go(db.session.scalars(gone.execution_options(synchronize_session="fetch")).all())
