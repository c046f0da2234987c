"""The real server: handshakes, refusals, and being cut off, seen by a client of its own kind."""

import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
import requests
import socketio
from websocket import WebSocket, WebSocketBadStatusException, create_connection

from forum.seeds.demo import PASSWORD, SIGN_INS, sign_ins
from tests.live import ROOT, LiveServer, demo_server

NAME = "/boards"
ADDRESSES = dict(zip(SIGN_INS, (address for _label, address in sign_ins()), strict=True))
FEW = 30


@pytest.fixture(scope="module")
def live() -> Iterator[LiveServer]:
    with demo_server(socket_limit=str(FEW)) as server:
        yield server


@pytest.fixture
def browser_of(live: LiveServer) -> Callable[[str], requests.Session]:
    """A browser in which the person has signed in."""

    def sign_in(person: str) -> requests.Session:
        browser = requests.Session()
        token = token_of(browser.get(f"{live.url}/sign-in").text)
        answer = browser.post(
            f"{live.url}/sign-in",
            data={"csrf_token": token, "email": ADDRESSES[person], "password": PASSWORD},
            allow_redirects=False,
        )
        assert answer.status_code == 303
        return browser

    return sign_in


@pytest.fixture
def dial(live: LiveServer) -> Iterator[Callable[..., socketio.Client]]:
    """Connect with the browser's cookies."""
    clients: list[socketio.Client] = []

    def connect(browser: requests.Session, *transports: str) -> socketio.Client:
        client = socketio.Client(reconnection=False)
        clients.append(client)
        client.connect(
            live.url,
            headers={"Cookie": cookies_of(browser)},
            transports=list(transports) or None,
            namespaces=[NAME],
            socketio_path="live",
            wait_timeout=5,
        )
        return client

    yield connect
    for client in clients:
        client.disconnect()


def test_a_member_connects_by_websocket_by_long_polling_and_by_changing_over(
    live: LiveServer, browser_of: Callable[[str], requests.Session], dial: Callable[..., socketio.Client]
) -> None:
    petra = browser_of("petra")
    for transports, way in ((["websocket"], "websocket"), (["polling"], "polling"), ([], "websocket")):
        client = dial(petra, *transports)
        assert client.call("signs", {}, namespace=NAME)["ok"], way
        assert client.transport() == way


def test_a_stranger_and_a_foreign_page_do_not_connect(
    live: LiveServer, browser_of: Callable[[str], requests.Session], dial: Callable[..., socketio.Client]
) -> None:
    with pytest.raises(socketio.exceptions.ConnectionError):
        dial(requests.Session())
    for address in (
        f"{live.url}/live/?EIO=4&transport=polling",
        f"{live.url}/live/?EIO=4&transport=websocket",
    ):
        answer = browser_of("petra").get(address, headers={"Origin": "https://boeser.example"})
        assert answer.status_code == 400


def test_every_answer_to_polling_carries_the_headers(live: LiveServer) -> None:
    answer = requests.get(f"{live.url}/live/?EIO=4&transport=polling", timeout=5)
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize("transport", ["websocket", "polling"])
def test_signing_out_cuts_the_connection_at_once_and_the_old_cookie_opens_nothing(
    live: LiveServer,
    browser_of: Callable[[str], requests.Session],
    dial: Callable[..., socketio.Client],
    transport: str,
) -> None:
    petra = browser_of("petra")
    stolen = dict(petra.cookies)
    client = dial(petra, transport)
    page = petra.get(f"{live.url}/").text
    petra.post(f"{live.url}/sign-out", data={"csrf_token": token_of(page)})
    wait_until(lambda: not client.connected, 3)
    thief = requests.Session()
    thief.cookies.update(stolen)
    with pytest.raises(socketio.exceptions.ConnectionError):
        dial(thief, transport)


def test_beyond_the_limit_sockets_are_refused_politely_and_pages_go_on(
    live: LiveServer, browser_of: Callable[[str], requests.Session]
) -> None:
    petra = browser_of("petra")
    lines = []
    with suppress(WebSocketBadStatusException):
        while len(lines) <= FEW:
            lines.append(open_line(live))
    assert len(lines) <= FEW
    refused = petra.get(f"{live.url}/live/?EIO=4&transport=polling")
    assert refused.status_code == 503
    assert refused.headers["Retry-After"]
    assert "Gerade sind sehr viele verbunden" in refused.json()
    assert petra.get(f"{live.url}/").status_code == 200
    for line in lines:
        line.close()
    wait_until(
        lambda: requests.get(f"{live.url}/live/?EIO=4&transport=polling", timeout=5).status_code == 200
    )


def test_other_processes_of_this_machine_reach_the_sockets(
    live: LiveServer, browser_of: Callable[[str], requests.Session], dial: Callable[..., socketio.Client]
) -> None:
    client = dial(browser_of("petra"), "websocket")
    heard: list[Any] = []
    client.on("moved", heard.append, namespace=NAME)
    me = live.places()["me"]
    run(
        live,
        "from forum.realtime.publishing import emit",
        f"emit({NAME!r}, 'member:{me}', 'moved', {{'to': 1}})",
    )
    wait_until(lambda: heard == [{"to": 1}])
    run(
        live,
        "from forum.core.db import unit_of_work",
        "from forum.realtime.publishing import cut_member",
        f"with unit_of_work(): cut_member({me})",
    )
    wait_until(lambda: not client.connected)


def test_who_connects_and_says_nothing_or_nonsense_is_sent_away(live: LiveServer) -> None:
    silent, babbling = open_line(live), open_line(live)
    assert silent.recv().startswith("0{")
    assert babbling.recv().startswith("0{")
    babbling.send('42/boards,1["open_topic",{"topic":1}]')  # before it has connected
    babbling.send("42[")
    babbling.send("9")
    assert babbling.recv() in ("", "1")
    began = time.monotonic()
    silent.settimeout(25)
    assert silent.recv() in ("", "1")
    assert time.monotonic() - began < 20
    assert requests.get(f"{live.url}/sign-in", timeout=5).status_code == 200


def test_a_reserved_or_unknown_event_harms_nobody(
    live: LiveServer, browser_of: Callable[[str], requests.Session]
) -> None:
    line = open_line(live, cookies_of(browser_of("petra")))
    line.recv()
    line.send("40/boards,")
    assert line.recv().startswith("40/boards,")
    for number, name in enumerate(("connect", "disconnect", "__init__", "x" * 5000)):
        line.send(f"42/boards,{number}" + json.dumps([name, {"topic": 1}]))
        assert json.loads(line.recv().partition(",")[2].lstrip("0123456789"))[0]["error"] == "not_found"
    line.close()


def test_whoever_announces_attachments_is_sent_away_before_the_first_one_comes(
    live: LiveServer, browser_of: Callable[[str], requests.Session]
) -> None:
    line = open_line(live, cookies_of(browser_of("petra")))
    line.recv()
    line.send("40/boards,")
    assert line.recv().startswith("40/boards,")
    line.send('4599999999-/boards,["open_topic",{}]')
    assert line.recv() in ("", "1", "41/boards,")


@pytest.mark.parametrize("frame", ["4" + "[" * 60_000, "42/boards,", "4"])
def test_frames_that_nobody_can_read_end_the_connection(live: LiveServer, frame: str) -> None:
    line = open_line(live)
    line.recv()
    line.send(frame)
    assert line.recv() in ("", "1")


def open_line(live: LiveServer, cookie: str = "") -> WebSocket:
    address = f"{live.url.replace('http', 'ws')}/live/?EIO=4&transport=websocket"
    return create_connection(address, cookie=cookie or None, timeout=5)


def run(live: LiveServer, *lines: str) -> None:
    """Do this in a process of its own that belongs to the same house."""
    code = "\n".join(("from wsgi import app", "app.app_context().push()", *lines))
    environment = {"NETWORK_INSTANCE": str(live.instance), "PATH": "/usr/bin:/bin"}
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, check=True, timeout=60)


def token_of(page: str) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found
    return found[1]


def cookies_of(browser: requests.Session) -> str:
    return "; ".join(f"{cookie.name}={cookie.value}" for cookie in browser.cookies)


def wait_until(condition: Callable[[], bool], seconds: float = 8) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.05)
