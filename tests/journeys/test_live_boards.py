"""What others do meanwhile shows in its place: in an open topic, in lists, beside the regions; and nothing is missed."""

import re
import time
from collections.abc import Iterator
from uuid import uuid4

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, WebSocketRoute, expect

from tests.journeys.conftest import PATIENCE, Windows, start_writing, write
from tests.journeys.test_stories import BOARD, begin_topic, manage, post_of
from tests.live import LiveServer, demo_server

PAGE_SIZE = 20
AXE = Axe()
#: Longer than the moment of chance after which a page brings itself up to date.
SOON = 8_000


def open_live(page: Page, path: str) -> None:
    """Go there, and wait until the page hears what happens."""
    heard: list[str] = []
    page.on("websocket", lambda line: line.on("framereceived", lambda frame: heard.append(str(frame))))
    page.goto(path)
    # A topic asks what it missed and is answered; a list is only let in.
    sign = "43/boards" if path.startswith("/topics/") else "40/boards"
    deadline = time.monotonic() + PATIENCE / 1000
    while not any(frame.startswith(sign) for frame in heard):
        assert time.monotonic() < deadline, heard
        page.wait_for_timeout(50)


def send(page: Page, path: str, **fields: str) -> None:
    """POST a form of a page that this person has open somewhere."""
    token = page.locator("[name=csrf_token]").first.get_attribute("value") or ""
    assert page.request.post(path, form={"csrf_token": token, **fields}).ok


def answer(page: Page, topic: str, *texts: str) -> None:
    """Reply from elsewhere: without the page that has the topic open."""
    for text in texts:
        send(page, f"{topic}/posts", text=text, client_key=str(uuid4()))


def numbers(page: Page) -> list[int]:
    """The numbers of the posts on the page, as they stand."""
    return [int(number) for number in page.locator(".posts > *").evaluate_all(
        "posts => posts.map(post => post.dataset.number).filter(Boolean)"
    )]  # fmt: skip


def post_id(page: Page, number: int) -> str:
    address = page.locator(f"[data-number='{number}'] [data-copy]").get_attribute("data-copy") or ""
    return address.rsplit("/", 1)[1]


def arrivals(page: Page) -> Locator:
    return page.locator(".content > .fresh > .btn")


def top_of(page: Page, number: int) -> float:
    return page.locator(f"[data-number='{number}']").evaluate("post => post.getBoundingClientRect().top")  # type: ignore[no-any-return]


# --- New posts ------------------------------------------------------------------------------------------------


def test_new_posts_are_offered_quietly_and_come_in_their_place(sign_in):
    manfred, petra = sign_in("manfred"), sign_in("petra", "phone")
    topic = begin_topic(manfred, "Neue Pausenregelung", "Der erste Beitrag. " * 80)
    open_live(petra, topic)
    with petra.expect_response(lambda response: response.url.endswith("/reading")):
        start_writing(petra)
    petra.keyboard.type("Ich wollte")
    place = petra.evaluate("scrollY")
    answer(manfred, topic, "Zweiter Beitrag", "Dritter Beitrag")
    expect(arrivals(petra)).to_have_text("2 neue Beiträge")
    assert petra.evaluate("scrollY") == place
    petra.keyboard.type(" noch fragen")
    assert numbers(petra) == [1]

    arrivals(petra).click()
    expect(post_of(petra, "Dritter Beitrag")).to_be_visible()
    assert numbers(petra) == [1, 2, 3]
    expect(petra.locator("[data-number='2']")).to_be_focused()
    expect(petra.locator("[data-number='2']")).to_be_in_viewport()
    expect(petra.locator(".since")).to_have_count(1)
    expect(petra.locator(".head .meta")).to_contain_text("3 Beiträge")
    expect(arrivals(petra)).to_be_hidden()
    expect(petra.locator("#text")).to_have_value("Ich wollte noch fragen")

    answer(manfred, topic, "Vierter Beitrag")
    expect(arrivals(petra)).to_have_text("1 neuer Beitrag")


def test_what_one_sends_oneself_is_never_offered_as_new(sign_in):
    petra = sign_in("petra")
    topic = begin_topic(petra, "Selbstgespräch", "Der Anfang.")
    open_live(petra, topic)
    petra.evaluate(
        "new MutationObserver(() => document.querySelector('.fresh > .btn').hidden || (sessionStorage.offered = 1))"
        ".observe(document.querySelector('.fresh'), {subtree: true, attributeFilter: ['hidden']})"
    )
    write(petra, "Und noch etwas.")
    petra.locator("#reply .btn-primary").dblclick()
    expect(post_of(petra, "Und noch etwas.")).to_be_visible()
    assert petra.evaluate("sessionStorage.offered") is None
    petra.wait_for_timeout(1_000)
    expect(arrivals(petra)).to_be_hidden()
    assert numbers(petra) == [1, 2]


def test_a_full_page_leads_on_to_the_next(sign_in):
    manfred, petra = sign_in("manfred"), sign_in("petra")
    topic = begin_topic(manfred, "Eine Seite ist voll", "Nummer eins")
    answer(manfred, topic, *(f"Nummer {number}" for number in range(2, PAGE_SIZE)))
    open_live(petra, topic)
    expect(petra.locator(".pages")).to_have_count(0)
    answer(manfred, topic, "Die letzte", "Die erste", "Die zweite")
    expect(arrivals(petra)).to_have_text("3 neue Beiträge")
    arrivals(petra).click()
    expect(arrivals(petra)).to_have_text("2 neue Beiträge")
    assert numbers(petra) == list(range(1, PAGE_SIZE + 1))
    expect(petra.locator(".pages")).to_have_count(2)
    arrivals(petra).click()
    petra.wait_for_url(f"**{topic}?page=2#21")
    assert numbers(petra) == [21, 22]
    expect(arrivals(petra)).to_be_hidden()

    open_live(petra, topic)  # whoever reads further ahead is led to the new one, not to what was known
    answer(manfred, topic, "Die dritte")
    expect(arrivals(petra)).to_have_text("1 neuer Beitrag")
    arrivals(petra).click()
    petra.wait_for_url(f"**{topic}?page=2#23")
    assert numbers(petra) == [21, 22, 23]


# --- Changes --------------------------------------------------------------------------------------------------


def test_an_edited_post_changes_where_it_stands(sign_in):
    manfred, petra = sign_in("manfred"), sign_in("petra")
    topic = begin_topic(manfred, "Ein Tippfehler", "Das gilt ab Mai.")
    answer(manfred, topic, *(f"Absatz {number}. " + "Lang und breit. " * 40 for number in range(2, 8)))
    manfred.goto(topic)
    first = post_id(manfred, 1)
    open_live(petra, topic)
    petra.locator("[data-number='6']").scroll_into_view_if_needed()
    before = top_of(petra, 6)
    send(
        manfred, f"/posts/{first}", text="Das gilt ab Juni. " + "Und noch viel mehr dazu. " * 60, version="0"
    )
    expect(post_of(petra, "Das gilt ab Juni.")).to_contain_text("Geändert", timeout=SOON)
    assert abs(top_of(petra, 6) - before) <= 1
    assert numbers(petra) == list(range(1, 8))


def test_a_post_somebody_is_at_waits(sign_in):
    manfred, petra = sign_in("manfred"), sign_in("petra")
    topic = begin_topic(manfred, "Gerade in der Hand", "Erste Fassung.")
    first = post_id(manfred, 1)
    open_live(petra, topic)
    petra.locator("[data-number='1'] summary").click()
    send(manfred, f"/posts/{first}", text="Zweite Fassung.", version="0")
    petra.wait_for_timeout(3_000)
    expect(petra.get_by_text("Link kopieren")).to_be_visible()
    expect(post_of(petra, "Erste Fassung.")).to_be_visible()
    petra.keyboard.press("Escape")
    petra.locator("h1").first.click()
    petra.evaluate("document.activeElement.blur()")
    expect(post_of(petra, "Zweite Fassung.")).to_be_visible(timeout=SOON)


def test_a_post_that_was_brought_in_changes_under_the_focus_and_keeps_it(sign_in):
    manfred, petra = sign_in("manfred"), sign_in("petra")
    topic = begin_topic(manfred, "Gleich verbessert", "Der Anfang.")
    open_live(petra, topic)
    answer(manfred, topic, "Zweiter mit Tippfeler", "Dritter", "Vierter")
    expect(arrivals(petra)).to_have_text("3 neue Beiträge")
    arrivals(petra).click()
    second = petra.locator("[data-number='2']")
    expect(second).to_be_focused()
    manfred.goto(topic)
    send(manfred, f"/posts/{post_id(manfred, 2)}", text="Zweiter ohne Tippfehler", version="0")
    expect(second).to_contain_text("Zweiter ohne Tippfehler", timeout=SOON)
    expect(second).to_be_focused()
    assert numbers(petra) == [1, 2, 3, 4]

    second.locator("summary").focus()  # inside the post somebody is at something: that comes first
    send(manfred, f"/posts/{post_id(manfred, 2)}", text="Zweiter, noch einmal", version="1")
    petra.wait_for_timeout(3_000)
    expect(second).to_contain_text("Zweiter ohne Tippfehler")
    expect(second.locator("summary")).to_be_focused()


def test_what_is_hidden_is_gone_at_once_and_no_word_of_it_was_on_the_line(sign_in):
    manfred, petra, sabine = sign_in("manfred"), sign_in("petra"), sign_in("sabine")
    topic = begin_topic(petra, "Eine Zahl zu viel", "Der Anfang.")
    answer(petra, topic, "Geheime Zahl 4711")
    manfred.goto(topic)
    second = post_id(manfred, 2)
    said: list[str] = []
    sabine.on("websocket", lambda line: line.on("framereceived", lambda frame: said.append(str(frame))))
    open_live(sabine, topic)
    open_live(petra, topic)
    expect(post_of(sabine, "Geheime Zahl 4711")).to_be_visible()
    send(manfred, f"/posts/{second}/hiding", reason="Nennt Zahlen")
    expect(sabine.get_by_text("Geheime Zahl 4711")).to_have_count(0, timeout=500)
    assert "4711" not in sabine.content()
    expect(sabine.locator(".post-stub")).to_contain_text("Grund: Nennt Zahlen", timeout=SOON)
    # Its author may still read what it was.
    expect(petra.locator(".post-stub summary")).to_be_visible(timeout=SOON)
    assert said
    assert not [frame for frame in said if "4711" in frame or "Nennt Zahlen" in frame]

    send(manfred, f"/posts/{second}/restoration")
    expect(post_of(sabine, "Geheime Zahl 4711")).to_be_visible(timeout=SOON)
    send(petra, f"/posts/{second}/withdrawal")
    expect(sabine.locator(".post-stub")).to_contain_text("zurückgezogen", timeout=SOON)
    assert numbers(sabine) == [1, 2]


def test_a_closed_topic_takes_no_reply_and_keeps_what_was_typed(sign_in):
    manfred, petra = sign_in("manfred"), sign_in("petra", "phone")
    topic = begin_topic(manfred, "Gleich geschlossen", "Der Anfang.")
    open_live(petra, topic)
    write(petra, "Mitten im Satz")
    expect(petra.get_by_text("Entwurf gespeichert")).to_be_visible()
    manfred.goto(topic)
    manage(manfred, "Schließen")
    expect(petra.get_by_text("Dieses Thema ist geschlossen. Du kannst es weiter lesen.")).to_be_visible(
        timeout=SOON
    )
    expect(petra.get_by_text("Was du geschrieben hast, ist als Entwurf gespeichert.")).to_be_visible()
    expect(petra.locator("#reply")).to_be_hidden()
    expect(petra.locator(".head .state")).to_have_text("Geschlossen")
    expect(petra.locator("#answer .notice")).to_be_focused()
    expect(petra.get_by_role("link", name="Zitieren #1")).to_have_count(0)
    manfred.locator(".toast").get_by_role("button", name="Rückgängig").click()
    expect(petra.locator("#reply")).to_be_visible(timeout=SOON)
    expect(petra.locator("#text")).to_have_value("Mitten im Satz")
    petra.locator("#reply .btn-primary").click()
    expect(post_of(petra, "Mitten im Satz")).to_be_visible()


def test_a_topic_found_closed_can_be_answered_once_it_is_open(sign_in):
    manfred, petra = sign_in("manfred"), sign_in("petra")
    topic = begin_topic(manfred, "Erst zu, dann offen", "Der Anfang.")
    manage(manfred, "Schließen")
    open_live(petra, topic)
    expect(petra.locator("#reply")).to_have_count(0)
    manfred.locator(".toast").get_by_role("button", name="Rückgängig").click()
    expect(petra.locator("#reply")).to_be_visible(timeout=SOON)
    write(petra, "Jetzt aber.")
    expect(petra.get_by_text("Entwurf gespeichert")).to_be_visible()
    petra.locator("#reply .btn-primary").click()
    expect(post_of(petra, "Jetzt aber.")).to_be_visible()


def test_title_and_place_follow(sign_in):
    manfred, petra = sign_in("manfred"), sign_in("petra")
    topic = begin_topic(manfred, "Alter Titel", "Der Anfang.")
    open_live(petra, topic)
    write(petra, "Ich tippe gerade")
    send(manfred, f"{topic}/title", title="Neuer Titel")
    expect(petra.get_by_role("heading", level=1)).to_have_text("Neuer Titel", timeout=SOON)
    send(manfred, f"{topic}/pin")
    expect(petra.locator(".head .state")).to_have_text("Angeheftet", timeout=SOON)
    petra.keyboard.type(" und tippe weiter")
    expect(petra.locator("#text")).to_have_value("Ich tippe gerade und tippe weiter")
    send(manfred, f"{topic}/pin/delete")
    expect(petra.locator(".head .state")).to_have_count(0, timeout=SOON)


def test_a_topic_moved_out_of_reach_says_so_and_keeps_what_was_typed(
    sign_in, windows: Windows, live: LiveServer
):
    windows.forgive("status of 404")  # no draft is kept where one does not read
    manfred, petra = sign_in("manfred"), sign_in("petra")
    topic = begin_topic(manfred, "Verschoben", "Geheim für die anderen.")
    open_live(petra, topic)
    write(petra, "Umsonst getippt?")
    # Manfred keeps one region in order; nobody of the demo keeps two. What the service does then is done here.
    elsewhere = live.rows(
        "SELECT b.id, b.space_id FROM board b JOIN space s ON s.id = b.space_id WHERE s.sign = 'RAT' LIMIT 1"
    )[0]
    live.change(
        f"UPDATE topic SET board_id = {elsewhere[0]}, space_id = {elsewhere[1]} WHERE id = {topic[8:]}"
    )
    petra.evaluate("window.dispatchEvent(new PageTransitionEvent('pagehide'))")
    petra.evaluate("window.dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))")
    expect(petra.get_by_role("alert")).to_contain_text("Dieses Thema ist nicht mehr für dich freigegeben.")
    expect(petra.get_by_text("Geheim für die anderen.")).to_have_count(0)
    expect(petra.locator("#text")).to_have_value("Umsonst getippt?")
    expect(petra.locator("#reply .btn-primary")).to_have_count(0)


# --- Who is writing -------------------------------------------------------------------------------------------


def test_who_is_writing_is_said_to_the_others_for_a_while(sign_in):
    manfred, petra, sabine = sign_in("manfred"), sign_in("petra", "phone"), sign_in("sabine")
    topic = begin_topic(manfred, "Wer schreibt da", "Der Anfang.")
    for page in (manfred, petra, sabine):
        open_live(page, topic)
    write(petra, "Also ich")
    expect(manfred.locator(".typing")).to_have_text(re.compile("^Petra Sommer schreibt gerade$"))
    write(sabine, "Oder ich")
    expect(manfred.locator(".typing")).to_have_text("Petra Sommer und Sabine Morgenroth schreiben gerade")
    expect(petra.locator(".typing")).to_have_text("Sabine Morgenroth schreibt gerade")
    expect(manfred.locator(".typing")).to_have_text("", timeout=9_000)

    petra.keyboard.type(" noch einmal")
    expect(manfred.locator(".typing")).to_contain_text("Petra Sommer")
    petra.locator("#reply .btn-primary").click()
    expect(arrivals(manfred)).to_have_text("1 neuer Beitrag")
    expect(manfred.locator(".typing")).to_have_text("")
    expect(post_of(petra, "noch einmal")).to_be_visible()  # a window is not closed while its page changes


# --- For everybody --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("size", "theme"), [("phone", "light"), ("desk", "dark")])
def test_what_comes_is_readable_and_within_reach_of_the_keyboard(
    sign_in, windows: Windows, size: str, theme: str
):
    windows.forgive("ERR_INTERNET_DISCONNECTED")
    manfred, petra = sign_in("manfred"), sign_in("petra", size, color_scheme=theme)
    topic = begin_topic(manfred, "Für alle", "Der Anfang.")
    for page in (manfred, petra):
        open_live(page, topic)
    answer(manfred, topic, "Zweiter")
    write(manfred, "Noch")
    expect(petra.locator(".typing")).not_to_be_empty()
    expect(arrivals(petra)).to_be_visible()
    assert AXE.run(petra).response["violations"] == []
    petra.locator("[data-number='1'] summary").focus()
    petra.keyboard.press("Tab")
    expect(arrivals(petra)).to_be_focused()
    petra.keyboard.press("Enter")
    expect(petra.locator("[data-number='2']")).to_be_focused()

    petra.context.set_offline(True)
    expect(petra.locator("#connection")).not_to_be_empty(timeout=15_000)
    assert AXE.run(petra).response["violations"] == []
    assert petra.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    petra.context.set_offline(False)
    expect(petra.locator("#connection")).to_be_empty()


# --- Lists and counts -----------------------------------------------------------------------------------------


def test_lists_and_counts_follow_without_moving_under_the_finger(sign_in):
    manfred, petra = sign_in("manfred"), sign_in("petra")
    old = begin_topic(manfred, "Schon länger da", "Der Anfang.")
    begin_topic(manfred, "Ganz oben", "Der Anfang.")
    petra.goto(BOARD)
    petra.get_by_role("button", name="Alles als gelesen markieren").click()
    petra.wait_for_load_state()
    open_live(petra, BOARD)
    row = petra.locator(".topic", has_text="Schon länger da")
    expect(row).not_to_have_class(re.compile("unread"))
    count = petra.locator(".frame > .rail [aria-current] .count")
    before = int(count.inner_text().split()[0]) if count.count() else 0

    answer(manfred, old, "Etwas Neues")
    expect(row).to_have_class(re.compile("unread"), timeout=12_000)
    expect(row.locator(".figures")).to_contain_text("neu")
    expect(petra.locator(".topic .title").first).to_have_text("Ganz oben")  # as it was
    more = before + 1
    expect(count).to_have_text(f"{more}{more} ungelesen", timeout=20_000)
    button = petra.get_by_role("button", name="Neues anzeigen")
    button.click()
    expect(petra.locator(".topic .title").first).to_have_text("Schon länger da")
    expect(petra.locator(".topic a").first).to_be_focused()
    expect(button).to_be_hidden()

    elsewhere = petra.context.new_page()
    elsewhere.goto(old)
    expect(row).not_to_have_class(re.compile("unread"), timeout=20_000)
    if before:
        expect(count).to_have_text(f"{before}{before} ungelesen", timeout=20_000)
    else:
        expect(count).to_have_count(0, timeout=20_000)


def test_a_new_topic_waits_behind_a_button(sign_in):
    manfred, petra = sign_in("manfred"), sign_in("petra", "phone")
    open_live(petra, BOARD)
    top = petra.locator(".topic .title").first.inner_text()
    begin_topic(manfred, "Eben erst begonnen", "Der Anfang.")
    button = petra.get_by_role("button", name="Neues anzeigen")
    expect(button).to_be_visible(timeout=12_000)
    expect(petra.locator(".topic .title").first).to_have_text(top)
    button.click()
    expect(petra.locator(".topic .title", has_text="Eben erst begonnen")).to_be_visible()


# --- The line breaks --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def house() -> Iterator[LiveServer]:
    """A server of its own, to be killed."""
    with demo_server() as server:
        yield server


@pytest.fixture
def visitors(browser: Browser, house: LiveServer) -> Iterator[Windows]:
    opened = Windows(browser, house.url, {})
    opened.forgive("WebSocket connection to|ERR_CONNECTION_REFUSED|ERR_EMPTY_RESPONSE|ERR_CONNECTION_RESET")
    yield opened
    opened.close()
    assert not opened.take_faults()


def test_after_a_power_cut_nothing_is_missing_and_nothing_double(visitors: Windows, house: LiveServer):
    manfred, petra = visitors.sign_in("manfred"), visitors.sign_in("petra")
    topic = begin_topic(manfred, "Stromausfall", "Der Anfang.")
    answer(manfred, topic, "Vorher")
    open_live(petra, topic)
    line = petra.locator("#connection")
    house.kill()
    expect(line).to_have_text("Keine Verbindung. Es wird weiter versucht.", timeout=15_000)
    house.start()
    answer(manfred, topic, "Gleich danach", "Und noch eins")
    expect(arrivals(petra)).to_have_text("2 neue Beiträge", timeout=60_000)
    expect(line).to_be_empty()
    answer(manfred, topic, "Wieder verbunden")
    expect(arrivals(petra)).to_have_text("3 neue Beiträge")
    arrivals(petra).click()
    expect(post_of(petra, "Wieder verbunden")).to_be_visible()
    assert numbers(petra) == [1, 2, 3, 4, 5]


def test_a_page_that_was_without_a_line_catches_up_at_once(visitors: Windows):
    visitors.forgive("ERR_INTERNET_DISCONNECTED")
    manfred, petra = visitors.sign_in("manfred"), visitors.sign_in("petra", "phone")
    topic = begin_topic(manfred, "Funkloch", "Der Anfang.")
    answer(manfred, topic, "Zwei", "Drei")
    manfred.goto(topic)
    second, third = post_id(manfred, 2), post_id(manfred, 3)
    open_live(petra, topic)
    petra.context.set_offline(True)
    expect(petra.locator("#connection")).to_contain_text("Keine Verbindung", timeout=15_000)
    send(manfred, f"/posts/{second}", text="Zwei, verbessert", version="0")
    send(manfred, f"/posts/{third}/withdrawal")
    answer(manfred, topic, "Vier")
    send(manfred, f"{topic}/title", title="Funkloch, vorbei")
    petra.context.set_offline(False)
    expect(arrivals(petra)).to_have_text("1 neuer Beitrag", timeout=4_000)
    expect(post_of(petra, "Zwei, verbessert")).to_be_visible(timeout=SOON)
    expect(petra.locator(".post-stub")).to_contain_text("zurückgezogen", timeout=SOON)
    expect(petra.get_by_role("heading", level=1)).to_have_text("Funkloch, vorbei", timeout=SOON)
    expect(petra.locator("#connection")).to_be_empty()


def test_after_a_sleep_a_dead_line_is_noticed_at_once(visitors: Windows):
    manfred, petra = visitors.sign_in("manfred"), visitors.sign_in("petra")
    topic = begin_topic(manfred, "Zugeklappt", "Der Anfang.")
    is_dead, lines = [], []

    def carry(line: WebSocketRoute) -> None:
        """What a router does that has forgotten the connection: it says nothing and carries nothing."""
        lines.append(line)
        mine = len(lines)
        server = line.connect_to_server()
        line.on_message(lambda text: None if mine in is_dead else server.send(text))
        server.on_message(lambda text: None if mine in is_dead else line.send(text))

    petra.route_web_socket(re.compile("/live/"), carry)
    petra.clock.install()
    petra.goto(topic)
    answer(manfred, topic, "Vor dem Schlaf")
    expect(arrivals(petra)).to_have_text("1 neuer Beitrag")
    is_dead.append(len(lines))
    answer(manfred, topic, "Im Schlaf")
    petra.clock.fast_forward(40_000)
    petra.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(arrivals(petra)).to_have_text("2 neue Beiträge", timeout=4_000)


def test_whoever_is_cut_off_but_still_welcome_is_back_in_a_moment(visitors: Windows, house: LiveServer):
    manfred, petra = visitors.sign_in("manfred"), visitors.sign_in("petra")
    topic = begin_topic(manfred, "Neue Rolle", "Der Anfang.")
    open_live(petra, topic)
    space, member = house.rows(
        "SELECT s.id, m.id FROM space s, member m WHERE s.sign = 'FIN' AND m.name LIKE 'Petra %'"
    )[0]
    closed: list[str] = []
    petra.on("websocket", lambda line: closed.append(line.url))
    send(manfred, f"/spaces/{space}/members/{member}", role="expert")
    answer(manfred, topic, "Unterdessen")
    expect(arrivals(petra)).to_have_text("1 neuer Beitrag")
    petra.wait_for_timeout(3_000)
    assert len(closed) == 1  # once
    send(manfred, f"/spaces/{space}/members/{member}", role="member")


def test_a_page_the_browser_kept_is_up_to_date_when_it_is_shown_again(visitors: Windows):
    manfred, petra = visitors.sign_in("manfred"), visitors.sign_in("petra")
    topic = begin_topic(manfred, "Zurück mit der Pfeiltaste", "Der Anfang.")
    open_live(petra, topic)
    petra.evaluate("window.dispatchEvent(new PageTransitionEvent('pagehide', {persisted: true}))")
    answer(manfred, topic, "Unterdessen")
    petra.wait_for_timeout(500)
    expect(arrivals(petra)).to_be_hidden()
    petra.evaluate("window.dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))")
    expect(arrivals(petra)).to_have_text("1 neuer Beitrag")


@pytest.mark.parametrize(
    "proxy",
    [
        "window.WebSocket = class { constructor() { setTimeout(() => this.onerror?.(new Event('error'))) } close() {} }",
        "window.WebSocket = class { close() {} }",
    ],
    ids=["refuses", "swallows"],
)
def test_where_a_proxy_breaks_websocket_it_goes_on_without(visitors: Windows, proxy: str):
    manfred, petra = visitors.sign_in("manfred"), visitors.sign_in("petra")
    topic = begin_topic(manfred, "Hinter dem Proxy", "Der Anfang.")
    petra.add_init_script(proxy)
    with petra.expect_response(
        lambda response: "transport=polling" in response.url and response.request.method == "POST",
        timeout=20_000,
    ):
        petra.goto(topic)
    petra.wait_for_timeout(500)
    answer(manfred, topic, "Auf dem langen Weg")
    expect(arrivals(petra)).to_have_text("1 neuer Beitrag")
    expect(petra.locator("#connection")).to_be_empty()

    tried = "window.tried = 0; const Broken = WebSocket; window.WebSocket = class extends Broken { constructor() { super(); tried += 1 } }"
    petra.add_init_script(tried)
    petra.goto(topic)
    answer(manfred, topic, "Und noch einmal")
    expect(arrivals(petra)).to_have_text("1 neuer Beitrag", timeout=4_000)  # it has learned


def test_who_is_signed_out_elsewhere_is_told_once_and_left_alone(visitors: Windows):
    visitors.forgive("status of 401")
    petra = visitors.sign_in("petra")
    topic = begin_topic(petra, "Abgemeldet", "Der Anfang.")
    open_live(petra, topic)
    write(petra, "Noch nicht fertig")
    send(petra, "/sign-out")
    line = petra.locator("#connection")
    expect(line).to_contain_text("Du bist abgemeldet.", timeout=SOON)
    expect(line.get_by_role("link", name="Wieder anmelden")).to_be_visible()
    expect(petra.locator("#text")).to_have_value("Noch nicht fertig")
    tried: list[str] = []
    petra.on("websocket", lambda made: tried.append(made.url))
    petra.evaluate("window.dispatchEvent(new Event('online'))")
    petra.wait_for_timeout(4_000)
    assert tried == []
    line.get_by_role("link").click()
    expect(petra.get_by_role("heading", name="Anmelden")).to_be_visible()


def test_a_full_house_says_so_and_its_pages_go_on(browser: Browser):
    with demo_server(socket_limit="1") as server:
        windows = Windows(browser, server.url, {})
        windows.forgive("WebSocket connection to|status of 503")
        manfred, petra = windows.sign_in("manfred"), windows.sign_in("petra", "phone")
        topic = begin_topic(manfred, "Sehr voll", "Der Anfang.")
        open_live(manfred, topic)
        asked: list[str] = []
        petra.on("request", lambda request: "transport=polling" in request.url and asked.append(request.url))
        petra.goto(topic)
        expect(petra.locator("#connection")).to_contain_text(
            "Gerade sind sehr viele verbunden.", timeout=SOON
        )
        petra.evaluate("window.dispatchEvent(new Event('online'))")
        write(petra, "Es geht trotzdem.")
        petra.locator("#reply .btn-primary").click()
        expect(post_of(petra, "Es geht trotzdem.")).to_be_visible()
        petra.wait_for_timeout(3_000)
        assert len(asked) <= 2  # once a page
        windows.close()
        assert not windows.take_faults()
