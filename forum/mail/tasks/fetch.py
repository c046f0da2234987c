"""The mailbox is looked into once a minute, where one is set."""

from datetime import timedelta

from flask import current_app
from flask_babel import lazy_gettext as _l

from forum.jobs.registry import periodic
from forum.mail.imap import LONGEST, fetch_mail
from forum.mail.mailbox import FETCHING


@periodic(
    FETCHING,
    title=_l("E-Mails aus dem Postfach abholen"),
    every=timedelta(minutes=1),
    atomic=False,
    lease=LONGEST + timedelta(minutes=3),
)
def fetch() -> None:
    """Take in what lies there; a fault shows among the jobs and is tried again."""
    settings = current_app.extensions["settings"]
    if settings.imap_host:
        fetch_mail(settings)
