"""Boards' work in the background: telling those who want to hear of it, and writing what they answer by mail."""

from collections.abc import Collection
from uuid import UUID

import sqlalchemy as sa
from flask_babel import lazy_gettext as _l

from forum.boards.models import BOARD, TOPIC, Post, PostState
from forum.boards.service import topics
from forum.boards.service.wording import render_post
from forum.core.access import Viewer
from forum.core.db import db
from forum.jobs.registry import job
from forum.notifications.models import SPACE, Kind
from forum.notifications.service import notices, watches
from forum.notifications.targets import takes_answers
from forum.spaces.models import Membership


@job("boards.tell", title=_l("Von einem Beitrag benachrichtigen"))
def tell(post_id: int) -> None:
    """There is a new post: first those whom it names, then those who watch the topic or the board, hear of it."""
    post = db.session.get(Post, post_id)
    if post is None or post.state is not PostState.VISIBLE:
        return
    topic = post.topic
    places = [(TOPIC, topic.id), (BOARD, topic.board_id), (SPACE, topic.space_id)]
    belongs = sa.select(Membership.member_id).where(
        Membership.space_id == topic.space_id, Membership.member_id != post.author_id
    )
    _html, named = render_post(post.source, topic.space_id)
    if named:
        called = belongs.where(
            Membership.member_id.in_(named), Membership.member_id.not_in(watches.muters(places))
        )
        notices.notify(Kind.MENTION, TOPIC, topic.id, post.id, called, written_at=post.created_at)
    watching = belongs.where(
        Membership.member_id.in_(watches.watchers(places)), Membership.member_id.not_in(named)
    )
    kind = Kind.TOPIC if post.number == 1 else Kind.ANSWER
    notices.notify(kind, TOPIC, topic.id, post.id, watching, written_at=post.created_at)


@takes_answers(TOPIC)
def answer(viewer: Viewer, topic_id: int, text: str, file_ids: Collection[int], client_key: UUID) -> None:
    """The next post of the topic, sent by mail."""
    topics.reply(viewer, topic_id, text, client_key, file_ids)
