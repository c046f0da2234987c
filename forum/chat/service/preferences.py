"""What a member shows in chat."""

from dataclasses import asdict

from forum.chat.models import ChatPreferences
from forum.chat.queries.preferences import Preferences
from forum.chat.service.telling import NAMESPACE
from forum.core.access import Viewer
from forum.core.db import upsert
from forum.core.errors import NotFound
from forum.realtime.publishing import publish


def choose(viewer: Viewer, chosen: Preferences) -> None:
    """From now on it is so; the viewer's other windows are told."""
    if viewer.member_id is None:
        raise NotFound
    values = asdict(chosen)
    upsert(ChatPreferences, {"member_id": viewer.member_id, **values}, ["member_id"], values)
    publish(NAMESPACE, f"member:{viewer.member_id}", "preferences", values)
