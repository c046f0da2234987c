"""Mail leaves the house, through a real SMTP server, or lies in the outbox."""

import dataclasses
import email
import email.policy
import socket
import stat
import time
from datetime import timedelta

import pytest
import sqlalchemy as sa
import time_machine
from aiosmtpd.controller import Controller

from forum.core.access import Viewer
from forum.core.clock import now
from forum.core.db import db, unit_of_work
from forum.core.errors import Denied, NotFound
from forum.mail.delivery import Postman
from forum.mail.models import OutgoingMail
from forum.mail.service import send, try_again

SUBJECT = "Nachricht aus dem Netzwerk"


class Mailbox:
    """A real SMTP server's memory; `refusal` is what it answers instead of taking a mail."""

    def __init__(self) -> None:
        self.letters: list[tuple[list[str], email.message.EmailMessage]] = []
        self.refusal: str | None = None

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802
        if self.refusal:
            return self.refusal
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        self.letters.append((envelope.rcpt_tos, message))
        return "250 OK"


@pytest.fixture
def mailbox():
    box = Mailbox()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        box.port = free.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=box.port)
    controller.start()
    yield box
    controller.stop()


@pytest.fixture
def postman(app, mailbox, tmp_path):
    settings = dataclasses.replace(
        app.extensions["settings"],
        instance=tmp_path,
        smtp_host="127.0.0.1",
        smtp_port=mailbox.port,
        smtp_security="none",
        mail_from="netz@werk.example",
    )
    return Postman(app, settings)


@pytest.fixture
def write(app):
    def put(recipient="nina@betrieb.example", text="Grüße aus Finsterwalde\n"):
        with app.app_context(), unit_of_work():
            send(recipient, SUBJECT, text)

    return put


def only(app) -> OutgoingMail:
    with app.app_context():
        return db.session.scalars(sa.select(OutgoingMail)).one()


def test_a_mail_arrives_once_with_its_headers_and_its_text_is_forgotten(app, write, postman, mailbox):
    write()
    assert postman.deliver_due() == 1
    assert postman.deliver_due() == 0
    ((recipients, letter),) = mailbox.letters
    assert recipients == ["nina@betrieb.example"]
    assert letter["from"] == "netz@werk.example"
    assert letter["subject"] == SUBJECT
    assert letter["auto-submitted"] == "auto-generated"
    assert letter["message-id"].endswith("@werk.example>")
    assert letter["date"]
    assert letter.get_content().strip() == "Grüße aus Finsterwalde"
    mail = only(app)
    assert mail.sent_at is not None
    assert mail.next_try_at is None
    assert mail.text == ""


def test_what_is_rolled_back_is_never_sent(app, postman, mailbox):
    def fail():
        with unit_of_work():
            send("nina@betrieb.example", SUBJECT, "Nein")
            raise RuntimeError

    with app.app_context(), pytest.raises(RuntimeError):
        fail()
    assert postman.deliver_due() == 0
    assert mailbox.letters == []


@pytest.mark.parametrize(
    ("recipient", "subject"),
    [("a@b.de\nBcc: c@d.de", SUBJECT), ("a@b.de", "Hallo\r\nBcc: c@d.de"), ("a@b.de\x00", SUBJECT)],
)
def test_a_line_end_in_a_header_is_refused(context, recipient, subject):
    with pytest.raises(ValueError, match="header"):
        send(recipient, subject, "Text")


def test_a_refused_mail_waits_longer_each_time_and_is_given_up_after_three_days(app, write, postman, mailbox):
    write()
    mailbox.refusal = "451 later"
    moment, tries = now(), 0
    while only(app).next_try_at is not None and tries < 100:
        moment = max(moment, only(app).next_try_at)
        with time_machine.travel(moment, tick=False):
            assert postman.deliver_due() == 0
        tries += 1
    mail = only(app)
    assert tries == 28
    assert timedelta(days=2.5) < moment - mail.created_at < timedelta(days=3.5)
    assert "451" in mail.last_error
    assert mail.text != ""


def test_an_address_that_does_not_exist_is_given_up_at_once(app, write, postman, mailbox):
    write()
    mailbox.refusal = "550 no such user"
    postman.deliver_due()
    assert only(app).next_try_at is None


def test_a_mail_goes_out_when_the_server_is_back(app, write, postman, mailbox):
    write()
    mailbox.refusal = "451 later"
    postman.deliver_due()
    mailbox.refusal = None
    assert postman.deliver_due() == 0  # not yet due
    with time_machine.travel(now() + timedelta(minutes=2)):
        assert postman.deliver_due() == 1


def test_an_administrator_may_have_it_tried_at_once_and_nobody_else(app, write, postman, mailbox):
    write()
    mailbox.refusal = "550 no"
    postman.deliver_due()
    mailbox.refusal = None
    number = only(app).id
    with app.test_request_context(), pytest.raises(NotFound), unit_of_work():
        try_again(Viewer(1), number)
    administrator = Viewer(1, is_administrator=True)
    with app.test_request_context(), unit_of_work():
        try_again(administrator, number)
    assert postman.deliver_due() == 1
    with app.test_request_context(), pytest.raises(Denied), unit_of_work():
        try_again(administrator, number)


def test_one_bad_mail_does_not_hold_up_the_others(app, write, postman, mailbox):
    write("nina@betrieb.example")
    with app.app_context(), unit_of_work():
        db.session.add(
            OutgoingMail(
                recipient="kaputt\n@x", subject=SUBJECT, text="x", created_at=now(), next_try_at=now()
            )
        )
    write("olga@betrieb.example")
    assert postman.deliver_due() == 2


def test_a_claimed_mail_is_left_alone_until_the_lease_ends(app, write, postman, mailbox):
    write()
    with app.app_context():
        assert postman._claim() is not None
    assert postman.deliver_due() == 0
    with time_machine.travel(now() + timedelta(minutes=6)):
        assert postman.deliver_due() == 1


def test_without_a_server_mails_lie_in_the_outbox_for_the_owner_only(app, write, tmp_path):
    postman = Postman(app, dataclasses.replace(app.extensions["settings"], instance=tmp_path))
    assert postman.outbox.list_letters() == []
    write(text="Grüße\nhttp://x/join/ABC-" + "lang" * 40 + "\n")
    assert postman.deliver_due() == 1
    (file,) = (tmp_path / "outbox").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    (letter,) = postman.outbox.list_letters()
    assert letter.recipient == "nina@betrieb.example"
    assert letter.text.startswith("Grüße\nhttp://x/join/ABC-langlang")
    assert "lang" * 40 in letter.text
    for wrong in ("../secret_key", "x.eml", "/etc/passwd", ""):
        with pytest.raises(NotFound):
            postman.outbox.read(wrong)


def test_the_postman_delivers_what_was_written_without_being_asked_twice(app, write, postman, mailbox):
    postman.start()
    postman.start()
    write()
    deadline = time.monotonic() + 10
    while not mailbox.letters and time.monotonic() < deadline:
        time.sleep(0.02)
    postman.stop()
    assert len(mailbox.letters) == 1
