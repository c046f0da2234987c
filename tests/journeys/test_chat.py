"""People talk: what one says the other sees, nothing unsent is lost or doubled, and every hand can do it."""

import re
import time
from collections.abc import Callable
from uuid import uuid4

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from tests.journeys.conftest import Windows
from tests.journeys.test_access_for_all import CHECK_FOCUS, FIND_CUT, FIND_UNREADABLE
from tests.live import LiveServer

AXE = Axe()
SignIn = Callable[..., Page]
#: A message without what differs from window to window: where the keyboard stops, who is here, white space.
MARKUP = """messages => messages.map(message => {
  const copy = message.cloneNode(true);
  const tidy = (element) => {
    element.removeAttribute("tabindex");
    element.classList.remove("is-here");
    for (const { name, value } of [...element.attributes].sort((a, b) => (a.name < b.name ? -1 : 1))) {
      element.removeAttribute(name);
      element.setAttribute(name, value);
    }
    for (const node of [...element.childNodes]) {
      if (node.nodeType === Node.TEXT_NODE && !node.data.trim()) node.remove();
      else if (node.nodeType === Node.ELEMENT_NODE) tidy(node);
    }
  };
  tidy(copy);
  return copy.outerHTML;
})"""

#: What of the chat lies in this browser.
KEPT = "Object.keys(localStorage).filter(name => name.startsWith('chat.'))"


@pytest.fixture
def room(live: LiveServer) -> str:
    return f"/chat/rooms/{live.places()['room']}"


def enter(page: Page, path: str) -> Page:
    """Into the room, and wait until the page hears what happens there."""
    page.goto(path)
    expect(page.locator(".talk.is-live")).to_be_attached()
    return page


def field(page: Page) -> Locator:
    """Where one writes: the plain field, or the editor in its place."""
    return page.locator(".say :is(textarea:not([hidden]), .composer-text)")


def say(page: Page, words: str) -> None:
    field(page).focus()
    expect(page.locator(".say .composer-text")).to_be_visible()
    page.keyboard.type(words)
    page.keyboard.press("Enter")


def post(page: Page, room: str, words: str) -> None:
    """Say it past the field."""
    token = page.locator("[name=csrf_token]").first.get_attribute("value") or ""
    form = {"csrf_token": token, "text": words, "client_key": str(uuid4())}
    assert page.request.post(f"{room}/messages", form=form).ok


def said(page: Page, words: str) -> Locator:
    """The messages with these words, those on their way aside."""
    return page.locator(".messages > .message").filter(has_text=words)


def open_menu(message: Locator) -> None:
    message.hover()
    message.locator(".tools > details > summary").click()
    expect(message.locator(".panel").first).to_be_visible()


def count(live: LiveServer, words: str) -> int:
    return live.rows(f"SELECT count(*) FROM message WHERE source LIKE '%{words}%'")[0][0]  # type: ignore[return-value]


def test_two_people_talk_and_each_change_shows_at_once(sign_in: SignIn, live: LiveServer, room: str):
    petra, manfred = enter(sign_in("petra"), room), enter(sign_in("manfred", "phone"), room)
    word = f"Übergabe {uuid4().hex[:6]}"

    field(petra).focus()
    expect(petra.locator(".say .composer-text")).to_be_visible()
    petra.keyboard.type(f"{word}: wie lange?")
    expect(manfred.locator(".signs")).to_have_text("Petra Sommer schreibt …")
    petra.keyboard.press("Enter")
    expect(said(manfred, word)).to_be_visible()
    expect(manfred.locator(".signs")).to_have_text("")
    expect(manfred.locator(".heard p").last).to_contain_text(f"{word}: wie lange?")
    expect(petra.locator(".heard p").filter(has_text=word)).to_have_count(0)

    manfred.locator(".messages > .message", has_text=word).locator("summary").first.tap()
    manfred.locator(".messages > .message", has_text=word).locator(".panel .answer").tap()
    expect(manfred.locator(".answering")).to_contain_text(word)
    expect(manfred.locator(".say .composer-text")).to_be_focused()
    manfred.keyboard.type("Zwölf")
    manfred.keyboard.press("Enter")  # a new line: on a touch keyboard only the button sends
    manfred.keyboard.type(f"Minuten {word}")
    manfred.locator(".send").tap()
    answer = said(petra, f"Minuten {word}")
    expect(answer.locator(".quoted")).to_contain_text(f"Petra Sommer {word}: wie lange?")

    open_menu(answer)
    answer.locator(".react button[value=thanks]").click()
    expect(said(manfred, f"Minuten {word}").locator(".reaction .number")).to_have_text("1")
    said(manfred, f"Minuten {word}").locator(".reaction").tap()
    expect(answer.locator(".reaction .number")).to_have_text("2")

    field(petra).focus()
    petra.keyboard.press("ArrowUp")
    expect(petra.locator(".answering")).to_contain_text("Nachricht bearbeiten")
    petra.keyboard.press("End")
    petra.keyboard.type(" In Minuten.")
    petra.keyboard.press("Enter")
    expect(said(manfred, f"{word}: wie lange? In Minuten.").locator(".edited")).to_be_visible()
    expect(said(manfred, f"Minuten {word}").locator(".excerpt")).to_contain_text("In Minuten.")
    _make_the_same_markup(petra)

    asked = said(petra, f"{word}: wie lange?").first
    open_menu(asked)
    asked.locator(".withdraw summary").click()
    petra.get_by_role("button", name="Wirklich zurückziehen").click()
    expect(manfred.locator(".trace").last).to_contain_text("Petra Sommer hat eine Nachricht zurückgezogen.")
    expect(said(manfred, f"Minuten {word}").locator(".excerpt")).to_have_text(
        "Diese Nachricht gibt es nicht mehr."
    )
    assert count(live, f"{word}: wie") == 0
    _make_the_same_markup(manfred)


def _make_the_same_markup(page: Page) -> None:
    """What the script made of what it heard is what the server makes of it."""
    heard = page.locator(".messages > .message").evaluate_all(MARKUP)
    page.reload()
    expect(page.locator(".talk.is-live")).to_be_attached()
    made = dict.fromkeys(page.locator(".messages > .message").evaluate_all(MARKUP))
    assert [markup for markup in heard[-4:] if markup not in made] == []


def test_nothing_unsent_is_lost_or_doubled_offline_at_reload_and_when_the_server_dies(
    windows: Windows, live: LiveServer, room: str
):
    windows.forgive(
        "ERR_INTERNET_DISCONNECTED|ERR_CONNECTION_REFUSED|WebSocket|Failed to fetch|dynamically imported"
    )
    word = uuid4().hex[:8]
    petra, manfred = enter(windows.sign_in("petra"), room), enter(windows.sign_in("manfred"), room)
    say(petra, f"{word} da")
    expect(said(manfred, f"{word} da")).to_be_visible()

    petra.context.set_offline(True)
    say(petra, f"{word} ohne Netz")
    unsent = petra.locator(".unsent-list .message")
    expect(unsent).to_have_count(1)
    expect(unsent).to_contain_text("wird gesendet")
    say(petra, f"{word} verworfen")
    unsent.filter(has_text="verworfen").get_by_role("button", name="Löschen").click()
    expect(unsent).to_have_count(1)
    petra.context.set_offline(False)
    expect(said(manfred, f"{word} ohne Netz")).to_be_visible(timeout=15_000)
    expect(unsent).to_have_count(0)

    live.kill()
    say(petra, f"{word} ins Leere")
    expect(unsent).to_contain_text("ins Leere")
    live.start()
    expect(said(manfred, f"{word} ins Leere")).to_be_visible(timeout=30_000)
    expect(said(petra, f"{word} ins Leere")).to_have_count(1, timeout=15_000)

    petra.context.set_offline(True)
    say(petra, f"{word} vor dem Neuladen")
    expect(unsent).to_have_count(1)
    petra.context.set_offline(False)
    petra.reload()
    twin = petra.context.new_page()  # a second window with the same outbox
    enter(twin, room)
    expect(said(petra, f"{word} vor dem Neuladen")).to_have_count(1, timeout=15_000)
    expect(said(twin, f"{word} vor dem Neuladen")).to_have_count(1, timeout=15_000)
    expect(unsent).to_have_count(0)
    for page in (petra, twin, manfred):
        for words in ("da", "ohne Netz", "ins Leere", "vor dem Neuladen"):
            expect(said(page, f"{word} {words}")).to_have_count(1)
    assert count(live, word) == 4
    assert petra.evaluate(KEPT) == []

    # On a shared computer nothing stays behind at sign-out.
    petra.context.set_offline(True)
    say(petra, f"{word} für später")
    expect(unsent).to_have_count(1)
    assert len(petra.evaluate(KEPT)) == 1
    petra.evaluate("""() => {
      const form = document.querySelector("form[action$='/sign-out']");
      document.addEventListener("submit", (event) => event.preventDefault(), { capture: true }); // it would go nowhere
      form.requestSubmit();
    }""")
    assert petra.evaluate(KEPT) == []


def test_the_room_is_read_and_written_without_a_mouse(sign_in: SignIn, room: str):
    petra = enter(sign_in("petra"), room)
    word = f"Tastatur {uuid4().hex[:6]}"
    say(petra, word)
    expect(said(petra, word)).to_be_visible()
    petra.keyboard.type("Danke an @Manf")
    options = petra.get_by_role("listbox").get_by_role("option")
    expect(options.first).to_have_text(re.compile("Manfred Lehnigk$"))
    expect(petra.locator(".composer-text")).to_have_attribute("aria-activedescendant", "offered-name-0")
    petra.keyboard.press("Enter")
    petra.keyboard.type(f"für {word}")
    petra.keyboard.press("Enter")
    thanks = said(petra, f"für {word}")
    expect(thanks.locator(".text a")).to_have_text("@Manfred Lehnigk")

    for _ in range(3):  # past the tools of the field, to the last message
        petra.keyboard.press("Shift+Tab")
        if petra.evaluate("document.activeElement.matches('.log *')"):
            break
    petra.evaluate("document.querySelector('.messages > .message[tabindex=\"0\"]').focus()")
    assert petra.evaluate(CHECK_FOCUS)["fault"] == ""
    petra.keyboard.press("ArrowUp")
    expect(said(petra, word).first).to_be_focused()
    petra.keyboard.press("ArrowDown")
    expect(thanks).to_be_focused()
    petra.keyboard.press("Enter")
    expect(thanks.locator(".panel button[value=thanks]")).to_be_focused()
    for _ in range(12):  # through all that can be done
        petra.keyboard.press("Tab")
        if petra.evaluate("document.activeElement.textContent.trim() === 'Zurückziehen'"):
            break
    else:
        pytest.fail("the Tab key never comes to the end of the menu")
    petra.keyboard.press("Escape")
    expect(thanks.locator("details.menu[open]")).to_have_count(0)
    petra.wait_for_timeout(650)  # Escape twice at once would cover the page
    thanks.focus()
    petra.keyboard.press("r")
    expect(petra.locator(".answering")).to_contain_text(f"für {word}")
    petra.keyboard.press("Escape")
    expect(petra.locator(".answering")).to_be_hidden()

    petra.locator(".emoji").focus()
    petra.keyboard.press("Enter")
    expect(petra.locator(".emojis button").first).to_be_focused()
    petra.keyboard.press("ArrowRight")
    petra.keyboard.press("ArrowDown")
    petra.keyboard.press("ArrowUp")
    petra.keyboard.press("Enter")
    expect(petra.locator("#talk-text")).to_have_value("😄")
    petra.keyboard.press("Backspace")


def test_a_phone_shows_everything_with_the_keyboard_open(sign_in: SignIn, live: LiveServer, room: str):
    live.change("DELETE FROM announcement_dismissal")  # something urgent stands above the room
    live.change(  # the room opens at its end
        "UPDATE seat SET last_read_id = (SELECT last_message_id FROM room WHERE room.id = room_id)"
    )
    petra = enter(sign_in("petra", "phone"), room)
    expect(petra.locator(".urgent")).to_be_visible()
    assert petra.evaluate(FIND_CUT) == []
    bar = petra.locator("nav.bar").bounding_box()
    write = petra.locator(".say").bounding_box()
    assert write["y"] + write["height"] <= bar["y"]
    words = f"Kurz {uuid4().hex[:6]}"  # a long one has no place above a keyboard
    post(petra, room, words)
    say_words = said(petra, words)
    expect(say_words).to_be_visible()
    summary = say_words.locator(".tools > details > summary").bounding_box()
    assert min(summary["width"], summary["height"]) >= 44
    say_words.locator(".tools > details > summary").tap()
    panel = say_words.locator(".panel").first.bounding_box()
    assert (panel["x"], panel["width"], round(panel["y"] + panel["height"])) == (0, 390, 844)
    petra.mouse.click(195, 120)  # beside the sheet: closed
    expect(say_words.locator(".panel").first).to_be_hidden()

    petra.locator(".say textarea").tap()
    petra.set_viewport_size({"width": 390, "height": 430})  # the keyboard takes the rest
    for aside in ("nav.bar", ".urgent"):
        expect(petra.locator(aside)).to_be_hidden()
    expect(say_words).to_be_in_viewport(ratio=0.9)
    expect(petra.locator(".send")).to_be_in_viewport(ratio=1)  # the editor takes its place in its own time
    assert petra.locator(".send").bounding_box()["height"] >= 44
    head, log, foot = (petra.locator(part).bounding_box() for part in (".talk-head", ".log", ".talk-foot"))
    ends = [part["y"] + part["height"] for part in (head, log)]
    assert [log["y"], foot["y"]] == ends  # no empty bands
    assert foot["y"] + foot["height"] == 430


def test_everybody_can_use_a_room(sign_in: SignIn, live: LiveServer, room: str):
    for who, size, theme in (("petra", "phone", "light"), ("manfred", "desk", "dark")):
        page = enter(sign_in(who, size, color_scheme=theme), room)
        last = page.locator(".messages > .message:not(.trace)").last
        last.locator(".tools > details > summary").evaluate("summary => summary.click()")
        field(page).focus()
        expect(page.locator(".say .composer-text")).to_be_visible()
        violations = AXE.run(page).response["violations"]
        assert [(found["id"], found["nodes"][0]["html"][:200]) for found in violations] == []
    page.emulate_media(forced_colors="active")
    assert page.evaluate(FIND_UNREADABLE) == []
    page.emulate_media(forced_colors="none")
    page.set_viewport_size({"width": 320, "height": 256})
    assert page.evaluate(FIND_CUT) == []


def test_what_is_new_is_counted_marked_and_read(sign_in: SignIn, live: LiveServer, room: str):
    manfred = enter(sign_in("manfred"), room)
    petra = enter(sign_in("petra"), room)
    badge = petra.locator("nav.rail [data-unread-in=chat]")
    word = f"Neues {uuid4().hex[:6]}"
    petra.locator(".messages > .message").last.evaluate("message => message.scrollIntoView()")
    _wait_until_read(live, room)
    petra.goto("/imprint")  # this room is read; some others are not
    before = badge.inner_text()
    for number in range(25):
        words = f"{word} Nummer {number}\n\nZeile\n\nZeile"
        post(manfred, room, words)
    expect(badge).not_to_have_text(before, use_inner_text=True)

    enter(petra, room)
    first = said(petra, f"{word} Nummer 0")
    expect(petra.locator(".messages > #new + .message")).to_contain_text(f"{word} Nummer 0")
    expect(first).to_be_in_viewport()
    jump = petra.locator(".jump")
    expect(jump).to_be_visible()
    say(manfred, f"{word} noch eine")
    expect(jump).to_have_text("Eine neue Nachricht")
    expect(first).to_be_in_viewport()
    jump.click()
    expect(said(petra, f"{word} noch eine")).to_be_in_viewport()
    expect(jump).to_be_hidden()
    petra.goto("/imprint")
    expect(badge).to_have_text(before, use_inner_text=True)


def test_history_comes_while_one_scrolls_and_nothing_jumps(sign_in: SignIn, live: LiveServer, room: str):
    petra, manfred = sign_in("petra"), enter(sign_in("manfred"), room)
    number = int(room.rpartition("/")[2])
    for place in range(60):
        post(manfred, room, f"Zeile {place}")
    everything = [row[0] for row in live.rows(f"SELECT id FROM message WHERE room_id = {number} ORDER BY id")]
    ids = "messages => messages.map(message => Number(message.dataset.id))"
    shown = petra.locator(".messages > .message")

    enter(petra, f"/chat/messages/{everything[0]}")
    assert shown.evaluate_all(ids) != everything
    expect(petra.locator(f"#m{everything[0]}")).to_be_in_viewport()
    for _ in range(20):
        if not petra.locator(".newer").count():
            break
        petra.evaluate("document.querySelector('.log').scrollTop = 0")
        petra.wait_for_timeout(100)
    assert shown.evaluate_all(ids) == everything

    enter(petra, room)
    for _ in range(20):
        if not petra.locator(".older").count():
            break
        petra.evaluate("document.querySelector('.log').scrollTop = -99999")
        petra.wait_for_timeout(100)
    assert shown.evaluate_all(ids) == everything
    middle = petra.locator(f"#m{everything[-40]}")
    middle.evaluate("message => message.scrollIntoView()")
    before = middle.bounding_box()["y"]
    say(manfred, f"Darunter {uuid4().hex[:6]}")
    expect(petra.locator(".jump")).to_have_text("Eine neue Nachricht")
    assert abs(middle.bounding_box()["y"] - before) < 4  # scrolling goes by whole pixels


def _wait_until_read(live: LiveServer, room: str) -> None:
    """Until the server knows that Petra has seen everything in the room."""
    statement = (
        "SELECT last_read_id >= last_message_id FROM seat JOIN room ON room.id = room_id "
        f"WHERE room_id = {room.rpartition('/')[2]} AND member_id = {live.places()['me']}"
    )
    deadline = time.monotonic() + 10
    while not all(row[0] for row in live.rows(statement)):
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_a_silence_and_its_end_show_where_the_room_is_open(sign_in: SignIn, live: LiveServer, room: str):
    petra, manfred = enter(sign_in("petra"), room), sign_in("manfred")
    expect(petra.locator(".say")).to_be_visible()
    reason = f"Bitte sachlich {uuid4().hex[:6]}"
    manfred.goto(f"{room}/people/{live.places()['me']}/silence")
    manfred.locator("[name=reason]").fill(reason)
    manfred.get_by_role("button", name="Stummschalten").click()
    expect(petra.locator(".no-writing")).to_contain_text(reason)
    expect(petra.locator(".say")).to_have_count(0)
    manfred.get_by_role("button", name="Rückgängig").click()
    expect(petra.locator(".say")).to_be_visible()
    expect(petra.locator(".no-writing")).to_have_count(0)


def test_the_dock_stands_beside_a_topic_and_stays_from_page_to_page(
    sign_in: SignIn, live: LiveServer, room: str
):
    petra = sign_in("petra")
    petra.goto(f"/topics/{live.places()['long']}")
    opener = petra.locator("[data-dock]")
    opener.click()
    dock = petra.get_by_role("complementary", name="Chat")
    dock.locator(f"a[href='{room}']").click()
    expect(dock.locator(".talk.is-live")).to_be_attached()
    word = f"Dock {uuid4().hex[:6]}"
    say(petra, word)
    expect(said(petra, word)).to_be_visible()
    box = dock.bounding_box()
    main = petra.locator("main").bounding_box()
    assert main["x"] + main["width"] <= box["x"]

    petra.goto("/boards")
    expect(dock.locator(".talk.is-live")).to_be_attached()
    expect(said(petra, word)).to_be_visible()
    violations = AXE.run(petra).response["violations"]
    assert [(found["id"], found["nodes"][0]["html"][:200]) for found in violations] == []
    field(petra).focus()
    petra.keyboard.press("Escape")
    expect(dock).to_have_count(0)
    expect(opener).to_be_focused()
    petra.reload()
    expect(dock).to_have_count(0)
