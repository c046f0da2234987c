"""The library's work in the background: what lay in the bin long enough goes, without anybody asking."""

from datetime import timedelta

from forum.core.clock import now
from forum.core.db import unit_of_work
from forum.documents.service.purge import purge_expired
from forum.jobs.registry import periodic


@periodic("documents.purge", every=timedelta(days=1), atomic=False, lease=timedelta(hours=1))
def purge() -> None:
    """Delete what has expired, a batch at a time, so that nobody who writes waits for it."""
    is_done = False
    while not is_done:
        with unit_of_work():
            is_done = purge_expired(now()) == 0
