"""People of a room: who reads it, who joins and leaves a group, who is asked to be quiet."""

from flask import flash, g, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from forum.chat import policy, queries, service
from forum.chat.forms.rooms import PeopleForm, SilenceForm
from forum.chat.models import GROUP_LIMIT, REASON_LIMIT
from forum.chat.queries.rooms import OpenRoom
from forum.chat.views.blueprint import bp
from forum.chat.views.conversations import TO_TICK, choices
from forum.chat.views.rooms import render_room_page
from forum.core.access import Role
from forum.core.clock import now
from forum.core.db import unit_of_work
from forum.core.errors import Invalid, NotFound, require
from forum.councils import queries as councils
from forum.spaces import queries as spaces
from forum.spaces.queries import MemberLine, SpaceLink
from forum.web.access import members_only
from forum.web.answers import go_to, offer_undo
from forum.web.languages import today
from forum.web.limits import POSTING, limiter


@bp.get("/chat/rooms/<int:room_id>/people")
@members_only
def list_participants(room_id: int) -> ResponseReturnValue:
    opened = queries.rooms.open_room(g.viewer, room_id)
    return _list_private(opened) if opened.space is None else _list_of_space(opened, opened.space)


@bp.get("/chat/rooms/<int:room_id>/people/new")
@members_only
def new_participant(room_id: int) -> ResponseReturnValue:
    form = PeopleForm(formdata=None)
    form.q.data = request.args.get("q", "")
    return _add_form(form, _growing(room_id))


@bp.post("/chat/rooms/<int:room_id>/people")
@members_only
@limiter.limit(POSTING)
def create_participant(room_id: int) -> ResponseReturnValue:
    opened = _growing(room_id)
    form = PeopleForm()
    if form.find.data:
        return _add_form(form, opened)
    if not form.member_ids.data:
        form.refuse(Invalid(_("Wähle Personen aus der Liste."), "member_ids"))
        return _add_form(form, opened), 422
    if not form.succeeds(lambda: service.rooms.add_participants(g.viewer, room_id, form.member_ids.data)):
        return _add_form(form, opened), 422
    return go_to(url_for(".list_participants", room_id=room_id))


@bp.post("/chat/rooms/<int:room_id>/people/<int:member_id>/delete")
@members_only
def delete_participant(room_id: int, member_id: int) -> ResponseReturnValue:
    with unit_of_work():
        service.rooms.remove_participant(g.viewer, room_id, member_id)
    if member_id == g.viewer.member_id:
        return _left()
    offer_undo(
        _("%(name)s gehört nicht mehr zur Gruppe.", name=spaces.person(member_id).name),
        url_for(".create_participant", room_id=room_id),
        member_ids=member_id,
    )
    return go_to(url_for(".list_participants", room_id=room_id))


@bp.post("/chat/rooms/<int:room_id>/seat/delete")
@members_only
def delete_own_seat(room_id: int) -> ResponseReturnValue:
    with unit_of_work():
        service.rooms.leave_group(g.viewer, room_id)
    return _left()


@bp.get("/chat/rooms/<int:room_id>/people/<int:member_id>/silence")
@members_only
def new_silence(room_id: int, member_id: int) -> ResponseReturnValue:
    return _silence_form(SilenceForm(), *_moderated(room_id, member_id))


@bp.post("/chat/rooms/<int:room_id>/people/<int:member_id>/silence")
@members_only
def create_silence(room_id: int, member_id: int) -> ResponseReturnValue:
    opened, member = _moderated(room_id, member_id)
    form = SilenceForm()
    if not form.succeeds(
        lambda: service.seats.silence(g.viewer, room_id, member_id, now() + form.span, form.reason.data or "")
    ):
        return _silence_form(form, opened, member), 422
    offer_undo(
        _("%(name)s liest hier weiter mit, schreibt aber vorerst nicht.", name=member.person.name),
        url_for(".delete_silence", room_id=room_id, member_id=member_id),
    )
    return go_to(url_for(".list_participants", room_id=room_id))


@bp.post("/chat/rooms/<int:room_id>/people/<int:member_id>/silence/delete")
@members_only
def delete_silence(room_id: int, member_id: int) -> ResponseReturnValue:
    with unit_of_work():
        service.seats.unsilence(g.viewer, room_id, member_id)
    return go_to(url_for(".list_participants", room_id=room_id))


def _list_private(opened: OpenRoom) -> str:
    people = queries.people.participants(opened.room)
    return render_room_page(
        "chat/list_participants.html",
        opened,
        people=people,
        bylines=councils.bylines([one.person.id for one in people], today()),
    )


def _list_of_space(opened: OpenRoom, space: SpaceLink) -> str:
    name, moderates = request.args.get("q", ""), policy.may_moderate(g.viewer, opened.place)
    silenced = queries.people.silenced(opened.room, now()) if moderates else []
    return render_room_page(
        "chat/list_participants.html",
        opened,
        members=spaces.list_members(space.id, today(), name, request.args.get("after")),
        name=name,
        silenced={one.person.id: one for one in silenced},
        role_name=spaces.role_name,
    )


def _growing(room_id: int) -> OpenRoom:
    """The group, if the viewer may add people to it; other rooms have no list to add to."""
    opened = queries.rooms.open_room(g.viewer, room_id)
    require(policy.may_add_people(g.viewer, opened.place))
    return opened


def _add_form(form: PeopleForm, opened: OpenRoom) -> str:
    found = queries.people.find_people(g.viewer, form.q.data or "", besides=opened.room)
    chosen = queries.people.reachable(g.viewer, form.member_ids.data or [])
    there = {person.id for person in opened.people}
    return render_room_page(
        "chat/new_participant.html",
        opened,
        form=form,
        choices=choices([person for person in chosen if person.id not in there], found),
        is_cut=len(found) >= TO_TICK,
        free=max(0, GROUP_LIMIT - len(opened.people) - 1),
    )


def _moderated(room_id: int, member_id: int) -> tuple[OpenRoom, MemberLine]:
    """The room and one of its members, if the viewer may silence that one."""
    opened = queries.rooms.open_room(g.viewer, room_id)
    require(policy.may_moderate(g.viewer, opened.place))
    member = spaces.member_line(opened.space.id, member_id, today()) if opened.space else None
    if member is None:
        raise NotFound
    require(
        policy.may_silence(g.viewer, opened.place, is_moderator=member.role is Role.MODERATOR),
        _("Wer den Raum moderiert, kann nicht stummgeschaltet werden."),
    )
    return opened, member


def _silence_form(form: SilenceForm, opened: OpenRoom, member: MemberLine) -> str:
    return render_room_page(
        "chat/new_silence.html", opened, form=form, member=member, reason_limit=REASON_LIMIT
    )


def _left() -> ResponseReturnValue:
    flash(_("Du gehörst nicht mehr zu dieser Gruppe."), "success")
    return go_to(url_for(".list_rooms"))
