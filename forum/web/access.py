"""Every endpoint states who may call it; what states nothing is refused."""

import enum
from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, current_app, g, request, session
from flask.typing import ResponseReturnValue
from flask_login import current_user

from forum.core.errors import NotFound
from forum.web.errors import error_page
from forum.web.resubmission import ask_to_sign_in

View = TypeVar("View", bound=Callable[..., Any])

#: What a browser says of a request that a page of somebody else's made.
_FOREIGN = frozenset({"cross-site", "same-site"})
#: What changes nothing, whoever asks.
_READING = frozenset({"GET", "HEAD", "OPTIONS"})


class Access(enum.Enum):
    """Who may call an endpoint at all. What they may do there is decided by the service."""

    PUBLIC = "public"
    MEMBER = "member"
    ADMINISTRATOR = "administrator"


def public(view: View) -> View:
    """Anybody, signed in or not."""
    return _declare(view, Access.PUBLIC)


def members_only(view: View) -> View:
    """Whoever is signed in; a visitor is asked to sign in and comes back."""
    return _declare(view, Access.MEMBER)


def administrators_only(view: View) -> View:
    """Administrators; for others the page does not exist."""
    return _declare(view, Access.ADMINISTRATOR)


def access_of(view: Callable[..., Any]) -> Access | None:
    """What the view declared, or None."""
    return getattr(view, "access", None)


def init_access(app: Flask) -> None:
    """Check the declared access before every request; `g.viewer` is set from here on."""

    @app.before_request
    def admit() -> ResponseReturnValue | None:
        g.viewer = current_user.viewer
        if request.method not in _READING and request.headers.get("Sec-Fetch-Site") in _FOREIGN:
            # Another site's form would be offered again after sign-in, to be sent by an unsuspecting hand.
            answer = error_page(400)
            session.modified = False  # nor may the page's new session take the place of the member's own
            return answer
        if request.endpoint is None:
            return None  # no such address: the router's 404 follows
        access = access_of(current_app.view_functions[request.endpoint])
        if access is None:
            raise NotFound
        if access is Access.PUBLIC:
            return None
        if not g.viewer.is_signed_in:
            return ask_to_sign_in()
        if access is Access.ADMINISTRATOR and not g.viewer.is_administrator:
            raise NotFound
        return None


def _declare(view: View, access: Access) -> View:
    view.access = access  # type: ignore[attr-defined]
    return view
