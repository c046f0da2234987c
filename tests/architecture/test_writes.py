"""What writes, and what must not: reading leaves no trace, and no write comes from another site."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask, url_for
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from forum.core.db import db
from tests.architecture.matrix import MATRIX, VIEWERS, Row
from tests.architecture.scene import Scene
from tests.architecture.test_access import QuietClient, method_of
from tests.cast import sign_in
from tests.pages import find_faults

WRITES = ("INSERT", "UPDATE", "DELETE", "BEGIN IMMEDIATE", "REPLACE", "TRUNCATE", "SELECT NEXTVAL")
#: What a POST looks like that was not made by our forms.
STRANGE = "\x00\ud83d\udca9<script>" + "x" * 300


def rows(app: Flask, method: str) -> list[Row]:
    return [row for row in MATRIX if method_of(app, row) == method]


def path_of(app: Flask, row: Row, values: dict[str, Any]) -> str:
    with app.test_request_context():
        return url_for(row.endpoint, **values)


def browser(app: Flask, scene: Scene, viewer: str) -> QuietClient:
    client = QuietClient(app, app.response_class)
    scene.who = getattr(scene.cast, viewer, None)
    if scene.who is not None:
        sign_in(client, scene.who)
    return client


@contextmanager
def refusing_writes(app: Flask) -> Iterator[list[str]]:
    """Inside, every statement that writes is noted."""
    written: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if statement.lstrip().upper().startswith(WRITES) or " FOR UPDATE" in statement.upper():
            written.append(statement)

    with app.app_context():
        engine = db.engine
    sa.event.listen(engine, "before_cursor_execute", note)
    try:
        yield written
    finally:
        sa.event.remove(engine, "before_cursor_execute", note)


def everything(app: Flask) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of all tables."""
    with app.app_context(), db.engine.connect() as connection:
        tables = db.metadatas[None].sorted_tables
        return {table.name: sorted(map(repr, connection.execute(table.select()))) for table in tables}


def welcome(row: Row) -> str:
    """Somebody who may do what the row asks for, if anybody may."""
    return next((name for name in VIEWERS[::-1] if row.expected(name) in {200, 303}), "petra")


def test_reading_never_writes(app: Flask, scene: Scene) -> None:
    """Every page, read by everybody."""
    culprits = {}
    clients = {name: browser(app, scene, name) for name in VIEWERS}
    for row in rows(app, "GET"):
        scene.who = scene.cast.petra
        with app.app_context():
            path = path_of(app, row, row.ask(scene).values)
        for name, client in clients.items():
            with refusing_writes(app) as written:
                client.get(path)
            if written:
                culprits[f"{row.name} as {name}"] = written[0][:100]
    assert culprits == {}


def test_no_write_is_taken_without_a_token_of_this_browser(app: Flask, scene: Scene) -> None:
    """A form of another site sends no token; whatever it asks for, nothing happens.

    What a mail program sends to stop mails carries a signed ticket instead (RFC 8058).
    """
    wrong = {}
    for row in rows(app, "POST"):
        if row.endpoint == "notifications.create_stop":
            continue
        client = browser(app, scene, welcome(row))
        with app.app_context():
            asked = row.ask(scene)
        path = path_of(app, row, asked.values)
        for token in ({}, {"csrf_token": "forged"}):
            with refusing_writes(app) as written:
                answer = client.post(path, data={**without_files(asked.fields), **token})
            if answer.status_code != 400 or written:
                wrong[row.name] = (answer.status_code, written)
    assert wrong == {}


def without_files(fields: dict[str, Any]) -> dict[str, Any]:
    """Files can be sent once only."""
    return {name: value for name, value in fields.items() if not isinstance(value, tuple)}


def test_a_token_of_another_browser_is_refused(app: Flask, scene: Scene) -> None:
    attacker = browser(app, scene, "olga")
    with attacker.session_transaction() as session:
        session["csrf_token"] = "1" * 40
    victim = browser(app, scene, "petra")
    victim.token()
    with app.app_context():
        topic_id = scene.topic()
    before = everything(app)
    answer = victim.post(
        f"/topics/{topic_id}/posts", data={"text": "Untergeschoben", "csrf_token": attacker.token()}
    )
    assert answer.status_code == 400
    assert everything(app) == before


@pytest.mark.parametrize("what", ["nothing", "strange", "void", "files", "doubles"])
def test_a_write_that_no_form_of_ours_sent_is_refused_in_good_order(
    app: Flask, scene: Scene, what: str
) -> None:
    """With the right token but other fields than ours: never a fault of the server, and always a whole page."""
    wrong: dict[str, Any] = {}
    for row in rows(app, "POST"):
        client = browser(app, scene, welcome(row))
        with app.app_context():
            asked = row.ask(scene)
        names = [*asked.fields, "text", "title", "client_key", "version", "preview", "next", "stay"]
        fields: dict[str, Any] = {
            "nothing": {},
            "strange": dict.fromkeys(names, STRANGE.encode("utf-8", "surrogatepass")),
            "void": dict.fromkeys(names, "a\0@b.example"),
            "files": {name: (io.BytesIO(b"\x89PNG\r\n\x1a\n broken"), "bild.png") for name in names},
            "doubles": {name: ["", "2", "x"] for name in names},
        }[what]
        try:
            answer = client.post(
                path_of(app, row, asked.values), data={"csrf_token": client.token(), **fields}
            )
        except Exception as fault:  # what would be a fault of the server
            wrong[row.name] = repr(fault)
            continue
        if answer.status_code >= 500 or not is_whole(answer):
            wrong[row.name] = answer.status_code
    assert wrong == {}


def is_whole(answer: TestResponse) -> bool:
    if answer.status_code in {302, 303} or answer.mimetype != "text/html":
        return True
    return answer.status_code == 404 or find_faults(answer.text) == []


def test_no_address_takes_another_method_than_it_says(app: Flask, scene: Scene) -> None:
    wrong = {}
    client: FlaskClient = browser(app, scene, "manfred")
    adapter = app.url_map.bind("localhost")
    for row in one_for_each_address(app):
        scene.who = scene.cast.manfred
        with app.app_context():
            path = path_of(app, row, row.ask(scene).values).partition("?")[0]
        allowed = set(adapter.allowed_methods(path))
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE"} - allowed:
            status = client.open(path, method=method).status_code
            if status not in {404, 405}:
                wrong[f"{method} {row.endpoint}"] = status
    assert wrong == {}


def one_for_each_address(app: Flask) -> list[Row]:
    """The rows of endpoints with several addresses, and one of each other endpoint."""
    several = [row for row in MATRIX if len(list(app.url_map.iter_rules(row.endpoint))) > 1]
    return [*{row.endpoint: row for row in MATRIX if row not in several}.values(), *several]


def test_asking_which_methods_there_are_or_for_the_head_alone_writes_nothing(
    app: Flask, scene: Scene
) -> None:
    client = browser(app, scene, "manfred")
    with app.app_context():
        topic_id = scene.topic()
    with refusing_writes(app) as written:
        assert client.options(f"/topics/{topic_id}/posts").status_code in {200, 400, 404, 405}
        head = client.head(f"/topics/{topic_id}")
    assert (head.status_code, head.data, written) == (200, b"", [])
