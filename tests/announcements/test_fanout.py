"""Whom it goes to, written down once; telling, reminding, each in its time and to those who are late only."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask

from forum.announcements import queries
from forum.announcements.models import Announcement, Recipient, State
from forum.announcements.service import announcements, notices
from forum.announcements.service.announcements import Wording
from forum.announcements.tasks import publish, remind
from forum.core.access import Role
from forum.core.db import db, unit_of_work
from forum.core.errors import Conflict, Denied, Invalid, NotFound
from forum.councils.models import Mandate
from forum.jobs.models import Job
from forum.mail.models import OutgoingMail
from forum.members.models import Member
from forum.notifications.models import Preferences, Rhythm
from forum.notifications.service.preferences import give_preferences
from forum.notifications.tasks.mails import bundle_due
from forum.spaces.models import Membership
from forum.spaces.service import join
from tests.announcements.house import WORDS, announce, council, draft, mailed, terms, today, told
from tests.cast import ELSEWHERE, HERE, Cast, Person

#: A Tuesday, ten in the morning.
TEN = datetime(2026, 11, 24, 9, tzinfo=UTC)


def recipients(announcement_id: int) -> list[tuple[int, int | None, bool]]:
    db.session.rollback()
    rows = sa.select(Recipient.member_id, Recipient.council_id, Recipient.is_asked)
    return sorted(
        db.session.execute(rows.where(Recipient.announcement_id == announcement_id)).all(),
        key=lambda row: (row[0], row[1] or 0),
    )


def get(announcement_id: int) -> Announcement:
    db.session.rollback()
    return db.session.get_one(Announcement, announcement_id)


def test_it_goes_to_those_who_belong_there_with_the_council_they_sit_on(context: Flask, cast: Cast) -> None:
    steel = council(cast, "Stahl", cast.petra)
    made = announce(cast)
    assert recipients(made) == [(cast.petra.id, steel, True), (cast.manfred.id, None, True)]
    assert get(made).recipient_count == 2
    assert get(made).asked_count == 2
    assert told(cast.petra) == told(cast.manfred) == 1
    assert told(cast.sabine) is None
    assert told(cast.olga) is None


def test_a_role_narrows_it_down(context: Flask, cast: Cast) -> None:
    made = announce(cast, role=Role.MODERATOR)
    assert [row[0] for row in recipients(made)] == [cast.manfred.id]
    assert queries.listing.list_announcements(cast.petra.viewer, queries.listing.Filter.ALL).rows == []
    with pytest.raises(NotFound):
        announcements.get_announcement(cast.petra.viewer, made)


def test_who_sits_on_two_councils_stands_for_both(context: Flask, cast: Cast) -> None:
    steel, glass = council(cast, "Stahl", cast.petra), council(cast, "Glas", cast.petra)
    made = announce(cast)
    with unit_of_work():
        notices.confirm(cast.petra.viewer, made, 1)
    found = queries.standing.standing(get(made), today())
    assert {one.council_id for one in found.noted} == {steel, glass}
    assert [one.name for one in found.open] == [cast.manfred.name]


def test_a_substitute_is_told_and_stands_for_the_council_only_where_nobody_else_does(
    context: Flask, cast: Cast
) -> None:
    steel = council(cast, "Stahl", cast.petra, substitutes=(cast.manfred,))
    lone = council(cast, "Glas", substitutes=(cast.manfred,))
    made = announce(cast)
    assert recipients(made) == [
        (cast.petra.id, steel, True),
        (cast.manfred.id, steel, False),
        (cast.manfred.id, lone, True),
    ]
    with unit_of_work():
        notices.confirm(cast.manfred.viewer, made, 1)
    assert [one.council_id for one in queries.standing.standing(get(made), today()).open] == [steel]


def test_colleagues_in_ig_metall_are_told_but_not_asked(context: Flask, cast: Cast) -> None:
    with unit_of_work():
        join(cast.olga.id, cast.spaces[HERE], Role.STAFF)
    made = announce(cast)
    assert (cast.olga.id, None, False) in recipients(made)
    assert told(cast.olga) == 1


def test_doing_it_again_changes_nothing(context: Flask, cast: Cast) -> None:
    made = announce(cast)
    before = recipients(made)
    publish(made)
    assert recipients(made) == before
    assert told(cast.petra) == 1


def test_who_joins_later_sees_it_but_is_not_asked(context: Flask, cast: Cast) -> None:
    made = announce(cast)
    with unit_of_work():
        join(cast.olga.id, cast.spaces[HERE], Role.MEMBER)
    viewer = replace(cast.olga.viewer, spaces={cast.spaces[HERE]: Role.MEMBER})
    assert announcements.get_announcement(viewer, made)
    assert queries.listing.waiting(viewer) == []
    with unit_of_work(), pytest.raises(Denied):
        notices.confirm(viewer, made, 1)


def test_it_is_seen_before_its_job_has_run(context: Flask, cast: Cast) -> None:
    made = announce(cast, confirm_by=None, is_urgent=True, told=False)
    listed = queries.listing.list_announcements(cast.petra.viewer, queries.listing.Filter.ALL)
    assert [row.id for row in listed.rows] == [made]
    assert [one.id for one in queries.listing.waiting(cast.petra.viewer)] == [made]


@time_machine.travel(TEN, tick=False)
def test_one_that_waits_goes_out_at_its_moment_and_not_before(context: Flask, cast: Cast) -> None:
    made = announce(cast, publish_at=TEN + timedelta(hours=3))
    job = db.session.scalars(sa.select(Job).where(Job.name == "announcements.publish")).one()
    assert get(made).state is State.DRAFT
    assert told(cast.petra) is None
    assert job.due_at == TEN + timedelta(hours=3)
    with time_machine.travel(TEN + timedelta(hours=3), tick=False):
        publish(made)
        assert get(made).state is State.PUBLISHED
        assert told(cast.petra) == 1


@time_machine.travel(TEN, tick=False)
def test_one_put_off_or_made_a_draft_again_does_not_go_out_at_the_old_moment(
    context: Flask, cast: Cast
) -> None:
    put_off = announce(cast, publish_at=TEN + timedelta(hours=1))
    kept_back = announce(cast, publish_at=TEN + timedelta(hours=1))
    with unit_of_work():
        announcements.update_draft(
            cast.sabine.viewer, put_off, WORDS, terms(cast, publish_at=TEN + timedelta(hours=5)), 1
        )
        announcements.update_draft(cast.sabine.viewer, kept_back, WORDS, terms(cast), 1, is_draft=True)
    with time_machine.travel(TEN + timedelta(hours=1), tick=False):
        publish(put_off)
        publish(kept_back)
        assert {get(put_off).state, get(kept_back).state} == {State.DRAFT}
    with time_machine.travel(TEN + timedelta(hours=5), tick=False):
        publish(put_off)
        assert get(put_off).state is State.PUBLISHED


@time_machine.travel(TEN, tick=False)
def test_a_draft_never_goes_out_by_itself_whatever_moment_was_chosen(context: Flask, cast: Cast) -> None:
    made = draft(cast, publish_at=TEN + timedelta(hours=1))
    assert get(made).publish_at == TEN + timedelta(hours=1)  # it is there still when the form is opened again
    with time_machine.travel(TEN + timedelta(hours=2), tick=False):
        publish(made)
        assert get(made).state is State.DRAFT


def test_nobody_there_is_refused_before_it_goes_out(context: Flask, cast: Cast) -> None:
    with pytest.raises(Invalid) as refusal, unit_of_work():
        announcements.create(cast.sabine.viewer, WORDS, terms(cast, role=Role.EXPERT), uuid4())
    assert refusal.value.field == "spaces"
    assert draft(cast, role=Role.EXPERT)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"publish_at": TEN - timedelta(hours=1)}, "publish_on"),
        ({"publish_at": TEN + timedelta(days=3000)}, "publish_on"),
        ({"ends_on": (TEN - timedelta(days=1)).date()}, "ends_on"),
        ({"publish_at": TEN + timedelta(days=3), "ends_on": (TEN + timedelta(days=2)).date()}, "ends_on"),
        ({"confirm_by": (TEN - timedelta(days=1)).date()}, "confirm_by"),
        ({"publish_at": TEN + timedelta(days=20)}, "confirm_by"),
        ({"ends_on": (TEN + timedelta(days=3)).date()}, "ends_on"),
        ({"takes_comments": True, "role": Role.MODERATOR}, "takes_comments"),
        ({"space_ids": []}, "spaces"),
    ],
)
@time_machine.travel(TEN, tick=False)
def test_days_that_do_not_fit_are_refused_at_their_field(
    context: Flask, cast: Cast, changes: dict[str, object], field: str
) -> None:
    with pytest.raises(Invalid) as refusal, unit_of_work():
        announcements.create(cast.sabine.viewer, WORDS, terms(cast, **changes), uuid4())
    assert refusal.value.field == field


def test_only_who_may_announce_there_may(context: Flask, cast: Cast) -> None:
    assert announce(cast, author=cast.manfred)
    with pytest.raises(NotFound), unit_of_work():
        announcements.create(cast.petra.viewer, WORDS, terms(cast), uuid4())
    with pytest.raises(NotFound), unit_of_work():
        announcements.create(cast.karla.viewer, WORDS, terms(cast), uuid4())
    with pytest.raises(Invalid), unit_of_work():
        announcements.create(cast.sabine.viewer, WORDS, terms(cast, HERE, ELSEWHERE), uuid4())


def test_sent_twice_it_is_one(context: Flask, cast: Cast) -> None:
    key = uuid4()
    with unit_of_work():
        first = announcements.create(cast.sabine.viewer, WORDS, terms(cast), key).id
    with unit_of_work():
        assert announcements.create(cast.sabine.viewer, WORDS, terms(cast), key).id == first


@time_machine.travel(TEN, tick=False)
def test_reminders_go_to_those_who_are_late_twice_and_no_more(context: Flask, cast: Cast) -> None:
    council(cast, "Stahl", cast.petra)
    made = announce(cast)
    assert sorted(mailed()) == sorted([cast.petra.email, cast.manfred.email])
    with unit_of_work():
        notices.confirm(cast.petra.viewer, made, 1)
    for days in (6, 7, 7, 8, 13, 13, 14):
        with time_machine.travel(TEN + timedelta(days=days), tick=False):
            remind()
            mailed()
    assert mailed().count(cast.petra.email) == 1
    assert mailed().count(cast.manfred.email) == 3
    assert told(cast.manfred) == 3


@time_machine.travel(TEN, tick=False)
def test_whoever_moves_the_day_to_and_fro_reminds_once_a_day_all_the_same(context: Flask, cast: Cast) -> None:
    """By hand or by itself: of a thousand who are late each would get a mail each time."""
    made = announce(cast)
    day = today()
    for days, wanted in ((8, 1), (9, 2)):
        with time_machine.travel(TEN + timedelta(days=days), tick=False):
            for moved in (14, 13, 12):
                with unit_of_work():
                    announcements.edit(
                        cast.sabine.viewer, made, WORDS, 1, confirm_by=day + timedelta(days=moved)
                    )
                remind()
                assert told(cast.petra) == 1 + wanted
            with unit_of_work(), pytest.raises(Conflict):
                notices.nudge(cast.sabine.viewer, made)
    with time_machine.travel(TEN + timedelta(days=11), tick=False):
        with unit_of_work():
            assert notices.nudge(cast.sabine.viewer, made) == 2
        remind()
        assert told(cast.petra) == 3


@time_machine.travel(TEN, tick=False)
def test_a_council_that_confirmed_is_left_in_peace_all_of_it(context: Flask, cast: Cast) -> None:
    council(cast, "Stahl", cast.petra, cast.manfred)
    made = announce(cast)
    with unit_of_work():
        notices.confirm(cast.manfred.viewer, made, 1)
    assert queries.listing.waiting(cast.petra.viewer) == []
    with time_machine.travel(TEN + timedelta(days=13), tick=False):
        remind()
    assert told(cast.petra) is None


@time_machine.travel(TEN, tick=False)
def test_who_left_or_whose_mandate_ended_is_not_reminded(context: Flask, cast: Cast) -> None:
    steel = council(cast, "Stahl", cast.petra)
    made = announce(cast)
    with unit_of_work():
        db.session.execute(
            sa.update(Mandate).where(Mandate.council_id == steel).values(until=today() - timedelta(days=1))
        )
        db.session.execute(sa.delete(Membership).where(Membership.member_id == cast.manfred.id))
    with time_machine.travel(TEN + timedelta(days=13), tick=False):
        remind()
        assert (told(cast.petra), told(cast.manfred)) == (1, 1)
        found = queries.standing.standing(get(made), today())
    assert found.open == []
    assert len(found.gone) == 2


@time_machine.travel(TEN, tick=False)
def test_an_essential_edit_tells_and_asks_again_and_a_small_one_does_not(context: Flask, cast: Cast) -> None:
    made = announce(cast)
    draft(cast)  # its version is the first one, whatever becomes of the other
    by = today() + timedelta(days=14)
    with unit_of_work():
        notices.confirm(cast.petra.viewer, made, 1)
    with unit_of_work():
        announcements.edit(
            cast.sabine.viewer, made, Wording("Neues Muster zur KI", WORDS.text), 1, confirm_by=by
        )
    publish(made)
    assert told(cast.petra) is None
    assert queries.listing.waiting(cast.petra.viewer) == []
    with unit_of_work():
        announcements.edit(
            cast.sabine.viewer,
            made,
            Wording(WORDS.title, "Ganz anders."),
            2,
            is_essential=True,
            confirm_by=by,
        )
    publish(made)
    assert told(cast.petra) == 2
    assert [one.is_asked for one in queries.listing.waiting(cast.petra.viewer)] == [True]
    with unit_of_work(), pytest.raises(Conflict):
        notices.confirm(cast.petra.viewer, made, 1)
    newest, oldest = queries.listing.editions(get(made))
    assert newest.is_essential
    assert not oldest.is_essential
    assert oldest.title_before == WORDS.title
    assert {change.kind for change in newest.changes} >= {"removed", "added"}


def test_an_edit_that_somebody_else_was_faster_with_is_a_conflict(context: Flask, cast: Cast) -> None:
    made = announce(cast, confirm_by=None)
    with unit_of_work():
        announcements.edit(cast.sabine.viewer, made, Wording("Eins", WORDS.text), 1)
    with unit_of_work(), pytest.raises(Conflict):
        announcements.edit(cast.sabine.viewer, made, Wording("Zwei", WORDS.text), 1)


def test_what_is_withdrawn_is_seen_and_told_no_more_and_comes_back_as_it_was(
    context: Flask, cast: Cast
) -> None:
    made = announce(cast, told=False)
    with unit_of_work():
        announcements.withdraw(cast.sabine.viewer, made)
    publish(made)
    assert told(cast.petra) is None
    with pytest.raises(NotFound):
        announcements.get_announcement(cast.petra.viewer, made)
    with unit_of_work(), pytest.raises(NotFound):
        notices.confirm(cast.petra.viewer, made, 1)
    with unit_of_work():
        announcements.restore(cast.sabine.viewer, made)
    assert announcements.get_announcement(cast.petra.viewer, made)


def test_what_was_withdrawn_before_its_mail_went_is_not_mailed(context: Flask, cast: Cast) -> None:
    made = announce(cast)
    with unit_of_work():
        announcements.withdraw(cast.sabine.viewer, made)
    assert mailed() == []


def test_live_pages_of_the_spaces_hear_of_it(app: Flask, cast: Cast, listen: Callable[..., Any]) -> None:
    petra, olga = listen(cast.petra, "/notices"), listen(cast.olga, "/notices")
    with app.app_context():
        announce(cast, told=False)
    assert petra.heard("announced")
    assert not olga.heard("announced")


def test_of_what_is_for_moderators_others_hear_nothing_at_all(
    app: Flask, cast: Cast, listen: Callable[..., Any]
) -> None:
    people = (cast.petra, cast.manfred, cast.olga)
    petra, manfred, olga = (listen(person, "/notices") for person in people)
    with app.app_context():
        made = announce(cast, role=Role.MODERATOR, confirm_by=None)
        with unit_of_work():
            announcements.edit(cast.sabine.viewer, made, Wording("Anders", "Auch anders."), 1)
        with unit_of_work():
            announcements.withdraw(cast.sabine.viewer, made)
    assert manfred.heard("announced") == [{}] * 4  # out, written down, changed, taken back
    for other in (petra, olga):
        assert (other.heard("announced"), other.heard("noticed")) == ([], [])


def test_what_is_for_one_role_is_not_talked_about_where_everybody_reads(context: Flask, cast: Cast) -> None:
    made = announce(cast, role=Role.MODERATOR)
    for takes_comments in (True, False):
        by = today() + timedelta(days=14)
        if takes_comments:
            with pytest.raises(Invalid) as refusal, unit_of_work():
                announcements.edit(cast.sabine.viewer, made, WORDS, 1, confirm_by=by, takes_comments=True)
            assert refusal.value.field == "takes_comments"
    with unit_of_work():  # as it was possible once
        db.session.get_one(Announcement, made).takes_comments = True
    with pytest.raises(Denied):
        announcements.get_discussable(cast.manfred.viewer, made)
    open_to_all = announce(cast, takes_comments=True)
    assert announcements.get_discussable(cast.manfred.viewer, open_to_all)


@time_machine.travel(TEN, tick=False)
def test_plain_ones_are_mailed_after_ten_minutes_as_they_are_by_then_and_important_ones_at_once(
    context: Flask, cast: Cast
) -> None:
    with unit_of_work():
        for person in (cast.petra, cast.manfred):
            chosen = give(person)
            chosen.rhythm, chosen.shows_content = Rhythm.AT_ONCE, True
    plain, gone = announce(cast, confirm_by=None), announce(cast, confirm_by=None)
    assert mailed() == []
    with time_machine.travel(TEN + timedelta(minutes=5), tick=False):
        with unit_of_work():
            announcements.edit(cast.sabine.viewer, plain, Wording("Richtig", "Verbesserter Text."), 1)
        with unit_of_work():
            announcements.withdraw(cast.sabine.viewer, gone)
        assert mailed() == []
    with time_machine.travel(TEN + timedelta(minutes=11), tick=False):
        assert sorted(mailed()) == sorted([cast.petra.email, cast.manfred.email])
        texts = db.session.scalars(sa.select(OutgoingMail.text)).all()
        assert all("Verbesserter Text." in text and WORDS.title not in text for text in texts)
        announce(cast, is_urgent=True, confirm_by=None)
        assert len(mailed()) == 4


@time_machine.travel(TEN, tick=False)
def test_a_bundle_leaves_out_what_is_younger_than_ten_minutes_and_takes_it_along_next_time(
    context: Flask, cast: Cast
) -> None:
    with unit_of_work():
        give(cast.petra).next_digest_at = TEN + timedelta(minutes=3)
    announce(cast, confirm_by=None)
    with time_machine.travel(TEN + timedelta(minutes=3), tick=False):
        bundle_due()
        assert bundled() == []
    with time_machine.travel(TEN + timedelta(days=1), tick=False):
        bundle_due()
        bundle_due()
        assert bundled().count(cast.petra.email) == 1


def give(person: Person) -> Preferences:
    """The person's choices, to be changed."""
    give_preferences(sa.select(Member.id).where(Member.id == person.id), TEN)
    return db.session.get_one(Preferences, person.id)


def bundled() -> list[str]:
    db.session.rollback()
    return list(db.session.scalars(sa.select(OutgoingMail.recipient).where(OutgoingMail.about != "")))


def test_what_waits_is_found_with_one_statement_and_lists_with_two(
    context: Flask, cast: Cast, count_queries: Callable[[], int]
) -> None:
    for _ in range(4):
        announce(cast)
    db.session.rollback()
    count_queries()
    assert len(queries.listing.waiting(cast.petra.viewer)) == 4
    assert count_queries() <= 2  # the statement, and the beginning
    queries.listing.list_announcements(cast.petra.viewer, queries.listing.Filter.ALL)
    assert count_queries() == 2
    assert queries.listing.waiting(cast.karla.viewer) == []
