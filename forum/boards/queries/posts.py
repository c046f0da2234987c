"""Posts of a topic, page by page, with how their authors are shown."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import aliased, defer, lazyload
from sqlalchemy.orm.attributes import set_committed_value

from forum.attachments.queries import waits_at
from forum.boards.models import (
    BOARD,
    PAGE_SIZE,
    TOPIC,
    Draft,
    Post,
    PostState,
    Reading,
    Revision,
    Topic,
)
from forum.boards.queries.unread import BASELINE, IS_UNREAD, with_readings
from forum.core.access import Viewer
from forum.core.db import db
from forum.core.persons import Person
from forum.core.textdiff import Change, word_diff
from forum.members.models import Member
from forum.notifications.models import SPACE, Level, Watch

#: Posts on one sheet of the print view.
PRINT_SIZE = 1000


@dataclass(frozen=True, slots=True)
class OpenTopic:
    """A topic as its reader finds it: the row with its board, how far it was read, the reply begun and its files.

    `watching` is what the reader chose to hear of it; `is_muted_above`: the board or the space is muted.
    """

    topic: Topic
    seen: int | None
    baseline: datetime
    is_unread: bool
    draft: str | None
    has_waiting: bool
    watching: Level | None
    is_muted_above: bool


@dataclass(frozen=True, slots=True)
class PostRow:
    """A post with its author, and who hid it if somebody did."""

    post: Post
    author: Person
    state_by: str | None


@dataclass(frozen=True, slots=True)
class PostMark:
    """What of a post decides how it is shown: who knows these need not fetch it again."""

    number: int
    version: int
    state: PostState


@dataclass(frozen=True, slots=True)
class Edit:
    """One step in a post's history: when the text became what it is, and what changed in it."""

    version: int
    at: datetime
    changes: list[Change]

    @property
    def is_reworded(self) -> bool:
        """Whether it changed the words; else only the files."""
        return any(change.kind != "same" for change in self.changes)


_viewer_id = sa.bindparam("viewer_id", type_=sa.Integer())
_place = sa.bindparam("place", type_=sa.String())
_watching = (
    sa.select(Watch.level)
    .where(Watch.member_id == _viewer_id, Watch.subject == TOPIC, Watch.subject_id == Topic.id)
    .correlate(Topic)
    .scalar_subquery()
)
_is_muted_above = (
    sa.exists()
    .where(
        Watch.member_id == _viewer_id,
        Watch.level == Level.MUTED,
        sa.or_(
            sa.and_(Watch.subject == BOARD, Watch.subject_id == Topic.board_id),
            sa.and_(Watch.subject == SPACE, Watch.subject_id == Topic.space_id),
        ),
    )
    .correlate(Topic)
)
_OPEN = (
    with_readings(
        sa.select(
            Topic,
            Reading.last_number,
            BASELINE,
            IS_UNREAD,
            Draft.text,
            waits_at(_viewer_id, _place),
            _watching,
            _is_muted_above,
        ).select_from(Topic),
        _viewer_id,
    )
    .outerjoin(Draft, sa.and_(Draft.member_id == _viewer_id, Draft.place == _place))
    .where(Topic.id == sa.bindparam("topic_id", type_=sa.Integer()))
)
_state_by = aliased(Member)
_POSTS = (
    sa.select(Post, Member.id, Member.name, Member.picture_version, _state_by.name)
    .join(Member, Member.id == Post.author_id)
    .outerjoin(_state_by, _state_by.id == Post.state_by_id)
    .where(
        Post.topic_id == sa.bindparam("topic_id", type_=sa.Integer()),
        Post.number > sa.bindparam("after", type_=sa.Integer()),
        Post.number <= sa.bindparam("until", type_=sa.Integer()),
    )
    .order_by(Post.number)
    # The page has the topic already, and shows no source.
    .options(lazyload(Post.topic), defer(Post.source), defer(Post.client_key))
)


def open_topic(viewer: Viewer, topic_id: int) -> OpenTopic | None:
    """The topic with what the viewer has read of it; None if it is absent or in a foreign space."""
    values = {"viewer_id": viewer.member_id, "topic_id": topic_id, "place": f"topic:{topic_id}"}
    row = db.session.execute(_OPEN, values).one_or_none()
    return OpenTopic(*row) if row else None


def list_posts(
    topic: Topic, page: int, size: int = PAGE_SIZE, *, first: int | None = None, last: int | None = None
) -> list[PostRow]:
    """The posts numbered into this page, of them only `first` to `last`; the topic must be readable."""
    after, until = _bounds(page, size)
    after, until = max(after, (first or 1) - 1), min(until, until if last is None else last)
    posts = []
    for post, member_id, name, picture, state_by in db.session.execute(
        _POSTS, {"topic_id": topic.id, "after": after, "until": until}
    ):
        set_committed_value(post, "topic", topic)
        posts.append(PostRow(post, Person(member_id, name, picture), state_by))
    return posts


def list_marks(topic: Topic, page: int) -> list[PostMark]:
    """The mark of each post numbered into this page; the topic must be readable."""
    after, until = _bounds(page, PAGE_SIZE)
    statement = sa.select(Post.number, Post.version, Post.state).where(
        Post.topic_id == topic.id, Post.number > after, Post.number <= until
    )
    return [PostMark(*row) for row in db.session.execute(statement.order_by(Post.number))]


def first_unread(opened: OpenTopic) -> int:
    """The number of the first post the viewer has not seen; of the last one if all were seen."""
    topic = opened.topic
    if not opened.is_unread:
        return topic.last_number
    statement = sa.select(sa.func.min(Post.number)).where(
        Post.topic_id == topic.id, Post.number > (opened.seen or 0), Post.created_at > opened.baseline
    )
    return db.session.scalar(statement) or 1


def list_edits(post: Post) -> list[Edit]:
    """The history of a post, newest step first, each with its changes against the step before."""
    revisions = db.session.scalars(
        sa.select(Revision).where(Revision.post_id == post.id).order_by(Revision.version)
    ).all()
    texts = [*(revision.source for revision in revisions), post.source]
    edits = [
        Edit(revision.version + 1, revision.replaced_at, word_diff(before, after))
        for revision, before, after in zip(revisions, texts, texts[1:], strict=False)
    ]
    return edits[::-1]


def _bounds(page: int, size: int) -> tuple[int, int]:
    """The number before the first and the last number of the page."""
    return (page - 1) * size, page * size
