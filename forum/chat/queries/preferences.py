"""What members show of themselves in chat."""

from dataclasses import dataclass

import sqlalchemy as sa

from forum.core.access import Viewer
from forum.core.db import db
from forum.members.models import ChatPreferences


@dataclass(frozen=True, slots=True)
class Preferences:
    """A member's choices; everything is on until it is switched off."""

    shows_presence: bool = True
    shows_typing: bool = True
    shows_receipts: bool = True
    enter_sends: bool = True


def preferences_of(viewer: Viewer) -> Preferences:
    """What the viewer has chosen."""
    row = db.session.execute(
        sa.select(
            ChatPreferences.shows_presence,
            ChatPreferences.shows_typing,
            ChatPreferences.shows_receipts,
            ChatPreferences.enter_sends,
        ).where(ChatPreferences.member_id == viewer.member_id)
    ).one_or_none()
    return Preferences(*row) if row else Preferences()
