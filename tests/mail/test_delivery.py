"""Mail leaves the house, through a real SMTP server, or lies in the outbox."""

import dataclasses
import socket
import stat
import threading
import time
from datetime import timedelta

import pytest
import sqlalchemy as sa
import time_machine

from forum.core.access import Viewer
from forum.core.clock import now
from forum.core.db import db, unit_of_work
from forum.core.errors import Conflict, NotFound
from forum.jobs.models import Job
from forum.jobs.worker import worker_of
from forum.mail import line, targets
from forum.mail.addresses import read
from forum.mail.delivery import LEASE, Postman
from forum.mail.models import OutgoingMail
from forum.mail.outbox import Outbox
from forum.mail.service import came_back, forget_old_mail, send, try_again
from tests.mail.server import SUBJECT, free_port

ADMINISTRATOR = Viewer(1, is_administrator=True)


def test_a_mail_arrives_once_with_its_headers_and_its_text_is_forgotten(write, postman, mailbox, only):
    write(html="<p>Grüße</p>", headers={"List-Id": "x"})
    assert postman.deliver_due() == 1
    assert postman.deliver_due() == 0
    ((recipients, letter),) = mailbox.letters
    assert recipients == ["nina@betrieb.example"]
    assert letter["from"] == "netz@werk.example"
    assert letter["subject"] == SUBJECT
    assert letter["auto-submitted"] == "auto-generated"
    assert letter["message-id"].endswith("@werk.example>")
    assert letter["date"]
    assert letter.get_body(("plain",)).get_content().strip() == "Grüße aus Finsterwalde"
    mail = only()
    assert letter["message-id"] == mail.message_id
    assert mail.sent_at is not None
    assert mail.next_try_at is None
    assert (mail.text, mail.html, mail.headers, mail.claimed_by) == ("", "", {}, "")


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
    ("recipient", "subject", "headers"),
    [
        ("a@b.de\nBcc: c@d.de", SUBJECT, {}),
        ("a@b.de", "Hallo\r\nBcc: c@d.de", {}),
        ("a@b.de\x00", SUBJECT, {}),
        ("a@b.de", SUBJECT, {"List-Id": "x\r\nBcc: c@d.de"}),
        ("a@b.de", SUBJECT, {"Bcc: c@d.de\r\nX": "x"}),
    ],
)
def test_a_line_end_in_a_header_is_refused(context, recipient, subject, headers):
    with pytest.raises(ValueError, match="header"):
        send(recipient, subject, "Text", headers=headers)


def test_the_job_process_is_asked_once_for_all_mails_of_a_transaction(app, count_queries):
    with app.app_context():
        for _ in range(2):
            with unit_of_work():
                send("nina@betrieb.example", SUBJECT, "Eins")
                count_queries()
                for _ in range(20):
                    send("olga@betrieb.example", SUBJECT, "Zwei")
                assert count_queries() < 45
        (job,) = db.session.scalars(sa.select(Job))
        assert (job.name, job.key, job.asked) == ("mail.deliver", "mail.deliver", 2)


def test_the_job_delivers(app, write, set_up, mailbox, monkeypatch):
    monkeypatch.setitem(app.extensions, "mail", set_up())
    write()
    worker_of(app).perform_due()
    assert mailbox.recipients == ["nina@betrieb.example"]


def test_a_refused_mail_waits_longer_each_time_and_is_given_up_after_three_days(
    write, postman, mailbox, only
):
    write()
    mailbox.refusal = "451 4.7.1 Greylisted, try again later"
    moment, tries = now(), 0
    while only().next_try_at is not None and tries < 100:
        moment = max(moment, only().next_try_at)
        with time_machine.travel(moment, tick=False):
            assert postman.deliver_due() == 0
        tries += 1
    mail = only()
    assert tries == 28
    assert timedelta(days=2.5) < moment - mail.created_at < timedelta(days=3.5)
    assert mail.last_error.startswith("later: 451")
    assert mail.text != ""


@pytest.fixture
def told(monkeypatch):
    """Whoever wants to know what came back."""
    heard = []
    monkeypatch.setattr(targets, "_told", [lambda *news: heard.append(news)])
    return heard


@pytest.mark.parametrize(
    ("answer", "fault", "is_final"),
    [
        ("550 5.1.1 no such user", "no_mailbox", True),
        ("550 no such user", "no_mailbox", True),
        ("552 5.2.2 over quota", "full", False),
        ("554 5.7.1 blocked", "refused", False),
    ],
)
@pytest.mark.parametrize("after_the_dot", [False, True])
def test_an_address_that_refuses_is_given_up_at_once_and_its_member_told(
    write, postman, mailbox, only, told, answer, fault, is_final, after_the_dot
):
    write(member_id=7)
    if after_the_dot:
        mailbox.verdicts = [answer]
    else:
        mailbox.refusal = answer
    assert postman.deliver_due() == 0
    mail = only()
    assert mail.next_try_at is None
    if after_the_dot and answer == "550 no such user":
        fault, is_final = "refused", False  # said of the whole mail
    assert mail.last_error == f"{fault}: {answer}"
    assert [(member_id, final, words) for member_id, _recipient, final, words in told] == [
        (7, is_final, answer)
    ]


def test_a_mail_of_nobody_is_given_up_without_telling(write, postman, mailbox, told):
    write()
    mailbox.refusal = "550 no"
    postman.deliver_due()
    assert told == []


def test_a_mail_that_came_back_is_noted_and_told_once(app, write, only, told):
    mail_id = write(member_id=7)
    with app.app_context():
        for words in ("550 gone", "550 again"):
            with unit_of_work():
                came_back(mail_id, True, words)
        with unit_of_work():
            came_back(mail_id + 1, True, "550 none of ours")
    assert (only().bounce, only().bounced_at is not None) == ("550 gone", True)
    assert [(member_id, final, words) for member_id, _recipient, final, words in told] == [
        (7, True, "550 gone")
    ]


def test_a_mail_goes_out_when_greylisting_is_over(write, postman, mailbox):
    write()
    mailbox.refusal = "451 later"
    postman.deliver_due()
    mailbox.refusal = None
    assert postman.deliver_due() == 0  # not yet due
    with time_machine.travel(now() + timedelta(minutes=2)):
        assert postman.deliver_due() == 1


def test_an_administrator_may_have_it_tried_at_once_and_nobody_else(app, write, postman, mailbox, only):
    write()
    mailbox.refusal = "550 no"
    postman.deliver_due()
    mailbox.refusal = None
    number = only().id
    with app.test_request_context(), pytest.raises(NotFound), unit_of_work():
        try_again(Viewer(1), number)
    with app.test_request_context(), unit_of_work():
        try_again(ADMINISTRATOR, number)
    assert postman.deliver_due() == 1
    with app.test_request_context(), pytest.raises(Conflict), unit_of_work():
        try_again(ADMINISTRATOR, number)


def test_a_mail_under_way_is_not_tried_a_second_time_beside(app, write, postman, only):
    write()
    with app.app_context():
        assert postman._claim() is not None
    with app.test_request_context(), pytest.raises(Conflict), unit_of_work():
        try_again(ADMINISTRATOR, only().id)
    with time_machine.travel(now() + LEASE), app.test_request_context(), unit_of_work():
        try_again(ADMINISTRATOR, only().id)


def test_one_bad_mail_does_not_hold_up_the_others(app, write, postman, mailbox, monkeypatch):
    write("nina@betrieb.example")
    with app.app_context(), unit_of_work():
        for recipient in ("kaputt\n@x", "auch kaputt@x..y", "ä@" + "ü" * 80 + ".de"):
            db.session.add(
                OutgoingMail(
                    recipient=recipient, subject=SUBJECT, text="x", created_at=now(), next_try_at=now()
                )
            )
    write("olga@betrieb.example", text="\u2028\r\n.\r\n")
    write("petra@betrieb.example")
    postman.deliver_due()
    assert {f"{name}@betrieb.example" for name in ("nina", "olga", "petra")} <= set(mailbox.recipients)


def test_a_mail_that_cannot_be_put_together_waits_alone_and_its_words_are_not_logged(
    write, postman, mailbox, mails, monkeypatch, caplog
):
    compose = Postman._parcel

    def parcel(self, claim, *rest):
        if claim.recipient.startswith("olga"):
            raise KeyError("a fault of ours")
        return compose(self, claim, *rest)

    monkeypatch.setattr(Postman, "_parcel", parcel)
    for name in ("nina", "olga", "petra"):
        write(f"{name}@betrieb.example")
    assert postman.deliver_due() == 2
    assert mails()[1].last_error == "broken: KeyError"
    assert mails()[1].next_try_at > now()
    assert "cannot be put together: KeyError" in caplog.text
    assert "KeyError: " not in caplog.text


def test_mail_whose_worker_dies_each_time_is_given_up(app, write, postman, only, mailbox):
    write()
    moment = now()
    for _ in range(28):
        with time_machine.travel(moment, tick=False), app.app_context():
            assert postman._claim() is not None
        moment += LEASE
    with time_machine.travel(moment, tick=False):
        assert postman.deliver_due() == 0
    assert only().next_try_at is None
    assert mailbox.letters == []


def test_a_claimed_mail_is_left_alone_until_the_lease_ends(app, write, postman):
    write()
    with app.app_context():
        assert postman._claim() is not None
    assert postman.deliver_due() == 0
    with time_machine.travel(now() + LEASE):
        assert postman.deliver_due() == 1


def test_many_mails_go_over_one_connection_and_a_refused_one_does_not_break_it(write, postman, mailbox):
    mailbox.refusals = {"3@betrieb.example": "550 no", "5@betrieb.example": "451 later"}
    mailbox.verdicts = ["", "554 spam"]
    for number in range(8):
        write(f"{number}@betrieb.example")
    assert postman.deliver_due() == 5
    assert mailbox.recipients == [f"{number}@betrieb.example" for number in (0, 2, 4, 6, 7)]
    assert mailbox.greetings == 1


def test_a_new_connection_is_made_after_so_many_mails(write, postman, mailbox, monkeypatch):
    monkeypatch.setattr(line, "MAILS", 3)
    for number in range(7):
        write(f"{number}@betrieb.example")
    assert postman.deliver_due() == 7
    assert mailbox.greetings == 3


@pytest.mark.parametrize("was_taken", [False, True])
def test_a_server_that_hangs_up_after_the_dot_gets_the_mail_again_under_the_same_name(
    write, postman, mailbox, only, was_taken
):
    write("nina@betrieb.example")
    mailbox.drops = [was_taken]
    assert postman.deliver_due() == 0
    assert only().last_error.startswith("broken_off: ")
    with time_machine.travel(now() + timedelta(minutes=2)):
        assert postman.deliver_due() == 1
    assert len(mailbox.names) == 1 + was_taken
    assert set(mailbox.names) == {only().message_id}


def test_a_server_that_is_silent_after_the_dot_does_not_hold_the_others_up_for_ever(
    write, postman, mailbox, mails, monkeypatch
):
    monkeypatch.setattr(line, "VERDICT_PATIENCE", 0.3)
    mailbox.silence = 2.0
    write("nina@betrieb.example")
    began = time.monotonic()
    assert postman.deliver_due() == 0
    assert time.monotonic() - began < 2
    mailbox.silence = 0.0
    write("olga@betrieb.example")
    assert postman.deliver_due() == 1


def test_a_server_that_keeps_hanging_up_is_left_alone_for_a_while(write, postman, mailbox, mails):
    mailbox.drops = [False] * 10
    for number in range(6):
        write(f"{number}@betrieb.example")
    assert postman.deliver_due() == 0
    assert len(mailbox.drops) == 7
    assert [mail.attempts for mail in mails()] == [1, 1, 1, 0, 0, 0]


def away(_set_up):
    return {"smtp_port": free_port()}


def deaf(set_up):
    """Somebody listens, and never says a word."""
    set_up.deaf = socket.create_server(("127.0.0.1", 0))
    return {"smtp_port": set_up.deaf.getsockname()[1]}


@pytest.mark.parametrize(
    ("settings", "fault"),
    [
        (away, "unreachable"),
        (deaf, "unreachable"),
        (lambda _: {"smtp_security": "starttls"}, "encryption"),
        (lambda _: {"smtp_security": "tls"}, "encryption"),
        (lambda _: {"smtp_user": "netz", "smtp_password": "falsch"}, "login"),
        (lambda _: {"dkim_selector": "a", "dkim_key": "/no/such/key.pem"}, "key"),
    ],
)
def test_trouble_of_the_house_costs_no_mail_a_try(set_up, write, mails, monkeypatch, settings, fault):
    monkeypatch.setattr(line, "PATIENCE", 0.5)
    postman = set_up(**settings(set_up))
    for _ in range(3):
        write()
    began = time.monotonic()
    assert postman.deliver_due() == 0
    assert time.monotonic() - began < 3
    assert mails()[0].last_error.startswith(f"{fault}: ")
    assert [mail.attempts for mail in mails()] == [0, 0, 0]
    with time_machine.travel(now() + timedelta(days=30)):
        assert postman.deliver_due() == 0
    assert all(mail.next_try_at for mail in mails())


def test_a_sender_that_is_refused_waits_and_does_not_blame_the_recipient(write, postman, mailbox, only, told):
    write(member_id=7)
    mailbox.sender_refusal = "553 5.7.1 not owned by user"
    postman.deliver_due()
    assert only().last_error.startswith("sender: 553")
    assert only().next_try_at is not None
    assert told == []


def test_two_who_deliver_at_once_send_each_mail_once(app, write, postman, set_up, mailbox):
    for number in range(20):
        write(f"{number}@betrieb.example")
    both = [postman, set_up()]
    threads = [threading.Thread(target=one.deliver_due) for one in both]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(mailbox.recipients) == sorted(f"{number}@betrieb.example" for number in range(20))


def test_who_is_asked_while_another_thread_delivers_leaves_it_to_that_one(write, postman, mailbox):
    write("nina@betrieb.example")
    postman._is_delivering.acquire()
    assert postman.deliver_due() == 0
    postman._is_delivering.release()
    assert postman.deliver_due() == 1


def test_a_process_that_is_to_end_begins_no_further_mail(app, write, postman, mailbox):
    write()
    worker_of(app).ending.set()
    try:
        assert postman.deliver_due() == 0
    finally:
        worker_of(app).ending.clear()
    assert postman.deliver_due() == 1


def test_reports_come_to_an_address_that_names_the_mail(app, write, set_up, mailbox, only):
    postman = set_up(mail_reply_address="antwort@werk.example")
    write()
    assert postman.deliver_due() == 1
    (sender,) = mailbox.senders
    with app.app_context():
        token = read(sender)
    assert (token.kind, token.payload) == ("b", str(only().id))


def test_without_a_reply_address_reports_come_to_the_sender(write, postman, mailbox):
    write()
    postman.deliver_due()
    assert mailbox.senders == ["netz@werk.example"]


def test_a_mail_written_before_it_had_a_name_keeps_the_one_it_would_have_had(app, write, postman, mailbox):
    mail_id = write()
    with app.app_context(), unit_of_work():
        mail = db.session.get_one(OutgoingMail, mail_id)
        mail.message_id = ""
        name = f"<{mail_id}.{mail.created_at:%Y%m%d%H%M%S%f}@werk.example>"
    postman.deliver_due()
    assert mailbox.names == [name]


def test_to_whom_mail_went_is_forgotten_after_two_months(app, write, postman, mails):
    write()
    postman.deliver_due()
    write("wartet@betrieb.example")
    with time_machine.travel(now() + timedelta(days=61)), app.app_context(), unit_of_work():
        forget_old_mail()
    assert [mail.recipient for mail in mails()] == ["wartet@betrieb.example"]


def test_without_a_server_mails_lie_in_the_outbox_for_the_owner_only(app, write, tmp_path):
    postman = Postman(app, dataclasses.replace(app.extensions["settings"], instance=tmp_path))
    assert postman.outbox.list_letters() == []
    write(text="Grüße\nhttp://x/join/ABC-" + "lang" * 40 + "\n", html="<p>Grüße</p>")
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


def test_the_newest_mail_lies_on_top_also_of_those_of_one_second(tmp_path):
    outbox = Outbox(tmp_path / "outbox")
    for number in (9, 10, 11):
        outbox.put(b"To: a@b.example\r\n\r\n", now().replace(microsecond=0), number)
    assert [letter.name.rsplit("-")[-1] for letter in outbox.list_letters()] == ["11.eml", "10.eml", "9.eml"]


def test_an_outbox_that_cannot_be_written_keeps_the_mail_waiting(app, write, tmp_path, only):
    (tmp_path / "outbox").write_text("no folder")
    postman = Postman(app, dataclasses.replace(app.extensions["settings"], instance=tmp_path))
    write()
    assert postman.deliver_due() == 0
    assert only().last_error.startswith("folder: ")
    assert only().attempts == 0
