"""Commands: `flask --app wsgi documents import FOLDER --space FIN --member petra@betrieb.example`."""

import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import click
from flask.cli import AppGroup

from forum.core.access import Viewer
from forum.core.db import db, unit_of_work
from forum.core.errors import Refusal
from forum.documents import queries, service
from forum.files import receiving
from forum.files.models import File, FileState
from forum.files.queries import card_of
from forum.files.service import files
from forum.jobs import queries as jobs
from forum.jobs.worker import worker_of
from forum.members.service import find_by_address
from forum.spaces import queries as spaces
from forum.web.application import this_application

documents = AppGroup("documents", help="The libraries.")

#: Files that are looked into together.
_BATCH = 20
#: How long another process that has begun may take to look into files, in seconds.
_PATIENCE = 600


@documents.command("import")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--space", "sign", required=True, help="The space's short sign, like FIN.")
@click.option("--member", "email", required=True, help="In whose name: the address of a member of the space.")
def import_folder(folder: Path, sign: str, email: str) -> None:
    """Put all files below FOLDER into a space's library, folders as they are; say of each refused one why.

    A link is no file of the folder's: what it leads to may be meant for nobody's eyes.
    """
    viewer, space_id = _who_and_where(sign, email)
    paths = sorted(path for path in folder.rglob("*") if path.is_symlink() or path.is_file())
    places: dict[Path, int | None] = {folder: None}
    taken = refused = 0
    for start in range(0, len(paths), _BATCH):
        for path, refusal in _bring(viewer, space_id, places, paths[start : start + _BATCH]):
            taken, refused = taken + (not refusal), refused + bool(refusal)
            if refusal:
                click.echo(f"{click.format_filename(path.relative_to(folder))}: {refusal}")
    click.echo(f"{taken} taken, {refused} refused")


def _who_and_where(sign: str, email: str) -> tuple[Viewer, int]:
    member, space = find_by_address(email), spaces.find_by_sign(sign)
    if member is None:
        raise click.ClickException(f"nobody has the address {email}")
    roles = {link.id: role for link, role in spaces.spaces_of_member(member.id)}
    if space is None or space.id not in roles:
        raise click.ClickException(f"{email} does not belong to {sign}")
    return Viewer(member.id, roles), space.id


def _bring(
    viewer: Viewer, space_id: int, places: dict[Path, int | None], paths: Sequence[Path]
) -> Iterator[tuple[Path, str]]:
    """Each path with why it was refused, or nothing; what is inside is looked into before it is put anywhere."""
    received: list[tuple[Path, int]] = []
    for path in paths:
        if path.is_symlink():
            yield path, "a link, not followed"
            continue
        try:
            with path.open("rb") as stream:
                received.append((path, receiving.receive(viewer, stream, path.name).id))
        except Refusal as refusal:
            yield path, refusal.message
        except OSError as fault:
            yield path, fault.strerror or type(fault).__name__
    _look_into([file_id for _path, file_id in received])
    for path, file_id in received:
        file = db.session.get_one(File, file_id)
        if file.state is FileState.REFUSED:
            yield path, card_of(file, viewer.member_id).refusal
            _forget(file_id)
            continue
        if queries.versions.is_there(space_id, file.blob_id):
            _forget(file_id)
            continue  # a second run brings only what is new
        try:
            with unit_of_work():
                folder_id = _folder(viewer, space_id, places, path.parent)
                service.documents.add_document(viewer, space_id, folder_id, file_id)
            yield path, ""
        except Refusal as refusal:
            yield path, refusal.message


def _forget(file_id: int) -> None:
    """What is put nowhere must not take the member's room for what comes after it."""
    with unit_of_work():
        files.release_files([file_id])


def _look_into(file_ids: Sequence[int]) -> None:
    """Until all are checked: by this process, or by the one that took the work first."""
    deadline = time.monotonic() + _PATIENCE
    worker = worker_of(this_application())
    while time.monotonic() < deadline:
        db.session.rollback()
        found = [db.session.get_one(File, file_id, populate_existing=True) for file_id in file_ids]
        waiting = [file for file in found if file.state is FileState.CHECKING]
        if not waiting:
            return
        for job_id in jobs.find_ids({f"files.check:{file.blob_id}" for file in waiting}):
            worker.perform(job_id)
        time.sleep(0.1)


def _folder(viewer: Viewer, space_id: int, places: dict[Path, int | None], path: Path) -> int | None:
    """The folder for `path`, made with those above it where it is not there yet."""
    if path not in places:
        parent_id = _folder(viewer, space_id, places, path.parent)
        siblings = queries.folders.tree(viewer, space_id).within(parent_id)
        there = [folder.id for folder in siblings if folder.name == path.name]
        places[path] = (
            there[0] if there else service.folders.create_folder(viewer, space_id, parent_id, path.name).id
        )
    return places[path]
