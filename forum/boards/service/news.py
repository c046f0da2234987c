"""What those who are connected are told after the commit: where something moved, never what was written."""

from forum.boards.models import Board, Post, Topic
from forum.core.access import Viewer
from forum.realtime.publishing import publish

NAMESPACE = "/boards"


def channel_of(topic: Topic) -> str:
    """Where those who have the topic open hear of it.

    The space is part of the name: whoever listened before the topic was moved out of reach hears no more of it.
    """
    return f"topic:{topic.id}:{topic.space_id}"


def typing_channel_of(topic: Topic) -> str:
    """Where those of them who show that they write hear of others who do."""
    return f"typing:{channel_of(topic)}"


def tell_posted(viewer: Viewer, topic: Topic, number: int) -> None:
    """There is a new post; its readers hear first, then all who see the topic in a list."""
    publish(
        NAMESPACE,
        channel_of(topic),
        "posted",
        {"topic": topic.id, "number": number, "by": viewer.member_id},
    )
    tell_moved(viewer, topic.board, topic)


def tell_post_changed(post: Post, *, only_files: bool = False) -> None:
    """A post was edited, withdrawn, hidden or restored; or only what can be done with its files has changed."""
    publish(
        NAMESPACE,
        channel_of(post.topic),
        "post_changed",
        {
            "topic": post.topic_id,
            "number": post.number,
            "version": post.version,
            "state": post.state.value,
            "only_files": only_files,
        },
    )


def tell_topic_changed(viewer: Viewer, topic: Topic) -> None:
    """Title, place or state of the topic changed. Say it before a move, too: the old readers listen there."""
    publish(NAMESPACE, channel_of(topic), "topic_changed", {"topic": topic.id})
    tell_moved(viewer, topic.board, topic)


def tell_moved(viewer: Viewer, board: Board, topic: Topic | None = None) -> None:
    """Something in a list of topics or boards is not what it was."""
    publish(
        NAMESPACE,
        f"space:{board.space_id}",
        "moved",
        {
            "space": board.space_id,
            "board": board.id,
            "topic": topic.id if topic else None,
            "number": topic.last_number if topic else None,
            "by": viewer.member_id,
        },
    )


def tell_read(viewer: Viewer) -> None:
    """The viewer's other windows count less as unread now."""
    publish(NAMESPACE, f"member:{viewer.member_id}", "read", {})
