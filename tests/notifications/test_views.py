"""The bell, what is chosen about being told, and stopping mails without signing in."""

from collections.abc import Callable, Iterable
from datetime import timedelta

import pytest
import sqlalchemy as sa
import time_machine
from bs4 import BeautifulSoup
from flask import Flask

from forum.core.clock import now
from forum.core.db import db, unit_of_work
from forum.mail.models import OutgoingMail
from forum.members.models import Member, Standing
from forum.notifications import policy
from forum.notifications.models import Kind, Level, Notice, Preferences, Rhythm, Watch
from forum.notifications.queries import choices
from forum.notifications.service import notices, preferences, watches
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


def test_what_was_written_before_the_page_was_shown_and_told_after_it_stays_new(
    app: Flask, browse: Browse, cast: Cast, topic_id: int
) -> None:
    with app.app_context():
        post_id, written_at = cast.post(cast.manfred, topic_id), now()
    petra = browse(cast.petra)
    page = petra.get("/notices").text
    until = page.split('name="until" value="', 1)[1].split('"', 1)[0]
    with app.app_context(), unit_of_work():
        told = sa.select(Member.id).where(Member.id == cast.petra.id)
        notices.notify(Kind.ANSWER, "topic", topic_id, post_id, told, written_at=written_at)
    petra.send("/notices/reading", until=until)
    assert (row := the_notice(app, cast.petra)) is not None
    assert row.read_at is None


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


@pytest.mark.parametrize("what", ["reading", "reading/delete", "muting", "muting/delete"])
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
    page = petra.get("/notices").text
    assert 'name="was_new" value="y"' in page  # of what is offered to be taken back
    assert 'class="topic unread"' not in page
    petra.send(f"/notices/{row.id}/muting/delete", was_new="y")
    assert level(app, cast.petra, "topic", topic_id) is Level.ALL
    assert 'class="topic unread"' in petra.get("/notices").text
    assert "Vier-Schicht" not in petra.get("/notices/preferences").text  # it came with writing, as before


def test_a_line_that_was_read_is_so_still_when_it_is_no_longer_muted(
    app: Flask, browse: Browse, cast: Cast, topic_id: int
) -> None:
    petra, row = browse(cast.petra), the_notice(app, cast.petra)
    assert row is not None
    petra.send(f"/notices/{row.id}/reading")
    petra.send(f"/notices/{row.id}/muting")
    page = petra.get("/notices").text
    assert "was_new" not in page
    assert "Nicht mehr stumm" in page
    petra.send(f"/notices/{row.id}/muting/delete")
    page = petra.get("/notices").text
    assert 'class="topic unread"' not in page
    assert "Nicht mehr stumm" not in page


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
        (choice(rhythm="at_once"), "Ist doch etwas neu für dich, kommt sie zehn Minuten"),
        (choice(rhythm="mentions"), "bekommst du keine Mail. Nur wenn dich jemand nennt"),
        (choice(rhythm="never"), "Was neu ist, steht unter der Glocke. Wichtiges kommt immer"),
    ],
)
def test_an_ordinary_day_is_said_for_each_choice_before_it_is_saved(
    app: Flask, browse: Browse, cast: Cast, topic_id: int, chosen: dict[str, str], said: str
) -> None:
    petra = browse(cast.petra)
    assert said in petra.get("/notices/preferences/day", query_string=chosen).get_json()["said"]
    assert rhythm(app, cast.petra) is Rhythm.DAILY


def test_a_time_of_rest_has_a_beginning_and_another_end(app: Flask, browse: Browse, cast: Cast) -> None:
    petra = browse(cast.petra)
    for given in ({"quiet_from": "22:00"}, {"quiet_from": "22:00", "quiet_until": "22:00"}):
        refused = petra.send("/notices/preferences", **choice(**given))
        assert refused.status_code == 422
        assert "Ruhezeit" in BeautifulSoup(refused.text, "html.parser").select_one("[role=alert]").text
    rest = {"quiet_from": "22:00", "quiet_until": "05:30"}
    assert petra.send("/notices/preferences", **choice(**rest)).status_code == 303


def test_that_urgent_announcements_come_always_is_said_where_mails_are_chosen(
    browse: Browse, cast: Cast
) -> None:
    said = browse(cast.petra).get("/notices/preferences/day", query_string=choice(rhythm="never"))
    assert "die dringend oder zu bestätigen sind" in said.get_json()["said"]


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
    assert all("kommt nicht an" in petra.get(path).text for path in ("/notices", "/"))
    assert "mailbox full" in petra.get("/notices/preferences").text
    petra.send("/notices/arrival")
    assert not any("kommt nicht an" in petra.get(path).text for path in ("/notices", "/"))


# ---------- Stopping mails without signing in ----------


def ticket_of(app: Flask, person: Person, subject: str = "", subject_id: int = 0) -> str:
    """What stands in the link of a mail that goes out now."""
    with app.app_context():
        with unit_of_work():
            series = preferences.preferences_of(person.viewer).link_series
        return write_ticket(STOP_MAILS, person.id, series, subject, subject_id, ends=now() + policy.STOP_LIFE)


def buttons(page: str) -> dict[str, str]:
    """What the buttons of the page send, by their words."""
    found = BeautifulSoup(page, "html.parser").select("ul.stops button")
    return {button.get_text(strip=True): str(button["value"]) for button in found}


ONE_CLICK = {"List-Unsubscribe": "One-Click"}


def test_one_click_of_a_mail_server_stops_what_the_mail_was_about(
    app: Flask, browse: Browse, cast: Cast, topic_id: int
) -> None:
    machine = app.test_client()
    ticket = ticket_of(app, cast.petra, "topic", topic_id)
    for _ in range(2):  # sent twice, nothing more happens
        answer = machine.post(f"/notices/stop/{ticket}", data=ONE_CLICK)
        assert answer.status_code == 200  # RFC 8058: no redirection
        assert "Set-Cookie" not in answer.headers
    assert level(app, cast.petra, "topic", topic_id) is Level.MUTED
    assert level(app, cast.petra, "board", cast.board) is None
    assert rhythm(app, cast.petra) is Rhythm.DAILY


def test_one_click_in_a_bundled_mail_stops_all_of_them(app: Flask, cast: Cast, topic_id: int) -> None:
    app.test_client().post(f"/notices/stop/{ticket_of(app, cast.petra)}", data=ONE_CLICK)
    assert rhythm(app, cast.petra) is Rhythm.NEVER


def test_only_this_one_needs_no_token(app: Flask, cast: Cast, topic_id: int) -> None:
    ticket = ticket_of(app, cast.petra)
    assert app.test_client().post(f"/notices/stop/{ticket}/delete").status_code == 400
    assert app.test_client().post("/sign-in", data={"email": cast.petra.email}).status_code == 400


@pytest.mark.parametrize("ticket", ["nonsense", "WzEsIiIsMF0.forged"])
def test_a_ticket_that_was_not_written_here_does_nothing(app: Flask, cast: Cast, ticket: str) -> None:
    client = app.test_client()
    page = client.get(f"/notices/stop/{ticket}")
    assert page.status_code == 404
    assert "Dieser Link gilt nicht mehr" in page.text
    assert client.post(f"/notices/stop/{ticket}", data=ONE_CLICK).status_code == 404


def test_a_ticket_holds_for_half_a_year_and_its_page_gives_none_that_holds_longer(
    app: Flask, browse: Browse, cast: Cast, topic_id: int
) -> None:
    ticket = ticket_of(app, cast.petra, "topic", topic_id)
    with time_machine.travel(now() + timedelta(days=179)):
        tickets = [ticket, *buttons(browse(None).get(f"/notices/stop/{ticket}").text).values()]
        assert len(tickets) == 5
        assert app.test_client().post(f"/notices/stop/{ticket}", data=ONE_CLICK).status_code == 200
    with time_machine.travel(now() + timedelta(days=181)):
        for old in tickets:
            assert app.test_client().post(f"/notices/stop/{old}", data=ONE_CLICK).status_code == 404


def test_all_links_in_old_mails_are_made_void_and_those_in_new_ones_hold(
    app: Flask, browse: Browse, cast: Cast, topic_id: int
) -> None:
    old, others = ticket_of(app, cast.petra), ticket_of(app, cast.manfred)
    browse(cast.petra).send("/notices/links/delete")
    machine = app.test_client()
    assert machine.post(f"/notices/stop/{old}", data=ONE_CLICK).status_code == 404
    assert rhythm(app, cast.petra) is Rhythm.DAILY
    for good in (ticket_of(app, cast.petra), others):
        assert machine.post(f"/notices/stop/{good}", data=ONE_CLICK).status_code == 200


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


@pytest.mark.parametrize("before", [Rhythm.WEEKLY, Rhythm.AT_ONCE, Rhythm.MENTIONS])
def test_all_mails_that_were_stopped_come_again_as_before(
    app: Flask, browse: Browse, cast: Cast, before: Rhythm
) -> None:
    browse(cast.petra).send("/notices/preferences", **choice(rhythm=before.value))
    client, ticket = browse(None), ticket_of(app, cast.petra)
    client.post(f"/notices/stop/{ticket}", data=ONE_CLICK)  # by the mail program, which keeps nothing
    client.post(f"/notices/stop/{ticket}", data=ONE_CLICK)
    page = client.get(f"/notices/stop/{ticket}").text
    client.send(f"/notices/stop/{ticket}/delete", what=buttons(page)["Doch wieder Mails"])
    assert rhythm(app, cast.petra) is before


def test_the_page_says_what_is_heard_of_a_thing_after_its_mails_were_stopped_and_what_of_all(
    app: Flask, browse: Browse, cast: Cast, topic_id: int
) -> None:
    client = browse(None)
    for thing, said in ((("topic", topic_id), "auch unter der Glocke"), ((), "weiter unter der Glocke")):
        place = f"/notices/stop/{ticket_of(app, cast.petra, *thing)}"
        first = next(iter(buttons(client.get(place).text).values()))
        page = client.get(client.send(place, what=first).location).text
        assert said in BeautifulSoup(page, "html.parser").select_one(".notice.success").text


def test_who_wants_no_mails_gets_none_by_an_old_link(
    app: Flask, browse: Browse, cast: Cast, topic_id: int
) -> None:
    petra, ticket = browse(cast.petra), ticket_of(app, cast.petra)
    app.test_client().post(f"/notices/stop/{ticket}", data=ONE_CLICK)
    petra.send("/notices/preferences", **choice(rhythm="never"))
    assert "Doch wieder Mails" not in petra.get(f"/notices/stop/{ticket}").text
    browse(None).send(f"/notices/stop/{ticket}/delete")
    assert rhythm(app, cast.petra) is Rhythm.NEVER


@pytest.mark.parametrize("before", [None, Level.ALL, Level.MENTIONS])
def test_a_thing_that_was_stopped_is_heard_of_again_as_before(
    app: Flask, browse: Browse, cast: Cast, topic_id: int, before: Level | None
) -> None:
    with app.app_context(), unit_of_work():
        watches.watch(cast.petra.viewer, "topic", topic_id, before)
    client, ticket = browse(None), ticket_of(app, cast.petra, "topic", topic_id)
    page = client.post(f"/notices/stop/{ticket}", data={"what": ticket}, follow_redirects=True).text
    assert "Erledigt" in page
    client.send(f"/notices/stop/{ticket}/delete", what=buttons(page)["Dazu doch wieder Mails"])
    assert level(app, cast.petra, "topic", topic_id) is (before or Level.ALL)  # she wrote it


def test_a_wider_thing_is_stopped_by_its_own_ticket_from_the_page_alone(
    app: Flask, browse: Browse, cast: Cast, topic_id: int
) -> None:
    client, ticket = browse(None), ticket_of(app, cast.petra, "topic", topic_id)
    wider, widest = "Aus dem ganzen Forum keine Mails mehr", "Aus dem ganzen Bereich keine Mails mehr"
    given = buttons(client.get(f"/notices/stop/{ticket}").text)
    assert list(given) == ["Dazu keine Mails mehr", wider, widest, "Gar keine Mails mehr"]
    for guessed in ("all", f"board:{cast.board}", f"board:{cast.foreign_board}"):
        assert client.post(f"/notices/stop/{ticket}", data={"what": guessed}).status_code == 404
    assert client.post(f"/notices/stop/{ticket}", data={"what": given[wider]}).status_code == 303
    assert level(app, cast.petra, "board", cast.board) is Level.MUTED
    assert level(app, cast.petra, "topic", topic_id) is Level.ALL
    assert rhythm(app, cast.petra) is Rhythm.DAILY
    client.send(f"/notices/stop/{ticket}/delete", what=given[wider])
    assert level(app, cast.petra, "board", cast.board) is None


def test_a_suspended_member_can_stop_mails_and_learns_nothing(app: Flask, cast: Cast, topic_id: int) -> None:
    with app.app_context(), unit_of_work():
        db.session.get_one(Member, cast.petra.id).standing = Standing.SUSPENDED
    client, ticket = app.test_client(), ticket_of(app, cast.petra, "topic", topic_id)
    assert "Vier-Schicht" not in client.get(f"/notices/stop/{ticket}").text
    assert client.post(f"/notices/stop/{ticket}", data=ONE_CLICK).status_code == 200
    assert level(app, cast.petra, "topic", topic_id) is Level.MUTED


def test_one_ticket_is_not_played_with_and_one_place_does_not_try_many(
    app: Flask, cast: Cast, topic_id: int
) -> None:
    def answers(tickets: Iterable[str], address: str) -> list[int]:
        sent = [
            app.test_client().post(
                f"/notices/stop/{ticket}", data=ONE_CLICK, environ_base={"REMOTE_ADDR": address}
            )
            for ticket in tickets
        ]
        return [answer.status_code for answer in sent]

    ticket = ticket_of(app, cast.petra)
    limiter.enabled = True
    try:
        assert answers([ticket] * 11, "10.1.1.1") == [200] * 10 + [429]
        assert answers([ticket], "10.2.2.2") == [429]
        assert answers([ticket_of(app, cast.manfred)], "10.2.2.2") == [200]
        assert answers([f"guess{n}" for n in range(21)], "10.3.3.3") == [404] * 20 + [429]
    finally:
        limiter.enabled = False
        limiter.reset()


def test_a_megabyte_for_a_ticket_is_not_kept_by_what_counts(app: Flask, cast: Cast, topic_id: int) -> None:
    """Counters live in memory for an hour, and anybody may send one."""
    limiter.enabled = True
    try:
        path = f"/notices/stop/{ticket_of(app, cast.petra)}"
        sent = app.test_client().post(path, data={"what": "x" * 1_000_000})
        assert sent.status_code == 404
        assert max(len(key) for key in limiter.storage.storage) < 500
    finally:
        limiter.enabled = False
        limiter.reset()
