"""Mail is written here, in the unit of work of its cause, and leaves after the commit."""

import re
import secrets
from collections.abc import Mapping
from datetime import timedelta

import sqlalchemy as sa
from flask_babel import gettext as _

from forum.core.access import Viewer
from forum.core.clock import now
from forum.core.db import db
from forum.core.errors import Conflict, NotFound
from forum.jobs.service import enqueue
from forum.mail.composing import own_domain
from forum.mail.models import OutgoingMail
from forum.mail.targets import tell_bounce

#: The work that delivers what is due, and its key: it waits once for however many mails.
DELIVERY = "mail.deliver"
#: A mail to oneself that shows whether mail arrives.
PROBE = "probe"
#: How long it is kept to whom a mail went.
MEMORY = timedelta(days=60)

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_HEADER_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]*")
_ASKED = "mail asked for in"


def send(
    recipient: str,
    subject: str,
    text: str,
    *,
    html: str = "",
    headers: Mapping[str, str] | None = None,
    member_id: int | None = None,
    reply_to: str = "",
    about: str = "",
) -> int:
    """Have `text` delivered to `recipient`; comes back with the mail's id.

    Subjects stay neutral: somebody may look over the shoulder. With `html` the mail has both parts. `headers` go
    along as they are (List-Unsubscribe, References …). `member_id` says whose mail it is: that member is told when
    it comes back. `about` is a short word for the queue. `ValueError` for a control character in a header: a line
    end there would be a header of its own.
    """
    further = dict(headers or {}) | ({"Reply-To": reply_to} if reply_to else {})
    if _CONTROL.search(recipient + subject + "".join(further.values())):
        raise ValueError("a mail header holds no control characters")
    if not all(_HEADER_NAME.fullmatch(name) for name in further):
        raise ValueError("a mail header has a name of letters and hyphens")
    moment = now()
    mail = OutgoingMail(
        recipient=recipient,
        subject=subject,
        text=text,
        html=html,
        headers=further,
        member_id=member_id,
        about=about,
        created_at=moment,
        next_try_at=moment,
    )
    db.session.add(mail)
    db.session.flush()
    mail.message_id = f"<{mail.id}.{secrets.token_hex(8)}@{own_domain()}>"
    _ask_for_delivery()
    return mail.id


def try_again(viewer: Viewer, mail_id: int) -> None:
    """Deliver at once what waits or was given up; `Conflict` if it has left or is leaving."""
    mail = db.session.get(OutgoingMail, mail_id, with_for_update=True) if viewer.is_administrator else None
    if mail is None:
        raise NotFound
    moment = now()
    if mail.sent_at is not None:
        raise Conflict(_("Diese Mail ist schon verschickt."))
    is_under_way = bool(mail.claimed_by) and mail.next_try_at is not None and mail.next_try_at > moment
    if is_under_way:
        raise Conflict(_("Diese Mail wird gerade verschickt."))
    mail.next_try_at = moment
    mail.attempts = 0
    _ask_for_delivery()


def take_back(member_id: int, *about: str) -> None:
    """Drop what waits for that member and is `about` one of these; what is leaving at this moment leaves."""
    db.session.execute(
        sa.delete(OutgoingMail).where(
            OutgoingMail.member_id == member_id,
            OutgoingMail.about.in_(about),
            OutgoingMail.sent_at.is_(None),
            OutgoingMail.next_try_at.is_not(None),
            OutgoingMail.claimed_by == "",
        )
    )


def came_back(mail_id: int, is_final: bool, words: str) -> None:
    """Note that the mail came back, with the `words` of the other side, and tell whoever wants to know.

    `is_final`: the address takes no mail. A second report on the same mail, or one on none of ours, changes nothing.
    """
    mail = db.session.get(OutgoingMail, mail_id, with_for_update=True)
    if mail is None or mail.bounced_at is not None:
        return
    mail.bounced_at = now()
    mail.bounce = words[:300]
    if mail.member_id is not None:
        tell_bounce(mail.member_id, mail.recipient, is_final, mail.bounce)


def forget_old_mail() -> None:
    """Delete the rows of mails that left or were given up so long ago that nobody asks any more."""
    long_ago = now() - MEMORY
    db.session.execute(
        sa.delete(OutgoingMail).where(OutgoingMail.next_try_at.is_(None), OutgoingMail.created_at < long_ago)
    )


def _ask_for_delivery() -> None:
    """Once in a transaction, however many mails it writes."""
    transaction = db.session().get_transaction()
    if db.session.info.get(_ASKED) is not transaction:
        enqueue(DELIVERY, key=DELIVERY)
        db.session.info[_ASKED] = transaction
