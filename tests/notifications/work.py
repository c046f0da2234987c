"""The work that capabilities asked for to tell members of something, done now."""

import json

import sqlalchemy as sa

from forum.core.db import db, unit_of_work
from forum.jobs.models import Job
from forum.jobs.registry import work_named

_TELLING = ("boards.tell", "chat.tell", "documents.tell")


def tell_all() -> None:
    """Tell of everything that waits for it, also of what is due in a moment only."""
    for job in db.session.scalars(sa.select(Job).where(Job.name.in_(_TELLING)).order_by(Job.id)).all():
        arguments = json.loads(job.arguments)
        work = work_named(job.name)
        assert work is not None
        with unit_of_work():
            db.session.execute(sa.delete(Job).where(Job.id == job.id))
            work.do(**arguments)
