"""Posts as something that files hang on; topics as something that members are told of."""

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import defer

from forum.attachments.targets import Place, target
from forum.boards import policy
from forum.boards.models import BOARD, SUBJECT, TOPIC, Board, Post, PostState, Topic
from forum.core import html
from forum.core.access import Viewer
from forum.core.db import db
from forum.members.models import Member
from forum.notifications.models import SPACE
from forum.notifications.targets import Entry, Line, Named, Since, describes, first_entries, names
from forum.spaces.models import Space

#: A mail shows so many new posts of a topic, each with so many characters.
_LINES, _LINE_LIMIT = 5, 400


@target(SUBJECT)
def find_posts(viewer: Viewer, post_ids: Collection[int]) -> dict[int, Place]:
    """Those of the posts whose words the viewer sees: of one withdrawn or hidden, its author and the moderators."""
    statement = sa.select(Post).where(Post.id.in_(post_ids)).options(defer(Post.source), defer(Post.html))
    return {
        post.id: Place(f"{post.topic.title} #{post.number}", f"/posts/{post.id}", post.topic.space_id)
        for post in db.session.scalars(statement)
        if policy.may_see_text(viewer, post)
    }


@describes(TOPIC)
def describe_topics(viewer: Viewer, news: Collection[Since], with_lines: bool) -> dict[int, Entry]:
    """The topics the viewer may read, with the posts that came; of a topic whose new posts are all gone, nothing."""
    statement = sa.select(Topic).where(Topic.id.in_([one.subject_id for one in news]))
    topics = {
        topic.id: topic for topic in db.session.scalars(statement) if policy.may_read(viewer, topic.board)
    }
    news = [one for one in news if one.subject_id in topics]
    found = {}
    for topic_id, posts in _new_posts(viewer, news, with_lines).items():
        topic = topics[topic_id]
        found[topic_id] = Entry(
            title=topic.title,
            url=f"/posts/{posts[0].id}",
            place=f"{topic.board.space.name} · {topic.board.name}",
            lines=[
                Line(post.name, html.plain(post.html, _LINE_LIMIT), post.created_at, f"/posts/{post.id}")
                for post in posts
            ]
            if with_lines
            else (),
            count=posts[0].count_of_all if with_lines else None,
            above=(
                (BOARD, topic.board_id, topic.board.name),
                (SPACE, topic.space_id, topic.board.space.name),
            ),
        )
    return found


@names(TOPIC)
def name_topics(viewer: Viewer, topic_ids: Collection[int]) -> dict[int, Named]:
    """The topics the viewer may read."""
    rows = db.session.execute(
        sa.select(Topic.id, Topic.title, Board.name)
        .join(Board, Board.id == Topic.board_id)
        .where(Topic.id.in_(topic_ids), policy.readable_by(viewer))
    )
    return {topic_id: Named(title, f"/topics/{topic_id}", place) for topic_id, title, place in rows}


@names(BOARD)
def name_boards(viewer: Viewer, board_ids: Collection[int]) -> dict[int, Named]:
    """The boards the viewer may read."""
    rows = db.session.execute(
        sa.select(Board.id, Board.name, Space.name)
        .join(Space, Space.id == Board.space_id)
        .where(Board.id.in_(board_ids), policy.readable_by(viewer))
    )
    return {board_id: Named(name, f"/boards/{board_id}", place) for board_id, name, place in rows}


def _new_posts(viewer: Viewer, news: Collection[Since], with_lines: bool) -> dict[int, list[sa.Row[Any]]]:
    """By topic, posts of others that came and still stand; only the first, if nobody wants their words."""
    words = Post.html if with_lines else sa.literal("").label("html")
    posts = (
        sa.select(Post.id, Post.created_at, Member.name, words)
        .join(Member, Member.id == Post.author_id)
        .where(Post.state == PostState.VISIBLE, Post.author_id != viewer.member_id)
    )
    return first_entries(
        posts, news, Post.topic_id, Post.id, Post.created_at, limit=_LINES if with_lines else 1
    )
