"""Drafts: what a member is typing, kept on the server until it is sent."""

import re

import sqlalchemy as sa

from forum.boards.models import POST_LIMIT, TITLE_LIMIT, Draft
from forum.core.access import Viewer
from forum.core.clock import now
from forum.core.db import db, upsert
from forum.core.errors import NotFound

_PLACE = re.compile(r"(board|topic|post):[0-9]{1,18}")


def save_draft(viewer: Viewer, place: str, title: str, text: str) -> None:
    """Keep what is typed at `place` (`board:3` a new topic, `topic:12` a reply, `post:40` an edit).

    Empty text and title drop the draft. It is kept as typed, cut at the limits; what is wrong with it is said
    when it is sent.
    """
    if _PLACE.fullmatch(place) is None or not viewer.is_signed_in:
        raise NotFound
    if not text.strip() and not title.strip():
        drop_draft(viewer, place)
        return
    typed = {
        "title": title[:TITLE_LIMIT].replace("\0", ""),
        "text": text[:POST_LIMIT].replace("\0", ""),
        "updated_at": now(),
    }
    upsert(Draft, {"member_id": viewer.member_id, "place": place, **typed}, ["member_id", "place"], typed)


def drop_draft(viewer: Viewer, place: str) -> None:
    """Forget the draft, because it was sent or thrown away."""
    db.session.execute(sa.delete(Draft).where(Draft.member_id == viewer.member_id, Draft.place == place))


def find_draft(viewer: Viewer, place: str) -> Draft | None:
    """What the viewer left at `place`."""
    return db.session.get(Draft, (viewer.member_id, place)) if viewer.is_signed_in else None
