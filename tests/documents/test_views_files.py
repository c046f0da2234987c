"""The bytes of documents over HTTP: saved whole or in part, stamped where confidential, many in one ZIP."""

import io
import zipfile
from collections.abc import Iterator

import pikepdf
import pytest
from flask import Flask

from forum.core.db import unit_of_work
from forum.documents.service import documents, folders
from forum.documents.service.documents import Description
from forum.files.store import spool, store
from tests.cast import HERE, Cast
from tests.documents.pages import Browse
from tests.make.files import pdf
from tests.make.sent import sent_file

WORDS = b"%PDF-1.7 Protokoll der Sitzung"


@pytest.fixture(autouse=True)
def tidy_store(app: Flask) -> Iterator[None]:
    """Nothing is in store and spool afterwards."""
    yield
    with app.app_context():
        kept = store().keys()
        store().delete([key for key, _size in kept])
        for path in spool().iterdir():
            path.unlink()


def document(app: Flask, cast: Cast, title: str, data: bytes = WORDS, folder: int | None = None) -> int:
    """The id of a new document of Petra's, with bytes."""
    with app.app_context():
        file_id = sent_file(cast.petra, f"{title}.pdf", data)
        with unit_of_work():
            said = Description(title=title)
            return documents.add_document(cast.petra.viewer, cast.spaces[HERE], folder, file_id, said).id


def folder(app: Flask, cast: Cast, name: str, inside: int | None = None, **more: bool) -> int:
    with app.app_context(), unit_of_work():
        return folders.create_folder(cast.manfred.viewer, cast.spaces[HERE], inside, name, **more).id


def test_a_version_is_saved_under_the_documents_title(app: Flask, cast: Cast, browse: Browse) -> None:
    document_id = document(app, cast, "Schichtpläne März")
    answer = browse(cast.sabine).get(f"/documents/{document_id}/versions/1/file")
    assert answer.data == WORDS
    assert "filename*=UTF-8''Schichtpl%C3%A4ne%20M%C3%A4rz.pdf" in answer.headers["Content-Disposition"]
    assert answer.headers["Content-Disposition"].startswith("attachment")
    for stranger in (cast.olga, cast.karla):
        assert browse(stranger).get(f"/documents/{document_id}/versions/1/file").status_code == 404
    assert browse(None).get(f"/documents/{document_id}/versions/1/file").status_code == 302


def test_a_part_of_it_can_be_asked_for(app: Flask, cast: Cast, browse: Browse) -> None:
    document_id = document(app, cast, "Protokoll")
    answer = browse(cast.petra).get(
        f"/documents/{document_id}/versions/1/file", headers={"Range": "bytes=9-17"}
    )
    assert (answer.status_code, answer.data) == (206, WORDS[9:18])


def test_pictures_of_pages_are_for_readers_of_the_document(app: Flask, cast: Cast, browse: Browse) -> None:
    document_id = document(app, cast, "Protokoll")
    for path in ("pages/1", "tile"):
        answer = browse(cast.petra).get(f"/documents/{document_id}/versions/1/{path}")
        assert (answer.status_code, answer.mimetype) == (200, "image/webp")
        assert browse(cast.olga).get(f"/documents/{document_id}/versions/1/{path}").status_code == 404
    assert browse(cast.petra).get(f"/documents/{document_id}/versions/1/pages/9").status_code == 404


def test_a_confidential_paper_says_who_fetched_it(app: Flask, cast: Cast, browse: Browse) -> None:
    secret = folder(app, cast, "Gutachten", is_confidential=True)
    below = folder(app, cast, "Winkler", secret)
    paper = pdf(2)
    document_id = document(app, cast, "Gutachten", paper, below)
    answer = browse(cast.sabine).get(f"/documents/{document_id}/versions/1/file")
    assert answer.status_code == 200
    assert answer.data != paper
    with pikepdf.open(io.BytesIO(answer.data)) as stamped:
        assert len(stamped.pages) == 2
    chest = zipfile.ZipFile(io.BytesIO(browse(cast.sabine).get(f"/folders/{secret}/zip").data))
    assert chest.namelist() == ["Winkler/Gutachten.pdf"]
    assert chest.read("Winkler/Gutachten.pdf") != paper


def test_pages_of_a_confidential_paper_are_shown_beneath_the_same_line(
    app: Flask, cast: Cast, browse: Browse
) -> None:
    secret = folder(app, cast, "Gutachten", is_confidential=True)
    marked, plain = document(app, cast, "Gutachten", folder=secret), document(app, cast, "Protokoll")
    client, line = browse(cast.sabine), f"Vertraulich – abgerufen von {cast.sabine.name}, am"
    for page in (f"/documents/{marked}", f"/documents/{marked}/versions/1"):
        assert client.get(page).get_data(as_text=True).count(line) > 1
    assert line not in client.get(f"/documents/{plain}").get_data(as_text=True)


def test_a_folder_is_saved_with_those_in_it(app: Flask, cast: Cast, browse: Browse) -> None:
    top = folder(app, cast, "Protokolle")
    below = folder(app, cast, "2026", top)
    document(app, cast, "Übersicht", folder=top)
    document(app, cast, "Sitzung März", b"%PDF-1.7 andere", below)
    document(app, cast, "Anderswo", b"%PDF-1.7 dritte")
    client = browse(cast.sabine)
    answer = client.get(f"/folders/{top}/zip")
    assert "Protokolle.zip" in answer.headers["Content-Disposition"]
    chest = zipfile.ZipFile(io.BytesIO(answer.data))
    assert sorted(chest.namelist()) == ["2026/Sitzung März.pdf", "Übersicht.pdf"]
    assert chest.read("2026/Sitzung März.pdf") == b"%PDF-1.7 andere"
    whole = zipfile.ZipFile(io.BytesIO(client.get(f"/spaces/{cast.spaces[HERE]}/documents/zip").data))
    assert len(whole.namelist()) == 3
    assert browse(cast.olga).get(f"/folders/{top}/zip").status_code == 404


def test_the_chosen_are_saved_in_one_zip(app: Flask, cast: Cast, browse: Browse) -> None:
    ids = [document(app, cast, "Eins"), document(app, cast, "Zwei", b"%PDF-1.7 zwei")]
    document(app, cast, "Drei", b"%PDF-1.7 drei")
    space_id, client = cast.spaces[HERE], browse(cast.sabine)
    answer = client.send("/documents/selection", ids=ids, act="zip", space_id=space_id, back="/documents")
    chest = zipfile.ZipFile(io.BytesIO(client.get(answer.location).data))
    assert sorted(chest.namelist()) == ["Eins.pdf", "Zwei.pdf"]
    assert browse(cast.olga).get(answer.location).status_code == 404


def test_an_empty_folder_has_nothing_to_save_and_says_so(app: Flask, cast: Cast, browse: Browse) -> None:
    answer = browse(cast.petra).get(f"/folders/{folder(app, cast, 'Leer')}/zip")
    assert answer.status_code == 404
    assert "Hier liegt nichts, das du laden kannst." in answer.text
