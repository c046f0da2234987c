"""Lists for pages and sockets: explicit columns, filtered by policy, a constant number of statements."""

from forum.chat.queries import messages, people, preferences, rooms, unread

__all__ = ["messages", "people", "preferences", "rooms", "unread"]
