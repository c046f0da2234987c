"""Mail that was kept is looked into, and forgotten in time."""

from datetime import timedelta

from flask_babel import lazy_gettext as _l

from forum.core.clock import now
from forum.core.db import unit_of_work
from forum.jobs.registry import job, periodic
from forum.mail import intake


@job(
    "mail.look_into",
    title=_l("Eine eingegangene E-Mail auswerten"),
    atomic=False,
    lease=timedelta(minutes=10),
)
def look_into(incoming_id: int) -> None:
    """Read one mail and do what it wants."""
    intake.look_into(incoming_id)


@periodic(
    "mail.forget",
    title=_l("Eingegangene E-Mails nach ihrer Frist löschen"),
    every=timedelta(days=1),
    atomic=False,
)
def forget() -> None:
    """What came in long ago is not known any more."""
    with unit_of_work():
        intake.forget(now())
