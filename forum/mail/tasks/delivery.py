"""Outgoing mail leaves."""

from datetime import timedelta

from flask_babel import lazy_gettext as _l

from forum.core.db import after_commit
from forum.jobs.registry import job, periodic
from forum.mail.delivery import postman_of
from forum.mail.service import DELIVERY, forget_old_mail
from forum.web.application import this_application

#: Longer than a round of the postman with its last mail.
_LEASE = timedelta(minutes=20)


@job(DELIVERY, title=_l("E-Mails verschicken"), atomic=False, lease=_LEASE)
def deliver() -> None:
    """Deliver what was just written."""
    postman_of(this_application()).deliver_due()


@periodic(
    "mail.sweep",
    title=_l("Liegen gebliebene E-Mails verschicken"),
    every=timedelta(seconds=45),
    atomic=False,
    lease=_LEASE,
)
def sweep() -> None:
    """Deliver what waits for another try, and what a worker left behind."""
    postman_of(this_application()).deliver_due()


@periodic("mail.tidy", title=_l("Verschickte E-Mails nach ihrer Frist löschen"), every=timedelta(days=1))
def tidy() -> None:
    """Forget to whom mail went long ago."""
    forget_old_mail()
    after_commit(postman_of(this_application()).tidy)
