"""The wire, at the end of a real socket."""

import base64
import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from wsproto import ConnectionType, WSConnection
from wsproto.events import (
    AcceptConnection,
    BytesMessage,
    CloseConnection,
    Event,
    Ping,
    Pong,
    Request,
    TextMessage,
)

from forum.realtime.wire import Connection, NoWebSocket, Wire, is_handshake, text_frame

LIMIT = 64 * 1024


class Client:
    """The other end: a browser's WebSocket, by wsproto."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.sock.settimeout(5)
        self.protocol = WSConnection(ConnectionType.CLIENT)
        self.handshake = self.protocol.send(Request(host="here", target="/live/"))
        self.heard: list[Event] = []

    @property
    def key(self) -> str:
        return next(
            line.split(": ")[1]
            for line in self.handshake.decode().split("\r\n")
            if line.startswith("Sec-WebSocket-Key")
        )

    def send(self, event: Event) -> None:
        self.sock.sendall(self.protocol.send(event))

    def next(self, kind: type[Event]) -> Event:
        """The next event of this kind; waits for it."""
        while True:
            for event in self.heard:
                if isinstance(event, kind):
                    self.heard.remove(event)
                    return event
            data = self.sock.recv(65536)
            self.protocol.receive_data(data or None)
            self.heard.extend(self.protocol.events())
            if not data and not any(isinstance(event, kind) for event in self.heard):
                raise EOFError

    def texts(self, count: int) -> list[str]:
        """So many whole messages."""
        found: list[str] = []
        part = ""
        while len(found) < count:
            event = self.next(TextMessage)
            assert isinstance(event, TextMessage)
            part += event.data
            if event.message_finished:
                found.append(part)
                part = ""
        return found


Dial = Callable[..., tuple[Client, Connection, threading.Event]]


@pytest.fixture
def wire() -> Wire:
    return Wire(frame_limit=LIMIT)


@pytest.fixture
def dial(wire: Wire) -> Iterator[Dial]:
    """Connect a client; what it sends goes to the function given (by default it is echoed)."""
    opened: list[socket.socket] = []

    def connect(receive: Callable[[str], None] | None = None) -> tuple[Client, Connection, threading.Event]:
        ours, theirs = socket.socketpair()
        opened.append(theirs)
        client = Client(theirs)
        gone = threading.Event()
        held: list[Connection] = []
        environ = {
            "HTTP_SEC_WEBSOCKET_VERSION": "13",
            "HTTP_SEC_WEBSOCKET_KEY": client.key,
            "gunicorn.socket": ours,
        }
        assert is_handshake(environ)
        echo = receive or (lambda text: held[0].send(text_frame(text)))
        held.append(wire.accept(environ, echo, gone.set))
        ours.close()  # as the web server does
        assert isinstance(client.next(AcceptConnection), AcceptConnection)
        return client, held[0], gone

    yield connect
    for sock in opened:
        sock.close()


def test_messages_come_and_go_after_the_web_server_has_let_go(dial: Dial) -> None:
    client, _connection, _gone = dial()
    client.send(TextMessage("Grüße aus der Spätschicht"))
    assert client.texts(1) == ["Grüße aus der Spätschicht"]


def test_nothing_is_read_before_its_receiver_is_ready_however_fast_the_client_is(wire: Wire) -> None:
    ours, theirs = socket.socketpair()
    client, noted, heard = Client(theirs), list[str](), threading.Event()

    def begin(_connection: Connection) -> None:
        client.next(AcceptConnection)
        client.send(TextMessage("2probe"))
        time.sleep(0.1)
        noted.append("begun")

    def receive(text: str) -> None:
        noted.append(text)
        heard.set()

    environ = {"HTTP_SEC_WEBSOCKET_KEY": client.key, "gunicorn.socket": ours}
    wire.accept(environ, receive, lambda: None, begin)
    assert heard.wait(5)
    assert noted == ["begun", "2probe"]
    ours.close()
    theirs.close()


def test_one_clients_messages_are_taken_in_their_order(dial: Dial) -> None:
    client, _connection, _gone = dial()
    sent = [str(number) for number in range(80)]
    for text in sent:
        client.send(TextMessage(text))
    assert client.texts(80) == sent


def test_a_message_in_several_frames_is_one_message(dial: Dial) -> None:
    client, _connection, _gone = dial()
    client.send(TextMessage("halb ", message_finished=False))
    client.send(TextMessage("ganz"))
    assert client.texts(1) == ["halb ganz"]


def test_a_ping_is_answered(dial: Dial) -> None:
    client, _connection, _gone = dial()
    client.send(Ping(b"da?"))
    answer = client.next(Pong)
    assert isinstance(answer, Pong)
    assert answer.payload == b"da?"


@pytest.mark.parametrize(
    ("event", "code"), [(TextMessage("x" * (LIMIT + 1)), 1009), (BytesMessage(b"\x00\x01"), 1003)]
)
def test_a_frame_that_is_too_large_or_no_text_ends_the_connection_with_the_reason(
    dial: Dial, event: Event, code: int
) -> None:
    client, _connection, gone = dial()
    other, _connection, _gone = dial()
    client.send(event)
    closed = client.next(CloseConnection)
    assert isinstance(closed, CloseConnection)
    assert closed.code == code
    assert gone.wait(5)
    other.send(TextMessage("ich merke nichts"))
    assert other.texts(1) == ["ich merke nichts"]


def test_the_largest_message_allowed_passes(dial: Dial) -> None:
    client, _connection, _gone = dial()
    client.send(TextMessage("x" * LIMIT))
    assert client.texts(1) == ["x" * LIMIT]


@pytest.mark.parametrize("junk", [b"GET / HTTP/1.1\r\n\r\n" * 20, b"\x83\x00", b"\x01\x02hi", b"\xff" * 64])
def test_what_is_no_websocket_frame_ends_the_connection(dial: Dial, junk: bytes) -> None:
    client, _connection, gone = dial()
    client.sock.sendall(junk)
    assert gone.wait(5)


def test_letters_that_are_no_utf8_end_the_connection(dial: Dial) -> None:
    client, _connection, gone = dial()
    client.sock.sendall(b"\x81\x82\x00\x00\x00\x00\xc3\x28")
    assert gone.wait(5)


def test_who_leaves_is_noticed(dial: Dial) -> None:
    client, connection, gone = dial()
    client.sock.close()
    assert gone.wait(5)
    connection.send(text_frame("niemand hört mehr"))  # and nothing happens


def test_who_sends_a_thousand_at_once_is_read_slowly_and_nobody_else_notices(dial: Dial) -> None:
    taken: list[str] = []
    flood, _connection, _gone = dial(taken.append)
    calm, _connection, _gone = dial()

    def pour() -> None:
        with contextlib.suppress(OSError):  # the test may end first
            for number in range(1000):
                flood.send(TextMessage(str(number)))

    threading.Thread(target=pour, daemon=True).start()
    began = time.monotonic()
    calm.send(TextMessage("ruhig"))
    assert calm.texts(1) == ["ruhig"]
    assert time.monotonic() - began < 2
    time.sleep(0.5)
    assert 0 < len(taken) < 400  # not yet all of them,
    assert taken == [str(number) for number in range(len(taken))]  # and none left out


def test_who_does_not_read_is_cut_off_and_the_others_get_theirs(dial: Dial) -> None:
    _lazy, to_lazy, lazy_gone = dial()
    awake, to_awake, _gone = dial()
    frame = text_frame("x" * 60_000)
    for number in range(60):
        to_lazy.send(frame)
        if number % 20 == 0:
            to_awake.send(text_frame(str(number)))
    assert awake.texts(3) == ["0", "20", "40"]
    assert lazy_gone.wait(5)


def test_what_the_network_does_not_take_at_once_follows_in_order(dial: Dial) -> None:
    client, connection, _gone = dial()
    sent = [f"{number} " + "x" * 40_000 for number in range(30)]
    for text in sent:
        connection.send(text_frame(text))
    assert client.texts(30) == sent


def test_a_fault_in_the_work_ends_nothing(dial: Dial, caplog: pytest.LogCaptureFixture) -> None:
    heard: list[str] = []

    def stumble(text: str) -> None:
        heard.append(text)
        raise RuntimeError("stolpert")

    client, _connection, _gone = dial(stumble)
    client.send(TextMessage("eins"))
    client.send(TextMessage("zwei"))
    deadline = time.monotonic() + 5
    while len(heard) < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert heard == ["eins", "zwei"]


def test_timers_ring_in_their_order(wire: Wire) -> None:
    rung: list[str] = []
    done = threading.Event()
    wire.later(0.2, lambda: (rung.append("später"), done.set()))
    wire.later(0.05, lambda: rung.append("bald"))
    assert done.wait(5)
    assert rung == ["bald", "später"]


def test_a_request_without_a_line_to_take_over_is_no_handshake(wire: Wire) -> None:
    environ = {
        "HTTP_SEC_WEBSOCKET_VERSION": "13",
        "HTTP_SEC_WEBSOCKET_KEY": base64.b64encode(b"sixteen bytes !!").decode(),
    }
    assert not is_handshake(environ)
    with pytest.raises(NoWebSocket):
        wire.accept(environ, print, print)
