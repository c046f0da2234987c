"""Files on their way: from the device into topics and rooms, over lines that break."""

import os
import re
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from axe_playwright_python.sync_playwright import Axe
from docx import Document
from playwright.sync_api import Locator, Page, expect

from forum.files.pieces import PIECE, digest_of
from tests.journeys.conftest import Windows, start_writing
from tests.journeys.test_chat import enter, field, said
from tests.journeys.test_stories import BOARD, begin_topic, post_of
from tests.live import LiveServer

SignIn = Callable[..., Page]
AXE = Axe()
MEGABYTE = 1024 * 1024
#: Looking into a file takes a process of its own, on a machine that has other things to do.
CHECKED = 30_000
#: What the browser keeps of files on their way.
KEPT = """async () => {
  const notes = Object.keys(localStorage).filter(name => name.startsWith("files."));
  if (!(await indexedDB.databases()).some(({name}) => name === "files")) return [notes.length, 0];
  const copies = await new Promise((resolve) => {
    const opening = indexedDB.open("files");
    opening.onsuccess = () => {
      const database = opening.result;
      if (!database.objectStoreNames.contains("copies")) return resolve(0);
      const all = database.transaction("copies").objectStore("copies").getAllKeys();
      all.onsuccess = () => { database.close(); resolve(all.result.length); };
    };
  });
  return [notes.length, copies];
}"""
#: What the hand does with a mouse or with the clipboard.
HAND_OVER = """(target, {kind, files}) => {
  const data = new DataTransfer();
  for (const {name, type, text} of files) data.items.add(new File([text], name, {type}));
  const event = kind === "paste"
    ? new ClipboardEvent(kind, {clipboardData: data, bubbles: true, cancelable: true})
    : new DragEvent(kind, {dataTransfer: data, bubbles: true, cancelable: true});
  return !target.dispatchEvent(event);
}"""


@pytest.fixture
def room(live: LiveServer) -> str:
    return f"/chat/rooms/{live.places()['room']}"


@pytest.fixture
def paper(tmp_path: Path) -> Callable[[str, int], Path]:
    """`paper("name.txt", size)`: a text file of that many bytes, unlike any other."""

    def write_one(name: str, size: int) -> Path:
        path = tmp_path / name
        path.write_bytes((os.urandom(size // 2 + 1).hex() + "\n").encode()[:size])
        return path

    return write_one


def pick(page: Page, *paths: Path) -> None:
    with page.expect_file_chooser() as chosen:
        page.get_by_role("button", name="Dateien anhängen").click()
    chosen.value.set_files(list(paths))


def rows(page: Page) -> Locator:
    return page.locator(".uploads > .upload")


def row(page: Page, name: str) -> Locator:
    return rows(page).filter(has=page.get_by_text(name, exact=True))


def state(page: Page, name: str) -> Locator:
    return row(page, name).locator(".upload-state")


def is_ready(page: Page, name: str) -> None:
    expect(state(page, name)).to_contain_text("Angehängt", timeout=CHECKED)


class Line:
    """The line between a page and the server: slow, cut, or as fast as it goes."""

    def __init__(self, page: Page) -> None:
        self._session = page.context.new_cdp_session(page)
        self._session.send("Network.enable")

    def slow(self, rate: int) -> None:
        """So many bytes a second go up."""
        self._set(upload=rate)

    def cut(self) -> None:
        self._set(offline=True)

    def mend(self) -> None:
        self._set()

    def _set(self, *, offline: bool = False, upload: int = -1) -> None:
        self._session.send(
            "Network.emulateNetworkConditions",
            {"offline": offline, "latency": 0, "downloadThroughput": -1, "uploadThroughput": upload},
        )


def reach(page: Page, name: str, share: int) -> None:
    """Wait until so many percent of the file are on the server."""
    bar = row(page, name).locator("progress")
    page.wait_for_function(
        "([bar, share]) => bar.value >= share", arg=[bar.element_handle(), share], timeout=30_000
    )


def received(page: Page, name: str) -> int:
    """How many bytes of the file are on the server."""
    return int(page.request.get(f"/files/{row(page, name).get_attribute('data-key')}").json()["received"])


def stored(live: LiveServer, name: str) -> str:
    """The digest of what the server put together."""
    return str(
        live.rows(f"SELECT b.digest FROM file f JOIN blob b ON b.id = f.blob_id WHERE f.name = '{name}'")[0][
            0
        ]
    )


def digest(path: Path) -> str:
    data = path.read_bytes()
    return digest_of(b"".join(sha256(data[at : at + PIECE]).digest() for at in range(0, len(data), PIECE)))


class Parts:
    """From where on the parts of files are sent, and how many were begun."""

    def __init__(self, page: Page) -> None:
        self.offsets: list[int] = []
        self.begun = 0
        page.on("request", self._note)

    def _note(self, request: Any) -> None:
        if request.method == "PATCH":
            self.offsets.append(int(request.headers["upload-offset"]))
        elif request.method == "POST" and request.url.endswith("/files"):
            self.begun += 1


# --- Over a bad line ------------------------------------------------------------------------------------------


def test_a_cut_line_goes_on_where_it_was_by_itself_and_after_a_reload(
    windows: Windows, live: LiveServer, paper
):
    windows.forgive("ERR_INTERNET_DISCONNECTED|ERR_NETWORK_CHANGED|WebSocket|ERR_FAILED")
    page = windows.sign_in("petra", "phone")
    begin_topic(page, "Über eine schlechte Leitung", "Ich lade hoch.")
    name = f"Betriebsvereinbarung {uuid4().hex[:6]}.txt"
    path = paper(name, 20 * MEGABYTE)
    parts = Parts(page)
    line = Line(page)
    line.slow(3 * MEGABYTE)
    pick(page, path)
    expect(state(page, name)).to_contain_text("von 20 MB")
    reach(page, name, 30)

    line.cut()
    expect(state(page, name)).to_contain_text(
        re.compile(r"Die Leitung ist weg\. Es geht bei \d+\s% weiter, sobald")
    )
    expect(row(page, name).get_by_role("button", name="Noch einmal versuchen")).to_be_visible()
    line.slow(3 * MEGABYTE)
    reach(page, name, 60)
    page.reload()  # cuts the line in the middle of a part
    before = received(page, name)
    assert before >= 0.5 * 20 * MEGABYTE
    later = Parts(page)
    expect(state(page, name)).to_contain_text("MB von 20 MB", timeout=15_000)
    line.mend()
    is_ready(page, name)
    assert parts.begun + later.begun == 1
    assert min(parts.offsets[1:] or [1]) > 0
    assert stored(live, name) == digest(path)
    assert page.evaluate(KEPT) == [0, 0]


def test_without_a_copy_in_the_browser_the_same_file_is_picked_again_and_goes_on(
    windows: Windows, live: LiveServer, paper
):
    page = windows.sign_in("petra")
    topic = begin_topic(page, "An einem anderen Rechner", "Ich lade hoch.")
    name = f"Protokoll {uuid4().hex[:6]}.txt"
    path = paper(name, 10 * MEGABYTE)
    line = Line(page)
    line.slow(2 * MEGABYTE)
    pick(page, path)
    reach(page, name, 60)
    page.goto("/")
    page.evaluate(
        "new Promise(done => { localStorage.clear(); const gone = indexedDB.deleteDatabase('files');"
        " gone.onsuccess = gone.onerror = gone.onblocked = done; })"
    )
    page.goto(topic)
    expect(state(page, name)).to_contain_text(re.compile(r"\d\d\s% sind da\. Wähle die Datei noch einmal"))
    there = received(page, name)
    assert there >= 0.5 * 10 * MEGABYTE
    page.locator("#reply .btn-primary").click()  # nothing half is sent
    expect(page.locator(".files-note")).to_contain_text(
        f"Noch nicht gesendet: „{name}“ ist noch nicht ganz da."
    )
    line.mend()
    parts = Parts(page)
    pick(page, path)
    is_ready(page, name)
    expect(rows(page)).to_have_count(1)
    assert parts.begun == 0
    assert parts.offsets[0] >= there
    assert stored(live, name) == digest(path)
    row(page, name).get_by_role("button", name="Wegnehmen").click()
    expect(rows(page)).to_have_count(0)


def test_an_upload_survives_the_death_of_the_server(windows: Windows, live: LiveServer, paper):
    windows.forgive("ERR_|WebSocket|Failed to load resource")
    page = windows.sign_in("petra")
    begin_topic(page, "Stromausfall", "Ich lade hoch.")
    name = f"Gutachten {uuid4().hex[:6]}.txt"
    path = paper(name, 16 * MEGABYTE)
    line = Line(page)
    line.slow(3 * MEGABYTE)
    pick(page, path)
    reach(page, name, 60)
    live.kill()
    expect(state(page, name)).to_contain_text("Die Leitung ist weg.", timeout=15_000)
    line.mend()
    parts = Parts(page)
    live.start()
    is_ready(page, name)
    assert parts.offsets[0] >= 0.4 * 16 * MEGABYTE
    assert stored(live, name) == digest(path)
    row(page, name).get_by_role("button", name="Wegnehmen").click()
    expect(rows(page)).to_have_count(0)


def test_of_two_windows_one_sends_and_the_other_takes_over(sign_in: SignIn, live: LiveServer, paper):
    first = sign_in("manfred")
    topic = begin_topic(first, "Zwei Fenster", "Ich lade hoch.")
    name = f"Satzung {uuid4().hex[:6]}.txt"
    path = paper(name, 12 * MEGABYTE)
    Line(first).slow(2 * MEGABYTE)
    pick(first, path)
    reach(first, name, 40)
    second = first.context.new_page()
    parts = Parts(second)
    second.goto(topic)
    expect(state(second, name)).to_have_text("Wird in einem anderen Fenster gesendet")
    assert not parts.offsets
    first.close()
    is_ready(second, name)
    assert parts.begun == 0
    assert parts.offsets[0] >= 0.3 * 12 * MEGABYTE
    assert stored(live, name) == digest(path)
    row(second, name).get_by_role("button", name="Wegnehmen").click()
    expect(rows(second)).to_have_count(0)


# --- Into a topic ---------------------------------------------------------------------------------------------


def test_several_files_go_up_at_once_and_the_answer_waits_for_them(
    sign_in: SignIn, windows: Windows, live: LiveServer, paper
):
    page = sign_in("petra", "phone")
    topic = begin_topic(page, "Unterlagen für Montag", "Kommt gleich.")
    mark = uuid4().hex[:6]
    names = [f"Anlage {number} {mark}.txt" for number in range(1, 6)]
    parts = Parts(page)
    line = Line(page)
    line.slow(2 * MEGABYTE)
    pick(page, *(paper(name, 3 * MEGABYTE) for name in names))
    expect(rows(page)).to_have_count(5)
    expect(page.locator(".upload[data-state=sending]")).to_have_count(3)
    expect(page.locator(".upload[data-state=queued]")).to_have_count(2)
    start_writing(page)
    page.keyboard.type(f"Alles dabei {mark}")
    page.locator("#reply .btn-primary").click()
    expect(page.locator(".files-note")).to_contain_text("Wird gesendet, sobald die Dateien da sind.")
    assert page.url.endswith(topic)
    line.mend()
    post = post_of(page, f"Alles dabei {mark}")
    expect(post).to_be_visible(timeout=CHECKED)
    for name in names:
        expect(post).to_contain_text(name)
    expect(rows(page)).to_have_count(0)
    assert parts.begun == 5
    assert live.rows(f"SELECT count(*) FROM file WHERE name LIKE 'Anlage % {mark}.txt'")[0][0] == 5


def test_what_has_arrived_stays_attached_after_a_reload_and_can_be_taken_away(
    sign_in: SignIn, live: LiveServer, paper
):
    page = sign_in("manfred")
    topic = begin_topic(page, "Noch nicht fertig", "Entwurf folgt.")
    pick(page, paper("bleibt.txt", 2000), paper("geht.txt", 3000))
    is_ready(page, "bleibt.txt")
    is_ready(page, "geht.txt")
    page.reload()
    expect(rows(page)).to_have_count(2)
    is_ready(page, "geht.txt")
    remove = page.get_by_role("button", name="Wegnehmen: geht.txt")
    remove.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Wegnehmen: bleibt.txt")).to_be_focused()
    expect(page.locator(".files-said")).to_have_text("„geht.txt“ ist weg.")
    page.goto(topic)
    expect(rows(page)).to_have_count(1)
    start_writing(page)
    page.keyboard.type("Hier der Rest")
    page.locator("#reply .btn-primary").click()
    expect(post_of(page, "Hier der Rest")).to_contain_text("bleibt.txt")
    expect(rows(page)).to_have_count(0)


def test_files_are_dropped_and_pasted_wherever_one_is(sign_in: SignIn, paper):
    page = sign_in("petra")
    begin_topic(page, "Mit der Maus", "Zieh es hierher.")
    title = page.locator(".head h1")
    flyer = [{"name": "Aushang.txt", "type": "text/plain", "text": "Versammlung am Montag"}]
    assert title.evaluate(HAND_OVER, {"kind": "dragover", "files": flyer})
    expect(page.locator("form.dropping")).to_have_count(1)
    assert title.evaluate(HAND_OVER, {"kind": "drop", "files": flyer})
    expect(page.locator("form.dropping")).to_have_count(0)
    is_ready(page, "Aushang.txt")
    start_writing(page)
    shot = [{"name": "image.png", "type": "image/png", "text": "kein Bild"}]
    assert page.locator("[contenteditable=true]").evaluate(HAND_OVER, {"kind": "paste", "files": shot})
    today = page.evaluate("new Date().toLocaleDateString('sv')")
    expect(row(page, f"Bildschirmfoto {today}.png")).to_be_visible()
    expect(page.locator("[contenteditable=true]")).to_have_text("")
    # Words stay words, also where an office program puts a picture of them beside.
    assert not page.locator("#main").evaluate(
        """(target) => { const data = new DataTransfer(); data.setData("text/plain", "Wort"); data.setData("text/html", "<b>Wort</b>");
        data.items.add(new File(["x"], "image.png", {type: "image/png"}));
        return !target.dispatchEvent(new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true})); }"""
    )
    expect(rows(page)).to_have_count(2)


def test_what_cannot_be_taken_says_why_and_holds_the_answer(
    sign_in: SignIn, windows: Windows, paper, tmp_path: Path
):
    page = sign_in("petra")
    begin_topic(page, "Falsche Datei", "Mal sehen.")
    program = tmp_path / "Rechnung.pdf"
    program.write_bytes(b"MZ\x90\x00" + bytes(2000))
    empty = tmp_path / "leer.txt"
    empty.write_bytes(b"")
    pick(page, program, empty)
    expect(state(page, "leer.txt")).to_have_text("Diese Datei ist leer.")
    expect(row(page, "Rechnung.pdf")).to_have_attribute("data-state", "refused", timeout=CHECKED)
    start_writing(page)
    page.keyboard.type("Mit Rechnung")
    page.locator("#reply .btn-primary").click()
    note = page.locator(".files-note [role=status]")
    expect(note).to_have_text("Noch nicht gesendet: Nimm zuerst weg, was nicht angenommen wird.")
    expect(page.locator(".files-all[data-state=refused]")).to_contain_text(
        "2 Dateien werden nicht angenommen."
    )
    together = page.get_by_role("button", name="Alle abgelehnten wegnehmen")
    expect(together).to_be_focused()
    expect(page.get_by_role("button", name="Noch einmal versuchen")).to_be_hidden()
    assert not AXE.run(page).response["violations"]
    page.keyboard.press("Enter")
    expect(rows(page)).to_have_count(0)
    expect(note).to_be_hidden()
    expect(together).to_be_hidden()
    page.locator("#reply .btn-primary").click()
    expect(post_of(page, "Mit Rechnung")).to_be_visible()


def test_what_was_not_taken_is_gone_on_the_next_visit(sign_in: SignIn, tmp_path: Path):
    page = sign_in("petra")
    begin_topic(page, "Alles neu", "Noch einmal.")
    program = tmp_path / "Rechnung.pdf"
    program.write_bytes(b"MZ\x90\x00" + bytes(2000))
    with page.expect_response(lambda response: response.request.method == "DELETE", timeout=CHECKED):
        pick(page, program)
    expect(row(page, "Rechnung.pdf")).to_have_attribute("data-state", "refused")
    page.reload()
    expect(rows(page)).to_have_count(0)


def test_what_a_file_tells_is_asked_in_its_place_and_taken_out(
    sign_in: SignIn, windows: Windows, tmp_path: Path
):
    page = sign_in("petra", "phone")
    begin_topic(page, "Ein Entwurf", "Zum Lesen.")
    name = f"Entwurf {uuid4().hex[:6]}.docx"
    letter = Document()
    letter.core_properties.author = "Lieselotte Kranz"
    letter.add_paragraph("Entwurf")
    letter.save(str(tmp_path / name))
    pick(page, tmp_path / name)
    start_writing(page)
    page.keyboard.type(f"Hier ist {name}")
    page.locator("#reply .btn-primary").click()
    question = row(page, name).get_by_role("group", name="Diese Datei verrät etwas")
    expect(question).to_contain_text("Lieselotte Kranz", timeout=CHECKED)
    expect(page.locator(".files-note")).to_contain_text("Noch nicht gesendet: Entscheide zuerst")
    strip = question.get_by_role("button", name="Metadaten entfernen und hochladen")
    expect(strip).to_be_focused()
    assert not AXE.run(page).response["violations"]
    strip.press("Enter")
    is_ready(page, name)
    expect(question).to_be_hidden()
    page.locator("#reply .btn-primary").click()
    post = post_of(page, f"Hier ist {name}")
    expect(post.get_by_role("link", name=name)).to_be_visible()


def test_many_questions_take_one_answer(sign_in: SignIn, tmp_path: Path):
    page = sign_in("manfred")
    begin_topic(page, "Viele Entwürfe", "Zum Lesen.")
    for number in (1, 2, 3):
        letter = Document()
        letter.core_properties.author = f"Lieselotte {number}. Kranz {uuid4().hex}"
        letter.add_paragraph(f"Entwurf {number}")
        letter.save(str(tmp_path / f"Entwurf {number}.docx"))
    pick(page, *(tmp_path / f"Entwurf {number}.docx" for number in (1, 2, 3)))
    together = page.locator(".files-all[data-state=asks]")
    expect(together).to_contain_text("3 Dateien verraten etwas.", timeout=CHECKED)
    page.reload()
    question = row(page, "Entwurf 1.docx").get_by_role("group", name="Diese Datei verrät etwas")
    expect(question).to_contain_text("Lieselotte 1. Kranz")
    page.get_by_role("button", name="Bei allen entfernen").click()
    for number in (1, 2, 3):
        is_ready(page, f"Entwurf {number}.docx")
    expect(together).to_be_hidden()


def test_without_script_files_go_along_with_the_form(windows: Windows, sign_in: SignIn, paper):
    sign_in("petra").context.close()
    page = windows.visit("phone", java_script_enabled=False, storage_state=windows.cards["petra"])
    page.goto(f"{BOARD}/topics/new")
    expect(page.locator(".files-pick")).to_be_hidden()
    page.fill("#title", "Ganz einfach")
    page.fill("#text", "Ohne alles")
    page.get_by_label("Dateien anhängen").set_input_files([paper("eins.txt", 900), paper("zwei.txt", 900)])
    page.get_by_role("button", name="Thema beginnen").click()
    page.wait_for_url(re.compile(r"/topics/\d+"))
    expect(post_of(page, "Ohne alles")).to_contain_text("eins.txt")
    expect(post_of(page, "Ohne alles")).to_contain_text("zwei.txt")


# --- Into a room ----------------------------------------------------------------------------------------------


def test_a_message_may_be_files_alone_and_waits_for_them(sign_in: SignIn, windows: Windows, room: str, paper):
    windows.forgive("ERR_INTERNET_DISCONNECTED|WebSocket|Failed to fetch")
    petra, manfred = enter(sign_in("petra", "phone"), room), enter(sign_in("manfred"), room)
    name = f"Schichtplan {uuid4().hex[:6]}.txt"
    field(petra).focus()
    line = Line(petra)
    line.slow(MEGABYTE)
    pick(petra, paper(name, 2 * MEGABYTE))
    petra.get_by_role("button", name="Senden", exact=True).click()
    expect(petra.locator(".files-note")).to_contain_text("Wird gesendet, sobald die Dateien da sind.")
    line.mend()
    expect(said(manfred, name)).to_be_visible(timeout=CHECKED)
    expect(said(petra, name)).to_have_count(1)
    expect(rows(petra)).to_have_count(0)

    # With the line gone the message waits as every other does, its files with it.
    second = f"Urlaubsliste {uuid4().hex[:6]}.txt"
    pick(petra, paper(second, 3000))
    is_ready(petra, second)
    petra.context.set_offline(True)
    petra.get_by_role("button", name="Senden", exact=True).click()
    expect(petra.locator(".unsent-list .message")).to_contain_text(second)
    expect(rows(petra)).to_have_count(0)
    petra.context.set_offline(False)
    petra.reload()
    expect(said(manfred, second)).to_be_visible(timeout=CHECKED)
    expect(said(petra, second)).to_have_count(1, timeout=CHECKED)
    expect(rows(petra)).to_have_count(0)


def test_a_message_with_a_file_may_lose_its_words(sign_in: SignIn, room: str, paper):
    petra = enter(sign_in("petra"), room)
    name = f"Aushang {uuid4().hex[:6]}.txt"
    pick(petra, paper(name, 900))
    is_ready(petra, name)
    field(petra).focus()
    petra.keyboard.type("Bitte aufhängen")
    petra.get_by_role("button", name="Senden", exact=True).click()
    expect(said(petra, name)).to_contain_text("Bitte aufhängen")
    field(petra).focus()
    petra.keyboard.press("ArrowUp")
    expect(petra.locator(".answering")).to_contain_text("Nachricht bearbeiten")
    petra.keyboard.press("Control+A")
    petra.keyboard.press("Delete")
    petra.get_by_role("button", name="Senden", exact=True).click()
    expect(said(petra, name).locator(".edited")).to_be_visible()
    expect(said(petra, name)).not_to_contain_text("Bitte aufhängen")


# --- Whose they are -------------------------------------------------------------------------------------------


def test_nothing_of_a_file_stays_in_the_browser_after_sign_out(windows: Windows, paper):
    page = windows.sign_in("sabine")
    begin_topic(page, "Gleich Feierabend", "Ich lade noch schnell etwas hoch.")
    Line(page).slow(MEGABYTE // 2)
    name = f"Vertraulich {uuid4().hex[:6]}.txt"
    pick(page, paper(name, 6 * MEGABYTE))
    reach(page, name, 5)
    assert page.evaluate(KEPT) == [1, 1]
    page.locator("details.menu summary.me").click()
    page.get_by_role("button", name="Abmelden").click()
    page.wait_for_url("**/sign-in*")
    assert page.evaluate(KEPT) == [0, 0]
    windows.cards.pop("sabine")
