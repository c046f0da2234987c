"""What comes in is kept first, then taken, refused with one sentence, or let be; nothing goes round in circles."""

import tracemalloc
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
import time_machine

from forum.core.clock import now
from forum.core.db import db, unit_of_work
from forum.core.errors import Denied, NotFound
from forum.jobs.models import Job
from forum.jobs.worker import worker_of
from forum.mail import intake, targets
from forum.mail.composing import Draft, compose
from forum.mail.intake import forget, is_for_us, look_into, receive
from forum.mail.letters import SIZE_LIMIT
from forum.mail.models import IncomingMail, IncomingState, Outcome, OutgoingMail
from forum.mail.service import send
from tests.mail.incoming import PETRA, address, answers, incoming, mail, set_up

SAMPLES = Path(__file__).parent / "samples"


@pytest.fixture
def taker(app, monkeypatch):
    return set_up(app, monkeypatch)


@pytest.fixture
def come(app):
    """A mail comes in and is looked into, as the job process does it."""

    def come(raw, *envelope_to, **options):
        with app.app_context():
            receive(raw, envelope_to, **options)
            waiting = list(
                db.session.scalars(
                    sa.select(IncomingMail.id).where(IncomingMail.state == IncomingState.WAITING)
                )
            )
            db.session.rollback()
            for incoming_id in waiting:
                look_into(incoming_id)
        return incoming(app)[-1]

    return come


def test_an_answer_is_handed_over_and_its_bytes_go(app, taker, come):
    row = come(mail(address(app), "Wir kommen.\n\n-- \nPetra"))
    ((letter, payload),) = taker.letters
    assert (letter.text, letter.sender, payload) == ("Wir kommen.", PETRA, "7.9")
    assert (row.state, row.outcome, row.raw) == (IncomingState.TAKEN, Outcome.ANSWER, None)
    assert (row.member_id, row.address, row.sender_domain) == (3, "t.7.9", "optik.example")
    assert answers(app) == []


def test_the_job_process_looks_into_it(app, taker):
    with app.app_context():
        receive(mail(address(app)))
    worker_of(app).perform_due()
    assert len(taker.letters) == 1
    with app.app_context():
        assert not db.session.scalar(sa.select(Job.id).where(Job.name == "mail.look_into"))


def test_what_comes_twice_is_one_also_after_it_was_taken(app, taker, come):
    raw = mail(address(app))
    come(raw)
    come(raw)
    with app.app_context():
        look_into(incoming(app)[0].id)
        receive(raw)
    assert len(taker.letters) == len(incoming(app)) == 1


def test_the_same_mail_to_two_of_our_addresses_goes_to_both(app, taker, come):
    raw = mail("verteiler@optik.example")
    come(raw, address(app, payload="1"))
    come(raw, address(app, payload="2"))
    assert [payload for _letter, payload in taker.letters] == ["1", "2"]
    come(mail(f"{address(app, payload='3')}, {address(app, payload='4')}"))
    assert [payload for _letter, payload in taker.letters][2:] == ["3", "4"]


def test_a_refusal_is_said_once_with_its_reason_and_changes_nothing(app, taker, come):
    taker.refusal = Denied("Dieses Thema ist geschlossen.")
    row = come(mail(address(app)))
    assert (row.state, row.outcome) == (IncomingState.REFUSED, "Dieses Thema ist geschlossen.")
    (answer,) = answers(app)
    assert answer.recipient == PETRA
    assert "Dieses Thema ist geschlossen." in answer.text
    assert answer.headers["In-Reply-To"].endswith("@optik.example>")
    assert " Sie " not in answer.text.replace("\n", " ")


def test_a_refusal_without_words_gets_some(app, taker, come):
    taker.refusal = NotFound()
    come(mail(address(app)))
    assert "gibt es nicht mehr" in answers(app)[0].text


def test_the_owner_of_an_address_is_told_once_a_day_for_it_and_five_times_for_all(app, taker, come):
    taker.refusal = Denied("Nein.")
    moment = now()
    for attempt in range(3):
        with time_machine.travel(moment + timedelta(hours=attempt), tick=False):
            come(mail(address(app), f"Versuch {attempt}"))
    assert len(answers(app)) == 1
    with time_machine.travel(moment + timedelta(hours=3), tick=False):
        for number in range(10):
            come(mail(address(app, payload=f"7.{number}"), "Ein anderes Thema"))
    assert len(answers(app)) == 5
    with time_machine.travel(moment + timedelta(days=1, hours=4), tick=False):
        come(mail(address(app), "Am nächsten Tag"))
    assert len(answers(app)) == 6
    assert {row.state for row in incoming(app)} == {IncomingState.REFUSED}


@pytest.mark.parametrize("sample", [None, "only-quote", "smime-encrypted", "invite-outlook"])
def test_nobody_but_the_owner_of_the_address_ever_gets_an_answer(app, taker, come, sample):
    taker.refusal = Denied("Nein.")
    stranger = "jens@weg.example"
    raw = mail(address(app), sender=stranger)
    if sample:
        raw = (SAMPLES / f"{sample}.eml").read_bytes().replace(PETRA.encode(), stranger.encode())
    row = come(raw, address(app))
    assert row.state is IncomingState.REFUSED
    assert (row.member_id, row.address, row.sender_domain) == (None, "", "weg.example")
    assert come(mail(address(app, payload="revoked"))).state is IncomingState.REFUSED
    assert answers(app) == []
    come(mail(address(app)))
    assert [answer.recipient for answer in answers(app)] == [PETRA]


def test_who_is_told_is_told_in_her_own_language(app, taker, come):
    taker.locale = "en"
    come((SAMPLES / "only-quote.eml").read_bytes(), address(app))
    taker.refusal = Denied("No.")
    come(mail(address(app, payload="8")))
    taker.locale = "de"
    come(mail(address(app, payload="9")))
    english, also_english, german = answers(app)
    assert english.subject == also_english.subject == "Your reply was not accepted"
    assert "It contains no text from you." in english.text
    assert german.subject == "Deine Antwort wurde nicht übernommen"
    assert taker.said == ["en", "de"]


def test_a_member_writes_so_many_mails_in_an_hour_and_is_told_that_nothing_is_lost(
    app, taker, come, monkeypatch
):
    monkeypatch.setattr(intake, "LETTERS_AN_HOUR", 3)
    moment = now()
    with time_machine.travel(moment, tick=False):
        for number in range(3):
            assert come(mail(address(app), f"Antwort {number}")).state is IncomingState.TAKEN
        for number in range(3, 5):
            assert come(mail(address(app), f"Antwort {number}")).state is IncomingState.REFUSED
    (answer,) = answers(app)
    assert "Warte eine Stunde" in answer.text
    assert "bei den gesendeten Mails" in answer.text
    with time_machine.travel(moment + timedelta(hours=1, seconds=1), tick=False):
        assert come(mail(address(app), "Eine Stunde später")).state is IncomingState.TAKEN
    set_up(app, monkeypatch, rate_limits=False)
    assert come(mail(address(app), "Ohne Grenze")).state is IncomingState.TAKEN


def test_what_was_left_out_of_a_letter_is_told_to_its_writer_once_a_day(app, taker, come):
    taker.left_out = ["„Plan.exe“: Das ist ein Programm.", "„Bild.heic“: zu groß."]
    for number in range(2):
        row = come(mail(address(app), f"Mit Dateien {number}"))
        assert (row.state, row.outcome) == (IncomingState.TAKEN, Outcome.ANSWER)
    (answer,) = answers(app)
    assert answer.recipient == PETRA
    assert "deine Antwort steht im Netzwerk" in answer.text
    assert all(sentence in answer.text for sentence in taker.left_out)


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto_Submitted": "auto-replied"}, {"Precedence": "bulk"}, {"List_Id": "<alle.optik.example>"},
        {"Return_Path": "<>"}, {"X_Autoreply": "yes"}, {"sender": "netzwerk@netz.example"}, {"sender": "noreply@optik.example"},
        {"sender": "antwort+t.1.aaaaaaaaaaaaaaaa@netz.example"}, {"sender": "MAILER-DAEMON@optik.example"},
    ],
)  # fmt: skip
def test_programs_lists_and_we_ourselves_are_neither_taken_nor_answered(app, taker, come, headers):
    taker.refusal = Denied("Nein.")
    row = come(mail(address(app), **headers))
    assert row.state is IncomingState.IGNORED
    assert answers(app) == taker.letters == []


def test_our_own_mail_that_comes_back_ends_here(app, taker, come, tmp_path):
    with app.app_context(), unit_of_work():
        send(address(app), "Neues im Netzwerk", "Text")
    with app.app_context():
        row = db.session.scalars(sa.select(OutgoingMail)).one()
        draft = Draft(row.message_id, row.recipient, row.subject, row.text, row.html, row.headers)
        raw = compose(draft, app.extensions["settings"], now())
    assert come(raw).state is IncomingState.IGNORED
    forwarded = raw.replace(b"netzwerk@netz.example", PETRA.encode())
    assert come(forwarded).outcome == Outcome.AUTOMATIC
    assert come(forwarded.replace(b"Auto-Submitted", b"X-Gone")).outcome == Outcome.OWN
    assert answers(app) == taker.letters == []


def test_an_address_that_is_not_ours_is_never_answered(app, taker, come):
    forged = address(app).replace("+t.7.9.", "+t.7.8.")
    for to in (forged, "antwort@netz.example", "jemand@sonst.example"):
        assert come(mail(to)).state is IncomingState.IGNORED
    assert come(mail(address(app, "nobody", "1"))).state is IncomingState.IGNORED
    assert answers(app) == taker.letters == []


@pytest.mark.parametrize(
    ("sample", "words"),
    [
        ("smime-encrypted", "verschlüsselt"), ("pgp-mime", "verschlüsselt"), ("smime-opaque", "Unterschrift"),
        ("only-quote", "kein Text von dir"), ("empty", "kein Text von dir"), ("invite-outlook", "ein Termin für den Kalender"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_said_in_words_that_help(app, taker, come, sample, words):
    raw = (SAMPLES / f"{sample}.eml").read_bytes()
    assert come(raw, address(app)).state is IncomingState.REFUSED
    assert words in answers(app)[0].text
    assert taker.letters == []


@pytest.mark.parametrize(
    "sample", ["calendar-accepted", "ooo-exchange-de", "receipt-mdn", "mailing-list", "bounce-qmail"]
)
def test_what_nobody_wrote_to_us_is_let_be(app, taker, come, sample):
    row = come((SAMPLES / f"{sample}.eml").read_bytes(), address(app))
    assert row.state is IncomingState.IGNORED
    assert answers(app) == taker.letters == []


def test_too_large_a_mail_is_not_kept_and_its_sender_is_told(app, taker, come):
    raw = mail(address(app)) + b"x" * (SIZE_LIMIT + 1)
    with app.app_context():
        receive(raw)
    assert len(incoming(app)[0].raw) < 300_000
    row = come(raw)
    assert row.state is IncomingState.REFUSED
    assert "25 MB" in answers(app)[0].text


@pytest.mark.parametrize("kind", ["a file", "text", "html", "above the limit"])
def test_a_large_mail_takes_the_memory_of_a_few_of_its_size(app, taker, come, kind):
    head = f"From: {PETRA}\r\nTo: {address(app)}\r\n".encode()
    if kind == "a file":
        head += b"Content-Type: application/pdf; name=a.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        line = b"QUJD" * 19 + b"\r\n"
    elif kind == "html":
        head, line = head + b"Content-Type: text/html\r\n\r\n", "<p>Grüße aus Finsterwalde</p>\r\n".encode()
    else:
        head, line = head + b"\r\n", "Grüße aus Finsterwalde\r\n".encode()
    size = SIZE_LIMIT * (6 if kind == "above the limit" else 4) // 5
    raw = head + line * (size // len(line))
    tracemalloc.start()
    try:
        row = come(raw)
        _now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 8 * len(raw)
    assert row.state is (IncomingState.REFUSED if kind == "above the limit" else IncomingState.TAKEN)


def test_a_sender_whom_our_server_found_forged_is_neither_heard_nor_told(app, monkeypatch, come):
    taker = set_up(app, monkeypatch, mail_authserv="mx.netz.example")
    said = {"Authentication_Results": "mx.netz.example; dmarc=fail header.from=optik.example"}
    assert come(mail(address(app), **said)).outcome == Outcome.FORGED
    assert answers(app) == taker.letters == []
    said = {"Authentication_Results": "mx.netz.example; dmarc=pass header.from=optik.example"}
    come(mail(address(app), "Zweite", **said))
    come(mail(address(app), "Dritte"))
    assert [letter.sender_is_proven for letter, _payload in taker.letters] == [True, None]


def test_a_fault_of_ours_keeps_the_mail_and_it_is_tried_again(app, taker):
    taker.refusal = RuntimeError()
    with app.app_context():
        receive(mail(address(app)))
    worker_of(app).perform_due()
    assert incoming(app)[0].state is IncomingState.WAITING
    taker.refusal = None
    with time_machine.travel(now() + timedelta(minutes=1)):
        worker_of(app).perform_due()
    assert len(taker.letters) == 1


def test_a_taker_writes_in_its_own_unit_of_work(app, taker, come, monkeypatch):
    def take(letter, payload):
        with unit_of_work():
            send("jens@weg.example", "Betreff", letter.text)
        if payload == "2":
            raise Denied("Doch nicht.")
        return []

    monkeypatch.setitem(targets._takers, "t", targets.Taker(take, taker.owner_of))
    assert come(mail(address(app, payload="1"))).state is IncomingState.TAKEN
    assert come(mail(address(app, payload="2"))).state is IncomingState.REFUSED
    assert [answer.recipient for answer in answers(app)] == [PETRA]


def test_a_worker_that_dies_before_the_note_hands_the_letter_over_again(app, taker, monkeypatch):
    def die(*_args, **_values):
        raise KeyboardInterrupt

    with app.app_context():
        receive(mail(address(app)))
        (row,) = incoming(app)
        with monkeypatch.context() as patch:
            patch.setattr(intake, "_note", die)
            with pytest.raises(KeyboardInterrupt):
                look_into(row.id)
        look_into(row.id)
        look_into(row.id)
    assert len(taker.letters) == 2
    assert taker.letters[0] == taker.letters[1]


def test_a_bounce_is_noted_and_the_member_told_once(app, taker, come, monkeypatch):
    told = []
    monkeypatch.setattr(targets, "_told", [lambda *words: told.append(words)])
    with app.app_context(), unit_of_work():
        mail_id = send("jens@weg.example", "Neues", "Text", member_id=3)
    delayed = (SAMPLES / "bounce-postfix-delayed.eml").read_bytes()
    final = (SAMPLES / "bounce-postfix.eml").read_bytes()
    rows = [come(raw, address(app, "b", str(mail_id))) for raw in (delayed, final, final + b"\n")]
    assert [row.outcome for row in rows] == [Outcome.DELAYED, Outcome.BOUNCE, Outcome.BOUNCE]
    assert {row.member_id for row in rows} == {3}
    assert [(member_id, is_final) for member_id, _recipient, is_final, _words in told] == [(3, True)]
    assert "User unknown" in told[0][3]
    with app.app_context():
        row = db.session.get(OutgoingMail, mail_id)
        assert row.bounced_at is not None
        assert row.bounce.startswith("5.1.1 550")


def test_a_full_mailbox_is_no_missing_one(app, taker, come, monkeypatch):
    told = []
    monkeypatch.setattr(targets, "_told", [lambda *words: told.append(words)])
    with app.app_context(), unit_of_work():
        mail_id = send("jens@weg.example", "Neues", "Text", member_id=3)
    come((SAMPLES / "bounce-quota.eml").read_bytes(), address(app, "b", str(mail_id)))
    assert [(member_id, is_final) for member_id, _recipient, is_final, _words in told] == [(3, False)]


def test_a_bounce_is_known_by_the_mail_it_brings_back_but_not_by_a_guess(app, taker, come):
    with app.app_context(), unit_of_work():
        mail_id = send("jens@weg.example", "Neues", "Text", member_id=3)
    with app.app_context():
        name = db.session.get(OutgoingMail, mail_id).message_id
    raw = (SAMPLES / "bounce-qmail.eml").read_bytes()
    old = b"<4711.0a1b2c3d4e5f6071@netz.example>"
    guess = f"<{mail_id}.0a1b2c3d4e5f6071@netz.example>"
    assert come(raw.replace(old, guess.encode())).outcome == Outcome.STRAY_BOUNCE
    assert come(raw.replace(old, name.encode())).outcome == Outcome.BOUNCE


def test_it_is_forgotten_after_thirty_days(app, taker, come):
    come(mail(address(app)))
    with app.app_context():
        for days, left in ((29, 1), (31, 0)):
            with unit_of_work():
                forget(now() + timedelta(days=days))
            assert len(incoming(app)) == left


def test_whose_address_is_ours_is_known_before_the_mail(app, taker):
    with app.app_context():
        assert is_for_us([address(app)])
        assert is_for_us(["jemand@sonst.example", address(app, "b", "1")])
        assert not is_for_us([address(app, "nobody", "1"), "antwort@netz.example", ""])
