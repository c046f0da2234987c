"""Engine.IO whose WebSockets hang on one wire; long polling stays with the web server's threads."""

import io
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import engineio
from engineio.packet import NOOP, OPEN, PING, PONG, UPGRADE, Packet
from engineio.socket import Socket

from forum.core.clock import now
from forum.realtime.wire import Connection, Wire, is_handshake, text_frame

#: Seconds that a client may be connected before it enters a namespace; without a signed cookie it never will.
_HESITATION, _STRANGERS_HESITATION = 15.0, 3.0
#: So many of these at a time: nobody outside shall take the places of members.
_STRANGERS = 50
#: Events carry their data in the message; there is no body to read.
_NO_BODY = io.BytesIO()
_SORRY = "Gerade sind sehr viele verbunden. Die Seiten gehen weiter; Neues siehst du beim Neuladen."

StartResponse = Callable[..., Any]


class LineSocket(Socket):
    """One client. Once it has a WebSocket, packets are written to it directly instead of queued for a thread."""

    server: "Engine"
    connected: bool
    last_ping: float | None

    def __init__(self, server: "Engine", sid: str) -> None:
        super().__init__(server, sid)
        self.line: Connection | None = None
        self._probed = False

    def send(self, pkt: Packet) -> None:
        """Send a packet; a client that is gone gets nothing and harms nobody."""
        if self.line is None or not self.upgraded:
            if not self.closed:
                self.queue.put(pkt)
        elif not self.closed:
            self.line.send(_frame(pkt))

    def schedule_ping(self) -> None:
        """The next ping, by the wire's clock."""
        if self.last_ping:
            self.last_ping = None
            self.server.wire.later(self.server.ping_interval, self._ping)

    def close(self, wait: bool = True, abort: bool = False, reason: str | None = None) -> None:
        """End the connection; never waits."""
        super().close(wait=False, abort=abort, reason=reason)
        if self.line is not None:
            self.line.close()
        self.server.forget(self)

    def _ping(self) -> None:
        if not self.closed:
            self.last_ping = now().timestamp()  # compared by the library with time.time()
            self.send(Packet(PING))

    def _upgrade_websocket(self, environ: dict[str, Any], start_response: StartResponse) -> Any:
        if self.upgraded or self.line is not None or not is_handshake(environ):
            return self.server.refuse(start_response, "400 Bad Request", "")
        self.server.wire.accept(environ, self._received, self._lost, self._begin)
        raise StopIteration  # the web server lets go of the connection without an answer of its own

    def _begin(self, line: Connection) -> None:
        self.line = line
        if self.connected:  # by long polling
            self.upgrading = True
        else:
            self.connected = True
            self._go_over()

    def _go_over(self) -> None:
        """From here on the WebSocket is the way, also for what waits in the queue."""
        self.upgraded = True
        self.upgrading = False
        while not self.queue.empty():
            packet = self.queue.get_nowait()
            if packet is not None and packet.packet_type != NOOP:
                self.send(packet)

    def _received(self, text: str) -> None:
        if self.closed:
            return
        try:
            packet = Packet(encoded_packet=text)
            if self.upgrading:
                self._step_over(packet)
            else:
                self.receive(packet)
        except (engineio.exceptions.EngineIOError, ValueError, RecursionError):
            self.close(abort=True, reason=self.server.reason.TRANSPORT_ERROR)

    def _step_over(self, packet: Packet) -> None:
        """The change from long polling to WebSocket: probe, answer, go."""
        if packet.packet_type == PING and packet.data == "probe" and not self._probed and self.line:
            self._probed = True
            self.line.send(_frame(Packet(PONG, data="probe")))
            self.queue.put(Packet(NOOP))  # ends the poll that waits
        elif packet.packet_type == UPGRADE and self._probed:
            self._go_over()
        else:
            raise ValueError("not the steps of an upgrade")

    def _lost(self) -> None:
        if self.upgrading:  # the attempt failed; polling goes on
            self.line, self.upgrading, self._probed = None, False, False
        else:
            self.close(abort=True, reason=self.server.reason.TRANSPORT_CLOSE)


class _Sockets(dict[str, LineSocket]):
    """The clients by id. Two threads may find the same one gone; to forget it twice is no fault."""

    def __delitem__(self, sid: str) -> None:
        self.pop(sid, None)


class Engine(engineio.Server):
    """Connects clients up to a limit, refuses further ones politely."""

    start_service_task: bool

    def __init__(self, *, limit: int, polling_limit: int, headers: Mapping[str, str], **options: Any) -> None:
        super().__init__(**options)
        self.sockets = _Sockets()
        self.wire = Wire(frame_limit=self.max_http_buffer_size)
        self._headers = [*headers.items(), ("Cache-Control", "no-store")]
        self._limit = limit
        self._polling_limit = polling_limit
        self._strangers: set[str] = set()
        self.is_known: Callable[[dict[str, Any]], bool] = lambda _environ: True
        self.has_entered: Callable[[str], bool] = lambda _sid: True
        self.on_first_client: Callable[[], None] = lambda: None

    def handle_request(self, environ: dict[str, Any], start_response: StartResponse) -> Any:
        """Answer a request; each answer carries the headers that all our answers carry."""

        def start(status: str, headers: list[tuple[str, str]]) -> Any:
            return start_response(status, headers + self._headers)

        return super().handle_request(environ, start)

    def forget(self, socket: LineSocket) -> None:
        """Drop what is known of a client that has gone."""
        self.sockets.pop(socket.sid, None)
        self._strangers.discard(socket.sid)

    def refuse(self, start_response: StartResponse, status: str, text: str) -> Iterable[bytes]:
        """Answer that there is no connection, and why."""
        body = self._bad_request(text)
        start_response(status, [*body["headers"], ("Retry-After", "30")])
        return [body["response"]]

    def _handle_connect(
        self, environ: dict[str, Any], start_response: StartResponse, transport: str, jsonp_index: Any = None
    ) -> Any:
        is_stranger = not self.is_known(environ)
        if not self._has_room(transport) or (is_stranger and len(self._strangers) >= _STRANGERS):
            return self.refuse(start_response, "503 Service Unavailable", _SORRY)
        if transport == "websocket" and not is_handshake(environ):
            return self.refuse(start_response, "400 Bad Request", "")
        if self.start_service_task:
            self.start_service_task = False
            self.on_first_client()
            self.service_task_handle = self.start_background_task(self._service_task)
        sid = self.generate_id()
        socket = self.sockets[sid] = LineSocket(self, sid)
        if is_stranger:
            self._strangers.add(sid)
        socket.send(
            Packet(
                OPEN,
                {
                    "sid": sid,
                    "upgrades": self._upgrades(sid, transport),
                    "pingTimeout": int(self.ping_timeout * 1000),
                    "pingInterval": int(self.ping_interval * 1000),
                    "maxPayload": self.max_http_buffer_size,
                },
            )
        )
        self._trigger_event("connect", sid, _lean(environ), run_async=False)
        socket.schedule_ping()
        self.wire.later(_STRANGERS_HESITATION if is_stranger else _HESITATION, lambda: self._hurry(socket))
        if transport == "websocket":
            return socket.handle_get_request(environ, start_response)
        socket.connected = True
        return self._ok(socket.poll())

    def _has_room(self, transport: str) -> bool:
        if len(self.sockets) >= self._limit:
            return False
        if transport == "websocket":
            return True
        polling = sum(not socket.upgraded for socket in list(self.sockets.values()))
        return polling < self._polling_limit

    def _hurry(self, socket: LineSocket) -> None:
        if not socket.closed and not self.has_entered(socket.sid):
            socket.close(reason=self.reason.SERVER_DISCONNECT)


def _frame(pkt: Packet) -> bytes:
    """The packet as a frame, made once for all its receivers."""
    frame: bytes | None = getattr(pkt, "frame", None)
    if frame is None:
        frame = pkt.frame = text_frame(pkt.encode())
    return frame


def _lean(environ: dict[str, Any]) -> dict[str, Any]:
    """What events need of the request that opened the connection, kept as long as the connection lives."""
    kept = {name: value for name, value in environ.items() if isinstance(value, str)}
    return {
        **kept,
        "flask.app": environ["flask.app"],
        "wsgi.input": _NO_BODY,
        "wsgi.errors": environ["wsgi.errors"],
    }
