"""Lines under the bell go when they mean nothing to their readers any more."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask

from forum.boards.service import posts, topics
from forum.core.clock import now
from forum.core.db import db, unit_of_work
from forum.jobs.models import Job
from forum.members.models import Member, Standing
from forum.notifications import policy
from forum.notifications.models import Kind, Level, Notice
from forum.notifications.queries import bell
from forum.notifications.service import notices, watches
from forum.notifications.tasks import tidying
from tests.cast import HERE, Cast, Person
from tests.notifications.test_notices import notice_of, work_off, write


@pytest.fixture
def topic_id(context: Flask, cast: Cast) -> int:
    """A topic of Petra's that Manfred has answered; she has not looked."""
    topic_id = cast.topic(cast.petra)
    work_off()
    write(cast.manfred, topic_id)
    return topic_id


def tidy_up() -> None:
    """Do what was asked for when somebody muted something."""
    for member_id in [one.id for one in db.session.scalars(sa.select(Member))]:
        key = f"{watches.TIDY}:{member_id}"
        with unit_of_work():
            is_asked = db.session.scalar(sa.delete(Job).where(Job.key == key).returning(Job.id))
        if is_asked:
            tidying.tidy_member(member_id)


@pytest.mark.parametrize("place", ["topic", "board", "space"])
def test_muting_at_any_height_empties_the_bell_of_what_was_new_there(
    cast: Cast, topic_id: int, place: str
) -> None:
    where = {"topic": topic_id, "board": cast.board, "space": cast.spaces[HERE]}[place]
    with unit_of_work():
        watches.watch(cast.petra.viewer, place, where, Level.MUTED)
    tidy_up()
    assert bell.count_unread(cast.petra.viewer) == 0


@pytest.mark.parametrize("place", ["board", "space"])
def test_muting_that_is_taken_back_at_once_leaves_what_was_new(cast: Cast, topic_id: int, place: str) -> None:
    where = {"board": cast.board, "space": cast.spaces[HERE]}[place]
    before = now()
    with unit_of_work():
        watches.watch(cast.petra.viewer, place, where, Level.MUTED)
    due_at = db.session.scalar(sa.select(Job.due_at).where(Job.name == watches.TIDY))
    assert due_at is not None
    assert due_at - before >= timedelta(seconds=10)  # so long the page offers to take it back
    with unit_of_work():
        watches.watch(cast.petra.viewer, place, where, None)
    tidy_up()
    assert bell.count_unread(cast.petra.viewer) == 1


def test_what_is_elsewhere_what_is_important_and_what_is_others_stays_new(cast: Cast, topic_id: int) -> None:
    with unit_of_work():
        elsewhere = topics.start_topic(
            cast.petra.viewer, cast.other_board, "Kantine", "Wie ist sie?", uuid4()
        ).id
    work_off()
    write(cast.manfred, elsewhere)
    moved = cast.topic(cast.manfred)
    post_id = cast.post(cast.manfred, moved)
    with unit_of_work():
        watches.watch(cast.sabine.viewer, "topic", topic_id, Level.ALL)
        notices.notify(Kind.EVENT, "topic", moved, post_id, sa.select(sa.literal(cast.petra.id)))
    write(cast.manfred, topic_id)
    with unit_of_work():
        watches.watch(cast.petra.viewer, "board", cast.board, Level.MUTED)
    tidy_up()
    unread = sa.select(Notice.member_id, Notice.subject_id).where(Notice.read_at.is_(None))
    assert {tuple(row) for row in db.session.execute(unread)} == {
        (cast.petra.id, elsewhere),
        (cast.petra.id, moved),
        (cast.sabine.id, topic_id),
    }


def test_lines_of_what_cannot_be_read_any_more_go_and_the_windows_hear_it(
    app: Flask, cast: Cast, topic_id: int, leave: Callable[[Person], None], listen: Any
) -> None:
    window = listen(cast.petra, "/notices")
    leave(cast.petra)
    assert bell.count_unread(cast.petra.viewer) == 1
    tidying.tidy_all()
    assert notice_of(cast.petra) is None
    assert window.heard("noticed") == [{}]


def test_lines_of_what_was_withdrawn_go_too(cast: Cast, topic_id: int) -> None:
    notice = notice_of(cast.petra)
    assert notice is not None
    with unit_of_work():
        posts.withdraw_post(cast.manfred.viewer, notice.last_entry_id)
    tidying.tidy_all()
    assert notice_of(cast.petra) is None


def test_what_can_be_read_stays_and_so_does_what_waits_for_who_is_away(cast: Cast, topic_id: int) -> None:
    tidying.tidy_all()
    assert bell.count_unread(cast.petra.viewer) == 1
    with unit_of_work():
        db.session.execute(
            sa.update(Member).where(Member.id == cast.petra.id).values(standing=Standing.SUSPENDED)
        )
    tidying.tidy_all()
    assert notice_of(cast.petra) is not None


def test_what_was_read_goes_after_ninety_days(cast: Cast, topic_id: int) -> None:
    with unit_of_work():
        notices.see(cast.petra.viewer, "topic", topic_id)
    read_at = now()
    with time_machine.travel(read_at + policy.MEMORY - timedelta(days=1)):
        tidying.tidy_all()
        assert notice_of(cast.petra) is not None
    with time_machine.travel(read_at + policy.MEMORY + timedelta(days=2)):
        tidying.tidy_all()
        assert notice_of(cast.petra) is None


def test_what_came_while_the_lines_were_looked_at_stays(
    cast: Cast, topic_id: int, leave: Callable[[Person], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    leave(cast.petra)
    real = tidying.described_rows

    def interrupted(*given):  # type: ignore[no-untyped-def]
        shown = real(*given)
        db.session.rollback()
        with unit_of_work():
            notices.notify(Kind.ANSWER, "topic", topic_id, 99, sa.select(sa.literal(cast.petra.id)))
        return shown

    monkeypatch.setattr(tidying, "described_rows", interrupted)
    tidying.tidy_all()
    assert notice_of(cast.petra) is not None


def test_many_lines_are_looked_at_a_batch_at_a_time(
    cast: Cast, context: Flask, leave: Callable[[Person], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tidying, "_BATCH", 2)
    for _ in range(5):
        topic_id = cast.topic(cast.petra)
        work_off()
        write(cast.manfred, topic_id)
    leave(cast.petra)
    tidying.tidy_all()
    assert db.session.scalars(sa.select(Notice.id).where(Notice.member_id == cast.petra.id)).all() == []
