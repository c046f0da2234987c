"""A paper's life in the Ablage: put in, read, changed, compared, thrown away and taken back."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import Windows
from tests.live import LiveServer
from tests.make import files

SignIn = Callable[..., Page]
#: Looking into a file takes a process of its own, on a machine that has other things to do.
READ = 60_000
OLD = "Die Pause dauert 30 Minuten."
NEW = "Die Pause dauert 45 Minuten und zählt als Arbeitszeit."


@pytest.fixture
def library(live: LiveServer) -> str:
    """The address of the library of Finsterwalde."""
    (here,) = live.rows("SELECT id FROM space WHERE sign = 'FIN'")
    return f"/spaces/{here.id}/documents"


@pytest.fixture
def paper(tmp_path: Path) -> Callable[[str, bytes], Path]:
    def write(name: str, data: bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(data)
        return path

    return write


def pick(page: Page, *paths: Path) -> None:
    """Choose files as a hand does, and wait until they are looked into."""
    with page.expect_file_chooser() as chooser:
        page.locator(".files-pick").click()
    chooser.value.set_files(list(paths))
    for path in paths:
        expect(page.locator(f".upload[data-name='{path.name}'][data-state=ready]")).to_be_visible(
            timeout=READ
        )


def test_a_paper_from_the_first_version_to_the_bin_and_back(
    sign_in: SignIn, library: str, paper: Callable[[str, bytes], Path]
) -> None:
    petra = sign_in("petra")
    petra.goto(library)
    petra.get_by_role("link", name="Ordner anlegen").click()
    petra.get_by_label("Name").fill("Pausen im Schichtbetrieb")
    petra.get_by_role("button", name="Ordner anlegen").click()
    expect(petra.get_by_role("heading", name="Pausen im Schichtbetrieb", level=1)).to_be_visible()
    folder = petra.url

    pick(
        petra, paper("BV_Pausen.pdf", files.pdf(3, OLD)), paper("Aushang.txt", b"Pausenraum ab Montag offen")
    )
    petra.get_by_role("button", name="Ablegen", exact=True).click()
    expect(petra.get_by_text("2 Dokumente abgelegt.")).to_be_visible()

    petra.get_by_role("link", name="BV Pausen", exact=True).click()
    first = petra.locator("#page-1")
    expect(first.locator("img")).to_be_visible(timeout=READ)
    expect(first).to_contain_text(OLD)
    document = petra.url
    with petra.expect_download() as saved:
        petra.get_by_role("link", name="Herunterladen", exact=True).click()
    assert saved.value.suggested_filename == "BV Pausen.pdf"

    manfred = sign_in("manfred", "phone")
    manfred.goto(document)
    manfred.get_by_role("link", name="Neue Fassung").click()
    pick(manfred, paper("BV_Pausen_neu.pdf", files.pdf(3, NEW)))
    manfred.get_by_label("Was hat sich geändert?").fill("§ 4 nach der Sitzung angepasst")
    manfred.get_by_role("button", name="Fassung ablegen").click()
    expect(manfred.get_by_text("Fassung 2 ist abgelegt.")).to_be_visible()
    expect(manfred.locator("#page-1")).to_contain_text(NEW, timeout=READ)

    petra.goto(document)
    expect(petra.get_by_text("§ 4 nach der Sitzung angepasst")).to_be_visible()
    petra.get_by_text("1 ältere Fassung, vergleichen").click()
    petra.get_by_role("button", name="Text vergleichen").click()
    expect(petra.locator("main ins").first).to_contain_text("45")
    petra.get_by_role("link", name="Nebeneinander").click()
    expect(petra.locator(".beside .changed").first.locator("td")).to_contain_text(
        ["30 Minuten", "45 Minuten"]
    )

    petra.goto(folder)
    petra.get_by_role("checkbox", name="Alle auswählen").check()
    expect(petra.get_by_text("2 ausgewählt")).to_be_visible()
    with petra.expect_download() as chest:
        petra.get_by_role("button", name="Als ZIP laden").click()
    assert chest.value.suggested_filename == "Auswahl Finsterwalde.zip"
    petra.get_by_role("checkbox", name="„Aushang“ auswählen").uncheck()
    petra.get_by_role("button", name="In den Papierkorb").click()
    expect(petra.get_by_role("link", name="BV Pausen", exact=True)).to_have_count(0)
    petra.get_by_role("button", name="Rückgängig").click()
    expect(
        petra.get_by_role("link", name="BV Pausen", exact=True)
    ).to_be_visible()  # the list, where it was done
    expect(petra).to_have_url(folder)


def test_a_look_beside_the_list_comes_and_goes_by_the_keyboard(
    sign_in: SignIn, library: str, live: LiveServer
) -> None:
    page = sign_in("petra")
    page.goto(f"/folders/{live.places()['folder']}")
    look = page.locator("[data-drawer]").first
    look.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".drawer h2")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator(".drawer")).to_have_count(0)
    expect(look).to_be_focused()


def test_everything_goes_without_script(
    windows: Windows, library: str, paper: Callable[[str, bytes], Path]
) -> None:
    page = windows.sign_in("petra", java_script_enabled=False)
    page.goto(f"{library}/new")
    page.locator("input[type=file]").set_input_files(paper("Merkblatt.txt", b"Ruhezeiten im Betrieb"))
    page.get_by_label("Titel").fill("Merkblatt Ruhezeiten")
    page.get_by_role("button", name="Ablegen", exact=True).click()
    expect(page.get_by_role("heading", name="Merkblatt Ruhezeiten", level=1)).to_be_visible()
    page.goto(f"{library}?q=Ruhezeiten")
    page.get_by_role("checkbox", name="„Merkblatt Ruhezeiten“ auswählen").check()
    page.get_by_role("button", name="In den Papierkorb").click()
    page.goto(f"{library}/bin")
    page.get_by_role("button", name="Wiederherstellen Merkblatt Ruhezeiten").click()
    expect(page.get_by_role("heading", name="Merkblatt Ruhezeiten", level=1)).to_be_visible()


def test_what_was_wrong_goes_once_a_file_is_chosen(
    sign_in: SignIn, windows: Windows, library: str, paper: Callable[[str, bytes], Path]
) -> None:
    windows.forgive("422")
    page = sign_in("petra")
    page.goto(f"{library}/new")
    page.get_by_label("Titel").fill("Ohne Datei")
    page.get_by_role("button", name="Ablegen", exact=True).click()
    mistakes = page.get_by_text("Wähle mindestens eine Datei aus.")
    expect(mistakes).to_have_count(2)
    pick(page, paper("Nachgereicht.txt", b"Da ist sie"))
    expect(mistakes).to_have_count(0)
    expect(page.locator(".notice.danger")).to_have_count(0)
    page.get_by_role("button", name="Ablegen", exact=True).click()
    expect(page.get_by_role("heading", name="Ohne Datei", level=1)).to_be_visible()


def test_a_choice_that_may_not_be_moved_is_still_there(
    sign_in: SignIn, library: str, paper: Callable[[str, bytes], Path]
) -> None:
    petra, sabine = sign_in("petra"), sign_in("sabine")
    for page, name in ((petra, "Von Petra.txt"), (sabine, "Von Sabine.txt")):
        page.goto(library)
        pick(page, paper(name, name.encode()))
        page.get_by_role("button", name="Ablegen", exact=True).click()
        expect(page.get_by_text("1 Dokument abgelegt.")).to_be_visible()
    petra.goto(library)
    for title in ("Von Petra", "Von Sabine"):
        petra.get_by_label(f"„{title}“ auswählen").check()
    petra.get_by_role("button", name="Verschieben").click()
    expect(petra.get_by_text("Nicht von dir: „Von Sabine“.")).to_be_visible()
    expect(petra.locator("[data-count]")).to_have_text("2 ausgewählt")


def test_a_name_in_a_list_is_as_high_as_a_fingertip(
    sign_in: SignIn, library: str, paper: Callable[[str, bytes], Path]
) -> None:
    page = sign_in("petra", "phone")
    page.goto(library)
    pick(page, paper("Verworfen.txt", b"Kann weg"))
    page.get_by_role("button", name="Ablegen", exact=True).click()
    page.get_by_label("„Verworfen“ auswählen").check()
    page.get_by_role("button", name="In den Papierkorb").click()
    expect(page.get_by_text("1 Dokument liegt im Papierkorb.")).to_be_visible()
    page.goto(f"{library}/bin")
    box = page.get_by_role("link", name="Verworfen", exact=True).bounding_box()
    assert box is not None
    assert box["height"] >= 44
