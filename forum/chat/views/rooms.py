"""Rooms: the list of them, opened and kept in order by moderators, quiet for oneself."""

from datetime import timedelta
from typing import Any

from flask import flash, g, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from forum.chat import policy, queries, service
from forum.chat.forms.rooms import GroupRoomForm, RetentionForm, RoomForm, fill
from forum.chat.models import NAME_LIMIT, PURPOSE_LIMIT, RETENTIONS, Room, RoomKind
from forum.chat.queries.rooms import OpenRoom
from forum.chat.views.blueprint import bp
from forum.core.clock import now
from forum.core.db import unit_of_work
from forum.core.errors import Invalid, require
from forum.spaces import queries as spaces
from forum.web.access import members_only
from forum.web.answers import go_to, offer_undo
from forum.web.limits import POSTING, limiter

#: Conversations that the list shows at once; the others are folded, but for those with something new.
SHOWN_AT_ONCE = 6


@bp.get("/chat")
@members_only
def list_rooms() -> ResponseReturnValue:
    found = queries.rooms.list_rooms(g.viewer)
    of_space = {space.id: rooms for space, rooms in found.spaces}
    recent = [
        room
        for place, room in enumerate(found.private)
        if place < SHOWN_AT_ONCE or room.unread or room.has_draft
    ]
    return render_template(
        "chat/list_rooms.html",
        spaces=[(space, of_space.get(space.id, [])) for space in spaces.spaces_of(g.viewer)],
        members=queries.people.count_members(list(g.viewer.spaces)),
        recent=recent,
        older=[room for room in found.private if room not in recent],
        policy=policy,
    )


@bp.get("/spaces/<int:space_id>/rooms/new")
@members_only
def new_room(space_id: int) -> ResponseReturnValue:
    service.rooms.require_opening(g.viewer, space_id)
    return _new_room(RoomForm(retention_days=service.rooms.USUAL_RETENTION), space_id)


@bp.post("/spaces/<int:space_id>/rooms")
@members_only
@limiter.limit(POSTING)
def create_room(space_id: int) -> ResponseReturnValue:
    service.rooms.require_opening(g.viewer, space_id)
    form = RoomForm()
    room = form.carry_out(
        lambda: service.rooms.open_room(
            g.viewer,
            space_id,
            form.name.data or "",
            form.purpose.data or "",
            retention_days=form.days,
            slow_seconds=form.slow_seconds.data,
            client_key=form.client_key.uuid,
        )
    )
    if room is None:
        return _new_room(form, space_id), 422
    return go_to(room_url(room.id))


@bp.get("/chat/rooms/<int:room_id>/edit")
@members_only
def edit_room(room_id: int) -> ResponseReturnValue:
    opened = _changeable(room_id)
    form = _form_for(opened.room)
    fill(form, opened.room)
    return _edit_room(form, opened)


@bp.post("/chat/rooms/<int:room_id>/edit")
@members_only
@limiter.limit(POSTING)
def update_room(room_id: int) -> ResponseReturnValue:
    opened = _changeable(room_id)
    form = _form_for(opened.room)
    if not form.validate_on_submit():
        return _edit_room(form, opened), 422
    doomed = _count_doomed(opened.room, form.days)
    if doomed and not form.is_sure.data:
        form.refuse(Invalid(_("Setz das Häkchen, wenn sie gelöscht werden sollen."), "is_sure"))
        return _edit_room(form, opened, doomed), 422
    if _change(form, room_id) is None:
        return _edit_room(form, opened, doomed), 422
    flash(_("Die Änderungen sind gespeichert."), "success")
    return go_to(room_url(room_id))


@bp.post("/chat/rooms/<int:room_id>/lock")
@members_only
def create_lock(room_id: int) -> ResponseReturnValue:
    with unit_of_work():
        service.rooms.lock_room(g.viewer, room_id)
    offer_undo(
        _("Der Raum ist gesperrt: Nur die Moderation schreibt hier."),
        url_for(".delete_lock", room_id=room_id),
    )
    return go_to(room_url(room_id))


@bp.post("/chat/rooms/<int:room_id>/lock/delete")
@members_only
def delete_lock(room_id: int) -> ResponseReturnValue:
    with unit_of_work():
        service.rooms.unlock_room(g.viewer, room_id)
    return go_to(room_url(room_id))


@bp.post("/chat/rooms/<int:room_id>/archive")
@members_only
def create_archive(room_id: int) -> ResponseReturnValue:
    with unit_of_work():
        service.rooms.archive_room(g.viewer, room_id)
    offer_undo(_("Der Raum wird jetzt nur noch gelesen."), url_for(".delete_archive", room_id=room_id))
    return go_to(room_url(room_id))


@bp.post("/chat/rooms/<int:room_id>/archive/delete")
@members_only
def delete_archive(room_id: int) -> ResponseReturnValue:
    with unit_of_work():
        service.rooms.revive_room(g.viewer, room_id)
    return go_to(room_url(room_id))


@bp.post("/chat/rooms/<int:room_id>/mute")
@members_only
def create_mute(room_id: int) -> ResponseReturnValue:
    with unit_of_work():
        service.seats.mute(g.viewer, room_id)
    offer_undo(
        _("Leise gestellt: Neues von hier zählt für dich nicht mehr mit."),
        url_for(".delete_mute", room_id=room_id),
    )
    return go_to(room_url(room_id))


@bp.post("/chat/rooms/<int:room_id>/mute/delete")
@members_only
def delete_mute(room_id: int) -> ResponseReturnValue:
    with unit_of_work():
        service.seats.unmute(g.viewer, room_id)
    return go_to(room_url(room_id))


def room_url(room_id: int) -> str:
    """The address of the room itself."""
    return url_for("chat.show_room", room_id=room_id)


def count_readers(opened: OpenRoom) -> int:
    """How many people read the room, the viewer among them."""
    if opened.space is None:
        return len(opened.people) + 1
    return queries.people.count_members([opened.space.id]).get(opened.space.id, 0)


def render_room_page(template: str, opened: OpenRoom, **values: Any) -> str:
    """A page about the room: with what every such page needs, and `values`."""
    return render_template(
        template,
        opened=opened,
        room=opened.room,
        space=opened.space,
        readers=count_readers(opened),
        policy=policy,
        **values,
    )


def _changeable(room_id: int) -> OpenRoom:
    opened = queries.rooms.open_room(g.viewer, room_id)
    require(policy.may_change(g.viewer, opened.place))
    return opened


def _form_for(room: Room) -> RetentionForm:
    if room.kind is RoomKind.SPACE:
        return RoomForm()
    return GroupRoomForm() if room.kind is RoomKind.GROUP else RetentionForm()


def _change(form: RetentionForm, room_id: int) -> Room | None:
    typed = form.data
    return form.carry_out(
        lambda: service.rooms.change_room(
            g.viewer,
            room_id,
            name=typed.get("name") or "",
            purpose=typed.get("purpose") or "",
            retention_days=form.days,
            slow_seconds=typed.get("slow_seconds") or 0,
        )
    )


def _count_doomed(room: Room, days: int | None) -> int:
    """How many messages would be deleted that are kept so far."""
    if days is None or days not in RETENTIONS:
        return 0
    if room.retention_days is not None and days >= room.retention_days:
        return 0
    return queries.messages.count_messages(room.id, before=now() - timedelta(days=days))


def _new_room(form: RoomForm, space_id: int) -> str:
    return render_template(
        "chat/new_room.html",
        form=form,
        space=spaces.get_space(g.viewer, space_id),
        members=queries.people.count_members([space_id]).get(space_id, 0),
        name_limit=NAME_LIMIT,
        purpose_limit=PURPOSE_LIMIT,
    )


def _edit_room(form: RetentionForm, opened: OpenRoom, doomed: int = 0) -> str:
    return render_room_page(
        "chat/edit_room.html",
        opened,
        form=form,
        doomed=doomed,
        name_limit=NAME_LIMIT,
        purpose_limit=PURPOSE_LIMIT,
    )
