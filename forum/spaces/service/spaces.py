"""Spaces and the profiles of regions."""

from forum.audit import service as audit
from forum.core.access import Viewer
from forum.core.db import db
from forum.core.errors import NotFound
from forum.core.html import render
from forum.core.text import clean_line, clean_text
from forum.spaces import policy
from forum.spaces.models import Space, SpaceKind

SECTOR_LIMIT = 120
TEXT_LIMIT = 10_000


def get_space(viewer: Viewer, space_id: int) -> Space:
    """The space, or `NotFound`: the same answer for "no such space" and "not for you"."""
    space = db.session.get(Space, space_id)
    if space is None or not policy.may_visit(viewer, space_id):
        raise NotFound
    return space


def get_managed_space(viewer: Viewer, space_id: int) -> Space:
    """The space, if the viewer keeps it in order; else `NotFound`."""
    space = get_space(viewer, space_id)
    if not policy.may_manage(viewer, space_id):
        raise NotFound
    return space


def create_space(
    kind: SpaceKind,
    name: str,
    sign: str,
    *,
    accent: int = 0,
    position: int = 0,
    sector: str = "",
    description: str = "",
    contacts: str = "",
) -> Space:
    """A new space, for seeds: no page offers this. Name and sign must be free."""
    space = Space(kind=kind, name=name, sign=sign, accent=accent, position=position)
    _describe(space, sector, description, contacts)
    db.session.add(space)
    db.session.flush()
    return space


def update_space(viewer: Viewer, space_id: int, sector: str, description: str, contacts: str) -> Space:
    """Write the profile anew; description and contacts are Markdown, rendered here once."""
    space = get_managed_space(viewer, space_id)
    _describe(space, sector, description, contacts)
    audit.record(viewer, "space.changed", space.id, space_id=space.id)
    return space


def _describe(space: Space, sector: str, description: str, contacts: str) -> None:
    space.sector = sector.strip() and clean_line(sector, limit=SECTOR_LIMIT, field="sector")
    space.description = description.strip() and clean_text(description, limit=TEXT_LIMIT, field="description")
    space.contacts = contacts.strip() and clean_text(contacts, limit=TEXT_LIMIT, field="contacts")
    space.description_html = render(space.description)
    space.contacts_html = render(space.contacts)
