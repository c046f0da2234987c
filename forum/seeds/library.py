"""What lies in the libraries of the demo, read from `demo/library.toml`; the files themselves from `files/`."""

import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from forum.boards.models import Topic
from forum.core.access import Viewer
from forum.core.clock import now
from forum.core.db import db, unit_of_work
from forum.documents.models import Document, DocumentFollow, DocumentKind, FolderFollow, Version
from forum.documents.service import documents, folders, versions
from forum.documents.service.documents import TELL, Description
from forum.files import receiving
from forum.jobs.models import Job
from forum.jobs.service import enqueue
from forum.members.models import Member
from forum.seeds.demo import FOLDER, LAST_VISIT
from forum.seeds.spans import span
from forum.spaces.models import Membership, Space

FILES = Path(__file__).parent / "files"
_Who = Callable[[str], Viewer]


@dataclass(frozen=True)
class _Shelves:
    """What is there already while the libraries fill; folders by region and path."""

    who: _Who
    spaces: dict[str, int]
    folders: dict[tuple[str, str], int]
    topics: dict[str, int]
    moment: datetime


def plant_library() -> None:
    """Fill the libraries; does nothing where a document lies already.

    Not inside a unit of work, unlike the rest of the demo: its files arrive as anybody's do.
    """
    if db.session.scalar(sa.select(Document.id).limit(1)) is not None:
        return
    content = tomllib.loads((FOLDER / "library.toml").read_text())
    who = _viewers()
    arrived = {
        (index, place): _receive(who(version["by"]), version["file"])
        for index, entry in enumerate(content["document"])
        for place, version in enumerate(entry["version"])
    }
    with unit_of_work():
        shelves = _Shelves(
            who,
            dict(db.session.execute(sa.select(Space.sign, Space.id)).all()),
            {},
            dict(db.session.execute(sa.select(Topic.title, Topic.id)).all()),
            now(),
        )
        for entry in content["folder"]:
            _plant_folder(entry, shelves)
        planted = {}
        for index, entry in enumerate(content["document"]):
            files = [arrived[index, place] for place in range(len(entry["version"]))]
            planted[entry["title"]] = _plant_document(entry, files, shelves)
        for entry in content["follow"]:
            _plant_follow(entry, planted, shelves)
        _forget_old_news(shelves.moment)


def _viewers() -> _Who:
    """Who somebody is, by the key that the demo gives."""
    entries = tomllib.loads((FOLDER / "people.toml").read_text())["member"]
    addresses = {entry["key"]: entry["email"] for entry in entries}
    ids = dict(db.session.execute(sa.select(Member.email, Member.id)).all())
    roles: dict[int, dict[int, Any]] = {}
    for member_id, space_id, role in db.session.execute(
        sa.select(Membership.member_id, Membership.space_id, Membership.role)
    ):
        roles.setdefault(member_id, {})[space_id] = role

    def who(key: str) -> Viewer:
        member_id = ids[addresses[key]]
        return Viewer(member_id, roles[member_id])

    return who


def _receive(viewer: Viewer, name: str) -> int:
    with (FILES / name).open("rb") as stream:
        return receiving.receive(viewer, stream, name).id


def _plant_folder(entry: dict[str, Any], shelves: _Shelves) -> None:
    region, path = entry["region"], entry["path"]
    above, _slash, name = path.rpartition("/")
    folder = folders.create_folder(
        shelves.who(entry["by"]),
        shelves.spaces[region],
        shelves.folders.get((region, above)),
        name,
        is_confidential=entry.get("confidential", False),
    )
    folder.created_at = shelves.moment - span(entry["ago"])
    shelves.folders[region, path] = folder.id


def _plant_document(entry: dict[str, Any], files: list[int], shelves: _Shelves) -> Document:
    first, *others = entry["version"]
    said = Description(
        title=entry["title"],
        kind=DocumentKind(entry["kind"]),
        dated=(shelves.moment - span(entry["dated"])).date() if "dated" in entry else None,
        description=entry.get("description", ""),
        by_line=entry.get("by_line", ""),
        source=entry.get("source", ""),
        tags=entry.get("tags", ()),
    )
    folder_id = shelves.folders[entry["region"], entry["folder"]] if "folder" in entry else None
    space_id = shelves.spaces[entry["region"]]
    document = documents.add_document(shelves.who(first["by"]), space_id, folder_id, files[0], said)
    for version, file_id in zip(others, files[1:], strict=True):
        viewer = shelves.who(version["by"])
        versions.add_version(viewer, document.id, file_id, version.get("note", ""))
    _date_back(document, entry, shelves)
    if "topic" in entry:
        document.topic_id = shelves.topics[entry["topic"]]
    if "reserved_by" in entry:
        document.reserved_by_id = shelves.who(entry["reserved_by"]).member_id
        document.reserved_until = shelves.moment + span(entry["reserved"])
    if "binned_by" in entry:
        documents.bin_documents(shelves.who(entry["binned_by"]), [document.id])
        document.binned_at = shelves.moment - span(entry["binned"])
    return document


def _date_back(document: Document, entry: dict[str, Any], shelves: _Shelves) -> None:
    """Have it all happen when the demo says it did."""
    moments = [shelves.moment - span(version["ago"]) for version in entry["version"]]
    document.created_at, document.changed_at = moments[0], moments[-1]
    found = db.session.scalars(
        sa.select(Version).where(Version.document_id == document.id).order_by(Version.number)
    )
    for version, moment in zip(found, moments, strict=True):
        version.created_at = version.file.created_at = moment


def _forget_old_news(moment: datetime) -> None:
    """Nobody is told now of what was new before the last visit."""
    db.session.execute(sa.delete(Job).where(Job.name == TELL))
    for version_id in db.session.scalars(
        sa.select(Version.id).where(Version.created_at > moment - LAST_VISIT)
    ):
        enqueue(TELL, version_id=version_id)


def _plant_follow(entry: dict[str, Any], planted: dict[str, Document], shelves: _Shelves) -> None:
    """What is younger than the last visit is new to whoever follows it."""
    known = {
        "member_id": shelves.who(entry["by"]).member_id,
        "seen_at": shelves.moment - LAST_VISIT,
    }
    if "folder" in entry:
        folder_id = shelves.folders[entry["region"], entry["folder"]]
        db.session.add(FolderFollow(folder_id=folder_id, **known))
    else:
        db.session.add(DocumentFollow(document_id=planted[entry["document"]].id, **known))
