"""What is gathered from several shared services: the page of a member."""

from dataclasses import dataclass
from datetime import datetime

from forum.core.access import Role, Viewer
from forum.core.errors import NotFound
from forum.core.persons import Person
from forum.members import queries as members
from forum.spaces import queries as spaces
from forum.spaces.queries import SpaceLink


@dataclass(frozen=True, slots=True)
class MemberPage:
    """Somebody as others in the network see them."""

    person: Person
    bio_html: str
    joined_at: datetime
    spaces: list[tuple[SpaceLink, Role]]


def member_page(viewer: Viewer, member_id: int) -> MemberPage:
    """The member, or `NotFound` unless it is the viewer, or they share a space, or the viewer administers."""
    card = members.find_card(member_id)
    joined = spaces.spaces_of_member(member_id)
    shared = any(viewer.belongs_to(space.id) for space, _role in joined)
    if card is None or not (shared or viewer.is_administrator or viewer.member_id == member_id):
        raise NotFound
    return MemberPage(card.person, card.bio_html, card.joined_at, joined)
