"""Our own mail server hands mail over: "250" means kept, strangers are refused at the door."""

import asyncio
import os
import signal
import smtplib
import socket
import subprocess
import sys
import threading
import time
from functools import partial

import pytest

from forum.config import ROOT
from forum.mail import lmtp
from forum.mail.models import IncomingState
from tests.mail.incoming import PETRA, address, incoming, mail, set_up


class Door:
    """The intake in a thread, on a free port or a socket."""

    def __init__(self, app, bind="127.0.0.1:0", **options) -> None:
        self._loop = asyncio.new_event_loop()
        make = partial(lmtp.protocol, app, **options)

        async def listen():
            return await lmtp._listen(self._loop, bind, make)

        self._server = self._loop.run_until_complete(listen())
        self.place = self._server.sockets[0].getsockname()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._server.close)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()


@pytest.fixture
def taker(app, monkeypatch):
    return set_up(app, monkeypatch)


@pytest.fixture
def line(app, taker):
    door = Door(app)
    with smtplib.LMTP("127.0.0.1", door.place[1], timeout=10) as client:
        yield client
    door.close()


def test_what_was_taken_in_is_in_the_database(app, line):
    to = address(app)
    assert line.sendmail("petra@optik.example", [to], mail(to)) == {}
    (row,) = incoming(app)
    assert (row.state, row.envelope_to) == (IncomingState.WAITING, to)
    line.sendmail("petra@optik.example", [to], mail(to))
    assert len(incoming(app)) == 1


def test_mail_that_comes_back_has_no_sender_and_is_taken(app, line):
    to = address(app, "b", "5")
    assert line.sendmail("", [to], mail(to)) == {}


@pytest.mark.parametrize(
    "to",
    [
        "antwort@netz.example",
        "jemand@sonst.example",
        "antwort+t.7.9.aaaaaaaaaaaaaaaa@netz.example",
        "x" * 300 + "@a.example",
    ],
)
def test_who_is_not_ours_is_refused_at_the_door(app, line, to):
    with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
        line.sendmail(PETRA, [to], mail(to))
    assert all(code // 100 == 5 for code, _words in refused.value.recipients.values())
    assert incoming(app) == []


def test_a_second_recipient_comes_again_by_himself(app, line):
    first, second = address(app, payload="1"), address(app, payload="2")
    refused = line.sendmail(PETRA, [first, second], mail(first))
    assert {to: code for to, (code, _words) in refused.items()} == {second: 452}
    line.sendmail(PETRA, [second], mail(first))
    assert [row.envelope_to for row in incoming(app)] == [first, second]


def test_a_database_that_is_away_makes_the_server_come_again(app, line, monkeypatch):
    def away(*_args, **_options):
        raise OSError("away")

    with monkeypatch.context() as patch:
        patch.setattr(lmtp, "receive", away)
        with pytest.raises(smtplib.SMTPDataError) as later:
            line.sendmail(PETRA, [address(app)], mail(address(app)))
    assert later.value.smtp_code == 451
    assert line.sendmail(PETRA, [address(app)], mail(address(app))) == {}


def test_too_large_a_mail_is_refused_before_it_comes(app, line):
    line.ehlo_or_helo_if_needed()
    assert int(line.esmtp_features["size"]) == lmtp.SIZE_LIMIT
    code, _words = line.docmd("MAIL", f"FROM:<{PETRA}> SIZE={lmtp.SIZE_LIMIT + 1}")
    assert code == 552


def test_long_lines_are_taken(app, line):
    to = address(app)
    assert line.sendmail(PETRA, [to], mail(to) + b"x" * 50_000 + b"\r\n") == {}


def test_a_client_that_hangs_up_in_the_middle_leaves_nothing(app, taker):
    door = Door(app)
    with socket.create_connection(("127.0.0.1", door.place[1]), 5) as raw:
        raw.sendall(
            b"LHLO a\r\nMAIL FROM:<a@b.example>\r\n" + f"RCPT TO:<{address(app)}>\r\nDATA\r\nFrom: ".encode()
        )
        time.sleep(0.2)
    door.close()
    assert incoming(app) == []


def test_it_listens_at_a_unix_socket_and_speaks_smtp_where_wanted(app, taker, tmp_path):
    door = Door(app, f"unix:{tmp_path}/lmtp")
    with smtplib.LMTP(f"{tmp_path}/lmtp") as client:
        client.sendmail(PETRA, [address(app)], mail(address(app)))
    door.close()
    door = Door(app, speaks_smtp=True)
    with smtplib.SMTP("127.0.0.1", door.place[1], timeout=10) as client:
        both = [address(app, payload="1"), address(app, payload="2")]
        assert client.sendmail(PETRA, both, mail("x@y.example")) == {}
    door.close()
    assert len(incoming(app)) == 2


@pytest.mark.cluster
def test_the_command_takes_mail_in_and_ends_when_told(app, tmp_path):
    settings = {
        "NETWORK_INSTANCE": str(tmp_path), "NETWORK_SECRET_KEY": "k", "NETWORK_MAIL_REPLY_ADDRESS": "antwort@netz.example",
    }  # fmt: skip
    command = [sys.executable, "-m", "flask", "--app", "wsgi"]
    environment = {**os.environ, **settings}
    socket_file = tmp_path / "lmtp"
    process = subprocess.Popen(
        [*command, "mail", "receive", "--bind", f"unix:{socket_file}"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert str(socket_file) in process.stdout.readline().decode()
    with smtplib.LMTP(str(socket_file)) as client, pytest.raises(smtplib.SMTPRecipientsRefused):
        client.sendmail(PETRA, ["jemand@sonst.example"], b"x")
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 0
