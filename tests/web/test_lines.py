"""How many files one member sends and fetches at once."""

import io
import socket
from uuid import uuid4

import pytest
from flask import Flask
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Response

from forum.web import lines
from forum.web.lines import Lines, lines_of
from tests.cast import Cast


def test_each_member_has_so_many_lines_and_no_more() -> None:
    lines = Lines(2)
    assert [lines.take(1), lines.take(1), lines.take(1), lines.take(2)] == [True, True, False, True]
    lines.give_back(1)
    assert [lines.take(1), lines.take(1)] == [True, False]


def test_who_has_too_many_under_way_waits_and_nobody_else_does(app: Flask, cast: Cast, browse) -> None:
    petra, manfred = browse(cast.petra), browse(cast.manfred)
    lines = lines_of(app)
    taken = 0
    while lines.take(cast.petra.id):
        taken += 1
    try:
        assert _send(petra) == 429
        assert _send(manfred) == 404
        assert petra.get("/").status_code == 200
    finally:
        for _line in range(taken):
            lines.give_back(cast.petra.id)
    for _time in range(2 * taken):
        assert _send(petra) == 404, "each line is given back"


def _send(client) -> int:
    headers = {"X-CSRFToken": client.token(), "Upload-Offset": "0", "X-Requested-With": "fetch"}
    return client.patch(
        f"/files/{uuid4()}",
        data=io.BytesIO(b"Bytes"),
        headers=headers,
        content_type="application/offset+octet-stream",
    ).status_code


def test_who_stops_in_the_middle_of_a_form_is_hung_up_on(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "_PATIENCE", 0.2)
    ours, theirs = socket.socketpair()
    with ours, theirs, ours.makefile("rb") as body:
        theirs.sendall(b"email=pet")
        environ = EnvironBuilder("/sign-in", method="POST").get_environ() | {
            "CONTENT_TYPE": "application/x-www-form-urlencoded",
            "CONTENT_LENGTH": "500",
            "wsgi.input": body,
            "gunicorn.socket": ours,
        }
        answer = Response.from_app(app, environ)
        assert answer.status_code == 400
        assert ours.recv(10) == b"", "nothing more is waited for"


def test_who_sends_nothing_along_has_all_the_time_to_read(app: Flask) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        app.test_client().get("/sign-in", environ_overrides={"gunicorn.socket": ours})
        assert ours.gettimeout() is None
