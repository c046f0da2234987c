"""What is done with announcements; each verb takes the viewer first."""

from forum.announcements.models import SUBJECT, TEXT_LIMIT, TITLE_LIMIT
from forum.announcements.service import announcements, certificates, fanout, notices, retention

__all__ = [
    "SUBJECT",
    "TEXT_LIMIT",
    "TITLE_LIMIT",
    "announcements",
    "certificates",
    "fanout",
    "notices",
    "retention",
]
