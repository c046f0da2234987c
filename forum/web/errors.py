"""Refusals and faults, mapped to pages once."""

import logging

from flask import Flask, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DataError, IntegrityError
from werkzeug.exceptions import HTTPException

from forum.core.db import db
from forum.core.errors import Conflict, Denied, Invalid, NotFound, Refusal
from forum.web.resubmission import kept_request, offer_again

_STATUS = {NotFound: 404, Denied: 403, Invalid: 422, Conflict: 409}
#: PostgreSQL's word for a number that does not fit.
_OUT_OF_RANGE = "22003"
log = logging.getLogger(__name__)
#: How gunicorn begins lines that go on with the sender's address, or with what was asked for.
_TELLING = ("Invalid request", "Error handling request")


def status_of(refusal: Refusal) -> int:
    """The HTTP status of a refusal."""
    return _STATUS[type(refusal)]


def init_errors(app: Flask) -> None:
    """Answer every refusal and fault with a page in the reader's language (JSON for our own scripts).

    The server's own log tells of them without saying from where they came, and what they asked for.
    """
    logging.getLogger("gunicorn.error").addFilter(_untelling)

    @app.errorhandler(Refusal)
    def refused(refusal: Refusal) -> ResponseReturnValue:
        return error_page(status_of(refusal), refusal.message)

    @app.errorhandler(CSRFError)
    def stale_form(_error: CSRFError) -> ResponseReturnValue:
        return _again(
            _("Diese Seite war zu lange offen. Es ist nichts verloren: Sende es einfach noch einmal."), 400
        )

    @app.errorhandler(429)
    def too_many(_error: HTTPException) -> ResponseReturnValue:
        return _again(
            _("Das war sehr oft in kurzer Zeit. Warte einen Moment und sende es dann noch einmal."), 429
        )

    @app.errorhandler(IntegrityError)
    def beaten(_error: IntegrityError) -> ResponseReturnValue:
        """Two people made the same thing at once, past the service's own check: the database kept the first."""
        db.session.rollback()
        return _again(_("Jemand war im selben Moment schneller. Sende es noch einmal."), 409)

    @app.errorhandler(OverflowError)
    @app.errorhandler(DataError)
    def beyond_counting(error: OverflowError | DataError) -> ResponseReturnValue:
        """An id larger than the database can hold belongs to nothing."""
        if isinstance(error, DataError) and getattr(error.orig, "sqlstate", "") != _OUT_OF_RANGE:
            raise error
        db.session.rollback()  # the page needs the database
        return error_page(404)

    @app.errorhandler(HTTPException)
    def fault(error: HTTPException) -> ResponseReturnValue:
        return error_page(error.code or 500)

    @app.errorhandler(Exception)
    def crash(error: Exception) -> ResponseReturnValue:
        if app.testing:
            raise error
        log.exception("unhandled fault at %s", request.endpoint)
        db.session.rollback()  # PostgreSQL answers nothing more in a transaction that failed, and the page asks
        return error_page(500)


def _untelling(record: logging.LogRecord) -> bool:
    """Shortens a line of gunicorn's that tells who asked for what; every line is logged."""
    for words in _TELLING:
        if str(record.msg).startswith(words):
            record.msg, record.args = words, ()
    return True


def error_page(status: int, message: str = "") -> ResponseReturnValue:
    """A page that says what happened and what to do; the same for a missing and for a forbidden thing."""
    title, text = _words(status)
    if request.headers.get("X-Requested-With") == "fetch":
        return {"error": message or text}, status
    return render_template("web/error.html", status=status, title=title, text=message or text), status


def _again(reason: str, status: int) -> ResponseReturnValue:
    if request.headers.get("X-Requested-With") == "fetch":
        return {"error": reason}, status
    if request.method != "POST":
        return error_page(status, reason)  # nothing was typed, and a button would send what nobody wrote
    kept = kept_request()
    return offer_again(kept.get("kept_action", ""), kept.get("kept_fields", ""), reason, status)


def _words(status: int) -> tuple[str, str]:
    if status == 404:
        return _("Nicht gefunden"), _("Diese Seite gibt es nicht, oder sie ist nicht für dich freigegeben.")
    if status == 403:
        return _("Das darfst du hier nicht"), _("Frag die Moderation deines Bereichs, wenn du das brauchst.")
    if status == 409:
        return _("Jemand war schneller"), _("Lade die Seite neu und versuche es noch einmal.")
    if status == 413:
        return _("Zu groß"), _(
            "Was du senden willst, ist zu groß. Kürze den Text oder wähle eine kleinere Datei."
        )
    if status < 500:
        return _("Das hat nicht geklappt"), _("Geh zurück und prüfe deine Eingabe.")
    return _("Etwas ist schiefgegangen"), _("Das liegt an uns. Versuche es in ein paar Minuten noch einmal.")
