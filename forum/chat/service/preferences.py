"""What a member shows in chat."""

from dataclasses import asdict, replace

from forum.chat.queries.preferences import Preferences, preferences_of
from forum.chat.service.telling import NAMESPACE
from forum.core.access import Viewer
from forum.core.db import upsert
from forum.core.errors import NotFound
from forum.members.models import ChatPreferences
from forum.realtime.publishing import cut_member, publish


def choose(viewer: Viewer, chosen: Preferences) -> None:
    """From now on it is so; the viewer's other windows are told."""
    if viewer.member_id is None:
        raise NotFound
    before, values = preferences_of(viewer), asdict(chosen)
    upsert(ChatPreferences, {"member_id": viewer.member_id, **values}, ["member_id"], values)
    publish(NAMESPACE, f"member:{viewer.member_id}", "preferences", values)
    if replace(before, enter_sends=chosen.enter_sends) != chosen:
        cut_member(viewer.member_id)  # and have the sockets enter what they may hear now
