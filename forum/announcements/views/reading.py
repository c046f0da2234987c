"""Announcements to read: the list, one, what it said before, what waits on every page."""

from flask import g, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from forum.announcements import policy, queries, service
from forum.announcements.models import SUBJECT, Announcement, State
from forum.announcements.queries.listing import Filter
from forum.announcements.queries.reach import Reach
from forum.announcements.views.blueprint import bp
from forum.attachments.queries import attachments_of
from forum.core.clock import now
from forum.core.errors import NotFound
from forum.councils import queries as councils
from forum.members import queries as members
from forum.spaces import queries as spaces
from forum.spaces.queries import SpaceLink
from forum.web.access import members_only
from forum.web.languages import number, today


@bp.get("/announcements")
@members_only
def list_announcements() -> ResponseReturnValue:
    waiting = sum(one.is_asked for one in queries.listing.waiting(g.viewer))
    shown = request.args.get("show") or (Filter.OPEN if waiting else Filter.ALL)
    if shown not in list(Filter):
        raise NotFound
    chosen = Filter(shown)
    after = request.args.get("after")
    listed = queries.listing.list_announcements(g.viewer, chosen, after)
    unpublished = queries.listing.list_unpublished(g.viewer) if chosen is Filter.ALL and not after else []
    involved = {space_id for row in [*listed.rows, *unpublished] for space_id, _role in row.scopes}
    return render_template(
        "announcements/list_announcements.html",
        listed=listed,
        unpublished=unpublished,
        chosen=chosen,
        waiting=waiting,
        places=spaces.space_links(involved) if involved else {},
        role_name=spaces.role_name,
        may_announce=bool(policy.announceable(g.viewer)),
    )


@bp.get("/announcements/waiting")
@members_only
def show_waiting() -> ResponseReturnValue:
    """The banner alone, for open pages, and the count; `besides` is the one that the page shows anyway."""
    waiting = queries.listing.waiting(g.viewer)
    banner = render_template(
        "announcements/show_waiting.html", waiting=waiting, besides=request.args.get("besides", 0, type=int)
    )
    return {"banner": banner, "asked": sum(one.is_asked for one in waiting)}


@bp.get("/announcements/<int:announcement_id>")
@members_only
def show_announcement(announcement_id: int) -> ResponseReturnValue:
    announcement = service.announcements.get_announcement(g.viewer, announcement_id)
    author = members.find_card(announcement.author_id)
    seats = queries.listing.seats(g.viewer, announcement)
    is_current = policy.is_current(announcement, now())
    attached = attachments_of(SUBJECT, [announcement.id], g.viewer) if announcement.has_files else {}
    return render_template(
        "announcements/show_announcement.html",
        announcement=announcement,
        author=author.person if author else None,
        byline=councils.bylines({announcement.author_id}, today()).get(announcement.author_id),
        places=places_of(announcement),
        role_name=spaces.role_name,
        files=attached.get(announcement.id, ()),
        seats=seats,
        is_asked=is_current and any(seat.on is None and seat.is_held for seat in seats),
        is_unread=is_current and queries.listing.is_unread(g.viewer, announcement),
        why_held=queries.listing.HELD.get(announcement.held) if announcement.held else None,
        is_current=is_current,
        is_over=announcement.state is State.PUBLISHED and not is_current,
        last_day=policy.last_day(announcement.ends_at),
        may_keep=policy.may_keep(g.viewer, announcement),
        reach=reach_in_words(_reach_of(announcement)) if announcement.state is State.DRAFT else None,
        topics=_topics(announcement),
    )


@bp.get("/announcements/<int:announcement_id>/history")
@members_only
def list_editions(announcement_id: int) -> ResponseReturnValue:
    announcement = service.announcements.get_announcement(g.viewer, announcement_id)
    return render_template(
        "announcements/list_editions.html",
        announcement=announcement,
        editions=queries.listing.editions(announcement),
    )


def places_of(announcement: Announcement) -> list[SpaceLink]:
    """The spaces that it is for, in the order in which they were written down."""
    links = spaces.space_links([part.space_id for part in announcement.audience])
    return [links[part.space_id] for part in announcement.audience]


def reach_in_words(found: Reach) -> str:
    """ "Das geht an 214 Mitglieder in 61 Betriebsräten." """
    if found.members == 0:
        return str(_("Das erreicht noch niemanden."))
    people = ngettext("%(n)s Mitglied", "%(n)s Mitglieder", found.members, n=number(found.members))
    if found.councils == 0:
        return str(_("Das geht an %(people)s.", people=people))
    councils = ngettext("%(n)s Betriebsrat", "%(n)s Betriebsräten", found.councils, n=number(found.councils))
    return str(_("Das geht an %(people)s in %(councils)s.", people=people, councils=councils))


def _reach_of(announcement: Announcement) -> Reach:
    """Whom it would go to today."""
    chosen = [one.space_id for one in announcement.audience]
    return queries.reach.reach(chosen, announcement.audience[0].role, announcement.author_id, today())


def _topics(announcement: Announcement) -> list[tuple[SpaceLink, int | None]]:
    """The spaces in which the viewer may talk about it, with the topic, if there is one."""
    if not policy.may_be_discussed(announcement):
        return []
    mine = service.announcements.discussed_in(g.viewer, announcement)
    known = queries.listing.topics_of(announcement.id)
    links = spaces.space_links(mine)
    return [(links[space_id], known.get(space_id)) for space_id in mine]
