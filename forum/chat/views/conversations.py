"""Conversations of two and small groups: begun with people one shares a space with."""

from dataclasses import dataclass

from flask import g, render_template, request
from flask.typing import ResponseReturnValue

from forum.chat import queries, service
from forum.chat.forms.rooms import ConversationForm
from forum.chat.models import GROUP_LIMIT, NAME_LIMIT, Room
from forum.chat.queries.people import CANDIDATES
from forum.chat.views.blueprint import bp
from forum.chat.views.rooms import room_url
from forum.core.persons import Person
from forum.councils import queries as councils
from forum.councils.queries import Byline
from forum.web.access import members_only
from forum.web.answers import go_to
from forum.web.languages import today
from forum.web.limits import POSTING, limiter

#: People shown at once where several may be ticked: the button below should not be far.
TO_TICK = 8


@dataclass(frozen=True, slots=True)
class Choice:
    """Somebody to choose, and whether that has happened."""

    person: Person
    byline: Byline | None
    is_chosen: bool


@bp.get("/chat/conversations/new")
@members_only
def new_conversation() -> ResponseReturnValue:
    form = ConversationForm(formdata=None)
    form.q.data = request.args.get("q", "")
    return _form(form, is_group="group" in request.args)


@bp.post("/chat/conversations")
@members_only
@limiter.limit(POSTING)
def create_conversation() -> ResponseReturnValue:
    """With one person it is their conversation; several, or a name, make a group."""
    form = ConversationForm()
    if form.find.data:
        return _form(form, is_group=True)
    room = form.carry_out(lambda: _begin(form))
    if room is None:
        return _form(form, is_group=True), 422
    return go_to(room_url(room.id))


def choices(chosen: list[Person], found: list[Person], limit: int = TO_TICK) -> list[Choice]:
    """Who is chosen first, then the others found, each with function and site. One statement."""
    ids = {person.id for person in chosen}
    people = [*chosen, *[person for person in found if person.id not in ids][:limit]]
    bylines = councils.bylines([person.id for person in people], today())
    return [Choice(person, bylines.get(person.id), person.id in ids) for person in people]


def _begin(form: ConversationForm) -> Room:
    people, name = form.member_ids.data, form.name.data or ""
    if len(people) == 1 and not name.strip():
        return service.rooms.start_direct(g.viewer, people[0])
    return service.rooms.start_group(g.viewer, people, name, form.client_key.uuid)


def _form(form: ConversationForm, *, is_group: bool) -> str:
    found = queries.people.find_people(g.viewer, form.q.data or "")
    chosen = queries.people.reachable(g.viewer, form.member_ids.data or [])
    shown = choices(chosen, found, TO_TICK if is_group else CANDIDATES)
    return render_template(
        "chat/new_conversation.html",
        form=form,
        is_group=is_group,
        choices=shown,
        is_cut=len(found) >= (TO_TICK if is_group else CANDIDATES),
        group_limit=GROUP_LIMIT,
        name_limit=NAME_LIMIT,
    )
