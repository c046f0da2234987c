"""What people see when something is not there, not allowed, too large, broken, or went wrong."""

import io
import logging
import re
from collections.abc import Callable, Iterator

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from forum.boards.service import topics
from forum.core.db import db
from forum.core.errors import Conflict, Denied, Invalid, NotFound, Refusal
from forum.web.errors import status_of
from tests.cast import Cast, Person

Browse = Callable[[Person | None], FlaskClient]


def without_token(page: str) -> str:
    return re.sub(r'name="(csrf_token|next)" value="[^"]*"', "", page)


@pytest.mark.parametrize(
    ("refusal", "status"), [(NotFound(), 404), (Denied(), 403), (Invalid(), 422), (Conflict(), 409)]
)
def test_each_refusal_has_its_status(refusal: Refusal, status: int) -> None:
    assert status_of(refusal) == status


def test_forbidden_and_absent_look_the_same(app: Flask, cast: Cast, browse: Browse) -> None:
    with app.app_context():
        foreign = cast.foreign_topic()
    client = browse(cast.petra)
    pages = [
        client.get(path)
        for path in (f"/topics/{foreign}", "/topics/987654", "/nowhere", "/administration/members")
    ]
    assert {page.status_code for page in pages} == {404}
    assert len({without_token(page.text) for page in pages}) == 1
    scripts = [client.get(page.request.path, headers={"X-Requested-With": "fetch"}) for page in pages]
    assert {(answer.status_code, answer.text) for answer in scripts} == {(404, scripts[0].text)}


def test_an_error_page_leads_on_and_speaks_the_readers_language(cast: Cast, browse: Browse) -> None:
    german = browse(cast.petra).get("/nowhere")
    assert "Diese Seite gibt es nicht" in german.text
    assert 'href="/"' in german.text
    assert browse(None).get("/nowhere", headers={"Accept-Language": "de"}).status_code == 404


def test_what_is_too_large_is_refused_in_words(cast: Cast, browse: Browse) -> None:
    client = browse(cast.petra)
    path = f"/boards/{cast.board}/topics"
    text = client.post(path, data={"text": "x" * (8 * 1024 * 1024)})
    file = client.post(path, data={"text": "x" * (2 * 1024 * 1024 + 1), "file": (io.BytesIO(b"x"), "x.txt")})
    for answer in (text, file):
        assert answer.status_code == 413
        assert "Zu groß" in answer.text


def test_broken_letters_are_refused_in_words_and_nothing_is_lost(
    app: Flask, cast: Cast, browse: Browse
) -> None:
    with app.app_context():
        topic_id = cast.topic()
    client = browse(cast.petra)
    raw = f"csrf_token={client.token()}&text=Sch%F6ne+Gr%FC%DFe+aus+Finsterwalde".encode()
    answer = client.post(
        f"/topics/{topic_id}/posts", data=raw, content_type="application/x-www-form-urlencoded; charset=utf-8"
    )
    assert answer.status_code == 422
    assert "unlesbares Zeichen" in answer.text
    assert "ne Gr" in answer.text


@pytest.fixture
def in_earnest(app: Flask) -> Iterator[None]:
    """Faults are answered as for members, not raised as for tests."""
    app.testing, app.config["PROPAGATE_EXCEPTIONS"] = False, False
    yield
    app.testing, app.config["PROPAGATE_EXCEPTIONS"] = True, None


@pytest.mark.usefixtures("in_earnest")
def test_a_fault_of_ours_is_owned_and_tells_nothing(
    app: Flask, cast: Cast, browse: Browse, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_args: object, **_kwargs: object) -> None:
        raise RuntimeError("the secret inside")

    client = browse(cast.petra)
    monkeypatch.setattr(topics, "get_topic", fail)
    page = client.get("/topics/1/posts/new")
    script = client.get("/topics/1/posts/new", headers={"X-Requested-With": "fetch"})
    assert (page.status_code, script.status_code) == (500, 500)
    assert "Das liegt an uns" in page.text
    assert "secret" not in page.text + script.text
    assert "the secret inside" in caplog.text


@pytest.mark.usefixtures("in_earnest")
def test_a_fault_in_the_database_still_shows_a_page(
    app: Flask, cast: Cast, browse: Browse, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """PostgreSQL answers nothing more in a transaction that failed; the page asks for the rail all the same."""
    client = browse(cast.petra)
    fault, written = sa.text("SELECT nonsense, :written"), {"written": "Schichtplan der Gruppe C"}
    monkeypatch.setattr(topics, "get_topic", lambda *_a, **_k: db.session.execute(fault, written))
    page = client.get("/topics/1/posts/new")
    assert page.status_code == 500
    assert "Das liegt an uns" in page.text
    assert "nonsense" in caplog.text
    assert "Schichtplan" not in caplog.text


@pytest.mark.parametrize(
    "cursor",
    ["x", "1", "1.2", "1.2.3.4", "-1.2.3", "1.2.x", "1..3", "9" * 30, "²", "0.1.99999999999999999999"],
)
def test_a_cursor_that_nobody_wrote_leads_nowhere(cast: Cast, browse: Browse, cursor: str) -> None:
    assert browse(cast.petra).get(f"/boards/{cast.board}", query_string={"after": cursor}).status_code == 404


@pytest.mark.parametrize(
    ("line", "logged"),
    [
        ("Invalid request from ip=192.0.2.7: Invalid HTTP request line: 'GET /secret'", "Invalid request"),
        ("Error handling request /auth/reset/secret", "Error handling request"),
        ("Worker (pid:7) was sent SIGKILL", "Worker (pid:7) was sent SIGKILL"),
    ],
)
def test_the_servers_log_says_neither_who_asked_nor_what_for(
    app: Flask, caplog: pytest.LogCaptureFixture, line: str, logged: str
) -> None:
    with caplog.at_level(logging.WARNING, "gunicorn.error"):
        logging.getLogger("gunicorn.error").warning(line)
    assert caplog.messages == [logged]
