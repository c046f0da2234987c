"""Bylines, and the lists of mandates and sites."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest

from forum.councils import queries
from forum.councils.models import Function
from forum.members.models import Member
from tests.spaces import region

pytestmark = pytest.mark.usefixtures("context")
TODAY = date(2026, 11, 20)


def text_of(person: Member, today: date = TODAY) -> str | None:
    byline = queries.bylines([person.id], today).get(person.id)
    return byline.text if byline else None


def test_a_byline_says_function_and_site_while_the_mandate_is_held() -> None:
    here = region.space()
    council, petra = region.council(here, site="Werk Rathenow"), region.member(where=here)
    region.mandate(petra, council, Function.CHAIR, date(2022, 4, 1), date(2026, 4, 15))
    assert text_of(petra, date(2026, 4, 15)) == "BR-Vorsitz, Werk Rathenow"
    assert text_of(petra, date(2026, 4, 16)) is None
    assert text_of(petra, date(2022, 3, 31)) is None
    assert queries.bylines([petra.id], date(2022, 4, 1))[petra.id].space_id == here.id


def test_of_several_mandates_the_regular_then_the_higher_then_the_latest_is_shown() -> None:
    here = region.space()
    a, b, c, d = (region.council(here, site=name) for name in ("A", "B", "C", "D"))
    petra = region.member(where=here)
    region.mandate(petra, a, Function.MEMBER, is_substitute=True, since=date(2026, 5, 1))
    assert text_of(petra) == "Ersatzmitglied, A"
    region.mandate(petra, b, Function.MEMBER, since=date(2020, 1, 1))
    assert text_of(petra) == "BR-Mitglied, B"
    region.mandate(petra, c, Function.MEMBER, since=date(2021, 1, 1))
    assert text_of(petra) == "BR-Mitglied, C"
    region.mandate(petra, d, Function.DEPUTY, since=date(2010, 1, 1))
    assert text_of(petra) == "stellv. BR-Vorsitz, D"


def test_bylines_of_a_page_cost_one_statement_and_of_nobody_none(count_queries: Callable[[], int]) -> None:
    here = region.space()
    council = region.council(here)
    people = [region.member(where=here) for _ in range(20)]
    for person in people:
        region.mandate(person, council)
    count_queries()
    assert len(queries.bylines({person.id for person in people}, TODAY)) == 20
    assert count_queries() == 1
    assert queries.bylines([], TODAY) == {}
    assert count_queries() == 0


def test_a_council_lists_its_mandates_by_function_and_then_the_former(
    count_queries: Callable[[], int],
) -> None:
    here = region.space()
    council = region.council(here)
    people = {name: region.member(name, here) for name in ("Anna", "Petra", "Frank", "Zita")}
    region.mandate(people["Anna"], council, Function.MEMBER, is_substitute=True)
    region.mandate(people["Frank"], council)
    region.mandate(people["Petra"], council, Function.CHAIR)
    region.mandate(people["Zita"], council, Function.CHAIR, date(2018, 4, 1), date(2022, 4, 1))
    count_queries()
    lines = queries.mandates_in(council.id, TODAY)
    assert count_queries() == 1
    assert [(line.person.name, line.is_current) for line in lines] == [
        ("Petra", True),
        ("Frank", True),
        ("Anna", True),
        ("Zita", False),
    ]


def test_a_members_mandates_show_todays_first() -> None:
    here = region.space()
    council, petra = region.council(here), region.member(where=here)
    region.mandate(petra, council, since=TODAY + timedelta(days=1))
    region.mandate(petra, council, since=date(2022, 1, 1), until=TODAY)
    assert [(line.since.year, line.is_current) for line in queries.mandates_of(petra.id, TODAY)] == [
        (2022, True),
        (2026, False),
    ]


def test_sites_of_a_region_come_by_company_and_name_with_seats_held(monkeypatch: pytest.MonkeyPatch) -> None:
    here = region.space()
    council = region.council(here, "Brechwert", "Süd")
    region.council(here, "Havelblick", "Premnitz")
    region.council(here, "Brechwert", "Nord")
    region.council(region.space(), "Fremd", "Werk")
    region.mandate(region.member(where=here), council)
    region.mandate(region.member(where=here), council, until=date(2023, 1, 1))
    lines = queries.list_sites(here.id, TODAY).rows
    assert [(line.company, line.name, line.mandates) for line in lines] == [
        ("Brechwert", "Nord", 0),
        ("Brechwert", "Süd", 1),
        ("Havelblick", "Premnitz", 0),
    ]
    monkeypatch.setattr(queries, "SITES_A_PAGE", 2)
    first = queries.list_sites(here.id, TODAY)
    rest = queries.list_sites(here.id, TODAY, first.next)
    assert [line.id for line in first.rows + rest.rows] == [line.id for line in lines]
    assert rest.next is None
