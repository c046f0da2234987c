"""Announcements' work in the background: publishing at the moment, telling, reminding, forgetting names."""

from datetime import timedelta

from flask_babel import lazy_gettext as _l

from forum.announcements.service import fanout, publication, retention
from forum.core.clock import now
from forum.core.db import db, unit_of_work
from forum.jobs.registry import job, periodic


@job(fanout.PUBLISH, title=_l("Eine Mitteilung veröffentlichen"), atomic=False, lease=timedelta(minutes=10))
def publish(announcement_id: int) -> None:
    """Publish what is due, write down whom it goes to, tell them: each once, however often this runs.

    Three short units of work, so that nobody who writes waits long for ten thousand rows.
    """
    moment = now()
    with unit_of_work():
        is_out = publication.publish_due(announcement_id, moment)
    if not is_out:
        return
    with unit_of_work():
        fanout.freeze(announcement_id, moment)
    with unit_of_work():
        fanout.tell_version(announcement_id, moment)


@job(fanout.NUDGE, title=_l("An eine Mitteilung erinnern"))
def nudge(announcement_id: int) -> None:
    """Remind by hand."""
    fanout.nudge(announcement_id, now())


@periodic(
    "announcements.remind",
    title=_l("An offene Mitteilungen erinnern"),
    every=timedelta(minutes=15),
    atomic=False,
    lease=timedelta(minutes=30),
)
def remind() -> None:
    """Both reminders, to those of whom notice is still asked; and no lines any more of what is over."""
    moment = now()
    with unit_of_work():
        fanout.forget_over(moment)
    due = fanout.remind_due(moment)
    db.session.rollback()
    for announcement_id in due:
        with unit_of_work():
            fanout.remind(announcement_id, moment)


@periodic(
    "announcements.forget",
    title=_l("Namen in alten Kenntnisnahmen löschen"),
    every=timedelta(days=1),
    atomic=False,
    lease=timedelta(hours=1),
)
def forget() -> None:
    """Names of twelve months ago."""
    is_done = False
    while not is_done:
        with unit_of_work():
            is_done = retention.delete_names(now()) == 0
