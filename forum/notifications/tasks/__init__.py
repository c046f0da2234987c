"""Work that tells: mails of their own, bundled mails, pushes; and work that hears: answers by mail."""

from forum.notifications.tasks import mails, pushes, replies, tidying

__all__ = ["mails", "pushes", "replies", "tidying"]
