"""The bell rings on every open page, and falls silent where the thing is looked at."""

import re
from uuid import uuid4

from playwright.sync_api import Page, expect

from tests.journeys.test_stories import begin_topic

#: The work behind it, the moment of chance, and a busy machine.
SOON = 20_000


def answer(page: Page, topic: str, text: str) -> None:
    """Reply from elsewhere, without the page that has the topic open."""
    token = page.locator("[name=csrf_token]").first.get_attribute("value") or ""
    fields = {"csrf_token": token, "text": text, "client_key": str(uuid4())}
    assert page.request.post(f"{topic}/posts", form=fields).ok


def count(page: Page) -> int:
    shown = page.locator("[data-bell] .count > [aria-hidden]")
    return int(shown.inner_text()) if shown.count() else 0


def test_an_answer_rings_on_an_open_page_and_reading_it_is_known_on_all_devices(sign_in):
    petra, phone, manfred = sign_in("petra"), sign_in("petra", "phone"), sign_in("manfred")
    begin_topic(petra, "Wer klingelt da?", "Meldet euch.")
    topic = re.sub(r"#.*", "", petra.url)
    before = count(petra)
    phone.goto("/notices")
    petra.goto("/imprint")
    answer(manfred, topic, "Ich.")
    for page in (petra, phone):
        expect(page.locator("[data-bell] .count > [aria-hidden]")).to_have_text(str(before + 1), timeout=SOON)
    button = phone.get_by_role("button", name="Neues anzeigen")
    expect(button).to_be_visible(timeout=SOON)
    button.click()
    row = phone.locator("#notices .topic", has_text="Wer klingelt da?")
    expect(row).to_have_class(re.compile("unread"))
    assert phone.title() == "Neues · Netzwerk"

    petra.locator("[data-bell]").click()
    petra.locator("#notices a", has_text="Wer klingelt da?").click()
    expect(row).not_to_have_class(re.compile("unread"), timeout=SOON)
    shown = phone.locator("[data-bell] .count > [aria-hidden]")
    if before:
        expect(shown).to_have_text(str(before), timeout=SOON)
    else:
        expect(shown).to_have_count(0, timeout=SOON)


def test_what_a_day_brings_is_said_while_somebody_chooses(sign_in):
    petra = sign_in("petra")
    petra.goto("/notices/preferences")
    day = petra.locator("#day")
    petra.get_by_label("Einmal in der Woche").check()
    petra.get_by_label("An welchem Tag?").select_option("Mittwoch")
    expect(day).to_contain_text("mittwochs gegen")
    petra.get_by_label("Keine Mails").check()
    expect(day).to_contain_text("unter der Glocke")
    expect(petra.get_by_label("An welchem Tag?")).to_be_hidden()
    expect(petra.get_by_label("Um wie viel Uhr?")).to_be_hidden()


def test_whoever_is_chosen_behind_an_at_sign_hears_of_it(sign_in):
    petra, manfred = sign_in("petra"), sign_in("manfred")
    begin_topic(petra, "Frage an einen", "Weiß das jemand?")
    manfred.goto("/imprint")
    before = count(manfred)
    petra.locator("#text").click()
    petra.locator(".composer-text").wait_for()
    petra.keyboard.type("Weißt du das, @manf")
    petra.get_by_role("option", name="Manfred Lehnigk").wait_for()
    petra.keyboard.press("Enter")
    petra.keyboard.type("von letztem Jahr?")
    petra.locator("#reply").get_by_role("button", name="Antworten").click()
    expect(petra.locator(".post .text a", has_text="Manfred Lehnigk")).to_be_visible()
    expect(manfred.locator("[data-bell] .count > [aria-hidden]")).to_have_text(str(before + 1), timeout=SOON)
    manfred.goto("/notices")
    expect(manfred.locator("#notices .topic", has_text="Frage an einen")).to_contain_text(
        "Du wurdest genannt"
    )
