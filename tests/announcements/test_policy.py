"""Who announces, reads and keeps; the SQL twins; and the days on which people are asked again."""

from datetime import UTC, date, datetime, time

import pytest
import sqlalchemy as sa
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from forum.announcements import policy
from forum.announcements.models import Announcement
from forum.core.access import Role, Viewer
from forum.core.db import db, unit_of_work
from tests.announcements.house import announce, draft
from tests.cast import ELSEWHERE, HERE, NETWORK, Cast


def test_staff_and_moderators_announce_where_they_are_and_others_nowhere(cast: Cast) -> None:
    here, there = cast.spaces[HERE], cast.spaces[ELSEWHERE]
    assert policy.may_announce_in(cast.sabine.viewer, here)
    assert policy.may_announce_in(cast.manfred.viewer, here)
    assert not policy.may_announce_in(cast.sabine.viewer, there)
    assert not policy.may_announce_in(cast.manfred.viewer, there)
    assert not policy.may_announce_in(cast.petra.viewer, here)
    assert not policy.may_announce_in(cast.karla.viewer, here)


def test_reading_and_keeping_say_the_same_in_python_and_in_sql(context: Flask, cast: Cast) -> None:
    ids = [
        announce(cast),
        announce(cast, NETWORK),
        announce(cast, HERE, NETWORK, told=False),
        announce(cast, role=Role.MODERATOR),
        announce(cast, author=cast.manfred),
        draft(cast),
    ]
    people = [cast.petra, cast.manfred, cast.olga, cast.rosa, cast.sabine, cast.karla]
    viewers = [person.viewer for person in people] + [
        Viewer(cast.sabine.id),  # lost every role
        Viewer(cast.sabine.id, {cast.spaces[HERE]: Role.MEMBER}),
        Viewer(cast.petra.id, {cast.spaces[HERE]: Role.STAFF}),
    ]
    for viewer in viewers:
        twins = (policy.for_viewer(viewer), policy.kept_by(viewer))
        by_sql = [set(db.session.scalars(sa.select(Announcement.id).where(twin))) for twin in twins]
        found = [db.session.get_one(Announcement, one) for one in ids]
        assert by_sql[0] == {one.id for one in found if policy.is_for(viewer, one.audience)}
        assert by_sql[1] == {one.id for one in found if policy.may_keep(viewer, one)}


def test_a_draft_is_seen_by_its_author_and_other_staff_there_and_by_nobody_else(
    context: Flask, cast: Cast
) -> None:
    made = db.session.get_one(Announcement, draft(cast))
    colleague = Viewer(cast.olga.id, {cast.spaces[HERE]: Role.STAFF})
    assert policy.may_read(cast.sabine.viewer, made)
    assert policy.may_read(colleague, made)
    for person in (cast.petra, cast.manfred, cast.olga, cast.karla):
        assert not policy.may_read(person.viewer, made)


def test_who_loses_the_role_keeps_nothing_but_reads_what_is_for_everybody(context: Flask, cast: Cast) -> None:
    made = db.session.get_one(Announcement, announce(cast))
    before = Viewer(cast.sabine.id, {cast.spaces[HERE]: Role.MEMBER})
    assert policy.may_read(before, made)
    assert not policy.may_keep(before, made)


def moment(day: date, hour: int = 10) -> datetime:
    return policy.at_local(day, time(hour))


@pytest.mark.parametrize(
    ("asked", "confirm_by", "looked", "due"),
    [
        (date(2026, 11, 2), date(2026, 11, 16), date(2026, 11, 8), 0),
        (date(2026, 11, 2), date(2026, 11, 16), date(2026, 11, 9), 1),  # half-way
        (date(2026, 11, 2), date(2026, 11, 16), date(2026, 11, 14), 1),
        (date(2026, 11, 2), date(2026, 11, 16), date(2026, 11, 15), 2),  # the day before
        (date(2026, 11, 2), date(2026, 11, 4), date(2026, 11, 3), 2),  # both fall on one day: one reminder
        (date(2026, 11, 2), date(2026, 11, 3), date(2026, 11, 2), 0),
        (date(2026, 11, 2), date(2026, 11, 3), date(2026, 11, 3), 0),  # until tomorrow: none
        (date(2026, 11, 2), date(2026, 11, 2), date(2026, 11, 2), 0),
    ],
)
def test_reminders_come_half_way_and_on_the_day_before(
    asked: date, confirm_by: date, looked: date, due: int
) -> None:
    assert policy.reminders_due(moment(asked), confirm_by, moment(looked)) == due


def test_reminders_come_in_the_morning_also_when_clocks_change() -> None:
    asked, by = moment(date(2026, 10, 20)), date(2026, 10, 26)  # the day before is 25 hours long
    assert policy.reminders_due(asked, by, datetime(2026, 10, 25, 7, 59, tzinfo=UTC)) == 1
    assert policy.reminders_due(asked, by, datetime(2026, 10, 25, 8, 0, tzinfo=UTC)) == 2


def test_an_hour_that_does_not_exist_is_the_next_one_and_one_that_comes_twice_the_first() -> None:
    assert policy.at_local(date(2027, 3, 28), time(2, 30)) == datetime(2027, 3, 28, 1, 30, tzinfo=UTC)
    assert policy.at_local(date(2026, 10, 25), time(2, 30)) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


@given(st.dates(date(2020, 1, 1), date(2040, 1, 1)))
def test_the_last_day_is_what_it_was_when_it_was_typed(day: date) -> None:
    assert policy.last_day(policy.end_of(day)) == day


@pytest.mark.parametrize(
    ("today", "since"),
    [(date(2026, 11, 23), date(2025, 11, 23)), (date(2028, 2, 29), date(2027, 2, 28))],
)
def test_names_are_kept_for_twelve_months(today: date, since: date) -> None:
    assert policy.local_day(policy.names_kept_since(moment(today))) == since


def test_a_space_may_be_named_without_anybody_in_it(context: Flask, cast: Cast) -> None:
    with unit_of_work():
        empty = Announcement(author_id=cast.sabine.id, audience=[])
    assert not policy.may_keep(cast.sabine.viewer, empty)
    assert not policy.is_for(cast.sabine.viewer, [])
