"""Posts: found, changed, taken back, hidden and restored. A post keeps its number for ever."""

from collections.abc import Collection

import sqlalchemy as sa
from flask_babel import gettext as _

from forum.attachments import service as attachments
from forum.attachments.targets import when_settled
from forum.audit import service as audit
from forum.boards import policy
from forum.boards.models import POST_LIMIT, REASON_LIMIT, SUBJECT, Post, PostState, Revision
from forum.boards.service import drafts, news
from forum.boards.service.wording import write_post
from forum.core import html
from forum.core.access import Viewer
from forum.core.clock import now
from forum.core.db import db
from forum.core.errors import Conflict, NotFound, require
from forum.core.text import clean_line, clean_text


def get_post(viewer: Viewer, post_id: int, *, lock: bool = False) -> Post:
    """The post, or `NotFound`. Its words may still be closed to the viewer: `policy.may_see_text`."""
    post = db.session.get(Post, post_id, with_for_update={"of": Post} if lock else None)
    if post is None or not policy.may_read(viewer, post.topic.board):
        raise NotFound
    return post


def get_editable_post(viewer: Viewer, post_id: int, *, lock: bool = False) -> Post:
    """The post, if the viewer may change its words; `Denied` for its other readers."""
    post = get_post(viewer, post_id, lock=lock)
    require(policy.may_edit(viewer, post), _("Diesen Beitrag kannst du nicht bearbeiten."))
    return post


def get_hideable_post(viewer: Viewer, post_id: int, *, lock: bool = False) -> Post:
    """The post, if the viewer may hide it; `Denied` for its other readers."""
    post = get_post(viewer, post_id, lock=lock)
    require(policy.may_hide(viewer, post))
    return post


def edit_post(
    viewer: Viewer,
    post_id: int,
    text: str,
    version: int,
    file_ids: Collection[int] = (),
    taken_off: Collection[int] = (),
) -> Post:
    """Change the words of one's own post; the old ones stay in its history. Hang more files on it, take some off.

    `version` is the one the editor started from: `Conflict` if the words have been changed since. `taken_off` are
    attachments; their files are gone for good.
    """
    post = get_editable_post(viewer, post_id, lock=True)
    source = clean_text(text, limit=POST_LIMIT, field="text")
    drafts.drop_draft(viewer, f"post:{post_id}")
    is_reworded = source != post.source
    if is_reworded and version != post.version:
        raise Conflict(_("Der Beitrag wurde inzwischen an anderer Stelle geändert."))
    if not _change_files(viewer, post, file_ids, taken_off) and not is_reworded:
        return post
    moment = now()
    db.session.add(
        Revision(
            post_id=post.id,
            version=post.version,
            source=post.source,
            replaced_at=moment,
            replaced_by_id=post.author_id,
        )
    )
    post.source = source
    post.html = write_post(source, post.topic.space_id)
    post.html_version = html.RENDERER_VERSION
    post.version += 1
    post.edited_at = moment
    news.tell_post_changed(post)
    return post


@when_settled(SUBJECT)
def renew_files(post_ids: Collection[int]) -> None:
    """The files of these posts are in another state now: those who have the topic open are shown so."""
    for post in db.session.scalars(sa.select(Post).where(Post.id.in_(post_ids)).order_by(Post.id)):
        news.tell_post_changed(post, only_files=True)


def withdraw_post(viewer: Viewer, post_id: int) -> Post:
    """Take one's own words back; a stub stays."""
    post = get_post(viewer, post_id, lock=True)
    if post.state is PostState.WITHDRAWN:
        return post
    require(policy.may_withdraw(viewer, post), _("Diesen Beitrag kannst du nicht zurückziehen."))
    _set_state(viewer, post, PostState.WITHDRAWN)
    return post


def hide_post(viewer: Viewer, post_id: int, reason: str) -> Post:
    """A moderator takes a post out of sight and says why; everybody sees the reason in its place."""
    post = get_hideable_post(viewer, post_id, lock=True)
    _set_state(viewer, post, PostState.HIDDEN, clean_line(reason, limit=REASON_LIMIT, field="reason"))
    audit.record(viewer, "post.hidden", post.id, space_id=post.topic.space_id, note=post.state_reason)
    return post


def restore_post(viewer: Viewer, post_id: int) -> Post:
    """Bring a withdrawn or hidden post back."""
    post = get_post(viewer, post_id, lock=True)
    if post.state is PostState.VISIBLE:
        return post
    require(policy.may_restore(viewer, post), _("Diesen Beitrag kannst du nicht wiederherstellen."))
    if viewer.member_id != post.author_id:
        audit.record(viewer, "post.restored", post.id, space_id=post.topic.space_id)
    _set_state(viewer, post, PostState.VISIBLE)
    return post


def _change_files(viewer: Viewer, post: Post, file_ids: Collection[int], taken_off: Collection[int]) -> bool:
    """Whether that changed anything."""
    is_less = attachments.take_off(SUBJECT, post.id, taken_off) if taken_off else False
    is_more = attachments.attach(viewer, SUBJECT, post.id, file_ids, post.topic.space_id)
    if is_less or is_more:
        post.has_files = attachments.has_any(SUBJECT, post.id)
    return is_less or is_more


def _set_state(viewer: Viewer, post: Post, state: PostState, reason: str = "") -> None:
    post.state = state
    post.state_by_id = viewer.member_id if state is not PostState.VISIBLE else None
    post.state_reason = reason
    news.tell_post_changed(post)
