"""Whom a message is meant for hears of it under the bell, unless it was read by then."""

from uuid import uuid4

import pytest
import sqlalchemy as sa
from flask import Flask

from forum.chat.models import ROOM
from forum.chat.service import messages, seats
from forum.core.db import db, unit_of_work
from forum.jobs.models import Job
from forum.notifications.models import Kind, Level, Notice
from forum.notifications.queries import bell
from forum.notifications.service import watches
from forum.notifications.targets import Entry, Since, answer, described
from forum.spaces import service as spaces
from tests.cast import ELSEWHERE, HERE, Cast, Person
from tests.notifications.work import tell_all


def notice_of(person: Person) -> Notice | None:
    tell_all()
    db.session.rollback()
    return db.session.scalar(sa.select(Notice).where(Notice.member_id == person.id))


def read(person: Person, room_id: int, message_id: int) -> None:
    with unit_of_work():
        seats.note_reading(person.viewer, room_id, message_id)


def described_to(person: Person, notice: Notice, *, with_lines: bool) -> Entry | None:
    since = Since(notice.subject_id, notice.first_entry_id, notice.last_entry_id)
    return described(person.viewer, ROOM, [since], with_lines=with_lines).get(notice.subject_id)


def test_a_direct_message_is_told_once_for_the_room_however_many_there_are(
    context: Flask, cast: Cast
) -> None:
    room_id = cast.direct()
    first = cast.message(cast.petra, room_id, "Hast du kurz Zeit?")
    last = cast.message(cast.petra, room_id, "Es geht um Samstag.")
    notice = notice_of(cast.sabine)
    assert notice is not None
    assert notice.kind is Kind.MESSAGE
    assert (notice.subject, notice.subject_id, notice.count) == (ROOM, room_id, 2)
    assert (notice.first_entry_id, notice.last_entry_id) == (first, last)
    assert notice_of(cast.petra) is None
    assert notice_of(cast.manfred) is None


def test_who_has_read_it_by_then_is_not_told(context: Flask, cast: Cast) -> None:
    room_id = cast.direct()
    read(cast.sabine, room_id, cast.message(cast.petra, room_id))
    assert notice_of(cast.sabine) is None


def test_reading_to_the_end_empties_the_bell_and_half_way_does_not(context: Flask, cast: Cast) -> None:
    room_id = cast.direct()
    first, last = cast.message(cast.petra, room_id), cast.message(cast.petra, room_id)
    assert notice_of(cast.sabine) is not None
    read(cast.sabine, room_id, first)
    assert bell.count_unread(cast.sabine.viewer) == 1
    read(cast.sabine, room_id, last)
    assert bell.count_unread(cast.sabine.viewer) == 0


def test_whoever_answers_has_read_it(context: Flask, cast: Cast) -> None:
    room_id = cast.direct()
    cast.message(cast.petra, room_id)
    assert notice_of(cast.sabine) is not None
    cast.message(cast.sabine, room_id, "Ja.")
    assert bell.count_unread(cast.sabine.viewer) == 0


def test_in_a_room_of_a_space_only_those_named_hear_of_it(context: Flask, cast: Cast) -> None:
    cast.message(cast.petra, text="Guten Morgen")
    assert db.session.scalars(sa.select(Job).where(Job.name == "chat.tell")).all() == []
    cast.message(cast.petra, text=f"@{cast.manfred.name} und @{cast.olga.name}, seid ihr da?")
    notice = notice_of(cast.manfred)
    assert notice is not None
    assert notice.kind is Kind.MENTION
    assert notice_of(cast.sabine) is None
    assert notice_of(cast.olga) is None


@pytest.mark.parametrize("place", ["seat", "room", "space"])
def test_muted_at_any_height_nobody_hears_of_it(context: Flask, cast: Cast, place: str) -> None:
    with unit_of_work():
        if place == "seat":
            seats.mute(cast.manfred.viewer, cast.room)
        else:
            where = {"room": cast.room, "space": cast.spaces[HERE]}[place]
            watches.watch(cast.manfred.viewer, place, where, Level.MUTED)
    cast.message(cast.petra, text=f"@{cast.manfred.name}?")
    assert notice_of(cast.manfred) is None


def test_somebody_named_by_an_edit_hears_of_it_too(context: Flask, cast: Cast) -> None:
    message_id = cast.message(cast.petra, text="Wer kommt?")
    with unit_of_work():
        messages.edit_message(cast.petra.viewer, message_id, f"Wer kommt? @{cast.manfred.name}?", 0)
    notice = notice_of(cast.manfred)
    assert notice is not None
    assert notice.last_entry_id == message_id


def test_a_message_withdrawn_at_once_is_told_to_nobody_and_later_is_not_shown(
    context: Flask, cast: Cast
) -> None:
    room_id = cast.direct()
    gone = cast.message(cast.petra, room_id)
    with unit_of_work():
        messages.withdraw_message(cast.petra.viewer, gone)
    assert notice_of(cast.sabine) is None
    message_id = cast.message(cast.petra, room_id)
    notice = notice_of(cast.sabine)
    assert notice is not None
    assert described_to(cast.sabine, notice, with_lines=True) is not None
    with unit_of_work():
        messages.withdraw_message(cast.petra.viewer, message_id)
    assert described_to(cast.sabine, notice, with_lines=True) is None


def test_a_private_room_is_shown_by_who_is_in_it_and_with_words_only_where_they_are_wanted(
    context: Flask, cast: Cast
) -> None:
    message_id = cast.message(cast.petra, cast.direct(), "Es geht um Samstag.")
    notice = notice_of(cast.sabine)
    assert notice is not None
    plain = described_to(cast.sabine, notice, with_lines=False)
    assert plain is not None
    assert plain.title == cast.petra.name
    assert plain.lines == ()
    assert plain.url == f"/chat/messages/{message_id}"
    worded = described_to(cast.sabine, notice, with_lines=True)
    assert worded is not None
    assert worded.lines[0].text == "Es geht um Samstag."
    assert described_to(cast.manfred, notice, with_lines=True) is None
    assert described_to(cast.karla, notice, with_lines=True) is None


def test_an_answer_by_mail_is_the_next_message_and_comes_once(context: Flask, cast: Cast) -> None:
    room_id, key = cast.direct(), uuid4()
    for _ in range(2):
        with unit_of_work():
            answer(cast.sabine.viewer, ROOM, room_id, "Passt.", (), key)
    notice = notice_of(cast.petra)
    assert notice is not None
    assert notice.count == 1


def test_who_left_the_region_is_not_told_of_being_named(context: Flask, cast: Cast) -> None:
    cast.message(cast.rosa, cast.foreign_room, f"@{cast.olga.name}?")
    with unit_of_work():
        spaces.end_membership(cast.rosa.viewer, cast.spaces[ELSEWHERE], cast.olga.id)
    assert notice_of(cast.olga) is None
