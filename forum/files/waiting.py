"""Waiting until files that just came in are looked into, for who works through many of them without a page."""

import time
from collections.abc import Collection, Sequence
from datetime import timedelta

import sqlalchemy as sa

from forum.core.db import db
from forum.files.models import File, FileState
from forum.jobs.queries import find_ids
from forum.jobs.worker import worker_of
from forum.web.application import this_application

#: Between two looks at work that another process does, in seconds.
_GLANCE = 0.05


def wait_for_checks(file_ids: Collection[int], patience: timedelta) -> Sequence[File]:
    """The files when they are checked: by this process, or by the one that took the work first.

    After `patience` they come as they are then. Not inside a unit of work: what others write is read afresh.
    """
    deadline = time.monotonic() + patience.total_seconds()
    worker = worker_of(this_application())
    while True:
        db.session.rollback()
        found = db.session.scalars(sa.select(File).where(File.id.in_(file_ids))).all()
        checking = [file for file in found if file.state is FileState.CHECKING]
        if not checking or time.monotonic() > deadline:
            return found
        work = [key for file in checking for key in (f"files.check:{file.blob_id}", f"files.strip:{file.id}")]
        waiting = find_ids(work)
        db.session.rollback()
        if not any(worker.perform(job_id, beside_lane=True) for job_id in waiting):
            time.sleep(_GLANCE)
