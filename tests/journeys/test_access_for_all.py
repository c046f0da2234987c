"""Everybody can use every page: with a screen reader, large type, a keyboard, forced colours, a tiny screen."""

import re
from collections.abc import Callable, Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, StorageState, expect

from forum.seeds.demo import PASSWORD
from tests.journeys.conftest import ADDRESSES, Windows, start_writing
from tests.live import LiveServer
from tests.shots import PAGES

AXE = Axe()
EACH_PAGE = pytest.mark.parametrize(("who", "path"), [pytest.param(*page[1:], id=page[0]) for page in PAGES])

#: What sticks out of the window or is cut off. Titles in lists end after two lines: the topic has all of it; so do
#: the beginnings of messages that are answered, which lead to the whole.
FIND_CUT = """() => {
  const faults = [];
  const root = document.documentElement;
  const width = root.clientWidth;
  const describe = (element) => `<${element.tagName.toLowerCase()} class="${element.className}"> ${element.textContent.trim().slice(0, 40)}`;
  if (root.scrollWidth > width) faults.push(`scrolls sideways: ${root.scrollWidth} > ${width}`);
  for (const element of document.body.querySelectorAll("*:not(input)")) {
    if (!element.checkVisibility({ visibilityProperty: true }) || element.closest("svg, .skip, .table-scroll, .title, .clamped, .composer-toolbar")) continue;
    const box = element.getBoundingClientRect();
    if (box.width <= 1 || box.height <= 1) continue; // said, not shown
    if (box.right > width + 1 || box.left < -1) faults.push(`outside: ${describe(element)}`);
    const { overflowX, overflowY } = getComputedStyle(element);
    if (["hidden", "clip"].includes(overflowX) && element.scrollWidth > element.clientWidth + 1) faults.push(`cut: ${describe(element)}`);
    if (["hidden", "clip"].includes(overflowY) && element.scrollHeight > element.clientHeight + 1) faults.push(`cut below: ${describe(element)}`);
  }
  return faults;
}"""

#: What is wrong with the way the focused element shows that it has the focus.
CHECK_FOCUS = """() => {
  const element = document.activeElement;
  if (element === document.body) return null;
  const frame = element.closest("[role=textbox]") ? element.closest(".composer") : element; // the editor rings its frame
  const rings = [getComputedStyle(frame), getComputedStyle(frame, "::after"), getComputedStyle(frame, "::before")];
  const ring = rings.some((style) => style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2);
  const box = element.getBoundingClientRect();
  const top = document.elementFromPoint(box.left + box.width / 2, Math.min(Math.max(box.top + box.height / 2, 1), innerHeight - 1));
  const shown = top && (element.contains(top) || top.contains(element));
  const inside = box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
  const name = `${element.tagName} ${element.className} ${element.textContent.trim().slice(0, 40)}`;
  return { name, fault: !inside ? "outside the window" : !shown ? `hidden by ${top?.outerHTML.slice(0, 80)}` : !ring ? "no ring" : "" };
}"""

#: Words and icons in the colour of what they stand on.
FIND_UNREADABLE = """() => [...document.querySelectorAll("a, button, summary, p, h1, h2, label, svg.icon")].filter((element) => {
  if (!element.checkVisibility({ visibilityProperty: true })) return false;
  const style = getComputedStyle(element);
  const colour = element.matches("svg") ? style.stroke : style.color;
  let ground = element;
  while (ground && /, 0\\)|transparent/.test(getComputedStyle(ground).backgroundColor)) ground = ground.parentElement;
  return ground && colour === getComputedStyle(ground).backgroundColor;
}).map((element) => element.outerHTML.slice(0, 120))"""


class Tabs:
    """One tab for each reader and size, kept for all pages: only the first load is slow."""

    def __init__(self, windows: Windows, live: LiveServer) -> None:
        self.windows = windows
        self._places = live.places()
        self._open: dict[tuple[str | None, str], Page] = {}

    def show(self, who: str | None, path: str, size: str, **media: str) -> Page:
        """The page, loaded again."""
        if (who, size) not in self._open:
            self._open[who, size] = (
                self.windows.sign_in(who, size) if who is not None else self.windows.visit(size)
            )
        page = self._open[who, size]
        page.emulate_media(**media)
        page.goto(path.format(**self._places))
        return page


@pytest.fixture(scope="module")
def all_tabs(browser: Browser, live: LiveServer, cards: dict[str, StorageState]) -> Iterator[Tabs]:
    windows = Windows(browser, live.url, cards)
    windows.forgive("status of 404")  # one of the pages is about what is not there
    yield Tabs(windows, live)
    windows.close()


@pytest.fixture
def tabs(all_tabs: Tabs) -> Iterator[Tabs]:
    yield all_tabs
    assert not all_tabs.windows.take_faults()


@EACH_PAGE
def test_axe_finds_nothing_in_either_theme(tabs: Tabs, live: LiveServer, who: str | None, path: str):
    for size, theme in (("phone", "light"), ("desk", "dark")):
        page = tabs.show(who, path, size, color_scheme=theme)
        violations = AXE.run(page).response["violations"]
        assert not _briefly(violations), f"{size} {theme}"


@EACH_PAGE
def test_nothing_is_cut_on_a_tiny_screen_or_with_large_type(tabs: Tabs, live: LiveServer, who, path):
    page = tabs.show(who, path, "desk")
    browser = page.context.new_cdp_session(page)
    try:
        page.set_viewport_size({"width": 320, "height": 256})  # 1280 px at 400 %
        assert page.evaluate(FIND_CUT) == []
        browser.send("Page.setFontSizes", {"fontSizes": {"standard": 32, "fixed": 26}})
        page.set_viewport_size({"width": 1280, "height": 900})
        assert page.evaluate(FIND_CUT) == []
        page.set_viewport_size({"width": 390, "height": 844})
        assert page.evaluate(FIND_CUT) == []
    finally:
        browser.send("Page.setFontSizes", {"fontSizes": {"standard": 16, "fixed": 13}})
        page.set_viewport_size({"width": 1280, "height": 900})
        browser.detach()


@pytest.mark.parametrize("size", ["phone", "desk"])
def test_open_menus_stay_inside_the_window(tabs: Tabs, size: str):
    page = tabs.show("manfred", "/topics/{long}", size)
    for width in (320, 390, 1280) if size == "desk" else (390,):
        page.set_viewport_size({"width": width, "height": 844})
        for menu in page.locator("details.menu").all():
            if not menu.is_visible():
                continue
            menu.locator("summary").click()
            panel = menu.locator(".panel")
            expect(panel).to_be_visible()
            box = panel.bounding_box()
            assert box is not None
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= width
            page.keyboard.press("Escape")
    page.set_viewport_size(
        {"width": 1280, "height": 900} if size == "desk" else {"width": 390, "height": 844}
    )


@pytest.mark.parametrize("path", ["/", "/boards/20", "/topics/{long}", "/account/security"])
def test_forced_colours_leave_everything_readable(tabs: Tabs, path: str):
    page = tabs.show("petra", path, "desk", forced_colors="active")
    assert page.evaluate(FIND_UNREADABLE) == []
    here = page.locator("nav.rail [aria-current]")
    other = page.locator("nav.rail a:not([aria-current])").first
    for mark in here.all():
        assert mark.evaluate("e => getComputedStyle(e).borderLeftColor") != other.evaluate(
            "e => getComputedStyle(e).borderLeftColor"
        )
    page.emulate_media(forced_colors="none")


def test_the_skip_link_leads_to_the_content(sign_in: Callable[..., Page]):
    page = sign_in("petra")
    page.goto("/boards/20")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Zum Inhalt")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport(ratio=1)
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    page.keyboard.press("Tab")
    assert page.evaluate("document.querySelector('#main').contains(document.activeElement)")


@pytest.mark.parametrize("size", ["desk", "phone"])
def test_every_stop_of_the_tab_key_on_a_topic_shows_a_ring(sign_in, live: LiveServer, size: str):
    page = sign_in("manfred", size, reduced_motion="reduce")
    page.goto(f"/topics/{live.places()['long']}")
    stops: list[str] = []
    faults = []
    for _ in range(400):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id === 'text'"):
            start_writing(page)
        stop = page.evaluate(CHECK_FOCUS)
        if stop is None:
            break
        stops.append(stop["name"])
        if stop["fault"]:
            faults.append(f"{stop['fault']}: {stop['name']}")
    else:
        pytest.fail(f"the Tab key does not get out: {stops[-5:]}")
    assert faults == []
    assert len(stops) > 50


def test_an_evening_without_a_mouse(visit: Callable[..., Page], live: LiveServer):
    page = visit()
    page.goto("/sign-in")
    expect(page.locator("#email")).to_be_focused()
    page.keyboard.type(ADDRESSES["petra"])
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/")

    _go_by_tab(page, "Foren")
    page.wait_for_url("**/boards")
    _go_by_tab(page, "Qualifizierung und Ausbildung")
    page.wait_for_url("**/boards/*")
    _tab_to(page, "main .topic .whole")
    page.keyboard.press("Enter")
    page.wait_for_url("**/topics/**")

    _tab_to(page, "main .post summary")
    page.keyboard.press("Enter")
    expect(page.locator(".post details[open] .panel")).to_be_visible()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.matches('.panel *')")
    page.keyboard.press("Escape")
    expect(page.locator(".post details[open]")).to_have_count(0)
    assert page.evaluate("document.activeElement.matches('summary')")

    page.evaluate("document.querySelector('#main').focus()")
    _tab_to(page, "[data-quote]")
    page.keyboard.press("Enter")
    expect(page.locator("#text")).to_have_value(re.compile("> "))
    page.keyboard.type("Bei uns läuft das ohne Maus.")
    expect(page.get_by_text("Entwurf gespeichert")).to_be_visible()

    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    expect(page.get_by_role("heading", name="Kalender")).to_be_visible()
    expect(page).to_have_title("Kalender")
    expect(page.get_by_role("button", name="Zurück")).to_be_focused()
    expect(page.locator("main")).not_to_be_visible()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_visible()
    expect(page.locator("#text")).to_have_value(re.compile("> .*ohne Maus", re.DOTALL))

    page.keyboard.type(" Wirklich.")
    _tab_to(page, "#reply .btn-primary")
    page.keyboard.press("Enter")
    mine = page.locator(".post.own").filter(has_text="Bei uns läuft das ohne Maus. Wirklich.")
    expect(mine).to_be_visible()
    expect(mine.locator("blockquote")).to_be_visible()


def _briefly(violations: list[dict]) -> list[str]:
    return [
        f"{found['id']}: {node['target']} {node.get('failureSummary', '')[:300]}"
        for found in violations
        for node in found["nodes"]
    ]


def _tab_to(page: Page, selector: str) -> None:
    for _ in range(300):
        page.keyboard.press("Tab")
        if page.evaluate("(selector) => document.activeElement.matches(selector)", selector):
            return
    pytest.fail(f"the Tab key never comes to {selector}")


def _go_by_tab(page: Page, name: str) -> None:
    for _ in range(300):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.innerText?.trim().split('\\n')[0]") == name:
            page.keyboard.press("Enter")
            return
    pytest.fail(f"the Tab key never comes to “{name}”")
