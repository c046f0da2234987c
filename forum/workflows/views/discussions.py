"""A document is talked about: its topic, begun by whoever first wants it."""

from flask import g, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from wtforms.fields.choices import SelectChoice

from forum.boards import queries as boards
from forum.boards.service import POST_LIMIT, TITLE_LIMIT
from forum.core.errors import require
from forum.documents import policy
from forum.documents.service import documents
from forum.spaces import queries as spaces
from forum.web.access import members_only
from forum.web.answers import go_to
from forum.web.limits import POSTING, limiter
from forum.workflows.forms import DiscussionForm
from forum.workflows.service import discussions
from forum.workflows.views.blueprint import bp


@bp.get("/documents/<int:document_id>/topic/new")
@members_only
def new_discussion(document_id: int) -> ResponseReturnValue:
    """The topic of a document, to be looked over before it is begun; if there is one already, there."""
    topic_id = discussions.find_topic(g.viewer, document_id)
    if topic_id is not None:
        return go_to(url_for("boards.show_topic", topic_id=topic_id))
    document = documents.get_document(g.viewer, document_id)
    form = DiscussionForm(formdata=None)
    form.title.data = document.title
    form.text.data = documents.opening_of(document) + "\n\n"
    return _writing(form, document_id)


@bp.post("/documents/<int:document_id>/topic")
@members_only
@limiter.limit(POSTING)
def create_discussion(document_id: int) -> ResponseReturnValue:
    form = DiscussionForm()
    topic_id = form.carry_out(
        lambda: discussions.begin(
            g.viewer,
            document_id,
            board_id=form.board_id.data or 0,
            title=form.title.data or "",
            text=form.text.data or "",
            client_key=form.client_key.uuid,
        )
    )
    if topic_id is None:
        return _writing(form, document_id), 422
    return go_to(url_for("boards.show_topic", topic_id=topic_id))


def _writing(form: DiscussionForm, document_id: int) -> str:
    document = documents.get_document(g.viewer, document_id)
    require(policy.may_discuss(g.viewer, document))
    space = spaces.get_space(g.viewer, document.space_id)
    found = boards.boards.list_startable(g.viewer, document.space_id)
    form.board_id.choices = [SelectChoice(0, _("Bitte wählen"))] * (len(found) > 1)
    form.board_id.choices += [SelectChoice(board_id, name) for board_id, name, _space in found]
    return render_template(
        "workflows/new_discussion.html",
        form=form,
        document=document,
        space=space,
        has_boards=bool(found),
        is_given=discussions.given_file(g.viewer, document_id) is not None,
        limit=POST_LIMIT,
        title_limit=TITLE_LIMIT,
    )
