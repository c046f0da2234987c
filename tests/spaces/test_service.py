"""What happens to spaces, memberships, sites and mandates."""

from datetime import date

import pytest
import sqlalchemy as sa
from flask import Flask

from forum.audit.models import Entry
from forum.companies.models import Site
from forum.companies.service import SiteFacts
from forum.core.access import Role, Viewer
from forum.core.db import db
from forum.core.errors import Denied, Invalid, NotFound
from forum.councils.models import Mandate
from forum.spaces import queries, service
from tests.spaces import region
from tests.spaces.region import ADMINISTRATOR

pytestmark = pytest.mark.usefixtures("context")
FACTS = SiteFacts("Havelblick Optik GmbH", "Werk Rathenow", "Rathenow", "Optik", 140)


def role_of(member_id: int, space_id: int) -> Role | None:
    membership = queries.membership_of(space_id, member_id)
    return membership.role if membership else None


def acts() -> list[str]:
    return list(db.session.scalars(sa.select(Entry.action).order_by(Entry.id)))


def test_whoever_joins_a_region_belongs_to_the_network_too(context: Flask) -> None:
    network, here = region.network(), region.space()
    petra = region.member(where=here)
    assert role_of(petra.id, here.id) is Role.MEMBER
    assert role_of(petra.id, network.id) is Role.MEMBER
    assert acts() == ["membership.created"]


def test_joining_again_changes_the_role_there_and_leaves_the_one_in_the_network() -> None:
    network, here = region.network(), region.space()
    sabine = region.member(where=network, role=Role.STAFF)
    service.join(sabine.id, here.id, Role.MEMBER)
    service.join(sabine.id, here.id, Role.STAFF)
    service.join(sabine.id, here.id, Role.STAFF)
    assert role_of(sabine.id, here.id) is Role.STAFF
    assert role_of(sabine.id, network.id) is Role.STAFF
    assert acts() == ["membership.created", "membership.created", "membership.changed"]


def test_administrators_add_members_once_and_moderators_never() -> None:
    here = region.space()
    petra, manfred = region.member(), region.member(where=here, role=Role.MODERATOR)
    with pytest.raises(NotFound):
        service.add_member(region.viewer(manfred), here.id, petra.id, Role.MEMBER)
    assert role_of(petra.id, here.id) is None
    service.add_member(ADMINISTRATOR, here.id, petra.id, Role.EXPERT)
    assert role_of(petra.id, here.id) is Role.EXPERT
    with pytest.raises(Invalid, match="gehört schon"):
        service.add_member(ADMINISTRATOR, here.id, petra.id, Role.MODERATOR)
    with pytest.raises(Invalid, match="aus der Liste"):
        service.add_member(ADMINISTRATOR, here.id, 999_999, Role.MEMBER)
    with pytest.raises(NotFound):
        service.add_member(ADMINISTRATOR, 999_999, petra.id, Role.MEMBER)


def test_moderators_make_members_experts_but_not_moderators_or_staff() -> None:
    here = region.space()
    manfred = region.viewer(region.member(where=here, role=Role.MODERATOR))
    petra = region.member(where=here)
    service.change_role(manfred, here.id, petra.id, Role.EXPERT)
    assert role_of(petra.id, here.id) is Role.EXPERT
    for role in (Role.MODERATOR, Role.STAFF):
        with pytest.raises(Denied):
            service.change_role(manfred, here.id, petra.id, role)
    service.change_role(ADMINISTRATOR, here.id, petra.id, Role.STAFF)
    with pytest.raises(Denied):
        service.change_role(manfred, here.id, petra.id, Role.MEMBER)
    assert role_of(petra.id, here.id) is Role.STAFF


def test_members_and_moderators_elsewhere_cannot_touch_memberships() -> None:
    here, elsewhere = region.space(), region.space()
    petra, frank = region.member(where=here), region.member(where=here)
    rosa = region.member(where=elsewhere, role=Role.MODERATOR)
    for viewer in (region.viewer(petra), region.viewer(rosa), Viewer()):
        with pytest.raises(NotFound):
            service.change_role(viewer, here.id, frank.id, Role.EXPERT)
        with pytest.raises(NotFound):
            service.end_membership(viewer, here.id, frank.id)
    assert role_of(frank.id, here.id) is Role.MEMBER


def test_members_leave_by_themselves_and_moderators_send_members_away() -> None:
    here = region.space()
    manfred = region.viewer(region.member(where=here, role=Role.MODERATOR))
    petra, frank = region.member(where=here), region.member(where=here)
    service.leave(region.viewer(petra), here.id)
    service.end_membership(manfred, here.id, frank.id)
    assert role_of(petra.id, here.id) is None
    assert role_of(frank.id, here.id) is None
    assert acts()[-2:] == ["membership.ended"] * 2


def test_the_last_moderator_neither_leaves_nor_steps_down_until_another_is_named() -> None:
    here = region.space()
    first = region.member(where=here, role=Role.MODERATOR)
    with pytest.raises(Invalid, match="letzte Moderator:in"):
        service.leave(region.viewer(first), here.id)
    with pytest.raises(Invalid, match="letzte Moderator:in"):
        service.change_role(region.viewer(first), here.id, first.id, Role.MEMBER)
    region.member(where=here, role=Role.MODERATOR)
    service.change_role(region.viewer(first), here.id, first.id, Role.MEMBER)
    assert role_of(first.id, here.id) is Role.MEMBER


def test_administrators_may_remove_the_last_moderator() -> None:
    here = region.space()
    manfred = region.member(where=here, role=Role.MODERATOR)
    service.end_membership(ADMINISTRATOR, here.id, manfred.id)
    assert role_of(manfred.id, here.id) is None


def test_the_network_is_left_with_the_last_region_and_by_administrators_only() -> None:
    network, here = region.network(), region.space()
    petra = region.member(where=here)
    with pytest.raises(Invalid):
        service.leave(region.viewer(petra), network.id)
    with pytest.raises(Invalid):
        service.end_membership(ADMINISTRATOR, network.id, petra.id)
    service.end_membership(ADMINISTRATOR, here.id, petra.id)
    service.end_membership(ADMINISTRATOR, network.id, petra.id)
    assert role_of(petra.id, network.id) is None


def test_the_profile_is_kept_by_its_moderators_and_rendered_safely() -> None:
    here, elsewhere = region.space(), region.space()
    manfred = region.viewer(region.member(where=here, role=Role.MODERATOR))
    service.update_space(manfred, here.id, " Optik ", "**Seit 2000**\n<script>", "")
    profile = queries.profile(manfred, here.id)
    assert profile.sector == "Optik"
    assert "<strong>Seit 2000</strong>" in profile.description_html
    assert "<script" not in profile.description_html
    assert profile.contacts_html == ""
    assert [person.id for person in profile.moderators] == [manfred.member_id]
    for viewer in (Viewer(1, {here.id: Role.MEMBER}), manfred):
        with pytest.raises(NotFound):
            service.update_space(viewer, elsewhere.id, "", "", "")
    with pytest.raises(Invalid) as refusal:
        service.update_space(manfred, here.id, "x" * 121, "", "")
    assert refusal.value.field == "sector"


def test_sites_are_entered_by_moderators_of_the_region_and_by_nobody_else() -> None:
    here, elsewhere = region.space(), region.space()
    manfred = region.viewer(region.member(where=here, role=Role.MODERATOR))
    site = service.create_site(manfred, here.id, FACTS, seats=7)
    assert (site.company.name, site.name, site.space_id) == (
        "Havelblick Optik GmbH",
        "Werk Rathenow",
        here.id,
    )
    with pytest.raises(NotFound):
        service.create_site(manfred, elsewhere.id, FACTS)
    with pytest.raises(NotFound):
        service.create_site(Viewer(1, {here.id: Role.STAFF}), here.id, FACTS)
    assert db.session.scalar(sa.select(sa.func.count(Site.id))) == 1


def test_sites_lie_in_regions_that_exist() -> None:
    network = region.network()
    for space_id in (network.id, 999_999):
        with pytest.raises(NotFound):
            service.create_site(ADMINISTRATOR, space_id, FACTS)


def test_a_mandate_goes_to_members_of_the_region_only() -> None:
    here, elsewhere = region.space(), region.space()
    manfred = region.viewer(region.member(where=here, role=Role.MODERATOR))
    council = region.council(here)
    petra, olga = region.member(where=here), region.member(where=elsewhere)
    service.create_mandate(manfred, council.id, petra.id, region.term())
    for member_id in (olga.id, 999_999):
        with pytest.raises(Invalid) as refusal:
            service.create_mandate(manfred, council.id, member_id, region.term())
        assert refusal.value.message == "Wähle eine Person aus der Liste."
    with pytest.raises(NotFound):
        service.create_mandate(
            region.viewer(petra), council.id, petra.id, region.term(since=date(2020, 1, 1))
        )
    assert list(db.session.scalars(sa.select(Mandate.member_id))) == [petra.id]
