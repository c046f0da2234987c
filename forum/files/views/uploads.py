"""Files on their way up, by tus 1.0 (https://tus.io/protocols/resumable-upload) with three of its extensions.

An upload's address is its key, which the sender's browser makes: who begins twice begins once.
"""

from base64 import b64decode, b64encode
from collections.abc import Callable
from functools import wraps
from uuid import UUID, uuid4

from flask import Response, abort, g, make_response, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.http import http_date

from forum.core.db import unit_of_work
from forum.core.errors import Invalid
from forum.files import queries
from forum.files.models import File
from forum.files.policy import KEPT_UNSENT
from forum.files.queries import FileCard
from forum.files.receiving import append, find_upload
from forum.files.sentences import removable
from forum.files.service import uploads
from forum.files.store import limits
from forum.files.views.blueprint import bp
from forum.web.access import members_only
from forum.web.forms import takes_files
from forum.web.limits import limiter

#: Somebody files away the papers of years; each begins once and comes in a few parts.
BEGINNING = "200 per minute; 3000 per hour"
SENDING = "1200 per minute"
_VERSION = "1.0.0"
_EXTENSIONS = "creation,expiration,termination"
_PART = "application/offset+octet-stream"

View = Callable[..., ResponseReturnValue]


def _speaks_tus(view: View) -> View:
    """Refuse who speaks another version of the protocol."""

    @wraps(view)
    def checked(**arguments: UUID) -> ResponseReturnValue:
        if request.headers.get("Tus-Resumable", _VERSION) != _VERSION:
            return _answer(412, {"Tus-Version": _VERSION})
        return view(**arguments)

    return checked


@bp.after_request
def name_protocol(response: Response) -> Response:
    """Every answer says which version is spoken, OPTIONS also what else is known."""
    if "Tus-Resumable" in request.headers:
        response.headers["Tus-Resumable"] = _VERSION
    if request.method == "OPTIONS":
        response.mimetype = "text/plain"
        response.headers["Tus-Version"] = _VERSION
        response.headers["Tus-Extension"] = _EXTENSIONS
        response.headers["Tus-Max-Size"] = str(limits().file)
    return response


@bp.post("/files")
@members_only
@limiter.limit(BEGINNING)
@_speaks_tus
def create_upload() -> ResponseReturnValue:
    size = request.headers.get("Upload-Length", type=int)
    if size is None:
        raise Invalid(_("Es fehlt, wie groß die Datei ist."))
    about = _read_metadata(request.headers.get("Upload-Metadata", ""))
    key = _key(about.get("key"))
    with unit_of_work():
        file = uploads.begin_upload(g.viewer, key, about.get("filename", ""), size, about.get("place", ""))
    address = url_for("files.show_upload", key=file.key)
    return _answer(201, {"Location": address} | _expiry(file))


@bp.get("/files/<uuid:key>")
@members_only
@_speaks_tus
def show_upload(key: UUID) -> ResponseReturnValue:
    """HEAD says how far it is; GET says to our own script what has become of it."""
    file, here = find_upload(g.viewer, key)
    if request.method == "HEAD":
        answer = _answer(200, _offset(here) | _expiry(file))
        answer.headers["Upload-Length"] = str(file.size)
        answer.headers["Upload-Metadata"] = "filename " + b64encode(file.name.encode()).decode()
    else:
        answer = make_response(_data_of(queries.card_of(file, g.viewer.member_id)))
    answer.headers["Cache-Control"] = "no-store"
    return answer


@bp.route("/files/<uuid:key>", methods=["PATCH", "POST"])
@members_only
@limiter.limit(SENDING)
@takes_files
@_speaks_tus
def update_upload(key: UUID) -> ResponseReturnValue:
    """The next part. Some lines let no PATCH pass: the same as POST that says what it means."""
    if request.method == "POST" and request.headers.get("X-HTTP-Method-Override") != "PATCH":
        abort(405)
    if request.mimetype != _PART:
        abort(415)
    offset = request.headers.get("Upload-Offset", type=int)
    if offset is None:
        raise Invalid(_("Es fehlt, ab welcher Stelle die Datei weitergeht."))
    return _answer(204, _offset(append(g.viewer, key, offset, request.stream)))


@bp.delete("/files/<uuid:key>")
@members_only
@_speaks_tus
def delete_upload(key: UUID) -> ResponseReturnValue:
    with unit_of_work():
        uploads.discard(g.viewer, key)
    return _answer(204, {})


def _answer(status: int, headers: dict[str, str]) -> Response:
    """The protocol talks in headers; there is no page."""
    return Response(status=status, headers=headers, mimetype="text/plain")


def _read_metadata(header: str) -> dict[str, str]:
    """`filename d29ybGQ=,place dG9waWM6MQ==`: names, and values in Base64."""
    found = {}
    for pair in header.split(","):
        name, _space, value = pair.strip().partition(" ")
        try:
            found[name] = b64decode(value, validate=True).decode(errors="replace")
        except ValueError:
            raise Invalid(_("Die Angaben zur Datei sind nicht lesbar.")) from None
    return found


def _key(sent: str | None) -> UUID:
    if not sent:
        return uuid4()
    try:
        return UUID(sent)
    except ValueError:
        raise Invalid(_("Die Angaben zur Datei sind nicht lesbar.")) from None


def _offset(here: int) -> dict[str, str]:
    return {"Upload-Offset": str(here)}


def _expiry(file: File) -> dict[str, str]:
    """When it is thrown away, if it is not complete and sent by then."""
    return {"Upload-Expires": http_date(file.created_at + KEPT_UNSENT)} if file.owner is None else {}


def _data_of(card: FileCard) -> dict[str, object]:
    return {
        "id": card.id,
        "key": str(card.key),
        "name": card.name,
        "size": card.size,
        "received": card.received,
        "state": card.state,
        "refusal": card.refusal,
        "findings": card.findings,
        "removable": bool(removable(card.traces, card.kind)),
        "strip_failed": card.strip_failed,
        "preview": card.preview,
    }
