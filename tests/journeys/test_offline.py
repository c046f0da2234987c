"""Without connection: what was read is there where its reader wanted that, what is written is not lost, pushes are shown."""

import json
from collections.abc import Callable

from playwright.sync_api import Page, expect

from forum.seeds.demo import PASSWORD
from tests.journeys.conftest import ADDRESSES, Windows, enter, start_writing
from tests.live import LiveServer

Open = Callable[..., Page]
WORKER = "navigator.serviceWorker.ready.then((r) => r.active.state)"
SHOWN = "navigator.serviceWorker.ready.then((r) => r.getNotifications())"
COPIES = "caches.open('read').then((c) => c.keys()).then((k) => k.map((r) => new URL(r.url).pathname))"


def until(page: Page, holds: str) -> None:
    """Wait till the expression is true. (Playwright's own waiting is not allowed by the pages' policy.)"""
    for _look in range(80):
        if page.evaluate(holds):
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"never: {holds}")


def keep(page: Page) -> None:
    """Switch on that this device keeps what was read."""
    page.goto("/notices/preferences")
    page.get_by_label("Zuletzt Gelesenes auf diesem Gerät behalten").check()
    expect(page.get_by_text("Was du ab jetzt liest, bleibt auf diesem Gerät.")).to_be_visible()
    page.evaluate(WORKER)


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
    live.change(f"DELETE FROM draft WHERE place = 'topic:{topic_id}'")
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
    drafts = live.rows(f"SELECT text FROM draft WHERE place = 'topic:{topic_id}'")
    assert [row[0] for row in drafts] == ["Unterwegs im Zug geschrieben."]
    live.change(f"DELETE FROM draft WHERE place = 'topic:{topic_id}'")


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
    until(page, f"sessionStorage.getItem('draft:topic:{topic_id}') !== null")
    page.context.set_offline(False)
    until(page, f"sessionStorage.getItem('draft:topic:{topic_id}') === null")
    drafts = live.rows(f"SELECT text FROM draft WHERE place = 'topic:{topic_id}'")
    assert [row[0] for row in drafts] == ["Getippt ohne Netz."]
    live.change(f"DELETE FROM draft WHERE place = 'topic:{topic_id}'")


def test_signing_out_leaves_nothing_on_the_device(visit: Open, live: LiveServer) -> None:
    page = visit()
    enter(page, ADDRESSES["petra"], PASSWORD)
    keep(page)
    read(page, topics(live)[0])
    page.evaluate("localStorage.setItem('device.draft.topic:1', JSON.stringify({text: 'x', whole: false}))")
    page.locator("summary.me").click()
    page.get_by_role("button", name="Abmelden").click()
    page.wait_for_url("**/sign-in")
    until(page, "caches.has('read').then((is) => !is)")
    assert page.evaluate("Object.keys(localStorage).filter((name) => name.startsWith('device.'))") == []


def test_another_member_at_the_same_device_finds_nothing_of_the_first(visit: Open, live: LiveServer) -> None:
    page = visit()
    enter(page, ADDRESSES["petra"], PASSWORD)
    keep(page)
    read(page, topics(live)[0])
    page.context.clear_cookies()  # the session ran out
    enter(page, ADDRESSES["manfred"], PASSWORD)
    until(page, "caches.has('read').then((is) => !is)")
    page.goto("/notices/preferences")
    expect(page.get_by_label("Zuletzt Gelesenes auf diesem Gerät behalten")).not_to_be_checked()


def test_a_push_is_shown_and_the_next_one_of_the_same_thing_replaces_it(
    windows: Windows, sign_in: Open, live: LiveServer
) -> None:
    page = sign_in("petra")
    page.context.grant_permissions(["notifications"])
    keep(page)
    console = page.context.new_cdp_session(page)
    found: list[str] = []
    console.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda said: found.extend(r["registrationId"] for r in said["registrations"]),
    )
    console.send("ServiceWorker.enable")
    while not found:
        page.wait_for_timeout(50)
    for body in ("Neues für dich", "3 neue Antworten in „Vier-Schicht-Modell“"):
        said = {"body": body, "tag": "topic:1", "url": "/topics/1", "silent": False}
        console.send(
            "ServiceWorker.deliverPushMessage",
            {"origin": live.url, "registrationId": found[0], "data": json.dumps(said)},
        )
        until(page, f"{SHOWN}.then((all) => all.length === 1 && all[0].body === {json.dumps(body)})")
    shown = page.evaluate(f"{SHOWN}.then(([n]) => [n.title, n.tag, n.data.url])")
    assert shown == ["Netzwerk", "topic:1", "/topics/1"]
