"""Announcements for pages: lists, one's own open ones, and who has taken note."""

from forum.announcements.queries import digests, listing, reach, standing

__all__ = ["digests", "listing", "reach", "standing"]
