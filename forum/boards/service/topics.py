"""Topics: found, started, renamed, kept in order."""

from collections.abc import Collection
from uuid import UUID

import sqlalchemy as sa
from flask_babel import gettext as _

from forum.attachments import service as attachments
from forum.audit import service as audit
from forum.boards import policy
from forum.boards.models import POST_LIMIT, SUBJECT, TITLE_LIMIT, TOPIC, Board, Post, Topic
from forum.boards.service import drafts, news, readings
from forum.boards.service.boards import get_board
from forum.boards.service.wording import write_post
from forum.core import html
from forum.core.access import Viewer
from forum.core.clock import now
from forum.core.db import db
from forum.core.errors import Invalid, NotFound, require
from forum.core.text import clean_line, clean_text
from forum.jobs.service import enqueue
from forum.notifications.service.watches import watch_by_acting


def get_topic(viewer: Viewer, topic_id: int, *, lock: bool = False) -> Topic:
    """The topic, or `NotFound`: the same answer for "no such topic" and "not for you".

    With `lock` no other transaction writes to the topic until this one ends; post numbers hang on that.
    """
    topic = db.session.get(Topic, topic_id, with_for_update={"of": Topic} if lock else None)
    if topic is None or not policy.may_read(viewer, topic.board):
        raise NotFound
    return topic


def start_topic(
    viewer: Viewer,
    board_id: int,
    title: str,
    text: str,
    client_key: UUID,
    file_ids: Collection[int] = (),
) -> Topic:
    """A new topic with its first post, which these files hang on.

    The same `client_key` of the same author is the same topic.
    """
    board = get_board(viewer, board_id)
    require_starting(viewer, board)
    db.session.get(
        Board, board_id, with_for_update=True
    )  # two sends at once: the second waits, and finds the first
    if (sent := find_sent(viewer, client_key)) is not None:
        return sent.topic
    moment = now()
    topic = Topic(
        board=board,
        space_id=board.space_id,
        title=clean_line(title, limit=TITLE_LIMIT, field="title"),
        author_id=_author(viewer),
        created_at=moment,
        last_post_at=moment,
        last_author_id=_author(viewer),
        last_number=0,
        is_pinned=False,
    )
    board.topic_count = Board.topic_count + 1
    append_post(viewer, topic, text, client_key, file_ids)
    drafts.drop_draft(viewer, f"board:{board_id}")
    return topic


def require_starting(viewer: Viewer, board: Board) -> None:
    """`Denied` unless the viewer may start topics on the board."""
    require(policy.may_start_topic(viewer, board), _("In diesem Forum kannst du kein Thema beginnen."))


def reply(viewer: Viewer, topic_id: int, text: str, client_key: UUID, file_ids: Collection[int] = ()) -> Post:
    """The next post of a topic, with these files. The same `client_key` of the same author is the same post."""
    topic = get_topic(viewer, topic_id, lock=True)
    if (sent := find_sent(viewer, client_key)) is not None:
        return sent
    require(policy.may_reply(viewer, topic), _("Dieses Thema ist geschlossen. Du kannst es weiter lesen."))
    post = append_post(viewer, topic, text, client_key, file_ids)
    drafts.drop_draft(viewer, f"topic:{topic_id}")
    return post


def rename_topic(viewer: Viewer, topic_id: int, title: str) -> Topic:
    """Give a topic another title."""
    topic = get_renamable_topic(viewer, topic_id)
    title = clean_line(title, limit=TITLE_LIMIT, field="title")
    if title != topic.title:
        _note(viewer, "topic.renamed", topic)
        topic.title = title
        news.tell_topic_changed(viewer, topic)
    return topic


def get_renamable_topic(viewer: Viewer, topic_id: int) -> Topic:
    """The topic, if the viewer may change its title; `Denied` for its other readers."""
    topic = get_topic(viewer, topic_id)
    require(policy.may_rename(viewer, topic))
    return topic


def close_topic(viewer: Viewer, topic_id: int) -> Topic:
    """Nobody but moderators writes here any more."""
    topic = get_moderated_topic(viewer, topic_id)
    if not topic.is_closed:
        topic.closed_at = now()
        _note(viewer, "topic.closed", topic)
        news.tell_topic_changed(viewer, topic)
    return topic


def reopen_topic(viewer: Viewer, topic_id: int) -> Topic:
    topic = get_moderated_topic(viewer, topic_id)
    if topic.is_closed:
        topic.closed_at = None
        _note(viewer, "topic.reopened", topic)
        news.tell_topic_changed(viewer, topic)
    return topic


def pin_topic(viewer: Viewer, topic_id: int) -> Topic:
    """Keep the topic at the top of its board."""
    topic = get_moderated_topic(viewer, topic_id)
    if not topic.is_pinned:
        topic.is_pinned = True
        _note(viewer, "topic.pinned", topic)
        news.tell_topic_changed(viewer, topic)
    return topic


def unpin_topic(viewer: Viewer, topic_id: int) -> Topic:
    topic = get_moderated_topic(viewer, topic_id)
    if topic.is_pinned:
        topic.is_pinned = False
        _note(viewer, "topic.unpinned", topic)
        news.tell_topic_changed(viewer, topic)
    return topic


def move_topic(viewer: Viewer, topic_id: int, board_id: int) -> Topic:
    """Carry a topic with all its posts to another board; in another region other people read it then."""
    topic = get_moderated_topic(viewer, topic_id, lock=True)
    target = db.session.get(Board, board_id)
    if target is None or not policy.may_move(viewer, topic, target):
        raise Invalid(_("Wähle ein anderes Forum, in das du Themen verschieben darfst."), "board_id")
    _note(viewer, "topic.moved", topic)
    news.tell_topic_changed(viewer, topic)
    _change_counts(topic.board, topics=-1, posts=-topic.last_number)
    _change_counts(target, topics=1, posts=topic.last_number)
    if target.space_id != topic.space_id:
        _carry_files(topic, target.space_id)
    topic.board = target
    topic.space_id = target.space_id
    news.tell_topic_changed(viewer, topic)
    return topic


def get_moderated_topic(viewer: Viewer, topic_id: int, *, lock: bool = False) -> Topic:
    """The topic, if the viewer keeps its board in order; `Denied` for its other readers."""
    topic = get_topic(viewer, topic_id, lock=lock)
    require(policy.may_moderate(viewer, topic.board))
    return topic


def find_sent(viewer: Viewer, client_key: UUID) -> Post | None:
    """What this viewer has already sent with this key."""
    return db.session.scalar(
        sa.select(Post).where(Post.author_id == viewer.member_id, Post.client_key == client_key)
    )


def append_post(
    viewer: Viewer, topic: Topic, text: str, client_key: UUID, file_ids: Collection[int] = ()
) -> Post:
    """Write the next post and hang the files on it; the topic must be locked or new."""
    source = clean_text(text, limit=POST_LIMIT, field="text")
    post = Post(
        topic=topic,
        number=topic.last_number + 1,
        author_id=_author(viewer),
        created_at=now(),
        source=source,
        html=write_post(source, topic.space_id),
        html_version=html.RENDERER_VERSION,
        client_key=client_key,
    )
    db.session.add(post)
    topic.last_number = post.number
    topic.last_post_at = post.created_at
    topic.last_author_id = post.author_id
    topic.board.post_count = Board.post_count + 1
    db.session.flush()
    post.has_files = attachments.attach(viewer, SUBJECT, post.id, file_ids, topic.space_id)
    readings.note_reading(post.author_id, topic.id, post.number)
    watch_by_acting(post.author_id, TOPIC, topic.id)
    news.tell_posted(viewer, topic, post.number)
    enqueue("boards.tell", post_id=post.id)
    return post


def _change_counts(board: Board, *, topics: int, posts: int) -> None:
    board.topic_count = Board.topic_count + topics
    board.post_count = Board.post_count + posts


def _carry_files(topic: Topic, space_id: int) -> None:
    with_files = sa.select(Post.id).where(Post.topic_id == topic.id, Post.has_files)
    attachments.carry(SUBJECT, db.session.scalars(with_files).all(), space_id)


def _author(viewer: Viewer) -> int:
    if viewer.member_id is None:
        raise NotFound
    return viewer.member_id


def _note(viewer: Viewer, action: str, topic: Topic) -> None:
    audit.record(viewer, action, topic.id, space_id=topic.space_id)
