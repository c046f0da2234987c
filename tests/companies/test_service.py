"""Companies and sites as moderators keep them."""

import pytest

from forum.companies import queries, service
from forum.companies.service import SiteFacts
from forum.core.access import Role, Viewer
from forum.core.errors import Invalid, NotFound
from tests.spaces import region
from tests.spaces.region import ADMINISTRATOR

pytestmark = pytest.mark.usefixtures("context")


def test_a_known_company_name_adds_a_site_to_that_company() -> None:
    here = region.space()
    first = service.create_site(ADMINISTRATOR, here.id, SiteFacts("Havelblick", "Nord"))
    second = service.create_site(ADMINISTRATOR, here.id, SiteFacts("  Havelblick ", "Süd"))
    assert first.company_id == second.company_id
    with pytest.raises(Invalid) as refusal:
        service.create_site(ADMINISTRATOR, here.id, SiteFacts("Havelblick", "Süd"))
    assert refusal.value.field == "name"


def test_a_corrected_company_name_renames_it_or_finds_the_known_one() -> None:
    here = region.space()
    other = service.create_site(ADMINISTRATOR, here.id, SiteFacts("Nordhavel", "Rathenow"))
    site = service.create_site(ADMINISTRATOR, here.id, SiteFacts("Havlblick", "Werk"))
    company_id = site.company_id
    service.update_site(ADMINISTRATOR, site.id, SiteFacts("Havelblick", "Werk"))
    assert (site.company_id, site.company.name) == (company_id, "Havelblick")
    service.update_site(ADMINISTRATOR, site.id, SiteFacts("Nordhavel", "Werk"))
    assert site.company is other.company
    service.update_site(ADMINISTRATOR, site.id, SiteFacts("Neu", "Werk"))
    assert other.company.name == "Nordhavel"
    assert queries.company_names(ADMINISTRATOR) == ["Neu", "Nordhavel"]


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        (SiteFacts(" ", "Werk"), "company"),
        (SiteFacts("Firma", ""), "name"),
        (SiteFacts("Firma", "W" * 161), "name"),
        (SiteFacts("Firma", "Werk", town="T" * 121), "town"),
        (SiteFacts("Firma", "Werk", sector="\x07"), "sector"),
        (SiteFacts("Firma", "Werk", employees=-1), "employees"),
        (SiteFacts("Firma", "Werk", employees=10**12), "employees"),
    ],
)
def test_what_cannot_be_taken_is_refused_at_its_field(facts: SiteFacts, field: str) -> None:
    here = region.space()
    with pytest.raises(Invalid) as refusal:
        service.create_site(ADMINISTRATOR, here.id, facts)
    assert refusal.value.field == field


def test_members_read_sites_of_their_region_and_change_none() -> None:
    here, elsewhere = region.space(), region.space()
    site = service.create_site(ADMINISTRATOR, here.id, SiteFacts("Havelblick", "Nord"))
    member, stranger = Viewer(1, {here.id: Role.MEMBER}), Viewer(2, {elsewhere.id: Role.MODERATOR})
    assert service.get_site(member, site.id) is site
    assert queries.company_names(member) == ["Havelblick"]
    assert queries.company_names(stranger) == []
    with pytest.raises(NotFound):
        service.get_site(stranger, site.id)
    for viewer in (member, stranger):
        with pytest.raises(NotFound):
            service.update_site(viewer, site.id, SiteFacts("Havelblick", "Süd"))
