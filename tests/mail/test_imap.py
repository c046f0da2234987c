"""Mail fetched from a real mailbox: nothing is lost and nothing taken twice, also when the server dies in the middle."""

import imaplib
import ssl
from datetime import timedelta

import pytest
import sqlalchemy as sa
import time_machine

from forum.core.access import Viewer
from forum.core.clock import now
from forum.core.errors import NotFound
from forum.jobs.worker import worker_of
from forum.mail import imap, intake
from forum.mail.imap import FolderMissing, SignInRefused, fetch_mail
from forum.mail.mailbox import mailbox_trouble
from forum.mail.models import IncomingState, Outcome
from tests.mail.dovecot import PASSWORD, USER, Dovecot, program
from tests.mail.incoming import address, answers, incoming, mail, set_up

ADMINISTRATOR = Viewer(member_id=1, is_administrator=True)
pytestmark = [
    pytest.mark.cluster,
    pytest.mark.skipif(
        program() is None, reason="dovecot is not installed (Debian: apt-get install dovecot-imapd)"
    ),
]


@pytest.fixture(scope="module")
def running():
    server = Dovecot()
    server.start()
    yield server
    server.remove()


@pytest.fixture
def server(running):
    """The server with an empty mailbox."""
    yield running
    for file in (running._home / "Maildir").glob("[cn][ue][rw]/*"):
        file.unlink()


@pytest.fixture
def taker(app, server, monkeypatch):
    own = {
        "imap_host": "127.0.0.1",
        "imap_port": server.port,
        "imap_security": "none",
        "imap_folder": "INBOX",
    }
    return set_up(app, monkeypatch, imap_user=USER, imap_password=PASSWORD, **own)


@pytest.fixture
def fetch(app):
    def fetch():
        with app.app_context():
            return fetch_mail(app.extensions["settings"])

    return fetch


def test_answers_are_taken_in_and_taken_away_there(app, server, taker):
    for number in range(3):
        server.put(mail(address(app, payload=str(number)), f"Antwort {number}"))
    worker_of(app).perform_due()
    worker_of(app).perform_due()
    assert sorted(letter.text for letter, _payload in taker.letters) == [
        "Antwort 0",
        "Antwort 1",
        "Antwort 2",
    ]
    assert server.left() == {}


def test_what_is_not_for_us_stays_there_as_read(app, server, taker, fetch):
    server.put(mail("jemand@netz.example", "Rechnung"))
    server.put(mail(address(app, "nobody", "1"), "Für niemanden"))
    assert fetch() == 2
    assert fetch() == 0
    assert [name.partition(":")[2] for name in server.left()] == ["S", "S"]
    worker_of(app).perform_due()
    assert {row.state for row in incoming(app)} == {IncomingState.IGNORED}
    assert answers(app) == []


@pytest.mark.parametrize("moment", ["before the mail is kept", "after it was kept"])
def test_a_server_that_dies_in_the_middle_costs_no_mail_and_doubles_none(
    app, server, taker, fetch, monkeypatch, moment
):
    for number in range(6):
        server.put(mail(address(app, payload=str(number)), f"Antwort {number}"))
    seen = []

    def receive(raw, **options):
        seen.append(raw)
        if len(seen) == 3:
            if moment == "after it was kept":
                intake.receive(raw, **options)
            server.kill()
            raise ConnectionResetError if moment == "before the mail is kept" else ConnectionAbortedError
        intake.receive(raw, **options)

    monkeypatch.setattr(imap, "receive", receive)
    with pytest.raises(OSError):
        fetch()
    with pytest.raises(OSError):
        fetch()  # it is still away
    server.start()
    fetch()
    worker_of(app).perform_due()
    assert sorted(payload for _letter, payload in taker.letters) == list("012345")
    assert server.left() == {}


def test_a_server_that_dies_before_it_takes_away_what_we_kept(app, server, taker, fetch, monkeypatch):
    server.put(mail(address(app), "Nur einmal"))

    def receive(raw, **options):
        intake.receive(raw, **options)
        server.kill()

    with monkeypatch.context() as patch:
        patch.setattr(imap, "receive", receive)
        with pytest.raises((imaplib.IMAP4.abort, OSError)):
            fetch()
    worker_of(app).perform_due()
    server.start()
    assert fetch() == 1
    worker_of(app).perform_due()
    assert len(taker.letters) == 1
    assert server.left() == {}


@pytest.mark.parametrize("where", ["receive", "_size"])
def test_a_mail_that_fails_holds_up_no_other_and_is_left_to_people_after_three_times(
    app, server, taker, fetch, monkeypatch, where
):
    bad = address(app, payload="0")
    server.put(mail(bad, "Böse"))
    server.put(mail(address(app, payload="1"), "Gut"))

    def receive(raw, **options):
        if bad.encode() in raw:
            raise ValueError("nobody thought of this")
        intake.receive(raw, **options)

    def size(mailbox, uid):
        if mailbox.uids("ALL")[0] == uid:
            raise imaplib.IMAP4.error("the server does not want to")
        return 1000

    monkeypatch.setattr(imap, where, receive if where == "receive" else size)
    assert [fetch(), fetch()] == [1, 0]
    assert [name.partition(":")[2] for name in server.left()] == [""]
    assert [row.state for row in incoming(app)] == [IncomingState.WAITING]
    assert [fetch(), fetch()] == [0, 0]
    assert [name.partition(":")[2] for name in server.left()] == ["FS"]
    stuck = incoming(app)[-1]
    assert (stuck.state, stuck.outcome) == (IncomingState.IGNORED, Outcome.STUCK)
    worker_of(app).perform_due()
    assert [payload for _letter, payload in taker.letters] == ["1"]


def test_what_failed_once_is_taken_the_next_time(app, server, taker, fetch, monkeypatch):
    server.put(mail(address(app), "Beim zweiten Mal"))
    with monkeypatch.context() as patch:
        patch.setattr(imap, "_fetch", lambda *_args: (_ for _ in ()).throw(imap.NotGiven()))
        assert fetch() == 0
    assert fetch() == 1
    worker_of(app).perform_due()
    assert len(taker.letters) == 1
    assert server.left() == {}


def test_a_database_that_is_away_leaves_every_mail_where_it_is(app, server, taker, fetch, monkeypatch):
    def away(*_args, **_options):
        raise sa.exc.OperationalError("", {}, Exception())

    for number in range(2):
        server.put(mail(address(app, payload=str(number)), f"Antwort {number}"))
    with monkeypatch.context() as patch:
        patch.setattr(imap, "receive", away)
        patch.setattr(imap, "note_stuck", away)
        fetch()
        fetch()
        with pytest.raises(sa.exc.OperationalError):
            fetch()
    assert [name.partition(":")[2] for name in server.left()] == ["", ""]
    assert fetch() == 2


def test_of_a_huge_mail_only_the_header_is_fetched(app, server, taker, fetch, monkeypatch):
    monkeypatch.setattr(imap, "SIZE_LIMIT", 10_000)
    server.put(mail(address(app), "Zeile\n" * 5000))
    fetch()
    (row,) = incoming(app)
    assert len(row.raw) < 10_000
    worker_of(app).perform_due()
    assert "25 MB" in incoming(app)[0].outcome
    assert server.left() == {}


def test_a_wrong_password_and_a_missing_folder_are_seen_by_administrators(app, taker, monkeypatch, fetch):
    set_up(app, monkeypatch, imap_password="falsch", **_place(app))
    with pytest.raises(SignInRefused):
        fetch()
    worker_of(app).perform_due()
    with app.app_context():
        assert "Passwort" in mailbox_trouble(ADMINISTRATOR)
        with pytest.raises(NotFound):
            mailbox_trouble(Viewer(member_id=1))
    set_up(app, monkeypatch, imap_folder="Gibt.es.nicht", **_place(app), imap_password=PASSWORD)
    with pytest.raises(FolderMissing):
        fetch()
    assert _trouble_after_a_visit(app, 2).startswith("Im Postfach")
    set_up(app, monkeypatch, imap_password=PASSWORD, **_place(app) | {"imap_port": 1})
    assert "nicht zu erreichen" in _trouble_after_a_visit(app, 20)


def test_without_trouble_nothing_is_said(app, taker):
    assert _trouble_after_a_visit(app, 0) == ""


def _trouble_after_a_visit(app, minutes):
    with time_machine.travel(now() + timedelta(minutes=minutes)):
        worker_of(app).perform_due()
    with app.app_context():
        return mailbox_trouble(ADMINISTRATOR)


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_an_encrypted_mailbox_has_to_prove_who_it_is(app, server, taker, fetch, monkeypatch, security):
    port = server.port if security == "starttls" else server.tls_port
    own = _place(app) | {"imap_port": port, "imap_security": security}
    set_up(app, monkeypatch, imap_password=PASSWORD, **own)
    server.put(mail(address(app), "Verschlüsselt"))
    with pytest.raises(ssl.SSLCertVerificationError):
        fetch()
    monkeypatch.setenv("SSL_CERT_FILE", str(server.certificate))
    assert fetch() == 1


def _place(app):
    settings = app.extensions["settings"]
    names = ("imap_host", "imap_port", "imap_security", "imap_user")
    return {name: getattr(settings, name) for name in names}


def test_without_a_mailbox_nothing_is_fetched(app):
    worker_of(app).perform_due()
    assert incoming(app) == []
