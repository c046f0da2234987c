"""Stopping mails from a link in one, without signing in: the ticket says whose they are, and about what."""

from datetime import datetime
from hashlib import sha256
from typing import NamedTuple

from flask import current_app, g, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from forum.core.access import Viewer
from forum.core.db import unit_of_work
from forum.core.errors import NotFound
from forum.members import queries as members
from forum.notifications.models import SPACE, Level, Rhythm
from forum.notifications.queries import choices
from forum.notifications.queries.readers import readers
from forum.notifications.service import preferences, watches
from forum.notifications.targets import Entry, Since, described
from forum.notifications.views.blueprint import bp
from forum.web.access import public
from forum.web.answers import go_to
from forum.web.limits import POSTING, limiter, network_address
from forum.web.tickets import STOP_MAILS, read_ticket, write_ticket

#: No entry has a higher number.
_LAST = 2**31 - 1
#: Stopped and taken up again with one ticket.
_TO_AND_FRO = "10 per minute; 60 per hour"


class Scope(NamedTuple):
    """What a ticket is good for until it `ends`: mails to the member about one thing, or all (no `subject`)."""

    member_id: int
    series: int
    subject: str
    subject_id: int
    ends: datetime

    @property
    def viewer(self) -> Viewer:
        return Viewer(self.member_id)


class Stop(NamedTuple):
    """Something to be stopped or taken up again: a ticket of its own, words for both, whether it is stopped."""

    ticket: str
    stop: str
    resume: str
    is_stopped: bool


def _meant() -> str:
    """The ticket of the button that was pressed; a mail program presses none, and means that of the link."""
    return request.form.get("what") or (request.view_args or {})["ticket"]


def _counted() -> str:
    """By what tries with a ticket are counted: what was sent may be none, and as long as anybody likes."""
    return sha256(_meant().encode("utf-8", "replace")).hexdigest()


@bp.get("/notices/stop/<ticket>")
@public
def show_stop(ticket: str) -> ResponseReturnValue:
    """Who follows the link in a mail chooses what shall stop; a mail program that looks ahead stops nothing.

    Names and titles are shown only to the member, signed in: others who open links in mails learn nothing here.
    """
    try:
        scope = _read(ticket)
    except NotFound:
        return render_template("notifications/show_stop.html", stops=None), 404
    is_known = g.viewer.member_id == scope.member_id
    return render_template(
        "notifications/show_stop.html",
        ticket=ticket,
        name=members.name_of(scope.member_id) if is_known else "",
        stops=_stops(scope, with_titles=is_known),
        done=request.args.get("done", ""),
    )


@bp.post("/notices/stop/<ticket>")
@public
@limiter.limit(POSTING, key_func=network_address)
@limiter.limit(_TO_AND_FRO, key_func=_counted)
def create_stop(ticket: str) -> ResponseReturnValue:
    """Stop what the ticket names: with one click in the mail program (RFC 8058), or by a button of the page.

    No token of ours comes with it: mail servers send it, and whoever holds the ticket may do no more than this.
    """
    scope = _read(_meant())
    with unit_of_work():
        if scope.subject:
            watches.watch(scope.viewer, scope.subject, scope.subject_id, Level.MUTED)
        else:
            preferences.stop_mails(scope.viewer)
    if "what" not in request.form:
        return current_app.response_class(mimetype="text/plain")
    return go_to(url_for(".show_stop", ticket=ticket, done="thing" if scope.subject else "all"))


@bp.post("/notices/stop/<ticket>/delete")
@public
@limiter.limit(POSTING, key_func=network_address)
@limiter.limit(_TO_AND_FRO, key_func=_counted)
def delete_stop(ticket: str) -> ResponseReturnValue:
    """Mails again, as it was before."""
    scope = _read(_meant())
    with unit_of_work():
        if scope.subject:
            watches.unmute(scope.viewer, scope.subject, scope.subject_id)
        else:
            preferences.resume_mails(scope.viewer)
    return go_to(url_for(".show_stop", ticket=ticket))


def _read(ticket: str) -> Scope:
    """What the ticket is good for; `NotFound` for one that is over or was revoked."""
    found = read_ticket(STOP_MAILS, ticket)
    member_id, series, subject, subject_id = found.values
    scope = Scope(int(member_id), int(series), str(subject), int(subject_id), found.ends)
    chosen = choices.preferences(scope.viewer)
    if chosen is None or chosen.link_series != scope.series:
        raise NotFound
    return scope


def _stops(scope: Scope, *, with_titles: bool) -> list[Stop]:
    """What the mail was about, the wider things it is in, and all mails."""
    found = []
    entry = _entry_for(scope) if scope.subject else None
    if scope.subject:
        title = entry.title if entry and with_titles else ""
        found.append(
            Stop(
                _ticket(scope, scope.subject, scope.subject_id),
                _("Keine Mails mehr zu „%(title)s“", title=title) if title else _("Dazu keine Mails mehr"),
                _("Doch wieder Mails zu „%(title)s“", title=title) if title else _("Dazu doch wieder Mails"),
                _is_muted(scope, scope.subject, scope.subject_id),
            )
        )
    for kind, above_id, title in entry.above if entry else ():
        words = _words_for_wider(kind, title if with_titles else "")
        found.append(Stop(_ticket(scope, kind, above_id), *words, _is_muted(scope, kind, above_id)))
    chosen = choices.preferences(scope.viewer)
    if chosen and (chosen.rhythm is not Rhythm.NEVER or chosen.former_rhythm):
        is_stopped = chosen.rhythm is Rhythm.NEVER
        found.append(
            Stop(_ticket(scope, "", 0), _("Gar keine Mails mehr"), _("Doch wieder Mails"), is_stopped)
        )
    return found


def _words_for_wider(kind: str, title: str) -> tuple[str, str]:
    """What is said of stopping mails from a wider thing, and of taking them up again."""
    if title:
        stop = _("Keine Mails mehr aus „%(title)s“", title=title)
        return stop, _("Doch wieder Mails aus „%(title)s“", title=title)
    if kind == SPACE:
        return _("Aus dem ganzen Bereich keine Mails mehr"), _("Aus dem Bereich doch wieder Mails")
    return _("Aus dem ganzen Forum keine Mails mehr"), _("Aus dem Forum doch wieder Mails")


def _ticket(scope: Scope, subject: str, subject_id: int) -> str:
    """For a button of the page; it ends when the link in the mail does."""
    return write_ticket(STOP_MAILS, scope.member_id, scope.series, subject, subject_id, ends=scope.ends)


def _is_muted(scope: Scope, subject: str, subject_id: int) -> bool:
    return choices.level_of(scope.viewer, subject, subject_id) is Level.MUTED


def _entry_for(scope: Scope) -> Entry | None:
    """The thing, if the member may (still) be told of it."""
    reader = readers([scope.member_id]).get(scope.member_id)
    ever = Since(scope.subject_id, 0, _LAST)
    found = described(reader.viewer, scope.subject, [ever], with_lines=False) if reader else {}
    return found.get(scope.subject_id)
