"""Mails about what is new: late enough to be taken back, never twice, without content unless it was chosen."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
import sqlalchemy as sa
import time_machine
from bs4 import BeautifulSoup
from flask import Flask

from forum.boards.service import posts, readings, topics
from forum.core.clock import now
from forum.core.db import db, unit_of_work
from forum.mail.models import OutgoingMail
from forum.notifications import policy
from forum.notifications.models import Kind, Level, Notice, Rhythm
from forum.notifications.queries.bell import count_unread
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
def test_a_word_that_is_wider_than_a_phone_is_broken_in_a_mail(cast: Cast, topic_id: int) -> None:
    choose(cast.petra, Rhythm.AT_ONCE, shows_content=True)
    write(cast.manfred, topic_id, "Donaudampfschifffahrtselektrizitaetenhauptbetriebswerk")
    after_grace()
    (mail,) = sent()
    sheet = BeautifulSoup(mail.html, "html.parser").select_one(".sheet")
    assert "overflow-wrap: anywhere" in sheet["style"]
    assert "hauptbetriebswerk" in sheet.text


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
def test_if_more_came_while_the_mail_was_written_it_is_written_anew_in_the_next_round(
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
    assert "Das Erste." in mail.text
    assert "Das Zweite." not in mail.text  # within its own ten minutes
    assert db.session.scalar(sa.select(Notice.mailed_at).where(Notice.member_id == cast.petra.id)) is not None


def at(*clock: int) -> time_machine.travel:
    """That time in UTC, standing still."""
    return time_machine.travel(datetime(*clock, tzinfo=UTC), tick=False)


def test_a_mail_of_its_own_tells_only_what_is_ten_minutes_old_and_no_other_follows(
    cast: Cast, topic_id: int
) -> None:
    choose(cast.petra, Rhythm.AT_ONCE, shows_content=True)
    with at(2026, 11, 24, 9, 0):
        write(cast.manfred, topic_id, "Das Erste.")
    with at(2026, 11, 24, 9, 9):
        write(cast.manfred, topic_id, "Das Frische.")
    with at(2026, 11, 24, 9, 11):
        mails.mail_due()
        (mail,) = sent()
        assert "Das Erste." in mail.text
        assert "1 neue Antwort " in mail.text
        assert "Das Frische." not in mail.text + mail.html
    with at(2026, 11, 24, 10, 0):
        mails.mail_due()
        mails.bundle_due()
    assert len(sent()) == 1


def test_if_only_what_is_fresh_still_stands_the_mail_waits_for_it(cast: Cast, topic_id: int) -> None:
    choose(cast.petra, Rhythm.AT_ONCE, shows_content=True)
    with at(2026, 11, 24, 9, 0):
        gone = write(cast.manfred, topic_id, "Das war zu viel gesagt.")
    with at(2026, 11, 24, 9, 9), unit_of_work():
        posts.withdraw_post(cast.manfred.viewer, gone)
    with at(2026, 11, 24, 9, 9):
        write(cast.manfred, topic_id, "Das Frische.")
    with at(2026, 11, 24, 9, 11):
        mails.mail_due()
        assert sent() == []
    with at(2026, 11, 24, 9, 20):
        mails.mail_due()
    (mail,) = sent()
    assert "Das Frische." in mail.text


def test_a_bundle_leaves_out_what_is_fresh_and_the_next_one_tells_it(cast: Cast, topic_id: int) -> None:
    choose(cast.petra, Rhythm.DAILY, shows_content=True)
    with at(2026, 11, 24, 12, 0):
        write(cast.manfred, topic_id, "Vom Mittag.")
    with at(2026, 11, 24, 15, 59):
        write(cast.manfred, topic_id, "Gerade eben.")
    with at(2026, 11, 24, 16, 0):
        mails.bundle_due()
        (mail,) = sent()
        assert "Vom Mittag." in mail.text
        assert "1 neue Antwort " in mail.text
        assert "Gerade eben." not in mail.text + mail.html
    with at(2026, 11, 25, 16, 0):
        mails.bundle_due()
        _first, rest = sent()
        assert "Gerade eben." in rest.text
        assert "1 neue Antwort " in rest.text
        assert "Vom Mittag." not in rest.text
    with at(2026, 11, 26, 16, 0):
        mails.bundle_due()
    assert len(sent()) == 2


def test_a_topic_that_is_never_quiet_is_in_the_bundle_all_the_same(cast: Cast, topic_id: int) -> None:
    choose(cast.petra, Rhythm.DAILY, shows_content=True)
    for day in (24, 25):
        for minute in (0, 8, 16, 24, 32, 40, 48, 56):
            with at(2026, 11, day, 15, minute):
                write(cast.manfred, topic_id, f"Um {minute} am {day}.")
        with at(2026, 11, day, 16, 0):
            mails.bundle_due()
    first, second = sent()
    assert "7 neue Antworten" in first.text
    assert "8 neue Antworten" in second.text
    assert "Um 56 am 24." in second.text
    assert "Um 48 am 24." not in second.text


def test_what_comes_after_the_bundle_waits_for_the_visit(cast: Cast, topic_id: int) -> None:
    choose(cast.petra, Rhythm.DAILY, shows_content=True)
    for day in (24, 25):
        with at(2026, 11, day, 12, 0):
            write(cast.manfred, topic_id)
        with at(2026, 11, day, 16, 0):
            mails.bundle_due()
    assert len(sent()) == 1
    with at(2026, 11, 25, 17, 0), unit_of_work():
        readings.record_reading(cast.petra.viewer, topic_id, 3)
    with at(2026, 11, 26, 12, 0):
        write(cast.manfred, topic_id)
    with at(2026, 11, 26, 16, 0):
        mails.bundle_due()
    assert len(sent()) == 2


@pytest.mark.parametrize("rhythm", [Rhythm.AT_ONCE, Rhythm.DAILY])
@pytest.mark.parametrize("place", ["board", "space"])
def test_muting_what_lies_above_after_the_post_stops_its_mail(
    cast: Cast, topic_id: int, place: str, rhythm: Rhythm
) -> None:
    choose(cast.petra, rhythm)
    choose(cast.sabine, rhythm)
    with unit_of_work():
        watches.watch(cast.sabine.viewer, "topic", topic_id, Level.ALL)
    with at(2026, 11, 24, 12, 0):
        write(cast.manfred, topic_id)
    where = {"board": cast.board, "space": cast.spaces["FIN"]}[place]
    with unit_of_work():
        watches.watch(cast.petra.viewer, place, where, Level.MUTED)
    with at(2026, 11, 24, 16, 0):
        mails.mail_due()
        mails.bundle_due()
    (mail,) = sent()
    assert mail.recipient == cast.sabine.email


@pytest.mark.parametrize("rhythm", [Rhythm.AT_ONCE, Rhythm.DAILY])
def test_wanting_to_hear_only_when_named_stops_the_mail_of_what_was_written_before(
    cast: Cast, topic_id: int, rhythm: Rhythm
) -> None:
    choose(cast.petra, rhythm)
    choose(cast.sabine, rhythm)
    with unit_of_work():
        watches.watch(cast.sabine.viewer, "topic", topic_id, Level.ALL)
    with at(2026, 11, 24, 12, 0):
        write(cast.manfred, topic_id)
        with unit_of_work():
            post_id = topics.reply(cast.manfred.viewer, topic_id, "Sabine, was sagst Du?", uuid4()).id
            notices.notify(Kind.MENTION, "topic", topic_id, post_id, sa.select(sa.literal(cast.sabine.id)))
            for person in (cast.petra, cast.sabine):
                watches.watch(person.viewer, "topic", topic_id, Level.MENTIONS)
    with at(2026, 11, 24, 16, 0):
        mails.mail_due()
        mails.bundle_due()
    (mail,) = sent()
    assert mail.recipient == cast.sabine.email
    assert count_unread(cast.petra.viewer) == 1  # it waits under the bell


def test_what_is_important_goes_whatever_was_muted(cast: Cast, topic_id: int) -> None:
    with unit_of_work():
        watches.watch(cast.petra.viewer, "space", cast.spaces["FIN"], Level.MUTED)
        post_id = topics.reply(cast.manfred.viewer, topic_id, "Der Termin ist verlegt.", uuid4()).id
        notices.notify(Kind.EVENT, "topic", topic_id, post_id, sa.select(sa.literal(cast.petra.id)))
    mails.mail_due()
    assert len(sent()) == 1


def test_what_goes_by_itself_meanwhile_is_not_in_the_bundle_too(
    cast: Cast, topic_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    choose(cast.petra, Rhythm.DAILY)
    with at(2026, 11, 24, 12, 0):
        write(cast.manfred, topic_id)
    real, interruptions = mails.write_letter, iter([True])

    def interrupted(*given, **more):  # type: ignore[no-untyped-def]
        letter = real(*given, **more)
        if next(interruptions, False):
            db.session.rollback()
            with unit_of_work():
                db.session.execute(sa.update(Notice).values(mail_due_at=now()))
        return letter

    monkeypatch.setattr(mails, "write_letter", interrupted)
    with at(2026, 11, 24, 16, 0):
        mails.bundle_due()
        assert sent() == []
        mails.mail_due()
        mails.bundle_due()
    (mail,) = sent()
    assert mail.about == "notice"


@pytest.mark.parametrize("broken", ["write_letter", "_send"])
@pytest.mark.parametrize("rhythm", [Rhythm.AT_ONCE, Rhythm.DAILY])
def test_a_mail_that_cannot_be_made_waits_an_hour_and_the_others_go(
    cast: Cast, topic_id: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture,
    rhythm: Rhythm, broken: str
) -> None:  # fmt: skip
    for person in (cast.petra, cast.sabine):
        choose(person, rhythm)
    with unit_of_work():
        watches.watch(cast.sabine.viewer, "topic", topic_id, Level.ALL)
    with at(2026, 11, 24, 12, 0):
        write(cast.manfred, topic_id)
    real, words = getattr(mails, broken), "Der Chef heißt Meier."

    def fails_for_petra(reader, *given, **more):  # type: ignore[no-untyped-def]
        if reader.id == cast.petra.id:
            raise RuntimeError(words)
        return real(reader, *given, **more)

    def send_all() -> list[str]:
        mails.mail_due()
        mails.bundle_due()
        return sorted(mail.recipient for mail in sent())

    with monkeypatch.context() as patch, at(2026, 11, 24, 16, 0):
        patch.setattr(mails, broken, fails_for_petra)
        assert send_all() == [cast.sabine.email]
    assert "RuntimeError" in caplog.text
    assert "Meier" not in caplog.text  # what members wrote is in no log
    with at(2026, 11, 24, 16, 30):
        assert send_all() == [cast.sabine.email]
    with at(2026, 11, 24, 17, 1):
        assert send_all() == sorted([cast.petra.email, cast.sabine.email])


def test_a_bundle_of_many_things_says_how_many_more_there_are(
    cast: Cast, context: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mails, "THINGS", 2)
    choose(cast.petra, Rhythm.DAILY, shows_content=True)
    choose(cast.manfred, Rhythm.NEVER)
    with at(2026, 11, 24, 12, 0):
        for _ in range(5):
            topic_id = cast.topic(cast.petra)
            write(cast.manfred, topic_id)
    with at(2026, 11, 24, 16, 0):
        mails.bundle_due()
    (mail,) = sent()
    for said in (mail.text, mail.html):
        assert "an 5 Stellen" in said
        assert "und 3 weitere" in said
    with at(2026, 11, 25, 16, 0):
        mails.bundle_due()
    assert "und eine weitere Stelle" in sent()[1].text  # each thing once


@pytest.mark.parametrize("day", [datetime(2027, 3, 28, tzinfo=UTC), datetime(2026, 10, 25, tzinfo=UTC)])
@pytest.mark.parametrize("hour", [2, 3])
def test_in_the_night_in_which_clocks_change_the_bundle_comes_once(
    cast: Cast, topic_id: int, day: datetime, hour: int
) -> None:
    with time_machine.travel(day - timedelta(hours=6), tick=False):
        with unit_of_work():
            preferences.choose_mails(
                cast.petra.viewer, Rhythm.DAILY, hour, 0, quiet_weekends=False, shows_content=False
            )
        write(cast.manfred, topic_id)
    for quarter in range(-8, 24):
        moment = day + quarter * timedelta(minutes=15)
        with time_machine.travel(moment, tick=False):
            if quarter % 4 == 0:  # there is something new all the time
                with unit_of_work():
                    readings.record_reading(cast.petra.viewer, topic_id, 100)
                with time_machine.travel(moment - timedelta(minutes=11), tick=False):
                    write(cast.manfred, topic_id)
            mails.bundle_due()
    assert len(sent()) == 1


def test_who_changes_the_rhythm_between_due_and_sent_gets_mails_in_the_new_one(
    cast: Cast, topic_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    choose(cast.petra, Rhythm.DAILY)
    with at(2026, 11, 24, 12, 0):
        write(cast.manfred, topic_id)
    real = mails.write_letter

    def chosen_anew(*given, **more):  # type: ignore[no-untyped-def]
        letter = real(*given, **more)
        db.session.rollback()
        choose(cast.petra, Rhythm.NEVER)
        return letter

    monkeypatch.setattr(mails, "write_letter", chosen_anew)
    with at(2026, 11, 24, 16, 0):
        mails.bundle_due()
    with at(2026, 11, 25, 16, 0):
        mails.bundle_due()
    assert sent() == []
