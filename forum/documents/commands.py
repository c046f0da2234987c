"""Commands: `flask --app wsgi documents import FOLDER --space FIN --member petra@betrieb.example`."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
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
from forum.files.reading import AT_ONCE
from forum.files.service import files
from forum.files.waiting import wait_for_checks
from forum.members.models import Standing
from forum.members.service import find_by_address
from forum.spaces import queries as spaces
from forum.web.application import this_application

documents = AppGroup("documents", help="The libraries.")

#: What becomes of a file.
_TAKEN, _ASKS, _REFUSED, _THERE = "taken", "asks", "refused", "there"
#: How long another process may take to look into a file.
_PATIENCE = timedelta(minutes=10)


@documents.command("import")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--space", "sign", required=True, help="The space's short sign, like FIN.")
@click.option("--member", "email", required=True, help="In whose name: the address of a member of the space.")
def import_folder(folder: Path, sign: str, email: str) -> None:
    """Put all files below FOLDER into a space's library, folders as they are; say of each refused one why.

    A link is no file of the folder's: what it leads to may be meant for nobody's eyes.
    """
    bring = _Import(*_who_and_where(sign, email), folder).bring
    db.session.rollback()  # nothing is kept open while others write
    paths = sorted(path for path in folder.rglob("*") if path.is_symlink() or path.is_file())
    counts = Counter[str]()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for path, (state, why) in zip(paths, pool.map(bring, paths), strict=True):
            counts[state] += 1
            if why:
                click.echo(f"{_shown(path.relative_to(folder))}: {why}")
    click.echo(
        f"{counts[_TAKEN] + counts[_ASKS]} taken, {counts[_REFUSED]} refused, {counts[_THERE]} there already; "
        f"{counts[_ASKS]} of those taken tell about their makers and wait for a decision"
    )


def _who_and_where(sign: str, email: str) -> tuple[Viewer, int]:
    member, space = find_by_address(email), spaces.find_by_sign(sign)
    if member is None:
        raise click.ClickException(f"nobody has the address {email}")
    if member.standing is not Standing.ACTIVE:
        raise click.ClickException(f"{email} is suspended")
    roles = {link.id: role for link, role in spaces.spaces_of_member(member.id)}
    if space is None or space.id not in roles:
        raise click.ClickException(f"{email} does not belong to {sign}")
    return Viewer(member.id, roles), space.id


def _shown(path: Path) -> str:
    """A path as a terminal may have it: with nothing that moves its cursor or turns the writing round."""
    return "".join(char if char.isprintable() else "?" for char in click.format_filename(path))


class _Import:
    """Brings files into a library, several at once; they are put away one after another."""

    def __init__(self, viewer: Viewer, space_id: int, folder: Path) -> None:
        self._app = this_application()
        self._viewer = viewer
        self._space_id = space_id
        self._folders: dict[Path, int | None] = {folder: None}
        self._putting = threading.Lock()

    def bring(self, path: Path) -> tuple[str, str]:
        """What became of a file, and why it was refused; it is looked into before it is put anywhere."""
        if path.is_symlink():
            return _REFUSED, "a link, not followed"
        with self._app.app_context():
            try:
                with path.open("rb") as stream:
                    file_id = receiving.receive(self._viewer, stream, path.name).id
                (file,) = wait_for_checks([file_id], _PATIENCE)
                with self._putting:
                    return self._put(file, path)
            except Refusal as refusal:
                return _REFUSED, refusal.message
            except OSError as fault:
                return _REFUSED, fault.strerror or type(fault).__name__

    def _put(self, file: File, path: Path) -> tuple[str, str]:
        db.session.rollback()  # to see what others put there meanwhile
        if file.state is FileState.REFUSED:
            return _REFUSED, _forget(file, card_of(file, self._viewer.member_id).refusal)
        if queries.versions.is_there(self._space_id, file.blob_id):
            return _THERE, _forget(file)  # a second run brings only what is new
        asks, known = file.state is FileState.ASKS, self._folders.copy()
        try:
            with unit_of_work():
                folder_id = self._folder(path.parent)
                service.documents.add_document(self._viewer, self._space_id, folder_id, file.id)
        except Refusal as refusal:
            self._folders = known
            return _REFUSED, _forget(file, refusal.message)
        return (_ASKS if asks else _TAKEN), ""

    def _folder(self, path: Path) -> int | None:
        """The folder for `path`, made with those above it where it is not there yet."""
        if path not in self._folders:
            parent_id = self._folder(path.parent)
            siblings = queries.folders.tree(self._viewer, self._space_id).within(parent_id)
            there = [folder.id for folder in siblings if folder.name == path.name]
            self._folders[path] = (
                there[0]
                if there
                else service.folders.create_folder(self._viewer, self._space_id, parent_id, path.name).id
            )
        return self._folders[path]


def _forget(file: File, why: str = "") -> str:
    """What is put nowhere must not take the member's room for what comes after it; hands back `why`."""
    with unit_of_work():
        files.release_files([file.id])
    return why
