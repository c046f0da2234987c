"""The Word-like editor in a real Chromium, under the Content-Security-Policy the forum is served with."""

from __future__ import annotations

import json
import shutil
import threading
import time
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, cast

import pytest
from playwright.sync_api import Browser, Locator, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
FIXTURES = ROOT / "frontend" / "test" / "fixtures"
CHROMIUM = shutil.which("chromium")
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
LABELS = {
    "toolbar": "Werkzeuge",
    "keys": "Alt+F10 führt zu den Werkzeugen",
    "bold": "Fett",
    "italic": "Kursiv",
    "strike": "Durchgestrichen",
    "heading1": "Überschrift 1",
    "heading2": "Überschrift 2",
    "heading3": "Überschrift 3",
    "bulletList": "Aufzählung",
    "orderedList": "Nummerierte Liste",
    "indent": "Einrücken",
    "outdent": "Ausrücken",
    "quote": "Zitat",
    "code": "Code",
    "link": "Link",
    "table": "Tabelle einfügen",
    "rowAdd": "Zeile darunter einfügen",
    "rowDelete": "Zeile löschen",
    "columnAdd": "Spalte rechts einfügen",
    "columnDelete": "Spalte löschen",
    "tableDelete": "Tabelle löschen",
    "undo": "Rückgängig",
    "redo": "Wiederholen",
    "plain": "Nur Text",
    "rich": "Formatiert schreiben",
    "linkTitle": "Link einfügen",
    "linkChange": "Link ändern",
    "linkAddress": "Adresse",
    "linkText": "Angezeigter Text (freiwillig)",
    "linkApply": "Übernehmen",
    "linkRemove": "Link entfernen",
    "linkCancel": "Abbrechen",
    "linkInvalid": "Das ist keine Adresse.",
    "unsafe": "Dieser Text bleibt Nur Text, damit nichts verloren geht.",
    "failed": "Der Editor lädt gerade nicht.",
}
PAGE = """<!doctype html><html lang="de"><head><meta charset="utf-8"><title>Probe</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="/static/vendor/bootstrap/bootstrap.css">
<link rel="stylesheet" href="/static/web/composer.css">
<script type="module" src="/static/web/composer.js"></script></head>
<body><main class="container"><form action="/sent" method="get">
<label for="text">Dein Beitrag</label><p id="help">Bleib sachlich.</p>
<textarea id="text" name="text" class="form-control" rows="5" aria-describedby="help" placeholder="Schreib etwas"
 data-composer data-submit-keys data-icons="/static/vendor/icons/icons.svg"
 data-composer-labels='LABELS' required></textarea><button class="btn btn-primary">Senden</button>
</form></main></body></html>""".replace("LABELS", json.dumps(LABELS, ensure_ascii=False))


class Handler(SimpleHTTPRequestHandler):
    def end_headers(self) -> None:
        self.send_header("Content-Security-Policy", POLICY)
        super().end_headers()

    def do_GET(self) -> None:
        if self.path.startswith("/static/"):
            super().do_GET()
            return
        found = self.path.startswith(("/page", "/sent"))
        body = PAGE.encode() if found else b""
        self.send_response(200 if found else 404)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(ROOT)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("needs Chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"],
        )
        yield browser
        browser.close()


class Desk:
    """A page with the textarea, and what a person does with it."""

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self.address = address
        self.complaints: list[str] = []
        page.on("console", lambda message: self._note(message.type, message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.add_init_script(
            "document.addEventListener('securitypolicyviolation', (event) =>"
            " console.error(`policy: ${event.violatedDirective} ${event.sourceFile}`))"
        )
        self.textarea = page.locator("#text")
        self.editor = page.locator("#text-editor")

    def _note(self, kind: str, text: str) -> None:
        if kind in {"error", "warning"} and "favicon" not in text and "404" not in text:
            self.complaints.append(text)

    def open(self, text: str = "") -> Desk:
        self.page.goto(f"{self.address}/page")
        if text:
            self.textarea.evaluate("(field, text) => { field.value = text; }", text)
        self.textarea.focus()
        self.page.locator(".composer").wait_for()
        return self

    def plain_preferred(self) -> Desk:
        self.page.add_init_script("localStorage.setItem('composer.mode', 'plain')")
        return self

    @property
    def markdown(self) -> str:
        return self.textarea.input_value()

    def button(self, label: str) -> Locator:
        return self.page.get_by_role("button", name=LABELS[label], exact=True)

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def type(self, text: str) -> None:
        self.page.keyboard.type(text)

    def paste(self, html: str = "", text: str = "") -> None:
        self.editor.evaluate(
            """(editor, {html, text}) => {
              const data = new DataTransfer();
              if (html) data.setData("text/html", html);
              if (text) data.setData("text/plain", text);
              const init = {clipboardData: data, bubbles: true, cancelable: true};
              editor.dispatchEvent(new ClipboardEvent("paste", init));
            }""",
            {"html": html, "text": text},
        )

    def send(self, event: str, **detail: str) -> None:
        self.textarea.evaluate(
            "(field, [name, detail]) => field.dispatchEvent(new CustomEvent(name, {detail}))", [event, detail]
        )


@pytest.fixture
def desk(chromium: Browser, site: str) -> Iterator[Desk]:
    context = chromium.new_context(locale="de-DE", viewport={"width": 1000, "height": 900})
    context.set_default_timeout(15_000)
    desk = Desk(context.new_page(), site)
    yield desk
    complaints = desk.complaints
    context.close()
    assert complaints == []  # no violation of the policy, no error, in any of these tests


def pasted(desk: Desk, name: str) -> str:
    desk.open().paste((FIXTURES / f"{name}.html").read_text(encoding="utf-8"))
    return desk.markdown


PASTES = [p.stem for p in sorted(FIXTURES.glob("*.html"))]


@pytest.mark.parametrize("name", PASTES)
def test_probe(desk: Desk, name: str) -> None:
    print("=====", name)
    print(pasted(desk, name))
