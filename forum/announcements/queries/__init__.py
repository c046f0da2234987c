"""Announcements for pages: lists, one's own open ones, and who has taken note."""

from forum.announcements.queries import listing, reach, standing

__all__ = ["listing", "reach", "standing"]
