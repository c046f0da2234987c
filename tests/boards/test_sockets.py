"""Boards over Socket.IO: who hears what, what is answered, and what nobody gets to hear."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask

from forum.boards.models import PAGE_SIZE
from forum.boards.service import boards, posts, readings, topics, writing
from forum.core.access import Role
from forum.core.db import db, unit_of_work
from forum.core.errors import Refusal
from forum.members.models import ChatPreferences
from forum.spaces import service as spaces
from tests.boards.conftest import do
from tests.cast import ELSEWHERE, HERE, Cast
from tests.conftest import Listener

Listen = Callable[..., Listener]


# ── Opening a topic ──────────────────────────────────────────────────────────────────────────────────────


def test_an_opened_topic_tells_what_there_is_by_now(
    app: Flask, cast: Cast, listen: Listen, topic: int
) -> None:
    with app.app_context():
        edited, hidden = cast.post(cast.petra, topic), cast.hidden_post(topic)
    do(app, posts.edit_post, cast.petra.viewer, edited, "Neue Worte", 0)
    assert listen(cast.sabine).ask("open_topic", {"topic": topic, "page": 1}) == {
        "ok": True,
        "topic": topic,
        "board": cast.board,
        "title": "Vier-Schicht-Modell",
        "last_number": 3,
        "is_closed": False,
        "is_pinned": False,
        "posts": [[1, 0, "visible"], [2, 1, "visible"], [3, 0, "hidden"]],
    }
    assert hidden


def test_only_the_posts_of_the_page_are_told(app: Flask, cast: Cast, listen: Listen) -> None:
    with app.app_context():
        topic = cast.topic(posts=PAGE_SIZE + 2)
    answer = listen(cast.petra).ask("open_topic", {"topic": topic, "page": 2})
    assert answer["last_number"] == PAGE_SIZE + 2
    assert [number for number, _version, _state in answer["posts"]] == [PAGE_SIZE + 1, PAGE_SIZE + 2]


def test_a_topic_is_opened_by_those_who_read_it_and_by_nobody_else(
    app: Flask, cast: Cast, listen: Listen, topic: int
) -> None:
    inside = {name: listen(getattr(cast, name)) for name in ("petra", "manfred", "sabine")}
    outside = {name: listen(getattr(cast, name)) for name in ("olga", "rosa", "karla")}
    assert not listen(None).is_connected
    for one in inside.values():
        assert one.ask("open_topic", {"topic": topic, "page": 1})["ok"]
    for one in outside.values():
        assert one.ask("open_topic", {"topic": topic, "page": 1})["error"] == "not_found"
    with app.app_context():
        cast.post(cast.petra, topic)
    assert [len(one.heard("posted")) for one in inside.values()] == [1, 1, 1]
    assert [len(one.heard("posted")) for one in outside.values()] == [0, 0, 0]


def test_an_absent_and_a_foreign_topic_are_answered_alike(app: Flask, cast: Cast, listen: Listen) -> None:
    with app.app_context():
        foreign = cast.foreign_topic()
    petra = listen(cast.petra)
    for event in ("open_topic", "typing"):
        absent = petra.ask(event, {"topic": 2**31 - 2, "page": 1})
        assert petra.ask(event, {"topic": foreign, "page": 1}) == absent
        assert absent["error"] == "not_found"


@pytest.mark.parametrize(
    ("data", "error"),
    [
        ({}, "invalid"),
        ({"topic": None, "page": 1}, "invalid"),
        ({"topic": "1", "page": 1}, "invalid"),
        ({"topic": True, "page": 1}, "invalid"),
        ({"topic": 1.5, "page": 1}, "invalid"),
        ({"topic": [1], "page": 1}, "invalid"),
        ({"topic": {"id": 1}, "page": 1}, "invalid"),
        ({"topic": "1 OR 1=1", "page": 1}, "invalid"),
        ({"topic": 0, "page": 1}, "not_found"),
        ({"topic": -1, "page": 1}, "not_found"),
        ({"topic": 2**31, "page": 1}, "not_found"),
        ({"topic": 2**63, "page": 1}, "not_found"),
        ({"topic": 10**30, "page": 1}, "not_found"),
        ([], "invalid"),
        ("open", "invalid"),
        (7, "invalid"),
    ],
)
@pytest.mark.parametrize("event", ["open_topic", "typing"])
def test_what_is_no_topic_is_refused_and_the_page_stays_connected(
    app: Flask, cast: Cast, listen: Listen, topic: int, event: str, data: Any, error: str
) -> None:
    petra = listen(cast.petra)
    answer = petra.ask(event, data)
    assert (answer["ok"], answer["error"]) == (False, error)
    assert answer["message"]
    assert petra.ask("open_topic", {"topic": topic, "page": 1})["ok"]


@pytest.mark.parametrize(
    ("page", "error"),
    [
        (0, "not_found"),
        (-1, "not_found"),
        (2, "not_found"),
        (2**63, "not_found"),
        (None, "invalid"),
        ("1", "invalid"),
        (True, "invalid"),
    ],
)
def test_a_page_that_is_not_there_is_refused_and_nothing_is_heard(
    app: Flask, cast: Cast, listen: Listen, topic: int, page: Any, error: str
) -> None:
    petra = listen(cast.petra)
    assert petra.ask("open_topic", {"topic": topic, "page": page})["error"] == error
    with app.app_context():
        cast.post(cast.manfred, topic)
    assert petra.heard("posted") == []


def test_events_that_are_none_are_refused(cast: Cast, listen: Listen) -> None:
    petra = listen(cast.petra)
    for name in ("posted", "moved", "connect", "disconnect", "hang_up", "enter", "__init__", "x" * 5000):
        assert petra.ask(name, {"topic": 1})["error"] == "not_found"
    assert petra.ask("signs")["ok"]


# ── What is heard ────────────────────────────────────────────────────────────────────────────────────────


def test_a_new_post_is_told_after_the_commit_and_only_then(
    app: Flask, cast: Cast, listen: Listen, topic: int
) -> None:
    sabine, manfred = listen(cast.sabine), listen(cast.manfred)
    sabine.ask("open_topic", {"topic": topic, "page": 1})

    def reply_and_fail() -> None:
        topics.reply(cast.petra.viewer, topic, "Doch nicht", uuid4())
        raise RuntimeError

    with pytest.raises(RuntimeError):
        do(app, reply_and_fail)
    assert sabine.heard("posted") == []
    with app.app_context():
        cast.post(cast.petra, topic, "Geheime Zahl 4711")
    assert sabine.heard("posted") == [{"topic": topic, "number": 2, "by": cast.petra.id}]
    # Whoever sees it in a list hears that, too.
    assert manfred.heard("moved") == [
        {
            "space": cast.spaces[HERE],
            "board": cast.board,
            "topic": topic,
            "number": 2,
            "by": cast.petra.id,
        }
    ]


def test_a_reply_sent_twice_is_told_once(app: Flask, cast: Cast, listen: Listen, topic: int) -> None:
    sabine, key = listen(cast.sabine), uuid4()
    sabine.ask("open_topic", {"topic": topic, "page": 1})
    for _ in range(2):
        do(app, topics.reply, cast.petra.viewer, topic, "Zweimal gesendet", key)
    assert len(sabine.heard("posted")) == 1


def test_every_change_of_a_post_is_told_without_a_word_of_it(
    app: Flask, cast: Cast, listen: Listen, topic: int
) -> None:
    with app.app_context():
        post = cast.post(cast.petra, topic, "Geheime Zahl 4711")
    sabine = listen(cast.sabine)
    sabine.ask("open_topic", {"topic": topic, "page": 1})
    do(app, posts.edit_post, cast.petra.viewer, post, "Geheime Zahl 4712", 0)
    do(app, posts.edit_post, cast.petra.viewer, post, "Geheime Zahl 4712", 1)  # nothing changed
    do(app, posts.withdraw_post, cast.petra.viewer, post)
    do(app, posts.withdraw_post, cast.petra.viewer, post)
    do(app, posts.restore_post, cast.petra.viewer, post)
    do(app, posts.hide_post, cast.manfred.viewer, post, "Nennt Zahlen")
    do(app, posts.restore_post, cast.manfred.viewer, post)
    told = sabine.heard("post_changed")
    assert [(hint["number"], hint["version"], hint["state"]) for hint in told] == [
        (2, 1, "visible"),
        (2, 1, "withdrawn"),
        (2, 1, "visible"),
        (2, 1, "hidden"),
        (2, 1, "visible"),
    ]
    assert {frozenset(hint) for hint in told} == {
        frozenset({"topic", "number", "version", "state", "only_files"})
    }
    assert "471" not in str(told)


@pytest.mark.parametrize(
    ("change", "back"),
    [
        (topics.close_topic, topics.reopen_topic),
        (topics.pin_topic, topics.unpin_topic),
    ],
)
def test_a_changed_topic_is_told_to_its_readers_and_to_the_lists(
    app: Flask, cast: Cast, listen: Listen, topic: int, change: Any, back: Any
) -> None:
    petra, sabine = listen(cast.petra), listen(cast.sabine)
    petra.ask("open_topic", {"topic": topic, "page": 1})
    for verb in (change, change, back):  # the second time changes nothing
        do(app, verb, cast.manfred.viewer, topic)
    assert petra.heard("topic_changed") == [{"topic": topic}] * 2
    assert len(sabine.heard("moved")) == 2


def test_a_new_title_is_told_without_the_title(app: Flask, cast: Cast, listen: Listen, topic: int) -> None:
    petra = listen(cast.petra)
    petra.ask("open_topic", {"topic": topic, "page": 1})
    do(app, topics.rename_topic, cast.manfred.viewer, topic, "Vier-Schicht-Modell")
    do(app, topics.rename_topic, cast.manfred.viewer, topic, "Neu und geheim")
    assert petra.heard("topic_changed") == [{"topic": topic}]
    assert petra.ask("open_topic", {"topic": topic, "page": 1})["title"] == "Neu und geheim"


def test_a_topic_moved_away_is_told_once_more_and_then_heard_by_its_new_readers_only(
    app: Flask, cast: Cast, listen: Listen, topic: int
) -> None:
    with app.app_context(), unit_of_work():
        spaces.join(cast.manfred.id, cast.spaces[ELSEWHERE], Role.MODERATOR)
    viewer = type(cast.manfred.viewer)(
        cast.manfred.id, {**cast.manfred.viewer.spaces, cast.spaces[ELSEWHERE]: Role.MODERATOR}
    )
    petra, olga = listen(cast.petra), listen(cast.olga)
    petra.ask("open_topic", {"topic": topic, "page": 1})
    do(app, topics.move_topic, viewer, topic, cast.foreign_board)
    assert petra.heard("topic_changed") == [{"topic": topic}]
    assert petra.ask("open_topic", {"topic": topic, "page": 1})["error"] == "not_found"
    assert olga.ask("open_topic", {"topic": topic, "page": 1})["board"] == cast.foreign_board
    with app.app_context():
        cast.post(cast.olga, topic)
    assert olga.heard("posted") != []
    assert petra.heard("posted") == []


def test_lists_hear_of_boards_too(app: Flask, cast: Cast, listen: Listen) -> None:
    petra, olga = listen(cast.petra), listen(cast.olga)
    do(app, boards.archive_board, cast.manfred.viewer, cast.board)
    do(app, boards.revive_board, cast.manfred.viewer, cast.board)
    assert [hint["board"] for hint in petra.heard("moved")] == [cast.board] * 2
    assert olga.heard("moved") == []


def test_what_is_read_in_one_window_is_told_to_the_others_of_the_same_member(
    app: Flask, cast: Cast, listen: Listen, topic: int
) -> None:
    phone, desk, manfred = listen(cast.petra), listen(cast.petra), listen(cast.manfred)
    for read in (
        lambda: readings.record_reading(cast.petra.viewer, topic, 1),
        lambda: readings.mark_board_read(cast.petra.viewer, cast.board),
        lambda: readings.mark_all_read(cast.petra.viewer),
    ):
        do(app, read)
        assert phone.heard("read") == desk.heard("read") == [{}]
    assert manfred.heard("read") == []


def test_a_lost_membership_ends_the_hearing(app: Flask, cast: Cast, listen: Listen, topic: int) -> None:
    petra, sabine = listen(cast.petra), listen(cast.sabine)
    for one in (petra, sabine):
        one.ask("open_topic", {"topic": topic, "page": 1})
    do(app, spaces.end_membership, cast.manfred.viewer, cast.spaces[HERE], cast.petra.id)
    with app.app_context():
        cast.post(cast.manfred, topic)
    assert sabine.heard("posted") != []
    assert not petra.is_connected or petra.heard("posted") == []


# ── Counts ───────────────────────────────────────────────────────────────────────────────────────────────


def test_the_counts_are_those_of_the_rail(app: Flask, cast: Cast, listen: Listen) -> None:
    petra, olga = listen(cast.petra), listen(cast.olga)
    here = cast.spaces[HERE]
    assert [space["shown"] for space in petra.ask("signs")["spaces"]] == ["", ""]
    with app.app_context():
        topics_here = [cast.topic(cast.manfred), cast.topic(cast.manfred)]
    spaces_now = {space.pop("id"): space for space in petra.ask("signs")["spaces"]}
    assert spaces_now[here] == {"shown": "2", "said": "2 ungelesen"}
    assert here not in [space["id"] for space in olga.ask("signs")["spaces"]]
    do(app, readings.record_reading, cast.petra.viewer, topics_here[0], 1)
    spaces_now = {space.pop("id"): space for space in petra.ask("signs")["spaces"]}
    assert spaces_now[here] == {"shown": "1", "said": "1 ungelesen"}


def test_counts_take_one_statement_beside_the_viewer(
    app: Flask, cast: Cast, listen: Listen, count_queries: Callable[[], int]
) -> None:
    petra = listen(cast.petra)
    petra.ask("signs")
    with app.app_context():
        cast.topic(cast.manfred)
    count_queries()
    petra.ask("signs")
    assert count_queries() <= 3  # the beginning, the viewer, the counts


def test_opening_takes_as_many_statements_for_a_long_topic_as_for_a_short_one(
    app: Flask, cast: Cast, listen: Listen, count_queries: Callable[[], int]
) -> None:
    with app.app_context():
        short, long = cast.topic(), cast.topic(posts=PAGE_SIZE)
    petra = listen(cast.petra)
    petra.ask("open_topic", {"topic": short, "page": 1})
    count_queries()
    petra.ask("open_topic", {"topic": short, "page": 1})
    few = count_queries()
    petra.ask("open_topic", {"topic": long, "page": 1})
    assert count_queries() == few <= 7


# ── Writing ──────────────────────────────────────────────────────────────────────────────────────────────


def test_who_is_writing_is_told_to_the_other_readers_of_the_topic(
    cast: Cast, listen: Listen, topic: int
) -> None:
    petra, phone, manfred, sabine = (
        listen(person) for person in (cast.petra, cast.petra, cast.manfred, cast.sabine)
    )
    for one in (petra, phone, manfred):
        one.ask("open_topic", {"topic": topic, "page": 1})
    assert petra.ask("typing", {"topic": topic}) == {"ok": True}
    told = [{"topic": topic, "member": cast.petra.id, "name": "Petra Sommer"}]
    assert manfred.heard("typing") == phone.heard("typing") == told
    assert petra.heard("typing") == []
    assert sabine.heard("typing") == []  # has not opened it


def test_nobody_writes_where_nobody_may(app: Flask, cast: Cast, listen: Listen, topic: int) -> None:
    petra, manfred = listen(cast.petra), listen(cast.manfred)
    do(app, topics.close_topic, cast.manfred.viewer, topic)
    petra.ask("open_topic", {"topic": topic, "page": 1})
    assert petra.ask("typing", {"topic": topic})["error"] == "denied"
    assert manfred.ask("typing", {"topic": topic})["ok"]
    with app.app_context(), pytest.raises(Refusal):
        writing.tell_typing(cast.olga.viewer, topic, "")


def test_nothing_is_kept_of_who_is_writing(
    app: Flask, cast: Cast, listen: Listen, topic: int, count_queries: Callable[[], int]
) -> None:
    petra = listen(cast.petra)
    with app.app_context():
        before = [db.session.execute(table.select()).all() for table in db.metadata.sorted_tables]
    petra.ask("typing", {"topic": topic})
    with app.app_context():
        after = [db.session.execute(table.select()).all() for table in db.metadata.sorted_tables]
    assert before == after


def test_a_flood_of_hints_is_stopped_for_its_sender_alone(cast: Cast, listen: Listen, topic: int) -> None:
    petra, manfred = listen(cast.petra), listen(cast.manfred)
    manfred.ask("open_topic", {"topic": topic, "page": 1})
    answers = [petra.ask("typing", {"topic": topic}) for _ in range(400)]
    assert answers[0]["ok"]
    assert answers[-1]["error"] == "too_fast"
    assert manfred.ask("open_topic", {"topic": topic, "page": 1})["ok"]
    assert len(manfred.heard("typing")) == sum(answer["ok"] for answer in answers)


def test_who_hides_that_one_writes_neither_tells_nor_hears_it(
    app: Flask, cast: Cast, listen: Callable[..., Any]
) -> None:
    with app.app_context():
        topic = cast.topic()
        with unit_of_work():
            db.session.add(ChatPreferences(member_id=cast.petra.id, shows_typing=False))
    petra, manfred, sabine = (listen(person) for person in (cast.petra, cast.manfred, cast.sabine))
    for page in (petra, manfred, sabine):
        assert page.ask("open_topic", {"topic": topic, "page": 1})["ok"]
    assert petra.ask("typing", {"topic": topic})["ok"]
    assert manfred.heard("typing") == []
    assert manfred.ask("typing", {"topic": topic})["ok"]
    assert petra.heard("typing") == []
    assert [data["name"] for data in sabine.heard("typing")] == ["Manfred Lehnigk"]
