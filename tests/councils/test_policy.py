"""When a mandate is held, and which two collide."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from forum.councils import policy
from forum.councils.models import Mandate
from tests.spaces.twins import holds

DAYS = st.dates(date(2026, 1, 1), date(2026, 1, 6))


def held(since: date, until: date | None) -> Mandate:
    return Mandate(since=since, until=until)


@given(DAYS, DAYS | st.none(), DAYS)
def test_the_sql_condition_and_the_policy_agree_on_what_is_current(
    since: date, until: date | None, today: date
) -> None:
    said = holds(policy.current_on(today), "mandate", since=since, until=until)
    assert said is policy.is_current(held(since, until), today)


def test_first_and_last_day_count() -> None:
    mandate = held(date(2026, 1, 2), date(2026, 1, 4))
    assert policy.is_current(mandate, date(2026, 1, 2))
    assert policy.is_current(mandate, date(2026, 1, 4))
    assert not policy.is_current(mandate, date(2026, 1, 1))
    assert not policy.is_current(mandate, date(2026, 1, 5))


def test_one_mandate_may_follow_another_on_the_same_day_but_not_earlier() -> None:
    former = held(date(2022, 4, 1), date(2026, 4, 15))
    assert not policy.overlap(former, held(date(2026, 4, 15), None))
    assert policy.overlap(former, held(date(2026, 4, 14), None))


@given(DAYS, DAYS | st.none(), DAYS, DAYS | st.none())
def test_collision_is_mutual(since: date, until: date | None, since2: date, until2: date | None) -> None:
    one, other = held(since, until), held(since2, until2)
    assert policy.overlap(one, other) is policy.overlap(other, one)
