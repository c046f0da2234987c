"""When mails come, and when it is quiet."""

from datetime import UTC, date, datetime, time, timedelta

from hypothesis import given
from hypothesis import strategies as st

from forum.notifications import policy
from forum.notifications.models import Kind, Rhythm

_moments = st.datetimes(datetime(2026, 1, 1), datetime(2028, 12, 31), timezones=st.just(UTC))


@given(after=_moments, hour=st.integers(0, 23))
def test_a_daily_mail_goes_once_on_each_day_also_when_clocks_change(after: datetime, hour: int) -> None:
    days = []
    for _turn in range(10):
        turn = policy.next_digest(Rhythm.DAILY, hour, 0, skips_quiet=False, after=after)
        assert turn is not None
        assert turn > after
        days.append(turn.astimezone(policy.ZONE).date())
        after = turn
    assert days == [days[0] + timedelta(days=n) for n in range(10)]


@given(after=_moments, hour=st.integers(0, 23), weekday=st.integers(0, 6))
def test_a_weekly_mail_goes_on_the_day_chosen(after: datetime, hour: int, weekday: int) -> None:
    turn = policy.next_digest(Rhythm.WEEKLY, hour, weekday, skips_quiet=False, after=after)
    assert turn is not None
    assert turn.astimezone(policy.ZONE).date().weekday() == weekday
    assert timedelta() < turn - after <= timedelta(days=7, hours=1)


def test_an_hour_that_clocks_leave_out_is_the_one_after_and_one_that_comes_twice_is_the_first() -> None:
    spring = datetime(2027, 3, 27, 12, tzinfo=UTC)  # on 28 March it is never 02:30
    autumn = datetime(2026, 10, 24, 12, tzinfo=UTC)  # on 25 October it is 02:30 twice
    missing = policy.next_digest(Rhythm.DAILY, 2, 0, skips_quiet=False, after=spring)
    twice = policy.next_digest(Rhythm.DAILY, 2, 0, skips_quiet=False, after=autumn)
    assert missing == datetime(2027, 3, 28, 1, tzinfo=UTC)
    assert twice == datetime(2026, 10, 25, 0, tzinfo=UTC)
    assert policy.next_digest(Rhythm.DAILY, 2, 0, skips_quiet=False, after=twice) == datetime(
        2026, 10, 26, 1, tzinfo=UTC
    )


def test_who_wants_calm_gets_the_mail_of_a_free_day_on_the_next_working_day_others_on_the_day() -> None:
    christmas_eve = datetime(2026, 12, 24, 20, tzinfo=UTC)  # a Thursday; Friday is Christmas Day
    calm = policy.next_digest(Rhythm.DAILY, 17, 0, skips_quiet=True, after=christmas_eve)
    other = policy.next_digest(Rhythm.DAILY, 17, 0, skips_quiet=False, after=christmas_eve)
    assert calm == datetime(2026, 12, 28, 16, tzinfo=UTC)
    assert other == datetime(2026, 12, 25, 16, tzinfo=UTC)


def test_holidays_are_those_of_brandenburg() -> None:
    assert policy.is_quiet_day(date(2026, 10, 31))  # Reformation Day, no holiday in Berlin
    assert policy.is_quiet_day(date(2027, 5, 6))  # Ascension Day
    assert not policy.is_quiet_day(date(2027, 3, 8))  # Women's Day: in Berlin
    assert policy.is_quiet(datetime(2026, 11, 22, 12, tzinfo=UTC))  # a Sunday
    assert policy.is_quiet(datetime(2026, 11, 23, 4, tzinfo=UTC))  # Monday before six
    assert not policy.is_quiet(datetime(2026, 11, 23, 6, tzinfo=UTC))


def test_each_rhythm_mails_at_once_what_it_says_and_what_is_important_always() -> None:
    assert all(policy.is_mailed_at_once(Kind.ANNOUNCEMENT, rhythm) for rhythm in Rhythm)
    assert policy.is_mailed_at_once(Kind.ANSWER, Rhythm.AT_ONCE)
    assert policy.is_mailed_at_once(Kind.MENTION, Rhythm.MENTIONS)
    assert not policy.is_mailed_at_once(Kind.ANSWER, Rhythm.MENTIONS)
    assert not policy.is_mailed_at_once(Kind.MENTION, Rhythm.DAILY)
    assert not policy.is_mailed_at_once(Kind.MENTION, Rhythm.NEVER)
    assert (
        policy.next_digest(Rhythm.NEVER, 17, 0, skips_quiet=False, after=datetime(2026, 1, 1, tzinfo=UTC))
        is None
    )


def test_quiet_hours_may_pass_midnight_and_need_both_ends() -> None:
    night = datetime(2026, 11, 23, 22, 30, tzinfo=UTC)  # 23:30
    noon = datetime(2026, 11, 23, 11, tzinfo=UTC)
    assert policy.is_within(night, time(22), time(6))
    assert not policy.is_within(noon, time(22), time(6))
    assert policy.is_within(noon, time(8), time(14))
    assert not policy.is_within(night, time(8), time(14))
    assert not policy.is_within(night, None, time(6))
    assert not policy.is_within(night, time(6), time(6))
