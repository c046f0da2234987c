"""Several documents at once over HTTP: saved, moved, thrown away, taken back."""

from datetime import timedelta

import pytest
import time_machine
from flask import Flask

from forum.core.clock import now
from forum.documents.views.blueprint import ids_in
from tests.cast import Cast
from tests.documents.pages import Browse, Shelf, soup, text, titles


@pytest.fixture
def shelf(app: Flask, cast: Cast) -> Shelf:
    return Shelf(app, cast)


def test_the_chosen_are_moved_and_moved_back(cast: Cast, browse: Browse, shelf: Shelf) -> None:
    folder, ids = shelf.folder("Protokolle"), [shelf.document("Eins"), shelf.document("Zwei")]
    client, here = browse(cast.petra), f"/spaces/{shelf.space}/documents"
    to_page = client.send("/documents/selection", ids=ids, act="move", space_id=shelf.space, back=here)
    page = client.get(to_page.location)
    assert "2 Dokumente verschieben" in text(page)
    answer = client.send(f"{here}/move", ids=ids, folder_id=folder)
    assert answer.location == f"/folders/{folder}"
    page = client.get(answer.location)
    assert sorted(titles(page)) == ["Eins", "Zwei"]
    undo = soup(page).select_one(".toast form")
    fields = {
        field["name"]: field["value"] for field in undo.select("input") if field["name"] != "csrf_token"
    }
    client.send(undo["action"], **fields)
    assert sorted(titles(client.get(here))) == ["Eins", "Zwei"]


def test_the_chosen_go_into_the_bin_and_come_back(cast: Cast, browse: Browse, shelf: Shelf) -> None:
    ids = [shelf.document("Eins"), shelf.document("Zwei")]
    client, here = browse(cast.petra), f"/spaces/{shelf.space}/documents"
    answer = client.send("/documents/selection", ids=ids, act="bin", space_id=shelf.space, back=here)
    assert answer.location == here
    page = client.get(here)
    assert titles(page) == []
    assert "2 Dokumente liegen im Papierkorb." in page.text
    binned = client.get(f"{here}/bin")
    assert "noch 29 Tage" in text(binned)
    undo = soup(page).select_one(".toast form")
    assert undo["action"] == "/documents/restoration"
    client.send("/documents/restoration", ids=",".join(map(str, ids)))
    assert sorted(titles(client.get(here))) == ["Eins", "Zwei"]


def test_taking_one_back_leads_to_where_it_was_thrown_away(cast: Cast, browse: Browse, shelf: Shelf) -> None:
    document_id = shelf.document("Eins")
    client, here = browse(cast.petra), f"/spaces/{shelf.space}/documents?view=tiles"
    client.send("/documents/selection", ids=[document_id], act="bin", space_id=shelf.space, back=here)
    undo = soup(client.get(here)).select_one(".toast form")
    fields = {
        field["name"]: field["value"] for field in undo.select("input") if field["name"] != "csrf_token"
    }
    assert client.send(undo["action"], **fields).location == here
    for back, place in (("", f"/documents/{document_id}"), ("https://elsewhere.example/", "/")):
        client.send("/documents/binning", ids=document_id)
        assert client.send("/documents/restoration", ids=document_id, back=back).location == place


def test_the_bin_shows_each_what_they_may_take_back(cast: Cast, browse: Browse, shelf: Shelf) -> None:
    shelf.binned("Von Petra")
    shelf.binned("Von Sabine", by=cast.sabine)
    here = f"/spaces/{shelf.space}/documents/bin"
    for person, seen in (
        (cast.petra, {"Von Petra"}),
        (cast.sabine, {"Von Sabine"}),
        (cast.manfred, {"Von Petra", "Von Sabine"}),
    ):
        page = soup(browse(person).get(here))
        assert {link.get_text() for link in page.select(".member-row a.name")} == seen
    assert browse(cast.olga).get(here).status_code == 404


def test_a_document_in_the_bin_can_be_read_by_who_may_take_it_back_only(
    cast: Cast, browse: Browse, shelf: Shelf
) -> None:
    document_id = shelf.binned("Entwurf")
    page = text(browse(cast.petra).get(f"/documents/{document_id}"))
    assert "Dieses Dokument liegt im Papierkorb." in page
    assert "Wiederherstellen" in page
    assert "Neue Fassung" not in page
    assert browse(cast.sabine).get(f"/documents/{document_id}").status_code == 404
    assert browse(cast.sabine).send("/documents/restoration", ids=document_id).status_code == 404
    with time_machine.travel(now() + timedelta(days=29, hours=12)):
        assert "weniger als einen Tag" in text(browse(cast.petra).get(f"/spaces/{shelf.space}/documents/bin"))


def test_nobody_moves_or_throws_away_what_is_anothers(cast: Cast, browse: Browse, shelf: Shelf) -> None:
    document_id, folder = shelf.document("BV Pausen"), shelf.folder("Protokolle")
    here = f"/spaces/{shelf.space}/documents"
    client = browse(cast.sabine)
    assert client.send(f"{here}/move", ids=document_id, folder_id=folder).status_code == 403
    assert client.send("/documents/binning", ids=document_id).status_code == 403
    assert browse(cast.olga).send("/documents/binning", ids=document_id).status_code == 404
    assert titles(client.get(here)) == ["BV Pausen"]
    assert browse(cast.manfred).send("/documents/binning", ids=document_id).status_code == 303


def test_choosing_nothing_is_said_in_words(cast: Cast, browse: Browse, shelf: Shelf) -> None:
    client, here = browse(cast.petra), f"/spaces/{shelf.space}/documents"
    for act in ("zip", "move", "bin"):
        assert client.send("/documents/selection", act=act, space_id=shelf.space, back=here).location == here
        assert "Wähle zuerst Dokumente aus." in text(client.get(here))
    assert client.send("/documents/selection", ids=1, act="burn", back=here).status_code == 404
    assert client.send("/documents/selection", act="zip", back="https://evil.example").location == "/"


@pytest.mark.parametrize("act", ["move", "bin"])
def test_of_a_choice_with_others_documents_nothing_is_done_and_nothing_forgotten(
    cast: Cast, browse: Browse, shelf: Shelf, act: str
) -> None:
    own = shelf.document("Meins", by=cast.sabine)
    others = [shelf.document(f"Fremd {number}") for number in range(7)]
    shelf.document("Daneben")
    client, here = browse(cast.sabine), f"/spaces/{shelf.space}/documents?view=tiles"
    chosen = [own, *others]
    answer = client.send("/documents/selection", ids=chosen, act=act, space_id=shelf.space, back=here)
    assert answer.status_code == 303
    page = client.get(answer.location)
    assert "Nicht von dir: „Fremd 0“, „Fremd 1“" in page.text
    assert "und 2 weitere" in page.text
    assert "„Meins“" not in soup(page).select_one(".toast, .notice").get_text()
    assert "deine Auswahl steht noch" in page.text
    ticked = {int(box["value"]) for box in soup(page).select("input[name=ids][checked]")}
    assert ticked == set(chosen)
    assert len(titles(page)) == 9
    assert soup(page).select_one(".tiles")
    assert not soup(page).select_one("#papers input[name=back]")["value"].count("chosen")
    alone = client.send("/documents/selection", ids=[own], act=act, space_id=shelf.space, back=here)
    assert "chosen" not in alone.location


def test_out_of_a_confidential_folder_only_the_moderation_moves_and_the_form_says_so(
    cast: Cast, browse: Browse, shelf: Shelf
) -> None:
    secret = shelf.folder("Geheim", by=cast.manfred, is_confidential=True)
    document_id, open_folder = shelf.document("Entwurf", folder=secret), shelf.folder("Offen")
    here = f"/spaces/{shelf.space}/documents/move"
    refused = browse(cast.petra).send(here, ids=document_id, folder_id=open_folder)
    assert refused.status_code == 403
    assert "Aus einem vertraulichen Ordner nimmt nur die Moderation etwas heraus." in text(refused)
    assert soup(refused).select_one(f'input[name=ids][value="{document_id}"]')
    assert browse(cast.manfred).send(here, ids=document_id, folder_id=open_folder).status_code == 303


def test_what_is_not_in_the_bin_is_not_said_to_come_back(cast: Cast, browse: Browse, shelf: Shelf) -> None:
    document_id = shelf.document("Eins")
    client, here = browse(cast.petra), f"/spaces/{shelf.space}/documents"
    said = text(client.get(client.send("/documents/restoration", ids=document_id, back=here).location))
    assert "Im Papierkorb liegt davon nichts mehr." in said
    assert "zurückgeholt" not in said
    client.send("/documents/binning", ids=document_id)
    said = text(client.get(client.send("/documents/restoration", ids=document_id, back=here).location))
    assert "1 Dokument zurückgeholt." in said


def test_an_id_is_a_number_and_nothing_with_a_number_in_it() -> None:
    assert ids_in(["3,4", "4", " 5 "]) == [3, 4, 5]
    assert ids_in(["-1", "1.5", "x2", "", "9" * 30]) == []
