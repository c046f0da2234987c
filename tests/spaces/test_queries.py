"""Lists of spaces, members and acts."""

from collections.abc import Callable
from datetime import date

import pytest

from forum.core.access import Role, Viewer
from forum.core.db import db
from forum.core.errors import NotFound
from forum.councils.models import Function
from forum.members.models import Standing
from forum.spaces import queries, service
from forum.spaces.queries import entries, members
from tests.spaces import region
from tests.spaces.region import ADMINISTRATOR

pytestmark = pytest.mark.usefixtures("context")
TODAY = date(2026, 11, 20)


def names(space_id: int, name: str = "", *, with_suspended: bool = False) -> list[str]:
    page = queries.list_members(space_id, TODAY, name, with_suspended=with_suspended)
    return [line.person.name for line in page.rows]


def test_a_space_is_found_by_those_who_belong_and_by_administrators() -> None:
    here, elsewhere = region.space(), region.space()
    viewer = Viewer(1, {here.id: Role.MEMBER})
    assert queries.get_space(viewer, here.id).name == here.name
    assert queries.get_space(ADMINISTRATOR, elsewhere.id).name == elsewhere.name
    for space_id in (elsewhere.id, 999_999):
        with pytest.raises(NotFound):
            queries.get_space(viewer, space_id)
        with pytest.raises(NotFound):
            queries.profile(viewer, space_id)
    with pytest.raises(NotFound):
        queries.get_region(ADMINISTRATOR, region.network().id)


def test_ones_own_spaces_come_in_the_order_of_the_house() -> None:
    first, _other, third = region.space(), region.space(), region.space()
    viewer = Viewer(1, {third.id: Role.MEMBER, first.id: Role.STAFF})
    assert [space.id for space in queries.spaces_of(viewer)] == [first.id, third.id]
    assert queries.spaces_of(ADMINISTRATOR) == []


def test_the_overview_counts_members_moderators_and_sites() -> None:
    here, empty = region.space(), region.space()
    region.member(where=here)
    region.member(where=here, role=Role.MODERATOR)
    region.council(here)
    figures = {line.space.id: (line.members, line.moderators, line.sites) for line in queries.list_overview()}
    assert figures == {here.id: (2, 1, 1), empty.id: (0, 0, 0)}


def test_members_are_found_by_part_of_their_name_in_any_case() -> None:
    here = region.space()
    for name in ("Özlem Yıldız", "Petra Sommer", "Jörg 100% Müller"):
        region.member(name, here)
    assert names(here.id, "öz") == ["Özlem Yıldız"]
    assert names(here.id, "SOMM") == ["Petra Sommer"]
    assert names(here.id, "0%") == ["Jörg 100% Müller"]
    assert names(here.id, "_") == []


def test_suspended_members_are_shown_to_those_who_keep_the_space_in_order() -> None:
    here = region.space()
    region.member("Petra Sommer", here)
    region.member("Frank Noatzsch", here).standing = Standing.SUSPENDED
    db.session.flush()
    assert names(here.id) == ["Petra Sommer"]
    assert names(here.id, with_suspended=True) == ["Frank Noatzsch", "Petra Sommer"]


def test_paging_shows_each_member_once_even_of_the_same_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(members, "MEMBERS_A_PAGE", 2)
    here = region.space()
    people = [region.member(name, here).id for name in ("Anna", "Petra", "Petra", "Petra", "Zita")]
    seen: list[int] = []
    after = None
    while True:
        page = queries.list_members(here.id, TODAY, after=after)
        seen += [line.person.id for line in page.rows]
        after = page.next
        if after is None:
            break
    assert seen == people


def test_the_list_costs_two_statements_however_long(count_queries: Callable[[], int]) -> None:
    here = region.space()
    council = region.council(here)
    for number in range(5):
        region.mandate(region.member(f"Mitglied {number}", here), council, Function.MEMBER)
    count_queries()
    page = queries.list_members(here.id, TODAY)
    assert count_queries() == 2
    assert all(line.byline is not None for line in page.rows)


def test_candidates_are_of_the_space_or_of_the_rest_and_keep_the_chosen_one() -> None:
    here = region.space()
    petra, olga = region.member("Petra Sommer", here), region.member("Olga Brandt")

    def found(name: str = "", **where: int) -> list[int]:
        return [candidate.person.id for candidate in queries.find_candidates(TODAY, name, **where)]

    assert found(inside=here.id) == [petra.id]
    assert found(outside=here.id) == [olga.id]
    assert found("brandt", inside=here.id) == []
    assert found("niemand", inside=here.id, chosen=petra.id) == [petra.id]
    assert found("niemand", inside=here.id, chosen=olga.id) == []


def test_the_record_names_who_whom_and_where(monkeypatch: pytest.MonkeyPatch) -> None:
    here, elsewhere = region.space(), region.space()
    manfred = region.member("Manfred Lehnigk", here, Role.MODERATOR)
    petra = region.member("Petra Sommer", here)
    region.member("Olga Brandt", elsewhere)
    service.change_role(region.viewer(manfred), here.id, petra.id, Role.EXPERT)
    newest = queries.list_entries(here.id).rows[0]
    assert newest.actor is not None
    assert newest.space is not None
    assert (newest.actor.name, newest.about, newest.space.id) == ("Manfred Lehnigk", "Petra Sommer", here.id)
    assert newest.note_text == "Sachverständige:r"
    assert len(queries.list_entries(here.id).rows) == 3
    assert len(queries.list_entries(None).rows) == 4
    own = queries.list_entries(elsewhere.id).rows[0]
    assert own.about is None  # who joins by invitation is both
    monkeypatch.setattr(entries, "ENTRIES_A_PAGE", 2)
    first = queries.list_entries(None)
    assert len(queries.list_entries(None, first.next).rows) == 2
    assert queries.list_entries(None, first.next).next is None
