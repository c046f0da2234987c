"""The live part of the application: made once, by the composition root."""

from collections.abc import Callable, Collection, Iterable, Mapping
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from flask import Flask
from flask_socketio import SocketIO

from forum.config import Settings
from forum.realtime.buckets import LocalBuckets, SharedBuckets
from forum.realtime.engine import Engine
from forum.realtime.managers import LocalManager, SharedManager
from forum.realtime.namespace import Namespace
from forum.realtime.packets import Packet, Unreadable
from forum.realtime.presence import LocalPresence, SharedPresence
from forum.realtime.store import SharedStore

#: Where the sockets are, on every page.
PATH = "live"
PING_INTERVAL = 25
PING_TIMEOUT = 20
FRAME_LIMIT = 64 * 1024
#: How often it is asked who of the connected is still signed in, in seconds.
ROUND = 60.0

StillSignedIn = Callable[[Collection[int]], set[int]]


def init_realtime(
    app: Flask,
    settings: Settings,
    namespaces: Iterable[Namespace],
    still_signed_in: StillSignedIn,
    headers: Mapping[str, str],
) -> None:
    """Serve Socket.IO under `/live`.

    `still_signed_in` tells which of these devices are; every answer carries `headers`.
    """
    shared = SharedStore(settings.redis_url, settings.secret_key) if settings.redis_url else None
    socketio = SocketIO(manage_session=False)
    options = {
        "async_mode": "threading",
        "async_handlers": False,  # each client's events in their order; the wire has threads of its own
        "cors_allowed_origins": _origins(settings.public_url),
        "max_http_buffer_size": FRAME_LIMIT,
        "ping_interval": PING_INTERVAL,
        "ping_timeout": PING_TIMEOUT,
        "http_compression": False,
        "cookie": None,
    }
    manager = SharedManager(shared) if shared else LocalManager(settings.instance)
    socketio.init_app(app, path=PATH, client_manager=manager, serializer=Packet, **options)
    engine = Engine(
        limit=settings.socket_limit,
        polling_limit=max(2, settings.server_threads // 2),
        headers=headers,
        **options,
    )
    server = socketio.server
    server.eio = engine
    for name, handler in (
        ("connect", server._handle_eio_connect),
        ("message", _reading(server, engine)),
        ("disconnect", server._handle_eio_disconnect),
    ):
        engine.on(name, handler)
    buckets = SharedBuckets(shared) if shared else LocalBuckets()
    for namespace in namespaces:
        namespace.app = app
        namespace.buckets = buckets
        namespace.presence = SharedPresence(shared) if shared else LocalPresence()
        socketio.on_namespace(namespace)
    engine.is_known = partial(_shows_session, app)
    engine.has_entered = lambda eio_sid: any(
        manager.sid_from_eio_sid(eio_sid, name) for name in server.namespace_handlers
    )
    _keep_asking(app, engine, socketio, still_signed_in)


def _reading(server: Any, engine: Engine) -> Callable[[str, Any], None]:
    def read(eio_sid: str, data: Any) -> None:
        """Whoever speaks another language is sent away, and the log says nothing of it: it could be filled so."""
        try:
            # Nothing at all would pass for an event without a name.
            server._handle_eio_message(eio_sid, data or "-")
        except Unreadable:
            engine.disconnect(eio_sid)

    return read


def _shows_session(app: Flask, environ: dict[str, Any]) -> bool:
    """Whether the request carries somebody's signed session; whether it still counts is asked later."""
    session = app.session_interface.open_session(app, app.request_class(environ, populate_request=False))
    return session is not None and "_user_id" in session


def _origins(public_url: str) -> Callable[[str, dict[str, str]], bool]:
    """Our own pages may connect, nobody else's."""

    def is_ours(origin: str, environ: dict[str, str]) -> bool:
        own = f"{environ.get('wsgi.url_scheme')}://{environ.get('HTTP_HOST')}"
        return origin in (own, _origin(public_url))

    return is_ours


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _keep_asking(app: Flask, engine: Engine, socketio: SocketIO, still_signed_in: StillSignedIn) -> None:
    """Cut off devices whose time has run out, which no request tells us of."""

    def look() -> None:
        engine.wire.later(ROUND, look)
        channels = {
            channel
            for name in list(socketio.server.namespace_handlers)
            for channel in list(socketio.server.manager.rooms.get(name, {}))
            if channel and channel.startswith("device:")
        }
        devices = {int(channel.removeprefix("device:")) for channel in channels}
        with app.app_context():
            for device_id in devices - still_signed_in(devices):
                for name in socketio.server.namespace_handlers:
                    socketio.close_room(f"device:{device_id}", namespace=name)

    engine.on_first_client = lambda: engine.wire.later(ROUND, look)
