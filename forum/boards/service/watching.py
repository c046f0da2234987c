"""How much a member wants to hear of a topic or a board."""

import sqlalchemy as sa

from forum.boards.models import BOARD, TOPIC, Topic
from forum.boards.service.boards import get_board
from forum.boards.service.topics import get_topic
from forum.core.access import Viewer
from forum.notifications.models import Level
from forum.notifications.service import notices, watches


def watch_topic(viewer: Viewer, topic_id: int, level: Level | None) -> Level | None:
    """Choose for the topic; None: as usual. What was chosen before."""
    get_topic(viewer, topic_id)
    return watches.choose(viewer, TOPIC, topic_id, level)


def watch_board(viewer: Viewer, board_id: int, level: Level | None) -> Level | None:
    """The same for a board. Who mutes it has nothing new on it any more."""
    get_board(viewer, board_id)
    if level is Level.MUTED:
        notices.see_those(viewer, TOPIC, sa.select(Topic.id).where(Topic.board_id == board_id))
    return watches.choose(viewer, BOARD, board_id, level)
