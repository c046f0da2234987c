"""A room being read and written in: its messages, and what is done with each."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time
from typing import Any
from uuid import uuid4

from flask import flash, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from forum.chat import policy, queries, service
from forum.chat.forms.messages import DraftForm, EditForm, MessageForm, ReactionForm, RemovalForm, SeenForm
from forum.chat.models import MESSAGE_LIMIT, REASON_LIMIT, Message, ReactionKind
from forum.chat.queries.messages import MessagePage, Quoted, as_data
from forum.chat.queries.rooms import OpenRoom
from forum.chat.service.places import get_message
from forum.chat.views.blueprint import bp
from forum.chat.views.rooms import render_room_page, room_url
from forum.chat.views.showing import Rights, entries, kinds, mould, rights_to, show
from forum.core.clock import now
from forum.core.db import unit_of_work
from forum.core.errors import Conflict, Denied, NotFound, require
from forum.core.paging import HIGHEST_ID
from forum.files import queries as files
from forum.web.access import members_only
from forum.web.answers import go_to, is_fetch
from forum.web.errors import status_of
from forum.web.forms import takes_files
from forum.web.languages import ZONE
from forum.web.limits import limiter

#: People talk faster than they write posts; the sockets' own limit is no stricter.
TALKING = "60 per minute; 1500 per hour"


@bp.get("/chat/rooms/<int:room_id>")
@members_only
def show_room(room_id: int) -> ResponseReturnValue:
    opened = queries.rooms.open_room(g.viewer, room_id)
    wanted = request.args.get("date")
    if wanted is not None:
        return _go_to_day(room_id, wanted)
    form = MessageForm(formdata=None)
    form.text.data = opened.seat.draft if opened.seat else ""
    form.reply_to.data = request.args.get("reply", type=int)
    return _render_room(opened, form)


@bp.get("/chat/messages/<int:message_id>")
@members_only
def show_message(message_id: int) -> ResponseReturnValue:
    """The lasting address of a message: the room around it."""
    _place, message = get_message(g.viewer, message_id)
    return redirect(message_url(message.room_id, message.id))


@bp.get("/chat/messages/<int:message_id>/actions")
@members_only
def list_actions(message_id: int) -> ResponseReturnValue:
    """What can be done with a message, for browsers without script."""
    _place, message = get_message(g.viewer, message_id)
    opened = queries.rooms.open_room(g.viewer, message.room_id)
    row = queries.messages.get_row(message_id)
    rights = rights_to(g.viewer, opened.place, row, now())
    return render_room_page(
        "chat/list_actions.html",
        opened,
        row=row,
        message=show(g.viewer, row, rights),
        rights=rights,
        kinds=kinds(),
        url=message_url(message.room_id, message_id),
    )


@bp.post("/chat/rooms/<int:room_id>/messages")
@members_only
@takes_files
@limiter.limit(TALKING)
def create_message(room_id: int) -> ResponseReturnValue:
    service.rooms.get_room(g.viewer, room_id)
    form = MessageForm()
    file_ids = form.taken(g.viewer, f"room:{room_id}", form_key=form.client_key)
    try:
        message = form.carry_out(
            lambda: service.messages.send_message(
                g.viewer, room_id, form.text.data or "", form.client_key.uuid, form.reply_to.data, file_ids
            )
        )
    except (Denied, Conflict) as refusal:
        if is_fetch():
            raise
        form.text.errors = [refusal.message]
        return _render_room(queries.rooms.open_room(g.viewer, room_id), form), status_of(refusal)
    if message is not None:
        return (
            _data_of(message) if is_fetch() else redirect(message_url(room_id, message.id, is_last=True), 303)
        )
    opened = queries.rooms.open_room(g.viewer, room_id)
    return _refused(form, lambda: _render_room(opened, form))


@bp.post("/chat/rooms/<int:room_id>/reading")
@members_only
def create_chat_reading(room_id: int) -> ResponseReturnValue:
    form = SeenForm()
    if not form.succeeds(lambda: service.seats.note_reading(g.viewer, room_id, form.message.data or 0)):
        raise NotFound
    return go_to(room_url(room_id))


@bp.post("/chat/rooms/<int:room_id>/draft")
@members_only
@limiter.limit("60 per minute")
def update_draft(room_id: int) -> ResponseReturnValue:
    form = DraftForm()
    with unit_of_work():
        service.seats.save_draft(g.viewer, room_id, form.text.data or "")
    return {"saved": True}


@bp.get("/chat/messages/<int:message_id>/edit")
@members_only
def edit_message(message_id: int) -> ResponseReturnValue:
    """The form with one's own words; a script gets the words alone."""
    message = service.messages.get_editable_message(g.viewer, message_id)
    if is_fetch():
        return {"text": message.source, "version": message.version}
    form = EditForm(formdata=None)
    form.text.data, form.version.data = message.source, message.version
    return _edit_form(form, message)


@bp.post("/chat/messages/<int:message_id>/edit")
@members_only
@limiter.limit(TALKING)
def update_message(message_id: int) -> ResponseReturnValue:
    form = EditForm()
    message = service.messages.get_editable_message(g.viewer, message_id)
    try:
        changed = form.carry_out(
            lambda: service.messages.edit_message(
                g.viewer, message_id, form.text.data or "", form.version.data or 0
            )
        )
    except Conflict as refusal:
        if is_fetch():
            raise
        return _both_versions(form, message_id, refusal.message), 409
    if changed is None:
        return _refused(form, lambda: _edit_form(form, message))
    return _done(changed)


@bp.post("/chat/messages/<int:message_id>/withdrawal")
@members_only
def create_withdrawal(message_id: int) -> ResponseReturnValue:
    with unit_of_work():
        message = service.messages.withdraw_message(g.viewer, message_id)
    return _done(message)


@bp.get("/chat/messages/<int:message_id>/removal")
@members_only
def new_removal(message_id: int) -> ResponseReturnValue:
    return _removal_form(RemovalForm(), message_id)


@bp.post("/chat/messages/<int:message_id>/removal")
@members_only
def create_removal(message_id: int) -> ResponseReturnValue:
    form = RemovalForm()
    message = form.carry_out(
        lambda: service.messages.remove_message(g.viewer, message_id, form.reason.data or "")
    )
    if message is None:
        return _removal_form(form, message_id), 422
    flash(_("Die Nachricht ist entfernt. Der Grund steht für alle an ihrer Stelle."), "success")
    return _done(message)


@bp.post("/chat/messages/<int:message_id>/pin")
@members_only
def create_pin(message_id: int) -> ResponseReturnValue:
    with unit_of_work():
        message = service.messages.pin_message(g.viewer, message_id)
    return _done(message)


@bp.post("/chat/messages/<int:message_id>/pin/delete")
@members_only
def delete_pin(message_id: int) -> ResponseReturnValue:
    with unit_of_work():
        message = service.messages.unpin_message(g.viewer, message_id)
    return _done(message)


@bp.post("/chat/messages/<int:message_id>/reactions")
@members_only
@limiter.limit(TALKING)
def create_reaction(message_id: int) -> ResponseReturnValue:
    return _react(message_id, service.reactions.react)


@bp.post("/chat/messages/<int:message_id>/reactions/delete")
@members_only
@limiter.limit(TALKING)
def delete_reaction(message_id: int) -> ResponseReturnValue:
    return _react(message_id, service.reactions.unreact)


def message_url(room_id: int, message_id: int, *, is_last: bool = False) -> str:
    """Where a message stands: the room around it, or the end of the room for the last one."""
    around: dict[str, Any] = {} if is_last else {"around": message_id}
    return f"{url_for('chat.show_room', room_id=room_id, **around)}#m{message_id}"


def _render_room(opened: OpenRoom, form: MessageForm) -> str:
    viewer, place, moment = g.viewer, opened.place, now()
    page = _page(opened)
    return render_room_page(
        "chat/show_room.html",
        opened,
        viewer_id=viewer.member_id,
        rooms=queries.rooms.list_rooms(viewer),
        page=page,
        entries=entries(viewer, place, page.rows, opened.first_unread_id, moment),
        mould=mould(opened.room.id),
        rights=Rights(),
        kinds=kinds(),
        first_id=page.rows[0].id if page.rows else 0,
        last_id=page.rows[-1].id if page.rows else 0,
        form=form,
        answered=_answered(opened, page, form.reply_to.data),
        next_key=uuid4(),
        waiting=files.waiting(viewer, f"room:{opened.room.id}") if opened.has_waiting else [],
        limit=MESSAGE_LIMIT,
        preferences=queries.preferences.preferences_of(viewer),
        no_writing=_why_not(opened, moment),
        moment=moment,
    )


def _page(opened: OpenRoom) -> MessagePage:
    """The part of the room that is asked for; its end, if nothing is."""
    for name in ("before", "after", "around"):
        value = request.args.get(name, type=int)
        if value is not None and request.method == "GET":
            return queries.messages.list_messages(opened.room.id, **{name: value})
    return queries.messages.list_messages(opened.room.id)


def _go_to_day(room_id: int, wanted: str) -> ResponseReturnValue:
    """To the first message of a day, or of the next one on which something was said."""
    try:
        start = datetime.combine(date.fromisoformat(wanted), time(), ZONE).astimezone(UTC)
    except (ValueError, OverflowError):
        flash(_("Wähle einen Tag, zum Beispiel 03.11.2026."), "warning")
        return redirect(room_url(room_id))
    message_id = queries.messages.first_on(room_id, start)
    if message_id is None:
        flash(_("Seit diesem Tag wurde hier nichts geschrieben."), "info")
        return redirect(room_url(room_id))
    return redirect(message_url(room_id, message_id))


def _answered(opened: OpenRoom, page: MessagePage, message_id: int | None) -> Quoted | None:
    """The message that is being answered, if it is one of this room."""
    if message_id is None or not 0 < message_id <= HIGHEST_ID:
        return None
    row = next((row for row in page.rows if row.id == message_id), None)
    if row is None:
        try:
            place, _message = get_message(g.viewer, message_id)
        except NotFound:
            return None
        if place.room.id != opened.room.id:
            return None
        row = queries.messages.get_row(message_id)
    return Quoted(row.id, row.author, queries.messages.excerpt_of(row.html), bool(row.files))


def _why_not(opened: OpenRoom, moment: datetime) -> str:
    """Why the viewer may only read here; empty if that is not so."""
    try:
        service.messages.require_writing(g.viewer, opened.place, moment)
    except Denied as refusal:
        return refusal.message
    return ""


def _react(message_id: int, verb: Callable[[Any, int, ReactionKind], Message]) -> ResponseReturnValue:
    form = ReactionForm()
    message = form.carry_out(lambda: verb(g.viewer, message_id, ReactionKind(form.kind.data)))
    if message is None:
        raise NotFound
    return _done(message)


def _done(message: Message) -> ResponseReturnValue:
    """Back to the message; a script gets it as it is now."""
    return _data_of(message) if is_fetch() else redirect(message_url(message.room_id, message.id), 303)


def _data_of(message: Message) -> ResponseReturnValue:
    row = queries.messages.get_row(message.id)
    return as_data(row, row.stamp)


def _refused(form: MessageForm | EditForm, page: Callable[[], str]) -> ResponseReturnValue:
    """The page with what was typed and what is wrong with it; a script gets the sentence alone."""
    if not is_fetch():
        return page(), 422
    found = [*form.form_errors, *(text for texts in form.errors.values() for text in texts)]
    return {"error": " ".join(dict.fromkeys(map(str, found)))}, 422


def _edit_form(form: EditForm, message: Message, problem: str = "") -> str:
    opened = queries.rooms.open_room(g.viewer, message.room_id)
    return render_room_page(
        "chat/edit_message.html",
        opened,
        form=form,
        message=message,
        problem=problem,
        url=message_url(message.room_id, message.id),
        limit=MESSAGE_LIMIT,
    )


def _both_versions(form: EditForm, message_id: int, problem: str) -> str:
    """The form once more with what was typed, under what stands there by now."""
    message = service.messages.get_editable_message(g.viewer, message_id)
    form.version.data = message.version
    form.version.raw_data = None
    return _edit_form(form, message, problem)


def _removal_form(form: RemovalForm, message_id: int) -> str:
    place, message = get_message(g.viewer, message_id)
    require(policy.may_remove(g.viewer, place, message))
    opened = queries.rooms.open_room(g.viewer, message.room_id)
    return render_room_page(
        "chat/new_removal.html",
        opened,
        form=form,
        message=queries.messages.get_row(message.id),
        reason_limit=REASON_LIMIT,
        url=message_url(message.room_id, message.id),
    )
