"""Mail as administrators see it."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from forum.core.access import Viewer
from forum.core.clock import now
from forum.core.db import db, unit_of_work
from forum.core.errors import NotFound
from forum.mail.faults import OF_THE_HOUSE, Fault
from forum.mail.models import Outcome, OutgoingMail
from forum.mail.queries import (
    MailState,
    count_incoming,
    count_mails,
    house_trouble,
    last_probe,
    list_incoming,
    list_mails,
)
from forum.mail.sentences import incoming, reason

ADMINISTRATOR = Viewer(1, is_administrator=True)
STATES = {
    MailState.WAITING: {"next_try_at": now()},
    MailState.GIVEN_UP: {"last_error": "no_mailbox: 550 no"},
    MailState.SENT: {"sent_at": now()},
    MailState.CAME_BACK: {"sent_at": now(), "bounced_at": now(), "bounce": "550 gone"},
}


def put(**values):
    values = {"recipient": "a@b.example", "subject": "x", "text": "secret", "created_at": now()} | values
    with unit_of_work():
        db.session.execute(sa.insert(OutgoingMail).values(**values))


@pytest.fixture
def some(context):
    for count, (state, values) in enumerate(STATES.items(), 1):
        for _ in range(count):
            put(recipient=f"{state}@b.example", **values)


def test_each_mail_is_in_one_state_and_counted_there(some):
    assert list(count_mails(ADMINISTRATOR).items()) == list(zip(STATES, (1, 2, 3, 4), strict=True))
    for count, state in enumerate(STATES, 1):
        rows = list_mails(ADMINISTRATOR, state=state).rows
        assert [(row.state, row.recipient) for row in rows] == [(state, f"{state}@b.example")] * count
    assert len(list_mails(ADMINISTRATOR).rows) == 10


def test_reasons_are_codes_and_the_other_sides_words(some):
    (row, _) = list_mails(ADMINISTRATOR, state=MailState.GIVEN_UP).rows
    assert (row.fault, row.words) == (Fault.NO_MAILBOX, "550 no")
    (row, *_) = list_mails(ADMINISTRATOR, state=MailState.CAME_BACK).rows
    assert (row.fault, row.words) == ("", "550 gone")
    assert "secret" not in repr(list_mails(ADMINISTRATOR))


def test_what_was_noted_before_there_were_codes_is_still_shown(context):
    put(next_try_at=now(), last_error="SMTPServerDisconnected: gone")
    (row,) = list_mails(ADMINISTRATOR).rows
    assert (row.fault, row.words) == ("", "gone")


def test_a_long_queue_comes_in_pages(context):
    with unit_of_work():
        values = {"recipient": "a@b.example", "subject": "x", "text": "", "created_at": now()}
        db.session.execute(sa.insert(OutgoingMail), [values] * 120)
    seen, cursor = [], ""
    while cursor is not None:
        page = list_mails(ADMINISTRATOR, cursor, MailState.GIVEN_UP)
        seen += [row.id for row in page.rows]
        cursor = page.next
    assert len(seen) == len(set(seen)) == 120
    assert seen == sorted(seen, reverse=True)


def test_trouble_of_the_house_is_told_as_long_as_mail_waits_for_it(context):
    put(last_error="unreachable: gone", sent_at=now())
    put(last_error="later: 451 x", next_try_at=now())
    assert house_trouble(ADMINISTRATOR) is None
    put(last_error="login: 535 no", next_try_at=now() + timedelta(minutes=1))
    assert house_trouble(ADMINISTRATOR) is Fault.LOGIN


def test_the_last_probe_is_ones_own(context):
    put(about="probe", member_id=1, recipient="old@b.example")
    put(about="probe", member_id=1, recipient="new@b.example")
    put(about="probe", member_id=2)
    put(about="account", member_id=1)
    assert last_probe(ADMINISTRATOR).recipient == "new@b.example"
    assert last_probe(Viewer(3, is_administrator=True)) is None


def test_nobody_else_looks(context):
    for ask in (list_mails, count_mails, house_trouble, last_probe, list_incoming, count_incoming):
        with pytest.raises(NotFound):
            ask(Viewer(1))


def test_every_outcome_has_a_sentence_and_a_refusal_is_one(context):
    assert len({incoming(outcome) for outcome in Outcome} - set(Outcome)) == len(Outcome)
    assert incoming("Dieses Thema ist geschlossen.") == "Dieses Thema ist geschlossen."


def test_every_fault_has_a_sentence(context):
    said = {fault: reason(fault) for fault in Fault}
    assert len(set(said.values())) == len(Fault)
    assert all("Alle Mails warten" in said[fault] for fault in OF_THE_HOUSE)
    assert reason("") == ""
    assert reason("no such code")
