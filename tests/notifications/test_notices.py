"""One row for each member and thing, whoever is told how often."""

import json
from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
import sqlalchemy as sa
from flask import Flask

from forum.boards.service import posts, readings, topics
from forum.core.clock import now
from forum.core.db import db, unit_of_work
from forum.jobs.models import Job
from forum.jobs.registry import work_named
from forum.members.models import Member
from forum.notifications.models import Kind, Level, Notice, Preferences, Rhythm
from forum.notifications.queries import bell
from forum.notifications.service import notices, preferences, watches
from tests.cast import Cast, Person


def work_off() -> None:
    """Do what the boards asked for."""
    for job in db.session.scalars(sa.select(Job).where(Job.name == "boards.tell").order_by(Job.id)).all():
        arguments = json.loads(job.arguments)
        with unit_of_work():
            db.session.execute(sa.delete(Job).where(Job.id == job.id))
            work_named(job.name).do(**arguments)  # type: ignore[union-attr]


def write(author: Person, topic_id: int, text: str = "Wir haben es ausprobiert.") -> int:
    with unit_of_work():
        post_id = topics.reply(author.viewer, topic_id, text, uuid4()).id
    work_off()
    return post_id


def notice_of(person: Person) -> Notice | None:
    db.session.rollback()
    return db.session.scalar(sa.select(Notice).where(Notice.member_id == person.id))


def test_who_began_a_topic_hears_of_answers_and_who_wrote_them_does_not(context: Flask, cast: Cast) -> None:
    topic_id = cast.topic(cast.petra)
    work_off()
    first = write(cast.manfred, topic_id)
    last = write(cast.manfred, topic_id)
    notice = notice_of(cast.petra)
    assert notice is not None
    assert (notice.count, notice.first_entry_id, notice.last_entry_id) == (2, first, last)
    assert notice_of(cast.manfred) is None
    assert notice_of(cast.olga) is None
    assert bell.count_unread(cast.petra.viewer) == 1


def test_reading_the_topic_empties_the_bell_and_what_comes_then_counts_anew(
    context: Flask, cast: Cast
) -> None:
    topic_id = cast.topic(cast.petra)
    write(cast.manfred, topic_id)
    with unit_of_work():
        readings.record_reading(cast.petra.viewer, topic_id, 2)
    assert bell.count_unread(cast.petra.viewer) == 0
    write(cast.manfred, topic_id)
    notice = notice_of(cast.petra)
    assert notice is not None
    assert notice.count == 1
    assert notice.read_at is None


def test_who_is_named_hears_of_it_without_watching_and_only_those_who_belong_there(
    context: Flask, cast: Cast
) -> None:
    topic_id = cast.topic(cast.petra)
    work_off()
    write(cast.petra, topic_id, f"Was meinst du, @{cast.manfred.name}? Und @{cast.olga.name}?")
    notice = notice_of(cast.manfred)
    assert notice is not None
    assert notice.kind is Kind.MENTION
    assert notice_of(cast.olga) is None


@pytest.mark.parametrize("place", ["topic", "board", "space"])
def test_muting_at_any_height_wins_over_watching_and_being_named(
    context: Flask, cast: Cast, place: str
) -> None:
    topic_id = cast.topic(cast.petra)
    work_off()
    where = {"topic": topic_id, "board": cast.board, "space": cast.spaces["FIN"]}[place]
    with unit_of_work():
        watches.watch(cast.manfred.viewer, "topic", topic_id, Level.ALL)
        watches.watch(cast.manfred.viewer, place, where, Level.MUTED)
    write(cast.petra, topic_id, f"Und @{cast.manfred.name}?")
    assert notice_of(cast.manfred) is None


def test_whoever_watches_a_board_hears_of_new_topics(context: Flask, cast: Cast) -> None:
    with unit_of_work():
        watches.watch(cast.manfred.viewer, "board", cast.board, Level.ALL)
    cast.topic(cast.petra)
    work_off()
    notice = notice_of(cast.manfred)
    assert notice is not None
    assert notice.kind is Kind.TOPIC


def test_told_twice_of_the_same_entry_changes_nothing(context: Flask, cast: Cast) -> None:
    audience = sa.select(sa.literal(cast.petra.id))
    with unit_of_work():
        notices.notify(Kind.ANSWER, "topic", 1, 7, audience)
        assert notices.notify(Kind.ANSWER, "topic", 1, 7, audience) == 0
    notice = notice_of(cast.petra)
    assert notice is not None
    assert notice.count == 1


def test_told_in_another_order_than_written_nothing_is_lost_and_nothing_counts_twice(
    context: Flask, cast: Cast
) -> None:
    audience = sa.select(sa.literal(cast.petra.id))
    with unit_of_work():
        for entry_id in (7, 9, 6, 6, 9, 8):
            notices.notify(Kind.ANSWER, "topic", 1, entry_id, audience)
    notice = notice_of(cast.petra)
    assert notice is not None
    assert (notice.count, notice.first_entry_id, notice.last_entry_id) == (3, 6, 9)


@pytest.mark.parametrize("entry_id", [6, 8])  # before all that is known, and in between
def test_a_mention_told_after_a_later_answer_is_not_lost(context: Flask, cast: Cast, entry_id: int) -> None:
    with unit_of_work():
        preferences.choose_mails(
            cast.petra.viewer, Rhythm.MENTIONS, 17, 0, quiet_weekends=False, shows_content=False
        )
    audience = sa.select(sa.literal(cast.petra.id))
    with unit_of_work():
        for known in (7, 9):
            notices.notify(Kind.ANSWER, "topic", 1, known, audience)
        assert notices.notify(Kind.MENTION, "topic", 1, entry_id, audience) == 1
        assert notices.notify(Kind.MENTION, "topic", 1, entry_id, audience) == 0
    notice = notice_of(cast.petra)
    assert notice is not None
    assert notice.kind is Kind.MENTION
    assert notice.first_entry_id == min(7, entry_id)
    assert notice.last_entry_id == 9
    assert notice.mail_due_at is not None


def test_what_was_told_late_of_something_seen_by_then_is_not_new_again(context: Flask, cast: Cast) -> None:
    audience = sa.select(sa.literal(cast.petra.id))
    with unit_of_work():
        notices.notify(Kind.ANSWER, "topic", 1, 7, audience)
        notices.see(cast.petra.viewer, "topic", 1)
        assert notices.notify(Kind.MENTION, "topic", 1, 6, audience) == 0
    assert bell.count_unread(cast.petra.viewer) == 0


def test_a_mail_is_due_ten_minutes_later_for_who_wants_it_at_once_and_not_for_others(
    context: Flask, cast: Cast
) -> None:
    with unit_of_work():
        preferences.choose_mails(
            cast.petra.viewer, Rhythm.AT_ONCE, 17, 0, quiet_weekends=False, shows_content=False
        )
    moment = now()
    audience = sa.select(Member.id).where(Member.id.in_([cast.petra.id, cast.manfred.id]))
    with unit_of_work():
        notices.notify(Kind.ANSWER, "topic", 1, 7, audience, written_at=moment)
        notices.notify(Kind.ANSWER, "topic", 1, 8, audience, written_at=moment + timedelta(minutes=3))
    mine, other = notice_of(cast.petra), notice_of(cast.manfred)
    assert mine is not None
    assert mine.mail_due_at == moment + timedelta(minutes=10)
    assert other is not None
    assert other.mail_due_at is None


def test_of_what_is_important_there_is_a_mail_each_time_for_everybody(context: Flask, cast: Cast) -> None:
    audience = sa.select(sa.literal(cast.petra.id))
    with unit_of_work():
        preferences.stop_mails(cast.petra.viewer)
        notices.notify(Kind.ANNOUNCEMENT, "announcement", 1, 1, audience)
        db.session.execute(sa.update(Notice).values(mail_due_at=None, mailed_at=now()))
        notices.notify(Kind.ANNOUNCEMENT, "announcement", 1, 2, audience)
    notice = notice_of(cast.petra)
    assert notice is not None
    assert notice.mail_due_at is not None
    assert notice.mailed_at is None


def test_whoever_chose_nothing_gets_one_bundled_mail_a_day(context: Flask, cast: Cast) -> None:
    with unit_of_work():
        notices.notify(Kind.ANSWER, "topic", 1, 7, sa.select(sa.literal(cast.petra.id)))
    chosen = db.session.get(Preferences, cast.petra.id)
    assert chosen is not None
    assert chosen.rhythm is Rhythm.DAILY
    assert chosen.next_digest_at is not None
    assert chosen.next_digest_at > now()


def test_a_post_withdrawn_before_the_telling_is_not_told(context: Flask, cast: Cast) -> None:
    topic_id = cast.topic(cast.petra)
    work_off()
    with unit_of_work():
        post_id = topics.reply(cast.manfred.viewer, topic_id, "Das war zu viel gesagt.", uuid4()).id
        posts.withdraw_post(cast.manfred.viewer, post_id)
    work_off()
    assert notice_of(cast.petra) is None


def test_a_post_takes_as_many_statements_in_the_request_for_many_who_watch_as_for_nobody(
    context: Flask, cast: Cast, count_queries: Callable[[], int]
) -> None:
    costs = []
    for watching in ([], [cast.manfred, cast.sabine, cast.olga]):
        topic_id = cast.topic(cast.petra)
        with unit_of_work():
            for person in watching:
                watches.watch(person.viewer, "topic", topic_id, Level.ALL)
        with unit_of_work():
            count_queries()
            topics.reply(cast.petra.viewer, topic_id, "Wir haben es ausprobiert.", uuid4())
            costs.append(count_queries())
    assert costs[0] == costs[1]


def test_telling_takes_as_many_statements_for_many_as_for_few(
    context: Flask, cast: Cast, count_queries: Callable[[], int]
) -> None:
    with unit_of_work():
        count_queries()
        notices.notify(Kind.ANSWER, "topic", 1, 7, sa.select(sa.literal(cast.petra.id)))
        for_one = count_queries()
        notices.notify(Kind.ANSWER, "topic", 2, 7, sa.select(Member.id))
        assert count_queries() == for_one
