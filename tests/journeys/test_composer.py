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
            args=[
                "--no-sandbox",
                "--disable-gpu",
                "--disable-background-networking",
                "--disable-component-update",
            ],
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
        self.page.wait_for_timeout(60)  # ProseMirror looks after the cursor once more, 20 ms after the focus
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
            if key.endswith(("Left", "Right", "Up", "Down", "Home", "End")):
                self.page.wait_for_timeout(60)  # the browser tells of a moved cursor a little later

    def click_cell(self, kind: str) -> None:
        self.editor.locator(kind).first.click()
        self.page.wait_for_timeout(60)

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


# ---------------------------------------------------------------------------------------------------------- pasting


def test_a_word_list_becomes_a_real_list(desk: Desk) -> None:
    assert pasted(desk, "word-lists") == (
        "Vor der Sitzung ist zu klären:\n\n"
        "- Räume und Zeiten\n"
        "  - Raum im **Werk Ost**\n"
        "    - mit Leinwand\n"
        "    - mit Dolmetscherin\n"
        "  - Beginn um 9 Uhr\n"
        "- Einladung\n\n"
        "Reihenfolge:\n\n"
        "1. Begrüßung\n"
        "2. Berichte\n"
        "   1. Ausschüsse\n\n"
        "      Dazu liegt ein Papier vor.\n\n"
        "   2. Kasse\n"
        "3. Verschiedenes\n\n"
        "4) Zweiter Teil\n"
        "5) Schluss"
    )


def test_a_word_report_keeps_headings_and_words_but_no_looks(desk: Desk) -> None:
    assert pasted(desk, "word-report") == (
        "# Bericht\n\n"
        "# Lage im Betrieb\n\n"
        "Der Betriebsrat **widerspricht** der Kündigung nach §\u00a0102 BetrVG. *Begründung*: siehe unten, "
        "nicht ~~heute~~.\n\n"
        "## Zahlen\\*\n\n"
        "Ort: Finsterwalde, Werk\\_3\\\n"
        "Datum: 3. März\n\n"
        "### Anlagen\n\n"
        "Plan: [Dienstplan](https://example.org/plan_a?x=1&y=2), alte Fassung, br@example.org"
    )


def test_a_word_table_with_merged_cells_becomes_a_plain_table(desk: Desk) -> None:
    assert pasted(desk, "word-table") == (
        "Übersicht:\n\n"
        "| Schicht | Zeiten |  |\n"
        "| --- | --- | --- |\n"
        "| Früh | 6:00 | 14:00 |\n"
        "|  | 7:00 | **15:00** \\| ab März |\n"
        "| Nacht | 22:00 nur Mo | Pause; Zulage |\n\n"
        "Ende."
    )


def test_a_reviewed_word_text_comes_without_deletions_and_comments_but_with_its_footnotes(desk: Desk) -> None:
    assert pasted(desk, "word-review") == (
        "Die Frist beträgt zwölf Tage\\[1\\], gerechnet ab morgen.\n\n---\n\n\\[1\\] Siehe §\u00a099 BetrVG."
    )


def test_a_libreoffice_text_keeps_its_mixed_lists(desk: Desk) -> None:
    assert pasted(desk, "libreoffice-lists") == (
        "# Tagesordnung der Sitzung\n\n"
        "Die Sitzung beginnt um **9 Uhr**, bitte *pünktlich* sein.\n\n"
        "## Punkte\n\n"
        "1. Begrüßung\n"
        "2. Schichtplan\n"
        "   - Nachtschicht\n"
        "   - Wochenende\n"
        "     - Samstag\n"
        "     - Sonntag\n"
        "3. Verschiedenes\n\n"
        "Danach:\n\n"
        "- Protokoll schreiben\n"
        "- Aushang"
    )


def test_a_libreoffice_table_with_merged_cells_becomes_a_plain_table(desk: Desk) -> None:
    assert pasted(desk, "libreoffice-table") == (
        "## Arbeitszeiten\n\n"
        "| Schicht | Beginn | Ende |\n"
        "| --- | --- | --- |\n"
        "| Früh | 6:00 | 14:00 |\n"
        "| **Spät** | nach Plan |  |\n"
        "| Nacht \\| Not | 22:00 Mo bis Do | 6:00 |\n\n"
        "Quelle: [Dienstplan](https://example.org/plan)"
    )


def test_a_libreoffice_footnote_stays_readable(desk: Desk) -> None:
    # "zehnzwölf": LibreOffice itself no longer says what was deleted and what was inserted.
    assert pasted(desk, "libreoffice-review") == (
        "# Entwurf\n\n"
        "Die Frist beträgt zehnzwölf Tage\\[1\\], gerechnet ab ~~heute~~ morgen.\n\n"
        "\\[1\\] Siehe § 99 BetrVG."
    )


def test_an_outlook_mail_keeps_paragraphs_and_lists(desk: Desk) -> None:
    assert pasted(desk, "outlook-mail") == (
        "Liebe Kolleginnen und Kollegen,\n\n"
        "anbei der Plan.\\\nGruß\n\nPetra\n\n"
        "- Werk Ost\n- Werk West\n  - Halle 2\n\n"
        "**Von:** Betriebsrat \\<br@example.org> \\\n**Betreff:** Plan\n\n"
        "Hinweis: extern"
    )


def test_excel_cells_become_a_table(desk: Desk) -> None:
    assert pasted(desk, "excel-cells") == (
        "| Werk | 2025 | 2026 |\n| --- | --- | --- |\n| Ost | 1.234 | **12\u00a0%** |\n| West Halle 2 | 99 | 7 |"
    )


def test_a_web_page_comes_without_scripts_pictures_and_dangerous_links(desk: Desk) -> None:
    assert pasted(desk, "web-page") == (
        "## Das Urteil\n\n"
        "Ein Absatz ohne p\n\n"
        "und ein zweiter mit `Akte_1` und *Nachdruck*.\n\n"
        "> Arbeitszeit ist Lebenszeit.\n\n"
        "3. drittens\n\n4. viertens\n\n   mit Absatz\n\n"
        "Klick [Quelle](https://example.org/(a)) 😀\n\n"
        "```\n  a\n    b\n```"
    )


def test_a_google_document_is_not_all_bold(desk: Desk) -> None:
    assert pasted(desk, "google-docs") == (
        "### Notiz\n\n**fett** *schräg* ~~weg~~\n\n- eins\n  - darunter\n- zwei"
    )


def test_plain_text_keeps_its_paragraphs_and_lines(desk: Desk) -> None:
    desk.open().paste(text="Zeile eins\r\nZeile zwei\r\n\r\nNeuer * Absatz\n# kein Titel")
    assert desk.markdown == "Zeile eins\\\nZeile zwei\n\nNeuer * Absatz\\\n\\# kein Titel"


def test_what_was_copied_in_the_editor_is_pasted_unchanged(desk: Desk) -> None:
    text = "# Titel\n\n| a | b |\n| --- | :---: |\n| **1** | `2` |\n\n- x\n- y"
    desk.open(text)
    html = desk.editor.evaluate(
        """(editor) => {
          const data = new DataTransfer();
          const range = document.createRange();
          range.selectNodeContents(editor);
          getSelection().removeAllRanges();
          getSelection().addRange(range);
          return new Promise((resolve) => setTimeout(() => {
            editor.dispatchEvent(new ClipboardEvent("copy", {clipboardData: data, bubbles: true, cancelable: true}));
            resolve(data.getData("text/html"));
          }, 100));
        }"""
    )
    desk.press("Control+a", "Delete")
    assert desk.markdown == ""
    desk.paste(html)
    assert desk.markdown == text


def test_paragraphs_pasted_into_a_cell_become_one_line(desk: Desk) -> None:
    desk.open("| a | b |\n| --- | --- |\n| 1 | 2 |")
    desk.click_cell("td")
    desk.press("End")
    desk.paste("<p>eins</p><p>zwei<br>drei</p>")
    assert desk.markdown == "| a | b |\n| --- | --- |\n| 1eins zwei drei | 2 |"


def test_pasted_files_are_passed_on(desk: Desk) -> None:
    desk.open()
    names = desk.textarea.evaluate(
        """(field) => new Promise((resolve) => {
          field.addEventListener("composer:files", (event) => resolve(event.detail.files.map((file) => file.name)));
          const data = new DataTransfer();
          data.items.add(new File(["x"], "plan.pdf"));
          const init = {clipboardData: data, bubbles: true, cancelable: true};
          document.querySelector("#text-editor").dispatchEvent(new ClipboardEvent("paste", init));
        })"""
    )
    assert names == ["plan.pdf"]


# ---------------------------------------------------------------------------------------------------------- writing


def test_the_editor_takes_the_place_of_the_textarea_with_its_name_and_help(desk: Desk) -> None:
    desk.open("Guten **Tag**")
    assert desk.textarea.is_hidden()
    editor = desk.page.get_by_role("textbox", name="Dein Beitrag")
    assert editor.get_attribute("aria-multiline") == "true"
    assert (editor.get_attribute("aria-describedby") or "").split()[0] == "help"
    assert editor.get_attribute("lang") == "de"
    assert editor.get_attribute("spellcheck") == "true"
    assert editor.evaluate("(editor) => editor === document.activeElement")
    assert desk.markdown == "Guten **Tag**"


def test_the_cursor_stays_where_it_was_in_the_textarea(desk: Desk) -> None:
    desk.page.goto(f"{desk.address}/page")
    desk.textarea.evaluate(
        "(field) => { field.value = 'Eins **zwei** drei'; field.setSelectionRange(9, 9); field.focus(); }"
    )
    desk.page.locator(".composer").wait_for()
    desk.type("XX")
    assert desk.markdown == "Eins **zwXXei** drei"


def test_typing_marks_makes_lists_headings_and_bold(desk: Desk) -> None:
    desk.open()
    desk.type("## Plan")
    desk.press("Enter")
    desk.type("- eins")
    desk.press("Enter")
    desk.type("zwei **so** und *so* und ~~so~~ und `so`.")
    desk.press("Enter", "Tab")
    desk.type("darunter")
    desk.press("Enter", "Enter", "Enter")
    desk.type("15. März und 3 * 4")
    assert desk.markdown == (
        "## Plan\n\n- eins\n- zwei **so** und *so* und ~~so~~ und `so`.\n  - darunter\n\n15\\. März und 3 * 4"
    )


def test_undo_takes_back_and_redo_brings_again(desk: Desk) -> None:
    desk.open("Anfang")
    desk.type(" mehr")
    desk.button("undo").click()
    assert desk.markdown == "Anfang"
    desk.press("Control+y")
    assert desk.markdown == "Anfang mehr"
    desk.press("Control+z", "Control+z", "Control+z")
    assert desk.markdown == "Anfang"


def test_buttons_set_and_show_what_is_set(desk: Desk) -> None:
    desk.open()
    desk.type("Wort")
    desk.press("Control+a")
    desk.button("bold").click()
    desk.button("strike").click()
    assert desk.markdown == "**~~Wort~~**"
    assert desk.button("bold").get_attribute("aria-pressed") == "true"
    desk.button("bold").click()
    desk.button("heading2").click()
    assert desk.markdown == "## ~~Wort~~"
    desk.button("heading2").click()
    desk.button("bulletList").click()
    assert desk.markdown == "- ~~Wort~~"
    desk.button("orderedList").click()
    assert desk.markdown == "1. ~~Wort~~"
    desk.button("orderedList").click()
    desk.button("quote").click()
    assert desk.markdown == "> ~~Wort~~"


def test_the_toolbar_is_one_stop_and_arrow_keys_walk_it(desk: Desk) -> None:
    desk.open()
    desk.type("Wort")
    desk.press("Shift+Home", "Alt+F10")
    focused = "document.activeElement.ariaLabel ?? document.activeElement.textContent"
    assert desk.page.evaluate(focused) == "Fett"
    desk.press("ArrowRight", "ArrowRight")
    assert desk.page.evaluate(focused) == "Durchgestrichen"
    desk.press("Enter")
    assert desk.markdown == "~~Wort~~"
    assert desk.page.evaluate(focused) == "Durchgestrichen"
    desk.press("End")
    assert desk.page.evaluate(focused) == "Nur Text"
    desk.press("ArrowRight")
    assert desk.page.evaluate(focused) == "Fett"
    assert desk.page.locator(".composer-toolbar button[tabindex='0']").count() == 1
    desk.press("Escape")
    assert desk.editor.evaluate("(editor) => editor === document.activeElement")
    desk.press("Shift+Tab")
    assert desk.page.evaluate(focused) == "Fett"


def test_tab_leaves_a_list_after_escape(desk: Desk) -> None:
    desk.open("- a\n- b")
    desk.press("Tab")
    assert desk.markdown == "- a\n  - b"
    desk.press("Shift+Tab")
    assert desk.markdown == "- a\n- b"
    desk.press("Escape", "Tab")
    assert desk.page.evaluate("document.activeElement.textContent") == "Senden"
    assert desk.markdown == "- a\n- b"


def test_a_table_is_made_filled_and_changed(desk: Desk) -> None:
    desk.open()
    desk.button("table").click()
    for word in ["Werk", "Früh", "Spät", "Ost", "1", "2", "West", "3", "4"]:
        desk.type(word)
        desk.press("Tab")
    desk.type("Süd")
    table = "| Werk | Früh | Spät |\n| --- | --- | --- |\n| Ost | 1 | 2 |\n| West | 3 | 4 |\n| Süd |  |  |"
    assert desk.markdown == table
    desk.button("rowDelete").click()
    desk.button("columnAdd").click()
    assert desk.markdown.splitlines()[0] == "| Werk |  | Früh | Spät |"
    desk.button("columnDelete").click()
    desk.click_cell("th")
    desk.button("rowDelete").click()
    assert desk.markdown == "| Ost | 1 | 2 |\n| --- | --- | --- |\n| West | 3 | 4 |"
    assert desk.editor.locator("th").count() == 3
    desk.button("rowAdd").click()
    assert desk.markdown.splitlines()[2] == "|  |  |  |"
    desk.button("tableDelete").click()
    assert desk.markdown == ""
    assert desk.button("rowAdd").is_hidden()


def test_enter_goes_down_a_table_and_out_of_it(desk: Desk) -> None:
    desk.open("| a |\n| --- |\n| 1 |")
    desk.click_cell("td")
    desk.press("End", "Enter")
    desk.type("2 | 3")
    desk.press("Enter", "Enter")
    desk.type("danach")
    assert desk.markdown == "| a |\n| --- |\n| 1 |\n| 2 \\| 3 |\n\ndanach"


def test_a_line_can_be_written_above_a_table_at_the_top(desk: Desk) -> None:
    desk.open("| a |\n| --- |\n| 1 |")
    desk.click_cell("th")
    desk.press("ArrowUp")
    desk.type("davor")
    assert desk.markdown == "davor\n\n| a |\n| --- |\n| 1 |"


def test_a_link_is_set_changed_and_removed(desk: Desk) -> None:
    desk.open("siehe hier")
    desk.press("Control+Shift+ArrowLeft", "Control+k")
    dialog = desk.page.get_by_role("dialog", name="Link einfügen")
    address = dialog.get_by_label("Adresse")
    address.fill("javascript:alert(1)")
    address.press("Enter")
    assert dialog.get_by_role("alert").inner_text() == "Das ist keine Adresse."
    address.fill("example.org/plan (a)")
    address.press("Enter")
    assert address.get_attribute("aria-invalid") == "true"
    address.fill("example.org/plan_(a)")
    address.press("Enter")
    assert desk.markdown == "siehe [hier](https://example.org/plan_(a))"
    assert desk.button("link").get_attribute("aria-pressed") == "true"
    desk.press("ArrowLeft")
    desk.button("link").click()
    changed = desk.page.get_by_role("dialog", name="Link ändern")
    changed.get_by_label("Adresse").fill("br@example.org")
    changed.get_by_role("button", name="Übernehmen").click()
    assert desk.markdown == "siehe [hier](mailto:br@example.org)"
    desk.press("ArrowRight", "Control+k")
    desk.page.get_by_role("button", name="Link entfernen").click()
    assert desk.markdown == "siehe hier"


def test_a_link_without_selection_brings_its_own_words(desk: Desk) -> None:
    desk.open("Plan:")
    desk.type(" ")
    desk.button("link").click()
    desk.page.get_by_label("Adresse").fill("/ablage/7")
    desk.page.get_by_label("Angezeigter Text").fill("der Plan")
    desk.page.get_by_label("Angezeigter Text").press("Enter")
    desk.type(" und mehr")
    assert desk.markdown == "Plan: [der Plan](/ablage/7) und mehr"


# --------------------------------------------------------------------------------------- textarea, plain text, events


def test_plain_text_shows_the_same_text_and_is_remembered(desk: Desk) -> None:
    text = "# Titel\n\n- a\n- **b**"
    desk.open(text)
    desk.button("plain").click()
    assert desk.textarea.is_visible()
    assert desk.markdown == text
    desk.textarea.fill(f"{text}\n- c")
    desk.button("rich").click()
    assert desk.editor.locator("li").count() == 3
    desk.button("plain").click()
    desk.page.goto(f"{desk.address}/page?again")
    desk.textarea.focus()
    desk.button("rich").wait_for()
    assert desk.textarea.is_visible()
    assert desk.editor.count() == 0
    desk.button("rich").click()
    desk.editor.wait_for()
    assert desk.page.evaluate("localStorage.getItem('composer.mode')") == "rich"


def test_a_text_the_editor_cannot_keep_stays_plain_and_says_so(desk: Desk) -> None:
    text = "Ein Link ohne Text: [](https://example.org/x)"
    desk.open(text)
    assert desk.textarea.is_visible()
    assert desk.markdown == text
    assert desk.page.get_by_role("status").inner_text() == LABELS["unsafe"]
    desk.button("rich").click()
    assert desk.markdown == text
    assert desk.textarea.is_visible()


def test_loading_alone_changes_nothing(desk: Desk) -> None:
    text = "* alt\n* geschrieben\n\nTitel\n=====\n\n__fett__ &auml; &copy; &notit; &nbsp;"
    desk.open(text)
    assert desk.textarea.is_hidden()
    assert desk.markdown == text
    desk.type("!")
    assert desk.markdown == "- alt\n- geschrieben\n\n# Titel\n\n**fett** ä © \\&notit; \u00a0!"


@pytest.mark.parametrize("plain", [False, True])
def test_a_quotation_comes_in_at_the_cursor(desk: Desk, plain: bool) -> None:
    if plain:
        desk.plain_preferred()
    desk.open("Davor")
    desk.press("Control+End")
    desk.send("composer:insert", markdown="> Zitat **fett**\n> weiter")
    desk.type("meine Antwort")
    weiter = "\n> weiter" if plain else " weiter"
    assert desk.markdown.strip() == f"Davor\n\n> Zitat **fett**{weiter}\n\nmeine Antwort"


def test_a_few_words_come_in_within_the_line(desk: Desk) -> None:
    desk.open("Hallo !")
    desk.press("ArrowLeft")
    desk.send("composer:insert", markdown="**Petra**")
    assert desk.markdown == "Hallo **Petra**!"


def test_a_quotation_can_come_before_anyone_has_written(desk: Desk) -> None:
    desk.page.goto(f"{desk.address}/page")
    desk.send("composer:insert", markdown="> Zitat")
    desk.send("composer:focus")
    desk.editor.wait_for()
    desk.type("Antwort")
    assert desk.markdown == "> Zitat\n\nAntwort"


def test_a_restored_draft_shows_in_the_editor(desk: Desk) -> None:
    desk.open("alt")
    desk.textarea.evaluate(
        "(field) => { field.value = 'neu **da**'; field.dispatchEvent(new Event('input')); }"
    )
    assert desk.editor.inner_text().strip() == "neu da"
    desk.textarea.evaluate("(field) => field.form.reset()")
    desk.page.wait_for_function("document.querySelector('#text-editor').textContent === ''")


def test_every_change_is_heard_on_the_textarea(desk: Desk) -> None:
    desk.open()
    desk.textarea.evaluate(
        "(field) => { window.heard = []; field.addEventListener('input', () => heard.push(field.value)); }"
    )
    desk.type("abc")
    assert desk.page.evaluate("heard") == ["a", "ab", "abc"]


def test_control_enter_sends_the_form(desk: Desk) -> None:
    desk.open()
    desk.type("Hallo **du**")
    with desk.page.expect_navigation():
        desk.press("Control+Enter")
    assert desk.page.url.endswith("/sent?text=Hallo+**du**")


def test_an_empty_required_text_is_not_sent_and_the_reason_shown(desk: Desk) -> None:
    desk.open()
    desk.page.get_by_role("button", name="Senden").click()
    assert "/page" in desk.page.url
    assert desk.page.get_by_role("status").inner_text() != ""
    assert desk.editor.get_attribute("aria-invalid") == "true"
    desk.type("x")
    assert desk.page.locator(".composer-note").is_hidden()


def test_without_the_bundle_the_textarea_goes_on_working(desk: Desk) -> None:
    desk.page.route("**/vendor/composer/composer.js", lambda route: route.abort())
    desk.page.goto(f"{desk.address}/page")
    desk.textarea.focus()
    note = desk.page.get_by_role("status")
    note.wait_for()
    assert note.inner_text() == LABELS["failed"]
    desk.type("geht doch")
    assert desk.markdown == "geht doch"
    desk.complaints.clear()  # the broken download was meant


def test_sixty_thousand_characters_stay_usable(desk: Desk) -> None:
    paragraph = "Der Betriebsrat hat **mitzubestimmen**, wenn die Arbeitszeit geändert wird. " * 5
    text = "\n\n".join([f"## Abschnitt\n\n{paragraph.strip()}\n\n- a\n- b"] * 150)
    assert len(text) > 60_000
    desk.open(text)
    assert desk.textarea.is_hidden()
    begin = time.perf_counter()
    desk.type("x" * 20)
    per_key = (time.perf_counter() - begin) / 20
    print(f"{per_key * 1000:.0f} ms a key in {len(text)} characters")
    assert desk.markdown.endswith("x" * 20)


def test_on_a_phone_the_buttons_are_large_and_the_row_scrolls(chromium: Browser, site: str) -> None:
    context = chromium.new_context(viewport={"width": 390, "height": 800}, has_touch=True, is_mobile=True)
    page = context.new_page()
    Desk(page, site).open("Text")
    size = cast(dict[str, float], page.locator("[data-command=bold]").bounding_box())
    assert size["width"] >= 44
    assert size["height"] >= 44
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.locator(".composer-toolbar").evaluate("(bar) => bar.scrollWidth > bar.clientWidth")
    context.close()
