"""Topics: read, begin, keep in order."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import uuid4

from flask import g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from markupsafe import Markup
from wtforms.fields.choices import SelectChoice

from forum.attachments.queries import AttachmentCard, attachments_of, names_of
from forum.boards import policy, queries, service
from forum.boards.forms import DraftForm, MoveForm, ReadingForm, TitleForm, TopicForm
from forum.boards.models import PAGE_SIZE, POST_LIMIT, SUBJECT, TITLE_LIMIT, Board, PostState, Topic, page_of
from forum.boards.queries.posts import PRINT_SIZE, OpenTopic, PostRow
from forum.boards.views.blueprint import bp
from forum.core import html
from forum.core.access import Viewer
from forum.core.db import unit_of_work
from forum.core.errors import NotFound
from forum.core.persons import Person
from forum.councils import queries as councils
from forum.councils.queries import Byline
from forum.files import queries as files
from forum.notifications.forms import LevelForm, level_name, said_of
from forum.web.access import members_only
from forum.web.answers import go_to, is_fetch, offer_undo
from forum.web.forms import takes_files
from forum.web.languages import ago, time_tag, today
from forum.web.limits import POSTING, limiter


@bp.get("/topics/<int:topic_id>")
@members_only
def show_topic(topic_id: int) -> ResponseReturnValue:
    opened = _open(topic_id)
    page = request.args.get("page", 1, type=int)
    if not 1 <= page <= opened.topic.page_count:
        raise NotFound
    return _render_topic(opened, page, *_asked_for())


@bp.post("/topics/<int:topic_id>/watch")
@members_only
def update_topic_watch(topic_id: int) -> ResponseReturnValue:
    form = LevelForm()
    if not form.validate_on_submit():
        raise NotFound
    with unit_of_work():
        former = service.watching.watch_topic(g.viewer, topic_id, form.chosen)
    offer_undo(
        said_of(form.chosen), url_for(".update_topic_watch", topic_id=topic_id), level=level_name(former)
    )
    return go_to(url_for(".show_topic", topic_id=topic_id))


@bp.get("/topics/<int:topic_id>/unread")
@members_only
def show_unread(topic_id: int) -> ResponseReturnValue:
    return redirect(post_url(topic_id, queries.posts.first_unread(_open(topic_id))))


@bp.get("/topics/<int:topic_id>/print")
@members_only
def print_topic(topic_id: int) -> ResponseReturnValue:
    opened = _open(topic_id)
    sheet = request.args.get("page", 1, type=int)
    last_sheet = max(1, -(-opened.topic.last_number // PRINT_SIZE))
    if not 1 <= sheet <= last_sheet:
        raise NotFound
    posts = queries.posts.list_posts(opened.topic, sheet, PRINT_SIZE)
    return render_template(
        "boards/print_topic.html",
        topic=opened.topic,
        space=opened.topic.board.space,
        posts=posts,
        file_names=names_of(SUBJECT, [row.post.id for row in posts if row.post.has_files]),
        bylines=councils.bylines({post.author.id for post in posts}, today()),
        sheet=sheet,
        last_sheet=last_sheet,
    )


@bp.post("/topics/<int:topic_id>/reading")
@members_only
def create_topic_reading(topic_id: int) -> ResponseReturnValue:
    form = ReadingForm()
    if not form.validate_on_submit():
        raise NotFound
    with unit_of_work():
        service.readings.record_reading(g.viewer, topic_id, form.number.data)
    return go_to(url_for(".show_topic", topic_id=topic_id))


@bp.get("/boards/<int:board_id>/topics/new")
@members_only
def new_topic(board_id: int) -> ResponseReturnValue:
    board = _startable(board_id)
    draft = service.drafts.find_draft(g.viewer, f"board:{board_id}")
    form = TopicForm(formdata=None)
    if draft:
        form.title.data, form.text.data = draft.title, draft.text
    return _topic_form(form, board)


@bp.post("/boards/<int:board_id>/topics")
@members_only
@takes_files
@limiter.limit(POSTING)
def create_topic(board_id: int) -> ResponseReturnValue:
    board = service.boards.get_board(g.viewer, board_id)
    form = TopicForm()
    file_ids = form.taken(g.viewer, f"board:{board_id}", form_key=form.client_key)
    if form.preview.data:
        return _topic_form(form, board)
    topic = form.carry_out(
        lambda: service.topics.start_topic(
            g.viewer, board_id, form.title.data or "", form.text.data or "", form.client_key.uuid, file_ids
        )
    )
    if topic is None:
        return _topic_form(form, board), 422
    return go_to(url_for(".show_topic", topic_id=topic.id))


@bp.get("/topics/<int:topic_id>/title")
@members_only
def edit_title(topic_id: int) -> ResponseReturnValue:
    topic = service.topics.get_renamable_topic(g.viewer, topic_id)
    return _title_form(TitleForm(obj=topic), topic)


@bp.post("/topics/<int:topic_id>/title")
@members_only
def update_title(topic_id: int) -> ResponseReturnValue:
    form = TitleForm()
    topic = form.carry_out(lambda: service.topics.rename_topic(g.viewer, topic_id, form.title.data or ""))
    if topic is None:
        return _title_form(form, service.topics.get_topic(g.viewer, topic_id)), 422
    return go_to(url_for(".show_topic", topic_id=topic_id))


@bp.post("/topics/<int:topic_id>/closure")
@members_only
def create_closure(topic_id: int) -> ResponseReturnValue:
    with unit_of_work():
        service.topics.close_topic(g.viewer, topic_id)
    offer_undo(_("Das Thema ist geschlossen."), url_for(".delete_closure", topic_id=topic_id))
    return go_to(url_for(".show_topic", topic_id=topic_id))


@bp.post("/topics/<int:topic_id>/closure/delete")
@members_only
def delete_closure(topic_id: int) -> ResponseReturnValue:
    with unit_of_work():
        service.topics.reopen_topic(g.viewer, topic_id)
    return go_to(url_for(".show_topic", topic_id=topic_id))


@bp.post("/topics/<int:topic_id>/pin")
@members_only
def create_pin(topic_id: int) -> ResponseReturnValue:
    with unit_of_work():
        service.topics.pin_topic(g.viewer, topic_id)
    offer_undo(_("Das Thema steht jetzt oben im Forum."), url_for(".delete_pin", topic_id=topic_id))
    return go_to(url_for(".show_topic", topic_id=topic_id))


@bp.post("/topics/<int:topic_id>/pin/delete")
@members_only
def delete_pin(topic_id: int) -> ResponseReturnValue:
    with unit_of_work():
        service.topics.unpin_topic(g.viewer, topic_id)
    return go_to(url_for(".show_topic", topic_id=topic_id))


@bp.get("/topics/<int:topic_id>/move")
@members_only
def new_move(topic_id: int) -> ResponseReturnValue:
    return _move_form(MoveForm(), service.topics.get_moderated_topic(g.viewer, topic_id))


@bp.post("/topics/<int:topic_id>/move")
@members_only
def create_move(topic_id: int) -> ResponseReturnValue:
    form = MoveForm()
    before = service.topics.get_moderated_topic(g.viewer, topic_id).board_id
    topic = form.carry_out(lambda: service.topics.move_topic(g.viewer, topic_id, form.board_id.data or 0))
    if topic is None:
        return _move_form(form, service.topics.get_moderated_topic(g.viewer, topic_id)), 422
    offer_undo(
        _("Verschoben nach „%(board)s“.", board=topic.board.name),
        url_for(".create_move", topic_id=topic_id),
        board_id=before,
    )
    return go_to(url_for(".show_topic", topic_id=topic_id))


@bp.post("/drafts")
@members_only
@limiter.limit("60 per minute")
def update_draft() -> ResponseReturnValue:
    form = DraftForm()
    with unit_of_work():
        service.writing.save_draft(
            g.viewer, form.place.data or "", form.title.data or "", form.text.data or ""
        )
    return {"saved": True}


def post_url(topic_id: int, number: int) -> str:
    """The lasting address of a post: the page it stands on, and its number as anchor."""
    page = page_of(number)
    return f"{url_for('.show_topic', topic_id=topic_id)}{f'?page={page}' if page > 1 else ''}#{number}"


@dataclass(frozen=True, slots=True)
class ShownPost:
    """A post as this reader sees it, with all that shows. `html` is empty where the words are not for them."""

    id: int
    topic_id: int
    number: int
    url: str
    version: int
    state: PostState
    html: str
    reason: str
    author: Person
    byline: Byline | None
    time: Markup
    edited: str | None
    is_own: bool
    is_new: bool
    may_quote: bool
    may_edit: bool
    may_withdraw: bool
    may_hide: bool
    may_restore: bool
    files: tuple[AttachmentCard, ...] = ()


def _asked_for() -> tuple[int | None, int | None]:
    """The first and last number that a script wants of the page to bring it up to date."""
    if not is_fetch():
        return None, None
    return request.args.get("first", type=int), request.args.get("last", type=int)


def _render_topic(opened: OpenTopic, page: int, first: int | None, last: int | None) -> str:
    topic = opened.topic
    rows = queries.posts.list_posts(topic, page, first=first, last=last)
    bylines = councils.bylines({row.author.id for row in rows}, today())
    files_of = _files_of(rows)
    first_unread = queries.posts.first_unread(opened) if opened.is_unread else None
    may_reply = policy.may_reply(g.viewer, topic)
    here = url_for(".show_topic", topic_id=topic.id) + (f"?page={page}" if page > 1 else "")
    return render_template(
        "boards/show_topic.html",
        topic=topic,
        board=topic.board,
        space=topic.board.space,
        opened=opened,
        first_unread=first_unread,
        posts=[
            _show(
                g.viewer,
                row,
                here,
                bylines.get(row.author.id),
                first_unread,
                may_reply,
                files_of.get(row.post.id, ()),
            )
            for row in rows
        ],
        writers=tuple({row.author: bylines.get(row.author.id) for row in rows}.items()),
        page=page,
        may_reply=may_reply,
        waiting=files.waiting(g.viewer, f"topic:{topic.id}") if opened.has_waiting else [],
        client_key=uuid4(),
        policy=policy,
        limit=POST_LIMIT,
        page_size=PAGE_SIZE,
    )


def _show(
    viewer: Viewer,
    row: PostRow,
    page_url: str,
    byline: Byline | None,
    first_unread: int | None,
    may_reply: bool,
    attached: tuple[AttachmentCard, ...],
) -> ShownPost:
    post = row.post
    return ShownPost(
        id=post.id,
        topic_id=post.topic_id,
        number=post.number,
        url=f"{page_url}#{post.number}",
        version=post.version,
        state=post.state,
        html=post.html if policy.may_see_text(viewer, post) else "",
        reason=post.state_reason,
        author=row.author,
        byline=byline,
        time=time_tag(post.created_at),
        edited=ago(post.edited_at) if post.edited_at else None,
        is_own=post.author_id == viewer.member_id,
        is_new=first_unread is not None and post.number >= first_unread,
        may_quote=may_reply,
        may_edit=policy.may_edit(viewer, post),
        may_withdraw=policy.may_withdraw(viewer, post),
        may_hide=policy.may_hide(viewer, post),
        may_restore=policy.may_restore(viewer, post),
        files=attached,
    )


def _files_of(rows: Sequence[PostRow]) -> dict[int, tuple[AttachmentCard, ...]]:
    """What hangs on the posts whose words the viewer sees; asks nothing if nothing hangs on any."""
    posts = [row.post for row in rows if row.post.has_files and policy.may_see_text(g.viewer, row.post)]
    return attachments_of(SUBJECT, [post.id for post in posts], g.viewer)


def _open(topic_id: int) -> OpenTopic:
    opened = queries.posts.open_topic(g.viewer, topic_id)
    if opened is None:
        raise NotFound
    return opened


def _startable(board_id: int) -> Board:
    board = service.boards.get_board(g.viewer, board_id)
    service.topics.require_starting(g.viewer, board)
    return board


def _topic_form(form: TopicForm, board: Board) -> str:
    return render_template(
        "boards/new_topic.html",
        form=form,
        board=board,
        space=board.space,
        title_limit=TITLE_LIMIT,
        limit=POST_LIMIT,
        waiting=files.waiting(g.viewer, f"board:{board.id}"),
        preview=html.render(form.text.data or "") if form.is_sent and form.preview.data else None,
    )


def _title_form(form: TitleForm, topic: Topic) -> str:
    return render_template("boards/edit_title.html", form=form, topic=topic, space=topic.board.space)


def _move_form(form: MoveForm, topic: Topic) -> str:
    targets = queries.boards.list_targets(g.viewer, besides=topic.board_id)
    form.board_id.choices = [SelectChoice(0, _("Bitte wählen"))] * bool(targets)
    form.board_id.choices += [
        SelectChoice(board_id, f"{space} › {name}") for board_id, name, space in targets
    ]
    return render_template("boards/new_move.html", form=form, topic=topic, space=topic.board.space)
