"""Chat over HTTP: parse, call one verb, answer."""

from forum.chat.views import conversations, finding, messages, people, preferences, rooms
from forum.chat.views.blueprint import bp

__all__ = ["bp", "conversations", "finding", "messages", "people", "preferences", "rooms"]
