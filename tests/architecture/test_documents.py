"""What is written about the house is true of it."""

import re
import subprocess

from tests.architecture import house

DOCUMENT = house.ROOT / "docs" / "architecture.md"


def named() -> set[str]:
    """Everything in code marks that opens a row of a table."""
    rows = re.findall(r"^\|(?:[^|`]*\|)? ?`([^`]+)`", DOCUMENT.read_text(), re.MULTILINE)
    return {name.rstrip("/") for name in rows}


def folders() -> set[str]:
    """The folders at the top that are in git, or would be."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=house.ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return {path.split("/")[0] for path in listed.stdout.splitlines() if "/" in path}


def test_every_folder_and_every_package_has_its_line() -> None:
    missing = (folders() | set(house.packages())) - named()
    assert missing == set(), f"add a line to {DOCUMENT.relative_to(house.ROOT)}"


def test_no_line_is_about_something_that_is_gone() -> None:
    known = folders() | set(house.packages()) | {"docs/decisions", "wsgi.py"}
    part = DOCUMENT.read_text().partition("## Floors")[0]
    rows = {name.rstrip("/") for name in re.findall(r"^\|(?:[^|`]*\|)? ?`([^`]+)`", part, re.MULTILINE)}
    assert rows - known == set()


def test_the_packages_stand_in_the_order_of_the_contract() -> None:
    layers = house.contract("layers", "Tiers")["layers"]
    tier_of = {name: place for place, layer in enumerate(layers) for name in house.places([layer])}
    part = DOCUMENT.read_text().partition("## Packages")[2].partition("## Floors")[0]
    places = [tier_of[name] for name in re.findall(r"^\|[^|]*\| `(\w+)`", part, re.MULTILINE)]
    assert places == sorted(places)


def test_links_between_documents_lead_somewhere() -> None:
    dead = [
        f"{document.relative_to(house.ROOT)}: {target}"
        for document in house.ROOT.glob("docs/**/*.md")
        for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", document.read_text())
        if not (document.parent / target).exists()
    ]
    assert dead == []


def test_every_test_folder_mirrors_a_package_or_has_a_reason() -> None:
    reasons = {
        "architecture": "the rules",
        "journeys": "a real browser",
        "cluster": "many machines",
        "make": "builders",
    }
    found = {
        path.name for path in (house.ROOT / "tests").iterdir() if path.is_dir() and path.name != "__pycache__"
    }
    assert found - set(house.packages()) - set(reasons) == set()
