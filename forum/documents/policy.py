"""Who may do what in a space's library; every answer from the arguments alone."""

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement

from forum.core.access import Viewer
from forum.documents.models import Document, Folder


def may_read(viewer: Viewer, thing: Document | Folder) -> bool:
    """Whoever belongs to the space; what is in the bin only those who may take it out again."""
    if isinstance(thing, Document) and thing.is_binned:
        return may_restore(viewer, thing)
    return viewer.belongs_to(thing.space_id)


def readable_by(viewer: Viewer) -> ColumnElement[bool]:
    """`may_read` as an SQL condition on `Document`; a test holds the two together."""
    return sa.or_(
        sa.and_(Document.binned_at.is_(None), Document.space_id.in_(viewer.spaces)), restorable_by(viewer)
    )


def folders_readable_by(viewer: Viewer) -> ColumnElement[bool]:
    """`may_read` as an SQL condition on `Folder`; a test holds the two together."""
    return Folder.space_id.in_(viewer.spaces)


def may_add(viewer: Viewer, space_id: int) -> bool:
    """Put documents and folders into the library."""
    return viewer.may_write_in(space_id)


def may_edit(viewer: Viewer, document: Document) -> bool:
    """Describe and move a document: who put it here, and moderators."""
    return not document.is_binned and _is_kept_by(viewer, document)


def editable_by(viewer: Viewer) -> ColumnElement[bool]:
    """`may_edit` as an SQL condition on `Document`; a test holds the two together."""
    return sa.and_(Document.binned_at.is_(None), _documents_kept_by(viewer))


def may_add_version(viewer: Viewer, document: Document) -> bool:
    """Everybody who writes here; reserving and giving back need the same."""
    return not document.is_binned and viewer.may_write_in(document.space_id)


def may_discuss(viewer: Viewer, document: Document) -> bool:
    """Begin the topic of a document."""
    return may_add_version(viewer, document)


def may_lift(viewer: Viewer, document: Document) -> bool:
    """End a reservation: whose it is, and moderators."""
    is_own = viewer.is_signed_in and document.reserved_by_id == viewer.member_id
    return may_add_version(viewer, document) and (is_own or viewer.moderates(document.space_id))


def may_bin(viewer: Viewer, document: Document) -> bool:
    return may_edit(viewer, document)


def may_restore(viewer: Viewer, document: Document) -> bool:
    """Take a document out of the bin: who put it here, who put it there, and moderators."""
    is_binner = viewer.is_signed_in and document.binned_by_id == viewer.member_id
    return document.is_binned and (
        _is_kept_by(viewer, document) or (is_binner and viewer.may_write_in(document.space_id))
    )


def restorable_by(viewer: Viewer) -> ColumnElement[bool]:
    """`may_restore` as an SQL condition on `Document`; a test holds the two together."""
    is_binner = sa.and_(
        Document.binned_by_id == viewer.member_id, Document.space_id.in_(_writable_spaces(viewer))
    )
    return sa.and_(Document.binned_at.is_not(None), sa.or_(_documents_kept_by(viewer), is_binner))


def may_keep_folder(viewer: Viewer, folder: Folder) -> bool:
    """Rename, move, delete a folder: who made it, and moderators."""
    return _is_kept_by(viewer, folder)


def folders_kept_by(viewer: Viewer) -> ColumnElement[bool]:
    """`may_keep_folder` as an SQL condition on `Folder`; a test holds the two together."""
    return sa.or_(
        Folder.space_id.in_(viewer.moderated_spaces),
        sa.and_(Folder.author_id == viewer.member_id, Folder.space_id.in_(_writable_spaces(viewer))),
    )


def may_make_confidential(viewer: Viewer, space_id: int) -> bool:
    """Decide that each page fetched from a folder says who fetched it."""
    return viewer.moderates(space_id)


def _is_kept_by(viewer: Viewer, thing: Document | Folder) -> bool:
    is_author = viewer.is_signed_in and thing.author_id == viewer.member_id
    return viewer.moderates(thing.space_id) or (is_author and viewer.may_write_in(thing.space_id))


def _documents_kept_by(viewer: Viewer) -> ColumnElement[bool]:
    return sa.or_(
        Document.space_id.in_(viewer.moderated_spaces),
        sa.and_(Document.author_id == viewer.member_id, Document.space_id.in_(_writable_spaces(viewer))),
    )


def _writable_spaces(viewer: Viewer) -> list[int]:
    return [space_id for space_id in viewer.spaces if viewer.may_write_in(space_id)]
