"""Councils and mandates as moderators keep them."""

from datetime import date

import pytest
import sqlalchemy as sa

from forum.audit.models import Entry
from forum.core.access import Role, Viewer
from forum.core.db import db
from forum.core.errors import Invalid, NotFound
from forum.councils import service
from forum.councils.models import Council, Function, Mandate
from forum.councils.service import Term
from tests.spaces import region
from tests.spaces.region import ADMINISTRATOR

pytestmark = pytest.mark.usefixtures("context")


def last_act() -> str | None:
    return db.session.scalar(sa.select(Entry.action).order_by(Entry.id.desc()).limit(1))


def test_a_council_without_a_name_is_called_after_company_and_site() -> None:
    council = region.council(region.space(), "Havelblick", "Werk Nord")
    assert council.name == "Betriebsrat Havelblick, Werk Nord"
    service.put_council(ADMINISTRATOR, council.site_id, "Unser BR", 9)
    assert (council.name, council.seats) == ("Unser BR", 9)
    assert db.session.scalar(sa.select(sa.func.count(Council.id))) == 1
    with pytest.raises(Invalid) as refusal:
        service.put_council(ADMINISTRATOR, council.site_id, "Unser BR", 0)
    assert refusal.value.field == "seats"


def test_a_mandate_is_changed_ended_and_removed() -> None:
    here = region.space()
    council, petra = region.council(here), region.member(where=here)
    mandate = service.create_mandate(ADMINISTRATOR, council.id, petra.id, region.term(date(2022, 4, 1)))
    assert last_act() == "mandate.created"
    service.update_mandate(ADMINISTRATOR, mandate.id, region.term(date(2022, 4, 2), function=Function.CHAIR))
    assert (mandate.since, mandate.function) == (date(2022, 4, 2), Function.CHAIR)
    assert last_act() == "mandate.changed"
    service.update_mandate(ADMINISTRATOR, mandate.id, region.term(date(2022, 4, 2), date(2026, 4, 15)))
    assert last_act() == "mandate.ended"
    service.delete_mandate(ADMINISTRATOR, mandate.id)
    db.session.flush()
    assert db.session.get(Mandate, mandate.id) is None
    assert last_act() == "mandate.deleted"


def test_one_may_be_elected_again_but_not_sit_twice_at_once() -> None:
    here = region.space()
    council, petra = region.council(here), region.member(where=here)
    region.mandate(petra, council, since=date(2022, 4, 1), until=date(2026, 4, 15))
    service.create_mandate(ADMINISTRATOR, council.id, petra.id, region.term(date(2026, 4, 15)))
    with pytest.raises(Invalid, match="schon ein Mandat"):
        service.create_mandate(ADMINISTRATOR, council.id, petra.id, region.term(date(2027, 1, 1)))
    with pytest.raises(Invalid, match="schon ein Mandat"):
        service.create_mandate(ADMINISTRATOR, council.id, petra.id, region.term(date(2020, 1, 1)))


@pytest.mark.parametrize(
    ("term", "field"),
    [
        (Term(Function.MEMBER, date(202, 4, 1)), "since"),
        (Term(Function.MEMBER, date(2026, 4, 1), date(2026, 3, 31)), "until"),
    ],
)
def test_days_that_cannot_be_are_refused_at_their_field(term: Term, field: str) -> None:
    here = region.space()
    council, petra = region.council(here), region.member(where=here)
    with pytest.raises(Invalid) as refusal:
        service.create_mandate(ADMINISTRATOR, council.id, petra.id, term)
    assert refusal.value.field == field


def test_members_see_a_council_of_their_region_and_moderators_keep_it() -> None:
    here, elsewhere = region.space(), region.space()
    council, petra = region.council(here), region.member(where=here)
    mandate = region.mandate(petra, council)
    member = region.viewer(petra)
    assert service.get_council(member, council.id) is council
    strangers = [Viewer(), Viewer(8, {elsewhere.id: Role.MODERATOR})]
    for viewer in strangers:
        with pytest.raises(NotFound):
            service.get_council(viewer, council.id)
    for viewer in [member, *strangers]:
        with pytest.raises(NotFound):
            service.create_mandate(
                viewer, council.id, petra.id, region.term(date(2010, 1, 1), date(2011, 1, 1))
            )
        with pytest.raises(NotFound):
            service.update_mandate(viewer, mandate.id, region.term())
        with pytest.raises(NotFound):
            service.delete_mandate(viewer, mandate.id)
        with pytest.raises(NotFound):
            service.put_council(viewer, council.site_id, "Anders")
    service.delete_mandate(Viewer(9, {here.id: Role.MODERATOR}), mandate.id)
