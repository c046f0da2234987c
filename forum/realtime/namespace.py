"""The base of every `sockets.py`: refuses strangers, asks afresh who somebody is, answers refusals in one way."""

import functools
import logging
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from flask import Flask, g, request
from flask_babel import force_locale, get_locale
from flask_babel import gettext as _
from flask_login import current_user
from flask_socketio import ConnectionRefusedError, join_room, leave_room
from flask_socketio import Namespace as SocketNamespace
from sqlalchemy.exc import DataError, IntegrityError

from forum.core.access import Viewer
from forum.core.db import db, unit_of_work
from forum.core.errors import Conflict, Denied, Invalid, NotFound, Refusal
from forum.realtime.buckets import Buckets, LocalBuckets
from forum.realtime.presence import LocalPresence, Presence

Answer = dict[str, Any]
Data = dict[str, Any]
Handler = Callable[[Any, Viewer, Data], Answer | None]
Own = TypeVar("Own", bound=Callable[..., Any])

#: Sockets of one member at a time, in all tabs and on all devices, within one process.
SOCKETS_PER_MEMBER = 40
#: What entering a namespace takes out of the connection's bucket: ten times at once, then twice a second.
_ENTERING = 6
_RESERVED = frozenset({"connect", "disconnect"})
_NAMES = {NotFound: "not_found", Denied: "denied", Invalid: "invalid", Conflict: "conflict"}
log = logging.getLogger(__name__)


def event(*, writes: bool = False, cost: float = 1) -> Callable[[Handler], Callable[..., Answer]]:
    """Make a method `on_<name>(viewer, data)` answer the event `<name>`.

    With `writes` it runs in a unit of work. `cost` is what it takes out of the member's bucket. The client is
    answered with `{"ok": true, …}` or `{"ok": false, "error": …, "message": …}`, whatever happens.
    """

    def declare(method: Handler) -> Callable[..., Answer]:
        @functools.wraps(method)
        def answer(self: "Namespace", *given: Any) -> Answer:
            if (too_fast := self.hold_back(cost)) is not None:
                return too_fast
            viewer = _viewer()
            if not viewer.is_signed_in:
                self.hang_up()
                return refusal("signed_out", _("Du bist abgemeldet. Lade die Seite neu und melde dich an."))
            if len(given) != 1 or not isinstance(given[0], dict):
                return refusal("invalid", _unreadable())
            try:
                with _transaction(writes):
                    result = method(self, viewer, given[0])
            except Refusal as no:
                return refusal(_NAMES[type(no)], no.message or _default(no), no.field)
            except IntegrityError:
                db.session.rollback()
                return refusal("conflict", _("Jemand war im selben Moment schneller. Sende es noch einmal."))
            except (OverflowError, DataError):
                db.session.rollback()
                return refusal("not_found", _default(NotFound()))
            except Exception:
                log.exception("unhandled fault in event %s", method.__name__)
                db.session.rollback()
                return refusal("broken", _("Etwas ist schiefgegangen. Versuche es gleich noch einmal."))
            return {"ok": True, **(result or {})}

        answer.is_event = True  # type: ignore[attr-defined]
        return answer

    return declare


def refusal(error: str, message: str, field: str | None = None) -> Answer:
    """The one kind of answer that says no."""
    return {"ok": False, "error": error, "message": message, "field": field}


def number(data: Data, name: str) -> int:
    """The whole number `name` of an event's data; `Invalid` if there is none."""
    value = data.get(name)
    if isinstance(value, bool) or not isinstance(value, int):
        raise Invalid(_unreadable(), name)
    return value


def text(data: Data, name: str) -> str:
    """The text `name` of an event's data; `Invalid` if there is none."""
    value = data.get(name)
    if not isinstance(value, str):
        raise Invalid(_unreadable(), name)
    return value


def key(data: Data, name: str = "key") -> UUID:
    """The client key of an event's data; `Invalid` if there is none."""
    try:
        return UUID(text(data, name))
    except ValueError:
        raise Invalid(_unreadable(), name) from None


@dataclass(frozen=True, slots=True)
class _Caller:
    """Who is at the other end of a socket, as far as it can be said without asking the database."""

    member_id: int
    language: str


class Namespace(SocketNamespace):
    """A capability's events. Subclasses say which channels a member hears, and answer with `@event` methods."""

    app: Flask
    buckets: Buckets = LocalBuckets()
    presence: Presence = LocalPresence()

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._callers: dict[str, _Caller] = {}

    def channels_of(self, viewer: Viewer) -> Iterable[str]:
        """What a member hears besides what is said to the person and to the person's spaces."""
        return ()

    def arrived(self, viewer: Viewer) -> None:
        """A socket of the member has connected."""

    def left(self, member_id: int, channels: list[str]) -> None:
        """A socket of the member is gone; it was in these channels."""

    def trigger_event(self, event: str, *args: Any) -> Any:
        """Dispatch. Nobody connects or disconnects by sending an event of that name; unknown ones are answered."""
        if event in _RESERVED:
            if self.server.manager.is_connected(args[0], self.namespace):
                return refusal("not_found", "")
        elif not getattr(getattr(type(self), f"on_{event}", None), "is_event", False):
            return refusal("not_found", "")
        return super().trigger_event(event, *args)

    def on_connect(self, _auth: Any = None) -> None:
        """Let members in, and enter their channels; strangers are refused."""
        if not self.buckets.take(f"line:{self._line}", _ENTERING):
            raise ConnectionRefusedError({"error": "too_many"})
        viewer = _viewer()
        if viewer.member_id is None:
            raise ConnectionRefusedError({"error": "signed_out"})
        sockets = sum(caller.member_id == viewer.member_id for caller in list(self._callers.values()))
        if sockets >= SOCKETS_PER_MEMBER:
            raise ConnectionRefusedError({"error": "too_many"})
        self._callers[self.sid] = _Caller(viewer.member_id, str(get_locale()))
        join_room(f"member:{viewer.member_id}")
        join_room(f"device:{current_user.device_id}")
        # From here on, being sent away reaches this socket; whoever was before is found out by asking anew.
        db.session.rollback()
        if _asked_again() != viewer:
            self._callers.pop(self.sid, None)
            raise ConnectionRefusedError({"error": "changed"})
        for channel in (*(f"space:{space_id}" for space_id in viewer.spaces), *self.channels_of(viewer)):
            join_room(channel)
        self.arrived(viewer)

    def on_disconnect(self, _reason: Any = None) -> None:
        """Forget the socket."""
        sid: str = request.sid  # type: ignore[attr-defined]
        caller = self._callers.pop(sid, None)
        if caller is None:
            return
        channels = [
            channel for channel in self.server.manager.get_rooms(sid, self.namespace) if channel != sid
        ]
        self.left(caller.member_id, channels)

    def enter(self, channel: str) -> None:
        """Let the asking socket hear what is said in `channel`, unless it was cut off meanwhile."""
        with suppress(KeyError, ValueError):
            join_room(channel)

    def leave(self, channel: str) -> None:
        """Let it no longer hear."""
        leave_room(channel)

    def later(self, seconds: float, action: Callable[[], None]) -> None:
        """Have `action` done after `seconds`, in an application context."""

        def act() -> None:
            with self.app.app_context():
                action()

        self.server.eio.wire.later(seconds, act)

    @property
    def sid(self) -> str:
        """The asking socket."""
        sid: str = request.sid  # type: ignore[attr-defined]
        return sid

    @property
    def _line(self) -> str | None:
        """The connection that the asking socket runs over."""
        line: str | None = self.server.manager.eio_sid_from_sid(self.sid, self.namespace)
        return line

    def hold_back(self, cost: float) -> Answer | None:
        """The refusal of an event that is one too many; it asks no database, as there may be thousands."""
        caller = self._callers.get(self.sid)
        if caller is None or self.buckets.take(f"member:{caller.member_id}", cost):
            return None
        with force_locale(caller.language):
            return refusal("too_fast", _("Das war sehr viel auf einmal. Warte einen Moment."))

    def hang_up(self) -> None:
        """End the asking socket's connection."""
        eio_sid = self._line
        self.server.disconnect(self.sid, namespace=self.namespace, ignore_queue=True)
        if eio_sid is not None:
            self.server.eio.disconnect(eio_sid)


def _viewer() -> Viewer:
    """Who asks, now: Flask's hooks do not run for sockets, and a connection outlives many a role."""
    viewer: Viewer = Viewer() if current_user.must_enrol else current_user.viewer
    g.viewer = viewer
    return viewer


def _asked_again() -> Viewer:
    del g._login_user  # Flask-Login keeps the answer for the length of a request
    return _viewer()


def _transaction(writes: bool) -> AbstractContextManager[None]:
    return unit_of_work() if writes else nullcontext()


def _unreadable() -> str:
    return _("Das war nicht zu lesen. Lade die Seite neu und versuche es noch einmal.")


def _default(no: Refusal) -> str:
    if isinstance(no, NotFound):
        return _("Das gibt es nicht, oder es ist nicht für dich freigegeben.")
    return _("Das darfst du hier nicht.")
