"""What a browser has to carry: a first visit with an empty cache, and a later page with a warm one."""

import shutil
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Browser, sync_playwright

_KINDS = {"Script": "js", "Stylesheet": "css", "Font": "fonts"}


@dataclass
class Weight:
    """Bytes over the wire, heads of answers included, as they were compressed for the browser."""

    total: int = 0
    requests: int = 0
    failed: int = 0
    kinds: dict[str, int] = field(default_factory=lambda: dict.fromkeys(_KINDS.values(), 0))


def weigh(url: str, cookie: str, visits: dict[str, tuple[str, str]]) -> dict[str, tuple[Weight, Weight]]:
    """For each visit of two pages, with a new browser profile each: what the first and what the second weighs."""
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        try:
            return {name: _visit(browser, url, cookie, paths) for name, paths in visits.items()}
        finally:
            browser.close()


def _visit(browser: Browser, url: str, cookie: str, paths: tuple[str, str]) -> tuple[Weight, Weight]:
    name, _, value = cookie.partition("=")
    context = browser.new_context(locale="de-DE", viewport={"width": 390, "height": 844})
    context.add_cookies([{"name": name, "value": value, "url": url}])
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    seen: dict[str, dict[str, Any]] = {}

    def sent(event: dict[str, Any]) -> None:
        # Noting what was read is a POST some time after; it belongs to reading, not to the visit.
        if event["request"]["method"] == "GET" and event["request"]["url"].startswith(url):
            seen[event["requestId"]] = {
                "kind": event.get("type"),
                "bytes": 0,
                "cached": False,
                "failed": False,
            }

    def answered(event: dict[str, Any]) -> None:
        if event["requestId"] in seen:
            answer = event["response"]
            seen[event["requestId"]]["failed"] = answer["status"] >= 400
            if answer.get("fromDiskCache") or answer.get("fromPrefetchCache"):
                seen[event["requestId"]]["cached"] = True

    def cached(event: dict[str, Any]) -> None:
        if event["requestId"] in seen:
            seen[event["requestId"]]["cached"] = True

    def loaded(event: dict[str, Any]) -> None:
        if event["requestId"] in seen:
            seen[event["requestId"]]["bytes"] = int(event["encodedDataLength"])

    session.on("Network.requestWillBeSent", sent)
    session.on("Network.responseReceived", answered)
    session.on("Network.requestServedFromCache", cached)
    session.on("Network.loadingFinished", loaded)
    weights = []
    for path in paths:
        seen.clear()
        page.goto(url + path, wait_until="networkidle", timeout=20_000)
        weights.append(_sum(list(seen.values())))
    context.close()
    return weights[0], weights[1]


def _sum(seen: list[dict[str, Any]]) -> Weight:
    weight = Weight()
    for request in seen:
        if request["cached"]:
            continue
        weight.total += request["bytes"]
        weight.requests += 1
        weight.failed += request["failed"]
        if request["kind"] in _KINDS:
            weight.kinds[_KINDS[request["kind"]]] += request["bytes"]
    return weight
