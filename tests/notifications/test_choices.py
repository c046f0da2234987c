"""What an ordinary day brings, by what came in the last four weeks."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from itertools import count

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask

from forum.core.db import db, unit_of_work
from forum.notifications.models import Kind, Notice, Rhythm
from forum.notifications.policy import NEWS_DAYS
from forum.notifications.queries import choices
from forum.notifications.queries.choices import OrdinaryDay
from forum.notifications.service import notices
from tests.cast import Cast, Person

#: A Wednesday without a holiday near.
TODAY = date(2026, 11, 25)
NOON = datetime(2026, 11, 25, 11, tzinfo=UTC)
_entries = count(1)


def came(
    person: Person, thing: int, days_ago: Iterable[int], kind: Kind = Kind.ANSWER, times: int = 2
) -> None:
    """Something came of the thing on each of these days."""
    for ago in sorted(days_ago, reverse=True):
        moment = NOON - timedelta(days=ago)
        for n in range(times):
            with time_machine.travel(moment + timedelta(minutes=n), tick=False), unit_of_work():
                told = sa.select(sa.literal(person.id))
                notices.notify(kind, "topic", thing, next(_entries), told)


def ordinary(person: Person, rhythm: Rhythm, weekday: int = 0, *, skips_quiet: bool = False) -> OrdinaryDay:
    with time_machine.travel(NOON, tick=False):
        return choices.ordinary_day(person.viewer, rhythm, 17, weekday, skips_quiet=skips_quiet)


@pytest.fixture
def petra(context: Flask, cast: Cast) -> Person:
    """Petra: one topic is lively every day, another one every second day, one names her on some."""
    came(cast.petra, 1, range(28))
    came(cast.petra, 2, range(0, 28, 2))
    came(cast.petra, 5, [1, 8, 15], Kind.MENTION)
    came(cast.petra, 3, [20])
    came(cast.petra, 4, [40])  # too long ago
    came(cast.manfred, 1, range(28))
    return cast.petra


@pytest.mark.parametrize(
    ("rhythm", "skips_quiet", "in_all", "a_day"),
    [
        (Rhythm.AT_ONCE, False, 28 + 14 + 3 + 1, 2),
        (Rhythm.MENTIONS, False, 3, 0),
        (Rhythm.DAILY, False, 28, 1),
        (Rhythm.DAILY, True, 20, 1),
        (Rhythm.WEEKLY, False, 4, 0),
        (Rhythm.WEEKLY, True, 4, 0),
        (Rhythm.NEVER, False, 0, 0),
    ],
)
def test_mails_are_counted_by_things_and_days_for_each_rhythm(
    petra: Person, rhythm: Rhythm, skips_quiet: bool, in_all: int, a_day: int
) -> None:
    day = ordinary(petra, rhythm, skips_quiet=skips_quiet)
    assert (day.mails_in_all, day.mails) == (in_all, a_day)
    assert day.things == 2  # 46 in four weeks


def test_what_comes_on_free_days_is_one_mail_about_each_thing_on_the_next_day_of_work(
    context: Flask, cast: Cast
) -> None:
    came(cast.petra, 1, [4, 3, 2])  # Saturday, Sunday, Monday
    assert ordinary(cast.petra, Rhythm.AT_ONCE).mails_in_all == 3
    assert ordinary(cast.petra, Rhythm.AT_ONCE, skips_quiet=True).mails_in_all == 1


def test_whether_it_was_read_meanwhile_changes_nothing(context: Flask, cast: Cast) -> None:
    for ago in (9, 5, 1):
        came(cast.petra, 1, [ago])
        with unit_of_work():
            notices.see(cast.petra.viewer, "topic", 1)
    assert ordinary(cast.petra, Rhythm.AT_ONCE).mails_in_all == 3


def test_what_is_important_is_not_counted_as_it_comes_always(context: Flask, cast: Cast) -> None:
    with time_machine.travel(NOON, tick=False), unit_of_work():
        notices.notify(Kind.ANNOUNCEMENT, "announcement", 1, 1, sa.select(sa.literal(cast.petra.id)))
    assert ordinary(cast.petra, Rhythm.AT_ONCE) == OrdinaryDay(0, 0, 0)


def test_of_each_thing_the_last_four_weeks_are_kept_and_no_more(context: Flask, cast: Cast) -> None:
    came(cast.petra, 1, [90, 40, 28, 27, 3, 0], times=1)
    days = db.session.scalars(sa.select(Notice.news_days)).one()
    assert [ago for ago in range(64) if days >> ago & 1] == [0, 3, 27]
    assert days < 2**NEWS_DAYS
    with time_machine.travel(NOON + timedelta(days=20), tick=False):
        assert (
            choices.ordinary_day(cast.petra.viewer, Rhythm.AT_ONCE, 17, 0, skips_quiet=False).mails_in_all
            == 2
        )
