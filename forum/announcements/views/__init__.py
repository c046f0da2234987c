"""Announcements over HTTP: parse, call one verb, answer."""

from forum.announcements.views import notices, reading, standing, writing
from forum.announcements.views.blueprint import bp

__all__ = ["bp", "notices", "reading", "standing", "writing"]
