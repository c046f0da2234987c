"""Libraries over HTTP: what lies where, in which order, and how one finds it again."""

from datetime import date

import pytest
from flask import Flask

from forum.core.db import unit_of_work
from forum.documents.models import DocumentKind
from forum.documents.service import follows
from tests.cast import Cast
from tests.documents.pages import Browse, Shelf, folders, menu, soup, text, titles


@pytest.fixture
def shelf(app: Flask, cast: Cast) -> Shelf:
    return Shelf(app, cast)


def test_every_library_of_ones_own_spaces_is_listed_and_no_other(
    cast: Cast, browse: Browse, shelf: Shelf
) -> None:
    shelf.document("BV Arbeitszeit")
    listed = text(browse(cast.petra).get("/documents"))
    assert "Finsterwalde" in listed
    assert "1 Dokument" in listed
    assert "Rathenow" not in listed
    assert "Noch kein Bereich" in text(browse(cast.karla).get("/documents"))


def test_an_empty_library_invites_to_begin(cast: Cast, browse: Browse, shelf: Shelf) -> None:
    page = browse(cast.petra).get(f"/spaces/{shelf.space}/documents")
    assert "Noch nichts in der Ablage" in text(page)
    assert "Erstes Dokument ablegen" in menu(page)


def test_a_folder_shows_its_folders_then_its_documents_and_nothing_of_elsewhere(
    cast: Cast, browse: Browse, shelf: Shelf
) -> None:
    top = shelf.folder("Protokolle")
    shelf.folder("2026", top)
    shelf.document("Sitzung 1", folder=top)
    shelf.document("BV Pausen")
    client = browse(cast.petra)
    here = client.get(f"/spaces/{shelf.space}/documents")
    assert (folders(here), titles(here)) == (["Protokolle"], ["BV Pausen"])
    inside = client.get(f"/folders/{top}")
    assert (folders(inside), titles(inside)) == (["2026"], ["Sitzung 1"])
    assert [link.get_text() for link in soup(inside).select(".tree .label")] == [
        "Ganz oben",
        "Protokolle",
        "2026",
    ]
    for stranger in (cast.olga, cast.rosa, cast.karla):
        assert browse(stranger).get(f"/folders/{top}").status_code == 404
        assert browse(stranger).get(f"/spaces/{shelf.space}/documents").status_code == 404


def test_each_order_is_a_link_and_stays_on_the_way(cast: Cast, browse: Browse, shelf: Shelf) -> None:
    folder = shelf.folder("Protokolle")
    shelf.document("Zulagen", dated=date(2026, 1, 5), folder=folder)
    shelf.document("Arbeitszeit", dated=date(2025, 1, 5), folder=folder)
    shelf.document("Pausen", dated=date(2026, 3, 5), folder=folder)
    client = browse(cast.petra)
    assert titles(client.get(f"/folders/{folder}")) == ["Pausen", "Arbeitszeit", "Zulagen"]
    assert titles(client.get(f"/folders/{folder}?sort=title")) == ["Arbeitszeit", "Pausen", "Zulagen"]
    assert titles(client.get(f"/folders/{folder}?sort=dated")) == ["Pausen", "Zulagen", "Arbeitszeit"]
    page = client.get(f"/folders/{folder}?sort=title&view=tiles")
    ways = [link["href"] for link in soup(page).select(".tree a")]
    assert ways
    assert all("sort=title" in way and "view=tiles" in way for way in ways)


def test_a_selection_finds_by_word_kind_and_tag_also_below(cast: Cast, browse: Browse, shelf: Shelf) -> None:
    folder = shelf.folder("Protokolle")
    shelf.document("Sitzung", "Es ging um die Nachtschicht", folder=folder, kind=DocumentKind.MINUTES)
    shelf.document("BV Pausen", "Dreißig Minuten", kind=DocumentKind.AGREEMENT, tags=["Pausen"])
    client = browse(cast.petra)
    here = f"/spaces/{shelf.space}/documents"
    assert titles(client.get(f"{here}?q=nachtschicht")) == ["Sitzung"]
    assert titles(client.get(f"{here}?kind=agreement")) == ["BV Pausen"]
    assert titles(client.get(f"{here}?tag=pausen")) == ["BV Pausen"]
    assert titles(client.get(f"/folders/{folder}?q=Minuten")) == []
    nothing = client.get(f"{here}?q=Xyzzy")
    assert "Nichts gefunden" in text(nothing)
    assert "Auswahl aufheben" in text(nothing)


@pytest.mark.parametrize("strange", ["sort=king", "kind=king", "after=x", "after=1.2.3.4"])
def test_an_address_that_nobody_wrote_leads_nowhere(
    cast: Cast, browse: Browse, shelf: Shelf, strange: str
) -> None:
    assert browse(cast.petra).get(f"/spaces/{shelf.space}/documents?{strange}").status_code == 404


def test_a_hundred_and_twenty_documents_are_paged_without_gap_or_double(
    app: Flask, cast: Cast, browse: Browse, shelf: Shelf
) -> None:
    for number in range(120):
        shelf.document(f"Papier {number:03}")
    client, address, seen = browse(cast.petra), f"/spaces/{shelf.space}/documents?sort=title", []
    pages = 0
    while address:
        page = client.get(address)
        seen += titles(page)
        pages += 1
        link = soup(page).find("a", rel="next")
        address = str(link["href"]) if link else ""
    assert pages == 3
    assert seen == [f"Papier {number:03}" for number in range(120)]


def test_tiles_are_remembered_by_the_address_alone(cast: Cast, browse: Browse, shelf: Shelf) -> None:
    shelf.document("BV Pausen")
    client = browse(cast.petra)
    page = client.get(f"/spaces/{shelf.space}/documents?view=tiles")
    assert soup(page).select(".tile")
    assert not soup(client.get(f"/spaces/{shelf.space}/documents")).select(".tile")


def test_the_state_of_a_document_stands_there_in_words(
    app: Flask, cast: Cast, browse: Browse, shelf: Shelf
) -> None:
    secret = shelf.folder("Gutachten", by=cast.manfred, is_confidential=True)
    shelf.document("Gutachten Winkler", folder=secret)
    reserved = shelf.document("BV Pausen")
    browse(cast.manfred).send(f"/documents/{reserved}/reservation", period="hours")
    assert "Vertraulich" in text(browse(cast.sabine).get(f"/folders/{secret}"))
    assert "In Bearbeitung durch Manfred Lehnigk" in text(
        browse(cast.petra).get(f"/spaces/{shelf.space}/documents")
    )
    assert "Von dir in Bearbeitung" in text(browse(cast.manfred).get(f"/spaces/{shelf.space}/documents"))


def test_a_look_at_a_document_beside_the_list_needs_no_script(
    cast: Cast, browse: Browse, shelf: Shelf
) -> None:
    document_id = shelf.document("BV Pausen", by_line="Betriebsrat Elsterblech")
    page = browse(cast.petra).get(f"/spaces/{shelf.space}/documents?details={document_id}")
    assert "Betriebsrat Elsterblech" in soup(page).select_one(".drawer").get_text()
    foreign = shelf.foreign()
    page = browse(cast.petra).get(f"/spaces/{shelf.space}/documents?details={foreign}")
    assert soup(page).select_one(".drawer") is None


def test_what_is_new_in_what_one_follows_is_told_until_it_was_seen(
    app: Flask, cast: Cast, browse: Browse, shelf: Shelf
) -> None:
    document_id = shelf.document("BV Pausen")
    with app.app_context(), unit_of_work():
        follows.follow_document(cast.sabine.viewer, document_id)
    client = browse(cast.sabine)
    assert "Neu in dem, was du verfolgst" not in text(client.get("/documents"))
    shelf.version(document_id, by=cast.manfred)
    page = client.get("/documents")
    assert "Neu in dem, was du verfolgst" in text(page)
    assert "Fassung 2" in text(page)
    assert client.send("/documents/reading").location == "/documents"
    assert "Neu in dem, was du verfolgst" not in text(client.get("/documents"))


def test_a_full_page_of_a_folder_asks_the_database_no_more_than_an_empty_one(
    cast: Cast, browse: Browse, shelf: Shelf, count_queries
) -> None:
    client = browse(cast.petra)
    empty, full = shelf.folder("Leer"), shelf.folder("Voll")
    for number in range(30):
        shelf.document(f"Papier {number}", folder=full, tags=["Eins", f"Zwei {number}"])
    client.get(f"/folders/{empty}")
    count_queries()
    client.get(f"/folders/{empty}")
    few = count_queries()
    client.get(f"/folders/{full}")
    assert count_queries() <= few + 1
