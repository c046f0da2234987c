"""Going out: the days, who may by then, how often on one day, and what becomes of what is held back."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask

from forum.announcements import policy
from forum.announcements.models import Announcement, Held, State
from forum.announcements.service import announcements, notices
from forum.announcements.service.announcements import Wording
from forum.announcements.tasks import publish
from forum.audit.models import Entry
from forum.core.access import Role
from forum.core.db import db, unit_of_work
from forum.core.errors import Denied, Invalid
from forum.members.models import Member, Standing
from forum.spaces.models import Membership
from tests.announcements.house import WORDS, announce, draft, mailed, terms, told
from tests.cast import HERE, NETWORK, Cast, Person
from tests.pages import PageCheckingClient

#: A Tuesday, ten in the morning.
TEN = datetime(2026, 11, 24, 9, tzinfo=UTC)
TODAY = TEN.date()
Browse = Callable[[Person | None], PageCheckingClient]


def get(announcement_id: int) -> Announcement:
    db.session.rollback()
    return db.session.get_one(Announcement, announcement_id)


def recorded(announcement_id: int) -> list[tuple[str, int | None]]:
    db.session.rollback()
    rows = sa.select(Entry.action, Entry.actor_id).where(
        Entry.action.startswith("announcement."), Entry.subject_id == announcement_id
    )
    return [tuple(row) for row in db.session.execute(rows.order_by(Entry.id))]


def suspend(cast: Cast) -> None:
    db.session.get_one(Member, cast.sabine.id).standing = Standing.SUSPENDED


def lose_role(cast: Cast) -> None:
    db.session.execute(
        sa.update(Membership).where(Membership.member_id == cast.sabine.id).values(role=Role.MEMBER)
    )


def leave_alone(cast: Cast) -> None:
    others = Membership.member_id.in_([cast.petra.id, cast.manfred.id])
    db.session.execute(sa.delete(Membership).where(others))


@time_machine.travel(TEN, tick=False)
@pytest.mark.parametrize(
    ("happens", "why"),
    [(suspend, Held.SUSPENDED), (lose_role, Held.NO_RIGHT), (leave_alone, Held.NOBODY)],
)
def test_what_waits_is_held_back_when_its_author_or_its_readers_are_gone_by_then(
    context: Flask, cast: Cast, happens: Callable[[Cast], None], why: Held
) -> None:
    made = announce(cast, publish_at=TEN + timedelta(hours=1))
    with unit_of_work():
        happens(cast)
    with time_machine.travel(TEN + timedelta(hours=1), tick=False):
        publish(made)
        publish(made)
    found = get(made)
    assert (found.state, found.held, found.publish_at) == (State.DRAFT, why, None)
    assert told(cast.petra) is None
    assert recorded(made) == [("announcement.held", cast.sabine.id)]


@time_machine.travel(TEN, tick=False)
@pytest.mark.parametrize(
    ("days", "why"),
    [({"ends_on": TODAY, "confirm_by": None}, Held.OVER), ({"confirm_by": TODAY}, Held.LATE)],
)
def test_what_waits_is_held_back_when_its_days_are_over_because_nobody_worked_in_time(
    context: Flask, cast: Cast, days: dict[str, object], why: Held
) -> None:
    made = announce(cast, publish_at=TEN + timedelta(hours=1), **days)
    with time_machine.travel(TEN + timedelta(days=1), tick=False):
        publish(made)
        assert (get(made).state, get(made).held) == (State.DRAFT, why)


@time_machine.travel(TEN, tick=False)
def test_staff_see_why_it_did_not_go_out_and_send_it_after_mending_it(
    app: Flask, browse: Browse, cast: Cast
) -> None:
    with app.app_context():
        made = announce(cast, publish_at=TEN + timedelta(hours=1), confirm_by=TODAY)
    with time_machine.travel(TEN + timedelta(days=1), tick=False):
        with app.app_context():
            publish(made)
        client = browse(cast.sabine)
        assert (
            "Nicht veröffentlicht: Der Tag für die Kenntnisnahme" in client.get(f"/announcements/{made}").text
        )
        assert "nicht veröffentlicht" in client.get("/announcements?show=all").text
        assert browse(cast.petra).get(f"/announcements/{made}").status_code == 404
        with app.app_context(), unit_of_work():
            announcements.update_draft(
                cast.sabine.viewer, made, WORDS, terms(cast), db.session.get_one(Announcement, made).edition
            )
        with app.app_context():
            assert (get(made).state, get(made).held) == (State.PUBLISHED, None)


@time_machine.travel(TEN, tick=False)
def test_going_out_is_on_record_at_once_and_at_the_moment_chosen(context: Flask, cast: Cast) -> None:
    now, later = announce(cast), announce(cast, publish_at=TEN + timedelta(hours=1))
    with time_machine.travel(TEN + timedelta(hours=1), tick=False):
        publish(later)
    assert recorded(now) == recorded(later) == [("announcement.published", cast.sabine.id)]


@time_machine.travel(TEN, tick=False)
def test_one_account_does_not_flood_everybody_what_is_too_much_stays_a_draft(
    context: Flask, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(policy, "SENT_A_DAY", 3)
    out = announce(cast, HERE, NETWORK)  # two lines in the record, one announcement
    waiting = announce(cast, publish_at=TEN + timedelta(hours=1))
    announce(cast)
    with unit_of_work():
        announcements.edit(
            cast.sabine.viewer, out, WORDS, 1, is_essential=True, confirm_by=TODAY + timedelta(days=3)
        )
    with unit_of_work():
        announcements.withdraw(cast.sabine.viewer, out)
    with pytest.raises(Denied), unit_of_work():
        announcements.restore(cast.sabine.viewer, out)
    with unit_of_work():
        db.session.get_one(Announcement, out).state = State.PUBLISHED
    too_many = announce(cast)
    assert (get(too_many).state, get(too_many).held) == (State.DRAFT, Held.TOO_MANY)
    assert recorded(too_many) == [("announcement.held", cast.sabine.id)]
    with pytest.raises(Invalid) as refusal, unit_of_work():
        announcements.edit(
            cast.sabine.viewer, out, WORDS, 2, is_essential=True, confirm_by=TODAY + timedelta(days=3)
        )
    assert refusal.value.field == "is_essential"
    with time_machine.travel(TEN + timedelta(hours=1), tick=False):
        publish(waiting)
        assert get(waiting).held is Held.TOO_MANY
    assert get(announce(cast, author=cast.manfred)).state is State.PUBLISHED  # others go on
    with time_machine.travel(TEN + timedelta(days=1), tick=False), unit_of_work():
        assert announcements.publish_now(cast.sabine.viewer, too_many).state is State.PUBLISHED


@time_machine.travel(TEN, tick=False)
def test_who_sent_too_many_is_told_so_and_loses_nothing(
    app: Flask, browse: Browse, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(policy, "SENT_A_DAY", 0)
    client = browse(cast.sabine)
    fields = {"title": "Zu viel", "text": "Aber wichtig.", "spaces": str(cast.spaces[HERE]), "publish": "1"}
    page = client.get(client.send("/announcements", **fields, client_key=str(uuid4())).location).text
    assert "Morgen geht es wieder." in page
    assert "Aber wichtig." in page


@time_machine.travel(TEN, tick=False)
def test_one_that_waits_can_be_called_off_and_never_goes_out(context: Flask, cast: Cast) -> None:
    made = announce(cast, publish_at=TEN + timedelta(hours=1))
    with unit_of_work():
        announcements.withdraw(cast.sabine.viewer, made)
    with time_machine.travel(TEN + timedelta(hours=2), tick=False):
        publish(made)
        assert (get(made).state, get(made).held) == (State.DRAFT, Held.DRAFT)
        assert told(cast.petra) is None


@time_machine.travel(TEN, tick=False)
def test_the_last_day_is_never_before_the_day_of_notice_nor_gone_by(context: Flask, cast: Cast) -> None:
    made = announce(cast, ends_on=TODAY + timedelta(days=20))
    by = TODAY + timedelta(days=14)
    for ends_on in (by - timedelta(days=1), TODAY - timedelta(days=1)):
        with pytest.raises(Invalid) as refusal, unit_of_work():
            announcements.edit(cast.sabine.viewer, made, WORDS, 1, confirm_by=by, ends_on=ends_on)
        assert refusal.value.field == "ends_on"
    with unit_of_work():
        announcements.edit(cast.sabine.viewer, made, WORDS, 1, confirm_by=by, ends_on=by)
    waiting = draft(cast, ends_on=TODAY, confirm_by=None)
    with time_machine.travel(TEN + timedelta(days=1), tick=False):
        with pytest.raises(Invalid) as refusal, unit_of_work():
            announcements.publish_now(cast.sabine.viewer, waiting)
        assert refusal.value.field == "ends_on"


@time_machine.travel(TEN, tick=False)
def test_what_is_over_can_be_corrected_but_asks_nobody_again_before_it_has_a_later_end(
    context: Flask, cast: Cast
) -> None:
    made = announce(cast, confirm_by=None, ends_on=TODAY)
    with time_machine.travel(TEN + timedelta(days=2), tick=False):
        with unit_of_work():
            announcements.edit(cast.sabine.viewer, made, Wording("Eins", "Berichtigt."), 1, ends_on=TODAY)
        with pytest.raises(Invalid), unit_of_work():
            announcements.edit(cast.sabine.viewer, made, WORDS, 2, ends_on=TODAY, is_essential=True)
        publish(made)
        assert told(cast.petra) == 1  # of the first time


@time_machine.travel(TEN, tick=False)
def test_restored_it_comes_back_once_to_those_who_have_not_finished_with_it(
    context: Flask, cast: Cast
) -> None:
    made = announce(cast)
    mailed()
    with unit_of_work():
        notices.confirm(cast.petra.viewer, made, 1)
    with unit_of_work():
        announcements.withdraw(cast.sabine.viewer, made)
    assert told(cast.manfred) is None
    with unit_of_work():
        announcements.restore(cast.sabine.viewer, made)
    publish(made)
    publish(made)
    assert told(cast.petra) is None
    assert told(cast.manfred) == 2
    assert mailed().count(cast.petra.email) == 1
    assert mailed().count(cast.manfred.email) == 2
