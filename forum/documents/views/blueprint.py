"""Where the views of the Ablage hang, and what their pages share."""

import re
from collections.abc import Sequence

from flask import Blueprint, g, url_for
from flask_babel import gettext as _
from wtforms.fields.choices import SelectChoice

from forum.core.errors import NotFound
from forum.documents.forms import KIND_NAMES
from forum.documents.models import DocumentKind
from forum.documents.queries.folders import FolderLink, Tree
from forum.spaces import queries as spaces
from forum.spaces.queries import SpaceLink

bp = Blueprint("documents", __name__)

Crumb = tuple[str, str | None] | tuple[str, str | None, SpaceLink]
_ID = re.compile(r"[0-9]{1,18}")


@bp.app_template_filter()
def kind_name(kind: DocumentKind) -> str:
    """What a kind of document is called."""
    return str(KIND_NAMES[kind])


def library_space(space_id: int) -> SpaceLink:
    """The space, if the viewer belongs there: who only administers reads no documents."""
    if not g.viewer.belongs_to(space_id):
        raise NotFound
    return spaces.get_space(g.viewer, space_id)


def crumbs(space: SpaceLink, trail: Sequence[FolderLink] = (), *, is_here: bool = False) -> list[Crumb]:
    """The way from all libraries down; `is_here` ends it with the page itself, which is no link."""
    found: list[Crumb] = [
        (_("Ablage"), url_for("documents.list_libraries")),
        (space.name, url_for("documents.show_library", space_id=space.id), space),
    ]
    found += [(folder.name, url_for("documents.show_folder", folder_id=folder.id)) for folder in trail]
    if is_here:
        found[-1] = (found[-1][0], None)
    return found


def folder_url(space_id: int, folder_id: int | None) -> str:
    """The address of a folder, or of the top of the library."""
    if folder_id is None:
        return url_for("documents.show_library", space_id=space_id)
    return url_for("documents.show_folder", folder_id=folder_id)


def folder_choices(tree: Tree, besides: int | None = None) -> list[SelectChoice]:
    """Every folder with the way to it, the top first; without `besides` and those below it."""
    return [SelectChoice(0, _("Ganz oben"))] + [
        SelectChoice(row.id, " › ".join(folder.name for folder in tree.trail(row.id)))
        for row in tree.targets(besides)
    ]


def ids_in(given: Sequence[str]) -> list[int]:
    """The ids in `ids=3&ids=4` or `ids=3,4`, each once, in this order."""
    parts = (part.strip() for text in given for part in text.split(","))
    return list(dict.fromkeys(int(part) for part in parts if _ID.fullmatch(part)))


def upload_place(space_id: int, folder_id: int | None) -> str:
    """Where files wait that are dropped on a folder's page."""
    return f"folder:{folder_id}" if folder_id else f"library:{space_id}"
