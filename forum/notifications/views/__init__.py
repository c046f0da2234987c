"""The bell's page, what is chosen about being told, stopping mails without signing in, pushes and the app."""

from forum.notifications.views import bell, preferences, pushes, stops
from forum.notifications.views.blueprint import bp

__all__ = ["bell", "bp", "preferences", "pushes", "stops"]
