"""Boards over HTTP: what people see, in which order, and what becomes of what they send."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest
import sqlalchemy as sa
import time_machine
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from forum.boards.models import PAGE_SIZE, Draft, Post, Reading, Topic
from forum.boards.service import drafts, posts, readings, topics, writing
from forum.companies.service import SiteFacts
from forum.core import html
from forum.core.access import Role, Viewer
from forum.core.db import db, unit_of_work
from forum.councils.models import Council, Function
from forum.councils.service import Term
from forum.members.service import add_member
from forum.spaces import service as spaces
from tests.boards.conftest import do
from tests.cast import HERE, Cast, Person

Browse = Callable[[Person | None], FlaskClient]
SECRET = "Geheime Zahl 4711"
LONG_AGO = datetime(2026, 3, 2, 8, tzinfo=UTC)


def soup(response: TestResponse) -> BeautifulSoup:
    return BeautifulSoup(response.text, "html.parser")


def text(response: TestResponse) -> str:
    return " ".join(soup(response).get_text(" ").split())


def titles(response: TestResponse) -> list[str]:
    """The titles of the topics listed, as they stand."""
    return [link.get_text() for link in soup(response).select("li.topic .title a")]


def numbers(response: TestResponse) -> list[int]:
    """The numbers of the posts on the page."""
    return [int(tag["data-number"]) for tag in soup(response).select("[data-number]")]


def start(
    app: Flask, cast: Cast, count: int, *, board: int | None = None, author: Person | None = None
) -> list[int]:
    """So many topics, named "Thema 1" … in the order in which they were begun."""
    with app.app_context(), unit_of_work():
        return [
            topics.start_topic(
                (author or cast.petra).viewer, board or cast.board, f"Thema {number}", "Text", uuid4()
            ).id
            for number in range(1, count + 1)
        ]


# ── Lists of topics ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("same_moment", [False, True], ids=["one after another", "all at once"])
def test_forty_five_topics_are_paged_without_gap_or_double(
    app: Flask, cast: Cast, browse: Browse, same_moment: bool
) -> None:
    if same_moment:
        with time_machine.travel(LONG_AGO, tick=False):
            made = start(app, cast, 45)
    else:
        made = start(app, cast, 45)
    do(app, topics.pin_topic, cast.manfred.viewer, made[6])
    do(app, topics.pin_topic, cast.manfred.viewer, made[3])
    client, address, seen, pages = browse(cast.petra), f"/boards/{cast.board}", [], 0
    while address:
        page = client.get(address)
        seen += titles(page)
        pages += 1
        link = soup(page).find("a", rel="next")
        address = str(link["href"]) if link else ""
    expected = [f"Thema {number}" for number in range(45, 0, -1) if number not in {7, 4}]
    assert pages == 3
    assert seen == ["Thema 7", "Thema 4", *expected]


def test_pinned_topics_come_first_however_old(app: Flask, cast: Cast, browse: Browse) -> None:
    made = start(app, cast, 3)
    do(app, topics.pin_topic, cast.manfred.viewer, made[0])
    page = browse(cast.sabine).get(f"/boards/{cast.board}")
    assert titles(page) == ["Thema 1", "Thema 3", "Thema 2"]
    assert "Angeheftet" in text(page)
    do(app, topics.unpin_topic, cast.manfred.viewer, made[0])
    assert titles(browse(cast.sabine).get(f"/boards/{cast.board}")) == ["Thema 3", "Thema 2", "Thema 1"]


def test_an_answer_lifts_a_topic_to_the_top(app: Flask, cast: Cast, browse: Browse) -> None:
    made = start(app, cast, 3)
    do(app, topics.reply, cast.sabine.viewer, made[0], "Dazu noch", uuid4())
    assert titles(browse(cast.petra).get(f"/boards/{cast.board}")) == ["Thema 1", "Thema 3", "Thema 2"]


def test_each_filter_lists_its_topics(app: Flask, cast: Cast, browse: Browse) -> None:
    own, answered, other = start(app, cast, 3)
    with app.app_context(), unit_of_work():
        topics.reply(cast.sabine.viewer, answered, "Antwort", uuid4())
        theirs = topics.start_topic(cast.sabine.viewer, cast.board, "Von Sabine", "Text", uuid4()).id
        readings.record_reading(cast.petra.viewer, theirs, 1)
    client = browse(cast.petra)

    def listed(chosen: str) -> set[str]:
        return set(titles(client.get(f"/boards/{cast.board}?filter={chosen}")))

    assert listed("all") == {"Thema 1", "Thema 2", "Thema 3", "Von Sabine"}
    assert listed("unread") == {"Thema 2"}
    assert listed("mine") == {"Thema 1", "Thema 2", "Thema 3"}
    assert listed("unanswered") == {"Thema 1", "Thema 3", "Von Sabine"}
    assert client.get(f"/boards/{cast.board}?filter=secret").status_code == 404
    assert own != other


def test_a_filter_without_topics_says_so_in_words(cast: Cast, browse: Browse) -> None:
    client = browse(cast.petra)
    for chosen, words in {
        "all": "Noch kein Thema",
        "unread": "Nichts Ungelesenes",
        "mine": "Noch kein Thema von dir",
        "unanswered": "Alles ist beantwortet",
    }.items():
        assert words in text(client.get(f"/boards/{cast.board}?filter={chosen}"))


def test_a_filter_stays_chosen_on_the_next_page(app: Flask, cast: Cast, browse: Browse) -> None:
    start(app, cast, 25)
    client = browse(cast.petra)
    link = soup(client.get(f"/boards/{cast.board}?filter=mine")).find("a", rel="next")
    assert "filter=mine" in link["href"]
    assert titles(client.get(link["href"])) == [f"Thema {number}" for number in range(5, 0, -1)]


def test_what_is_new_is_marked_until_the_board_is_read(app: Flask, cast: Cast, browse: Browse) -> None:
    start(app, cast, 2, author=cast.sabine)
    client = browse(cast.petra)
    assert len(soup(client.get(f"/boards/{cast.board}")).select("li.topic.unread")) == 2
    assert len(soup(client.get("/")).select("li.topic.unread")) == 2
    assert client.send(f"/boards/{cast.board}/reading").location == f"/boards/{cast.board}"
    assert soup(client.get(f"/boards/{cast.board}")).select("li.topic.unread") == []
    assert "Du bist auf dem neuesten Stand" in text(client.get("/"))


def test_everything_is_marked_read_at_once(app: Flask, cast: Cast, browse: Browse) -> None:
    start(app, cast, 1, author=cast.sabine)
    start(app, cast, 1, board=cast.staff_board, author=cast.sabine)
    client = browse(cast.petra)
    assert len(soup(client.get("/")).select("li.topic.unread")) == 2
    assert client.send("/reading").location == "/"
    assert soup(client.get("/")).select("li.topic.unread") == []


def test_the_overview_shows_the_boards_of_ones_own_spaces(app: Flask, cast: Cast, browse: Browse) -> None:
    with app.app_context():
        cast.topic(title="Nur für hier")
        cast.foreign_topic()
    page = text(browse(cast.petra).get("/boards"))
    assert "Zuletzt : Nur für hier" in page or "Zuletzt: Nur für hier" in page
    assert "Optik" not in page
    assert "Rathenow" not in page
    assert "Rathenow" in text(browse(cast.olga).get("/boards"))
    assert "Noch kein Bereich" in text(browse(cast.karla).get("/boards"))


# ── Pages and numbers ────────────────────────────────────────────────────────────────────────────────────


def test_posts_keep_their_number_and_their_page(app: Flask, cast: Cast, browse: Browse) -> None:
    with app.app_context():
        topic_id = cast.topic(posts=45)
        ids = dict(db.session.execute(sa.select(Post.number, Post.id).where(Post.topic_id == topic_id)).all())
    client = browse(cast.petra)
    assert numbers(client.get(f"/topics/{topic_id}")) == list(range(1, 21))
    assert numbers(client.get(f"/topics/{topic_id}?page=2")) == list(range(21, 41))
    assert numbers(client.get(f"/topics/{topic_id}?page=3")) == list(range(41, 46))
    expected = {
        1: f"/topics/{topic_id}#1",
        17: f"/topics/{topic_id}#17",
        20: f"/topics/{topic_id}#20",
        21: f"/topics/{topic_id}?page=2#21",
        45: f"/topics/{topic_id}?page=3#45",
    }
    assert {number: client.get(f"/posts/{ids[number]}").location for number in expected} == expected


def test_a_link_to_a_post_survives_that_others_before_it_go(app: Flask, cast: Cast, browse: Browse) -> None:
    with app.app_context():
        topic_id = cast.topic(posts=22)
        ids = dict(db.session.execute(sa.select(Post.number, Post.id).where(Post.topic_id == topic_id)).all())
        with unit_of_work():
            for number in (2, 3, 16):
                posts.withdraw_post(cast.petra.viewer, ids[number])
            posts.hide_post(cast.manfred.viewer, ids[5], "Nennt Zahlen")
    client = browse(cast.sabine)
    page = client.get(f"/topics/{topic_id}")
    assert numbers(page) == list(range(1, 21))
    assert client.get(f"/posts/{ids[17]}").location == f"/topics/{topic_id}#17"
    assert client.get(f"/posts/{ids[3]}").location == f"/topics/{topic_id}#3"
    assert numbers(client.get(f"/topics/{topic_id}?page=2")) == [21, 22]
    assert len(soup(page).select(".post-stub")) == 4
    assert "Grund: Nennt Zahlen" in text(page)


@pytest.mark.parametrize("page", ["0", "-1", "4", "99999999999999999999"])
def test_a_page_that_is_not_there_is_not_found(app: Flask, cast: Cast, browse: Browse, page: str) -> None:
    with app.app_context():
        topic_id = cast.topic(posts=45)
    client = browse(cast.petra)
    assert client.get(f"/topics/{topic_id}?page={page}").status_code == 404
    assert client.get(f"/topics/{topic_id}/print?page={page}").status_code == 404
    assert client.get(f"/topics/{topic_id}?page=3").status_code == 200


def test_the_button_leads_to_the_first_post_one_has_not_seen(app: Flask, cast: Cast, browse: Browse) -> None:
    with app.app_context():
        topic_id = cast.topic(cast.sabine, posts=45)
    client = browse(cast.petra)
    jump = f"/topics/{topic_id}/unread"
    assert client.get(jump).location == f"/topics/{topic_id}#1"
    assert client.send(f"/topics/{topic_id}/reading", number=30).location == f"/topics/{topic_id}"
    assert client.get(jump).location == f"/topics/{topic_id}?page=2#31"
    page = client.get(f"/topics/{topic_id}?page=2")
    assert soup(page).find(id="since").find_next("article")["id"] == "31"
    client.send(f"/topics/{topic_id}/reading", number=45)
    assert client.get(jump).location == f"/topics/{topic_id}?page=3#45"
    assert "Zum ersten neuen" not in text(client.get(f"/topics/{topic_id}"))


def test_reading_is_recorded_by_sending_only(app: Flask, cast: Cast, browse: Browse) -> None:
    with app.app_context():
        topic_id = cast.topic(cast.sabine, posts=3)
    client = browse(cast.petra)
    client.get(f"/topics/{topic_id}")
    client.get(f"/topics/{topic_id}/unread")
    with app.app_context():
        assert db.session.get(Reading, (cast.petra.id, topic_id)) is None
    answer = client.post(
        f"/topics/{topic_id}/reading",
        data={"number": "2", "csrf_token": client.token()},
        headers={"X-Requested-With": "fetch"},
    )
    assert answer.json == {"location": f"/topics/{topic_id}"}
    with app.app_context():
        assert db.session.get(Reading, (cast.petra.id, topic_id)).last_number == 2
    for wrong in ("", "x", "-1"):
        assert client.send(f"/topics/{topic_id}/reading", number=wrong).status_code == 404


# ── Writing ──────────────────────────────────────────────────────────────────────────────────────────────


def test_a_topic_is_begun_and_answered(app: Flask, cast: Cast, browse: Browse) -> None:
    petra, sabine = browse(cast.petra), browse(cast.sabine)
    key = soup(petra.get(f"/boards/{cast.board}/topics/new")).find("input", attrs={"name": "client_key"})[
        "value"
    ]
    begun = petra.send(f"/boards/{cast.board}/topics", title="Dienstplan", text="Wie *früh*?", client_key=key)
    assert begun.status_code == 303
    answered = sabine.send(f"{begun.location}/posts", text="21 Tage", client_key=str(uuid4()))
    assert answered.location == f"{begun.location}#2"
    page = petra.get(begun.location)
    assert "<em>früh</em>" in page.text
    assert "21 Tage" in text(page)


def test_sending_a_form_twice_leads_both_times_to_the_same_post(
    app: Flask, cast: Cast, browse: Browse, topic: int
) -> None:
    client, key = browse(cast.petra), str(uuid4())
    answers = {
        client.send(f"/topics/{topic}/posts", text="Einmal", client_key=key).location for _each in range(3)
    }
    assert answers == {f"/topics/{topic}#2"}
    begun = {
        client.send(f"/boards/{cast.board}/topics", title="Neu", text="x", client_key=str(key)).location
        for _each in range(2)
    }
    assert len(begun) == 1


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"text": ""}, "Bitte schreib einen Text."),
        ({"text": " \n\u200b "}, "Bitte schreib einen Text."),
        ({"text": "x" * 60_001}, "1 Zeichen zu lang"),
        ({"text": "Anfang \x07 Ende"}, "unlesbares Zeichen"),
        ({"text": "gut", "title": ""}, "Bitte füll dieses Feld aus."),
        ({"text": "gut", "title": "x" * 201}, "1 Zeichen zu lang"),
        ({"text": "gut", "title": "Ti\x00tel"}, "unlesbares Zeichen"),
    ],
)
def test_a_failed_send_keeps_what_was_typed_and_its_key(
    app: Flask, cast: Cast, browse: Browse, topic: int, fields: dict[str, str], words: str
) -> None:
    client, key = browse(cast.petra), str(uuid4())
    path = f"/boards/{cast.board}/topics" if "title" in fields else f"/topics/{topic}/posts"
    answer = client.send(path, client_key=key, **fields)
    assert answer.status_code == 422
    assert words in text(answer)
    page = soup(answer)
    assert page.find("input", attrs={"name": "client_key"})["value"] == key
    kept = page.find("textarea", attrs={"name": "text"}).get_text()
    assert len(kept.strip("\r\n")) >= len(fields["text"].strip("\r\n")) - 1
    assert page.find(attrs={"aria-invalid": "true"}) is not None
    with app.app_context():
        assert db.session.scalar(sa.select(sa.func.count()).select_from(Post)) == 1
    mended = client.send(path, client_key=key, title="Titel", text="Jetzt gut")
    assert mended.status_code == 303


def test_a_preview_shows_the_text_and_writes_nothing(
    app: Flask, cast: Cast, browse: Browse, topic: int
) -> None:
    client, key = browse(cast.petra), str(uuid4())
    with app.app_context():
        post_id = cast.post(cast.petra, topic)
    for path, fields in {
        f"/topics/{topic}/posts": {"client_key": key},
        f"/boards/{cast.board}/topics": {"client_key": key, "title": "Titel"},
        f"/posts/{post_id}": {"version": "0"},
    }.items():
        answer = client.send(path, text="Das ist **fett** <script>", preview="1", **fields)
        assert answer.status_code == 200
        assert soup(answer).select_one(".preview strong").get_text() == "fett"
        assert "Das ist **fett** &lt;script&gt;</textarea>" in answer.text
        if "client_key" in fields:
            assert soup(answer).find("input", attrs={"name": "client_key"})["value"] == key
    with app.app_context():
        assert db.session.scalar(sa.select(sa.func.count()).select_from(Post)) == 2
        assert db.session.get(Post, post_id).version == 0


def test_a_script_learns_where_the_post_is(cast: Cast, browse: Browse, topic: int) -> None:
    client = browse(cast.petra)
    answer = client.post(
        f"/topics/{topic}/posts",
        data={"csrf_token": client.token(), "text": "Per Skript", "client_key": str(uuid4())},
        headers={"X-Requested-With": "fetch"},
    )
    assert answer.json == {"location": f"/topics/{topic}#2"}


def test_a_quotation_is_put_into_the_reply(app: Flask, cast: Cast, browse: Browse, topic: int) -> None:
    with app.app_context():
        post_id = cast.post(cast.sabine, topic, "Erste Zeile\nZweite Zeile")
    client, path = browse(cast.petra), f"/topics/{topic}/posts/new?quote={post_id}"
    quoted = client.get(path, headers={"X-Requested-With": "fetch"}).json["text"]
    assert "> Erste Zeile\n> Zweite Zeile" in quoted
    assert "#2" in quoted
    assert soup(client.get(path)).find("textarea").get_text().strip() == quoted.strip()
    assert client.get(f"/topics/{topic}/posts/new?quote=987654").status_code == 404


def test_a_quotation_of_another_region_is_not_found(
    app: Flask, cast: Cast, browse: Browse, topic: int
) -> None:
    with app.app_context():
        foreign = cast.foreign_topic()
        post_id = db.session.scalar(sa.select(Post.id).where(Post.topic_id == foreign))
    script = {"X-Requested-With": "fetch"}
    answer = browse(cast.petra).get(f"/topics/{topic}/posts/new?quote={post_id}", headers=script)
    assert answer.status_code == 404
    assert "Nur für Rathenow" not in answer.text


# ── What a script asks for to bring the open page up to date ─────────────────────────────────────────────

SCRIPT = {"X-Requested-With": "fetch"}


def test_a_script_gets_the_page_without_its_frame(cast: Cast, browse: Browse, topic: int) -> None:
    client = browse(cast.petra)
    for address in (f"/topics/{topic}", f"/boards/{cast.board}", "/boards", "/"):
        whole, part = soup(client.get(address)), soup(client.get(address, headers=SCRIPT))
        assert whole.find("header", class_="top")
        assert whole.find("nav", class_="rail")
        assert part.find("header", class_="top") is None
        assert part.find("nav", class_="rail") is None
        assert part.select_one("main h1").get_text() == whole.select_one("main h1").get_text()
    assert len(part.text) < len(whole.text)


def test_a_script_gets_the_posts_it_asks_for_and_a_person_the_page(
    app: Flask, cast: Cast, browse: Browse
) -> None:
    with app.app_context():
        topic = cast.topic(posts=PAGE_SIZE + 4)
    client, second = browse(cast.petra), f"/topics/{topic}?page=2"
    whole = list(range(PAGE_SIZE + 1, PAGE_SIZE + 5))
    assert numbers(client.get(second, headers=SCRIPT)) == whole
    assert numbers(client.get(f"{second}&first=22&last=23", headers=SCRIPT)) == [22, 23]
    assert numbers(client.get(f"{second}&first=24&last=40", headers=SCRIPT)) == [24]
    assert numbers(client.get(f"{second}&first=1&last=21", headers=SCRIPT)) == [21]
    assert numbers(client.get(f"{second}&first=1&last=0", headers=SCRIPT)) == []
    assert numbers(client.get(f"{second}&first=x&last=", headers=SCRIPT)) == whole
    assert numbers(client.get(f"{second}&first=22&last=23")) == whole
    for huge in (2**31, 2**63, 10**30):
        assert client.get(f"{second}&first={huge}&last={huge}", headers=SCRIPT).status_code in {200, 404}


def test_a_script_of_somebody_else_gets_nothing(app: Flask, cast: Cast, browse: Browse, topic: int) -> None:
    assert browse(cast.olga).get(f"/topics/{topic}", headers=SCRIPT).status_code == 404
    assert browse(None).get(f"/topics/{topic}", headers=SCRIPT).status_code == 302
    with app.app_context():
        cast.hidden_post(topic)
    page = browse(cast.sabine).get(f"/topics/{topic}?first=2&last=2", headers=SCRIPT)
    assert SECRET not in page.text
    assert soup(page).select_one("[data-number='2']")["data-state"] == "hidden"


def test_a_script_takes_no_message_away_from_the_page_it_is_meant_for(
    cast: Cast, browse: Browse, topic: int
) -> None:
    client = browse(cast.manfred)
    client.send(f"/topics/{topic}/closure")
    part = client.get(f"/topics/{topic}", headers=SCRIPT)
    assert "Rückgängig" not in part.text
    assert "Das Thema ist geschlossen." in text(client.get(f"/topics/{topic}"))


def test_each_post_says_which_state_of_it_is_shown(
    app: Flask, cast: Cast, browse: Browse, topic: int
) -> None:
    with app.app_context():
        post = cast.post(cast.petra, topic)
    client = browse(cast.sabine)

    def shown() -> tuple[str, str]:
        found = soup(client.get(f"/topics/{topic}")).select_one("[data-number='2']")
        return found["data-version"], found["data-state"]

    assert shown() == ("0", "visible")
    do(app, posts.edit_post, cast.petra.viewer, post, "Neue Worte", 0)
    assert shown() == ("1", "visible")
    do(app, posts.withdraw_post, cast.petra.viewer, post)
    assert shown() == ("1", "withdrawn")


# ── Changing ─────────────────────────────────────────────────────────────────────────────────────────────


def test_an_edit_that_another_overtook_shows_both_versions(
    app: Flask, cast: Cast, browse: Browse, topic: int
) -> None:
    with app.app_context():
        post_id = cast.post(cast.petra, topic, "Am Anfang")
    phone, desk = browse(cast.petra), browse(cast.petra)
    started = soup(desk.get(f"/posts/{post_id}/edit")).find("input", attrs={"name": "version"})["value"]
    assert phone.send(f"/posts/{post_id}", text="Vom Handy", version=started).status_code == 303
    both = desk.send(f"/posts/{post_id}", text="Vom Rechner", version=started)
    assert both.status_code == 409
    page = soup(both)
    assert (
        page.find("section", attrs={"aria-labelledby": "theirs"})
        .get_text(" ", strip=True)
        .endswith("Vom Handy")
    )
    assert page.find("textarea").get_text().strip() == "Vom Rechner"
    assert [tag.get_text(strip=True) for tag in page.select("section .diff ins, section .diff del")] == [
        "Handy",
        "Rechner",
    ]
    version = page.find("input", attrs={"name": "version"})["value"]
    assert version == "1"
    assert desk.send(f"/posts/{post_id}", text="Vom Rechner", version=version).status_code == 303
    assert "Vom Rechner" in text(desk.get(f"/topics/{topic}"))


def test_the_history_shows_word_by_word_what_changed(
    app: Flask, cast: Cast, browse: Browse, topic: int
) -> None:
    with app.app_context():
        post_id = cast.post(cast.petra, topic, "Wir haben drei Schichten")
    client = browse(cast.petra)
    for version, words in enumerate(["Wir haben vier Schichten", "Wir haben vier <b>lange</b> Schichten"]):
        client.send(f"/posts/{post_id}", text=words, version=version)
    page = soup(browse(cast.sabine).get(f"/posts/{post_id}/history"))
    steps = [
        (
            [tag.get_text(strip=True) for tag in card.select("del")],
            [tag.get_text(strip=True) for tag in card.select("ins")],
        )
        for card in page.select("section.card")
    ]
    assert steps[1] == (["drei"], ["vier"])
    assert steps[0] == ([], ["<b>lange</b>"])
    assert page.find("b") is None or "lange" not in page.find("b").get_text()
    fresh = browse(cast.sabine).get(f"/posts/{post_id - 1}/history")
    assert fresh.status_code == 404


def test_taking_back_offers_to_undo(app: Flask, cast: Cast, browse: Browse, topic: int) -> None:
    with app.app_context():
        post_id = cast.post(cast.petra, topic, "Zu schnell geschrieben")
    client = browse(cast.petra)
    page = client.get(client.send(f"/posts/{post_id}/withdrawal").location)
    assert "Dein Beitrag ist zurückgezogen." in text(page)
    undo = soup(page).select_one(".toast form")
    assert undo["action"] == f"/posts/{post_id}/restoration"
    assert client.send(undo["action"]).status_code == 303
    assert "Zu schnell geschrieben" in text(browse(cast.sabine).get(f"/topics/{topic}"))


def test_hidden_and_withdrawn_words_reach_no_member_on_any_page(
    app: Flask, cast: Cast, browse: Browse, topic: int
) -> None:
    """Whoever moderates reads first, so that nothing remembered for them is shown to others."""
    with app.app_context():
        hidden = cast.post(cast.petra, topic, f"Offen. {SECRET}")
        with unit_of_work():
            posts.edit_post(cast.petra.viewer, hidden, f"{SECRET} und mehr", 0)
            posts.hide_post(cast.manfred.viewer, hidden, "Nennt Zahlen")
        taken = cast.post(cast.petra, topic, f"{SECRET} auch hier")
        with unit_of_work():
            posts.withdraw_post(cast.petra.viewer, taken)
    pages = [f"/topics/{topic}", f"/topics/{topic}/print", f"/boards/{cast.board}", "/boards", "/"]
    pages += [f"/spaces/{cast.spaces[HERE]}", f"/members/{cast.petra.id}"]
    for post_id in (hidden, taken):
        pages += [
            f"/posts/{post_id}",
            f"/posts/{post_id}/history",
            f"/posts/{post_id}/edit",
            f"/posts/{post_id}/hiding",
        ]
        pages += [f"/topics/{topic}/posts/new?quote={post_id}"]
    moderator = browse(cast.manfred)
    assert SECRET in moderator.get(f"/topics/{topic}").text
    for person in (cast.sabine, cast.olga, cast.rosa, cast.karla):
        client = browse(person)
        for path in pages:
            for headers in ({}, {"X-Requested-With": "fetch"}):
                assert SECRET not in client.get(path, headers=headers).text, (person.name, path)
    assert SECRET in browse(cast.petra).get(f"/topics/{topic}").text
    for _again in range(2):
        assert SECRET not in browse(cast.sabine).get(f"/topics/{topic}").text


def test_what_is_remembered_of_a_page_is_of_its_own_reader(
    app: Flask, cast: Cast, browse: Browse, topic: int
) -> None:
    author, reader, moderator = browse(cast.petra), browse(cast.sabine), browse(cast.manfred)
    for _twice in range(2):
        assert "Zurückziehen" in author.get(f"/topics/{topic}").text
        assert "Zurückziehen" not in reader.get(f"/topics/{topic}").text
        assert "/hiding" in moderator.get(f"/topics/{topic}").text
        assert "/hiding" not in reader.get(f"/topics/{topic}").text
    reader.send("/display", locale="en")
    for _twice in range(2):
        assert 'lang="de" data-theme' in author.get(f"/topics/{topic}").text
        assert 'lang="en" data-theme' in reader.get(f"/topics/{topic}").text


def test_how_long_ago_is_told_afresh(app: Flask, cast: Cast, browse: Browse) -> None:
    with time_machine.travel(LONG_AGO, tick=False), app.app_context():
        topic_id = cast.topic()
    client = browse(cast.petra)
    with time_machine.travel(LONG_AGO + timedelta(minutes=5), tick=False):
        assert "vor 5 Min." in text(browse(cast.petra).get(f"/topics/{topic_id}"))
    assert "vor 5 Min." not in text(client.get(f"/topics/{topic_id}"))


# ── Drafts ───────────────────────────────────────────────────────────────────────────────────────────────


def test_a_draft_waits_in_its_form_on_every_device(
    app: Flask, cast: Cast, browse: Browse, topic: int
) -> None:
    with app.app_context():
        post_id = cast.post(cast.petra, topic, "Fertig")
    phone, desk = browse(cast.petra), browse(cast.petra)
    for place, path in {
        f"topic:{topic}": f"/topics/{topic}",
        f"board:{cast.board}": f"/boards/{cast.board}/topics/new",
        f"post:{post_id}": f"/posts/{post_id}/edit",
    }.items():
        assert phone.send("/drafts", place=place, title="Halber Titel", text="Halber Satz").json == {
            "saved": True
        }
        page = soup(desk.get(path))
        assert page.find("textarea", attrs={"name": "text"}).get_text().strip() == "Halber Satz"
        assert "Halber Satz" not in browse(cast.sabine).get(path).text
    assert (
        soup(desk.get(f"/boards/{cast.board}/topics/new")).find("input", id="title")["value"]
        == "Halber Titel"
    )


def test_sending_drops_the_draft_and_so_does_emptying_it(
    app: Flask, cast: Cast, browse: Browse, topic: int
) -> None:
    client = browse(cast.petra)
    client.send("/drafts", place=f"topic:{topic}", text="Halber Satz")
    client.send(f"/topics/{topic}/posts", text="Ganzer Satz", client_key=str(uuid4()))
    assert "Halber Satz" not in client.get(f"/topics/{topic}").text
    client.send("/drafts", place=f"topic:{topic}", text="Noch einer")
    client.send("/drafts", place=f"topic:{topic}", text="  ")
    with app.app_context():
        assert db.session.scalar(sa.select(sa.func.count()).select_from(Draft)) == 0
    assert client.send("/drafts", place="nowhere:1", text="x").status_code == 404


# ── Keeping order ────────────────────────────────────────────────────────────────────────────────────────


def test_a_moderator_closes_pins_and_moves_and_may_undo_each(
    app: Flask, cast: Cast, browse: Browse, topic: int
) -> None:
    client = browse(cast.manfred)
    for act, undo, words in (
        ("closure", "closure/delete", "Das Thema ist geschlossen."),
        ("pin", "pin/delete", "Das Thema steht jetzt oben im Forum."),
    ):
        page = client.get(client.send(f"/topics/{topic}/{act}").location)
        assert words in text(page)
        assert soup(page).select_one(".toast form")["action"] == f"/topics/{topic}/{undo}"
        assert client.send(f"/topics/{topic}/{undo}").status_code == 303
    assert "Verschieben" in text(client.get(f"/topics/{topic}/move"))
    page = client.get(client.send(f"/topics/{topic}/move", board_id=cast.other_board).location)
    assert "Verschoben nach „Allgemeines“." in text(page)
    undo = soup(page).select_one(".toast form")
    assert undo.find("input", attrs={"name": "board_id"})["value"] == str(cast.board)
    assert titles(browse(cast.petra).get(f"/boards/{cast.other_board}")) == ["Vier-Schicht-Modell"]


def test_a_closed_topic_offers_no_reply_and_keeps_what_was_typed(
    app: Flask, cast: Cast, browse: Browse, topic: int
) -> None:
    do(app, topics.close_topic, cast.manfred.viewer, topic)
    client = browse(cast.petra)
    page = client.get(f"/topics/{topic}")
    assert "Dieses Thema ist geschlossen" in text(page)
    assert soup(page).find(id="reply") is None
    assert client.send(f"/topics/{topic}/posts", text="Noch was", client_key=str(uuid4())).status_code == 403


def test_boards_are_made_renamed_ordered_and_archived(app: Flask, cast: Cast, browse: Browse) -> None:
    client, here = browse(cast.manfred), cast.spaces[HERE]
    fields = {"name": "Ergonomie", "description": "Heben und Tragen", "starters": "members"}
    assert client.send(f"/spaces/{here}/boards", **fields).location == f"/spaces/{here}/boards"
    twice = client.send(f"/spaces/{here}/boards", **fields)
    assert twice.status_code == 422
    assert "So heißt hier schon ein Forum." in text(twice)
    assert "Heben und Tragen" in twice.text
    names = [link.get_text() for link in soup(client.get(f"/spaces/{here}/boards")).select(".board .title a")]
    assert names[-1] == "Ergonomie"
    edit = soup(client.get(f"/spaces/{here}/boards")).find("a", string="Ergonomie")["href"]
    board_id = int(re.search(r"\d+", edit)[0])
    client.send(f"/boards/{board_id}/position", step="-1")
    names = [link.get_text() for link in soup(client.get(f"/spaces/{here}/boards")).select(".board .title a")]
    assert names[-2:] == ["Ergonomie", "Allgemeines"]
    client.send(f"/boards/{board_id}", **fields | {"name": "Arbeitsschutz"})
    page = client.get(client.send(f"/boards/{board_id}/archival").location)
    assert "„Arbeitsschutz“ wird jetzt nur noch gelesen." in text(page)
    assert "hier wird nur noch gelesen" in text(browse(cast.petra).get(f"/boards/{board_id}"))
    assert browse(cast.petra).get(f"/boards/{board_id}/topics/new").status_code == 403
    client.send(f"/boards/{board_id}/archival/delete")
    assert browse(cast.petra).get(f"/boards/{board_id}/topics/new").status_code == 200


# ── Constant cost ────────────────────────────────────────────────────────────────────────────────────────


def colleagues(app: Flask, cast: Cast, count: int) -> list[Viewer]:
    """Members here, each with a mandate in a council of their own."""
    here, network = cast.spaces[HERE], cast.spaces["NET"]
    found = []
    with app.app_context(), unit_of_work():
        for number in range(count):
            member = add_member(f"Kollegin Nummer{number}", f"k{number}@betrieb.example")
            spaces.join(member.id, here, Role.MEMBER)
            facts = SiteFacts(f"Betrieb {number} GmbH", "Werk", "Finsterwalde")
            site = spaces.create_site(cast.manfred.viewer, here, facts)
            council_id = db.session.scalar(sa.select(Council.id).where(Council.site_id == site.id))
            spaces.create_mandate(
                cast.manfred.viewer, council_id, member.id, Term(Function.CHAIR, date(2022, 4, 1))
            )
            found.append(Viewer(member.id, {here: Role.MEMBER, network: Role.MEMBER}))
    return found


def cost(client: FlaskClient, path: str, count_queries: Callable[[], int]) -> int:
    client.get(path)
    count_queries()
    assert client.get(path).status_code == 200
    return count_queries()


def test_lists_cost_the_same_however_long(
    app: Flask, cast: Cast, browse: Browse, count_queries: Callable[[], int]
) -> None:
    client = browse(cast.petra)
    authors = colleagues(app, cast, 8)
    paths = [
        f"/boards/{cast.board}",
        f"/boards/{cast.board}?filter=unread",
        "/",
        "/boards",
        f"/spaces/{cast.spaces[HERE]}",
    ]

    def write(count: int) -> None:
        with app.app_context(), unit_of_work():
            for number in range(count):
                author = authors[number % len(authors)]
                board = (cast.board, cast.other_board)[number % 5 == 0]
                topics.start_topic(author, board, f"Thema {number}", "Text", uuid4())

    write(5)
    few = {path: cost(client, path, count_queries) for path in paths}
    write(40)
    many = {path: cost(client, path, count_queries) for path in paths}
    assert many == few
    # Around every page stand the bell and what there is to confirm, each with one.
    assert few.pop(f"/spaces/{cast.spaces[HERE]}") <= 12  # boards, topics, rooms, and who to turn to
    assert max(few.values()) <= 10


def test_a_topic_costs_the_same_with_two_posts_and_with_twenty_authors(
    app: Flask, cast: Cast, browse: Browse, count_queries: Callable[[], int]
) -> None:
    authors = colleagues(app, cast, 20)
    with app.app_context(), unit_of_work():
        small = topics.start_topic(authors[0], cast.board, "Klein", "Text", uuid4()).id
        topics.reply(authors[1], small, "Antwort", uuid4())
        large = topics.start_topic(authors[0], cast.board, "Groß", "Text", uuid4()).id
        for author in authors[1:]:
            topics.reply(author, large, "Antwort", uuid4())
    client = browse(cast.petra)
    for path in ("/topics/{}", "/topics/{}/print"):
        few = cost(client, path.format(small), count_queries)
        many = cost(client, path.format(large), count_queries)
        assert few == many, path
        assert few <= 10
    page = text(client.get(f"/topics/{large}"))
    assert page.count("BR-Vorsitz") >= PAGE_SIZE


# ── Real and extreme input ───────────────────────────────────────────────────────────────────────────────


def test_the_longest_post_is_sent_read_printed_and_quoted(
    app: Flask, cast: Cast, browse: Browse, topic: int
) -> None:
    paragraph = "Die Schichtübergabe braucht fünfzehn Minuten, und zwar bezahlt; so steht es in § 3. "
    long = (paragraph * 700)[:59_999] + "Z"
    client = browse(cast.petra)
    sent = client.send(f"/topics/{topic}/posts", text=long, client_key=str(uuid4()))
    assert sent.status_code == 303
    for path in (f"/topics/{topic}", f"/topics/{topic}/print"):
        assert text(client.get(path)).count("Schichtübergabe") == long.count("Schichtübergabe")


def test_a_topic_of_a_thousand_posts_is_read_printed_and_moved(
    app: Flask, cast: Cast, browse: Browse
) -> None:
    with app.app_context(), unit_of_work():
        topic = topics.start_topic(cast.petra.viewer, cast.board, "Tausend", "Beitrag 1", uuid4())
        rendered = html.render("Noch ein Beitrag")
        rows = [
            {
                "topic_id": topic.id, "number": number, "author_id": cast.petra.id, "created_at": topic.created_at,
                "source": "Noch ein Beitrag", "html": rendered, "html_version": html.RENDERER_VERSION,
                "client_key": uuid4(), "version": 0, "state": "visible", "state_reason": "",
            }
            for number in range(2, 1001)
        ]  # fmt: skip
        db.session.execute(sa.insert(Post), rows)
        topic.last_number = 1000
        topic_id = topic.id
    client = browse(cast.manfred)
    printed = client.get(f"/topics/{topic_id}/print")
    assert len(soup(printed).select("article.post")) == 1000
    assert numbers(client.get(f"/topics/{topic_id}?page=50")) == list(range(981, 1001))
    assert client.get(f"/topics/{topic_id}?page=51").status_code == 404
    assert client.send(f"/topics/{topic_id}/move", board_id=cast.other_board).status_code == 303
    assert client.send(f"/topics/{topic_id}/posts", text="1001", client_key=str(uuid4())).location.endswith(
        "?page=51#1001"
    )
    with app.app_context():
        assert db.session.get(Topic, topic_id).board_id == cast.other_board


def test_a_title_of_one_long_word_stands_on_every_page(app: Flask, cast: Cast, browse: Browse) -> None:
    word = "Donaudampfschiff" * 12 + "fahrtsee"
    assert len(word) == 200
    client = browse(cast.petra)
    begun = client.send(f"/boards/{cast.board}/topics", title=word, text=word, client_key=str(uuid4()))
    for path in (
        begun.location,
        f"{begun.location}/print",
        f"{begun.location}/title",
        f"/boards/{cast.board}",
    ):
        assert word in client.get(path).text
    assert "Donaudampfschiff" in client.get("/boards").text


def test_markup_in_titles_names_and_texts_stays_text(app: Flask, cast: Cast, browse: Browse) -> None:
    evil = '<img src=x onerror="alert(1)">'
    client = browse(cast.petra)
    begun = client.send(f"/boards/{cast.board}/topics", title=evil, text=evil, client_key=str(uuid4()))
    for path in (
        begun.location,
        f"{begun.location}/print",
        f"/boards/{cast.board}",
        "/boards",
        f"/spaces/{cast.spaces[HERE]}",
    ):
        page = browse(cast.sabine).get(path)
        assert soup(page).find("img", src="x") is None
        assert "&lt;img src=x" in page.text


def test_a_draft_is_private_even_to_moderators(app: Flask, cast: Cast) -> None:
    with app.app_context():
        with unit_of_work():
            writing.save_draft(cast.petra.viewer, f"board:{cast.board}", "Titel", "Text")
        for other in (cast.manfred, cast.sabine, cast.karla):
            assert drafts.find_draft(other.viewer, f"board:{cast.board}") is None
