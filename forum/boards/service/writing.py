"""Writing: what a member is typing, kept on the server until it is sent; and that somebody is typing."""

import re
from collections.abc import Callable

from forum.boards import policy
from forum.boards.models import POST_LIMIT, TITLE_LIMIT, Draft
from forum.boards.service import drafts, news
from forum.boards.service.boards import get_board
from forum.boards.service.posts import get_post
from forum.boards.service.topics import get_topic
from forum.core.access import Viewer
from forum.core.clock import now
from forum.core.db import upsert
from forum.core.errors import NotFound, require
from forum.members import queries as members
from forum.realtime.publishing import emit

_PLACE = re.compile(r"(board|topic|post):([0-9]{1,9})")
_FINDERS: dict[str, Callable[[Viewer, int], object]] = {
    "board": get_board,
    "topic": get_topic,
    "post": get_post,
}


def save_draft(viewer: Viewer, place: str, title: str, text: str) -> None:
    """Keep what is typed at `place` (`board:3` a new topic, `topic:12` a reply, `post:40` an edit).

    Empty text and title drop the draft. It is kept as typed, cut at the limits; what is wrong with it is said
    when it is sent. `NotFound` where the viewer does not read.
    """
    found = _PLACE.fullmatch(place)
    if found is None:
        raise NotFound
    _FINDERS[found[1]](viewer, int(found[2]))
    if not text.strip() and not title.strip():
        drafts.drop_draft(viewer, place)
        return
    typed = {
        "title": title[:TITLE_LIMIT].replace("\0", ""),
        "text": text[:POST_LIMIT].replace("\0", ""),
        "updated_at": now(),
    }
    upsert(Draft, {"member_id": viewer.member_id, "place": place, **typed}, ["member_id", "place"], typed)


def tell_typing(viewer: Viewer, topic_id: int, socket: str) -> None:
    """Let the others who have the topic open know that the viewer is writing there; not kept anywhere.

    `socket` is the one it comes from, which need not be told.
    """
    topic = get_topic(viewer, topic_id)
    require(policy.may_reply(viewer, topic))
    card = members.find_card(viewer.member_id) if viewer.member_id else None
    if card is None:
        raise NotFound
    if members.showing([card.person.id], members.Sign.TYPING):
        data = {"topic": topic.id, "member": card.person.id, "name": card.person.name}
        emit(news.NAMESPACE, news.typing_channel_of(topic), "typing", data, skip=socket)
