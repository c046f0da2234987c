"""Messages of a room become a topic: chosen, looked over, begun."""

import re
from collections.abc import Sequence

from flask import g, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from wtforms.fields.choices import SelectChoice

from forum.attachments.queries import AttachmentCard
from forum.boards import queries as boards
from forum.boards.service import POST_LIMIT, TITLE_LIMIT
from forum.chat import queries as chat
from forum.chat.queries.rooms import OpenRoom
from forum.core.errors import Invalid
from forum.files.models import FileState
from forum.web.access import members_only
from forum.web.answers import go_to
from forum.web.languages import exact
from forum.web.limits import POSTING, limiter
from forum.workflows.forms import TranscriptForm
from forum.workflows.service import transcripts
from forum.workflows.views.blueprint import bp

_ID = re.compile(r"[0-9]{1,18}")


@bp.get("/chat/rooms/<int:room_id>/transcript")
@members_only
def new_transcript(room_id: int) -> ResponseReturnValue:
    """Choose messages; with some chosen, the topic they would become, to be changed before it is begun."""
    opened = chat.rooms.open_room(g.viewer, room_id)
    message_ids = _ids(request.args.getlist("messages"))
    if not message_ids or {"before", "choose"} & set(request.args):
        return _choice(opened, message_ids)
    try:
        lines = transcripts.choose(opened, message_ids)
    except Invalid as refusal:
        return _choice(opened, message_ids, refusal.message), 422
    form = TranscriptForm(formdata=None)
    form.messages.data = ",".join(str(line.id) for line in lines)
    form.attachments.data = [] if opened.room.is_private else [card.id for card in _files(opened, form)]
    with_names = request.args.get("names", "off" if opened.room.is_private else "on") != "off"
    times = [exact(line.at) for line in lines]
    form.text.data = transcripts.transcribe(opened, lines, with_names=with_names, times=times)
    return _writing(form, opened, with_names=with_names)


@bp.post("/chat/rooms/<int:room_id>/transcript")
@members_only
@limiter.limit(POSTING)
def create_transcript(room_id: int) -> ResponseReturnValue:
    opened = chat.rooms.open_room(g.viewer, room_id)
    form = TranscriptForm()
    topic_id = form.carry_out(
        lambda: transcripts.keep_as_topic(
            g.viewer,
            room_id,
            _ids([form.messages.data or ""]),
            board_id=form.board_id.data or 0,
            title=form.title.data or "",
            text=form.text.data or "",
            client_key=form.client_key.uuid,
            attachment_ids=form.attachments.data or (),
        )
    )
    if topic_id is None:
        return _writing(form, opened, with_names=True), 422
    return go_to(url_for("boards.show_topic", topic_id=topic_id))


def _ids(given: Sequence[str]) -> list[int]:
    """The ids in `messages=3&messages=4` or `messages=3,4`."""
    return sorted({int(found) for text in given for found in _ID.findall(text)})[: transcripts.LIMIT + 1]


def _choice(opened: OpenRoom, chosen: list[int], problem: str = "") -> str:
    before = request.args.get("before", type=int)
    page = chat.messages.list_messages(opened.room.id, before=before)
    rows = [row for row in page.rows if row.html or row.files]
    return render_template(
        "workflows/new_transcript.html",
        opened=opened,
        rows=rows,
        earlier=page.rows[0].id if page.has_earlier else None,
        chosen=chosen,
        elsewhere=set(chosen) - {row.id for row in rows},
        problem=problem,
        form=None,
    )


def _writing(form: TranscriptForm, opened: OpenRoom, *, with_names: bool) -> str:
    form.board_id.choices = [SelectChoice(0, _("Bitte wählen"))] + [
        SelectChoice(board_id, f"{space} › {name}")
        for board_id, name, space in boards.boards.list_startable(g.viewer)
    ]
    return render_template(
        "workflows/new_transcript.html",
        opened=opened,
        form=form,
        with_names=with_names,
        files=_files(opened, form),
        limit=POST_LIMIT,
        title_limit=TITLE_LIMIT,
    )


def _files(opened: OpenRoom, form: TranscriptForm) -> list[AttachmentCard]:
    """What hangs on the chosen messages and may be given on."""
    rows = chat.messages.get_rows(_ids([form.messages.data or ""]))
    return [
        card
        for row in rows
        if row.room_id == opened.room.id
        for card in row.files
        if card.file.state is FileState.READY
    ]
