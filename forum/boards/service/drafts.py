"""Drafts that are there: found again, and forgotten when they are sent."""

import sqlalchemy as sa

from forum.boards.models import Draft
from forum.core.access import Viewer
from forum.core.db import db


def drop_draft(viewer: Viewer, place: str) -> None:
    """Forget the draft, because it was sent or thrown away."""
    db.session.execute(sa.delete(Draft).where(Draft.member_id == viewer.member_id, Draft.place == place))


def find_draft(viewer: Viewer, place: str) -> Draft | None:
    """What the viewer left at `place`."""
    return db.session.get(Draft, (viewer.member_id, place)) if viewer.is_signed_in else None
