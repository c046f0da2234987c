"""What works made for tests leave in the database."""

from forum.core.clock import now
from forum.core.db import db
from forum.mail.models import OutgoingMail


def leave_mail(recipient: str) -> None:
    """A mail that nobody asks to be delivered: its row alone is the effect."""
    db.session.add(OutgoingMail(recipient=recipient, subject="Betreff", text="Text", created_at=now()))
