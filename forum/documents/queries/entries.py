"""Documents as files with names: for saving one, or many as a ZIP."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePath

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import aliased, lazyload

from forum.core.access import Viewer
from forum.core.db import db
from forum.core.errors import Invalid
from forum.documents.models import Document, Folder
from forum.documents.queries.current import currents
from forum.files.kinds import FACTS
from forum.files.models import File
from forum.files.policy import is_shown

#: Documents in one ZIP.
ZIP_LIMIT = 2_000


@dataclass(frozen=True, slots=True)
class Entry:
    """A file and where it lies in a ZIP: `Protokolle/2026/Sitzung März.pdf`; no two alike."""

    path: str
    file: File
    document_id: int
    title: str
    is_confidential: bool


#: What some system does not take in a file's name.
_REFUSED = re.compile(r'[\\/:*?"<>|\x00-\x1f]+')
_NAME_LIMIT = 120


def list_chosen(viewer: Viewer, space_id: int, document_ids: Collection[int]) -> list[Entry]:
    """The versions that count of these documents of the space, side by side; what may not be given is left out.

    `Invalid` for more than `ZIP_LIMIT`. One statement, two where a newest version is not ready.
    """
    _require_few(len(document_ids))
    return list(_entries(_find(viewer, space_id, Document.id.in_(document_ids)), {}))


def list_in_folder(viewer: Viewer, space_id: int, folder_id: int | None) -> list[Entry]:
    """The versions that count of everything in a folder and below, in its folders; None: of the whole library.

    What may not be given is left out. `Invalid` for more than `ZIP_LIMIT`. Two statements or three.
    """
    if not viewer.belongs_to(space_id):
        return []
    places = _places(space_id, folder_id)
    condition = sa.true() if folder_id is None else Document.folder_id.in_(places)
    return list(_entries(_find(viewer, space_id, condition), places))


def name_of(title: str, file: File, number: int | None = None) -> str:
    """How a document's file is called when it is saved: its title, with the ending of its kind.

    With a `number`, the version's: `Schichtplan (Fassung 2).pdf`.
    """
    ending = PurePath(file.name).suffix.lower()
    kind = file.blob.kind if file.blob else None
    if kind is not None and ending[1:] not in FACTS[kind].endings:
        ending = f".{FACTS[kind].endings[0]}"
    bare = title[: -len(ending)] if ending and title.lower().endswith(ending) else title
    version = _(" (Fassung %(number)s)", number=number) if number is not None else ""
    return f"{_safe(bare)}{version}{ending}"


def _find(viewer: Viewer, space_id: int, condition: sa.ColumnElement[bool]) -> list[tuple[Document, bool]]:
    statement = (
        sa.select(Document, Folder.confidential)
        .outerjoin(Folder, Folder.id == Document.folder_id)
        .where(
            condition,
            Document.space_id == space_id,
            Document.space_id.in_(viewer.spaces),
            Document.binned_at.is_(None),
        )
        .order_by(Document.title_key, Document.id)
        .limit(ZIP_LIMIT + 1)
        .options(lazyload(Document.space), lazyload(Document.folder))
    )
    found = [
        (document, bool(confidential) or document.stays_confidential)
        for document, confidential in db.session.execute(statement)
    ]
    _require_few(len(found))
    return found


def _require_few(number: int) -> None:
    if number > ZIP_LIMIT:
        raise Invalid(
            _("Das sind mehr als %(limit)s Dokumente. Wähle einen kleineren Ordner.", limit=ZIP_LIMIT)
        )


def _places(space_id: int, folder_id: int | None) -> dict[int | None, str]:
    """Where the folders below this one lie in the ZIP: `Protokolle/2026/`."""
    statement = sa.select(Folder.id, Folder.path, Folder.name).where(Folder.space_id == space_id)
    if folder_id is not None:
        top = aliased(Folder)
        statement = statement.join(
            top, sa.and_(top.space_id == Folder.space_id, Folder.path.like(top.path + "%"))
        ).where(top.id == folder_id)
    rows = db.session.execute(statement.order_by(sa.func.length(Folder.path), Folder.name, Folder.id)).all()
    names: dict[int | None, str] = {}
    taken: set[str] = set()
    for one, path, name in rows:
        parent = int(path.split("/")[-3] or 0)
        above = names.get(parent, "")
        names[one] = "" if one == folder_id else _unique(taken, above, _safe(name), "") + "/"
    return names


def _entries(found: list[tuple[Document, bool]], places: Mapping[int | None, str]) -> Iterator[Entry]:
    taken: set[str] = set()
    current = currents([document for document, _confidential in found])
    for document, confidential in found:
        counts = current.get(document.id)
        if counts is None or not is_shown(counts.file):
            continue
        name = PurePath(name_of(document.title, counts.file))
        path = _unique(taken, places.get(document.folder_id, ""), name.stem, name.suffix)
        yield Entry(path, counts.file, document.id, document.title, confidential)


def _unique(taken: set[str], place: str, stem: str, ending: str) -> str:
    """A path that is not taken yet, also where capitals do not count."""
    path, number = f"{place}{stem}{ending}", 1
    while path.casefold() in taken:
        number += 1
        path = f"{place}{stem} ({number}){ending}"
    taken.add(path.casefold())
    return path


def _safe(name: str) -> str:
    """`name` as every system takes it."""
    return _REFUSED.sub("-", name.replace(": ", " – "))[:_NAME_LIMIT].strip(" .") or "_"
