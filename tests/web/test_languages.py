"""Moments, days and numbers as people here write them, in German and English."""

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from flask import Flask
from flask_babel import force_locale
from hypothesis import given, settings
from hypothesis import strategies as st

from forum.web import languages
from forum.web.languages import ago, day, exact, iso, number, time_tag, until

#: A Tuesday, 15:05 in Berlin (winter).
NOW = datetime(2026, 3, 3, 14, 5, tzinfo=UTC)


def said(moment: datetime, language: str = "de", present: datetime = NOW) -> str:
    with time_machine.travel(present, tick=False), force_locale(language):
        return ago(moment)


@pytest.fixture(autouse=True)
def in_a_request(app: Flask):
    with app.test_request_context():
        yield


@pytest.mark.parametrize(
    ("before", "german"),
    [
        (timedelta(), "gerade eben"),
        (timedelta(seconds=59), "gerade eben"),
        (timedelta(seconds=60), "vor 1 Min."),
        (timedelta(minutes=59, seconds=59), "vor 59 Min."),
        (timedelta(hours=1), "heute 14:05"),
        (timedelta(hours=15, minutes=5), "heute 00:00"),
        (timedelta(hours=15, minutes=6), "gestern 23:59"),
        (timedelta(hours=39, minutes=5), "gestern 00:00"),
        (timedelta(hours=39, minutes=6), "So., 1. März"),
        (timedelta(days=62), "Mi., 31. Dezember 2025"),
        (timedelta(minutes=-5), "heute 15:10"),
        (timedelta(days=-1), "Mi., 4. März"),
    ],
)
def test_a_moment_is_told_as_a_colleague_would(before: timedelta, german: str) -> None:
    assert said(NOW - before) == german


def test_days_are_told_in_english_too() -> None:
    assert said(NOW - timedelta(days=3), "en") == "Sat, 28 February"
    assert said(NOW - timedelta(days=62), "en") == "Wed, 31 December 2025"


@pytest.mark.parametrize(
    ("ahead", "german"),
    [
        (timedelta(seconds=-5), "gleich"),
        (timedelta(seconds=59), "gleich"),
        (timedelta(minutes=12, seconds=30), "in 12 Min."),
        (timedelta(hours=2, minutes=40), "in 3 Std."),
        (timedelta(days=2), "Do., 5. März 2026, 15:05"),
    ],
)
@time_machine.travel(datetime(2026, 3, 3, 14, 5, tzinfo=UTC), tick=False)
def test_what_comes_is_told_by_how_near_it_is(ahead: timedelta, german: str) -> None:
    assert until(datetime(2026, 3, 3, 14, 5, tzinfo=UTC) + ahead) == german


def test_the_hour_that_comes_twice_and_the_one_that_never_comes() -> None:
    """25 October 2026, 3:00 becomes 2:00; 29 March 2026, 2:00 becomes 3:00."""
    evening = datetime(2026, 10, 25, 18, tzinfo=UTC)
    assert said(datetime(2026, 10, 25, 0, 30, tzinfo=UTC), present=evening) == "heute 02:30"
    assert said(datetime(2026, 10, 25, 1, 30, tzinfo=UTC), present=evening) == "heute 02:30"
    assert said(datetime(2026, 10, 24, 21, 59, tzinfo=UTC), present=evening) == "gestern 23:59"
    noon = datetime(2026, 3, 29, 10, tzinfo=UTC)
    assert said(datetime(2026, 3, 29, 0, 59, tzinfo=UTC), present=noon) == "heute 01:59"
    assert said(datetime(2026, 3, 29, 1, 0, tzinfo=UTC), present=noon) == "heute 03:00"
    assert said(datetime(2026, 3, 28, 23, 0, tzinfo=UTC), present=noon) == "heute 00:00"


def test_the_day_of_the_readers_begins_in_berlin_not_in_greenwich() -> None:
    late = datetime(2026, 7, 1, 22, 30, tzinfo=UTC)  # half past midnight in Berlin
    with time_machine.travel(late, tick=False):
        assert languages.today() == date(2026, 7, 2)
    assert said(late - timedelta(hours=2), present=late) == "gestern 22:30"


@pytest.mark.parametrize(
    ("language", "expected"), [("de", "Di., 3. März 2026, 15:05"), ("en", "Tue, 3 March 2026, 15:05")]
)
def test_an_exact_moment_names_weekday_day_and_minute(language: str, expected: str) -> None:
    with force_locale(language):
        assert exact(NOW) == expected


@pytest.mark.parametrize(
    ("language", "value", "expected"),
    [
        ("de", date(2026, 1, 1), "1. Januar 2026"),
        ("en", date(2026, 1, 1), "1 January 2026"),
        ("de", datetime(2026, 6, 30, 22, 30, tzinfo=UTC), "1. Juli 2026"),
    ],
)
def test_a_day_is_written_out(language: str, value: date, expected: str) -> None:
    with force_locale(language):
        assert day(value) == expected


@pytest.mark.parametrize(
    ("language", "value", "expected"),
    [("de", 0, "0"), ("de", 999, "999"), ("de", 1000, "1.000"), ("de", 1234567, "1.234.567"), ("de", -1000, "-1.000"), ("en", 1234, "1,234")],
)  # fmt: skip
def test_a_count_has_the_thousands_sign_of_its_language(language: str, value: int, expected: str) -> None:
    with force_locale(language):
        assert number(value) == expected


@given(st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)))
@settings(max_examples=60, deadline=None)
def test_every_moment_can_be_told(moment: datetime) -> None:
    aware = moment.replace(tzinfo=UTC)
    for language in ("de", "en"):
        with force_locale(language):
            assert ago(aware)
            assert str(aware.astimezone(languages.ZONE).year) in exact(aware)
    assert datetime.fromisoformat(iso(aware)) == aware.replace(microsecond=0)


def test_the_tag_of_a_moment_tells_people_and_programs() -> None:
    with time_machine.travel(NOW, tick=False), force_locale("de"):
        tag = time_tag(NOW - timedelta(minutes=12))
    assert tag == '<time datetime="2026-03-03T13:53:00Z" title="Di., 3. März 2026, 14:53">vor 12 Min.</time>'


@pytest.mark.parametrize(
    ("hour", "greeting"), [(3, "Guten Morgen"), (10, "Guten Tag"), (17, "Guten Abend"), (1, "Guten Abend")]
)
def test_the_greeting_fits_the_hour_in_berlin(hour: int, greeting: str) -> None:
    with time_machine.travel(datetime(2026, 1, 15, hour, 30, tzinfo=UTC), tick=False), force_locale("de"):
        assert languages.part_of_day() == greeting
