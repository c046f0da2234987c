"""Boards over Socket.IO: what moves in an open topic, and what is unread."""

from forum.boards import service
from forum.core.access import Viewer
from forum.realtime.namespace import Answer, Data, Namespace, event, number


class Boards(Namespace):
    """Members hear of their spaces; of a topic while they have it open."""

    def __init__(self) -> None:
        super().__init__("/boards")

    @event()
    def on_open_topic(self, viewer: Viewer, data: Data) -> Answer:
        """Hear what happens in a topic from now on."""
        topic = service.topics.get_topic(viewer, number(data, "topic"))
        self.enter(f"topic:{topic.id}")
        return {"last_number": topic.last_number}
