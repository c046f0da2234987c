"""Stopping mails from a link in one, without signing in: the ticket says whose they are, and about what."""

from typing import NamedTuple

from flask import g, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from forum.core.access import Viewer
from forum.core.db import unit_of_work
from forum.core.errors import NotFound
from forum.members import queries as members
from forum.notifications.forms import LevelForm, level_name
from forum.notifications.models import Level, Rhythm
from forum.notifications.queries import choices
from forum.notifications.queries.readers import readers
from forum.notifications.service import preferences, watches
from forum.notifications.targets import Entry, Since, described
from forum.notifications.views.blueprint import bp
from forum.web.access import public
from forum.web.answers import go_to
from forum.web.limits import POSTING, limiter
from forum.web.tickets import STOP_MAILS, read_ticket

#: What can be stopped: everything, the thing the mail was about, or a wider one ("board:3").
_ALL, _THING = "all", "thing"
#: No entry has a higher number.
_LAST = 2**31 - 1


class Stop(NamedTuple):
    """Something to be stopped or taken up again: its name in the form, words for both, whether it is stopped."""

    what: str
    stop: str
    resume: str
    is_stopped: bool


@bp.get("/notices/stop/<ticket>")
@public
def show_stop(ticket: str) -> ResponseReturnValue:
    """Who follows the link in a mail chooses what shall stop; a mail program that looks ahead stops nothing.

    Names and titles are shown only to the member, signed in: others who open links in mails learn nothing here.
    """
    member_id, subject, subject_id = _read(ticket)
    entry = _entry_for(member_id, subject, subject_id)
    is_known = g.viewer.member_id == member_id
    return render_template(
        "notifications/show_stop.html",
        ticket=ticket,
        name=members.name_of(member_id) if is_known else "",
        stops=_stops(Viewer(member_id), subject, subject_id, entry, with_titles=is_known),
        done=request.args.get("done", ""),
        was=request.args.get("was", ""),
    )


@bp.post("/notices/stop/<ticket>")
@public
@limiter.limit(POSTING)
def create_stop(ticket: str) -> ResponseReturnValue:
    """One click in the mail program (RFC 8058) stops what the mail was about; the page's buttons say what.

    No token of ours comes with it: mail servers send it, and whoever holds the ticket may do no more than this.
    """
    member_id, subject, subject_id = _read(ticket)
    viewer = Viewer(member_id)
    what = request.form.get("what") or (_THING if subject else _ALL)
    with unit_of_work():
        if what == _ALL:
            was = preferences.stop_mails(viewer).value
        else:
            place = _place(member_id, subject, subject_id, what)
            was = level_name(choices.level_of(viewer, *place))
            watches.watch(viewer, *place, Level.MUTED)
    return go_to(url_for(".show_stop", ticket=ticket, done=what, was=was))


@bp.post("/notices/stop/<ticket>/delete")
@public
@limiter.limit(POSTING)
def delete_stop(ticket: str) -> ResponseReturnValue:
    """Mails again: as it was before, where the form knows it."""
    member_id, subject, subject_id = _read(ticket)
    viewer = Viewer(member_id)
    what = request.form.get("what", "")
    with unit_of_work():
        if what == _ALL:
            preferences.resume_mails(viewer, _rhythm(request.form.get("was", "")))
        else:
            form = LevelForm(level=request.form.get("was"))
            place = _place(member_id, subject, subject_id, what)
            known = form.chosen if form.validate() else None
            level = None if known is Level.MUTED else known
            watches.watch(viewer, *place, level or (Level.ALL if what == _THING else None))
    return go_to(url_for(".show_stop", ticket=ticket))


def _read(ticket: str) -> tuple[int, str, int]:
    """Whose mail it was, and what it was about: kind and id, or "" and 0."""
    values = read_ticket(STOP_MAILS, ticket)
    if len(values) != 3:
        raise NotFound
    return int(values[0]), str(values[1]), int(values[2])


def _rhythm(name: str) -> Rhythm:
    try:
        return Rhythm(name)
    except ValueError:
        return Rhythm.DAILY


def _place(member_id: int, subject: str, subject_id: int, what: str) -> tuple[str, int]:
    """The thing meant: kind and id. `NotFound` for one that the mail was not about."""
    if what == _THING and subject:
        return subject, subject_id
    entry = _entry_for(member_id, subject, subject_id)
    for kind, above_id, _title in entry.above if entry else ():
        if what == f"{kind}:{above_id}":
            return kind, above_id
    raise NotFound


def _stops(
    viewer: Viewer, subject: str, subject_id: int, entry: Entry | None, *, with_titles: bool
) -> list[Stop]:
    found = []
    if subject:
        title = entry.title if entry and with_titles else ""
        found.append(
            Stop(
                _THING,
                _("Keine Mails mehr zu „%(title)s“", title=title) if title else _("Dazu keine Mails mehr"),
                _("Doch wieder Mails zu „%(title)s“", title=title) if title else _("Dazu doch wieder Mails"),
                choices.level_of(viewer, subject, subject_id) is Level.MUTED,
            )
        )
    for kind, above_id, title in entry.above if entry else ():
        found.append(
            Stop(
                f"{kind}:{above_id}",
                _("Keine Mails mehr aus „%(title)s“", title=title)
                if with_titles
                else _("Auch aus dem größeren Zusammenhang keine Mails mehr"),
                _("Doch wieder Mails aus „%(title)s“", title=title)
                if with_titles
                else _("Aus dem größeren Zusammenhang doch wieder Mails"),
                choices.level_of(viewer, kind, above_id) is Level.MUTED,
            )
        )
    chosen = choices.preferences(viewer)
    is_stopped = chosen is not None and chosen.rhythm is Rhythm.NEVER
    return [*found, Stop(_ALL, _("Gar keine Mails mehr"), _("Doch wieder Mails"), is_stopped)]


def _entry_for(member_id: int, subject: str, subject_id: int) -> Entry | None:
    """The thing, if the member may (still) be told of it."""
    reader = readers([member_id]).get(member_id)
    ever = Since(subject_id, 0, _LAST)
    return described(reader.viewer, subject, [ever], with_lines=False).get(subject_id) if reader else None
