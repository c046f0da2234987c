"""Commands: `flask --app wsgi documents import FOLDER --space FIN --member petra@betrieb.example`."""

import time
from collections import Counter
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

#: What becomes of a file.
_TAKEN, _ASKS, _REFUSED, _THERE = "taken", "asks", "refused", "there"
#: How long another process may take to look into a file, and how often we look whether it has, in seconds.
_PATIENCE, _GLANCE = 600.0, 0.05


@documents.command("import")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--space", "sign", required=True, help="The space's short sign, like FIN.")
@click.option("--member", "email", required=True, help="In whose name: the address of a member of the space.")
def import_folder(folder: Path, sign: str, email: str) -> None:
    """Put all files below FOLDER into a space's library, folders as they are; say of each refused one why.

    A link is no file of the folder's: what it leads to may be meant for nobody's eyes.
    """
    viewer, space_id = _who_and_where(sign, email)
    places: dict[Path, int | None] = {folder: None}
    counts = Counter[str]()
    for path in sorted(path for path in folder.rglob("*") if path.is_symlink() or path.is_file()):
        state, why = _bring(viewer, space_id, places, path)
        counts[state] += 1
        if why:
            click.echo(f"{click.format_filename(path.relative_to(folder))}: {why}")
    click.echo(
        f"{counts[_TAKEN] + counts[_ASKS]} taken, {counts[_REFUSED]} refused, {counts[_THERE]} there already; "
        f"{counts[_ASKS]} of those taken tell about their makers and wait for a decision"
    )


def _who_and_where(sign: str, email: str) -> tuple[Viewer, int]:
    member, space = find_by_address(email), spaces.find_by_sign(sign)
    if member is None:
        raise click.ClickException(f"nobody has the address {email}")
    roles = {link.id: role for link, role in spaces.spaces_of_member(member.id)}
    if space is None or space.id not in roles:
        raise click.ClickException(f"{email} does not belong to {sign}")
    return Viewer(member.id, roles), space.id


def _bring(viewer: Viewer, space_id: int, places: dict[Path, int | None], path: Path) -> tuple[str, str]:
    """What became of a file, and why it was refused; it is looked into before it is put anywhere."""
    if path.is_symlink():
        return _REFUSED, "a link, not followed"
    try:
        with path.open("rb") as stream:
            file_id = receiving.receive(viewer, stream, path.name).id
        file = _looked_into(file_id)
        if file.state is FileState.REFUSED:
            return _REFUSED, _forget(file, card_of(file, viewer.member_id).refusal)
        if queries.versions.is_there(space_id, file.blob_id):
            return _THERE, _forget(file)  # a second run brings only what is new
        asks = file.state is FileState.ASKS
        try:
            with unit_of_work():
                folder_id = _folder(viewer, space_id, places, path.parent)
                service.documents.add_document(viewer, space_id, folder_id, file_id)
        except Refusal as refusal:
            return _REFUSED, _forget(file, refusal.message)
    except Refusal as refusal:
        return _REFUSED, refusal.message
    except OSError as fault:
        return _REFUSED, fault.strerror or type(fault).__name__
    return (_ASKS if asks else _TAKEN), ""


def _forget(file: File, why: str = "") -> str:
    """What is put nowhere must not take the member's room for what comes after it; hands back `why`."""
    with unit_of_work():
        files.release_files([file.id])
    return why


def _looked_into(file_id: int) -> File:
    """The file when it is checked: by this process, or by the one that took the work first."""
    deadline = time.monotonic() + _PATIENCE
    worker = worker_of(this_application())
    while True:
        db.session.rollback()
        file = db.session.get_one(File, file_id, populate_existing=True)
        if file.state is not FileState.CHECKING or time.monotonic() > deadline:
            return file
        if not any(map(worker.perform, jobs.find_ids([f"files.check:{file.blob_id}"]))):
            time.sleep(_GLANCE)


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
