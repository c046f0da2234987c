"""Without connection: what was read is there where its reader wanted that, what is written is not lost, pushes are shown."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import CDPSession, Page, expect

from forum.seeds.demo import PASSWORD
from tests.journeys.conftest import ADDRESSES, Windows, enter, start_writing
from tests.live import LiveServer

Open = Callable[..., Page]
WORKER = "navigator.serviceWorker.getRegistration().then((r) => r?.active?.state === 'activated')"
SHOWN = "navigator.serviceWorker.ready.then((r) => r.getNotifications())"
#: What a browser says of a line that is gone, and of sockets that nobody answers.
GONE = "ERR_INTERNET_DISCONNECTED|ERR_CONNECTION_|Failed to fetch|net::|WebSocket"
#: Everything that this origin keeps in the browser, as one text.
KEPT = """(async () => {
  const found = [JSON.stringify(localStorage), JSON.stringify(sessionStorage)];
  for (const name of await caches.keys()) {
    const cache = await caches.open(name);
    for (const request of await cache.keys()) found.push(request.url, await (await cache.match(request)).text());
  }
  for (const { name } of await indexedDB.databases()) found.push(`database ${name}`);
  return found.join("\\n");
})()"""
COPIES = "caches.open('read').then((c) => c.keys()).then((k) => k.map((r) => new URL(r.url).pathname))"


def until(page: Page, holds: str, meanwhile: Callable[[], None] = lambda: None) -> None:
    """Wait till the expression is true. (Playwright's own waiting is not allowed by the pages' policy.)

    Every two seconds, `meanwhile` is done again.
    """
    for look in range(150):
        if page.evaluate(holds):
            return
        page.wait_for_timeout(100)
        if look % 20 == 19:
            meanwhile()
    raise AssertionError(f"never: {holds}")


def keep(page: Page) -> None:
    """Switch on that this device keeps what was read."""
    page.goto("/notices/preferences")
    page.get_by_label("Zuletzt Gelesenes auf diesem Gerät behalten").check()
    expect(page.get_by_text("Was du ab jetzt liest, bleibt auf diesem Gerät.")).to_be_visible()
    until(page, WORKER)


def read(page: Page, topic_id: int) -> None:
    page.goto(f"/topics/{topic_id}")
    until(page, f"{COPIES}.then((all) => all.includes('/topics/{topic_id}'))")


def topics(live: LiveServer) -> list[int]:
    """Two topics of Finsterwalde in which one may write."""
    found = live.rows(
        "SELECT t.id FROM topic t JOIN space s ON s.id = t.space_id "
        "WHERE sign = 'FIN' AND t.closed_at IS NULL AND last_number BETWEEN 2 AND 20 ORDER BY t.id DESC LIMIT 2"
    )
    return [int(row[0]) for row in found]  # type: ignore[call-overload]


def address(live: LiveServer) -> tuple[str, int]:
    return "127.0.0.1", int(live.url.rpartition(":")[2])


@contextmanager
def away(live: LiveServer) -> Iterator[None]:
    """For so long nobody answers at the server's address."""
    live.kill()
    try:
        until_gone(live)
        yield
    finally:
        live.start()


def until_gone(live: LiveServer) -> None:
    """Its last process may take a moment to go."""
    for _look in range(200):
        try:
            socket.create_connection(address(live), 1).close()
        except ConnectionError:
            return
        except TimeoutError:
            continue
        time.sleep(0.05)
    raise AssertionError(f"somebody listens at {live.url} still")


def forget_draft(live: LiveServer, topic_id: int) -> None:
    live.change(f"DELETE FROM draft WHERE place = 'topic:{topic_id}'")


def drafts(live: LiveServer, topic_id: int) -> list[object]:
    return [row[0] for row in live.rows(f"SELECT text FROM draft WHERE place = 'topic:{topic_id}'")]


def test_nothing_is_kept_unless_its_reader_wants_it(sign_in: Open, live: LiveServer) -> None:
    page = sign_in("petra")
    page.goto(f"/topics/{topics(live)[0]}")
    page.wait_for_load_state("networkidle")
    assert page.evaluate("caches.keys()") == []
    assert page.evaluate("navigator.serviceWorker.getRegistrations().then((all) => all.length)") == 0


def test_what_was_read_can_be_read_without_connection(
    windows: Windows, sign_in: Open, live: LiveServer
) -> None:
    windows.forgive("ERR_INTERNET_DISCONNECTED|Failed to fetch|net::")
    page = sign_in("petra", "phone")
    first, second = topics(live)
    keep(page)
    read(page, first)
    title, words = page.locator("main h1").inner_text(), page.locator(".post .text").first.inner_text()
    read(page, second)
    page.context.set_offline(True)
    page.goto(f"/topics/{first}")
    expect(page.get_by_text("So hast du es am")).to_be_visible()
    expect(page.locator("main h1")).to_have_text(title)
    expect(page.locator(".offline-copy")).to_contain_text(words[:30])
    expect(page.locator("#copies a")).to_have_count(1)
    page.locator("#copies a").click()
    expect(page).to_have_url(f"{live.url}/topics/{second}")
    page.goto("/chat")
    expect(page.locator("main h1")).to_have_text("Ohne Verbindung")
    expect(page.locator("#copies a")).to_have_count(2)
    page.context.set_offline(False)
    page.get_by_role("button", name="Noch einmal versuchen").click()
    expect(page.locator("main h1")).not_to_have_text("Ohne Verbindung")


def test_an_answer_written_without_connection_is_a_draft_as_soon_as_there_is_one(
    windows: Windows, sign_in: Open, live: LiveServer
) -> None:
    windows.forgive("ERR_INTERNET_DISCONNECTED|Failed to fetch|net::")
    page = sign_in("petra")
    topic_id = topics(live)[0]
    forget_draft(live, topic_id)
    keep(page)
    read(page, topic_id)
    page.context.set_offline(True)
    page.goto(f"/topics/{topic_id}")
    page.get_by_label("Antwort vorbereiten").fill("Unterwegs im Zug geschrieben.")
    expect(page.get_by_text("Auf diesem Gerät gespeichert")).to_be_visible()
    page.reload()
    expect(page.get_by_label("Antwort vorbereiten")).to_have_value("Unterwegs im Zug geschrieben.")
    page.context.set_offline(False)
    page.goto("/")
    until(page, "!Object.keys(localStorage).some((name) => name.startsWith('device.draft.'))")
    assert drafts(live, topic_id) == ["Unterwegs im Zug geschrieben."]
    forget_draft(live, topic_id)


def test_with_the_server_away_a_phone_shows_what_was_read_and_offers_what_was_written_then(
    windows: Windows, sign_in: Open, live: LiveServer
) -> None:
    windows.forgive(GONE)
    page = sign_in("petra", "phone")
    topic_id = topics(live)[0]
    forget_draft(live, topic_id)
    keep(page)
    read(page, topic_id)
    words = page.locator(".post .text").first.inner_text()
    with away(live):
        page.goto(f"/topics/{topic_id}")
        expect(page.locator(".offline-copy")).to_contain_text(words[:30])
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        page.get_by_label("Antwort vorbereiten").fill("Im Funkloch geschrieben.")
        expect(page.get_by_text("Auf diesem Gerät gespeichert")).to_be_visible()
    page.get_by_role("button", name="Noch einmal versuchen").click()
    expect(page.locator("#text")).to_have_value("Im Funkloch geschrieben.")
    until(page, "!Object.keys(localStorage).some((name) => name.startsWith('device.draft.'))")
    forget_draft(live, topic_id)


class Gateway(BaseHTTPRequestHandler):
    """A web server that gets no answer from the house behind it."""

    def do_GET(self) -> None:
        self.send_error(502)

    def log_message(self, *_args: object) -> None:
        pass


def test_behind_a_web_server_the_kept_page_comes_too_when_the_house_is_away(
    windows: Windows, sign_in: Open, live: LiveServer
) -> None:
    windows.forgive(f"{GONE}|502|501")
    page = sign_in("petra", "phone")
    topic_id = topics(live)[0]
    keep(page)
    read(page, topic_id)
    with away(live), ThreadingHTTPServer(address(live), Gateway) as gateway:
        threading.Thread(target=gateway.serve_forever, daemon=True).start()
        try:
            page.goto(f"/topics/{topic_id}")
            expect(page.get_by_text("So hast du es am")).to_be_visible()
        finally:
            gateway.shutdown()


def test_what_the_server_could_not_take_survives_closing_the_window(
    windows: Windows, sign_in: Open, live: LiveServer
) -> None:
    windows.forgive(GONE)
    page = sign_in("petra", "phone")
    topic_id = topics(live)[0]
    forget_draft(live, topic_id)
    keep(page)
    read(page, topic_id)
    start_writing(page)
    with away(live):
        page.keyboard.type("Kurz vor dem Akku")
        until(page, "Object.keys(localStorage).some((name) => name.startsWith('device.draft.'))")
        page.close()
    page = page.context.new_page()
    page.goto("/")
    until(page, "!Object.keys(localStorage).some((name) => name.startsWith('device.draft.'))")
    assert drafts(live, topic_id) == ["Kurz vor dem Akku"]
    forget_draft(live, topic_id)


def test_once_the_server_has_it_nothing_older_goes_up_later(
    windows: Windows, sign_in: Open, live: LiveServer
) -> None:
    windows.forgive(GONE)
    page = sign_in("petra")
    topic_id = topics(live)[0]
    forget_draft(live, topic_id)
    keep(page)
    read(page, topic_id)
    start_writing(page)
    with away(live):
        page.keyboard.type("Erst")
        until(page, "Object.keys(localStorage).some((name) => name.startsWith('device.draft.'))")
    page.keyboard.type(" und dann.")
    until(page, "!Object.keys(localStorage).some((name) => name.startsWith('device.draft.'))")
    page.goto("/")
    page.wait_for_load_state("networkidle")
    assert drafts(live, topic_id) == ["Erst und dann."]
    forget_draft(live, topic_id)


def test_what_is_typed_into_an_open_page_goes_up_when_the_line_is_back(
    windows: Windows, sign_in: Open, live: LiveServer
) -> None:
    windows.forgive("ERR_INTERNET_DISCONNECTED|Failed to fetch|net::|WebSocket")
    page = sign_in("manfred")
    topic_id = topics(live)[1]
    page.goto(f"/topics/{topic_id}")
    start_writing(page)
    page.context.set_offline(True)
    page.keyboard.type("Getippt ohne Netz.")
    is_kept = f"Object.keys(sessionStorage).some((name) => name.endsWith('.topic:{topic_id}'))"
    until(page, is_kept)
    page.context.set_offline(False)
    until(page, f"!{is_kept}")
    assert drafts(live, topic_id) == ["Getippt ohne Netz."]
    forget_draft(live, topic_id)


def read_and_write_offline(page: Page, topic_id: int) -> tuple[str, ...]:
    """Petra reads a topic and writes to it without connection, on the kept page and on the page itself; her words, and
    the topic's, in a browser that keeps them."""
    enter(page, ADDRESSES["petra"], PASSWORD)
    keep(page)
    read(page, topic_id)
    title, words = page.locator("main h1").inner_text(), page.locator(".post .text").first.inner_text()
    start_writing(page)
    page.context.set_offline(True)
    page.keyboard.type("Auf der Seite getippt.")
    until(page, "Object.keys(sessionStorage).some((name) => name.startsWith('draft.'))")
    page.evaluate(
        "localStorage.setItem('device.draft.topic:1', JSON.stringify({text: 'Vorbereitet.', whole: false}))"
    )
    secrets = (title, words.partition("\n")[0][:30], "Auf der Seite getippt.", "Vorbereitet.")
    kept = page.evaluate(KEPT)
    for secret in secrets:
        assert secret in kept
    return secrets


def test_signing_out_leaves_nothing_on_the_device(windows: Windows, visit: Open, live: LiveServer) -> None:
    windows.forgive(f"{GONE}|404")  # the topic prepared for is not hers to read
    page = visit("phone")
    topic_id = topics(live)[0]
    secrets = read_and_write_offline(page, topic_id)
    page.context.set_offline(False)
    page.locator("summary.me").click()
    page.get_by_role("button", name="Abmelden").click()
    page.wait_for_url("**/sign-in")
    until(page, "caches.has('read').then((is) => !is)")
    kept = page.evaluate(KEPT)
    for secret in secrets:
        assert secret not in kept
    assert page.evaluate("Object.keys(localStorage).filter((name) => name.startsWith('device.'))") == []
    page.context.set_offline(True)
    page.goto(f"/topics/{topic_id}")
    expect(page.locator("main h1")).to_have_text("Ohne Verbindung")
    expect(page.get_by_text("Auf diesem Gerät ist nichts aufgehoben.")).to_be_visible()
    forget_draft(live, topic_id)


def test_another_member_at_the_same_device_finds_nothing_of_the_first(
    windows: Windows, visit: Open, live: LiveServer
) -> None:
    windows.forgive(f"{GONE}|401")
    page = visit("phone")
    topic_id = topics(live)[0]
    secrets = read_and_write_offline(page, topic_id)
    page.context.clear_cookies()  # the session ran out
    with page.expect_response(
        lambda answer: "/sign-in?next=" in answer.url
    ):  # what was prepared is not taken
        page.context.set_offline(False)
    enter(page, ADDRESSES["manfred"], PASSWORD)
    until(page, "caches.has('read').then((is) => !is)")
    page.goto(f"/topics/{topic_id}")
    page.wait_for_load_state("networkidle")
    expect(page.locator("#text")).to_have_value("")
    kept = page.evaluate(KEPT)
    for secret in secrets:
        assert secret not in kept
    page.goto("/notices/preferences")
    expect(page.get_by_label("Zuletzt Gelesenes auf diesem Gerät behalten")).not_to_be_checked()
    page.context.set_offline(True)
    page.goto(f"/topics/{topic_id}")
    expect(page.get_by_text("Auf diesem Gerät ist nichts aufgehoben.")).to_be_visible()
    assert live.rows(f"SELECT 1 FROM draft WHERE place = 'topic:{topic_id}' AND text LIKE '%getippt%'") == []


def test_a_page_that_is_still_open_writes_nothing_into_the_things_of_who_signed_in_since(
    windows: Windows, visit: Open, live: LiveServer
) -> None:
    windows.forgive(f"{GONE}|401|403|409")
    left_open = visit("phone")
    topic_id = topics(live)[0]
    enter(left_open, ADDRESSES["petra"], PASSWORD)
    keep(left_open)
    read(left_open, topic_id)
    page = left_open.context.new_page()
    page.goto("/")
    page.locator("summary.me").click()
    page.get_by_role("button", name="Abmelden").click()
    page.wait_for_url("**/sign-in")
    enter(page, ADDRESSES["manfred"], PASSWORD)
    keep(page)
    left_open.evaluate(
        """document.querySelector("form[data-send][data-draft]").dispatchEvent(
            new CustomEvent("draft", { bubbles: true, detail: { text: "Nur für mich getippt" } }))"""
    )
    page.evaluate(f"""localStorage.setItem("device.draft.topic:{topic_id}", '{{"text": "Von Manfred"}}')""")
    left_open.evaluate("window.dispatchEvent(new Event('online'))")
    left_open.wait_for_timeout(300)
    assert left_open.locator("form[data-send][data-draft] [name=text]").input_value() == ""
    page.goto(f"/topics/{topic_id}")
    expect(page.locator("#text")).to_have_value("Von Manfred")
    forget_draft(live, topic_id)


def pushing(windows: Windows, page: Page, live: LiveServer) -> Callable[[object, str], None]:
    """Has the browser get a push, as if its maker's service had brought it, till it is shown as the expression over
    `all` says; errors of the worker are faults, too."""
    page.context.grant_permissions(["notifications"])
    keep(page)
    console: CDPSession = page.context.new_cdp_session(page)
    found: list[str] = []
    console.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda said: found.extend(r["registrationId"] for r in said["registrations"]),
    )
    console.on(
        "ServiceWorker.workerErrorReported", lambda said: windows.faults.append(str(said["errorMessage"]))
    )
    console.send("ServiceWorker.enable")
    for _look in range(200):
        if found:
            break
        page.wait_for_timeout(50)
    assert found, "the browser names no worker"

    def push(said: object, shown: str) -> None:
        given = {"origin": live.url, "registrationId": found[0], "data": json.dumps(said)}

        def deliver() -> None:
            console.send("ServiceWorker.deliverPushMessage", given)

        deliver()  # a busy browser may lose one, and so may its maker
        until(page, f"{SHOWN}.then((all) => {shown})", meanwhile=deliver)

    return push


def test_a_push_is_shown_and_the_next_one_of_the_same_thing_replaces_it(
    windows: Windows, sign_in: Open, live: LiveServer
) -> None:
    page = sign_in("petra")
    push = pushing(windows, page, live)
    for body in ("Neues für dich", "3 neue Antworten in „Vier-Schicht-Modell“"):
        said = {"body": body, "tag": "topic:1", "url": "/topics/1", "silent": False}
        push(said, f"all.length === 1 && all[0].body === {json.dumps(body)}")
    shown = page.evaluate(f"{SHOWN}.then(([n]) => [n.title, n.tag, n.data.url])")
    assert shown == ["Netzwerk", "topic:1", "/topics/1"]


#: In the worker: the one notification that is shown is tapped. What only a hand may do is noted instead: focus, new windows.
TAP = """async () => {
  const done = [];
  clients.openWindow = async (address) => void done.push(`opened ${address}`);
  WindowClient.prototype.focus = async function () {
    done.push(`focused ${this.url}`);
    return this;
  };
  let answer;
  ExtendableEvent.prototype.waitUntil = (promise) => (answer = promise);
  const [notification] = await registration.getNotifications();
  dispatchEvent(new NotificationEvent("notificationclick", { notification }));
  await answer.catch((fault) => done.push(String(fault)));
  return [done, (await registration.getNotifications()).length];
}"""


@pytest.mark.parametrize(
    ("url", "leads_to"),
    [
        ("/topics/{topic}", "focused {house}/topics/{topic}"),
        ("/chat/rooms/{topic}", "opened {house}/chat/rooms/{topic}"),
        (None, "opened {house}/"),
        ("https://elsewhere.example/topics/{topic}", None),
        ("//elsewhere.example/x", None),
        ("\\\\elsewhere.example/x", None),
        ("javascript:alert(1)", None),
    ],
)
def test_a_tap_on_a_push_leads_to_its_page_in_this_house_and_nowhere_else(
    windows: Windows, sign_in: Open, live: LiveServer, url: str | None, leads_to: str | None
) -> None:
    page = sign_in("petra")
    push = pushing(windows, page, live)
    places = {"topic": topics(live)[0], "house": live.url}
    push({"body": "Neues", "tag": "x"} | ({"url": url.format(**places)} if url else {}), "all.length === 1")
    page.goto("/topics/{topic}".format(**places))
    other = page.context.new_page()
    other.goto("/boards")
    (worker,) = page.context.service_workers
    done, left = worker.evaluate(TAP)
    assert done == ([leads_to.format(**places)] if leads_to else [])
    assert left == 0
    assert other.url == f"{live.url}/boards"
    assert page.url == "{house}/topics/{topic}".format(**places)
