"""A room over HTTP: what each reader sees of it, in which order, and what becomes of what they send without script."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa
import time_machine
from bs4 import BeautifulSoup, Tag
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from forum.chat.models import Message, MessageState, Reaction, Seat
from forum.chat.queries.messages import PAGE_SIZE
from forum.chat.service import messages, reactions, rooms, seats
from forum.core.db import db, unit_of_work
from tests.cast import Cast, Person

Browse = Callable[[Person | None], FlaskClient]
FETCH = {"X-Requested-With": "fetch"}
EVENING = datetime(2026, 3, 2, 22, 50, tzinfo=UTC)  # ten to midnight, for the people here
SECRET = "Geheime Zahl 4711"


def soup(response: TestResponse) -> BeautifulSoup:
    page = BeautifulSoup(response.text, "html.parser")
    for template in page.find_all("template"):
        template.decompose()  # nobody sees it
    return page


def text(response: TestResponse) -> str:
    return " ".join(soup(response).get_text(" ").split())


def shown(response: TestResponse) -> list[int]:
    """The ids of the messages on the page, as they stand."""
    return [int(tag["data-id"]) for tag in soup(response).select(".messages > .message")]


def message_in(response: TestResponse, message_id: int) -> Tag:
    found = soup(response).select_one(f"#m{message_id}")
    assert found is not None
    return found


def offered(client: FlaskClient, message_id: int) -> set[str]:
    """What can be done with a message, on the page that browsers without script show."""
    page = soup(client.get(f"/chat/messages/{message_id}/actions"))
    return {
        item.get_text(strip=True) for item in page.select(".message-actions :is(.item, .withdraw > .btn)")
    }


def do(app: Flask, verb: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
    with app.app_context(), unit_of_work():
        return verb(*arguments, **named)


def say(app: Flask, author: Person, room_id: int, words: str = "Wer ist morgen da?", **named: Any) -> int:
    with app.app_context(), unit_of_work():
        return messages.send_message(author.viewer, room_id, words, uuid4(), **named).id


def row(app: Flask, message_id: int) -> Message:
    with app.app_context():
        found = db.session.get(Message, message_id)
        assert found is not None
        return found


@pytest.fixture
def evening() -> Iterator[time_machine.Traveller]:
    """A clock that stands still shortly before midnight."""
    with time_machine.travel(EVENING, tick=False) as clock:
        yield clock


# ── What stands on the page ──────────────────────────────────────────────────────────────────────────────


def test_a_room_opens_with_its_last_messages_in_one_request_and_few_statements(
    app: Flask, cast: Cast, browse: Browse, count_queries: Callable[[], int]
) -> None:
    ids = [say(app, cast.manfred, cast.room, f"Nachricht {number}") for number in range(PAGE_SIZE + 5)]
    petra = browse(cast.petra)
    path = f"/chat/rooms/{cast.room}"
    petra.get(path)
    count_queries()
    response = petra.get(path)
    full = count_queries()
    assert shown(response) == ids[5:]
    with app.app_context(), unit_of_work():
        db.session.execute(sa.delete(Message).where(Message.id.in_(ids[3:])))
    count_queries()
    petra.get(path)
    assert count_queries() >= full - 2  # fifty messages cost no more statements than three
    assert full <= 14


def test_history_is_paged_by_plain_links_without_gap_or_double(
    app: Flask, cast: Cast, browse: Browse
) -> None:
    ids = [say(app, cast.petra, cast.room, f"Nachricht {number}") for number in range(2 * PAGE_SIZE + 7)]
    petra = browse(cast.petra)
    seen: list[int] = []
    path: str | None = f"/chat/rooms/{cast.room}"
    while path:
        page = petra.get(path)
        seen = shown(page) + seen
        older = soup(page).select_one(".older a")
        path = str(older["href"]) if older else None
    assert seen == ids
    first = petra.get(f"/chat/rooms/{cast.room}?after={ids[0]}")
    assert shown(first) == ids[1 : PAGE_SIZE + 1]
    assert soup(first).select_one(".newer a") is not None


def test_messages_of_one_author_stand_together_for_five_minutes(
    app: Flask, cast: Cast, browse: Browse, evening: time_machine.Traveller
) -> None:
    first = say(app, cast.petra, cast.room)
    evening.shift(timedelta(minutes=4))
    soon = say(app, cast.petra, cast.room)
    evening.shift(timedelta(minutes=5))
    later = say(app, cast.petra, cast.room)
    other = say(app, cast.manfred, cast.room)
    evening.shift(timedelta(minutes=4))  # past midnight
    next_day = say(app, cast.manfred, cast.room)
    response = browse(cast.petra).get(f"/chat/rooms/{cast.room}")
    follows = {int(tag["data-id"]) for tag in soup(response).select(".message") if "follows" in tag["class"]}
    assert follows == {soon}
    assert shown(response) == [first, soon, later, other, next_day]
    assert [tag.get_text(strip=True) for tag in soup(response).select(".day")] == ["Gestern", "Heute"]


def test_what_is_new_begins_under_a_line_and_is_found_when_it_lies_further_up(
    app: Flask, cast: Cast, browse: Browse
) -> None:
    old = say(app, cast.manfred, cast.room)
    do(app, seats.note_reading, cast.petra.viewer, cast.room, old)
    new = [say(app, cast.manfred, cast.room) for _number in range(3)]
    petra = browse(cast.petra)
    line = soup(petra.get(f"/chat/rooms/{cast.room}")).select_one("#new")
    assert line is not None
    assert line.find_next_sibling(class_="message")["id"] == f"m{new[0]}"
    for _number in range(PAGE_SIZE):
        say(app, cast.manfred, cast.room)
    page = petra.get(f"/chat/rooms/{cast.room}")
    assert soup(page).select_one("#new") is None
    link = next(tag for tag in soup(page).select(".more a") if "Zur ersten neuen" in tag.get_text())
    assert new[0] in shown(petra.get(str(link["href"])))
    assert soup(browse(cast.manfred).get(f"/chat/rooms/{cast.room}")).select_one("#new") is None


def test_reading_is_noted_by_its_own_form_and_never_by_looking(
    app: Flask, cast: Cast, browse: Browse
) -> None:
    last = say(app, cast.manfred, cast.room)
    petra = browse(cast.petra)
    page = petra.get(f"/chat/rooms/{cast.room}")
    assert "Bis hier als gelesen markieren" in text(page)
    assert "Bis hier als gelesen markieren" in text(petra.get(f"/chat/rooms/{cast.room}"))
    petra.send(f"/chat/rooms/{cast.room}/reading", message=last)
    assert "Bis hier als gelesen markieren" not in text(petra.get(f"/chat/rooms/{cast.room}"))
    with app.app_context():
        assert db.session.get_one(Seat, (cast.room, cast.petra.id)).last_read_id == last


def test_a_withdrawn_and_a_removed_message_leave_a_trace_and_no_word(
    app: Flask, cast: Cast, browse: Browse
) -> None:
    mine, yours = say(app, cast.petra, cast.room, SECRET), say(app, cast.petra, cast.room, SECRET)
    answer = say(app, cast.sabine, cast.room, "Wirklich?", reply_to=mine)
    do(app, messages.withdraw_message, cast.petra.viewer, mine)
    do(app, messages.remove_message, cast.manfred.viewer, yours, "Nennt Zahlen")
    response = browse(cast.sabine).get(f"/chat/rooms/{cast.room}")
    assert SECRET not in response.text
    assert "Petra Sommer hat eine Nachricht zurückgezogen." in text(response)
    assert "Nachricht von Petra Sommer, von der Moderation entfernt. Grund: Nennt Zahlen" in text(response)
    assert "Diese Nachricht gibt es nicht mehr." in message_in(response, answer).get_text()


def test_an_answer_leads_to_what_it_answers_and_a_kept_message_to_its_topic(
    app: Flask, cast: Cast, browse: Browse
) -> None:
    asked = say(app, cast.manfred, cast.room, "Wie lange dauert die Übergabe?")
    answer = say(app, cast.petra, cast.room, "Zwölf Minuten", reply_to=asked)
    do(app, messages.note_kept, cast.petra.viewer, cast.room, [answer], "/topics/7", "Übergabe")
    do(app, messages.pin_message, cast.manfred.viewer, answer)
    do(app, messages.edit_message, cast.petra.viewer, answer, "Zwölf Minuten.", 0)
    petra = browse(cast.petra)
    found = message_in(petra.get(f"/chat/rooms/{cast.room}"), answer)
    quoted = found.select_one(".quoted")
    assert "Wie lange dauert die Übergabe?" in quoted.get_text()
    assert found.select_one(".kept a")["href"] == "/topics/7"
    assert found.select_one(".notes").get_text(" ", strip=True) == "Angeheftet bearbeitet"
    target = petra.get(quoted["href"])
    assert target.location == f"/chat/rooms/{cast.room}?around={asked}#m{asked}"
    assert asked in shown(petra.get(target.location))


@pytest.mark.parametrize(
    ("who", "expected"),
    [
        ("petra", {"Antworten", "Bearbeiten", "Link kopieren", "Als Thema sichern", "Wirklich zurückziehen"}),
        ("sabine", {"Antworten", "Link kopieren", "Als Thema sichern"}),
        ("manfred", {"Antworten", "Link kopieren", "Anheften", "Als Thema sichern", "Entfernen"}),
    ],
)
def test_each_reader_is_offered_what_they_may_do(
    app: Flask, cast: Cast, browse: Browse, who: str, expected: set[str]
) -> None:
    message_id = say(app, cast.petra, cast.room)
    client = browse(getattr(cast, who))
    page = client.get(f"/chat/rooms/{cast.room}")
    way = message_in(page, message_id).select_one(".panel a")
    assert way["href"] == f"/chat/messages/{message_id}/actions"
    assert offered(client, message_id) - {"Wer hat das gelesen?", "Zurückziehen"} == expected


def test_a_locked_room_says_so_and_offers_nothing_to_write(app: Flask, cast: Cast, browse: Browse) -> None:
    message_id = say(app, cast.petra, cast.room)
    do(app, rooms.lock_room, cast.manfred.viewer, cast.room)
    locked = browse(cast.petra).get(f"/chat/rooms/{cast.room}")
    assert "Dieser Raum ist gesperrt. Du kannst weiter mitlesen." in text(locked)
    assert soup(locked).select_one("#say") is None
    assert message_in(locked, message_id).select_one(".answer") is None
    assert offered(browse(cast.petra), message_id) & {"Antworten", "Bearbeiten"} == set()
    assert soup(browse(cast.manfred).get(f"/chat/rooms/{cast.room}")).select_one("#say") is not None


def test_the_head_says_who_reads_and_for_how_long(app: Flask, cast: Cast, browse: Browse) -> None:
    here = text(browse(cast.petra).get(f"/chat/rooms/{cast.room}"))
    assert "3 lesen mit" in here
    assert "bleibt ein Jahr" in here
    with app.app_context():
        direct = cast.direct()
    between = text(browse(cast.sabine).get(f"/chat/rooms/{direct}"))
    assert "Nur ihr beide lest mit" in between
    assert "Moderation und Administration können hier nicht mitlesen." in between  # the room is empty
    assert browse(cast.manfred).get(f"/chat/rooms/{direct}").status_code == 404
    assert browse(cast.karla).get(f"/chat/rooms/{direct}").status_code == 404


def test_a_room_opens_at_a_day(
    app: Flask, cast: Cast, browse: Browse, evening: time_machine.Traveller
) -> None:
    say(app, cast.petra, cast.room)
    evening.shift(timedelta(minutes=11))
    first = say(app, cast.petra, cast.room)
    petra = browse(cast.petra)
    found = petra.get(f"/chat/rooms/{cast.room}?date=2026-03-03")
    assert found.location == f"/chat/rooms/{cast.room}?around={first}#m{first}"
    for nothing in ("2026-03-04", "gestern", "0001-01-01", "9999-12-31"):
        page = petra.get(f"/chat/rooms/{cast.room}?date={nothing}")
        assert page.status_code in {302, 404}
    assert "Seit diesem Tag wurde hier nichts geschrieben." in text(
        petra.get(f"/chat/rooms/{cast.room}?date=2026-03-04", follow_redirects=True)
    )


def test_somebody_elses_key_is_in_no_page(app: Flask, cast: Cast, browse: Browse) -> None:
    key = str(uuid4())
    browse(cast.petra).send(f"/chat/rooms/{cast.room}/messages", text="Meins", client_key=key)
    assert key in browse(cast.petra).get(f"/chat/rooms/{cast.room}").text
    assert key not in browse(cast.sabine).get(f"/chat/rooms/{cast.room}").text


# ── Writing without script ───────────────────────────────────────────────────────────────────────────────


def test_a_message_is_sent_with_a_plain_form_and_answers_another(
    app: Flask, cast: Cast, browse: Browse
) -> None:
    asked = say(app, cast.manfred, cast.room, "Wer ist da?")
    petra = browse(cast.petra)
    page = petra.get(f"/chat/rooms/{cast.room}?reply={asked}")
    form = soup(page).select_one("#say")
    assert "Wer ist da?" in form.select_one(".answering").get_text()
    fields = {tag["name"]: tag.get("value", "") for tag in form.select("input[name]")} | {
        "text": "Ich **bin** da"
    }
    sent = petra.post(form["action"], data=fields)
    assert sent.status_code == 303
    assert sent.location.startswith(f"/chat/rooms/{cast.room}#m")
    new = message_in(petra.get(f"/chat/rooms/{cast.room}"), int(sent.location.rpartition("#m")[2]))
    assert new.select_one(".text strong").get_text() == "bin"
    assert "Wer ist da?" in new.select_one(".quoted").get_text()


def test_the_same_key_sent_twice_is_one_message_and_anothers_key_is_no_way_to_it(
    app: Flask, cast: Cast, browse: Browse
) -> None:
    key = str(uuid4())
    petra = browse(cast.petra)
    sent = [
        petra.send(f"/chat/rooms/{cast.room}/messages", text=words, client_key=key)
        for words in ("Einmal", "Zweimal")
    ]
    assert sent[0].location == sent[1].location
    other = browse(cast.sabine).send(f"/chat/rooms/{cast.room}/messages", text="Meins", client_key=key)
    assert other.location != sent[0].location
    with app.app_context():
        assert sorted(db.session.scalars(sa.select(Message.source))) == ["Einmal", "Meins"]
        elsewhere = cast.direct()
    again = petra.send(f"/chat/rooms/{elsewhere}/messages", text="Einmal", client_key=key)
    assert again.status_code == 409
    assert "ging schon in einen anderen Raum" in text(again)


def test_what_cannot_be_sent_comes_back_with_the_reason_and_the_words(
    app: Flask, cast: Cast, browse: Browse
) -> None:
    petra = browse(cast.petra)
    path = f"/chat/rooms/{cast.room}/messages"
    for words in ("", "x" * 10_001, "a\x00b"):
        refused = petra.send(path, text=words, client_key=str(uuid4()))
        assert refused.status_code == 422
        form = soup(refused).select_one("#say")
        assert form.select_one(".error").get_text(strip=True)
        assert (
            form.select_one("textarea").get_text().strip("\n") == words.replace("\x00", "\ufffd")
            or "\x00" in words
        )
    do(
        app,
        rooms.change_room,
        cast.manfred.viewer,
        cast.room,
        name="Treffpunkt",
        purpose="",
        retention_days=None,
        slow_seconds=60,
    )
    assert petra.send(path, text="Eins", client_key=str(uuid4())).status_code == 303
    slowed = petra.send(path, text="Zwei kommt zu früh", client_key=str(uuid4()))
    assert slowed.status_code == 403
    assert "Hier geht es langsam zu" in text(slowed)
    assert "Zwei kommt zu früh" in soup(slowed).select_one("textarea").get_text()
    assert browse(cast.manfred).send(path, text="Ordnung", client_key=str(uuid4())).status_code == 303


def test_a_broken_form_gets_a_clear_answer(cast: Cast, browse: Browse) -> None:
    petra = browse(cast.petra)
    path = f"/chat/rooms/{cast.room}/messages"
    assert petra.send(path, text="Hallo", client_key="kein Schlüssel").status_code == 422
    assert petra.send(path, text="Hallo", client_key=str(uuid4()), reply_to="x" * 50).status_code == 422
    assert petra.send(path, text="Hallo", client_key=str(uuid4()), reply_to="9" * 30).status_code == 422
    # An answer to what is not there is sent without the link: better than not at all.
    assert petra.send(path, text="Hallo", client_key=str(uuid4()), reply_to="999999").status_code == 303
    assert petra.send(f"/chat/rooms/{cast.room}/reading", message="alles").status_code == 404
    assert petra.send(f"/chat/rooms/{cast.room}/reading", message="9" * 30).status_code == 404


def test_words_are_shown_as_words_whatever_is_in_them(app: Flask, cast: Cast, browse: Browse) -> None:
    wild = "<img src=x onerror=alert(1)> \u202etfel\u202c [hier](javascript:alert(1)) " + "w" * 5000
    message_id = say(app, cast.petra, cast.room, wild)
    found = message_in(browse(cast.sabine).get(f"/chat/rooms/{cast.room}"), message_id).select_one(".text")
    assert found.select_one("img, a") is None
    assert "\u202e" not in found.get_text()
    assert "<img src=x" in found.get_text()


def test_the_draft_waits_in_the_field_for_its_author_alone(app: Flask, cast: Cast, browse: Browse) -> None:
    browse(cast.petra).send(f"/chat/rooms/{cast.room}/draft", text="Ich wollte noch")
    assert "Ich wollte noch" in browse(cast.petra).get(f"/chat/rooms/{cast.room}").text
    assert "Ich wollte noch" not in browse(cast.sabine).get(f"/chat/rooms/{cast.room}").text
    assert browse(cast.olga).send(f"/chat/rooms/{cast.room}/draft", text="Fremd").status_code == 404


def test_an_own_message_is_changed_and_two_changes_at_once_are_both_kept_in_sight(
    app: Flask, cast: Cast, browse: Browse
) -> None:
    message_id = say(app, cast.petra, cast.room, "Um drei")
    petra = browse(cast.petra)
    path = f"/chat/messages/{message_id}/edit"
    assert "Um drei" in soup(petra.get(path)).select_one("textarea").get_text()
    changed = petra.send(path, text="Um vier", version=0)
    assert changed.location == f"/chat/rooms/{cast.room}?around={message_id}#m{message_id}"
    late = petra.send(path, text="Um fünf", version=0)
    assert late.status_code == 409
    assert "Um vier" in text(late)
    assert soup(late).select_one("textarea").get_text(strip=True) == "Um fünf"
    form = soup(late).select_one("main form")
    version = form.select_one("[name=version]")["value"]
    assert petra.send(path, text="Um fünf", version=version).status_code == 303
    assert petra.send(path, text=" ", version=2).status_code == 422
    assert row(app, message_id).source == "Um fünf"
    assert browse(cast.manfred).send(path, text="Um sechs", version=2).status_code == 403
    assert browse(cast.olga).send(path, text="Um sechs", version=2).status_code == 404


def test_an_own_message_is_withdrawn_by_a_second_touch(app: Flask, cast: Cast, browse: Browse) -> None:
    message_id = say(app, cast.petra, cast.room, SECRET)
    petra = browse(cast.petra)
    found = soup(petra.get(f"/chat/messages/{message_id}/actions")).select_one(".withdraw")
    assert found.name == "details"
    path = found.select_one("button")["formaction"]
    assert browse(cast.manfred).send(path).status_code == 403
    assert petra.send(path).status_code == 303
    assert row(app, message_id).state is MessageState.WITHDRAWN
    assert petra.send(path).status_code == 303  # sent twice it is no mistake


def test_a_moderator_removes_a_message_with_a_reason_and_nobody_else_does(
    app: Flask, cast: Cast, browse: Browse
) -> None:
    message_id = say(app, cast.petra, cast.room, SECRET)
    path = f"/chat/messages/{message_id}/removal"
    manfred = browse(cast.manfred)
    assert SECRET in text(manfred.get(path))
    assert manfred.send(path, reason=" ").status_code == 422
    assert row(app, message_id).state is MessageState.VISIBLE
    assert browse(cast.sabine).send(path, reason="Mag ich nicht").status_code == 403
    assert browse(cast.rosa).send(path, reason="Mag ich nicht").status_code == 404
    assert manfred.send(path, reason="Nennt Zahlen").status_code == 303
    assert row(app, message_id).state is MessageState.REMOVED
    assert row(app, message_id).source == ""


def test_reactions_are_buttons_that_give_and_take_back(app: Flask, cast: Cast, browse: Browse) -> None:
    message_id = say(app, cast.manfred, cast.room)
    do(app, reactions.react, cast.sabine.viewer, message_id, "thanks")
    petra = browse(cast.petra)

    def button() -> Tag:
        found = message_in(petra.get(f"/chat/rooms/{cast.room}"), message_id).select_one(".reaction")
        assert found is not None
        return found

    assert (button()["aria-pressed"], button().select_one(".number").get_text()) == ("false", "1")
    petra.send(button()["formaction"], kind=button()["value"])
    assert (button()["aria-pressed"], button().select_one(".number").get_text()) == ("true", "2")
    petra.send(button()["formaction"], kind=button()["value"])
    assert (button()["aria-pressed"], button().select_one(".number").get_text()) == ("false", "1")
    assert petra.send(f"/chat/messages/{message_id}/reactions", kind="hate").status_code == 404
    assert browse(cast.olga).send(f"/chat/messages/{message_id}/reactions", kind="thanks").status_code == 404
    with app.app_context():
        assert db.session.scalar(sa.select(sa.func.count()).select_from(Reaction)) == 1


def test_pinning_is_for_moderators_here_and_for_everybody_in_a_group(
    app: Flask, cast: Cast, browse: Browse
) -> None:
    here = say(app, cast.petra, cast.room)
    with app.app_context():
        group = cast.group()
    there = say(app, cast.petra, group)
    for message_id, who, status in (
        (here, cast.petra, 403),
        (here, cast.manfred, 303),
        (there, cast.sabine, 303),
        (there, cast.olga, 404),
    ):
        assert browse(who).send(f"/chat/messages/{message_id}/pin").status_code == status
    assert row(app, here).pinned_at is not None
    assert browse(cast.manfred).send(f"/chat/messages/{here}/pin/delete").status_code == 303
    assert row(app, here).pinned_at is None


# ── What a script is answered ────────────────────────────────────────────────────────────────────────────


def test_a_script_gets_the_message_as_it_is_now_or_the_sentence(
    app: Flask, cast: Cast, browse: Browse
) -> None:
    petra = browse(cast.petra)
    token = petra.token()

    def send(path: str, **fields: Any) -> TestResponse:
        return petra.post(path, data={"csrf_token": token, **fields}, headers=FETCH)

    key = str(uuid4())
    sent = send(f"/chat/rooms/{cast.room}/messages", text="**Hallo**", client_key=key)
    message = sent.json["message"]
    assert (message["html"], message["client_key"]) == ("<p><strong>Hallo</strong></p>\n", key)
    path = f"/chat/messages/{message['id']}"
    assert petra.get(f"{path}/edit", headers=FETCH).json == {"text": "**Hallo**", "version": 0}
    changed = send(f"{path}/edit", text="Hallo", version=0)
    assert changed.json["message"]["version"] == 1
    assert changed.json["stamp"] == sent.json["stamp"] + 1
    assert send(f"{path}/edit", text="Anders", version=0).status_code == 409
    assert send(f"{path}/reactions", kind="thanks").json["message"]["reactions"] == {
        "thanks": [cast.petra.id]
    }
    refused = send(f"/chat/rooms/{cast.room}/messages", text="", client_key=str(uuid4()))
    assert (refused.status_code, refused.json["error"]) == (422, "Bitte schreib einen Text.")
    gone = send(f"{path}/withdrawal")
    assert (gone.json["message"]["state"], gone.json["message"]["html"]) == ("withdrawn", "")
    assert send(f"/chat/rooms/{cast.foreign_room}/messages", text="x", client_key=key).status_code == 404


def test_the_moulds_of_a_page_have_every_part_that_the_script_fills(cast: Cast, browse: Browse) -> None:
    page = BeautifulSoup(browse(cast.petra).get(f"/chat/rooms/{cast.room}").text, "html.parser")
    moulds = {tag["data-mould"]: tag for tag in page.find_all("template", attrs={"data-mould": True})}
    assert set(moulds) == {"message", "actions", "trace", "pin", "picture", "files", "day", "new", "unsent"}
    for part in (
        ".face .avatar", ".by .name", ".at time", ".quoted b", ".quoted .excerpt", ".text", ".notes .is-pinned",
        ".notes .edited", ".kept a", ".reactions .reaction[value=laugh] .number", ".tools > .answer", ".panel",
    ):  # fmt: skip
        assert moulds["message"].select_one(part) is not None, part
    for part in (".react", ".answer", ".edit", ".pin", ".keep", ".seen", ".withdraw button", ".remove"):
        assert moulds["actions"].select_one(part) is not None, part
    for part in (".picture img", "a.file-name", "span.file-name", ".file-facts > :last-child", "use"):
        assert moulds["files"].select_one(part) is not None, part
    assert [len(item.select(".file-facts > *")) for item in moulds["files"].select("li")] == [0, 1, 2]
    assert moulds["trace"].select_one(".words") is not None
    assert page.select_one(".moulds")["data-removed"].count("%(") == 2
