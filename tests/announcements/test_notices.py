"""Taking note: once for each council, by the day and not the hour; and what becomes of the names."""

import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from threading import Barrier
from typing import Any

import pikepdf
import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask

from forum.announcements import queries
from forum.announcements.models import Acknowledgement, Announcement, Certificate, Dismissal, Recipient
from forum.announcements.service import announcements, certificates, notices, retention
from forum.announcements.tasks import forget, nudge, publish, remind
from forum.core.access import Role, Viewer
from forum.core.clock import now
from forum.core.db import db, unit_of_work
from forum.core.errors import Conflict, Denied, Invalid, NotFound
from forum.members.models import Member
from forum.notifications.models import Notice
from forum.spaces.service import join
from tests.announcements.house import announce, council, draft, mailed, today, told
from tests.cast import HERE, Cast, Person
from tests.pages import PageCheckingClient

TEN = datetime(2026, 11, 24, 9, tzinfo=UTC)


def given(announcement_id: int) -> list[tuple[int | None, int | None]]:
    db.session.rollback()
    rows = sa.select(Acknowledgement.member_id, Acknowledgement.council_id)
    return [
        tuple(row)
        for row in db.session.execute(rows.where(Acknowledgement.announcement_id == announcement_id))
    ]


def get(announcement_id: int) -> Announcement:
    db.session.rollback()
    return db.session.get_one(Announcement, announcement_id)


def confirm(person: object, announcement_id: int, version: int = 1) -> None:
    with unit_of_work():
        notices.confirm(person.viewer, announcement_id, version)


def test_a_double_click_and_a_colleague_at_the_same_time_are_one_notice(context: Flask, cast: Cast) -> None:
    steel = council(cast, "Stahl", cast.petra, cast.manfred)
    made = announce(cast)
    for person in (cast.petra, cast.petra, cast.manfred):
        confirm(person, made)
    assert given(made) == [(cast.petra.id, steel)]


def test_two_of_one_council_at_the_same_moment_are_one_notice_and_no_fault(app: Flask, cast: Cast) -> None:
    with app.app_context():
        council(cast, "Stahl", cast.petra, cast.manfred)
        made = announce(cast)
    together = Barrier(2)

    def take(person: Person) -> bool:
        with app.app_context():
            together.wait()
            with unit_of_work():
                return notices.confirm(person.viewer, made, 1)

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(take, (cast.petra, cast.manfred))) == [False, True]
    with app.app_context():
        assert len(given(made)) == 1
        assert (told(cast.petra), told(cast.manfred)) == (None, None)


def test_no_hour_is_kept_neither_here_nor_under_the_bell(context: Flask, cast: Cast) -> None:
    made = announce(cast)
    confirm(cast.petra, made)
    assert {column.name for column in Acknowledgement.__table__.c} == {
        "id", "announcement_id", "version", "member_id", "council_id", "given_on", "digest",
    }  # fmt: skip
    assert told(cast.petra) is None
    assert db.session.scalar(sa.select(sa.func.count()).where(Notice.read_at.is_not(None))) == 0


def test_it_is_asked_of_no_administrator_no_stranger_and_not_of_the_author(
    context: Flask, cast: Cast
) -> None:
    made = announce(cast)
    for person in (cast.karla, cast.olga):
        with pytest.raises(NotFound):
            confirm(person, made)
    with pytest.raises(Denied):
        confirm(cast.sabine, made)


def test_who_left_the_space_cannot_confirm_any_more(context: Flask, cast: Cast) -> None:
    made = announce(cast)
    with pytest.raises(NotFound), unit_of_work():
        notices.confirm(Viewer(cast.petra.id), made, 1)


def test_after_the_last_day_nobody_is_asked_but_after_the_day_of_notice_one_may_still(
    context: Flask, cast: Cast
) -> None:
    with time_machine.travel(TEN, tick=False):
        late = announce(cast, confirm_by=TEN.date() + timedelta(days=2))
        over = announce(
            cast, confirm_by=TEN.date() + timedelta(days=2), ends_on=TEN.date() + timedelta(days=3)
        )
    with time_machine.travel(TEN + timedelta(days=5), tick=False):
        confirm(cast.petra, late)
        with pytest.raises(Denied):
            confirm(cast.petra, over)
        assert queries.listing.waiting(cast.manfred.viewer)[0].id == late
        archive = queries.listing.list_announcements(cast.petra.viewer, queries.listing.Filter.ARCHIVE)
        assert [row.id for row in archive.rows] == [over]


def test_urgent_ones_stay_until_they_are_read_and_come_back_with_an_essential_edit(
    context: Flask, cast: Cast
) -> None:
    made = announce(cast, is_urgent=True, confirm_by=None)
    assert [one.is_asked for one in queries.listing.waiting(cast.petra.viewer)] == [False]
    with unit_of_work():
        notices.dismiss(cast.petra.viewer, made)
    assert queries.listing.waiting(cast.petra.viewer) == []
    assert len(queries.listing.waiting(cast.manfred.viewer)) == 1
    found = get(made)
    with unit_of_work():
        announcements.edit(
            cast.sabine.viewer,
            made,
            announcements.Wording(found.title, "Neu."),
            1,
            is_essential=True,
            is_urgent=True,
        )
    assert len(queries.listing.waiting(cast.petra.viewer)) == 1


def test_where_notice_is_asked_it_cannot_be_put_aside(context: Flask, cast: Cast) -> None:
    made = announce(cast, is_urgent=True)
    with unit_of_work(), pytest.raises(Denied):
        notices.dismiss(cast.petra.viewer, made)


@time_machine.travel(TEN, tick=False)
def test_staff_may_write_once_more_once_a_day_to_those_who_are_late(context: Flask, cast: Cast) -> None:
    made = announce(cast)
    confirm(cast.petra, made)
    with unit_of_work():
        assert notices.nudge(cast.sabine.viewer, made) == 1
    assert told(cast.manfred) == 1  # nobody is told while somebody waits for the page
    with unit_of_work():
        nudge(made)
    assert told(cast.manfred) == 2
    with pytest.raises(Conflict), unit_of_work():
        notices.nudge(cast.sabine.viewer, made)
    with pytest.raises(NotFound), unit_of_work():
        notices.nudge(cast.manfred.viewer, made)
    assert mailed() == [cast.manfred.email]
    with time_machine.travel(TEN + timedelta(days=1), tick=False):
        with unit_of_work():
            assert notices.nudge(cast.sabine.viewer, made) == 1
        with unit_of_work():
            nudge(made)
        assert mailed() == [cast.manfred.email] * 2


def test_when_one_confirms_the_bell_and_the_banner_go_for_the_whole_council_and_for_nobody_else(
    app: Flask, cast: Cast, listen: Callable[..., Any]
) -> None:
    with app.app_context():
        with unit_of_work():
            join(cast.olga.id, cast.spaces[HERE], Role.MEMBER)
            join(cast.rosa.id, cast.spaces[HERE], Role.MEMBER)
        council(cast, "Stahl", cast.petra, cast.manfred, substitutes=(cast.rosa,))
        council(cast, "Glas", cast.olga, cast.manfred)
        made = announce(cast, is_urgent=True)
    petra, olga = listen(cast.petra, "/notices"), listen(cast.olga, "/notices")
    with app.app_context():
        here = {cast.spaces[HERE]: Role.MEMBER}
        rosa = replace(cast.rosa.viewer, spaces=here)
        assert queries.listing.waiting(rosa)  # she is not asked, but it is urgent
        with unit_of_work():
            notices.confirm(replace(cast.petra.viewer, spaces=here), made, 1)
        assert told(cast.petra) is None
        assert told(cast.rosa) is None
        assert queries.listing.waiting(rosa) == []
        assert told(cast.olga) == told(cast.manfred) == 1  # their other council is still asked
    assert petra.heard("announced")
    assert not olga.heard("announced")


def test_who_is_told_but_not_asked_can_put_it_aside_and_who_is_asked_cannot(
    app: Flask, browse: Callable[[Person | None], PageCheckingClient], cast: Cast
) -> None:
    with app.app_context():
        council(cast, "Stahl", cast.petra, substitutes=(cast.manfred,))
        made = announce(cast, is_urgent=True)
    client = browse(cast.manfred)
    assert f"/announcements/{made}/dismissal" in client.get("/boards").text
    assert f"/announcements/{made}/dismissal" in client.get(f"/announcements/{made}").text
    assert client.send(f"/announcements/{made}/dismissal").status_code == 303
    assert f"/announcements/{made}/dismissal" not in client.get(f"/announcements/{made}").text
    assert 'class="urgent"' not in client.get("/boards").text
    with app.app_context():
        assert told(cast.manfred) is None
        assert told(cast.petra) == 1
    assert browse(cast.petra).send(f"/announcements/{made}/dismissal").status_code == 403


def test_what_is_withdrawn_or_over_leaves_no_line_under_any_bell(context: Flask, cast: Cast) -> None:
    gone, over, stays = announce(cast), announce(cast, confirm_by=None, ends_on=today()), announce(cast)
    with unit_of_work():
        announcements.withdraw(cast.sabine.viewer, gone)
    with time_machine.travel(now() + timedelta(days=1)):
        remind()
    db.session.rollback()
    lines = db.session.scalars(sa.select(Notice.subject_id).where(Notice.subject == "announcement"))
    assert set(lines) == {stays}
    assert over


def test_who_comes_second_reads_that_it_is_done_already_and_by_whom(
    app: Flask, browse: Callable[[Person | None], PageCheckingClient], cast: Cast
) -> None:
    with app.app_context():
        council(cast, "Stahl", cast.petra, cast.manfred)
        made = announce(cast)
    late = browse(cast.manfred)
    assert "Zur Kenntnis genommen" in late.get(f"/announcements/{made}").text
    with app.app_context():
        confirm(cast.petra, made)
    answer = late.send(f"/announcements/{made}/notice", edition="1")
    assert answer.status_code == 303
    assert "Petra Sommer hat das schon bestätigt." in late.get(answer.location).text


def test_names_are_kept_for_twelve_months_after_notice_was_asked_last(context: Flask, cast: Cast) -> None:
    with time_machine.travel(TEN, tick=False):
        made = announce(cast)
    again = TEN + timedelta(days=200)
    with time_machine.travel(again, tick=False):
        with unit_of_work():
            announcements.edit(
                cast.sabine.viewer,
                made,
                announcements.Wording("Neu", "Neu."),
                1,
                is_essential=True,
                confirm_by=again.date() + timedelta(days=9),
            )
        confirm(cast.petra, made, 2)
    with time_machine.travel(TEN + timedelta(days=367), tick=False):
        forget()
        assert get(made).names_deleted_at is None
    with time_machine.travel(again + timedelta(days=364), tick=False):
        forget()
        assert get(made).names_deleted_at is None
    with time_machine.travel(again + timedelta(days=367), tick=False):
        forget()
        assert get(made).names_deleted_at is not None
    later = again + timedelta(days=500)
    with time_machine.travel(later, tick=False):  # asked anew, it goes to those who are there by then
        with unit_of_work():
            announcements.edit(
                cast.sabine.viewer,
                made,
                announcements.Wording("Noch neuer", "Neu."),
                2,
                is_essential=True,
                confirm_by=later.date() + timedelta(days=9),
            )
        publish(made)
        assert [one.is_asked for one in queries.listing.waiting(cast.petra.viewer)] == [True]


def test_the_list_names_council_chair_and_phones(context: Flask, cast: Cast) -> None:
    council(cast, "Stahl", cast.petra)
    with unit_of_work():
        db.session.get_one(Member, cast.petra.id).phone = "0171 3920012"
    made = announce(cast)
    party = queries.standing.standing(get(made), today()).open[0]
    assert (party.name, party.site, party.sign) == ("Betriebsrat Stahl", "Stahl GmbH, Werk", HERE)
    assert (party.contact, party.contact_phone, party.phone) == (
        "Petra Sommer",
        "0171 3920012",
        "030 23125-100",
    )


def test_a_paper_is_known_by_its_bytes_and_a_changed_one_is_not(context: Flask, cast: Cast) -> None:
    council(cast, "Stahl", cast.petra)
    with unit_of_work():
        db.session.get_one(Member, cast.petra.id).name = "Gökçe Łukasz-Yıldız ✓" + "x" * 80
    made = announce(cast)
    confirm(cast.petra, made)
    with unit_of_work():
        content, made_out = certificates.certify(cast.sabine.viewer, made)
    assert content.startswith(b"%PDF")
    with pikepdf.open(BytesIO(content)) as file:
        assert len(file.pages) == 1
    digest = hashlib.sha256(content).hexdigest()
    assert made_out.digest == digest
    assert certificates.find_certificate(certificates.clean_digest(f" {digest.upper()[:32]}\n{digest[32:]} "))
    assert certificates.find_certificate(hashlib.sha256(content + b" ").hexdigest()) is None
    with pytest.raises(Invalid):
        certificates.clean_digest("4711")
    with pytest.raises(NotFound), unit_of_work():
        certificates.certify(cast.manfred.viewer, made)


def test_after_twelve_months_names_are_gone_and_numbers_and_papers_stay(context: Flask, cast: Cast) -> None:
    steel = council(cast, "Stahl", cast.petra)
    with time_machine.travel(TEN, tick=False):
        made, unasked = announce(cast), announce(cast, confirm_by=None)
        confirm(cast.petra, made)
        confirm(cast.manfred, made)
        with unit_of_work():
            notices.dismiss(cast.petra.viewer, unasked)
            _content, paper = certificates.certify(cast.sabine.viewer, made)
    with time_machine.travel(TEN + timedelta(days=360), tick=False):
        forget()
        assert len(given(made)) == 2
        assert get(made).names_deleted_at is None
    with time_machine.travel(TEN + timedelta(days=367), tick=False):
        forget()
    assert sorted(given(made), key=str) == sorted([(None, steel), (None, None)], key=str)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Recipient)) == 0
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Dismissal)) == 0
    assert db.session.scalars(sa.select(Notice).where(Notice.subject == "announcement")).all() == []
    found = queries.standing.standing(get(made), today())
    assert (found.asked, len(found.noted), found.open) == (2, 2, [])
    assert {one.by for one in found.noted} == {""}
    kept = db.session.scalars(sa.select(Certificate)).one()
    assert (kept.digest, kept.made_by_id) == (paper.digest, None)
    with unit_of_work():
        assert retention.delete_names(TEN + timedelta(days=500)) == 0


@time_machine.travel(TEN, tick=False)
def test_when_names_are_gone_nobody_is_disturbed_again_and_nobody_is_written_down(
    context: Flask, cast: Cast
) -> None:
    urgent = announce(cast, confirm_by=None, is_urgent=True)
    with unit_of_work():
        notices.dismiss(cast.petra.viewer, urgent)
    assert queries.listing.waiting(cast.petra.viewer) == []
    assert len(queries.listing.waiting(cast.manfred.viewer)) == 1
    with time_machine.travel(TEN + timedelta(days=367), tick=False):
        forget()
        assert queries.listing.waiting(cast.petra.viewer) == []
        assert queries.listing.waiting(cast.manfred.viewer) == []
        with unit_of_work():
            notices.dismiss(cast.manfred.viewer, urgent)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Dismissal)) == 0


def test_staff_that_loses_its_role_sees_no_list_and_colleagues_go_on(context: Flask, cast: Cast) -> None:
    made = announce(cast)
    with pytest.raises(NotFound):
        announcements.get_kept(Viewer(cast.sabine.id, {cast.spaces[HERE]: Role.MEMBER}), made)
    assert announcements.get_kept(Viewer(cast.olga.id, {cast.spaces[HERE]: Role.STAFF}), made)


def test_a_draft_has_no_list_and_can_be_thrown_away_but_what_is_out_cannot(
    context: Flask, cast: Cast
) -> None:
    made, out = draft(cast), announce(cast)
    with unit_of_work():
        announcements.delete_draft(cast.sabine.viewer, made)
    with pytest.raises(Conflict), unit_of_work():
        announcements.delete_draft(cast.sabine.viewer, out)
    assert db.session.get(Announcement, made) is None
