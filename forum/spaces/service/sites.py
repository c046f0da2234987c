"""Sites, councils and mandates of a region: what the lower verbs cannot know, namely who belongs to it."""

from flask_babel import gettext as _

from forum.companies import service as companies
from forum.companies.models import Site
from forum.companies.service import SiteFacts
from forum.core.access import Viewer
from forum.core.errors import Invalid, NotFound
from forum.councils import service as councils
from forum.councils.models import Mandate
from forum.councils.service import Term
from forum.spaces import queries
from forum.spaces.models import SpaceKind
from forum.spaces.service.spaces import get_managed_space


def create_site(
    viewer: Viewer,
    space_id: int,
    facts: SiteFacts,
    council: str = "",
    seats: int | None = None,
    phone: str = "",
) -> Site:
    """A new site of the region with its council; sites lie in regions only."""
    if get_managed_space(viewer, space_id).kind is not SpaceKind.REGION:
        raise NotFound
    site = companies.create_site(viewer, space_id, facts)
    councils.put_council(viewer, site.id, council, seats, phone)
    return site


def update_site(
    viewer: Viewer,
    site_id: int,
    facts: SiteFacts,
    council: str = "",
    seats: int | None = None,
    phone: str | None = None,
) -> Site:
    """Correct a site and its council; without a phone (None) that one stays."""
    site = companies.update_site(viewer, site_id, facts)
    councils.put_council(viewer, site.id, council, seats, phone)
    return site


def create_mandate(viewer: Viewer, council_id: int, member_id: int, term: Term) -> Mandate:
    """Give a member of the region a seat; `Invalid` for anybody else, known or not."""
    council = councils.get_managed_council(viewer, council_id)
    if queries.membership_of(council.site.space_id, member_id) is None:
        raise Invalid(_("Wähle eine Person aus der Liste."), "member_id")
    return councils.create_mandate(viewer, council_id, member_id, term)
