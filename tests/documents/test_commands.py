"""A folder of the server is brought into a library."""

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import Result
from flask import Flask

from forum.core.db import db, unit_of_work
from forum.core.errors import Invalid
from forum.documents import commands
from forum.documents.models import Document
from forum.files.models import File, FileState
from forum.files.service import quota
from forum.members.models import Member, Standing
from tests.cast import HERE
from tests.files.conftest import empty
from tests.make import files as make
from tests.make.library import Library


@pytest.fixture
def brought(context: Flask, library: Library):
    def bring(folder: Path) -> Result:
        email = library.cast.petra.email
        arguments = ["documents", "import", str(folder), "--space", HERE, "--member", email]
        return context.test_cli_runner().invoke(args=arguments)

    yield bring
    empty(context)


def _titles() -> list[str]:
    return list(db.session.scalars(sa.select(Document.title).order_by(Document.title)))


def test_files_are_put_in_but_nothing_that_a_link_leads_to(brought, tmp_path: Path) -> None:
    folder, elsewhere = tmp_path / "folder", tmp_path / "elsewhere"
    folder.mkdir()
    elsewhere.mkdir()
    (folder / "Protokoll.txt").write_bytes(make.txt())
    (elsewhere / "Passwort.txt").write_bytes(b"Dies liegt anderswo auf dem Server und geht niemanden an.")
    (folder / "Link.txt").symlink_to(elsewhere / "Passwort.txt")
    (folder / "Ordner").symlink_to(elsewhere)
    said = brought(folder)
    assert said.exit_code == 0, said.output
    assert _titles() == ["Protokoll"]
    assert "Link.txt: a link, not followed" in said.output
    assert "Ordner: a link, not followed" in said.output
    assert "1 taken, 2 refused" in said.output


def test_what_is_refused_or_there_already_takes_no_room(brought, tmp_path: Path) -> None:
    (tmp_path / "Protokoll.txt").write_bytes(make.txt())
    (tmp_path / "Seite.pdf").write_bytes(make.html_pdf())
    for _turn in range(2):
        assert "1 refused" in brought(tmp_path).output
        assert db.session.scalar(sa.select(sa.func.count()).select_from(File)) == 1
    assert _titles() == ["Protokoll"]


def test_a_file_that_cannot_be_read_stops_no_other(
    brought, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "Akte.txt").write_bytes(make.txt("Nicht für uns."))
    (tmp_path / "Protokoll.txt").write_bytes(make.txt())
    opened = Path.open

    def refuse(path: Path, *how: str):
        if path.name == "Akte.txt":
            raise PermissionError(13, "Permission denied")
        return opened(path, *how)

    monkeypatch.setattr(Path, "open", refuse)
    said = brought(tmp_path)
    assert "Akte.txt: Permission denied" in said.output
    assert _titles() == ["Protokoll"]


def test_what_finds_no_room_in_the_library_takes_none_of_the_member_s(
    brought, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_about: object) -> None:
        raise Invalid("Dafür reicht der Platz dieses Bereichs nicht.")

    monkeypatch.setattr(quota, "check_space", refuse)
    (tmp_path / "Protokoll.txt").write_bytes(make.txt())
    said = brought(tmp_path)
    assert "Protokoll.txt: Dafür reicht der Platz dieses Bereichs nicht." in said.output
    assert db.session.scalar(sa.select(sa.func.count()).select_from(File)) == 0
    assert _titles() == []


def test_pictures_are_freed_of_what_they_tell_by_the_command_itself(brought, tmp_path: Path) -> None:
    (tmp_path / "Demo.jpg").write_bytes(make.jpeg_with_gps())
    (tmp_path / "Plakat.png").write_bytes(make.png())
    assert "2 taken, 0 refused" in brought(tmp_path).output
    states = {file.state for file in db.session.scalars(sa.select(File))}
    assert states == {FileState.READY}


def test_a_folder_that_was_not_made_is_made_for_the_next_file(
    brought, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    check, calls = quota.check_space, iter([True])

    def refuse_once(*about: Any) -> None:
        if next(calls, False):
            raise Invalid("Kein Platz.")
        check(*about)

    monkeypatch.setattr(quota, "check_space", refuse_once)
    monkeypatch.setattr(commands, "AT_ONCE", 1)
    (tmp_path / "2026").mkdir()
    (tmp_path / "2026" / "Eins.txt").write_bytes(make.txt("Das erste."))
    (tmp_path / "2026" / "Zwei.txt").write_bytes(make.txt("Das zweite."))
    assert "1 taken, 1 refused" in brought(tmp_path).output
    assert _titles() == ["Zwei"]


def test_the_same_content_twice_is_put_in_once(brought, tmp_path: Path) -> None:
    for number in range(6):
        (tmp_path / f"Kopie {number}.txt").write_bytes(make.txt())
    assert "1 taken, 0 refused, 5 there already" in brought(tmp_path).output


def test_names_move_nothing_on_the_terminal(brought, tmp_path: Path) -> None:
    (tmp_path / "\x1b[2J\u202eLeer\n.txt").touch()
    said = brought(tmp_path).output
    assert "?[2J?Leer?.txt: " in said
    assert not {"\x1b", "\u202e"} & set(said)


def test_nothing_is_brought_in_the_name_of_somebody_suspended(
    brought, library: Library, tmp_path: Path
) -> None:
    (tmp_path / "Protokoll.txt").write_bytes(make.txt())
    with unit_of_work():
        db.session.get_one(Member, library.cast.petra.id).standing = Standing.SUSPENDED
    said = brought(tmp_path)
    assert (said.exit_code, _titles()) == (1, [])
    assert "is suspended" in said.output
