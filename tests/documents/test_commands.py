"""A folder of the server is brought into a library."""

from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import Result
from flask import Flask

from forum.core.db import db
from forum.core.errors import Invalid
from forum.documents.models import Document
from forum.files.models import File
from forum.files.service import quota
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
