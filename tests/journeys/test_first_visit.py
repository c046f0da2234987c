"""The first visit is light, and later pages are lighter: what a slow line in the works canteen has to carry."""

from collections import Counter
from typing import Any

from playwright.sync_api import Page

from tests.live import LiveServer


class Scales:
    """Weighs what comes over the line, in kilobytes by kind."""

    def __init__(self, page: Page) -> None:
        self._kinds: dict[str, str] = {}
        self.bytes: Counter[str] = Counter()
        self.requests: list[str] = []
        session = page.context.new_cdp_session(page)
        session.on("Network.responseReceived", self._received)
        session.on("Network.loadingFinished", self._finished)
        session.send("Network.enable")

    def _received(self, event: dict[str, Any]) -> None:
        response = event["response"]
        if response["url"].startswith("data:") or response.get("fromDiskCache"):
            return
        self._kinds[event["requestId"]] = event["type"]
        self.requests.append(response["url"])

    def _finished(self, event: dict[str, Any]) -> None:
        if event["requestId"] in self._kinds:
            self.bytes[self._kinds[event["requestId"]]] += event["encodedDataLength"]

    def kilobytes(self, kind: str | None = None) -> float:
        return (self.bytes[kind] if kind else self.bytes.total()) / 1024


def test_a_topic_is_light_on_the_first_visit_and_lighter_on_the_next(sign_in, windows, live: LiveServer):
    sign_in("petra").context.close()
    topic = f"/topics/{live.places()['long']}"
    page = windows.visit(storage_state=windows.cards["petra"])
    scales = Scales(page)
    page.goto(topic, wait_until="networkidle")
    assert len(scales.requests) <= 12, scales.requests
    assert scales.kilobytes("Script") <= 45
    assert scales.kilobytes("Stylesheet") <= 35
    assert scales.kilobytes("Font") <= 25
    assert scales.kilobytes() <= 110, scales.bytes

    later = Scales(page)
    page.goto(f"{topic}?page=2", wait_until="networkidle")
    assert later.kilobytes() <= 20, later.bytes
    assert not later.bytes["Script"] + later.bytes["Stylesheet"]
