"""Two people at once: the second is told, and nothing is written twice."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from forum.boards.service import boards
from tests.cast import Cast, Person


def test_a_name_taken_in_the_same_moment_is_a_conflict(
    cast: Cast, browse: Callable[[Person], FlaskClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(boards, "_free_name", lambda _space_id, name, besides=None: name)
    browser = browse(cast.manfred)
    answer = browser.send(
        f"/spaces/{cast.spaces['FIN']}/boards", name="Allgemeines", description="", starters="members"
    )
    assert answer.status_code == 409
    assert "im selben Moment schneller" in answer.get_data(as_text=True)
    assert browser.get("/boards").status_code == 200
