"""Browsers for the journeys: one demo house, a window for each person, and what no page may ever do."""

import re
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, StorageState, expect, sync_playwright

from forum.seeds.demo import PASSWORD, SIGN_INS, sign_ins
from tests.live import LiveServer, demo_server

SIZES: dict[str, dict[str, Any]] = {
    "phone": {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True},
    "desk": {"viewport": {"width": 1280, "height": 900}},
}
ADDRESSES = dict(zip(SIGN_INS, (address for _label, address in sign_ins()), strict=True))


#: So long a page may take for anything, in milliseconds: two browsers and a house share two processors.
PATIENCE = 15_000
expect.set_options(timeout=PATIENCE)


class Windows:
    """Opens browser windows at one house and notes what their pages do wrong.

    Wrong is: a request to another origin, an error in the console (a breach of the content policy shows there
    too), an uncaught exception.
    """

    def __init__(self, browser: Browser, url: str, cards: dict[str, StorageState]) -> None:
        self._browser = browser
        self._url = url
        self.cards = cards
        self._contexts: list[BrowserContext] = []
        self._forgiven: list[str] = []
        self.faults: list[str] = []

    def visit(self, size: str = "desk", **options: Any) -> Page:
        """A window of its own that nobody signed in at."""
        context = self._browser.new_context(
            base_url=self._url, locale="de-DE", timezone_id="Europe/Berlin", **{**SIZES[size], **options}
        )
        context.set_default_timeout(PATIENCE)
        context.on("request", lambda request: self._check_address(request.url))
        context.on("console", lambda message: message.type == "error" and self._note(message.text))
        context.on("weberror", lambda error: self._note(f"uncaught: {error.error}"))
        self._contexts.append(context)
        return context.new_page()

    def sign_in(self, person: str, size: str = "desk", **options: Any) -> Page:
        """A window in which somebody of the demo is signed in, on the start page."""
        if person not in self.cards:
            page = self.visit()
            enter(page, ADDRESSES[person], PASSWORD)
            self.cards[person] = page.context.storage_state()
            page.context.close()
        page = self.visit(size, storage_state=self.cards[person], **options)
        page.goto("/")
        return page

    def forgive(self, pattern: str) -> None:
        """Errors like this are part of the story."""
        self._forgiven.append(pattern)

    def close(self) -> None:
        for context in self._contexts:
            context.close()

    def take_faults(self) -> list[str]:
        """What was wrong since the last time."""
        found = [text for text in self.faults if not any(re.search(part, text) for part in self._forgiven)]
        self.faults.clear()
        return found

    def _check_address(self, address: str) -> None:
        if not address.startswith((f"{self._url}/", "data:", "blob:", "about:")):
            self._note(f"request to {address}")

    def _note(self, text: str) -> None:
        self.faults.append(text)


def enter(page: Page, email: str, password: str) -> None:
    """Sign in with the form."""
    page.goto("/sign-in")
    page.fill("#email", email)
    page.fill("#password", password)
    page.get_by_role("button", name="Anmelden", exact=True).click()
    page.wait_for_url("**/")


def start_writing(page: Page) -> None:
    """Into the field, as it is written in: with script the editor takes the place of the plain field."""
    field = page.locator("#text")
    if field.is_visible():
        field.focus()
    if page.evaluate("typeof window !== 'undefined'"):
        expect(page.locator("main [role=textbox][contenteditable=true]")).to_be_focused()


def write(page: Page, text: str) -> None:
    """Type the text where the cursor would stand after a click into the field."""
    start_writing(page)
    page.keyboard.type(text)


@pytest.fixture(scope="session")
def live() -> Iterator[LiveServer]:
    """The demo as `make demo` starts it."""
    with demo_server() as server:
        yield server


@pytest.fixture(scope="session")
def cards() -> dict[str, StorageState]:
    """The cookies of those who signed in once."""
    return {}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The Chromium of the system; one a module, because there can only be one driver at a time."""
    with sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture
def windows(browser: Browser, live: LiveServer, cards: dict[str, StorageState]) -> Iterator[Windows]:
    """Windows at the demo; the test fails if a page did what no page may."""
    opened = Windows(browser, live.url, cards)
    yield opened
    opened.close()
    assert not opened.take_faults()


@pytest.fixture
def sign_in(windows: Windows) -> Callable[..., Page]:
    """`sign_in("petra", "phone")`: a window in which Petra is signed in."""
    return windows.sign_in


@pytest.fixture
def visit(windows: Windows) -> Callable[..., Page]:
    """`visit("phone")`: a window in which nobody is signed in."""
    return windows.visit
