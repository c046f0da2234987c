"""Mails about what is new: late enough to be taken back, never twice, without content unless it was chosen."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask

from forum.boards.service import posts, readings, topics
from forum.core.clock import now
from forum.core.db import db, unit_of_work
from forum.mail.models import OutgoingMail
from forum.notifications import policy
from forum.notifications.models import Kind, Level, Notice, Rhythm
from forum.notifications.service import notices, preferences, watches
from forum.notifications.tasks import mails
from tests.cast import Cast, Person
from tests.notifications.test_notices import work_off, write

#: A Tuesday, ten in the morning.
TEN = datetime(2026, 11, 24, 9, tzinfo=UTC)


def choose(
    person: Person, rhythm: Rhythm, *, shows_content: bool = False, quiet_weekends: bool = False
) -> None:
    with unit_of_work():
        preferences.choose_mails(
            person.viewer, rhythm, 17, 0, quiet_weekends=quiet_weekends, shows_content=shows_content
        )


def sent() -> list[OutgoingMail]:
    db.session.rollback()
    return list(db.session.scalars(sa.select(OutgoingMail).order_by(OutgoingMail.id)))


def after_grace() -> None:
    """Ten minutes later the sweep comes by."""
    with time_machine.travel(now() + policy.GRACE + timedelta(seconds=1), tick=False):
        mails.mail_due()


@pytest.fixture
def topic_id(context: Flask, cast: Cast) -> int:
    with time_machine.travel(TEN, tick=False):
        topic_id = cast.topic(cast.petra)
        work_off()
    return topic_id


@time_machine.travel(TEN, tick=False)
def test_a_mail_waits_ten_minutes_and_then_goes_once(cast: Cast, topic_id: int) -> None:
    choose(cast.petra, Rhythm.AT_ONCE)
    write(cast.manfred, topic_id)
    mails.mail_due()
    assert sent() == []
    after_grace()
    after_grace()
    (mail,) = sent()
    assert mail.recipient == cast.petra.email
    assert mail.subject == "Neues im Netzwerk"


@time_machine.travel(TEN, tick=False)
def test_what_was_withdrawn_in_time_is_never_mailed_and_what_was_mended_is_mailed_as_it_is_now(
    cast: Cast, topic_id: int
) -> None:
    choose(cast.petra, Rhythm.AT_ONCE, shows_content=True)
    gone = write(cast.manfred, topic_id, "Der Chef heißt Meier.")
    mended = write(cast.manfred, topic_id, "Die Schicht begint um sechs.")
    with unit_of_work():
        posts.withdraw_post(cast.manfred.viewer, gone)
        posts.edit_post(cast.manfred.viewer, mended, "Die Schicht beginnt um fünf.", 0)
    after_grace()
    (mail,) = sent()
    assert "beginnt um fünf" in mail.text
    assert "beginnt um fünf" in mail.html
    assert "Meier" not in mail.text + mail.html
    assert "begint" not in mail.text


@time_machine.travel(TEN, tick=False)
def test_if_all_of_it_was_withdrawn_there_is_no_mail_at_all(cast: Cast, topic_id: int) -> None:
    choose(cast.petra, Rhythm.AT_ONCE)
    post_id = write(cast.manfred, topic_id)
    with unit_of_work():
        posts.withdraw_post(cast.manfred.viewer, post_id)
    after_grace()
    assert sent() == []


@time_machine.travel(TEN, tick=False)
def test_there_is_one_mail_for_a_topic_until_the_next_visit(cast: Cast, topic_id: int) -> None:
    choose(cast.petra, Rhythm.AT_ONCE)
    write(cast.manfred, topic_id)
    after_grace()
    write(cast.manfred, topic_id)
    after_grace()
    assert len(sent()) == 1
    with unit_of_work():
        readings.record_reading(cast.petra.viewer, topic_id, 3)
    write(cast.manfred, topic_id)
    after_grace()
    assert len(sent()) == 2


@time_machine.travel(TEN, tick=False)
def test_who_reads_in_time_gets_no_mail(cast: Cast, topic_id: int) -> None:
    choose(cast.petra, Rhythm.AT_ONCE)
    write(cast.manfred, topic_id)
    with unit_of_work():
        readings.record_reading(cast.petra.viewer, topic_id, 2)
    after_grace()
    assert sent() == []


@time_machine.travel(TEN, tick=False)
def test_a_mail_is_without_content_unless_it_was_chosen(cast: Cast, topic_id: int) -> None:
    choose(cast.petra, Rhythm.AT_ONCE)
    write(cast.manfred, topic_id, "Sonderschicht am Samstag.")
    after_grace()
    (mail,) = sent()
    said = mail.subject + mail.text + mail.html
    assert "Sonderschicht" not in said
    assert "Vier-Schicht" not in said
    assert cast.manfred.name not in said
    assert "Guten Tag" in mail.text
    assert "/posts/" in mail.text


@time_machine.travel(TEN, tick=False)
def test_mails_of_one_topic_are_one_thread_and_can_be_stopped_with_one_click(
    cast: Cast, topic_id: int
) -> None:
    choose(cast.petra, Rhythm.AT_ONCE)
    write(cast.manfred, topic_id)
    after_grace()
    (mail,) = sent()
    with unit_of_work():
        readings.record_reading(cast.petra.viewer, topic_id, 2)
    write(cast.manfred, topic_id)
    after_grace()
    later = sent()[1]
    assert mail.headers["References"] == later.headers["References"] == later.headers["In-Reply-To"]
    assert (
        f"topic.{topic_id}" not in mail.headers["References"]
    )  # a mail server learns not who reads the same
    assert mail.headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert "/notices/stop/" in mail.headers["List-Unsubscribe"]


@time_machine.travel(TEN, tick=False)
def test_a_bundle_goes_at_the_hour_and_holds_each_thing_once(cast: Cast, topic_id: int) -> None:
    choose(cast.petra, Rhythm.DAILY, shows_content=True)
    write(cast.manfred, topic_id, "Das Erste.")
    write(cast.manfred, topic_id, "Das Zweite.")
    after_grace()
    mails.bundle_due()
    assert sent() == []
    with time_machine.travel(datetime(2026, 11, 24, 16, 1, tzinfo=UTC), tick=False):
        mails.bundle_due()
        mails.bundle_due()
        (mail,) = sent()
        assert mail.text.count("Vier-Schicht-Modell") == 1
        assert "Das Erste." in mail.text
        assert "Das Zweite." in mail.text
    with time_machine.travel(datetime(2026, 11, 25, 16, 1, tzinfo=UTC), tick=False):
        mails.bundle_due()
    assert len(sent()) == 1


@time_machine.travel(TEN, tick=False)
def test_who_has_left_the_region_is_not_mailed_what_is_written_there(
    cast: Cast, topic_id: int, leave: Callable[[Person], None]
) -> None:
    choose(cast.petra, Rhythm.AT_ONCE)
    write(cast.manfred, topic_id)
    leave(cast.petra)
    after_grace()
    assert sent() == []


@time_machine.travel(datetime(2026, 11, 28, 11, tzinfo=UTC), tick=False)  # a Saturday
def test_on_free_days_only_what_is_important_goes_to_those_who_want_calm(cast: Cast, topic_id: int) -> None:
    choose(cast.petra, Rhythm.AT_ONCE, quiet_weekends=True)
    write(cast.manfred, topic_id)
    after_grace()
    assert sent() == []
    with time_machine.travel(datetime(2026, 11, 30, 6, tzinfo=UTC), tick=False):
        mails.mail_due()
    assert len(sent()) == 1


@time_machine.travel(TEN, tick=False)
def test_muting_after_the_post_stops_its_mail(cast: Cast, topic_id: int) -> None:
    choose(cast.petra, Rhythm.AT_ONCE)
    write(cast.manfred, topic_id)
    with unit_of_work():
        watches.watch(cast.petra.viewer, "topic", topic_id, Level.MUTED)
    after_grace()
    assert sent() == []


@time_machine.travel(TEN, tick=False)
def test_a_rhythm_without_mails_of_their_own_takes_those_back_that_wait(cast: Cast, topic_id: int) -> None:
    choose(cast.petra, Rhythm.AT_ONCE)
    write(cast.manfred, topic_id)
    choose(cast.petra, Rhythm.NEVER)
    after_grace()
    assert sent() == []


@time_machine.travel(TEN, tick=False)
def test_what_came_while_the_mail_was_written_is_in_the_next_round(
    cast: Cast, topic_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    choose(cast.petra, Rhythm.AT_ONCE, shows_content=True)
    write(cast.manfred, topic_id, "Das Erste.")
    real, interruptions = mails.write_letter, iter([True])

    def interrupted(*given, **more):  # type: ignore[no-untyped-def]
        letter = real(*given, **more)
        if next(interruptions, False):
            db.session.rollback()
            with unit_of_work():
                post = topics.reply(cast.manfred.viewer, topic_id, "Das Zweite.", uuid4())
                notices.notify(Kind.ANSWER, "topic", topic_id, post.id, sa.select(sa.literal(cast.petra.id)))
        return letter

    monkeypatch.setattr(mails, "write_letter", interrupted)
    after_grace()
    assert sent() == []
    after_grace()
    (mail,) = sent()
    assert "Das Zweite." in mail.text
    assert db.session.scalar(sa.select(Notice.mailed_at).where(Notice.member_id == cast.petra.id)) is not None
