"""What members show of themselves in chat."""

import enum
from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy as sa

from forum.chat.models import ChatPreferences
from forum.core.access import Viewer
from forum.core.db import db


class Sign(enum.StrEnum):
    """What can be shown or hidden, for all and from all."""

    PRESENCE = "presence"
    TYPING = "typing"
    RECEIPTS = "receipts"


@dataclass(frozen=True, slots=True)
class Preferences:
    """A member's choices; everything is on until it is switched off."""

    shows_presence: bool = True
    shows_typing: bool = True
    shows_receipts: bool = True
    enter_sends: bool = True


_COLUMNS = {
    Sign.PRESENCE: ChatPreferences.shows_presence,
    Sign.TYPING: ChatPreferences.shows_typing,
    Sign.RECEIPTS: ChatPreferences.shows_receipts,
}


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


def showing(member_ids: Collection[int], sign: Sign) -> set[int]:
    """Those of the members who show this sign, and to whom it is therefore shown."""
    hiding = sa.select(ChatPreferences.member_id).where(
        ChatPreferences.member_id.in_(member_ids), sa.not_(_COLUMNS[sign])
    )
    return set(member_ids) - set(db.session.scalars(hiding))
