"""Who may see and keep the sites of a region; every answer from the arguments alone."""

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement

from forum.companies.models import Site
from forum.core.access import Viewer


def may_read(viewer: Viewer, space_id: int) -> bool:
    """Whoever belongs to the region; administrators too, as sites hold no conversation."""
    return viewer.belongs_to(space_id) or viewer.is_administrator


def readable_by(viewer: Viewer) -> ColumnElement[bool]:
    """`may_read` as an SQL condition on `Site`; a test holds the two together."""
    return sa.true() if viewer.is_administrator else Site.space_id.in_(viewer.spaces)


def may_manage(viewer: Viewer, space_id: int) -> bool:
    """Moderators of the region, and administrators."""
    return viewer.moderates(space_id) or viewer.is_administrator
