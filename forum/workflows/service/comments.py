"""An announcement is talked about: each space that it is for has its topic, begun when somebody wants it."""

from uuid import UUID

from flask_babel import gettext as _

from forum.announcements.queries import listing
from forum.announcements.service import announcements
from forum.boards.service import boards, topics
from forum.core.access import Viewer
from forum.core.errors import Invalid, NotFound


def find_topic(viewer: Viewer, announcement_id: int, space_id: int) -> int | None:
    """The topic in which the space talks about the announcement; `NotFound` where the viewer has no part in it."""
    announcement = announcements.get_discussable(viewer, announcement_id)
    if space_id not in announcements.discussed_in(viewer, announcement):
        raise NotFound
    return listing.topics_of(announcement_id).get(space_id)


def begin(
    viewer: Viewer,
    announcement_id: int,
    space_id: int,
    *,
    board_id: int,
    title: str,
    text: str,
    client_key: UUID,
) -> int:
    """Begin that topic, on a board of the space; its id. If there is one by now, it is that one."""
    announcement = announcements.get_discussable(viewer, announcement_id, lock=True)
    known = find_topic(viewer, announcement_id, space_id)
    if known is not None:
        return known
    try:
        board = boards.get_board(viewer, board_id)
    except NotFound:
        board = None
    if board is None or board.space_id != space_id:
        raise Invalid(_("Wähle ein Forum dieses Bereichs."), "board_id")
    leads_back = f"/announcements/{announcement.id})" in text or not text.strip()
    whole = text if leads_back else f"{text.rstrip()}\n\n{announcements.opening_of(announcement).rstrip(':')}"
    topic = topics.start_topic(viewer, board_id, title, whole, client_key)
    announcements.set_topic(viewer, announcement.id, space_id, topic.id)
    return topic.id
