"""Mail is written here, in the unit of work of its cause, and leaves after the commit."""

import re
import threading

from flask_babel import gettext as _

from forum.core.access import Viewer
from forum.core.clock import now
from forum.core.db import after_commit, db
from forum.core.errors import NotFound, require
from forum.mail.models import OutgoingMail

#: Set when mail was written; the deliverer waits for it.
written = threading.Event()

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def send(recipient: str, subject: str, text: str) -> None:
    """Have `text` delivered to `recipient`. Subjects stay neutral: somebody may look over the shoulder.

    `ValueError` for a control character in recipient or subject: a line end there would be a header of its own.
    """
    if _CONTROL.search(recipient + subject):
        raise ValueError("a mail header holds no control characters")
    moment = now()
    db.session.add(
        OutgoingMail(recipient=recipient, subject=subject, text=text, created_at=moment, next_try_at=moment)
    )
    after_commit(written.set)


def try_again(viewer: Viewer, mail_id: int) -> None:
    """Deliver at once what waits or was given up."""
    mail = db.session.get(OutgoingMail, mail_id) if viewer.is_administrator else None
    if mail is None:
        raise NotFound
    require(mail.sent_at is None, _("Diese Mail ist schon verschickt."))
    mail.next_try_at = now()
    mail.attempts = 0
    after_commit(written.set)
