"""Writing the record."""

from forum.audit.models import Entry
from forum.core.access import Viewer
from forum.core.clock import now
from forum.core.db import db


def record(
    viewer: Viewer, action: str, subject_id: int | None = None, *, space_id: int | None = None, note: str = ""
) -> None:
    """Note that `viewer` did `action` (`noun.verb`) to the row `subject_id`; part of the same unit of work."""
    db.session.add(
        Entry(
            at=now(),
            actor_id=viewer.member_id,
            action=action,
            subject_id=subject_id,
            space_id=space_id,
            note=note,
        )
    )
