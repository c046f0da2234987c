"""Versions over HTTP: put beside each other, read, compared, made the newest again."""

import io
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import uuid4

import pytest
from flask import Flask

from forum.web.limits import limiter
from tests.cast import Cast
from tests.documents.pages import Browse, Shelf, menu, soup, text

OLD = "Die Pause dauert 30 Minuten."
NEW = "Die Pause dauert 45 Minuten."


@pytest.fixture
def shelf(app: Flask, cast: Cast) -> Shelf:
    return Shelf(app, cast)


def sent(shelf: Shelf, cast: Cast, **fields: object) -> dict[str, object]:
    return {"file_ids": shelf.file(cast.sabine, "Neu.pdf"), "client_key": str(uuid4()), **fields}


def test_anybody_here_adds_a_version_with_a_note(cast: Cast, browse: Browse, shelf: Shelf) -> None:
    document_id = shelf.document("BV Pausen")
    client = browse(cast.sabine)
    assert "Was hat sich geändert?" in text(client.get(f"/documents/{document_id}/versions/new"))
    answer = client.send(f"/documents/{document_id}/versions", **sent(shelf, cast, note="§ 4 angepasst"))
    assert answer.location == f"/documents/{document_id}"
    page = client.get(answer.location)
    assert "2 Fassungen" in text(page)
    assert "§ 4 angepasst" in text(page)
    assert browse(cast.olga).get(f"/documents/{document_id}/versions/new").status_code == 404
    assert (
        browse(cast.olga).send(f"/documents/{document_id}/versions", **sent(shelf, cast)).status_code == 404
    )


def test_a_version_without_a_file_is_none(cast: Cast, browse: Browse, shelf: Shelf) -> None:
    document_id = shelf.document("BV Pausen")
    answer = browse(cast.sabine).send(
        f"/documents/{document_id}/versions", note="§ 4", client_key=str(uuid4())
    )
    assert answer.status_code == 422
    assert "Wähle die Datei der neuen Fassung." in answer.text
    assert 'value="§ 4"' in answer.text


def test_two_versions_sent_at_once_both_stay(cast: Cast, browse: Browse, shelf: Shelf) -> None:
    document_id = shelf.document("BV Pausen")
    theirs = {"file_ids": shelf.file(cast.manfred, "Anders.pdf"), "client_key": str(uuid4())}
    browse(cast.sabine).send(f"/documents/{document_id}/versions", **sent(shelf, cast))
    browse(cast.manfred).send(f"/documents/{document_id}/versions", **theirs)
    page = text(browse(cast.petra).get(f"/documents/{document_id}"))
    assert "3 Fassungen" in page
    assert "Sabine Morgenroth" in page
    assert "Manfred Lehnigk" in page


def test_a_second_click_makes_no_second_version(cast: Cast, browse: Browse, shelf: Shelf) -> None:
    document_id = shelf.document("BV Pausen")
    client, fields = browse(cast.sabine), sent(shelf, cast)
    for _ in range(2):
        assert client.send(f"/documents/{document_id}/versions", **fields).status_code == 303
    assert "2 Fassungen" in text(client.get(f"/documents/{document_id}"))


def test_while_somebody_else_works_on_it_a_version_wants_a_second_thought(
    cast: Cast, browse: Browse, shelf: Shelf
) -> None:
    document_id = shelf.document("BV Pausen")
    browse(cast.petra).send(f"/documents/{document_id}/reservation", period="day")
    client, fields = browse(cast.sabine), sent(shelf, cast, note="§ 4")
    refused = client.send(f"/documents/{document_id}/versions", **fields)
    assert refused.status_code == 409
    assert "Petra Sommer hat dieses Dokument gerade in Bearbeitung." in refused.text
    assert soup(refused).select_one("[name=despite]")
    assert 'value="§ 4"' in refused.text
    assert client.send(f"/documents/{document_id}/versions", **fields, despite="y").status_code == 303
    assert "2 Fassungen" in text(client.get(f"/documents/{document_id}"))


def test_an_older_version_is_read_and_made_the_newest_again(cast: Cast, browse: Browse, shelf: Shelf) -> None:
    document_id = shelf.document("BV Pausen", OLD)
    shelf.version(document_id, NEW)
    client = browse(cast.petra)
    old = client.get(f"/documents/{document_id}/versions/1")
    assert "Das ist eine ältere Fassung." in text(old)
    assert "Wieder zur aktuellen machen" in menu(old)
    assert client.get(f"/documents/{document_id}/versions/9").status_code == 404
    assert client.send(f"/documents/{document_id}/versions/1/restoration").status_code == 303
    page = text(client.get(f"/documents/{document_id}"))
    assert "3 Fassungen" in page
    assert "Fassung 1 wiederhergestellt" in page


def test_what_changed_between_two_versions_is_shown_in_one_text_or_side_by_side(
    cast: Cast, browse: Browse, shelf: Shelf
) -> None:
    document_id = shelf.document("BV Pausen", OLD)
    shelf.version(document_id, NEW)
    client = browse(cast.petra)
    page = client.get(f"/documents/{document_id}/comparison")
    assert [tag.get_text() for tag in soup(page).select("del, ins")] == ["30", "45"]
    assert len(soup(page).select("select option[selected]")) == 2
    beside = client.get(f"/documents/{document_id}/comparison?old=1&new=2&view=sides")
    cells = soup(beside).select(".beside .changed td")
    assert ["30" in cells[0].get_text(), "45" in cells[1].get_text()] == [True, True]
    assert client.get(f"/documents/{document_id}/comparison?old=1&new=7").status_code == 404
    assert "zweimal dieselbe Fassung" in text(client.get(f"/documents/{document_id}/comparison?old=1&new=1"))
    assert browse(cast.olga).get(f"/documents/{document_id}/comparison").status_code == 404


def test_who_has_to_decide_about_a_new_version_is_told_and_the_others_keep_the_former_one(
    cast: Cast, browse: Browse, shelf: Shelf
) -> None:
    document_id = shelf.document("BV Pausen")
    file_id = shelf.file(cast.sabine, "Neu.pdf", findings={"authors": ["Sabine"]})
    client, here = browse(cast.sabine), f"/documents/{document_id}"
    client.send(f"{here}/versions", file_ids=file_id, client_key=str(uuid4()))
    own = client.get(here)
    assert "Fassung 2 ist da." in own.text
    assert "Fassung 2 wartet auf deine Entscheidung" in text(own)
    assert soup(own).select_one(f'.notice a[href^="/files/{file_id}/choice"]')
    theirs = browse(cast.petra).get(here)
    assert "wartet auf deine Entscheidung" not in text(theirs)
    for page in (own, theirs):
        assert soup(page).select_one(".version:has(.badge.info)")["id"] == "v1"
        assert soup(page).select_one("main .btn-primary")["href"] == f"{here}/versions/1/file"
    waiting = client.get(f"{here}/versions/2")
    assert "Diese Fassung gilt noch nicht" in text(waiting)
    assert "Wieder zur aktuellen machen" not in menu(waiting)
    library = f"/spaces/{shelf.space}/documents"
    assert "Wartet auf deine Entscheidung" in text(client.get(library))
    assert "Wird geprüft" in text(browse(cast.petra).get(library))


def test_a_plain_form_sent_twice_makes_one_version(cast: Cast, browse: Browse, shelf: Shelf) -> None:
    document_id = shelf.document("BV Pausen")
    client, key = browse(cast.sabine), str(uuid4())
    here = f"/documents/{document_id}"

    def send(words: bytes, form_key: str = key) -> int:
        file = (io.BytesIO(words), "Neu.txt")
        return client.send(f"{here}/versions", files=file, client_key=form_key).status_code

    assert [send(b"Die Pause"), send(b"Die Pause")] == [303, 303]
    assert "2 Fassungen" in text(client.get(here))
    assert not soup(client.get(f"{here}/versions/new")).select(".uploads > .upload")  # nothing is left over
    send(b"Eine andere Pause")
    assert "3 Fassungen" in text(client.get(here))
    send(b"Die Pause", str(uuid4()))
    assert "4 Fassungen" in text(client.get(here))


def test_a_plain_form_sent_several_times_at_once_makes_one_version(
    cast: Cast, browse: Browse, shelf: Shelf
) -> None:
    document_id = shelf.document("BV Pausen")
    here, key = f"/documents/{document_id}", str(uuid4())
    clients = [browse(cast.sabine) for _ in range(4)]
    tokens = [client.token() for client in clients]
    start = Barrier(len(clients))

    def send(number: int) -> int:
        start.wait()
        fields = {"csrf_token": tokens[number], "client_key": key, "files": (io.BytesIO(b"Pause"), "Neu.txt")}
        return clients[number].post(f"{here}/versions", data=fields).status_code

    with ThreadPoolExecutor(len(clients)) as pool:
        assert list(pool.map(send, range(len(clients)))) == [303] * len(clients)
    assert "2 Fassungen" in text(clients[0].get(here))
    assert not soup(clients[0].get(f"{here}/versions/new")).select(".uploads > .upload")


def test_texts_are_not_compared_without_end(
    cast: Cast, browse: Browse, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    document_id = shelf.document("BV Pausen", OLD)
    shelf.version(document_id, NEW)
    monkeypatch.setattr(limiter, "enabled", True)
    client = browse(cast.petra)
    try:
        answers = [client.get(f"/documents/{document_id}/comparison").status_code for _ in range(11)]
    finally:
        limiter.reset()
    assert answers == [200] * 10 + [429]
