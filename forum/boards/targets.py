"""Posts as something that files hang on."""

from collections.abc import Collection

import sqlalchemy as sa
from sqlalchemy.orm import defer

from forum.attachments.targets import Place, target
from forum.boards import policy
from forum.boards.models import SUBJECT, Post
from forum.core.access import Viewer
from forum.core.db import db


@target(SUBJECT)
def find_posts(viewer: Viewer, post_ids: Collection[int]) -> dict[int, Place]:
    """Those of the posts whose words the viewer sees: of one withdrawn or hidden, its author and the moderators."""
    statement = sa.select(Post).where(Post.id.in_(post_ids)).options(defer(Post.source), defer(Post.html))
    return {
        post.id: Place(f"{post.topic.title} #{post.number}", f"/posts/{post.id}", post.topic.space_id)
        for post in db.session.scalars(statement)
        if policy.may_see_text(viewer, post)
    }
