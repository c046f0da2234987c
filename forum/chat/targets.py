"""Messages as something that files hang on."""

from collections.abc import Collection

import sqlalchemy as sa

from forum.attachments.targets import Place, target
from forum.chat import policy
from forum.chat.models import SUBJECT, Message, MessageState, Room
from forum.core.access import Viewer
from forum.core.db import db


@target(SUBJECT)
def find_messages(viewer: Viewer, message_ids: Collection[int]) -> dict[int, Place]:
    """Those of the messages that stand in a room the viewer reads."""
    rows = db.session.execute(
        sa.select(Message.id, Room.name, Room.space_id)
        .join(Room, Room.id == Message.room_id)
        .where(Message.id.in_(message_ids), Message.state == MessageState.VISIBLE, policy.readable_by(viewer))
    )
    return {
        message_id: Place(name, f"/chat/messages/{message_id}", space_id)
        for message_id, name, space_id in rows
    }
