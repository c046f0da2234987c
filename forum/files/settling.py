"""Whoever shows a file wants to know when it was looked through: only then it may be opened."""

from collections.abc import Callable, Collection

import sqlalchemy as sa

from forum.core.db import db, unit_of_work
from forum.files.models import File

Listener = Callable[[Collection[str]], None]
_listeners: list[Listener] = []


def on_settled(listener: Listener) -> Listener:
    """Have the function called with the owners (`post:40`) whose files are in another state now.

    It runs in a unit of work of its own, in the job process.
    """
    _listeners.append(listener)
    return listener


def tell_settled(blob_id: int) -> None:
    """Tell whoever shows files with these bytes; for jobs, after the unit of work in which their state changed."""
    owners = sa.select(File.owner).where(File.blob_id == blob_id, File.owner.is_not(None)).distinct()
    with unit_of_work():
        found = [owner for owner in db.session.scalars(owners) if owner]
        for listener in _listeners if found else ():
            listener(found)
