"""Posts: reply, quote, change, take back, hide, restore."""

from flask import g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from forum.attachments.queries import attachments_of
from forum.boards import policy, queries, service
from forum.boards.forms import EditForm, HidingForm, PostForm
from forum.boards.models import POST_LIMIT, SUBJECT, Post
from forum.boards.views.blueprint import bp
from forum.boards.views.topics import post_url
from forum.core import html
from forum.core.db import unit_of_work
from forum.core.errors import Conflict, NotFound, require
from forum.core.textdiff import word_diff
from forum.files import queries as files
from forum.members import queries as members
from forum.web.access import members_only
from forum.web.answers import go_to, is_fetch, offer_undo
from forum.web.forms import takes_files
from forum.web.limits import POSTING, limiter


@bp.get("/posts/<int:post_id>")
@members_only
def show_post(post_id: int) -> ResponseReturnValue:
    post = service.posts.get_post(g.viewer, post_id)
    return redirect(post_url(post.topic_id, post.number))


@bp.get("/topics/<int:topic_id>/posts/new")
@members_only
def new_post(topic_id: int) -> ResponseReturnValue:
    """The reply form by itself, with the post `?quote=` in it; a script gets the quotation alone."""
    topic = service.topics.get_topic(g.viewer, topic_id)
    quoted = request.args.get("quote", type=int)
    quotation = _quotation(service.posts.get_post(g.viewer, quoted)) if quoted else ""
    if is_fetch():
        return {"text": quotation}
    require(policy.may_reply(g.viewer, topic), _("Dieses Thema ist geschlossen. Du kannst es weiter lesen."))
    draft = service.drafts.find_draft(g.viewer, f"topic:{topic_id}")
    form = PostForm(formdata=None)
    form.text.data = "\n\n".join(part for part in (draft.text if draft else "", quotation) if part)
    return _reply_form(form, topic_id)


@bp.post("/topics/<int:topic_id>/posts")
@members_only
@takes_files
@limiter.limit(POSTING)
def create_post(topic_id: int) -> ResponseReturnValue:
    service.topics.get_topic(g.viewer, topic_id)
    form = PostForm()
    file_ids = form.taken(g.viewer, f"topic:{topic_id}", form_key=form.client_key)
    if form.preview.data:
        return _reply_form(form, topic_id)
    post = form.carry_out(
        lambda: service.topics.reply(g.viewer, topic_id, form.text.data or "", form.client_key.uuid, file_ids)
    )
    if post is None:
        return _reply_form(form, topic_id), 422
    return go_to(post_url(post.topic_id, post.number))


@bp.get("/posts/<int:post_id>/edit")
@members_only
def edit_post(post_id: int) -> ResponseReturnValue:
    post = service.posts.get_editable_post(g.viewer, post_id)
    form = EditForm(formdata=None)
    draft = service.drafts.find_draft(g.viewer, f"post:{post_id}")
    form.text.data = draft.text if draft else post.source
    form.version.data = post.version
    return _edit_form(form, post)


@bp.post("/posts/<int:post_id>")
@members_only
@takes_files
@limiter.limit(POSTING)
def update_post(post_id: int) -> ResponseReturnValue:
    form = EditForm()
    post = service.posts.get_editable_post(g.viewer, post_id)
    file_ids = form.taken(g.viewer, f"post:{post_id}")
    if form.preview.data:
        return _edit_form(form, post)
    try:
        changed = form.carry_out(
            lambda: service.posts.edit_post(
                g.viewer,
                post_id,
                form.text.data or "",
                form.version.data or 0,
                file_ids,
                form.taken_off.data or (),
            )
        )
    except Conflict:
        return _both_versions(form, post_id), 409
    if changed is None:
        return _edit_form(form, post), 422
    return go_to(post_url(changed.topic_id, changed.number))


@bp.get("/posts/<int:post_id>/history")
@members_only
def list_edits(post_id: int) -> ResponseReturnValue:
    post = service.posts.get_post(g.viewer, post_id)
    if not policy.may_see_history(g.viewer, post):
        raise NotFound
    return render_template(
        "boards/list_edits.html",
        post=post,
        edits=queries.posts.list_edits(post),
        space=post.topic.board.space,
        url=post_url(post.topic_id, post.number),
    )


@bp.post("/posts/<int:post_id>/withdrawal")
@members_only
def create_withdrawal(post_id: int) -> ResponseReturnValue:
    with unit_of_work():
        post = service.posts.withdraw_post(g.viewer, post_id)
    offer_undo(_("Dein Beitrag ist zurückgezogen."), url_for(".create_restoration", post_id=post_id))
    return go_to(post_url(post.topic_id, post.number))


@bp.get("/posts/<int:post_id>/hiding")
@members_only
def new_hiding(post_id: int) -> ResponseReturnValue:
    return _hiding_form(HidingForm(), service.posts.get_hideable_post(g.viewer, post_id))


@bp.post("/posts/<int:post_id>/hiding")
@members_only
def create_hiding(post_id: int) -> ResponseReturnValue:
    form = HidingForm()
    post = form.carry_out(lambda: service.posts.hide_post(g.viewer, post_id, form.reason.data or ""))
    if post is None:
        return _hiding_form(form, service.posts.get_hideable_post(g.viewer, post_id)), 422
    offer_undo(_("Der Beitrag ist verborgen."), url_for(".create_restoration", post_id=post_id))
    return go_to(post_url(post.topic_id, post.number))


@bp.post("/posts/<int:post_id>/restoration")
@members_only
def create_restoration(post_id: int) -> ResponseReturnValue:
    with unit_of_work():
        post = service.posts.restore_post(g.viewer, post_id)
    return go_to(post_url(post.topic_id, post.number))


def _quotation(post: Post) -> str:
    if not policy.may_see_text(g.viewer, post):
        raise NotFound
    author = members.find_card(post.author_id)
    name = author.person.name if author else ""
    return html.quote(post.source, _("%(name)s schrieb (#%(number)s):", name=name, number=post.number))


def _reply_form(form: PostForm, topic_id: int) -> str:
    topic = service.topics.get_topic(g.viewer, topic_id)
    return render_template(
        "boards/new_post.html",
        form=form,
        topic=topic,
        space=topic.board.space,
        limit=POST_LIMIT,
        waiting=files.waiting(g.viewer, f"topic:{topic_id}"),
        preview=html.render(form.text.data or "") if form.is_sent and form.preview.data else None,
    )


def _edit_form(form: EditForm, post: Post, mine: str | None = None) -> str:
    return render_template(
        "boards/edit_post.html",
        form=form,
        post=post,
        space=post.topic.board.space,
        url=post_url(post.topic_id, post.number),
        limit=POST_LIMIT,
        attached=attachments_of(SUBJECT, [post.id], g.viewer).get(post.id, ()) if post.has_files else (),
        waiting=files.waiting(g.viewer, f"post:{post.id}"),
        conflict=word_diff(post.source, mine) if mine is not None else None,
        preview=html.render(form.text.data or "") if form.is_sent and form.preview.data else None,
    )


def _both_versions(form: EditForm, post_id: int) -> str:
    """The form once more with what was typed, and how it differs from what stands there by now."""
    post = service.posts.get_editable_post(g.viewer, post_id)
    form.version.data = post.version
    form.version.raw_data = None
    return _edit_form(form, post, mine=form.text.data or "")


def _hiding_form(form: HidingForm, post: Post) -> str:
    return render_template(
        "boards/new_hiding.html",
        form=form,
        post=post,
        space=post.topic.board.space,
        url=post_url(post.topic_id, post.number),
    )
