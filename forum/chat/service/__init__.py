"""What members do in rooms; each verb takes the viewer first and decides before it acts."""

from forum.chat.service import messages, preferences, reactions, retention, rooms, seats

__all__ = ["messages", "preferences", "reactions", "retention", "rooms", "seats"]
