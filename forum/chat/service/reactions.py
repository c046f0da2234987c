"""Wordless answers to a message."""

from forum.chat import policy
from forum.chat.models import Message, Reaction, ReactionKind
from forum.chat.service.messages import require_writing
from forum.chat.service.places import hold_message
from forum.chat.service.telling import tell_change
from forum.core.access import Viewer
from forum.core.clock import now
from forum.core.db import db
from forum.core.errors import require


def react(viewer: Viewer, message_id: int, kind: ReactionKind) -> Message:
    """Answer with a sign; the same one again changes nothing."""
    held, message = hold_message(viewer, message_id)
    if _find(held.me.id, message_id, kind) is not None:
        return message
    moment = now()
    require_writing(viewer, held.place, moment)
    require(policy.may_react(viewer, held.place, message, moment))
    db.session.add(Reaction(message_id=message.id, member_id=held.me.id, kind=kind))
    message.stamp = held.stamp()
    tell_change(held.room, message)
    return message


def unreact(viewer: Viewer, message_id: int, kind: ReactionKind) -> Message:
    """Take the sign back."""
    held, message = hold_message(viewer, message_id)
    reaction = _find(held.me.id, message_id, kind)
    if reaction is not None:
        db.session.delete(reaction)
        message.stamp = held.stamp()
        tell_change(held.room, message)
    return message


def _find(member_id: int, message_id: int, kind: ReactionKind) -> Reaction | None:
    return db.session.get(Reaction, (message_id, member_id, kind))
