"""The libraries of all spaces, and one place in a library: its folders, its documents as a table or as tiles."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

from flask import g, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from forum.core.db import unit_of_work
from forum.core.errors import NotFound
from forum.core.text import tame
from forum.documents import policy, queries, service
from forum.documents.forms import KIND_NAMES
from forum.documents.models import DocumentKind, Folder
from forum.documents.queries.documents import Filter, OpenDocument, Sort
from forum.documents.views.blueprint import bp, crumbs, folder_url, ids_in, library_space, upload_place
from forum.files.queries import FileCard, waiting
from forum.spaces import queries as spaces
from forum.web.access import members_only
from forum.web.answers import go_to

_WORDS_LIMIT = 100


@dataclass(frozen=True, slots=True)
class Look:
    """How a place is looked at, as its address says; what is usual is left out there."""

    sort: Sort
    wanted: Filter
    view: str
    after: str

    @property
    def sifts(self) -> bool:
        return self.wanted.is_set

    def query(self, **changes: Any) -> str:
        """The end of an address for this look with `changes`; another order begins at its start."""
        usual = {
            "q": self.wanted.words,
            "kind": self.wanted.kind.value if self.wanted.kind else "",
            "tag": self.wanted.tag,
            "sort": "" if self.sort is Sort.CHANGED else self.sort.value,
            "view": self.view,
            "after": "" if "sort" in changes else self.after,
        }
        said = {name: value for name, value in (usual | changes).items() if value}
        return f"?{urlencode(said)}" if said else ""


@bp.get("/documents")
@members_only
def list_libraries() -> ResponseReturnValue:
    libraries = queries.documents.count_libraries(g.viewer)
    return render_template(
        "documents/list_libraries.html",
        libraries=[(space, libraries[space.id]) for space in spaces.spaces_of(g.viewer)],
        news=queries.news.list_news(g.viewer),
        followed=queries.news.list_followed(g.viewer),
    )


@bp.get("/spaces/<int:space_id>/documents")
@members_only
def show_library(space_id: int) -> ResponseReturnValue:
    return _place(space_id, None)


@bp.get("/folders/<int:folder_id>")
@members_only
def show_folder(folder_id: int) -> ResponseReturnValue:
    folder = service.folders.get_folder(g.viewer, folder_id)
    return _place(folder.space_id, folder)


@bp.post("/documents/reading")
@members_only
def create_readings() -> ResponseReturnValue:
    with unit_of_work():
        service.follows.see_everything(g.viewer)
    return go_to(url_for(".list_libraries"))


def tile_url(document_id: int, number: int, file: FileCard) -> str:
    """The address of a version's first page, small; it changes with what it shows."""
    return url_for("documents.show_tile", document_id=document_id, number=number, v=file.digest[:12])


def _place(space_id: int, folder: Folder | None) -> str:
    space = library_space(space_id)
    folder_id = folder.id if folder else None
    look = _look()
    tree = queries.folders.tree(g.viewer, space_id)
    base = folder_url(space_id, folder_id)
    trail = tree.trail(folder_id)
    may_add = policy.may_add(g.viewer, space_id)
    place = upload_place(space_id, folder_id)
    details = _details()
    return render_template(
        "documents/show_folder.html",
        space=space,
        folder=folder,
        crumbs=crumbs(space, trail, is_here=True),
        folders=tree,
        shown_folders=[] if look.sifts or look.after else tree.within(folder_id),
        papers=queries.documents.list_documents(
            g.viewer, space_id, folder_id, look.sort, look.wanted, look.after
        ),
        count=row.documents if (row := tree.find(folder_id)) else tree.documents,
        look=look,
        base=base,
        plain=base + (f"?{urlencode({'view': look.view})}" if look.view else ""),
        at=lambda **changes: base + look.query(**changes),
        folder_url=_folder_address(space_id, look),
        tile_url=tile_url,
        tag_url=lambda name: f"{folder_url(space_id, None)}?{urlencode({'tag': name})}",
        kinds=[(kind.value, name) for kind, name in KIND_NAMES.items()],
        sorts=[
            (Sort.CHANGED.value, _("Zuletzt geändert")),
            (Sort.TITLE.value, _("Titel")),
            (Sort.DATED.value, _("Datum")),
        ],
        tags=[tag.name for tag in queries.documents.list_tags(g.viewer, space_id)],
        is_first_page=not look.after,
        may_add=may_add,
        add_url=url_for(".new_document", space_id=space_id, folder=folder_id),
        policy=policy,
        place=place,
        waiting=waiting(g.viewer, place) if may_add else [],
        client_key=uuid4(),
        details=details,
        chosen=ids_in(request.args.getlist("chosen")),
    )


def _look() -> Look:
    try:
        sort = Sort(request.args.get("sort") or Sort.CHANGED)
        kind = DocumentKind(request.args["kind"]) if request.args.get("kind") else None
    except ValueError:
        raise NotFound from None
    wanted = Filter(kind=kind, tag=_typed("tag"), words=_typed("q"))
    view = "tiles" if request.args.get("view") == "tiles" else ""
    return Look(sort, wanted, view, request.args.get("after", ""))


def _typed(name: str) -> str:
    """What was typed into a field of a search, on one line."""
    typed = request.args.get(name, "").replace("\0", " ")
    return " ".join(tame(typed[:_WORDS_LIMIT]).split())


def _folder_address(space_id: int, look: Look) -> Callable[[int | None], str]:
    """Folder id → its address; order and view stay as they are, a selection ends."""
    said = {"sort": "" if look.sort is Sort.CHANGED else look.sort.value, "view": look.view}
    end = urlencode({name: value for name, value in said.items() if value})
    return lambda folder_id: folder_url(space_id, folder_id) + (f"?{end}" if end else "")


def _details() -> OpenDocument | None:
    """The document that is looked at beside the list."""
    document_id = request.args.get("details", type=int)
    return queries.documents.open_document(g.viewer, document_id) if document_id else None
