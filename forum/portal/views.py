"""Pages gathered from several capabilities, and the frame of every page."""

from typing import Any, NamedTuple

from flask import Blueprint, current_app, g, render_template, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from forum.accounts import policy as accounts_policy
from forum.announcements import queries as announcements
from forum.boards import policy as boards_policy
from forum.boards import queries as boards
from forum.chat import policy as chat_policy
from forum.chat import queries as chat
from forum.core.access import Viewer
from forum.core.db import unit_of_work
from forum.core.errors import NotFound
from forum.councils import queries as councils
from forum.members import queries as members
from forum.members import service as members_service
from forum.notifications.queries import bell, choices
from forum.portal.forms import DisplayForm
from forum.portal.queries import member_page
from forum.spaces import policy as spaces_policy
from forum.spaces import queries as spaces
from forum.spaces.queries import SpaceLink
from forum.web.access import members_only, public
from forum.web.answers import go_to
from forum.web.languages import part_of_day, today
from forum.web.resubmission import local_path

bp = Blueprint("portal", __name__)


class Rail(NamedTuple):
    """The ways around: spaces with unread topics, places (key, label, address, icon, unread), tools of roles.

    `more`: places for which the bar of a phone has no room.
    """

    spaces: tuple[tuple[SpaceLink, int], ...]
    places: tuple[tuple[str, str, str, str, int], ...]
    tools: tuple[tuple[str, str, str], ...]
    more: tuple[tuple[str, str, str, str, int], ...] = ()


@bp.app_context_processor
def frame() -> dict[str, Any]:
    """What the layout shows around every page of a member; `bell` is its count, `signs` names regions by id."""
    if current_user.person is None:
        return {"rail": None}
    viewer: Viewer = current_user.viewer
    spaces_and_counts = boards.unread.spaces_with_unread(viewer)
    places = (
        ("start", _("Start"), url_for("portal.show_start"), "home", 0),
        ("boards", _("Foren"), url_for("boards.list_boards"), "messages", 0),
        ("chat", _("Chat"), url_for("chat.list_rooms"), "message-circle", _waiting_rooms(viewer)),
        ("documents", _("Ablage"), url_for("documents.list_libraries"), "books", 0),
    )
    waiting = announcements.listing.waiting(viewer)
    asked = sum(one.is_asked for one in waiting)
    more = (
        (
            "announcements",
            _("Mitteilungen"),
            url_for("announcements.list_announcements"),
            "speakerphone",
            asked,
        ),
    )
    mine = tuple((space, count) for space, count in spaces_and_counts if viewer.belongs_to(space.id))
    return {
        "rail": Rail(mine, places, _tools(viewer), more),
        "waiting_announcements": waiting,
        "bell": bell.shown(bell.count_unread(viewer)),
        "signs": {space.id: space for space, _count in spaces_and_counts},
        "policy": boards_policy,
    }


@bp.get("/")
@members_only
def show_start() -> ResponseReturnValue:
    new = boards.topics.list_new(g.viewer)
    return render_template(
        "portal/show_start.html",
        greeting=part_of_day(),
        new=new,
        chosen=choices.preferences(g.viewer),
        is_first_day=g.viewer.is_administrator and not new and members.is_house_empty(),
        recent=[] if new else boards.topics.list_recent(g.viewer, limit=5),
        unanswered=boards.topics.list_unanswered(g.viewer),
    )


@bp.get("/spaces/<int:space_id>")
@members_only
def show_space(space_id: int) -> ResponseReturnValue:
    profile = spaces.profile(g.viewer, space_id)
    belongs = g.viewer.belongs_to(space_id)  # an administrator sees the profile, not what is written there
    return render_template(
        "portal/show_space.html",
        profile=profile,
        space=profile.space,
        boards=boards.boards.list_boards(g.viewer, space_id) if belongs else [],
        recent=boards.topics.list_recent(g.viewer, space_id) if belongs else [],
        rooms=chat.rooms.list_of_space(g.viewer, space_id) if belongs else [],
        may_open_rooms=chat_policy.may_open_rooms(g.viewer, space_id),
        may_manage=spaces_policy.may_manage(g.viewer, space_id),
        may_invite=bool(accounts_policy.invitable_roles(g.viewer, space_id)),
    )


@bp.get("/members/<int:member_id>")
@members_only
def show_member(member_id: int) -> ResponseReturnValue:
    return render_template(
        "portal/show_member.html",
        page=member_page(g.viewer, member_id),
        mandates=councils.mandates_of(member_id, today()),
        may_write_to=bool(chat.people.reachable(g.viewer, [member_id])),
        role_name=spaces.role_name,
        today=today(),
    )


@bp.post("/display")
@public
def update_display() -> ResponseReturnValue:
    """Language or colours: kept with the member, for visitors with the browser."""
    form = DisplayForm()
    chosen = {name: form[name].data for name in ("locale", "theme") if form[name].data}
    if not form.validate_on_submit() or any(
        value not in {choice.value for choice in form[name].choices} for name, value in chosen.items()
    ):
        raise NotFound
    if g.viewer.is_signed_in:
        with unit_of_work():
            members_service.choose_display(g.viewer, **chosen)
    else:
        session.update(chosen)
    return go_to(local_path(form.next.data))


@bp.get("/imprint")
@public
def show_imprint() -> ResponseReturnValue:
    return render_template("portal/show_imprint.html", settings=current_app.extensions["settings"])


@bp.get("/privacy")
@public
def show_privacy() -> ResponseReturnValue:
    return render_template("portal/show_privacy.html", settings=current_app.extensions["settings"])


@bp.get("/accessibility")
@public
def show_accessibility() -> ResponseReturnValue:
    return render_template("portal/show_accessibility.html", settings=current_app.extensions["settings"])


@bp.get("/robots.txt")
@public
def show_robots() -> ResponseReturnValue:
    return "User-agent: *\nDisallow: /\n", 200, {"Content-Type": "text/plain"}


def _waiting_rooms(viewer: Viewer) -> int:
    """How many rooms have something new for the viewer."""
    return chat.unread.unread_total(viewer).rooms


def _tools(viewer: Viewer) -> tuple[tuple[str, str, str], ...]:
    """What the viewer's roles add to the rail: label, address, icon."""
    tools = []
    if accounts_policy.may_invite_at_all(viewer):
        tools.append((_("Einladungen"), url_for("accounts.list_invitations"), "user-plus"))
    if viewer.is_administrator:
        tools += [
            (_("Mitglieder"), url_for("accounts.list_members"), "users"),
            (_("Bereiche"), url_for("spaces.list_spaces"), "world"),
            (_("Protokoll"), url_for("spaces.list_entries"), "list-check"),
            (_("E-Mails"), url_for("accounts.list_mails"), "mail"),
            (_("Hintergrundarbeit"), url_for("accounts.list_jobs"), "refresh"),
        ]
    return tuple(tools)
