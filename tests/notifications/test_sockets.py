"""The bell over Socket.IO."""

from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from forum.core.clock import now
from forum.core.db import unit_of_work
from forum.members.models import Member
from forum.notifications.models import Kind
from forum.notifications.service import notices
from tests.cast import Cast, Person


def tell(person: Person, entry_id: int = 1) -> None:
    with unit_of_work():
        notices.notify(Kind.ANSWER, "topic", 1, entry_id, sa.select(Member.id).where(Member.id == person.id))


def test_all_windows_of_a_member_hear_of_it_and_nobody_else(app: Flask, cast: Cast, listen: Any) -> None:
    here, there, other = (listen(person, "/notices") for person in (cast.petra, cast.petra, cast.manfred))
    with app.app_context():
        tell(cast.petra)
    assert here.heard("noticed") == there.heard("noticed") == [{}]
    assert other.heard("noticed") == []
    with app.app_context(), unit_of_work():
        notices.see_before(cast.petra.viewer, now())
    assert here.heard("noticed") == there.heard("noticed") == [{}]


def test_if_many_were_told_all_windows_hear_that_they_have_time_to_ask(
    app: Flask, cast: Cast, listen: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notices, "_TOLD", 0)
    window, other = (listen(person, "/notices") for person in (cast.petra, cast.manfred))
    with app.app_context():
        tell(cast.petra)
    assert window.heard("noticed") == other.heard("noticed") == [{"within": 120}]
    assert window.ask("count")["shown"] == "1"
    assert other.ask("count")["shown"] == ""


def test_the_count_is_asked_for_in_the_words_of_the_bell(app: Flask, cast: Cast, listen: Any) -> None:
    window = listen(cast.petra, "/notices")
    assert window.ask("count") == {"ok": True, "shown": "", "said": ""}
    with app.app_context():
        tell(cast.petra)
    assert window.ask("count") == {"ok": True, "shown": "1", "said": "1 ungelesen"}


def test_being_seen_again_says_nothing(app: Flask, cast: Cast, listen: Any) -> None:
    with app.app_context():
        tell(cast.petra)
    window = listen(cast.petra, "/notices")
    for _ in range(2):
        with app.app_context(), unit_of_work():
            notices.see(cast.petra.viewer, "topic", 1)
    assert window.heard("noticed") == [{}]
