"""What every page and every text keeps to; and that the check itself sees what it must."""

import io
import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.frontend import CommandLineInterface
from babel.messages.pofile import read_po
from flask import Flask
from lxml.html import document_fromstring

from tests.architecture import house
from tests.architecture.scene import Scene
from tests.architecture.test_writes import browser, path_of, rows, welcome
from tests.pages import find_faults, find_polite_address

ENGLISH = house.FORUM / "translations" / "en" / "LC_MESSAGES" / "messages.po"

GOOD = """<!doctype html><html lang="de"><head><title>Start</title></head>
<body><main><h1>Start</h1>{}</main></body></html>"""

#: What is said instead stands in the glossary (Thema, Beitrag, Forum, Mitglied, anmelden …).
JARGON = (
    "account", "accounts", "admin", "admins", "board", "boards", "button", "buttons", "dashboard", "dropdown",
    "einloggen", "ausloggen", "eingeloggt", "ausgeloggt", "feed", "klick", "klicke", "klicken", "log-in", "login",
    "logout", "nutzer", "nutzerin", "nutzer:in", "nutzer:innen", "benutzer", "benutzerin", "benutzername", "post",
    "posts", "posting", "postings", "posten", "session", "space", "spaces", "submit", "tag", "tags", "thread",
    "threads", "token", "upload", "user", "username", "users", "zugangsdaten",
)  # fmt: skip
#: Words of the list that are meant otherwise here.
NO_JARGON = {"Der Link gilt einen Tag": "a day"}


@pytest.mark.parametrize(
    ("bad", "good", "fault"),
    [
        ('<p style="color:red">x</p>', '<p class="red">x</p>', "inline style"),
        ("<style>p{}</style>", '<link rel="stylesheet" href="/static/x.css">', "style element"),
        ("<script>alert(1)</script>", '<script src="/static/x.js"></script>', "inline script"),
        ('<a href="/" onclick="x()">Start</a>', '<a href="/">Start</a>', "onclick"),
        ('<img src="https://elsewhere.example/x.png" alt="">', '<img src="/x.png" alt="">', "foreign"),
        ('<img src="//elsewhere.example/x.png" alt="">', '<img src="/x.png" alt="">', "foreign"),
        ('<input name="q">', '<label for="q">Suche</label><input id="q" name="q">', "unlabelled"),
        ('<textarea name="t"></textarea>', '<label>Text <textarea name="t"></textarea></label>', "unlabelled"),
        ('<select name="s"></select>', '<select name="s" aria-label="Rolle"></select>', "unlabelled"),
        ("<button></button>", "<button>Senden</button>", "nameless button"),
        ('<button><svg aria-hidden="true"></svg></button>', '<button aria-label="Mehr"></button>', "nameless"),
        ('<a href="/"></a>', '<a href="/"><img src="/x.png" alt="Start"></a>', "nameless link"),
        (
            '<form method="post" action="/x"></form>',
            '<form method="post" action="/x"><input type="hidden" name="csrf_token" value="t"></form>',
            "without token",
        ),
        ('<form method="POST" action="/x"></form>', '<form method="get" action="/x"></form>', "without token"),
        ('<i id="a"></i><i id="a"></i>', '<i id="a"></i><i id="b"></i>', "id twice"),
    ],
)  # fmt: skip
def test_the_check_of_pages_sees_a_fault_and_lets_the_good_page_pass(bad: str, good: str, fault: str) -> None:
    assert any(fault in found for found in find_faults(GOOD.format(bad)))
    assert find_faults(GOOD.format(good)) == []


@pytest.mark.parametrize(
    ("missing", "fault"),
    [
        (' lang="de"', "no language"),
        ("<title>Start</title>", "no title"),
        ("<h1>Start</h1>", "no main heading"),
        ("main", "no main part"),
    ],
)
def test_the_check_of_pages_misses_what_every_page_has(missing: str, fault: str) -> None:
    assert fault in find_faults(GOOD.format("").replace(missing, "div" if missing == "main" else ""))
    assert find_faults(GOOD.format("")) == []


@pytest.mark.parametrize(
    "text",
    [
        "Bitte melden Sie sich an.",
        "Sie können jetzt schreiben.",
        "Sie sind angemeldet.",
        "Ihr Konto ist gesperrt.",
        "Ihre Nachricht wurde gesendet",
        "Wir haben Ihnen geschrieben.",
        "Klicken Sie hier. Danke.",
        "Das gehört zu Ihrem Konto.",
        "Fragen an „Ihre Moderation“ und an Sie",
    ],
)
def test_a_polite_address_is_found(text: str) -> None:
    assert find_polite_address(text)


@pytest.mark.parametrize(
    "text",
    [
        "Du kannst sie lesen und ihnen antworten.",
        "Die Einladung ist zurückgezogen. Ihr Link öffnet nichts mehr.",
        "Mails liegen hier als Datei. Sie können Links enthalten.",
        "Sie wurde schon benutzt.",
        "Siehe oben",
        "Die Regionen: Ihre Foren",
        "Überschrift\nSie holen die anderen dazu.",
    ],
)
def test_they_and_her_are_no_polite_address(text: str) -> None:
    assert find_polite_address(text) == []


# ── Texts ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def messages(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """All texts of the house, collected as `make messages` collects them."""
    target = tmp_path_factory.mktemp("messages") / "messages.pot"
    folders = [str(house.FORUM), str(house.TEMPLATES)]
    mapping = str(house.ROOT / "babel.cfg")
    CommandLineInterface().run(
        ["pybabel", "-q", "extract", "-F", mapping, "-k", "_l", "-o", str(target), *folders]
    )
    return read_po(io.BytesIO(target.read_bytes()))


@pytest.fixture(scope="module")
def texts(messages: Catalog) -> list[str]:
    """The German texts: every message, both numbers of those that count."""
    return [text for message in messages if message.id for text in forms_of(message)]


def forms_of(message: Message) -> tuple[str, ...]:
    return message.id if isinstance(message.id, tuple) else (str(message.id),)


def test_the_texts_are_collected(texts: list[str]) -> None:
    assert len(texts) > 300
    assert {"Titel", "Bitte füll dieses Feld aus.", "%(num)s Beiträge"} <= set(texts)


def test_texts_are_collected_from_every_template_whatever_its_file_is_called(texts: list[str]) -> None:
    written = {
        text
        for file in house.TEMPLATES.rglob("*.*")
        for text in re.findall(r'\b_\("([^"\\]+)"', file.read_text(encoding="utf-8"))
    }
    assert len(written) > 300
    assert written - set(texts) == set()


def test_no_text_says_sie_to_its_reader(texts: list[str]) -> None:
    assert {text: found for text in texts if (found := find_polite_address(text))} == {}


def test_no_text_uses_the_jargon_of_software(texts: list[str]) -> None:
    found = {}
    for text in texts:
        plain = re.sub(r"%\(\w+\)s", "", text)
        for meant in NO_JARGON:
            plain = plain.replace(meant, "")
        words = {word.casefold() for word in re.findall(r"[\w:-]+", plain)}
        # A day is a Tag, too; only the English plural and the mark itself are jargon.
        jargon = (words & set(JARGON)) - {"tag"}
        if jargon:
            found[text] = sorted(jargon)
    assert found == {}, "say it with the words of the glossary"


def test_no_text_is_put_together_from_pieces(texts: list[str]) -> None:
    """Braces of f-strings or str.format in a message mean that a value was put in before translating."""
    assert [text for text in texts if re.search(r"\{\w*\}|%[sd](?!\w)", text)] == []


def test_every_page_says_du_in_german_and_is_whole(app: Flask, scene: Scene) -> None:
    """Every page of the matrix, seen by somebody who may."""
    wrong = {}
    for row in rows(app, "GET"):
        client = browser(app, scene, welcome(row))
        with app.app_context():
            path = path_of(app, row, row.ask(scene).values)
        answer = client.get(path, headers={"Accept-Language": "de"})
        if answer.mimetype != "text/html" or answer.status_code in {302, 303}:
            continue
        words = document_fromstring(answer.text).xpath("//text()")
        said = "\n".join(word.strip() for word in words if word.strip())
        faults = find_faults(answer.text) + find_polite_address(said)
        if faults:
            wrong[row.name] = faults
    assert wrong == {}


ASKING = ("manfred", "karla", "petra")


@pytest.mark.parametrize("viewer", ASKING)
def test_no_address_is_troubled_by_a_strange_question(app: Flask, scene: Scene, viewer: str) -> None:
    """Page numbers, cursors, filters and names as nobody's link has them: a page or 404, never a fault.

    Each page is asked by the first who may see it.
    """
    huge = "9" * 30
    strange = [
        "page=x&after=x&before=x&quote=x&space=x&show=x&q=%00%ff",
        f"page={huge}&after={huge}&before={huge}&quote={huge}&space={huge}&q=" + "x" * 5000,
        "page=-1&after=1.2.3&before=-1&filter=king&quote=-1&space=-1&next=//evil.example",
        "after=1.99999999999999999.1&page=0&quote=0",
    ]
    client = browser(app, scene, viewer)
    with app.app_context():
        paths = [
            path_of(app, row, row.ask(scene).values)
            for row in rows(app, "GET")
            if next((name for name in ASKING if row.expected(name) == 200), None) == viewer
        ]
    assert paths
    troubled = {}
    for path in paths:
        for question in strange:
            address = f"{path}{'&' if '?' in path else '?'}{question}"
            try:
                status = client.get(address).status_code
            except Exception as fault:  # what would be a fault of the server
                status = repr(fault)
            if status not in {200, 302, 400, 404, 422}:
                troubled[address[:90]] = status
    assert troubled == {}


# ── English ──────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def english() -> Catalog:
    assert ENGLISH.exists(), (
        f"{ENGLISH.relative_to(house.ROOT)} is missing: run `make messages` and translate"
    )
    return read_po(io.BytesIO(ENGLISH.read_bytes()), locale="en")


def test_every_text_is_translated_into_english(messages: Catalog, english: Catalog) -> None:
    missing = []
    for message in messages:
        if not message.id:
            continue
        known = english.get(message.id, context=message.context)
        words = known.string if known else ""
        if not (all(words) if isinstance(words, tuple) else words):
            missing.append(
                f"{', '.join(f'{Path(file).relative_to(house.ROOT)}:{line}' for file, line in message.locations)}: {forms_of(message)[0]}"
            )
    assert missing == [], f"{len(missing)} texts without English in {ENGLISH.relative_to(house.ROOT)}"


def test_no_translation_is_a_guess(english: Catalog) -> None:
    assert [forms_of(message)[0] for message in english if message.id and message.fuzzy] == []


def test_translations_keep_the_places_for_values(english: Catalog) -> None:
    wrong = []
    for message in english:
        strings = message.string if isinstance(message.string, tuple) else (message.string,)
        allowed = set().union(*(places_in(text) for text in forms_of(message)))
        for string in strings:
            missing = set() if isinstance(message.string, tuple) else allowed - places_in(str(string))
            if message.id and string and (missing or places_in(str(string)) - allowed):
                wrong.append(f"{forms_of(message)[0]!r} → {string!r}")
    assert wrong == []


def test_english_has_both_numbers_where_german_has_them(english: Catalog) -> None:
    assert english.num_plurals == 2
    wrong = [
        m.id
        for m in english
        if isinstance(m.id, tuple) and (not isinstance(m.string, tuple) or len(m.string) != 2)
    ]
    assert wrong == []


def test_the_catalogue_holds_nothing_that_nobody_says(messages: Catalog, english: Catalog) -> None:
    gone = [forms_of(message)[0] for message in english if message.id and message.id not in messages]
    assert gone == [], "run `make messages`"


def places_in(text: str) -> set[str]:
    return set(re.findall(r"%\((\w+)\)[sd]", text))
