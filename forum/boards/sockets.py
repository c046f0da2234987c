"""Boards over Socket.IO: what moves in an open topic, what is unread, who is writing."""

from flask_babel import gettext as _
from flask_babel import ngettext

from forum.boards import queries, service
from forum.boards.queries.unread import COUNT_LIMIT
from forum.boards.service import news
from forum.core.access import Viewer
from forum.core.db import db
from forum.core.errors import Conflict, NotFound
from forum.members import queries as members
from forum.realtime.namespace import Answer, Data, Namespace, event, number, text
from forum.spaces import queries as spaces


class Boards(Namespace):
    """Members hear of their spaces; of a topic while they have it open."""

    def __init__(self) -> None:
        super().__init__(news.NAMESPACE)

    @event()
    def on_open_topic(self, viewer: Viewer, data: Data) -> Answer:
        """Hear of a topic from now on; the answer tells a page whether it shows what there is by now."""
        topic_id, page = number(data, "topic"), number(data, "page")
        topic = service.topics.get_topic(viewer, topic_id)
        if not 1 <= page <= topic.page_count:
            raise NotFound
        entered = news.channel_of(topic)
        self.enter(entered)
        # Read anew, after the entering: what was committed between the two would never be heard of.
        db.session.rollback()
        topic = service.topics.get_topic(viewer, topic_id)
        if news.channel_of(topic) != entered:
            self.leave(entered)
            raise Conflict(_("Das Thema wurde gerade verschoben."))
        if viewer.member_id and members.showing([viewer.member_id], members.Sign.TYPING):
            self.enter(news.typing_channel_of(topic))
        return {
            "topic": topic.id,
            "board": topic.board_id,
            "title": topic.title,
            "last_number": topic.last_number,
            "is_closed": topic.is_closed,
            "is_pinned": topic.is_pinned,
            "posts": [
                [mark.number, mark.version, mark.state.value]
                for mark in queries.posts.list_marks(topic, page)
            ],
        }

    @event()
    def on_signs(self, viewer: Viewer, data: Data) -> Answer:
        """How much is unread in each space of the member, in the words of the rail."""
        return {
            "spaces": [
                {
                    "id": space.id,
                    "shown": f"{count}{'+' * (count >= COUNT_LIMIT)}" if count else "",
                    "said": ngettext("%(num)s ungelesen", "%(num)s ungelesen", count) if count else "",
                }
                for space, count in queries.unread.spaces_with_unread(viewer)
                if viewer.belongs_to(space.id)
            ]
        }

    @event()
    def on_names(self, viewer: Viewer, data: Data) -> Answer:
        """Whom the typed beginning of a name may mean in a space of the member."""
        space_id = number(data, "space")
        if not viewer.belongs_to(space_id):
            raise NotFound
        return {
            "people": [
                {
                    "id": person.id,
                    "name": person.name,
                    "initials": person.initials,
                    "colour": person.colour,
                    "picture": person.avatar_url,
                }
                for person in spaces.find_named(space_id, text(data, "part")[:80])
            ]
        }

    @event(cost=0.5)
    def on_typing(self, viewer: Viewer, data: Data) -> None:
        """The member is writing a reply."""
        service.writing.tell_typing(viewer, number(data, "topic"), self.sid)
