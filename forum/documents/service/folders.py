"""Folders: a tree per space, with names that are unique beside each other."""

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import aliased

from forum.audit import service as audit
from forum.core.access import Viewer
from forum.core.clock import now
from forum.core.db import changed_rows, db
from forum.core.errors import Invalid, NotFound, require
from forum.core.text import clean_line
from forum.documents import policy
from forum.documents.models import DEPTH_LIMIT, FOLDER_NAME_LIMIT, Document, Folder
from forum.spaces.models import Space


def get_folder(viewer: Viewer, folder_id: int) -> Folder:
    """The folder, or `NotFound`: the same answer for "no such folder" and "not for you"."""
    folder = db.session.get(Folder, folder_id)
    if folder is None or not policy.may_read(viewer, folder):
        raise NotFound
    return folder


def get_kept_folder(viewer: Viewer, folder_id: int) -> Folder:
    """The folder, if the viewer may rename, move and delete it; `Denied` for its other readers."""
    folder = get_folder(viewer, folder_id)
    require(
        policy.may_keep_folder(viewer, folder),
        _("Diesen Ordner kann nur ändern, wer ihn angelegt hat, oder die Moderation."),
    )
    return folder


def require_adding(viewer: Viewer, space_id: int) -> None:
    """`NotFound` in a foreign space, `Denied` where the viewer only reads."""
    if not viewer.belongs_to(space_id):
        raise NotFound
    require(policy.may_add(viewer, space_id), _("In dieser Ablage kannst du nur lesen."))


def lock_library(space_id: int) -> None:
    """Let no other transaction change folders of the space, or put something into them, until this one ends.

    It comes before the lock of a document, so that no two wait for each other.
    """
    db.session.get_one(Space, space_id, with_for_update={"key_share": True})


def place_in(viewer: Viewer, space_id: int, folder_id: int | None, field: str) -> Folder | None:
    """The folder of the space into which something is put; None is the top. `Invalid` for any other."""
    if folder_id is None:
        return None
    folder = db.session.get(Folder, folder_id, populate_existing=True)
    if folder is None or folder.space_id != space_id or not policy.may_read(viewer, folder):
        raise Invalid(_("Diesen Ordner gibt es nicht mehr. Wähle einen anderen."), field)
    return folder


def create_folder(
    viewer: Viewer, space_id: int, parent_id: int | None, name: str, *, is_confidential: bool = False
) -> Folder:
    """A new folder; at the top where `parent_id` is None.

    `Invalid` (field `name`) for a name that is there, and where folders are as deep as they may be.
    """
    require_adding(viewer, space_id)
    if is_confidential:
        require(policy.may_make_confidential(viewer, space_id))
    lock_library(space_id)
    parent = place_in(viewer, space_id, parent_id, "parent_id")
    _require_room(parent, 1, "name")
    name = _free_name(space_id, parent_id, name)
    folder = Folder(
        space_id=space_id,
        parent_id=parent_id,
        name=name,
        author_id=viewer.member_id,
        created_at=now(),
        is_confidential=is_confidential,
        confidential=is_confidential or (parent is not None and parent.confidential),
    )
    db.session.add(folder)
    db.session.flush()
    folder.path = f"{parent.path if parent else '/'}{folder.id}/"
    if is_confidential:
        audit.record(viewer, "folder.made_confidential", folder.id, space_id=space_id)
    db.session.flush()
    return folder


def rename_folder(viewer: Viewer, folder_id: int, name: str) -> Folder:
    """Give a folder another name; `Invalid` (field `name`) for one that is there."""
    folder = get_kept_folder(viewer, folder_id)
    lock_library(folder.space_id)
    db.session.refresh(folder)
    name = _free_name(folder.space_id, folder.parent_id, name, besides=folder.id)
    if name != folder.name:
        _note(viewer, "folder.renamed", folder)
        folder.name = name
    return folder


def move_folder(viewer: Viewer, folder_id: int, parent_id: int | None) -> Folder:
    """Put a folder with all below it into another one of its space, or to the top.

    `Invalid` (field `parent_id`) under itself, too deep, or where one of that name is; `Denied` out of a
    confidential folder, except for moderators.
    """
    folder = get_kept_folder(viewer, folder_id)
    lock_library(folder.space_id)
    db.session.refresh(folder)
    if parent_id == folder.parent_id:
        return folder
    parent = place_in(viewer, folder.space_id, parent_id, "parent_id")
    if parent is not None and parent.path.startswith(folder.path):
        raise Invalid(_("Ein Ordner kann nicht in sich selbst liegen. Wähle einen anderen."), "parent_id")
    _require_room(parent, _height_of(folder), "parent_id")
    _free_name(folder.space_id, parent_id, folder.name, field="parent_id")
    stays_confidential = folder.is_confidential or (parent is not None and parent.confidential)
    if folder.confidential and not stays_confidential:
        _require_disclosing(viewer, folder.space_id)
        audit.record(viewer, "folder.made_open", folder.id, space_id=folder.space_id)
    _note(viewer, "folder.moved", folder)
    former, path = folder.path, f"{parent.path if parent else '/'}{folder.id}/"
    folder.parent_id = parent_id
    db.session.flush()
    db.session.execute(
        sa.update(Folder)
        .where(_below(folder.space_id, former))
        .values(path=sa.literal(path, sa.String) + sa.func.substr(Folder.path, len(former) + 1))
    )
    _inherit_confidentiality(folder.space_id, path)
    db.session.refresh(folder)
    return folder


def set_confidential(viewer: Viewer, folder_id: int, is_confidential: bool) -> Folder:
    """Decide whether what is fetched from here and below bears a stamp. Moderators only."""
    folder = get_folder(viewer, folder_id)
    require(policy.may_make_confidential(viewer, folder.space_id))
    lock_library(folder.space_id)
    db.session.refresh(folder)
    if folder.is_confidential != is_confidential:
        action = "folder.made_confidential" if is_confidential else "folder.made_open"
        audit.record(viewer, action, folder.id, space_id=folder.space_id)
        folder.is_confidential = is_confidential
        db.session.flush()
        _inherit_confidentiality(folder.space_id, folder.path)
        db.session.refresh(folder)
    return folder


def delete_folder(viewer: Viewer, folder_id: int) -> int:
    """Put what is inside into the bin and remove the folder with those below; the number of documents.

    `Denied` where something of others is inside, except for moderators. Who takes a document back finds it in
    the folder above; what was confidential is so there, too.
    """
    folder = get_kept_folder(viewer, folder_id)
    lock_library(folder.space_id)
    db.session.refresh(folder)
    below = _below(folder.space_id, folder.path)
    inside = Document.folder_id.in_(sa.select(Folder.id).where(below))
    _require_nothing_foreign(viewer, below, inside)
    if folder.confidential:
        _require_disclosing(viewer, folder.space_id)
    binned = changed_rows(
        sa.update(Document)
        .where(inside, Document.binned_at.is_(None))
        .values(binned_at=now(), binned_by_id=viewer.member_id, reserved_by_id=None, reserved_until=None)
    )
    parent = db.session.get(Folder, folder.parent_id) if folder.parent_id else None
    if parent is None or not parent.confidential:
        secret = sa.select(Folder.id).where(below, Folder.confidential)
        db.session.execute(
            sa.update(Document).where(Document.folder_id.in_(secret)).values(stays_confidential=True)
        )
    db.session.execute(sa.update(Document).where(inside).values(folder_id=folder.parent_id))
    space_id = folder.space_id
    # The deepest first: none goes before those that lie in it.
    for one in db.session.scalars(sa.select(Folder).where(below).order_by(Folder.path.desc())).all():
        db.session.delete(one)
        db.session.flush()
    note = ngettext("%(num)s Dokument", "%(num)s Dokumente", binned)
    audit.record(viewer, "folder.deleted", folder_id, space_id=space_id, note=note)
    return binned


def _below(space_id: int, path: str) -> sa.ColumnElement[bool]:
    """The folder with this path and all below it."""
    return sa.and_(Folder.space_id == space_id, Folder.path.startswith(path, autoescape=True))


def _require_room(parent: Folder | None, height: int, field: str) -> None:
    if (parent.depth if parent else 0) + height > DEPTH_LIMIT:
        raise Invalid(
            _("Ordner können höchstens %(limit)s Ebenen tief liegen.", limit=DEPTH_LIMIT),
            field,
        )


def _height_of(folder: Folder) -> int:
    """How many levels the folder has, its own counted."""
    paths = db.session.scalars(sa.select(Folder.path).where(_below(folder.space_id, folder.path)))
    return max(path.count("/") for path in paths) - folder.path.count("/") + 1


def _free_name(
    space_id: int, parent_id: int | None, raw: str, *, besides: int | None = None, field: str = "name"
) -> str:
    """`raw` as a name that nothing beside it has; the library must be locked."""
    name = clean_line(raw.replace("/", "-").replace("\\", "-"), limit=FOLDER_NAME_LIMIT, field=field)
    beside = sa.select(Folder.id, Folder.name).where(
        Folder.space_id == space_id, Folder.parent_id.is_not_distinct_from(parent_id)
    )
    for folder_id, other in db.session.execute(beside):
        if folder_id != besides and other.casefold() == name.casefold():
            raise Invalid(_("Hier gibt es schon einen Ordner „%(name)s“.", name=other), field)
    return name


def _inherit_confidentiality(space_id: int, path: str) -> None:
    """Say of the folder with this path and all below it what holds for them: chosen there or further up."""
    above = aliased(Folder)
    chosen_above = (
        sa.exists()
        .where(
            above.space_id == space_id,
            above.is_confidential,
            Folder.path.like(above.path + "%"),
        )
        .correlate(Folder)
    )
    db.session.execute(sa.update(Folder).where(_below(space_id, path)).values(confidential=chosen_above))


def _require_disclosing(viewer: Viewer, space_id: int) -> None:
    require(
        policy.may_make_confidential(viewer, space_id),
        _("Aus einem vertraulichen Ordner nimmt nur die Moderation etwas heraus."),
    )


def _require_nothing_foreign(
    viewer: Viewer, below: sa.ColumnElement[bool], inside: sa.ColumnElement[bool]
) -> None:
    foreign = sa.or_(
        sa.exists(sa.select(Folder.id).where(below, sa.not_(policy.folders_kept_by(viewer)))),
        sa.exists(
            sa.select(Document.id).where(
                inside, Document.binned_at.is_(None), sa.not_(policy.editable_by(viewer))
            )
        ),
    )
    require(
        not db.session.scalar(sa.select(foreign)),
        _("In diesem Ordner liegt etwas von anderen. Die Moderation kann ihn löschen."),
    )


def _note(viewer: Viewer, action: str, folder: Folder) -> None:
    if viewer.member_id != folder.author_id:
        audit.record(viewer, action, folder.id, space_id=folder.space_id)
