"""An announcement is talked about: its topic in a space, begun by whoever first wants it."""

from flask import g, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from wtforms.fields.choices import SelectChoice

from forum.announcements.service import announcements
from forum.boards import queries as boards
from forum.boards.service import POST_LIMIT, TITLE_LIMIT
from forum.spaces import queries as spaces
from forum.web.access import members_only
from forum.web.answers import go_to
from forum.web.limits import POSTING, limiter
from forum.workflows.forms import DiscussionForm
from forum.workflows.service import comments
from forum.workflows.views.blueprint import bp


@bp.get("/announcements/<int:announcement_id>/spaces/<int:space_id>/topic/new")
@members_only
def new_announcement_topic(announcement_id: int, space_id: int) -> ResponseReturnValue:
    """The topic, to be looked over before it is begun; if there is one already, there."""
    topic_id = comments.find_topic(g.viewer, announcement_id, space_id)
    if topic_id is not None:
        return go_to(url_for("boards.show_topic", topic_id=topic_id))
    announcement = announcements.get_discussable(g.viewer, announcement_id)
    form = DiscussionForm(formdata=None)
    form.title.data = announcement.title
    form.text.data = announcements.opening_of(announcement) + "\n\n"
    return _writing(form, announcement_id, space_id)


@bp.post("/announcements/<int:announcement_id>/spaces/<int:space_id>/topic")
@members_only
@limiter.limit(POSTING)
def create_announcement_topic(announcement_id: int, space_id: int) -> ResponseReturnValue:
    comments.find_topic(g.viewer, announcement_id, space_id)
    form = DiscussionForm()
    topic_id = form.carry_out(
        lambda: comments.begin(
            g.viewer,
            announcement_id,
            space_id,
            board_id=form.board_id.data or 0,
            title=form.title.data or "",
            text=form.text.data or "",
            client_key=form.client_key.uuid,
        )
    )
    if topic_id is None:
        return _writing(form, announcement_id, space_id), 422
    return go_to(url_for("boards.show_topic", topic_id=topic_id))


def _writing(form: DiscussionForm, announcement_id: int, space_id: int) -> str:
    found = boards.boards.list_startable(g.viewer, space_id)
    form.board_id.choices = [SelectChoice(0, _("Bitte wählen"))] * (len(found) > 1)
    form.board_id.choices += [SelectChoice(board_id, name) for board_id, name, _space in found]
    return render_template(
        "workflows/new_announcement_topic.html",
        form=form,
        announcement=announcements.get_discussable(g.viewer, announcement_id),
        space=spaces.get_space(g.viewer, space_id),
        has_boards=bool(found),
        limit=POST_LIMIT,
        title_limit=TITLE_LIMIT,
    )
