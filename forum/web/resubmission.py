"""A write that could not be taken now is offered again, with everything that was typed.

The session ran out, the form's token is stale, or too many writes came at once: the visitor gets a page that
holds the fields in a form towards the same address. Signing in leads through that page too. Nothing is stored.
"""

import json
from urllib.parse import urlsplit

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

#: What a form may carry through a sign-in, in characters; more than the longest post.
KEPT_LIMIT = 200_000
#: Only what somebody wrote is offered again. A bare button is not: it is pressed again where it stands, so that
#: nobody confirms an act that the page does not show.
_WRITTEN = {"title", "text"}
_SECRET = {"csrf_token", "password", "new_password", "code"}


def ask_to_sign_in() -> ResponseReturnValue:
    """For a page: go to sign-in and come back. For a write: sign in with the typed fields kept."""
    if request.method in {"GET", "HEAD"}:
        return redirect(url_for("accounts.new_session", next=request.full_path.rstrip("?")))
    if request.headers.get("X-Requested-With") == "fetch":
        return {"error": "signed_out"}, 401
    return render_template("accounts/new_session.html", **kept_request()), 401


def kept_request() -> dict[str, str]:
    """This request's address and typed fields, as template values `kept_action` and `kept_fields` (JSON).

    Empty where nothing was written.
    """
    if not _WRITTEN & request.form.keys():
        return {}
    fields = {name: value for name, value in request.form.items() if name not in _SECRET}
    return {"kept_action": request.path, "kept_fields": json.dumps(fields)}


def offer_again(action: str, fields_json: str, reason: str, status: int) -> ResponseReturnValue:
    """The page with the kept fields and a button that sends them to `action`, a path of this site.

    Without anything written in them, a page that only says why.
    """
    fields = read_fields(fields_json)
    if not _WRITTEN & fields.keys():
        return render_template(
            "web/error.html", status=status, title=_("Noch einmal, bitte"), text=reason
        ), status
    return render_template(
        "web/resubmit.html", action=local_path(action), fields=fields, reason=reason
    ), status


def read_fields(fields_json: str) -> dict[str, str]:
    """The kept fields as sent back by the browser; anything malformed is no field at all."""
    if len(fields_json) > KEPT_LIMIT:
        return {}
    try:
        fields = json.loads(fields_json)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(fields, dict):
        return {}
    return {str(name): value for name, value in fields.items() if isinstance(value, str)}


def local_path(target: str | None) -> str:
    """`target` if it is a path of this site, else the start page: no redirect ever leads elsewhere."""
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")) or "\\" in target:
        return "/"
    parts = urlsplit(target)
    return "/" if parts.scheme or parts.netloc or any(sign < " " for sign in target) else target
