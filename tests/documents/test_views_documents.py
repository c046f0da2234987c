"""One document over HTTP: put in, read, described, followed, reserved."""

import io
import json
from datetime import timedelta
from uuid import uuid4

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask

from forum.core.clock import now
from forum.core.db import db, unit_of_work
from forum.documents.models import Document
from forum.files.models import Choice
from tests.cast import Cast
from tests.documents.pages import Browse, Shelf, menu, soup, text, titles

PDF = b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


@pytest.fixture
def shelf(app: Flask, cast: Cast) -> Shelf:
    return Shelf(app, cast)


def said(shelf: Shelf, **fields: object) -> dict[str, object]:
    return {"full": "1", "folder_id": 0, "kind": "other", "client_key": str(uuid4()), **fields}


def test_one_file_becomes_a_document_with_all_that_is_said_about_it(
    app: Flask, cast: Cast, browse: Browse, shelf: Shelf
) -> None:
    client = browse(cast.petra)
    fields = said(
        shelf,
        file_ids=shelf.file(),
        title="BV Pausen",
        kind="agreement",
        dated="2026-03-03",
        tags="Pausen, Schichtarbeit ,",
        by_line="Betriebsrat Elsterblech",
        source="Einigungsstelle",
        description="Gilt für **alle**.",
    )
    answer = client.send(f"/spaces/{shelf.space}/documents", **fields)
    assert answer.status_code == 303
    page = client.get(answer.location)
    for words in ("BV Pausen", "Betriebsvereinbarung", "Gilt für alle"):
        assert words in text(page)
    beside = soup(page).select_one("aside").get_text(" ")
    for words in ("3. März 2026", "Betriebsrat Elsterblech", "Einigungsstelle", "Schichtarbeit"):
        assert words in beside


def test_several_files_become_as_many_documents_with_what_they_have_in_common(
    cast: Cast, browse: Browse, shelf: Shelf
) -> None:
    folder = shelf.folder("Protokolle")
    ids = [shelf.file(None, f"Sitzung_{number}.pdf") for number in (1, 2, 3)]
    client = browse(cast.petra)
    fields = said(shelf, file_ids=ids, kind="minutes", tags="Sitzung", folder_id=folder)
    answer = client.send(f"/spaces/{shelf.space}/documents", **fields)
    assert answer.location == f"/folders/{folder}"
    page = client.get(f"/folders/{folder}?tag=sitzung&kind=minutes&sort=title")
    assert titles(page) == ["Sitzung 1", "Sitzung 2", "Sitzung 3"]
    assert "3 Dokumente abgelegt." in text(page)


def test_a_plain_form_without_script_brings_its_file_along(cast: Cast, browse: Browse, shelf: Shelf) -> None:
    client = browse(cast.petra)
    page = client.get(f"/spaces/{shelf.space}/documents/new")
    form = soup(page).select_one("main form[enctype]")
    assert form["enctype"] == "multipart/form-data"
    assert form.select_one("input[type=file][name=files]")
    fields = said(shelf, files=(io.BytesIO(PDF), "BV Pausen.pdf"))
    answer = client.send(f"/spaces/{shelf.space}/documents", **fields)
    assert answer.status_code == 303
    assert "BV Pausen" in text(client.get(answer.location))


def test_a_second_click_makes_no_second_document(
    app: Flask, cast: Cast, browse: Browse, shelf: Shelf
) -> None:
    client, fields = browse(cast.petra), said(shelf, file_ids=shelf.file(), title="BV Pausen")
    places = {client.send(f"/spaces/{shelf.space}/documents", **fields).location for _ in range(2)}
    assert len(places) == 1
    with app.app_context():
        assert db.session.scalar(sa.select(sa.func.count(Document.id))) == 1


def test_without_a_file_the_form_comes_back_with_what_was_typed(
    cast: Cast, browse: Browse, shelf: Shelf
) -> None:
    fields = said(shelf, title="BV Pausen", tags="Pausen")
    answer = browse(cast.petra).send(f"/spaces/{shelf.space}/documents", **fields)
    assert answer.status_code == 422
    assert "Wähle mindestens eine Datei aus." in answer.text
    assert 'value="BV Pausen"' in answer.text
    assert 'value="Pausen"' in answer.text


def test_a_day_that_is_none_is_refused_and_nothing_is_lost(cast: Cast, browse: Browse, shelf: Shelf) -> None:
    file_id = shelf.file()
    fields = said(shelf, file_ids=file_id, dated="31.02.2026", title="BV Pausen")
    answer = browse(cast.petra).send(f"/spaces/{shelf.space}/documents", **fields)
    assert answer.status_code == 422
    assert 'id="dated-error"' in answer.text
    assert f'value="{file_id}"' in answer.text or f'data-id="{file_id}"' in answer.text


def test_who_does_not_belong_puts_nothing_in(cast: Cast, browse: Browse, shelf: Shelf) -> None:
    for stranger in (cast.olga, cast.karla):
        client = browse(stranger)
        assert client.get(f"/spaces/{shelf.space}/documents/new").status_code == 404
        assert client.send(f"/spaces/{shelf.space}/documents", **said(shelf)).status_code == 404


def test_the_page_offers_what_its_reader_may_do(cast: Cast, browse: Browse, shelf: Shelf) -> None:
    document_id = shelf.document("BV Pausen", "Dreißig Minuten")
    for person, keeps in ((cast.petra, True), (cast.manfred, True), (cast.sabine, False)):
        found = menu(browse(person).get(f"/documents/{document_id}"))
        assert {"Herunterladen", "Neue Fassung", "Diskutieren", "Folgen"} <= found
        assert ({"Verschieben", "In den Papierkorb"} <= found) is keeps
    assert browse(cast.olga).get(f"/documents/{document_id}").status_code == 404


def test_a_description_is_changed_by_its_author_and_the_moderation_only(
    cast: Cast, browse: Browse, shelf: Shelf
) -> None:
    document_id = shelf.document("BV Pausen", tags=["Pausen"])
    fields = {"title": "BV Pausen 2026", "kind": "agreement", "tags": "Pausen, Neu", "revision": 0}
    assert browse(cast.sabine).get(f"/documents/{document_id}/edit").status_code == 403
    assert browse(cast.sabine).send(f"/documents/{document_id}", **fields).status_code == 403
    client = browse(cast.petra)
    assert 'value="Pausen"' in client.get(f"/documents/{document_id}/edit").text
    assert client.send(f"/documents/{document_id}", **fields).status_code == 303
    assert "BV Pausen 2026" in text(client.get(f"/documents/{document_id}"))
    assert (
        client.send(f"/documents/{document_id}", **{**fields, "title": "", "revision": 1}).status_code == 422
    )


def test_two_who_describe_at_once_both_see_what_the_other_wrote(
    cast: Cast, browse: Browse, shelf: Shelf
) -> None:
    document_id = shelf.document("BV Pausen")
    first, second = browse(cast.petra), browse(cast.manfred)
    assert (
        first.send(f"/documents/{document_id}", title="Von Petra", kind="other", revision=0).status_code
        == 303
    )
    late = second.send(f"/documents/{document_id}", title="Von Manfred", kind="other", revision=0)
    assert late.status_code == 409
    assert "Von Petra" in soup(late).select_one("[aria-labelledby=theirs]").get_text()
    assert 'value="Von Manfred"' in late.text
    revision = soup(late).select_one("[name=revision]")["value"]
    assert (
        second.send(
            f"/documents/{document_id}", title="Von Manfred", kind="other", revision=revision
        ).status_code
        == 303
    )
    assert "Von Manfred" in text(first.get(f"/documents/{document_id}"))


def test_a_reservation_is_seen_by_the_others_and_ends_by_itself(
    cast: Cast, browse: Browse, shelf: Shelf
) -> None:
    document_id = shelf.document("BV Pausen")
    assert browse(cast.petra).send(f"/documents/{document_id}/reservation", period="hours").status_code == 303
    theirs = browse(cast.sabine)
    assert "Petra Sommer arbeitet gerade daran" in text(theirs.get(f"/documents/{document_id}"))
    theirs.send(f"/documents/{document_id}/reservation", period="hours")
    assert "Petra Sommer hat dieses Dokument gerade in Bearbeitung." in text(
        theirs.get(f"/documents/{document_id}")
    )
    with time_machine.travel(now() + timedelta(hours=3)):
        assert "arbeitet gerade daran" not in text(theirs.get(f"/documents/{document_id}"))
    assert browse(cast.petra).send(f"/documents/{document_id}/reservation", period="year").status_code == 404


def test_a_reservation_is_given_back_by_its_owner_or_lifted_by_the_moderation(
    cast: Cast, browse: Browse, shelf: Shelf
) -> None:
    document_id = shelf.document("BV Pausen")
    owner = browse(cast.petra)
    for lifter in (owner, browse(cast.manfred)):
        owner.send(f"/documents/{document_id}/reservation", period="week")
        assert browse(cast.sabine).send(f"/documents/{document_id}/reservation/delete").status_code == 403
        assert lifter.send(f"/documents/{document_id}/reservation/delete").status_code == 303
        assert "arbeitet gerade daran" not in text(browse(cast.sabine).get(f"/documents/{document_id}"))


def test_following_is_switched_on_and_off(cast: Cast, browse: Browse, shelf: Shelf) -> None:
    document_id = shelf.document("BV Pausen")
    client = browse(cast.sabine)
    client.send(f"/documents/{document_id}/follow")
    assert "Nicht mehr folgen" in menu(client.get(f"/documents/{document_id}"))
    shelf.version(document_id)
    assert soup(client.get(f"/documents/{document_id}")).select_one("[data-seen]")
    client.send(f"/documents/{document_id}/reading")
    assert not soup(client.get(f"/documents/{document_id}")).select_one("[data-seen]")
    client.send(f"/documents/{document_id}/follow/delete")
    assert "Folgen" in menu(client.get(f"/documents/{document_id}"))


def test_a_plain_form_sent_twice_makes_one_document_of_each_file(
    cast: Cast, browse: Browse, shelf: Shelf
) -> None:
    client, here = browse(cast.petra), f"/spaces/{shelf.space}/documents"
    fields = said(shelf)
    for _ in range(2):
        files = [(io.BytesIO(PDF), "BV Pausen.pdf"), (io.BytesIO(PDF + b"2"), "BV Pausen 2.pdf")]
        assert client.send(here, **fields, files=files).status_code == 303
    assert sorted(titles(client.get(here))) == ["BV Pausen", "BV Pausen 2"]
    client.send(here, **said(shelf), files=(io.BytesIO(PDF), "BV Pausen.pdf"))
    assert len(titles(client.get(here))) == 3


def test_a_description_is_written_as_posts_are_and_shown_as_it_looks(
    cast: Cast, browse: Browse, shelf: Shelf
) -> None:
    document_id = shelf.document("BV Pausen", description="Gilt für **alle**.")
    client = browse(cast.petra)
    field = soup(client.get(f"/documents/{document_id}/edit")).select_one("[name=description]")
    assert field["data-composer"] == "now"
    assert "Fett" in json.loads(field["data-composer-labels"]).values()
    field = soup(client.get(f"/spaces/{shelf.space}/documents/new")).select_one("[name=description]")
    assert field["data-composer"] == ""
    late = client.send(f"/documents/{document_id}", title="BV Pausen", kind="other", revision=7)
    assert soup(late).select_one("[aria-labelledby=theirs] strong").get_text() == "alle"


def test_who_follows_and_who_does_not_any_more_is_told_and_strangers_learn_nothing(
    cast: Cast, browse: Browse, shelf: Shelf
) -> None:
    things = (f"/documents/{shelf.document('BV Pausen')}", f"/folders/{shelf.folder('Protokolle')}")
    for thing in things:
        client = browse(cast.petra)
        for end, opposite in (("/follow", "/follow/delete"), ("/follow/delete", "/follow")):
            answer = client.send(thing + end)
            assert answer.location == thing
            assert soup(client.get(thing)).select_one(".toast form")["action"] == thing + opposite
            assert browse(cast.olga).send(thing + end).status_code == 404


def test_of_a_document_that_calls_out_when_opened_readers_are_told_before(
    app: Flask, cast: Cast, browse: Browse, shelf: Shelf
) -> None:
    document_id = shelf.document("BV Pausen")
    assert "aus dem Internet ab" not in text(browse(cast.sabine).get(f"/documents/{document_id}"))
    with app.app_context(), unit_of_work():
        file = db.session.get_one(Document, document_id).file
        assert file is not None
        assert file.blob is not None
        file.choice, file.blob.findings = Choice.KEEP, {"remote": ["spion.example"]}
    said = text(browse(cast.sabine).get(f"/documents/{document_id}"))
    assert (
        "Diese Datei ruft beim Öffnen etwas aus dem Internet ab (spion.example). Wer sie öffnet, verrät das."
        in said
    )
