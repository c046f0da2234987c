"""Following documents and folders: begun, ended, seen."""

from collections.abc import Callable
from dataclasses import dataclass

from flask import g, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

from forum.core.access import Viewer
from forum.core.db import unit_of_work
from forum.documents.service import follows
from forum.documents.views.blueprint import bp
from forum.web.access import members_only
from forum.web.answers import go_to, is_fetch, offer_undo


@dataclass(frozen=True, slots=True)
class _Way:
    """What is done with one kind of thing, and what is said about it then."""

    follow: Callable[[Viewer, int], None]
    unfollow: Callable[[Viewer, int], None]
    see: Callable[[Viewer, int], None]
    begun: LazyString
    ended: LazyString


_WAYS = {
    "documents": _Way(
        follows.follow_document,
        follows.unfollow_document,
        follows.see_document,
        _l("Du folgst dem Dokument. Was neu ist, steht unter der Glocke."),
        _l("Du folgst dem Dokument nicht mehr."),
    ),
    "folders": _Way(
        follows.follow_folder,
        follows.unfollow_folder,
        follows.see_folder,
        _l("Du folgst dem Ordner. Was neu ist, steht unter der Glocke."),
        _l("Du folgst dem Ordner nicht mehr."),
    ),
}
_THING = "/<any(documents, folders):kind>/<int:thing_id>"


@bp.post(f"{_THING}/follow")
@members_only
def create_follow(kind: str, thing_id: int) -> ResponseReturnValue:
    return _do(_WAYS[kind].follow, _WAYS[kind].begun, ".delete_follow", kind, thing_id)


@bp.post(f"{_THING}/follow/delete")
@members_only
def delete_follow(kind: str, thing_id: int) -> ResponseReturnValue:
    return _do(_WAYS[kind].unfollow, _WAYS[kind].ended, ".create_follow", kind, thing_id)


@bp.post(f"{_THING}/reading")
@members_only
def create_reading(kind: str, thing_id: int) -> ResponseReturnValue:
    with unit_of_work():
        _WAYS[kind].see(g.viewer, thing_id)
    return {"seen": True} if is_fetch() else go_to(_page(kind, thing_id))


def _do(
    verb: Callable[[Viewer, int], None], said: LazyString, undo: str, kind: str, thing_id: int
) -> ResponseReturnValue:
    with unit_of_work():
        verb(g.viewer, thing_id)
    offer_undo(str(said), url_for(undo, kind=kind, thing_id=thing_id))
    return go_to(_page(kind, thing_id))


def _page(kind: str, thing_id: int) -> str:
    if kind == "folders":
        return url_for(".show_folder", folder_id=thing_id)
    return url_for(".show_document", document_id=thing_id)
