"""The authorization matrix of the sockets: every event, every kind of viewer, the answer each must get.

The columns are those of `matrix.py`, without the visitor, who does not even connect. "-" is "not found", for what is
absent and for what is foreign alike; "no" is "may see it, but not do this"; "bad" is data that nobody could take.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask

from forum.chat.service import messages
from forum.core.db import unit_of_work
from forum.realtime.namespace import Namespace
from tests.cast import HERE, Cast, Person
from tests.make.sent import sent_file

VIEWERS = ("olga", "petra", "rosa", "manfred", "sabine", "karla")
ANSWERS = {"ok": None, "-": "not_found", "no": "denied", "bad": "invalid"}


@dataclass(frozen=True)
class Row:
    """One case: the event, what each viewer is answered, and what is asked for."""

    namespace: str
    event: str
    answers: str
    data: Callable[[Cast], dict[str, Any]]
    case: str = ""

    @property
    def name(self) -> str:
        return f"{self.namespace}-{self.event}-{self.case}"


def own(cast: Cast) -> int:
    """A message of Petra's in the room here."""
    return cast.message(cast.petra)


def private(cast: Cast) -> int:
    """A message of Petra's to Sabine."""
    return cast.message(cast.petra, cast.direct())


def pinned(cast: Cast) -> int:
    message = own(cast)
    with unit_of_work():
        messages.pin_message(cast.manfred.viewer, message)
    return message


def file_of(cast: Cast) -> int:
    """A file that Petra sent."""
    return sent_file(cast.petra)


def boards(event: str, answers: str, data: Callable[[Cast], dict[str, Any]], case: str = "") -> Row:
    return Row("/boards", event, answers, data, case)


def chat(event: str, answers: str, data: Callable[[Cast], dict[str, Any]], case: str = "") -> Row:
    return Row("/chat", event, answers, data, case)


def notices(event: str, answers: str, data: Callable[[Cast], dict[str, Any]], case: str = "") -> Row:
    return Row("/notices", event, answers, data, case)


MATRIX = (
    #                           olga petra rosa manfred sabine karla
    boards("open_topic",       "-   ok    -    ok      ok     -", lambda c: {"topic": c.topic(), "page": 1}),
    boards("typing",           "-   ok    -    ok      ok     -", lambda c: {"topic": c.topic()}),
    boards("names",            "-   ok    -    ok      ok     -", lambda c: {"space": c.spaces[HERE], "part": "pe"}),
    boards("signs",            "ok  ok    ok   ok      ok     ok", lambda c: {}),
    notices("count",           "ok  ok    ok   ok      ok     ok", lambda c: {}),
    chat("rooms",              "ok  ok    ok   ok      ok     ok", lambda c: {}),
    chat("open",               "-   ok    -    ok      ok     -", lambda c: {"room": c.room}),
    chat("open",               "-   ok    -    -       ok     -", lambda c: {"room": c.direct()}, "private"),
    chat("close",              "ok  ok    ok   ok      ok     ok", lambda c: {"room": c.room}),
    chat("send",               "-   ok    -    ok      ok     -", lambda c: {"room": c.room, "text": "Ja", "key": str(uuid4())}),
    chat("send",               "-   ok    -    -       ok     -", lambda c: {"room": c.direct(), "text": "Ja", "key": str(uuid4())}, "private"),
    chat("send",               "-   ok    -    bad     bad    -", lambda c: {"room": c.room, "text": "", "key": str(uuid4()), "files": [file_of(c)]}, "files"),
    chat("edit",               "-   ok    -    no      no     -", lambda c: {"message": own(c), "text": "Nein", "version": 0}),
    chat("edit",               "-   ok    -    -       no     -", lambda c: {"message": private(c), "text": "Nein", "version": 0}, "private"),
    chat("withdraw",           "-   ok    -    no      no     -", lambda c: {"message": own(c)}),
    chat("withdraw",           "-   ok    -    -       no     -", lambda c: {"message": private(c)}, "private"),
    chat("pin",                "-   no    -    ok      no     -", lambda c: {"message": own(c)}),
    chat("pin",                "-   ok    -    -       ok     -", lambda c: {"message": private(c)}, "private"),
    chat("unpin",              "-   no    -    ok      no     -", lambda c: {"message": pinned(c)}),
    chat("react",              "-   ok    -    ok      ok     -", lambda c: {"message": own(c), "kind": "thanks"}),
    chat("react",              "-   ok    -    -       ok     -", lambda c: {"message": private(c), "kind": "agree"}, "private"),
    chat("react",              "bad bad   bad  bad     bad    bad", lambda c: {"message": own(c), "kind": "boo"}, "unknown"),
    chat("unreact",            "-   ok    -    ok      ok     -", lambda c: {"message": own(c), "kind": "thanks"}),
    chat("read",               "-   ok    -    ok      ok     -", lambda c: {"room": c.room, "message": own(c)}),
    chat("typing",             "-   ok    -    ok      ok     -", lambda c: {"room": c.room}),
    chat("typing",             "-   ok    -    -       ok     -", lambda c: {"room": c.direct()}, "private"),
    chat("catch_up",           "-   ok    -    ok      ok     -", lambda c: {"room": c.room, "since": 0}),
    chat("catch_up",           "-   ok    -    -       ok     -", lambda c: {"room": c.direct(), "since": 0}, "private"),
    chat("older",              "-   ok    -    ok      ok     -", lambda c: {"room": c.room, "before": own(c)}),
    chat("older",              "-   ok    -    -       ok     -", lambda c: {"room": c.direct(), "before": 9}, "private"),
    chat("newer",              "-   ok    -    ok      ok     -", lambda c: {"room": c.room, "after": own(c)}),
    chat("seen_by",            "-   ok    -    -       -      -", lambda c: {"message": own(c)}),
    chat("seen_by",            "-   ok    -    -       -      -", lambda c: {"message": private(c)}, "private"),
    chat("names",              "-   ok    -    ok      ok     -", lambda c: {"room": c.room, "part": "pe"}),
)  # fmt: skip


def declared(app: Flask) -> set[tuple[str, str]]:
    """All events of all namespaces."""
    found: dict[str, Namespace] = app.extensions["socketio"].server.namespace_handlers
    return {
        (name, attribute.removeprefix("on_"))
        for name, namespace in found.items()
        for attribute in dir(type(namespace))
        if getattr(getattr(type(namespace), attribute), "is_event", False)
    }


def test_the_matrix_has_every_event(app: Flask) -> None:
    rows = {(row.namespace, row.event) for row in MATRIX}
    assert declared(app) - rows == set(), "add a row to tests/architecture/test_events.py"
    assert rows - declared(app) == set(), "these are gone"


@pytest.mark.parametrize("namespace", ["/boards", "/chat", "/notices"])
def test_visitors_do_not_connect(cast: Cast, listen: Callable[..., Any], namespace: str) -> None:
    assert not listen(None, namespace).is_connected


@pytest.mark.parametrize("row", MATRIX, ids=lambda row: row.name)
def test_each_viewer_is_answered_as_the_matrix_says(
    app: Flask, cast: Cast, listen: Callable[..., Any], row: Row
) -> None:
    found = {}
    for name in VIEWERS:
        person: Person = getattr(cast, name)
        with app.app_context():
            data = row.data(cast)
        answer = listen(person, row.namespace).ask(row.event, data)
        found[name] = answer.get("error")
    expected = dict(zip(VIEWERS, (ANSWERS[word] for word in row.answers.split()), strict=True))
    assert found == expected


@pytest.mark.parametrize(
    "row", [row for row in MATRIX if "-" in row.answers.split()], ids=lambda row: row.name
)
def test_what_is_absent_and_what_is_foreign_are_answered_alike(
    app: Flask, cast: Cast, listen: Callable[..., Any], row: Row
) -> None:
    with app.app_context():
        data = row.data(cast)
    olga = listen(cast.olga, row.namespace)
    absent = {name: 2**40 if name in {"room", "topic", "message"} else value for name, value in data.items()}
    assert olga.ask(row.event, data) == olga.ask(row.event, absent)


@pytest.mark.parametrize("value", [None, "1", 1.5, True, [1], {"id": 1}, -1, 0, 2**63, 10**30])
def test_no_event_stumbles_over_what_is_no_id(
    app: Flask, cast: Cast, listen: Callable[..., Any], value: Any
) -> None:
    for namespace, event in sorted(declared(app)):
        rows = [row for row in MATRIX if (row.namespace, row.event) == (namespace, event)]
        with app.app_context():
            data = rows[0].data(cast)
        asked = listen(cast.petra, namespace)
        for name in data:
            answer = asked.ask(event, data | {name: value})
            assert answer.get("error") != "broken", (event, name, value)
            assert answer["ok"] or answer["message"], (event, name, value)
        asked.hang_up()
