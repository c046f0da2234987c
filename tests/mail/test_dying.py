"""Workers that die while they deliver: nothing is lost, and nothing is sent twice but in one moment that is known."""

import signal
import subprocess
import sys
import threading
from collections import Counter

import pytest
import time_machine

from forum.config import ROOT
from forum.core.clock import now
from forum.mail.delivery import GONE, LEASE
from forum.mail.journal import Journal
from tests.mail.house import POINTS

RECIPIENTS = [f"{name}@betrieb.example" for name in ("nina", "olga", "petra")]
#: Between the server's yes and the line in the journal nothing can know: docs/decisions/0011-mail.md.
KNOWN_DOUBLE = "after the yes, before the journal"


@pytest.fixture
def kill_at(app, postman, tmp_path, mailbox):
    """Have a process on this machine deliver and die at the point."""

    def kill(point):
        url = app.extensions["settings"].database_url
        command = [sys.executable, "-m", "tests.mail.house", point, str(tmp_path), url, str(mailbox.port)]
        assert subprocess.run(command, cwd=ROOT, timeout=60).returncode == -signal.SIGKILL

    return kill


@pytest.mark.parametrize("point", POINTS)
def test_whenever_the_worker_dies_every_mail_arrives_once(postman, write, mails, mailbox, kill_at, point):
    for recipient in RECIPIENTS:
        write(recipient)
    kill_at(point)
    postman.deliver_due()  # the others do not wait
    with time_machine.travel(now() + LEASE):
        postman.deliver_due()
    doubles = 1 if point == KNOWN_DOUBLE else 0
    assert Counter(mailbox.recipients) == Counter(RECIPIENTS) + Counter(RECIPIENTS[:1] * doubles)
    assert len(set(mailbox.names)) == 3  # a double bears the name of the first
    assert all(mail.sent_at and not mail.next_try_at and not mail.text for mail in mails())


def test_what_one_machine_left_another_takes_over_only_when_the_first_is_gone(
    write, only, mailbox, kill_at, set_up, tmp_path
):
    write()
    kill_at("after MAIL FROM")
    other = set_up(instance=tmp_path / "other")
    with time_machine.travel(now() + LEASE):
        assert other.deliver_due() == 0
    with time_machine.travel(now() + LEASE + GONE):
        assert other.deliver_due() == 1
    assert mailbox.recipients == ["nina@betrieb.example"]
    assert only().claimed_by == ""


def test_a_journal_that_knows_of_a_mail_keeps_it_from_going_again(app, postman, write, only, mailbox):
    write()
    postman._journal.take(only().id, only().message_id, now())
    assert postman.deliver_due() == 1
    assert mailbox.letters == []
    assert only().sent_at is not None


def test_a_database_put_back_from_a_copy_does_not_meet_old_lines_of_the_journal(
    postman, write, only, mailbox
):
    write()
    postman._journal.take(only().id, "<1.other@werk.example>", now())
    assert postman.deliver_due() == 1
    assert len(mailbox.letters) == 1


def test_the_journal_forgets_what_is_long_past(postman):
    journal = postman._journal
    journal.take(1, "<1@x>", now())
    journal.forget(now())
    assert not journal.has(1, "<1@x>")
    journal.take(2, "<2@x>", now())
    name = journal.name
    journal.close()
    assert journal.has(2, "<2@x>")
    assert journal.name == name


def test_processes_may_open_the_journal_at_the_same_moment(tmp_path):
    for attempt in range(20):
        journals = [Journal(tmp_path / f"{attempt}.sqlite") for _ in range(4)]
        start = threading.Barrier(4)
        names = []

        def open_one(journal, start=start, names=names):
            start.wait()
            names.append(journal.name)

        threads = [threading.Thread(target=open_one, args=[journal]) for journal in journals]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(names) == 4
        assert len(set(names)) == 1
