"""Announcements over HTTP: read, confirmed, written, followed up."""

import csv
import io
from collections.abc import Callable
from datetime import date, timedelta
from uuid import uuid4

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.test import TestResponse

from forum.announcements.models import Acknowledgement, Announcement, Discussion, State
from forum.announcements.service import announcements
from forum.core.access import Role
from forum.core.db import db, unit_of_work
from forum.members.models import Member
from forum.notifications.targets import Since, described
from tests.announcements.house import announce, council, draft, today
from tests.cast import HERE, Cast, Person
from tests.pages import PageCheckingClient

Browse = Callable[[Person | None], PageCheckingClient]


@pytest.fixture
def asked(app: Flask, cast: Cast) -> int:
    """The id of an announcement of which Petra's council is to take note."""
    with app.app_context():
        council(cast, "Stahl", cast.petra)
        return announce(cast, takes_comments=True)


def typed(cast: Cast, **changes: str) -> dict[str, str]:
    fields = {
        "title": "Neues Muster",
        "text": "Bitte lesen.",
        "spaces": str(cast.spaces[HERE]),
        "role": "all",
        "timing": "now",
        "publish": "1",
        "client_key": str(uuid4()),
    }
    return fields | changes


def follow(client: PageCheckingClient, path: str, **fields: str) -> TestResponse:
    """Where a sent form leads to."""
    answer = client.send(path, **fields)
    assert answer.status_code == 303
    return client.get(answer.location)


def test_the_start_page_and_the_rail_say_that_something_is_to_be_confirmed(
    browse: Browse, cast: Cast, asked: int
) -> None:
    page = browse(cast.petra).get("/").text
    assert "Eine Mitteilung zu bestätigen" in page
    assert f"/announcements/{asked}" in page
    assert "zu bestätigen" not in browse(cast.olga).get("/").text


def test_confirming_says_for_whom_and_is_done_with_one_press(
    app: Flask, browse: Browse, cast: Cast, asked: int
) -> None:
    client = browse(cast.petra)
    assert "Betriebsrat Stahl" in client.get(f"/announcements/{asked}").text
    answer = follow(client, f"/announcements/{asked}/notice", edition="1")
    assert "festgehalten" in answer.text
    assert "bestätigt von Petra Sommer" in answer.text
    assert "Zur Kenntnis genommen" not in answer.text
    with app.app_context():
        assert db.session.scalar(sa.select(sa.func.count()).select_from(Acknowledgement)) == 1


def test_an_older_version_cannot_be_confirmed_unread(browse: Browse, cast: Cast, asked: int) -> None:
    answer = follow(browse(cast.petra), f"/announcements/{asked}/notice", edition="7")
    assert "inzwischen geändert" in answer.text


def test_urgent_ones_are_on_every_page_until_read(app: Flask, browse: Browse, cast: Cast) -> None:
    with app.app_context():
        made = announce(cast, is_urgent=True, confirm_by=None)
    client = browse(cast.petra)
    assert 'class="urgent"' in client.get("/boards").text
    assert 'class="urgent"' not in client.get(f"/announcements/{made}").text  # there it is anyway
    assert 'class="urgent"' in client.get("/announcements/waiting").json["banner"]
    answer = client.send(f"/announcements/{made}/dismissal", **({"next": "/boards"}))
    assert answer.location == "/boards"
    assert 'class="urgent"' not in client.get("/boards").text


def test_where_a_press_leads_back_to_is_never_another_house(app: Flask, browse: Browse, cast: Cast) -> None:
    with app.app_context():
        made = announce(cast, is_urgent=True, confirm_by=None)
    answer = browse(cast.petra).send(f"/announcements/{made}/dismissal", **({"next": "//evil.example/"}))
    assert answer.location == "/"


def test_staff_write_look_over_and_publish(app: Flask, browse: Browse, cast: Cast) -> None:
    client = browse(cast.sabine)
    assert "Das erreicht noch niemanden" in client.get("/announcements/new").text
    preview = client.send("/announcements", **typed(cast, preview="1"))
    assert "Vorschau" in preview.text
    assert "Das geht an 2 Mitglieder." in preview.text
    answer = follow(client, "/announcements", **typed(cast))
    assert "veröffentlicht" in answer.text


def test_the_choice_is_counted_live_for_those_who_may_choose(
    app: Flask, browse: Browse, cast: Cast, asked: int
) -> None:
    here, there = cast.spaces[HERE], cast.spaces["RAT"]
    client = browse(cast.sabine)
    both = client.get(f"/announcements/reach?spaces={here}&spaces={there}").json
    assert both == {"text": "Das geht an 2 Mitglieder in 1 Betriebsrat."}  # not hers to write to: not counted
    assert client.get(f"/announcements/reach?spaces={here}&role=moderator").json == {
        "text": "Das geht an 1 Mitglied."
    }
    assert client.get("/announcements/reach?role=boss").status_code == 404
    assert browse(cast.petra).get(f"/announcements/reach?spaces={here}").status_code == 404


def test_a_day_without_an_hour_means_the_morning_and_no_day_is_asked_for(
    app: Flask, browse: Browse, cast: Cast
) -> None:
    client = browse(cast.sabine)
    answer = client.send("/announcements", **typed(cast, timing="later"))
    assert answer.status_code == 422
    assert "Wähle den Tag" in answer.text
    day = (today() + timedelta(days=2)).isoformat()
    answer = follow(client, "/announcements", **typed(cast, timing="later", publish_on=day))
    assert "geht von selbst hinaus" in answer.text
    assert "08:00" in answer.text


def test_only_the_button_that_says_so_publishes(app: Flask, browse: Browse, cast: Cast) -> None:
    fields = typed(cast)
    del fields["publish"]
    page = follow(browse(cast.sabine), "/announcements", **fields)
    assert "Der Entwurf ist gespeichert." in page.text
    with app.app_context():
        assert db.session.scalars(sa.select(Announcement)).one().state is State.DRAFT


def test_wrong_days_and_no_space_are_refused_with_what_was_typed(browse: Browse, cast: Cast) -> None:
    client = browse(cast.sabine)
    yesterday = (today() - timedelta(days=1)).isoformat()
    answer = client.send("/announcements", **typed(cast, confirm_by=yesterday, spaces=""))
    assert answer.status_code == 422
    assert "Bitte lesen." in answer.text
    answer = client.send("/announcements", **typed(cast, confirm_by="gestern"))
    assert answer.status_code == 422


def test_a_draft_that_went_out_meanwhile_becomes_an_edit_with_both_texts(
    app: Flask, browse: Browse, cast: Cast
) -> None:
    with app.app_context():
        made = draft(cast)
    client = browse(cast.sabine)
    client.get(f"/announcements/{made}/edit")
    with app.app_context(), unit_of_work():
        db.session.get_one(Announcement, made).edition = 5
    answer = client.send(f"/announcements/{made}", **typed(cast, edition="1"))
    assert answer.status_code == 409
    assert "inzwischen an anderer Stelle geändert" in answer.text
    assert "Bitte lesen." in answer.text


def test_an_edit_shows_in_the_history_word_by_word(browse: Browse, cast: Cast, asked: int) -> None:
    client = browse(cast.sabine)
    until = (today() + timedelta(days=14)).isoformat()
    fields = {
        "title": "Neues Muster zu KI",
        "text": "Bitte das **neue** nehmen.",
        "edition": "1",
        "confirm_by": until,
    }
    assert client.send(f"/announcements/{asked}", **fields).status_code == 303
    page = browse(cast.petra).get(f"/announcements/{asked}/history").text
    assert "<del>" in page
    assert "<ins>" in page


def test_withdrawing_can_be_taken_back(app: Flask, browse: Browse, cast: Cast, asked: int) -> None:
    client = browse(cast.sabine)
    page = follow(client, f"/announcements/{asked}/withdrawal").text
    assert "Rückgängig" in page
    assert browse(cast.petra).get(f"/announcements/{asked}").status_code == 404
    client.send(f"/announcements/{asked}/withdrawal/delete")
    with app.app_context():
        assert db.session.get_one(Announcement, asked).state is State.PUBLISHED
    assert browse(cast.petra).get(f"/announcements/{asked}").status_code == 200


def test_the_table_for_spreadsheets_holds_no_formulas(
    app: Flask, browse: Browse, cast: Cast, asked: int
) -> None:
    with app.app_context(), unit_of_work():
        db.session.get_one(Member, cast.manfred.id).name = "=HYPERLINK(1)"
        db.session.get_one(Member, cast.petra.id).phone = "+49 171 3920012"
    answer = browse(cast.sabine).get(f"/announcements/{asked}/standing.csv")
    assert answer.mimetype == "text/csv"
    assert answer.data.startswith("\ufeff".encode())
    rows = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig")), delimiter=";"))
    assert [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@"))] == []
    assert rows[1][1] == "Betriebsrat Stahl"
    assert rows[1][8] == "0049 171 3920012"
    assert browse(cast.petra).get(f"/announcements/{asked}/standing.csv").status_code == 404


@pytest.mark.parametrize(
    ("typed_number", "shown"),
    [
        ("+49 171 3920012", "0049 171 3920012"),
        ("+491713920012", "0049 1713920012"),
        ("01713920012", "0171 3920012"),
        ("030 23125-100", "030 23125-100"),
        ("(0171) 3920012", "(0171) 3920012"),
        ("-1", "'-1"),
        ("", ""),
    ],
)
def test_phones_in_the_table_can_be_dialled_and_are_neither_formulas_nor_numbers(
    app: Flask, browse: Browse, cast: Cast, asked: int, typed_number: str, shown: str
) -> None:
    with app.app_context(), unit_of_work():
        db.session.get_one(Member, cast.petra.id).phone = typed_number
    answer = browse(cast.sabine).get(f"/announcements/{asked}/standing.csv")
    rows = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig")), delimiter=";"))
    assert rows[1][8] == shown


@pytest.mark.parametrize("wrong", [{"title": ""}, {"confirm_by": "gestern"}, {"spaces": ""}, {"text": ""}])
def test_the_moment_chosen_stays_in_the_form_when_something_else_is_wrong(
    browse: Browse, cast: Cast, wrong: dict[str, str]
) -> None:
    day = (today() + timedelta(days=2)).isoformat()
    chosen = {"timing": "later", "publish_on": day, "publish_time": "14:35"}
    page = browse(cast.sabine).send("/announcements", **typed(cast, **(chosen | wrong)))
    assert page.status_code == 422
    assert f'value="{day}"' in page.text
    assert 'value="14:35"' in page.text
    assert 'checked id="timing-1"' in page.text


def test_phones_are_seen_by_who_keeps_it_alone(app: Flask, browse: Browse, cast: Cast, asked: int) -> None:
    browse(cast.petra).send("/account/profile", **({"name": cast.petra.name, "phone": "0171 3920012"}))
    assert "0171 3920012" in browse(cast.sabine).get(f"/announcements/{asked}/standing").text
    assert browse(cast.manfred).get(f"/announcements/{asked}/standing").status_code == 404
    for path in (f"/members/{cast.petra.id}", f"/announcements/{asked}"):
        assert "3920012" not in browse(cast.manfred).get(path).text
    refused = browse(cast.petra).send(
        "/account/profile", **({"name": cast.petra.name, "phone": "ruf mich an"})
    )
    assert refused.status_code == 422


def test_a_paper_is_made_and_checked(browse: Browse, cast: Cast, asked: int) -> None:
    content = browse(cast.sabine).send(f"/announcements/{asked}/certificate").data
    client = browse(cast.olga)  # who checks needs not know the announcement
    known = client.send("/announcements/check", **({"paper": (io.BytesIO(content), "liste.pdf")}))
    assert "echt und unverändert" in known.text
    assert "Neues Muster" not in known.text
    changed = client.send("/announcements/check", **({"paper": (io.BytesIO(content + b"\n"), "liste.pdf")}))
    assert "nicht bekannt" in changed.text
    assert client.send("/announcements/check", **({"digest": "abc"})).status_code == 422


def test_it_is_discussed_in_a_topic_of_each_space_begun_once(
    app: Flask, browse: Browse, cast: Cast, asked: int
) -> None:
    here = cast.spaces[HERE]
    url = f"/announcements/{asked}/spaces/{here}/topic"
    client = browse(cast.petra)
    assert f"/announcements/{asked})" in client.get(f"{url}/new").text
    fields = {
        "board_id": str(cast.board),
        "title": "Zum Muster",
        "text": "Was meint ihr?",
        "client_key": str(uuid4()),
    }
    first = client.send(url, **fields)
    again = browse(cast.manfred).send(url, **(fields | {"client_key": str(uuid4())}))
    assert first.location == again.location
    with app.app_context():
        assert db.session.scalar(sa.select(sa.func.count()).select_from(Discussion)) == 1
    assert first.location in client.get(f"/announcements/{asked}").text
    elsewhere = client.send(
        url, **(fields | {"board_id": str(cast.foreign_board), "client_key": str(uuid4())})
    )
    assert elsewhere.location == first.location
    assert client.get(f"/announcements/{asked}/spaces/{cast.spaces['RAT']}/topic/new").status_code == 404


def test_without_leave_it_is_not_discussed(app: Flask, browse: Browse, cast: Cast) -> None:
    with app.app_context():
        made = announce(cast)
    page = browse(cast.petra).get(f"/announcements/{made}/spaces/{cast.spaces[HERE]}/topic/new")
    assert page.status_code == 403


def test_who_is_told_reads_it_as_it_is_now_and_nothing_of_what_is_gone(context: Flask, cast: Cast) -> None:
    made, gone = announce(cast), announce(cast)
    only_moderators = announce(cast, role=Role.MODERATOR)
    with unit_of_work():
        announcements.withdraw(cast.sabine.viewer, gone)
    news = [Since(one, 1, 1) for one in (made, gone, only_moderators)]
    found = described(cast.petra.viewer, "announcement", news, with_lines=True)
    assert set(found) == {made}
    assert found[made].lines[0].text == "Bitte nicht mehr das alte nehmen."
    assert described(cast.petra.viewer, "announcement", news, with_lines=False)[made].lines == ()


def test_lists_name_what_is_open_all_and_past_and_nothing_else(
    browse: Browse, cast: Cast, asked: int
) -> None:
    client = browse(cast.petra)
    for shown in ("open", "all", "archive"):
        assert client.get(f"/announcements?show={shown}").status_code == 200
    assert client.get("/announcements?show=mine").status_code == 404
    assert client.get("/announcements?show=all&after=x").status_code == 404
    assert "Nicht veröffentlicht" not in client.get("/announcements?show=all").text


def test_what_was_changed_elsewhere_is_said_once_also_where_a_script_sends_the_form_twice(
    app: Flask, browse: Browse, cast: Cast, asked: int
) -> None:
    client = browse(cast.sabine)
    mine = {"title": "Mein Titel", "text": "Anders.", "edition": "7"}
    first = client.send(f"/announcements/{asked}", **mine, headers={"X-Requested-With": "fetch"})
    page = client.send(f"/announcements/{asked}", **mine)
    assert (first.status_code, page.status_code) == (409, 409)
    assert page.text.count("an anderer Stelle geändert") == 1
    assert "<del>Neues Muster zu KI</del> <ins>Mein Titel</ins>" in page.text
    assert "an anderer Stelle" not in client.get("/").text


def test_the_last_day_is_shown_as_it_was_typed(app: Flask, browse: Browse, cast: Cast) -> None:
    with app.app_context():
        made = announce(cast, ends_on=date(2031, 12, 23), confirm_by=None)
    assert "gilt bis 23. Dezember 2031<" in browse(cast.petra).get(f"/announcements/{made}").text


def test_a_draft_says_to_how_many_it_would_go_and_until_when_it_asks(
    app: Flask, browse: Browse, cast: Cast, asked: int
) -> None:
    with app.app_context():
        waiting = draft(cast, confirm_by=today() + timedelta(days=3))
    page = browse(cast.sabine).get(f"/announcements/{waiting}").text
    assert "Das geht an " in page
    assert "Kenntnisnahme bis " in page
    page = browse(cast.petra).get(f"/announcements/{asked}").text
    assert "Das geht an " not in page


def test_whoever_checks_nothing_is_told_what_to_give(browse: Browse, cast: Cast) -> None:
    answer = browse(cast.petra).send("/announcements/check")
    assert answer.status_code == 422
    assert "Wähle eine Datei oder gib ihre Prüfsumme an." in answer.text
    answer = browse(cast.petra).send("/announcements/check", digest="kurz")
    assert "Die Prüfsumme hat 64 Zeichen" in answer.text


def test_whoever_brings_one_back_is_told_that_it_is_out_again(browse: Browse, cast: Cast, asked: int) -> None:
    client = browse(cast.sabine)
    follow(client, f"/announcements/{asked}/withdrawal")
    assert "ist wieder veröffentlicht" in follow(client, f"/announcements/{asked}/withdrawal/delete").text


def test_a_label_that_asks_has_no_colon_behind_it_in_the_list_of_what_does_not_fit(
    browse: Browse, cast: Cast
) -> None:
    fields = typed(cast)
    del fields["spaces"]
    answer = browse(cast.sabine).send("/announcements", **fields)
    assert "Für wen?</a> Wähle, für wen die Mitteilung ist." in answer.text
    answer = browse(cast.sabine).send("/announcements", **typed(cast, title=""))
    assert "Titel</a>: " in answer.text
