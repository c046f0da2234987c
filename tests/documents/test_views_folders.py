"""Folders over HTTP: made, named, moved, removed, and what in them is confidential."""

import pytest
from flask import Flask

from tests.cast import Cast
from tests.documents.pages import Browse, Shelf, folders, menu, text, titles


@pytest.fixture
def shelf(app: Flask, cast: Cast) -> Shelf:
    return Shelf(app, cast)


def test_a_folder_is_made_where_one_stands(cast: Cast, browse: Browse, shelf: Shelf) -> None:
    client = browse(cast.petra)
    top = shelf.folder("Protokolle")
    form = client.get(f"/spaces/{shelf.space}/folders/new?inside={top}")
    assert f'<option selected value="{top}">' in form.text
    answer = client.send(f"/spaces/{shelf.space}/folders", name="2026", parent_id=top)
    assert answer.status_code == 303
    assert folders(client.get(f"/folders/{top}")) == ["2026"]


def test_a_name_that_is_there_already_is_refused_beside_its_field(
    cast: Cast, browse: Browse, shelf: Shelf
) -> None:
    shelf.folder("Protokolle")
    answer = browse(cast.petra).send(f"/spaces/{shelf.space}/folders", name="protokolle", parent_id=0)
    assert answer.status_code == 422
    assert 'id="name-error"' in answer.text
    assert 'value="protokolle"' in answer.text


def test_only_who_made_it_and_the_moderation_see_how_to_keep_a_folder(
    cast: Cast, browse: Browse, shelf: Shelf
) -> None:
    folder = shelf.folder("Protokolle")
    for person, keeps in ((cast.petra, True), (cast.manfred, True), (cast.sabine, False)):
        found = menu(browse(person).get(f"/folders/{folder}"))
        assert ({"Umbenennen", "Verschieben", "Löschen"} <= found) is keeps
        assert ("Vertraulichkeit" in found) is (person is cast.manfred)


def test_a_folder_is_renamed(cast: Cast, browse: Browse, shelf: Shelf) -> None:
    folder = shelf.folder("Protokole")
    client = browse(cast.petra)
    assert 'value="Protokole"' in client.get(f"/folders/{folder}/edit").text
    assert client.send(f"/folders/{folder}", name="Protokolle").status_code == 303
    assert folders(client.get(f"/spaces/{shelf.space}/documents")) == ["Protokolle"]
    assert client.send(f"/folders/{folder}", name=" ").status_code == 422


def test_a_moved_folder_can_be_moved_back(cast: Cast, browse: Browse, shelf: Shelf) -> None:
    target, folder = shelf.folder("Alles"), shelf.folder("Protokolle")
    client = browse(cast.petra)
    assert client.send(f"/folders/{folder}/move", parent_id=target).location == f"/folders/{folder}"
    page = client.get(f"/folders/{target}")
    assert folders(page) == ["Protokolle"]
    assert "Rückgängig" in page.text
    client.send(f"/folders/{folder}/move", parent_id=0)
    assert folders(client.get(f"/folders/{target}")) == []
    assert client.send(f"/folders/{folder}/move", parent_id=folder).status_code == 422


def test_a_removed_folder_leaves_its_documents_in_the_bin(cast: Cast, browse: Browse, shelf: Shelf) -> None:
    folder = shelf.folder("Protokolle")
    shelf.document("Sitzung", folder=folder)
    client = browse(cast.petra)
    assert "Darin liegt 1 Dokument" in text(client.get(f"/folders/{folder}/removal"))
    answer = client.send(f"/folders/{folder}/delete")
    assert answer.location == f"/spaces/{shelf.space}/documents"
    assert "1 Dokument daraus liegt im Papierkorb." in text(client.get(answer.location))
    assert client.get(f"/folders/{folder}").status_code == 404
    assert "Sitzung" in text(client.get(f"/spaces/{shelf.space}/documents/bin"))


def test_the_moderation_makes_a_folder_confidential_and_the_page_says_what_that_means(
    cast: Cast, browse: Browse, shelf: Shelf
) -> None:
    folder = shelf.folder("Gutachten")
    assert browse(cast.petra).get(f"/folders/{folder}/confidentiality").status_code == 403
    client = browse(cast.manfred)
    assert "nennt, wer sie wann abgerufen hat" in text(client.get(f"/folders/{folder}/confidentiality"))
    client.send(f"/folders/{folder}/confidentiality", is_confidential="y")
    page = client.get(f"/folders/{folder}")
    assert "Der Ordner ist jetzt vertraulich." in text(page)
    assert "Vertraulich" in text(browse(cast.petra).get(f"/folders/{folder}"))
    client.send(f"/folders/{folder}/confidentiality")
    assert "Der Ordner ist nicht vertraulich." in text(client.get(f"/folders/{folder}"))


def test_following_a_folder_tells_what_comes_into_it(cast: Cast, browse: Browse, shelf: Shelf) -> None:
    folder = shelf.folder("Protokolle")
    client = browse(cast.sabine)
    client.send(f"/folders/{folder}/follow")
    assert "Nicht mehr folgen" in menu(client.get(f"/folders/{folder}"))
    shelf.document("Sitzung", folder=folder)
    assert "Sitzung" in text(client.get("/documents"))
    assert titles(client.get(f"/folders/{folder}")) == ["Sitzung"]
    client.send(f"/folders/{folder}/reading")
    assert "Neu in dem, was du verfolgst" not in text(client.get("/documents"))
    client.send(f"/folders/{folder}/follow/delete")
    assert "Folgen" in menu(client.get(f"/folders/{folder}"))
