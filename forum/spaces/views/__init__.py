"""Spaces, and who and what belongs to them, over HTTP."""

from forum.spaces.views import entries, mandates, memberships, sites, spaces
from forum.spaces.views.blueprint import bp

__all__ = ["bp", "entries", "mandates", "memberships", "sites", "spaces"]
