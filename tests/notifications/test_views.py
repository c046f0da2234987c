"""The bell, what is chosen about being told, and stopping mails without signing in."""

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask import Flask

from forum.core.db import db, unit_of_work
from forum.mail.models import OutgoingMail
from forum.members.models import Member, Standing
from forum.notifications.models import Kind, Level, Notice, Preferences, Rhythm, Watch
from forum.notifications.queries import choices
from forum.notifications.service import notices, watches
from forum.web.limits import limiter
from forum.web.tickets import STOP_MAILS, write_ticket
from tests.cast import HERE, Cast, Person
from tests.pages import PageCheckingClient

Browse = Callable[[Person | None], PageCheckingClient]


@pytest.fixture
def topic_id(app: Flask, cast: Cast) -> int:
    """A topic of Petra's that Manfred has answered."""
    with app.app_context():
        topic_id = cast.topic(cast.petra)
        post_id = cast.post(cast.manfred, topic_id)
        tell(cast.petra, topic_id, post_id)
    return topic_id


def tell(person: Person, topic_id: int, post_id: int, kind: Kind = Kind.ANSWER) -> None:
    with unit_of_work():
        notices.notify(kind, "topic", topic_id, post_id, sa.select(Member.id).where(Member.id == person.id))


def the_notice(app: Flask, person: Person) -> Notice | None:
    with app.app_context():
        return db.session.scalar(sa.select(Notice).where(Notice.member_id == person.id))


def level(app: Flask, person: Person, subject: str, subject_id: int) -> Level | None:
    with app.app_context():
        return choices.level_of(person.viewer, subject, subject_id)


def rhythm(app: Flask, person: Person) -> Rhythm | None:
    with app.app_context():
        row = db.session.get(Preferences, person.id)
        return row.rhythm if row else None


# ---------- The bell ----------


def test_every_page_shows_how_much_is_new(browse: Browse, cast: Cast, topic_id: int) -> None:
    page = browse(cast.petra).get("/imprint").text
    bell = page[page.index("data-bell") :]
    assert '<span aria-hidden="true">1</span>' in bell[: bell.index("</a>")]
    assert "1 ungelesen" in bell[: bell.index("</a>")]
    quiet = browse(cast.manfred).get("/imprint").text
    quiet = quiet[quiet.index("data-bell") :]
    assert "count" not in quiet[: quiet.index("</a>")]
    assert "data-bell" not in browse(None).get("/imprint").text


def test_the_title_of_the_tab_says_nothing_of_it(browse: Browse, cast: Cast, topic_id: int) -> None:
    page = browse(cast.petra).get("/notices").text
    assert page[page.index("<title>") : page.index("</title>")] == "<title>Neues · Netzwerk"


def test_the_list_has_one_line_for_a_thing_however_much_came(
    app: Flask, browse: Browse, cast: Cast, topic_id: int
) -> None:
    with app.app_context():
        tell(cast.petra, topic_id, cast.post(cast.manfred, topic_id))
    page = browse(cast.petra).get("/notices").text
    assert page.count('class="topic unread"') == 1
    assert "2 neue Antworten" in page


def test_without_anything_the_list_says_what_belongs_there(browse: Browse, cast: Cast) -> None:
    assert "Nichts Neues" in browse(cast.petra).get("/notices").text


def test_what_came_after_the_page_was_shown_stays_new(
    app: Flask, browse: Browse, cast: Cast, topic_id: int
) -> None:
    petra = browse(cast.petra)
    page = petra.get("/notices").text
    until = page.split('name="until" value="', 1)[1].split('"', 1)[0]
    with app.app_context():
        other = cast.topic(cast.manfred)
        tell(cast.petra, other, 99, Kind.TOPIC)
    petra.send("/notices/reading", until=until)
    with app.app_context():
        unread = sa.select(Notice.subject_id).where(Notice.read_at.is_(None))
        assert db.session.scalars(unread).all() == [other]


def test_one_line_is_read_and_made_new_again(app: Flask, browse: Browse, cast: Cast, topic_id: int) -> None:
    petra, row = browse(cast.petra), the_notice(app, cast.petra)
    assert row is not None
    assert petra.send(f"/notices/{row.id}/reading").status_code == 303
    seen = the_notice(app, cast.petra)
    assert seen is not None
    assert seen.read_at is not None
    assert "Rückgängig" in petra.get("/notices").text
    petra.send(f"/notices/{row.id}/reading/delete")
    again = the_notice(app, cast.petra)
    assert again is not None
    assert again.read_at is None


@pytest.mark.parametrize("what", ["reading", "reading/delete", "muting"])
def test_lines_of_others_are_not_there(
    app: Flask, browse: Browse, cast: Cast, topic_id: int, what: str
) -> None:
    row = the_notice(app, cast.petra)
    assert row is not None
    assert browse(cast.manfred).send(f"/notices/{row.id}/{what}").status_code == 404
    left = the_notice(app, cast.petra)
    assert left is not None
    assert left.read_at is None


def test_a_line_muted_can_be_taken_back(app: Flask, browse: Browse, cast: Cast, topic_id: int) -> None:
    petra, row = browse(cast.petra), the_notice(app, cast.petra)
    assert row is not None
    assert level(app, cast.petra, "topic", topic_id) is Level.ALL  # she wrote there
    petra.send(f"/notices/{row.id}/muting")
    assert level(app, cast.petra, "topic", topic_id) is Level.MUTED
    assert 'name="level" value="all"' in petra.get("/notices").text
    petra.send("/notices/watches", subject="topic", subject_id=topic_id, level="all")
    assert level(app, cast.petra, "topic", topic_id) is Level.ALL


def test_what_one_may_not_read_any_more_is_not_named(
    app: Flask, browse: Browse, cast: Cast, topic_id: int, leave: Callable[[Person], None]
) -> None:
    with app.app_context():
        leave(cast.petra)
    page = browse(cast.petra).get("/notices").text
    assert "Nicht mehr zu sehen" in page
    assert "Vier-Schicht" not in page


def test_marking_a_topic_read_without_script_empties_the_bell(
    app: Flask, browse: Browse, cast: Cast, topic_id: int
) -> None:
    petra = browse(cast.petra)
    assert "Bis hier als gelesen markieren" in petra.get(f"/topics/{topic_id}").text
    petra.send(f"/topics/{topic_id}/reading", number="2")
    row = the_notice(app, cast.petra)
    assert row is not None
    assert row.read_at is not None


# ---------- Preferences ----------


def choice(**changes: str) -> dict[str, str]:
    return {"rhythm": "daily", "hour": "6", "weekday": "1"} | changes


def test_what_was_chosen_is_shown_again(app: Flask, browse: Browse, cast: Cast) -> None:
    petra = browse(cast.petra)
    assert petra.send("/notices/preferences", **choice(quiet_weekends="y")).status_code == 303
    page = petra.get("/notices/preferences").text
    assert "montags bis freitags gegen 6 Uhr" in page
    assert rhythm(app, cast.petra) is Rhythm.DAILY


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        (choice(), "jeden Tag gegen 6 Uhr"),
        (choice(quiet_weekends="y"), "montags bis freitags gegen 6 Uhr, an Feiertagen nicht"),
        (choice(rhythm="weekly"), "dienstags gegen 6 Uhr"),
        (choice(rhythm="weekly", weekday="6", quiet_weekends="y"), "montags gegen 6 Uhr"),
        (choice(rhythm="at_once"), "etwa eine Mail, zehn Minuten"),
        (choice(rhythm="mentions"), "bekommst du keine Mail. Nur wenn dich jemand nennt"),
        (choice(rhythm="never"), "Was neu ist, steht unter der Glocke"),
    ],
)
def test_an_ordinary_day_is_said_for_each_choice_before_it_is_saved(
    app: Flask, browse: Browse, cast: Cast, topic_id: int, chosen: dict[str, str], said: str
) -> None:
    petra = browse(cast.petra)
    assert said in petra.get("/notices/preferences/day", query_string=chosen).get_json()["said"]
    assert rhythm(app, cast.petra) is Rhythm.DAILY


@pytest.mark.parametrize("chosen", [{}, choice(rhythm="hourly"), choice(hour="24"), choice(hour="x")])
def test_what_cannot_be_chosen_brings_no_day(browse: Browse, cast: Cast, chosen: dict[str, str]) -> None:
    petra = browse(cast.petra)
    assert petra.get("/notices/preferences/day", query_string=chosen).status_code == 404


def test_what_is_followed_and_muted_is_listed_by_name_and_can_be_changed(
    app: Flask, browse: Browse, cast: Cast, topic_id: int
) -> None:
    with app.app_context(), unit_of_work():
        watches.watch(cast.petra.viewer, "topic", topic_id, Level.MUTED)
        watches.watch(cast.petra.viewer, "board", cast.board, Level.ALL)
    petra = browse(cast.petra)
    page = petra.get("/notices/preferences").text
    assert "Nicht mehr folgen" in page
    assert f'href="/topics/{topic_id}"' in page
    petra.send("/notices/watches", subject="board", subject_id=cast.board, level="usual")
    assert level(app, cast.petra, "board", cast.board) is None


def test_what_one_may_not_see_cannot_be_chosen_but_let_go(app: Flask, browse: Browse, cast: Cast) -> None:
    petra = browse(cast.petra)
    foreign = {"subject": "board", "subject_id": str(cast.foreign_board)}
    assert petra.send("/notices/watches", **(foreign | {"level": "all"})).status_code == 404
    assert petra.send("/notices/watches", **(foreign | {"level": "usual"})).status_code == 303
    nonsense = {"subject": "nonsense", "subject_id": "1", "level": "muted"}
    assert petra.send("/notices/watches", **nonsense).status_code == 404
    with app.app_context():
        assert db.session.scalars(sa.select(Watch).where(Watch.subject == "nonsense")).all() == []


def test_a_whole_region_is_muted_and_heard_again(app: Flask, browse: Browse, cast: Cast) -> None:
    petra, here = browse(cast.petra), cast.spaces[HERE]
    petra.send(f"/notices/spaces/{here}", level="muted")
    assert level(app, cast.petra, "space", here) is Level.MUTED
    petra.send(f"/notices/spaces/{here}", level="usual")
    assert level(app, cast.petra, "space", here) is None
    assert browse(cast.olga).send(f"/notices/spaces/{here}", level="muted").status_code == 404


def test_a_mail_to_oneself_goes_to_the_own_address_three_times_an_hour(
    app: Flask, browse: Browse, cast: Cast
) -> None:
    petra = browse(cast.petra)
    limiter.enabled = True
    try:
        codes = [petra.send("/notices/test-mail").status_code for _ in range(4)]
    finally:
        limiter.enabled = False
        limiter.reset()
    assert codes == [303, 303, 303, 429]
    with app.app_context():
        assert set(db.session.scalars(sa.select(OutgoingMail.recipient))) == {cast.petra.email}


def test_mail_that_comes_back_is_said_until_the_member_says_it_arrives(
    app: Flask, browse: Browse, cast: Cast, topic_id: int
) -> None:
    with app.app_context(), unit_of_work():
        row = db.session.get_one(Preferences, cast.petra.id)
        row.mail_fails_since, row.mail_failure = row.next_digest_at, "mailbox full"
    petra = browse(cast.petra)
    assert "kommt nicht an" in petra.get("/notices").text
    assert "mailbox full" in petra.get("/notices/preferences").text
    petra.send("/notices/arrival")
    assert "kommt nicht an" not in petra.get("/notices").text


# ---------- Stopping mails without signing in ----------


def ticket_of(app: Flask, person: Person, subject: str = "", subject_id: int = 0) -> str:
    with app.app_context():
        return write_ticket(STOP_MAILS, person.id, subject, subject_id)


ONE_CLICK = {"List-Unsubscribe": "One-Click"}


def test_one_click_of_a_mail_server_stops_what_the_mail_was_about(
    app: Flask, browse: Browse, cast: Cast, topic_id: int
) -> None:
    machine = app.test_client()
    ticket = ticket_of(app, cast.petra, "topic", topic_id)
    for _ in range(2):  # sent twice, nothing more happens
        assert machine.post(f"/notices/stop/{ticket}", data=ONE_CLICK).status_code == 303
    assert level(app, cast.petra, "topic", topic_id) is Level.MUTED
    assert rhythm(app, cast.petra) is Rhythm.DAILY


def test_one_click_in_a_bundled_mail_stops_all_of_them(app: Flask, cast: Cast, topic_id: int) -> None:
    app.test_client().post(f"/notices/stop/{ticket_of(app, cast.petra)}", data=ONE_CLICK)
    assert rhythm(app, cast.petra) is Rhythm.NEVER


def test_only_this_one_needs_no_token(app: Flask, cast: Cast, topic_id: int) -> None:
    ticket = ticket_of(app, cast.petra)
    assert app.test_client().post(f"/notices/stop/{ticket}/delete", data={"what": "all"}).status_code == 400
    assert app.test_client().post("/sign-in", data={"email": cast.petra.email}).status_code == 400


@pytest.mark.parametrize("ticket", ["nonsense", "WzEsIiIsMF0.forged"])
def test_a_ticket_that_was_not_written_here_does_nothing(app: Flask, cast: Cast, ticket: str) -> None:
    client = app.test_client()
    assert client.get(f"/notices/stop/{ticket}").status_code == 404
    assert client.post(f"/notices/stop/{ticket}", data=ONE_CLICK).status_code == 404


def test_looking_at_the_page_stops_nothing_and_tells_others_nothing(
    app: Flask, cast: Cast, browse: Browse, topic_id: int
) -> None:
    page = app.test_client().get(f"/notices/stop/{ticket_of(app, cast.petra, 'topic', topic_id)}").text
    assert "Dazu keine Mails mehr" in page
    assert "Vier-Schicht-Modell" not in page  # scanners open every link
    assert cast.petra.name not in page
    mine = browse(cast.petra).get(f"/notices/stop/{ticket_of(app, cast.petra, 'topic', topic_id)}").text
    assert "Keine Mails mehr zu „Vier-Schicht-Modell“" in mine
    assert "Gar keine Mails mehr" in page
    assert level(app, cast.petra, "topic", topic_id) is Level.ALL


def test_what_was_stopped_can_be_taken_up_again_as_it_was(
    app: Flask, browse: Browse, cast: Cast, topic_id: int
) -> None:
    browse(cast.petra).send("/notices/preferences", **choice(rhythm="weekly"))
    client, ticket = browse(None), ticket_of(app, cast.petra)
    page = client.post(f"/notices/stop/{ticket}", data={"what": "all"}, follow_redirects=True).text
    assert "Doch wieder Mails" in page
    assert 'name="was" value="weekly"' in page
    client.send(f"/notices/stop/{ticket}/delete", what="all", was="weekly")
    assert rhythm(app, cast.petra) is Rhythm.WEEKLY


def test_a_wider_thing_is_stopped_only_if_the_mail_was_about_something_in_it(
    app: Flask, browse: Browse, cast: Cast, topic_id: int
) -> None:
    client, ticket = browse(None), ticket_of(app, cast.petra, "topic", topic_id)
    foreign = {"what": f"board:{cast.foreign_board}"}
    assert client.post(f"/notices/stop/{ticket}", data=foreign).status_code == 404
    assert client.post(f"/notices/stop/{ticket}", data={"what": f"board:{cast.board}"}).status_code == 303
    assert level(app, cast.petra, "board", cast.board) is Level.MUTED
    client.send(f"/notices/stop/{ticket}/delete", **{"what": f"board:{cast.board}", "was": "usual"})
    assert level(app, cast.petra, "board", cast.board) is None


def test_a_suspended_member_can_stop_mails_and_learns_nothing(app: Flask, cast: Cast, topic_id: int) -> None:
    with app.app_context(), unit_of_work():
        db.session.get_one(Member, cast.petra.id).standing = Standing.SUSPENDED
    client, ticket = app.test_client(), ticket_of(app, cast.petra, "topic", topic_id)
    assert "Vier-Schicht" not in client.get(f"/notices/stop/{ticket}").text
    assert client.post(f"/notices/stop/{ticket}", data=ONE_CLICK).status_code == 303
    assert level(app, cast.petra, "topic", topic_id) is Level.MUTED
