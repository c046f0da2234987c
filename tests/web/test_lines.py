"""How many files one member sends and fetches at once."""

import io
from uuid import uuid4

from flask import Flask

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
