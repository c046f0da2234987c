"""Files in messages: sent with words or without, shown to whoever reads the room, gone with the message."""

import io
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient

from forum.attachments.models import Attachment
from forum.attachments.queries import names_of
from forum.chat.models import Message
from forum.chat.queries.messages import Data, as_data, get_row, search
from forum.chat.service import messages, retention, rooms
from forum.core.clock import now
from forum.core.db import db, unit_of_work
from forum.core.errors import Invalid
from forum.files.kinds import FileKind
from forum.files.models import Blob, Choice, File, Progress
from tests.cast import Cast, Person
from tests.chat.conftest import Told
from tests.make.sent import forget_all, half_sent_file, sent_file

Browse = Callable[[Person | None], FlaskClient]
FETCH = {"X-Requested-With": "fetch"}


@pytest.fixture(autouse=True)
def tidy_store(app: Flask) -> Iterator[None]:
    """Nothing is in store and spool afterwards."""
    yield
    with app.app_context():
        forget_all()


def sent(app: Flask, member: Person, name: str = "Plan.pdf", **about: Any) -> int:
    with app.app_context():
        return sent_file(member, name, **about)


def say(app: Flask, author: Person, room_id: int, *file_ids: int, words: str = "") -> int:
    with app.app_context(), unit_of_work():
        return messages.send_message(author.viewer, room_id, words, uuid4(), file_ids=file_ids).id


def data_of(app: Flask, message_id: int) -> Data:
    with app.app_context():
        found: Data = as_data(get_row(message_id), 0)["message"]
        return found


def count(app: Flask, table: type[File] | type[Attachment]) -> int:
    with app.app_context():
        return db.session.scalar(sa.select(sa.func.count()).select_from(table)) or 0


# Sending


def test_a_message_has_words_or_files_or_both_but_not_nothing(app: Flask, cast: Cast) -> None:
    only_file = say(app, cast.petra, cast.room, sent(app, cast.petra))
    both = say(app, cast.petra, cast.room, sent(app, cast.petra, "B.pdf"), words="Schaut mal")
    assert [data_of(app, one)["html"] for one in (only_file, both)] == ["", "<p>Schaut mal</p>\n"]
    assert [[file["name"] for file in data_of(app, one)["files"]] for one in (only_file, both)] == [
        ["Plan.pdf"],
        ["B.pdf"],
    ]
    with pytest.raises(Invalid, match="schreib einen Text"):
        say(app, cast.petra, cast.room)


def test_files_of_messages_count_against_their_sender_also_in_a_room_of_a_space(
    app: Flask, cast: Cast
) -> None:
    file_id = sent(app, cast.petra)
    message_id = say(app, cast.petra, cast.room, file_id)
    with app.app_context():
        file = db.session.get_one(File, file_id)
        assert (file.owner, file.space_id) == (f"message:{message_id}", None)


def test_a_file_of_somebody_else_or_one_not_all_here_goes_with_no_message(app: Flask, cast: Cast) -> None:
    with app.app_context():
        half = half_sent_file(cast.petra)
    for file_id in (sent(app, cast.manfred), half, 2**31 - 2):
        with pytest.raises(Invalid) as refusal:
            say(app, cast.petra, cast.room, file_id, words="Anbei")
        assert refusal.value.field == "files"
    with app.app_context():
        assert db.session.scalar(sa.select(sa.func.count()).select_from(Message)) == 0


def test_over_the_socket_files_are_named_by_their_ids_and_all_in_the_room_hear_of_them(
    app: Flask, cast: Cast, listen: Callable[..., Any]
) -> None:
    file_id = sent(app, cast.petra)
    petra, manfred = listen(cast.petra, "/chat"), listen(cast.manfred, "/chat")
    key = str(uuid4())
    for _time in range(2):
        answer = petra.ask("send", {"room": cast.room, "text": "", "key": key, "files": [file_id]})
        assert answer["ok"], answer
    (heard,) = manfred.heard("changed")
    (file,) = heard["message"]["files"]
    assert (file["name"], file["state"], file["kind"]) == ("Plan.pdf", "ready", "pdf")
    assert file["url"] == f"/attachments/{file['id']}"
    caught_up = manfred.ask("catch_up", {"room": cast.room, "since": 0})
    assert caught_up["messages"][0]["files"] == [file]


@pytest.mark.parametrize("value", [None, 7, "7", ["7"], [True], [1.0], {"1": 1}, [[1]], [None]])
def test_what_is_no_list_of_ids_is_refused(cast: Cast, listen: Callable[..., Any], value: Any) -> None:
    petra = listen(cast.petra, "/chat")
    answer = petra.ask("send", {"room": cast.room, "text": "Ja", "key": str(uuid4()), "files": value})
    assert answer["error"] == "invalid"


@pytest.mark.parametrize("value", [-1, 0, 2**31 - 2, 2**63, 10**30])
def test_no_number_makes_a_file_of_nothing(cast: Cast, listen: Callable[..., Any], value: int) -> None:
    petra = listen(cast.petra, "/chat")
    answer = petra.ask("send", {"room": cast.room, "text": "Ja", "key": str(uuid4()), "files": [value]})
    assert answer["error"] in {"invalid", "not_found"}


def test_without_script_files_go_along_with_the_form(app: Flask, cast: Cast, browse: Browse) -> None:
    petra = browse(cast.petra)
    address = f"/chat/rooms/{cast.room}"
    form = BeautifulSoup(petra.get(address).text, "html.parser").select_one("form.say")
    assert form is not None
    assert form["enctype"] == "multipart/form-data"
    answer = petra.send(  # type: ignore[attr-defined]
        f"{address}/messages",
        text="",
        client_key=str(uuid4()),
        files=[(io.BytesIO(b"%PDF-1.7"), "Aushang.pdf")],
    )
    assert answer.status_code == 303
    assert "Aushang.pdf" in browse(cast.sabine).get(address).text


def test_a_refused_message_keeps_its_files_for_the_next_try(app: Flask, cast: Cast, browse: Browse) -> None:
    with app.app_context(), unit_of_work():
        locked = rooms.open_room(cast.manfred.viewer, cast.spaces["FIN"], "Gesperrt").id
    with app.app_context(), unit_of_work():
        rooms.lock_room(cast.manfred.viewer, locked)
    petra = browse(cast.petra)
    refused = petra.send(  # type: ignore[attr-defined]
        f"/chat/rooms/{locked}/messages",
        text="Anbei",
        client_key=str(uuid4()),
        files=[(io.BytesIO(b"%PDF-1.7"), "Aushang.pdf")],
    )
    assert refused.status_code == 403
    with app.app_context(), unit_of_work():
        rooms.unlock_room(cast.manfred.viewer, locked)
    waits = BeautifulSoup(petra.get(f"/chat/rooms/{locked}").text, "html.parser").select(".uploads .upload")
    assert [one["data-name"] for one in waits] == ["Aushang.pdf"]
    sent_by_script = petra.post(
        f"/chat/rooms/{locked}/messages",
        data={
            "csrf_token": petra.token(),  # type: ignore[attr-defined]
            "text": "",
            "client_key": str(uuid4()),
            "file_ids": [waits[0]["data-id"]],
        },
        headers=FETCH,
    )
    assert [file["name"] for file in sent_by_script.json["message"]["files"]] == ["Aushang.pdf"]


def test_words_may_be_taken_out_of_a_message_with_files_but_not_out_of_one_without(
    app: Flask, cast: Cast
) -> None:
    with_file = say(app, cast.petra, cast.room, sent(app, cast.petra), words="Anbei")
    without = say(app, cast.petra, cast.room, words="Ohne")
    with app.app_context(), unit_of_work():
        messages.edit_message(cast.petra.viewer, with_file, "", 0)
    assert (data_of(app, with_file)["html"], len(data_of(app, with_file)["files"])) == ("", 1)
    with app.app_context(), pytest.raises(Invalid), unit_of_work():
        messages.edit_message(cast.petra.viewer, without, "", 0)


# Showing


def test_a_message_shows_its_files_and_lists_say_so_where_there_are_no_words(
    app: Flask, cast: Cast, browse: Browse
) -> None:
    picture = sent(app, cast.petra, "Halle.png", data=b"\x89PNG", kind=FileKind.PNG)
    message_id = say(app, cast.petra, cast.room, picture, sent(app, cast.petra))
    sabine = browse(cast.sabine)
    page = BeautifulSoup(sabine.get(f"/chat/rooms/{cast.room}").text, "html.parser")
    shown = page.select_one(f"#m{message_id} .attached")
    assert shown is not None
    assert [one["alt"] for one in shown.select("img")] == ["Halle.png"]
    assert [one.get_text() for one in shown.select("a.file-name")] == ["Plan.pdf"]
    said = BeautifulSoup(sabine.get("/chat").text, "html.parser").select_one(
        f"[data-room='{cast.room}'] .said"
    )
    assert said is not None
    assert said.get_text(" ", strip=True) == "Petra Sommer: Datei"
    answer = say(app, cast.sabine, cast.room, words="Danke")
    with app.app_context(), unit_of_work():
        db.session.get_one(Message, answer).reply_to_id = message_id
    page = BeautifulSoup(sabine.get(f"/chat/rooms/{cast.room}").text, "html.parser")
    quoted = page.select_one(f"#m{answer} .excerpt")
    assert quoted is not None
    assert quoted.get_text() == "Datei"
    assert data_of(app, answer)["reply_to"]["has_files"]


def test_only_the_sender_is_asked_what_a_file_may_tell(app: Flask, cast: Cast, browse: Browse) -> None:
    asks = sent(app, cast.petra, findings={"authors": ["Petra Sommer"]})
    say(
        app,
        cast.petra,
        cast.room,
        asks,
        sent(app, cast.petra, "Neu.pdf", data=b"neu", check=Progress.WAITING),
    )
    address = f"/chat/rooms/{cast.room}"
    assert f"/files/{asks}/choice" in browse(cast.petra).get(address).text
    page = browse(cast.sabine).get(address).text
    assert f"/files/{asks}/choice" not in page
    shown = BeautifulSoup(page, "html.parser").select_one(".messages .attached")
    assert shown is not None
    assert shown.get_text(" ", strip=True).count("wird geprüft") == 2


def test_messages_with_files_need_one_statement_more_however_many_there_are(
    app: Flask, cast: Cast, browse: Browse, count_queries: Callable[[], int]
) -> None:
    sabine = browse(cast.sabine)

    def statements() -> int:
        sabine.get(f"/chat/rooms/{cast.room}")
        count_queries()
        sabine.get(f"/chat/rooms/{cast.room}")
        return count_queries()

    say(app, cast.petra, cast.room, words="Hallo")
    without = statements()
    for number in range(4):
        say(app, cast.petra, cast.room, sent(app, cast.petra, f"{number}.pdf"))
    assert statements() == without + 1


def test_an_export_names_the_files(app: Flask, cast: Cast, browse: Browse) -> None:
    say(app, cast.petra, cast.room, sent(app, cast.petra), sent(app, cast.petra, "B.pdf"), words="Anbei")
    text = browse(cast.sabine).get(f"/chat/rooms/{cast.room}/export/text").text
    assert "Anbei\r\n    [Datei: Plan.pdf]\r\n    [Datei: B.pdf]" in text


# Going


@pytest.mark.parametrize("way", ["withdraw", "remove", "retention", "abandoned group"])
def test_with_the_message_its_files_go_for_real(app: Flask, cast: Cast, told: Told, way: str) -> None:
    with app.app_context():
        room = cast.group(cast.sabine) if way == "abandoned group" else cast.room
    message_id = say(app, cast.petra, room, sent(app, cast.petra), words="Anbei")
    kept = say(app, cast.petra, room, sent(app, cast.petra, "Bleibt.pdf", data=b"bleibt"))
    told.clear()
    with app.app_context(), unit_of_work():
        if way == "withdraw":
            messages.withdraw_message(cast.petra.viewer, message_id)
        elif way == "remove":
            messages.remove_message(cast.manfred.viewer, message_id, "Nennt Namen")
        elif way == "retention":
            db.session.get_one(Message, message_id).created_at = now() - timedelta(days=366)
        else:
            rooms.leave_group(cast.petra.viewer, room)
            rooms.leave_group(cast.sabine.viewer, room)
    if way in {"retention", "abandoned group"}:
        with app.app_context(), unit_of_work():
            retention.purge_expired(now())
    is_all_gone = way == "abandoned group"
    assert (count(app, File), count(app, Attachment)) == ((0, 0) if is_all_gone else (1, 1))
    with app.app_context():
        assert names_of("message", [message_id, kept]) == ({} if is_all_gone else {kept: ["Bleibt.pdf"]})
        unused = sa.select(sa.func.count()).where(Blob.unused_since.is_not(None))
        assert db.session.scalar(unused) == (2 if is_all_gone else 1)
    if way in {"withdraw", "remove"}:
        (data,) = told.data("changed")
        assert data["message"]["files"] == []


def test_a_message_is_found_by_the_name_of_its_file(app: Flask, cast: Cast, browse: Browse) -> None:
    named = say(app, cast.petra, cast.room, sent(app, cast.petra, "Schichtplan Öfen.pdf"), words="Anbei")
    silent = say(app, cast.petra, cast.room, sent(app, cast.petra, "Protokoll.pdf"))
    with app.app_context():
        for words, expected in (
            ("schichtplan", [named]),
            ("öfen anbei", [named]),
            ("protokoll", [silent]),
            (".pdf", [silent, named]),
            ("protokoll anbei", []),
        ):
            assert [row.id for row in search(cast.room, words)] == expected
    page = BeautifulSoup(
        browse(cast.sabine).get(f"/chat/rooms/{cast.room}/search?q=protokoll").text, "html.parser"
    )
    assert [mark.get_text() for mark in page.select(".found mark")] == ["Protokoll"]
    with app.app_context():
        with unit_of_work():
            messages.withdraw_message(cast.petra.viewer, silent)
        assert search(cast.room, "protokoll") == []


def test_a_message_with_files_may_lose_its_words_and_one_without_may_not(
    app: Flask, cast: Cast, browse: Browse
) -> None:
    with_file = say(app, cast.petra, cast.room, sent(app, cast.petra), words="Anbei")
    bare = say(app, cast.petra, cast.room, words="Anbei")
    client = browse(cast.petra)
    for message_id, status in ((with_file, 200), (bare, 422)):
        fields = {"csrf_token": client.token(), "text": " ", "version": 0}
        answer = client.post(f"/chat/messages/{message_id}/edit", data=fields, headers=FETCH)
        assert answer.status_code == status
    assert data_of(app, with_file)["html"] == ""
    assert "Anbei" in data_of(app, bare)["html"]


def test_a_plain_form_sent_twice_leaves_no_file_over(app: Flask, cast: Cast, browse: Browse) -> None:
    client, key = browse(cast.petra), str(uuid4())
    for _time in range(2):
        fields = {"text": "Anbei", "client_key": key, "files": (io.BytesIO(b"%PDF-1.7 Plan"), "Plan.pdf")}
        assert client.send(f"/chat/rooms/{cast.room}/messages", **fields).status_code == 303
    assert (count(app, File), count(app, Attachment)) == (1, 1)


def test_a_file_that_calls_out_when_opened_says_so_to_whoever_reads(
    app: Flask, cast: Cast, browse: Browse
) -> None:
    calling = sent(app, cast.petra, findings={"remote": ["spion.example"]}, choice=Choice.KEEP)
    message_id = say(app, cast.petra, cast.room, calling, words="Anbei")
    (file,) = data_of(app, message_id)["files"]
    assert file["is_remote"] is True
    page = browse(cast.manfred).get(f"/chat/rooms/{cast.room}").text
    assert "Diese Datei ruft beim Öffnen etwas aus dem Internet ab (spion.example)." in page
    page = browse(cast.manfred).get(file["url"]).text
    assert "Wer sie öffnet, verrät das." in page
    quiet = say(app, cast.petra, cast.room, sent(app, cast.petra, "B.pdf", data=b"%PDF-1.7 B"))
    assert data_of(app, quiet)["files"][0]["is_remote"] is False
