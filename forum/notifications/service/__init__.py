"""Verbs: tell, see, watch, choose."""

from forum.notifications.service import notices, preferences, replies, watches

__all__ = ["notices", "preferences", "replies", "watches"]
