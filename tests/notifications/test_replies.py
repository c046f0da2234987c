"""Answers by mail: they land as posts, from the member's own address only, and once."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.utils import parseaddr

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask

from forum.attachments.models import Attachment
from forum.boards.models import Post
from forum.core.db import db, unit_of_work
from forum.core.errors import Invalid
from forum.files.models import File
from forum.files.service import quota
from forum.mail.intake import look_into, receive
from forum.mail.models import IncomingMail, Outcome, OutgoingMail
from forum.members.models import Member, Standing
from forum.notifications.models import Preferences, Rhythm
from forum.notifications.service import replies
from forum.notifications.tasks import replies as tasks
from tests.cast import Cast, Person
from tests.make.files import pdf
from tests.notifications.test_mails import after_grace, choose, sent
from tests.notifications.test_notices import work_off, write

TEN = datetime(2026, 11, 24, 9, tzinfo=UTC)


@pytest.fixture
def takes_mail(context: Flask) -> Iterator[None]:
    """Mail comes in at this house."""
    settings = context.extensions["settings"]
    context.extensions["settings"] = replace(settings, mail_reply_address="antwort@netz.example")
    yield
    context.extensions["settings"] = settings


@pytest.fixture
def mailed(cast: Cast, takes_mail: None) -> OutgoingMail:
    """Petra got a mail about an answer in her topic."""
    with time_machine.travel(TEN, tick=False):
        topic_id = cast.topic(cast.petra)
        work_off()
        choose(cast.petra, Rhythm.AT_ONCE)
        write(cast.manfred, topic_id)
        after_grace()
    (mail,) = sent()
    return mail


def answer(
    mail: OutgoingMail, sender: str, text: str = "Bei uns läuft es gut.", *, number: int = 1
) -> EmailMessage:
    """What a mail program sends when somebody answers."""
    message = EmailMessage()
    message["From"] = sender
    message["To"] = mail.headers["Reply-To"]
    message["Subject"] = "Re: Neues im Netzwerk"
    message["Message-ID"] = f"<{number}@client.example>"
    message["In-Reply-To"] = mail.message_id
    quoted = "\n".join(f"> {line}" for line in mail.text.splitlines())
    message.set_content(f"{text}\n\nAm 24.11.2026 um 10:12 schrieb Netzwerk:\n{quoted}\n")
    return message


def take_in(message: EmailMessage) -> None:
    """It arrives, and the job process looks into it."""
    receive(message.as_bytes(), [parseaddr(str(message["To"]))[1]])
    db.session.rollback()
    for mail_id in db.session.scalars(sa.select(IncomingMail.id)).all():
        db.session.rollback()
        look_into(mail_id)


def last_post() -> Post:
    db.session.rollback()
    return db.session.scalars(sa.select(Post).order_by(Post.id.desc())).first()  # type: ignore[return-value]


def outcome() -> str:
    """What became of the mail that came last."""
    db.session.rollback()
    return db.session.scalars(sa.select(IncomingMail.outcome).order_by(IncomingMail.id.desc())).first() or ""


def count_posts() -> int:
    db.session.rollback()
    return db.session.scalar(sa.select(sa.func.count()).select_from(Post)) or 0


def test_an_answer_by_mail_is_the_next_post_of_the_topic_without_what_was_quoted(
    cast: Cast, mailed: OutgoingMail
) -> None:
    take_in(answer(mailed, cast.petra.email))
    post = last_post()
    assert (post.author_id, post.source, post.number) == (cast.petra.id, "Bei uns läuft es gut.", 3)


def test_the_same_mail_again_is_the_same_post(cast: Cast, mailed: OutgoingMail) -> None:
    message = answer(mailed, cast.petra.email)
    take_in(message)
    message["X-Fetched"] = "a second time, by another way"
    before = count_posts()
    take_in(message)
    assert count_posts() == before


def test_from_another_address_it_is_refused_and_nobody_is_written_to(
    cast: Cast, mailed: OutgoingMail
) -> None:
    before = count_posts()
    take_in(answer(mailed, cast.olga.email))
    assert count_posts() == before
    assert outcome().startswith("Antworte von der Adresse")
    assert [mail.id for mail in sent()] == [mailed.id]


def test_whom_our_own_mail_server_does_not_vouch_for_is_refused_and_told_once_a_day(
    context: Flask, cast: Cast, mailed: OutgoingMail
) -> None:
    settings = context.extensions["settings"]
    context.extensions["settings"] = replace(settings, mail_authserv="mx.netz.example")
    before = count_posts()
    for number in (1, 2):
        take_in(answer(mailed, cast.petra.email, number=number))
    assert count_posts() == before
    _first, told = sent()
    assert told.recipient == cast.petra.email
    assert "bestätigt nicht" in told.text
    vouched = answer(mailed, cast.petra.email, number=3)
    vouched["Authentication-Results"] = "mx.netz.example; dmarc=pass header.from=betrieb.example"
    take_in(vouched)
    assert count_posts() == before + 1


def test_a_member_is_told_in_her_own_language(cast: Cast, mailed: OutgoingMail) -> None:
    with unit_of_work():
        db.session.execute(
            sa.update(Member)
            .where(Member.id == cast.petra.id)
            .values(locale="en", standing=Standing.SUSPENDED)
        )
    take_in(answer(mailed, cast.petra.email))
    told = sent()[-1]
    assert told.subject == "Your reply was not accepted"
    assert "Your account is suspended." in told.text


def test_a_revoked_address_and_a_changed_one_are_refused(cast: Cast, mailed: OutgoingMail) -> None:
    with unit_of_work():
        replies.revoke_addresses(cast.petra.viewer)
    before = count_posts()
    take_in(answer(mailed, cast.petra.email))
    changed = answer(mailed, cast.petra.email, number=2)
    changed.replace_header("To", mailed.headers["Reply-To"].replace("@", "x@"))
    take_in(changed)
    assert count_posts() == before


def count_attachments(post: Post) -> int:
    hung = sa.select(sa.func.count()).select_from(Attachment).where(Attachment.subject_id == post.id)
    return db.session.scalar(hung) or 0


def test_files_come_along_and_one_that_is_not_taken_holds_up_nothing_and_its_sender_is_told_why(
    cast: Cast, mailed: OutgoingMail
) -> None:
    message = answer(mailed, cast.petra.email)
    message.add_attachment(pdf(), maintype="application", subtype="pdf", filename="Schichtplan.pdf")
    message.add_attachment(b"MZ" + bytes(500), maintype="application", subtype="pdf", filename="Lohn.pdf")
    message.add_attachment(bytes(2000), maintype="application", subtype="zip", filename="Alles.zip")
    take_in(message)
    post = last_post()
    assert post.source == "Bei uns läuft es gut."
    assert count_attachments(post) == 1
    told = sent()[-1]
    assert told.recipient == cast.petra.email
    assert told.subject == "Deine Antwort ist da, aber nicht alle Dateien"
    assert "„Lohn.pdf“: " in told.text
    assert "„Alles.zip“: " in told.text
    assert "Schichtplan.pdf" not in told.text
    db.session.rollback()
    assert db.session.scalar(sa.select(sa.func.count()).select_from(File)) == 1


def test_a_file_that_is_too_large_or_for_which_there_is_no_room_is_named_with_the_reason(
    cast: Cast, mailed: OutgoingMail, monkeypatch: pytest.MonkeyPatch
) -> None:
    def with_file(number: int) -> EmailMessage:
        message = answer(mailed, cast.petra.email, number=number)
        message.add_attachment(pdf(), maintype="application", subtype="pdf", filename="Plan.pdf")
        return message

    def full(space_id: int, size: int) -> None:
        raise Invalid("Dafür reicht der Platz dieses Bereichs nicht.", "files")

    with monkeypatch.context() as patch, time_machine.travel(TEN):
        patch.setattr(quota, "check_space", full)
        take_in(with_file(1))
    post = last_post()
    assert (post.source, count_attachments(post)) == ("Bei uns läuft es gut.", 0)
    assert "Dafür reicht der Platz" in sent()[-1].text
    monkeypatch.setattr(quota, "check_size", lambda name, size: full(0, size))
    with time_machine.travel(TEN + timedelta(days=2)):
        take_in(with_file(2))
        assert "„Plan.pdf“: Dafür" in sent()[-1].text
    assert last_post().id != post.id


def test_a_mail_of_nothing_but_a_file_that_is_not_taken_is_refused_with_the_reason(
    cast: Cast, mailed: OutgoingMail
) -> None:
    before = count_posts()
    message = answer(mailed, cast.petra.email, text="")
    message.add_attachment(b"MZ" + bytes(500), maintype="application", subtype="pdf", filename="Lohn.pdf")
    take_in(message)
    assert count_posts() == before
    assert "„Lohn.pdf“: " in sent()[-1].text
    assert sent()[-1].subject == "Deine Antwort wurde nicht übernommen"
    assert outcome() == Outcome.FILES


def test_of_a_file_that_tells_more_than_one_sees_its_sender_is_told_to_decide(
    cast: Cast, mailed: OutgoingMail
) -> None:
    message = answer(mailed, cast.petra.email)
    plan = pdf(author="Petra Sommer")
    message.add_attachment(plan, maintype="application", subtype="pdf", filename="Plan.pdf")
    take_in(message)
    assert count_attachments(last_post()) == 1
    assert "„Plan.pdf“: Diese Datei verrät mehr, als du siehst." in sent()[-1].text


def test_who_is_suspended_or_has_left_answers_no_more(cast: Cast, mailed: OutgoingMail, leave) -> None:  # type: ignore[no-untyped-def]
    before = count_posts()
    leave(cast.petra)
    take_in(answer(mailed, cast.petra.email))
    with unit_of_work():
        db.session.execute(
            sa.update(Member).where(Member.id == cast.petra.id).values(standing=Standing.SUSPENDED)
        )
    take_in(answer(mailed, cast.petra.email, number=2))
    assert count_posts() == before


def test_a_bundle_and_a_house_that_takes_no_mail_have_no_address_to_answer(
    context: Flask, cast: Cast
) -> None:
    with time_machine.travel(TEN, tick=False):
        topic_id = cast.topic(cast.petra)
        work_off()
        choose(cast.petra, Rhythm.AT_ONCE)
        write(cast.manfred, topic_id)
        after_grace()
    (mail,) = sent()
    assert "Reply-To" not in mail.headers
    assert "über dieser Zeile" not in mail.text


def bounce_of(person: Person) -> str:
    db.session.rollback()
    return (
        db.session.scalar(sa.select(Preferences.mail_failure).where(Preferences.member_id == person.id)) or ""
    )


def test_a_member_is_told_that_mail_does_not_arrive_only_of_the_address_that_holds_now(
    cast: Cast, mailed: OutgoingMail
) -> None:
    with unit_of_work():
        tasks.note_bounce(cast.petra.id, "alt@betrieb.example", True, "no such mailbox")
        tasks.note_bounce(cast.petra.id, cast.petra.email, False, "mailbox full")
    assert bounce_of(cast.petra) == ""
    with unit_of_work():
        tasks.note_bounce(cast.petra.id, cast.petra.email.upper(), True, "no such mailbox")
    assert bounce_of(cast.petra) == "no such mailbox"


def test_a_member_who_was_never_told_anything_hears_of_a_bounce_too(context: Flask, cast: Cast) -> None:
    assert db.session.get(Preferences, cast.petra.id) is None
    with unit_of_work():
        tasks.note_bounce(cast.petra.id, cast.petra.email, True, "no such mailbox")
    assert bounce_of(cast.petra) == "no such mailbox"
