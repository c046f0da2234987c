"""Whole stories, as people live them: the house is opened, a topic is talked over, the line breaks, a session ends."""

import re
from collections.abc import Iterator
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from forum.seeds.demo import PASSWORD
from tests.journeys.conftest import ADDRESSES, Windows, enter, start_writing, write
from tests.live import LiveServer, empty_server

NEW_PASSWORD = "vier blaue Elefanten"
#: A forum of the demo in which both Petra and Manfred write.
BOARD = "/boards/22"


def begin_topic(page: Page, title: str, text: str, board: str = BOARD) -> str:
    """Start a topic; its path."""
    page.goto(f"{board}/topics/new")
    page.fill("#title", title)
    write(page, text)
    page.get_by_role("button", name="Thema beginnen").click()
    page.wait_for_url(re.compile(r"/topics/\d+$"))
    return page.url[page.url.index("/topics/") :]


def reply(page: Page, path: str, text: str) -> None:
    page.goto(path)
    write(page, text)
    page.locator("#reply .btn-primary").click()
    expect(post_of(page, text)).to_be_visible()


def post_of(page: Page, text: str):
    return page.locator(".post").filter(has_text=text)


def manage(page: Page, item: str) -> None:
    """Choose from the menu of a topic."""
    page.locator("summary", has_text="Thema verwalten").click()
    page.locator(".head .panel .item", has_text=item).click()


def count_posts(live: LiveServer, text: str) -> int:
    return live.rows(f"SELECT count(*) FROM post WHERE source LIKE '%{text}%'")[0][0]  # type: ignore[return-value]


# --- The house is opened ---------------------------------------------------------------------------------


@pytest.fixture
def new_house(browser: Browser) -> Iterator[tuple[LiveServer, Windows]]:
    """A machine on which `make run` was just called for the first time."""
    with empty_server() as server:
        opened = Windows(browser, server.url, {})
        yield server, opened
        opened.close()
        assert not opened.take_faults()


@pytest.mark.browser
def test_a_house_is_opened_and_its_first_people_talk(new_house: tuple[LiveServer, Windows]):
    server, windows = new_house
    link = re.search(r"(/setup/\S+)", server.printed)
    assert link is not None

    admin = windows.visit()
    admin.goto(link[1])
    admin.fill("#name", "Karla Wendtland")
    admin.fill("#email", "karla@netzwerk.example")
    admin.fill("#new_password", NEW_PASSWORD)
    admin.get_by_role("button", name="Konto anlegen").click()
    admin.wait_for_url(f"{server.url}/")
    admin.get_by_role("link", name="Erste Einladung schreiben").click()
    invitation = _invite(admin, "Manfred Lehnigk", region="Finsterwalde", role="Moderator:in")

    moderator = windows.visit()
    moderator.goto(invitation["link"])
    expect(moderator.get_by_text("Karla Wendtland lädt dich ein")).to_be_visible()
    _make_account(moderator, server, "Manfred Lehnigk", "manfred@region.example")
    moderator.goto("/invitations/new")
    slip = _invite(moderator, "Petra Sommer", region="Finsterwalde", role="Mitglied")
    windows.forgive("status of 404")  # the link works once
    moderator.context.clear_cookies()
    moderator.goto(invitation["link"])
    expect(moderator.locator("#new_password")).to_have_count(0)
    enter(moderator, "manfred@region.example", NEW_PASSWORD)

    petra = windows.visit("phone")
    petra.goto("/")
    petra.get_by_role("link", name="Ich habe eine Einladung mit Code").click()
    petra.fill("#code", slip["code"].lower().replace("-", " "))
    petra.get_by_role("button", name="Öffnen").click()
    expect(petra.get_by_role("heading", name="Du bist eingeladen")).to_be_visible()
    _make_account(petra, server, "Petra Sommer", "petra@werk.example")

    _talk(petra, moderator)
    _keep_order(petra, moderator)


def _invite(page: Page, name: str, region: str, role: str) -> dict[str, str]:
    page.get_by_label(re.compile("^(Bereich|Region)")).select_option(label=region)
    role_field = page.locator("[name=role]")
    if role_field.evaluate_all("fields => fields.some(field => field.tagName === 'SELECT')"):
        role_field.select_option(label=role)
    else:
        page.get_by_label(role, exact=True).check()
    page.fill("#name", name)
    page.get_by_role("button", name="Einladung ausstellen").click()
    expect(page.get_by_role("heading", name="Einladung ausgestellt")).to_be_visible()
    expect(page.locator(".qr svg")).to_be_visible()
    code = page.locator("#invitation-code").inner_text()
    link = page.locator("[data-copy]").get_attribute("data-copy")
    assert link is not None
    return {"code": code, "link": link}


def _make_account(page: Page, server: LiveServer, name: str, email: str) -> None:
    page.fill("#name", name)
    page.fill("#email", email)
    page.fill("#new_password", NEW_PASSWORD)
    page.get_by_role("button", name="Konto anlegen").click()
    page.wait_for_url(f"{server.url}/")
    expect(page.get_by_role("heading", level=1)).to_contain_text(name.split()[0])


def _talk(petra: Page, moderator: Page) -> None:
    """Petra asks, the moderator answers, Petra is told and reads."""
    petra.goto("/boards")
    petra.get_by_role("link", name="Arbeitsorganisation").click()
    petra.get_by_role("link", name="Erstes Thema beginnen").click()
    petra.fill("#title", "Vier-Schicht-Modell: wer hat Erfahrung?")
    write(petra, "Wir sollen ab Mai vier Schichten fahren.")
    petra.get_by_role("button", name="Thema beginnen").click()
    petra.wait_for_url(re.compile(r"/topics/\d+$"))
    topic = petra.url

    moderator.goto("/")
    moderator.get_by_role("link", name="Vier-Schicht-Modell").first.click()
    expect(moderator.locator(".post.new")).to_have_count(1)
    write(moderator, "Bei uns 21 Tage im Voraus.")
    moderator.locator("#reply .btn-primary").click()
    expect(post_of(moderator, "21 Tage")).to_be_visible()

    petra.goto("/")
    row = petra.locator(".topic.unread", has_text="Vier-Schicht-Modell")
    expect(row).to_contain_text("neu")
    row.get_by_role("link").click()
    petra.wait_for_url(re.compile(r"/topics/\d+#2$"))
    expect(petra.get_by_text("Hier hast du aufgehört")).to_be_visible()
    expect(post_of(petra, "21 Tage")).to_be_in_viewport()
    expect(petra.locator(".post.new")).to_have_count(1)

    petra.goto("/")
    reply(moderator, topic, "Und der Wirtschaftsausschuss war dabei.")
    petra.goto("/")
    petra.get_by_role("button", name="Alles als gelesen markieren").click()
    expect(petra.get_by_role("heading", name="Du bist auf dem neuesten Stand")).to_be_visible()
    petra.goto(topic)
    expect(petra.locator(".post.new")).to_have_count(0)


def _keep_order(petra: Page, moderator: Page) -> None:
    """The moderator pins, closes, moves and hides, and takes each back; Petra sees what she should."""
    topic = petra.url
    moderator.goto(topic)
    manage(moderator, "Oben anheften")
    expect(moderator.locator(".head .state")).to_have_text("Angeheftet")
    moderator.locator(".toast").get_by_role("button", name="Rückgängig").click()
    expect(moderator.locator(".head .state")).to_have_count(0)

    manage(moderator, "Schließen")
    expect(moderator.locator(".toast")).to_contain_text("Das Thema ist geschlossen.")
    petra.goto(topic)
    expect(petra.get_by_text("Dieses Thema ist geschlossen. Du kannst es weiter lesen.")).to_be_visible()
    expect(petra.locator("#reply")).to_have_count(0)
    moderator.locator(".toast").get_by_role("button", name="Rückgängig").click()
    petra.goto(topic)
    expect(petra.locator("#reply")).to_be_visible()

    manage(moderator, "Verschieben")
    moderator.locator("#board_id").select_option(label="Finsterwalde › Allgemeines")
    moderator.get_by_role("button", name="Verschieben").click()
    expect(moderator.locator(".crumbs")).to_contain_text("Allgemeines")
    moderator.locator(".toast").get_by_role("button", name="Rückgängig").click()
    expect(moderator.locator(".crumbs")).to_contain_text("Arbeitsorganisation")

    post = post_of(moderator, "vier Schichten")
    post.locator("summary").click()
    post.get_by_role("link", name="Verbergen").click()
    moderator.get_by_label("Grund").fill("Nennt Zahlen eines Betriebs.")
    moderator.get_by_role("button", name="Verbergen").click()
    expect(moderator.locator(".toast")).to_contain_text("Der Beitrag ist verborgen.")
    petra.goto(topic)
    stub = petra.locator(".post-stub")
    expect(stub).to_contain_text("von der Moderation verborgen. Grund: Nennt Zahlen eines Betriebs.")
    moderator.locator(".toast").get_by_role("button", name="Rückgängig").click()
    petra.goto(topic)
    expect(petra.locator(".post-stub")).to_have_count(0)
    expect(post_of(petra, "vier Schichten")).to_be_visible()


# --- Reading -----------------------------------------------------------------------------------------------


def test_a_topic_read_to_its_end_by_scrolling_is_new_no_more(sign_in):
    manfred, petra = sign_in("manfred"), sign_in("petra", "phone")
    topic = begin_topic(manfred, "Elf Beiträge über Pausenräume", "Fangen wir an.")
    token = manfred.locator("#act [name=csrf_token]").get_attribute("value")
    for number in range(2, 12):
        words = f"Pausenraum, Punkt {number}: " + "Wasser, Licht und Ruhe. " * 8
        form = {"csrf_token": token or "", "client_key": str(uuid4()), "text": words}
        assert manfred.request.post(f"{topic}/posts", form=form).ok
    petra.goto(BOARD)
    row = petra.locator(".topic", has_text="Elf Beiträge über Pausenräume")
    expect(row).to_have_class(re.compile("unread"))

    petra.goto(topic)
    with petra.expect_response(lambda answer: answer.url.endswith("/reading")):
        petra.locator("[data-number='3'] .post-foot").scroll_into_view_if_needed()
    petra.goto(BOARD)
    expect(row).to_contain_text("neu")
    row.get_by_role("link").click()
    expect(petra.get_by_text("Hier hast du aufgehört")).to_be_in_viewport()
    for number in range(4, 12):
        petra.locator(f"[data-number='{number}'] .post-foot").scroll_into_view_if_needed()
        petra.wait_for_timeout(50)
    petra.goto(BOARD)  # leaving at once counts too, though the note may arrive after the list was made
    petra.wait_for_timeout(300)
    petra.reload()
    expect(row).not_to_have_class(re.compile("unread"))


def test_what_was_once_read_does_not_become_new_by_looking_back(sign_in):
    manfred, petra = sign_in("manfred"), sign_in("petra")
    topic = begin_topic(manfred, "Halb gelesen", "Nummer eins.")
    petra.goto(topic)
    expect(petra.locator(".post.new")).to_have_count(1)
    with petra.expect_response(lambda answer: answer.url.endswith("/reading")):
        pass
    for text in ("Nummer zwei.", "Nummer drei."):
        reply(manfred, topic, text)
    petra.goto(BOARD)
    petra.get_by_role("button", name="Alles als gelesen markieren").click()
    reply(manfred, topic, "Nummer vier.")
    petra.goto(BOARD)
    row = petra.locator(".topic", has_text="Halb gelesen")
    expect(row.locator(".figures")).to_contain_text("1 neu")
    row.get_by_role("link").click()
    petra.wait_for_url("**#4")
    expect(petra.locator(".post.new")).to_have_count(1)

    never_opened = begin_topic(manfred, "Nie geöffnet", "Nummer eins.")
    reply(manfred, never_opened, "Nummer zwei.")
    petra.goto(BOARD)
    petra.get_by_role("button", name="Alles als gelesen markieren").click()
    reply(manfred, never_opened, "Nummer drei.")
    token = petra.locator("header [name=csrf_token]").first.get_attribute("value")
    petra.request.post(f"{never_opened}/reading", form={"csrf_token": token or "", "number": "1"})
    petra.goto(BOARD)
    expect(petra.locator(".topic", has_text="Nie geöffnet").locator(".figures")).to_contain_text("1 neu")


# --- Nothing that was written is lost ---------------------------------------------------------------------


def test_a_reply_outlives_a_broken_line(sign_in, windows: Windows, live: LiveServer):
    windows.forgive("ERR_INTERNET_DISCONNECTED")
    page = sign_in("petra", "phone")
    begin_topic(page, "Funkloch in Halle 3", "Hier bricht immer alles ab.")
    write(page, "Im Funkloch geschrieben.")
    page.context.set_offline(True)
    page.locator("#reply .btn-primary").click()
    state = page.locator(".sending-state")
    expect(state).to_have_text(re.compile("Die Verbindung ist weg. Dein Text ist noch da."))
    expect(page.locator("#text")).to_have_value("Im Funkloch geschrieben.")
    page.context.set_offline(False)
    page.locator("#reply .btn-primary").click()
    expect(post_of(page, "Im Funkloch geschrieben.")).to_be_visible()
    assert count_posts(live, "Im Funkloch geschrieben.") == 1


def test_a_double_click_makes_one_post(sign_in, live: LiveServer):
    page = sign_in("petra")
    begin_topic(page, "Doppelt gedrückt", "Der Anfang.")
    write(page, "Zitternde Hand.")
    page.locator("#reply .btn-primary").dblclick()
    expect(post_of(page, "Zitternde Hand.")).to_be_visible()
    assert count_posts(live, "Zitternde Hand.") == 1


def test_a_session_that_ended_costs_a_sign_in_and_no_word(sign_in, windows: Windows, live: LiveServer):
    windows.forgive("status of 401")
    page = sign_in("petra", "phone")
    begin_topic(page, "Nach der Nachtschicht", "Der Anfang.")
    write(page, "Vor dem Einschlafen.")
    expect(page.get_by_text("Entwurf gespeichert")).to_be_visible()
    page.context.clear_cookies()
    page.locator("#reply .btn-primary").click()
    expect(page.get_by_text("Was du geschrieben hast, ist noch da")).to_be_visible()
    page.fill("#email", ADDRESSES["petra"])
    page.fill("#password", PASSWORD)
    page.get_by_role("button", name="Anmelden", exact=True).click()
    expect(page.get_by_role("heading", name="Noch einmal senden")).to_be_visible()
    expect(page.locator("#text")).to_have_value("Vor dem Einschlafen.")
    page.get_by_role("button", name="Jetzt senden").click()
    expect(post_of(page, "Vor dem Einschlafen.")).to_be_visible()
    assert count_posts(live, "Vor dem Einschlafen.") == 1


def test_a_draft_is_there_again_after_the_tab_was_closed(sign_in):
    page = sign_in("petra")
    topic = begin_topic(page, "Zwischen zwei Schichten", "Der Anfang.")
    write(page, "Halb fertig")
    expect(page.get_by_text("Entwurf gespeichert")).to_be_visible()
    context = page.context
    page.close()
    page = context.new_page()
    page.goto(topic)
    expect(page.locator("#text")).to_have_value("Halb fertig")
    start_writing(page)
    page.keyboard.press("Control+End")
    page.keyboard.type(", jetzt ganz.")
    page.locator("#reply .btn-primary").click()
    expect(post_of(page, "Halb fertig, jetzt ganz.")).to_be_visible()
    expect(page.locator("#text")).to_have_value("")


def test_one_post_edited_in_two_windows_shows_both(sign_in, windows: Windows):
    windows.forgive("status of 409")
    page = sign_in("petra")
    begin_topic(page, "Zwei Fenster", "Die Regelung gilt ab Mai.")
    page.get_by_role("link", name="Bearbeiten #1").click()
    other = page.context.new_page()
    other.goto(page.url)
    _replace_text(other, "Die Regelung gilt ab Juni.")
    other.get_by_role("button", name="Speichern").click()
    expect(post_of(other, "ab Juni")).to_be_visible()
    _replace_text(page, "Die Regelung gilt ab Juli.")
    page.get_by_role("button", name="Speichern").click()
    expect(page.get_by_text("Der Beitrag wurde inzwischen an anderer Stelle geändert.")).to_be_visible()
    expect(page.locator(".card", has_text="So steht es jetzt da")).to_contain_text("ab Juni")
    expect(page.locator("#text")).to_have_value("Die Regelung gilt ab Juli.")
    expect(page.locator(".card ins")).to_contain_text("Juli")
    page.get_by_role("button", name="Speichern").click()
    expect(post_of(page, "ab Juli")).to_be_visible()


def _replace_text(page: Page, text: str) -> None:
    start_writing(page)
    page.keyboard.press("Control+A")
    page.keyboard.type(text)


def test_two_who_answer_at_once_both_stand_there(sign_in, live: LiveServer):
    petra, manfred = sign_in("petra"), sign_in("manfred")
    topic = begin_topic(petra, "Gleichzeitig", "Wer ist schneller?")
    manfred.goto(topic)
    write(petra, "Ich, sagt Petra.")
    write(manfred, "Ich, sagt Manfred.")
    for page in (petra, manfred):
        page.locator("#reply .btn-primary").evaluate("button => { setTimeout(() => button.click(), 50) }")
    expect(post_of(petra, "Ich, sagt Petra.")).to_be_visible()
    expect(post_of(manfred, "Ich, sagt Manfred.")).to_be_visible()
    petra.goto(topic)
    expect(petra.locator(".post")).to_have_count(3)
    numbers = petra.locator(".post").evaluate_all("posts => posts.map(post => post.dataset.number)")
    assert numbers == ["1", "2", "3"]


# --- Without JavaScript -----------------------------------------------------------------------------------


def test_everything_works_without_javascript(sign_in, windows: Windows):
    petra = windows.visit(java_script_enabled=False)
    enter(petra, ADDRESSES["petra"], PASSWORD)
    petra.goto(BOARD)
    petra.get_by_role("link", name="Thema beginnen").click()
    petra.fill("#title", "Ohne Skript")
    petra.fill("#text", "Es geht **auch so**.")
    petra.get_by_role("button", name="Vorschau").click()
    expect(petra.locator(".preview strong")).to_have_text("auch so")
    petra.get_by_role("button", name="Thema beginnen").click()
    expect(petra.get_by_role("heading", level=1)).to_have_text("Ohne Skript")
    topic = petra.url

    petra.get_by_role("link", name="Zitieren #1").click()
    quoted = petra.locator("#text").input_value()
    assert "> Es geht **auch so**." in quoted
    petra.fill("#text", f"{quoted}Und mit Zitat.")
    petra.get_by_role("button", name="Antworten").click()
    expect(post_of(petra, "Und mit Zitat.").locator("blockquote")).to_be_visible()
    petra.fill("#text", "Eine Antwort gleich hier.")
    petra.locator("#reply .btn-primary").click()
    expect(post_of(petra, "Eine Antwort gleich hier.")).to_be_visible()

    petra.get_by_role("link", name="Bearbeiten #3").click()
    petra.fill("#text", "Eine bessere Antwort.")
    petra.get_by_role("button", name="Speichern").click()
    expect(post_of(petra, "Eine bessere Antwort.")).to_contain_text("Geändert")

    manfred = sign_in("manfred", java_script_enabled=False)
    manfred.goto(topic)
    expect(manfred.locator(".post.new")).to_have_count(3)
    manfred.get_by_role("button", name="Bis hier als gelesen markieren").click()
    expect(manfred.locator(".post.new")).to_have_count(0)
    manage(manfred, "Oben anheften")
    expect(manfred.locator(".head .state")).to_have_text("Angeheftet")
    manfred.locator(".toast").get_by_role("button", name="Rückgängig").click()
    manage(manfred, "Schließen")
    expect(manfred.locator(".head .state")).to_have_text("Geschlossen")
    manage(manfred, "Wieder öffnen")
    third = post_of(manfred, "Eine bessere Antwort.")
    third.locator("summary").click()
    third.get_by_role("link", name="Verbergen").click()
    manfred.get_by_label("Grund").fill("Zum Versuch.")
    manfred.get_by_role("button", name="Verbergen").click()
    expect(manfred.locator(".post-stub")).to_contain_text("Zum Versuch.")
    manfred.get_by_role("button", name="Wiederherstellen #3").click()
    expect(manfred.locator(".post-stub")).to_have_count(0)

    petra.goto("/")
    if petra.get_by_role("button", name="Alles als gelesen markieren").count():
        petra.get_by_role("button", name="Alles als gelesen markieren").click()
    expect(petra.get_by_role("heading", name="Du bist auf dem neuesten Stand")).to_be_visible()
    _choose_view(petra, "Dunkel")
    expect(petra.locator("html")).to_have_attribute("data-theme", "dark")
    _choose_view(petra, "English")
    expect(petra.locator("html")).to_have_attribute("lang", "en")
    _choose_view(petra, "Deutsch")
    expect(petra.locator("html")).to_have_attribute("lang", "de")
    petra.locator("header summary").click()
    petra.locator("header .choice button[value=auto]").click()
    expect(petra.locator("html")).to_have_attribute("data-theme", "auto")


def _choose_view(page: Page, label: str) -> None:
    page.locator("header summary").click()
    page.locator("header .choice button", has_text=label).click()


# --- The door --------------------------------------------------------------------------------------------


def test_a_visitor_is_led_to_the_door_and_back_to_the_page_asked_for(visit, live: LiveServer):
    page = visit("phone")
    page.goto(f"{BOARD}?filter=mine")
    expect(page.get_by_role("heading", name="Anmelden")).to_be_visible()
    page.fill("#email", ADDRESSES["petra"])
    page.fill("#password", PASSWORD)
    page.get_by_role("button", name="Anmelden", exact=True).click()
    page.wait_for_url(f"**{BOARD}?filter=mine")


def test_after_signing_out_the_back_button_shows_nothing(windows: Windows):
    page = windows.visit("phone")
    enter(page, ADDRESSES["petra"], PASSWORD)
    page.goto(BOARD)
    page.goto("/account/profile")
    _leave(page.context, page)
    page.go_back()
    expect(page.get_by_role("heading", name="Anmelden")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("heading", name="Anmelden")).to_be_visible()


def _leave(context: BrowserContext, page: Page) -> None:
    page.locator("header summary").click()
    page.get_by_role("button", name="Abmelden").click()
    page.wait_for_url("**/sign-in")
    assert not any(cookie["name"] == "remember_token" for cookie in context.cookies())
