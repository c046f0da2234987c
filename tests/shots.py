"""`make shots`: pictures of the demo's pages, phone and desk, light and dark, in shots/ for anybody to look through.

Usage: python -m tests.shots [part of a name …]; without arguments all pages.
"""

import shutil
import sys
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from forum.seeds.demo import PASSWORD, sign_ins
from tests.live import demo_server

FOLDER = Path(__file__).parent.parent / "shots"
SIZES = {"phone": (390, 844), "desk": (1280, 900)}

#: Name, who looks (None: a visitor), address.
PAGES = [
    ("sign-in", None, "/sign-in"),
    ("reset", None, "/password/forgotten"),
    ("join", None, "/join"),
    ("imprint", None, "/imprint"),
    ("privacy", None, "/privacy"),
    ("start", "petra", "/"),
    ("boards", "petra", "/boards"),
    ("board", "petra", "/boards/20"),
    ("board-unread", "petra", "/boards/20?filter=unread"),
    ("board-mine-empty", "petra", "/boards/23?filter=mine"),
    ("topic", "petra", "/topics/{long}"),
    ("topic-last", "petra", "/topics/{long}?page=3"),
    ("topic-hidden", "petra", "/topics/{hidden}"),
    ("topic-print", "petra", "/topics/{long}/print"),
    ("new-topic", "petra", "/boards/20/topics/new"),
    ("space", "petra", "/spaces/5"),
    ("members", "petra", "/spaces/5/members"),
    ("sites", "petra", "/spaces/5/sites"),
    ("council", "petra", "/councils/14"),
    ("member", "petra", "/members/{me}"),
    ("profile", "petra", "/account/profile"),
    ("security", "petra", "/account/security"),
    ("codes", "petra", "/account/codes/new"),
    ("not-found", "petra", "/topics/999999"),
    ("chat", "petra", "/chat"),
    ("new-conversation", "petra", "/chat/conversations/new"),
    ("new-conversation-nobody", "petra", "/chat/conversations/new?q=Xyzzy"),
    ("new-group", "petra", "/chat/conversations/new?group=1"),
    ("room", "petra", "/chat/rooms/{room}"),
    ("room-older", "petra", "/chat/rooms/{room}?before={message}"),
    ("message-actions", "petra", "/chat/messages/{message}/actions"),
    ("room-people", "petra", "/chat/rooms/{room}/people"),
    ("room-search", "petra", "/chat/rooms/{room}/search?q=Schicht"),
    ("room-pinned", "petra", "/chat/rooms/{room}/pinned"),
    ("room-export", "petra", "/chat/rooms/{room}/export"),
    ("chat-preferences", "petra", "/chat/preferences"),
    ("notices", "petra", "/notices"),
    ("notice-preferences", "petra", "/notices/preferences"),
    ("announcements", "petra", "/announcements"),
    ("announcements-all", "sabine", "/announcements?show=all"),
    ("announcements-archive", "petra", "/announcements?show=archive"),
    ("announcement", "petra", "/announcements/1"),
    ("announcement-planned", "sabine", "/announcements/7"),
    ("announcement-new", "sabine", "/announcements/new"),
    ("announcement-edit", "sabine", "/announcements/1/edit"),
    ("announcement-standing", "sabine", "/announcements/1/standing"),
    ("announcement-topic", "petra", "/announcements/1/spaces/1/topic/new"),
    ("announcement-check", "petra", "/announcements/check"),
    ("libraries", "petra", "/documents"),
    ("library", "petra", "/spaces/5/documents"),
    ("library-tiles", "petra", "/spaces/5/documents?view=tiles"),
    ("library-sifted", "petra", "/spaces/5/documents?kind=agreement&sort=title&q=Arbeit"),
    ("library-nothing", "petra", "/spaces/5/documents?q=Xyzzy"),
    ("library-details", "petra", "/spaces/5/documents?details={document}"),
    ("folder", "petra", "/folders/{folder}"),
    ("document", "petra", "/documents/{document}"),
    ("comparison", "petra", "/documents/{document}/comparison"),
    ("comparison-sides", "petra", "/documents/{document}/comparison?view=sides"),
    ("version", "petra", "/documents/{document}/versions/1"),
    ("new-document", "petra", "/spaces/5/documents/new"),
    ("new-version", "petra", "/documents/{document}/versions/new"),
    ("new-folder", "petra", "/spaces/5/folders/new"),
    ("library-bin", "petra", "/spaces/5/documents/bin"),
    ("history", "petra", "/posts/{edited}/history"),
    ("manage-boards", "manfred", "/spaces/5/boards"),
    ("edit-board", "manfred", "/boards/20/edit"),
    ("topic-moderator", "manfred", "/topics/{long}"),
    ("hide", "manfred", "/posts/{first}/hiding"),
    ("move", "manfred", "/topics/{long}/move"),
    ("chat-moderator", "manfred", "/chat"),
    ("new-room", "manfred", "/spaces/5/rooms/new"),
    ("edit-room", "manfred", "/chat/rooms/{room}/edit"),
    ("room-moderator", "manfred", "/chat/rooms/{room}"),
    ("remove-message", "manfred", "/chat/messages/{message}/removal"),
    ("room-people-moderator", "manfred", "/chat/rooms/{room}/people"),
    ("silence", "manfred", "/chat/rooms/{room}/people/{me}/silence"),
    ("edit-document", "manfred", "/documents/{document}/edit"),
    ("move-document", "manfred", "/spaces/5/documents/move?ids={document}"),
    ("edit-folder", "manfred", "/folders/{folder}/edit"),
    ("move-folder", "manfred", "/folders/{folder}/move"),
    ("remove-folder", "manfred", "/folders/{folder}/removal"),
    ("confidentiality", "manfred", "/folders/{folder}/confidentiality"),
    ("edit-space", "manfred", "/spaces/5/edit"),
    ("edit-member", "manfred", "/spaces/5/members/{me}"),
    ("invitations", "manfred", "/invitations"),
    ("invite", "manfred", "/invitations/new"),
    ("record", "manfred", "/spaces/5/record"),
    ("start-admin", "admin", "/"),
    ("admin-members", "admin", "/administration/members"),
    ("admin-mails", "admin", "/administration/mails"),
    ("admin-jobs", "admin", "/administration/jobs"),
    ("admin-spaces", "admin", "/spaces"),
    ("admin-record", "admin", "/record"),
]


def main() -> None:
    wanted = sys.argv[1:]
    FOLDER.mkdir(exist_ok=True)
    with demo_server() as server, sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for theme in ("light", "dark"):
            for size, (width, height) in SIZES.items():
                _walk(browser, server.url, server.places(), theme, size, width, height, wanted)


def _walk(
    browser: Browser,
    url: str,
    places: dict[str, int],
    theme: str,
    size: str,
    width: int,
    height: int,
    wanted: list[str],
) -> None:
    contexts: dict[str | None, BrowserContext] = {}
    for name, who, path in PAGES:
        if wanted and not any(part in name for part in wanted):
            continue
        if who not in contexts:
            contexts[who] = browser.new_context(
                viewport={"width": width, "height": height},
                color_scheme=theme,
                locale="de-DE",
                base_url=url,
                has_touch=size == "phone",
                is_mobile=size == "phone",
            )
            if who:
                _sign_in(contexts[who].new_page(), who)
        page = contexts[who].new_page()
        page.goto(path.format(**places))
        page.wait_for_timeout(150)
        page.screenshot(path=FOLDER / f"{name}-{size}-{theme}.png", full_page=True)
        page.close()


def _sign_in(page: Page, who: str) -> None:
    addresses = dict(
        zip(("petra", "manfred", "sabine", "admin"), (address for _, address in sign_ins()), strict=True)
    )
    page.goto("/sign-in")
    page.fill("#email", addresses[who])
    page.fill("#password", PASSWORD)
    page.locator("main form button[type=submit]").first.click()
    page.wait_for_url("**/")
    page.close()


if __name__ == "__main__":
    main()
