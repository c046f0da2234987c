"""Pushes to browsers, and the network as an app: what a browser asks for to have both."""

import json
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import NamedTuple

from flask import Response, current_app, flash, g, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from forum.config import ROOT, Settings
from forum.core.browsers import label_of
from forum.core.db import unit_of_work
from forum.notifications.forms import PushDeviceForm
from forum.notifications.models import PushDevice
from forum.notifications.service import pushes, vapid
from forum.notifications.views.blueprint import bp
from forum.web.access import members_only, public
from forum.web.answers import go_to
from forum.web.limits import limiter

#: Pushes to oneself, to see whether they arrive.
_PROBING = "5 per minute; 30 per hour"
#: What the page for times without connection is made of.
_OFFLINE = (
    "web/app.css",
    "vendor/bootstrap/bootstrap.css",
    "notifications/notices.css",
    "notifications/offline.js",
)
_ICONS = (("192", 192, "any"), ("512", 512, "any"), ("maskable", 512, "maskable"))
#: The worker's own rules: nothing but this site.
_WORKER_POLICY = "default-src 'none'; connect-src 'self'; img-src 'self'; script-src 'self'"


class PushSetup(NamedTuple):
    """What the page needs to switch pushes on, and where they are."""

    key: str
    devices: Sequence[PushDevice]
    device_id: int


@bp.app_template_global()
def push_setup() -> PushSetup:
    """For the page on which pushes are switched on."""
    return PushSetup(
        vapid.public_key(_settings().instance), pushes.devices_of(g.viewer), current_user.device_id
    )


@bp.post("/push-devices")
@members_only
@limiter.limit("30 per hour")
def create_push_device() -> ResponseReturnValue:
    """Asked by our script, which got the fields from the browser."""
    form = PushDeviceForm()
    name = label_of(request.user_agent.string)
    made = form.succeeds(
        lambda: pushes.register(
            g.viewer,
            current_user.device_id,
            form.endpoint.data,
            form.public_key.data,
            form.secret.data,
            name,
        )
    )
    if not made:
        return {"error": " ".join(form.form_errors) or _("Das hat nicht geklappt.")}, 422
    return {"ok": True}


@bp.post("/push-devices/delete")
@members_only
def delete_push_endpoint() -> ResponseReturnValue:
    """The browser itself takes no more pushes, or its reader wants none."""
    with unit_of_work():
        pushes.remove_endpoint(g.viewer, request.form.get("endpoint", ""))
    return {"ok": True}


@bp.post("/push-devices/<int:push_device_id>/delete")
@members_only
def delete_push_device(push_device_id: int) -> ResponseReturnValue:
    with unit_of_work():
        pushes.remove(g.viewer, push_device_id)
    flash(_("Auf diesem Gerät wird nichts mehr gemeldet."), "success")
    return go_to(_devices_page())


@bp.post("/push-devices/probe")
@members_only
@limiter.limit(_PROBING)
def create_push_probe() -> ResponseReturnValue:
    with unit_of_work():
        pushes.send_probe(g.viewer)
    flash(_("Die Testmeldung ist unterwegs. Sie kommt in ein paar Sekunden."), "success")
    return go_to(_devices_page())


@bp.get("/manifest.webmanifest")
@public
def show_manifest() -> ResponseReturnValue:
    """How the network looks as an app; the same for everybody."""
    manifest = {
        "id": "/",
        "name": _("Betriebsräte-Netzwerk"),
        "short_name": _("Netzwerk"),
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "background_color": "#f4f6f7",
        "theme_color": "#00596f",
        "icons": [
            {
                "src": _asset(f"notifications/icons/{name}.png"),
                "sizes": f"{size}x{size}",
                "type": "image/png",
                "purpose": purpose,
            }
            for name, size, purpose in _ICONS
        ],
    }
    return _uncached(json.dumps(manifest, ensure_ascii=False), "application/manifest+json")


@bp.get("/sw.js")
@public
def show_worker() -> ResponseReturnValue:
    """The service worker, with the names of the files it keeps; new files have new names and so make a new worker."""
    files = [_asset(name) for name in _OFFLINE]
    known = {
        "files": files,
        "page": url_for(".show_offline"),
        "icon": _asset("notifications/icons/192.png"),
        "badge": _asset("notifications/icons/badge.png"),
        "title": _("Netzwerk"),
    }
    answer = _uncached(f"const HOUSE = {json.dumps(known)};\n{_worker_source()}", "text/javascript")
    answer.headers["Content-Security-Policy"] = _WORKER_POLICY
    answer.headers["Service-Worker-Allowed"] = "/"
    return answer


@bp.get("/offline")
@public
def show_offline() -> ResponseReturnValue:
    """What a browser shows that keeps it, when there is no connection; nobody's name is on it."""
    return render_template("notifications/show_offline.html")


def _asset(path: str) -> str:
    """The address of a static file, as templates have it."""
    address: Callable[[str], str] = current_app.jinja_env.globals["asset"]  # type: ignore[assignment]  # of any type
    return address(path)


def _settings() -> Settings:
    found: Settings = current_app.extensions["settings"]
    return found


def _devices_page() -> str:
    return f"{url_for('.edit_preferences')}#pushes"


def _uncached(text: str, kind: str) -> Response:
    answer = current_app.response_class(text, mimetype=kind)
    answer.headers["Cache-Control"] = "no-cache"
    return answer


@lru_cache(maxsize=1)
def _worker_source() -> str:
    return (ROOT / "static" / "notifications" / "worker.js").read_text()
