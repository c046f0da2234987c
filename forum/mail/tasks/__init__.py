"""Mail that leaves and mail that comes in, as work of the job process."""

from forum.mail.tasks import delivery, fetch, look_into

__all__ = ["delivery", "fetch", "look_into"]
