"""What people type and paste becomes clean text, or they read what to do."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forum.core.errors import Invalid
from forum.core.text import MAX_MARKS, clean_line, clean_text, tame

BIDI = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
UNREADABLE = ["\x00", "\x07", "\x1b", "\x1f", "\x7f", "\x80", "\x85", "\x9f", "\ufffd", "\ud800", "\udfff"]


# --- both ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("clean", [clean_line, clean_text])
@pytest.mark.parametrize("sign", UNREADABLE)
def test_an_unreadable_character_is_refused_and_its_place_named(clean, sign: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(Invalid, match="Nach „Hallo Anna“ steht ein unlesbares Zeichen"):
        clean(f"Hallo Anna{sign}x", limit=100)
    with pytest.raises(Invalid, match="Am Anfang steht ein unlesbares Zeichen"):
        clean(f"{sign}x", limit=100)


@pytest.mark.parametrize(
    "nothing", ["", " ", "\n\t\r\n", "\xa0", "\u200b\ufeff", "\u202e", "\u3164", "\u2800", "\u0301", "\u200d"]
)
def test_a_text_in_which_nothing_can_be_seen_is_empty(nothing: str) -> None:
    with pytest.raises(Invalid, match=r"Bitte schreib einen Text\."):
        clean_text(nothing, limit=100)
    with pytest.raises(Invalid, match=r"Bitte füll dieses Feld aus\."):
        clean_line(nothing, limit=100)


@pytest.mark.parametrize("clean", [clean_line, clean_text])
def test_the_limit_counts_what_is_kept(clean) -> None:  # type: ignore[no-untyped-def]
    assert clean("  \u202eabcde \r\n", limit=7).strip() == "abcde"
    assert clean("a\u0308" * 5, limit=5) == "ä" * 5
    assert clean("x", limit=1) == "x"
    with pytest.raises(Invalid, match=r"Der Text ist 2 Zeichen zu lang\. Bitte kürz ihn auf höchstens 5\."):
        clean("abcdefg", limit=5)


@pytest.mark.parametrize("clean", [clean_line, clean_text])
@given(raw=st.text())
def test_what_is_clean_stays_as_it_is(clean, raw: str) -> None:  # type: ignore[no-untyped-def]
    try:
        text = clean(raw, limit=1_000)
    except Invalid:
        return
    assert clean(text, limit=1_000) == text
    assert unicodedata.is_normalized("NFC", text)
    assert text == text.rstrip()
    assert not set(text) & {*BIDI, *UNREADABLE, "\r", "\v", "\f", "\u2028", "\ufeff"}
    text.encode("utf-8")


@pytest.mark.parametrize(
    "short",
    ["?", "ok", "👍", "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft" * 3],
)
def test_short_answers_and_long_words_are_fine(short: str) -> None:
    assert clean_text(short, limit=1_000) == short
    assert clean_line(short, limit=1_000) == short


def test_piles_of_marks_are_cut_and_real_letters_are_not() -> None:
    assert tame("Z" + "\u0301\u0316\u0330" * 30 + "a").count("\u0316") <= MAX_MARKS
    assert len(tame("ส" + "\u0e47" * 50)) == 1 + MAX_MARKS
    for word in ("Nguyễn Thị Bưởi", "שָׁלוֹם", "السَّلَامُ", "हिन्दी", "1️⃣", "ཧཱུྃ"):
        assert tame(word) == unicodedata.normalize("NFC", word)


# --- lines --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "line"),
    [
        ("  Urlaub\n und\tSchicht\r\n2026 ", "Urlaub und Schicht 2026"),
        ("Urlaub\xa0im\u2009Sommer\u2028und\vWinter", "Urlaub im Sommer und Winter"),
        ("Betriebs\u00adrat", "Betriebsrat"),
        ("An\u200bna\ufeff Be\u2060ck\u200e", "Anna Beck"),
        ("An\u200dna Mu\u0308l\u200cler", "Anna Müller"),
        ("Rechnung\u202efdp.exe", "Rechnungfdp.exe"),
        ("\u2066Anna\u2069", "Anna"),
        ("Familie 👨\u200d👩\u200d👧 da", "Familie 👨\u200d👩\u200d👧 da"),
        ("نامه\u200cای", "نامه\u200cای"),
    ],
)
def test_a_line_becomes(raw: str, line: str) -> None:
    assert clean_line(raw, limit=100) == line


def test_two_names_that_look_alike_by_hidden_characters_become_one() -> None:
    for hidden in (*BIDI, "\u200b", "\u200c", "\u200d", "\u2063", "\U000e0041"):
        assert clean_line(f"Anna{hidden} Beck", limit=50) == "Anna Beck"


# --- texts --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("eins\r\nzwei\rdrei\vvier\ffünf\u2028sechs", "eins\nzwei\ndrei\nvier\nfünf\nsechs"),
        ("hart  \nweich\n", "hart  \nweich"),
        ("\n\n    code\n", "    code"),
        ("10\xa0Uhr\tRaum 3", "10\xa0Uhr\tRaum 3"),
        ("\ufeffHallo", "Hallo"),
        ("a\n\n\n\nb   ", "a\n\n\n\nb"),
        ("👨\u200d👩\u200d👧 Auf\u00adlage", "👨\u200d👩\u200d👧 Auf\u00adlage"),
        ("rechts \u202enach links", "rechts nach links"),
        (f"{BIDI}weg", "weg"),
        ("שלום\u200f!", "שלום\u200f!"),
    ],
)
def test_a_text_becomes(raw: str, text: str) -> None:
    assert clean_text(raw, limit=100) == text


def test_messages_come_without_a_request() -> None:
    with pytest.raises(Invalid) as refusal:
        clean_text("100 % von\x00", limit=5)
    assert (
        refusal.value.message
        == "Nach „100 % von“ steht ein unlesbares Zeichen. Bitte lösch es und tipp die Stelle neu."
    )
    assert refusal.value.field is None


@pytest.mark.parametrize("clean", [clean_line, clean_text])
@pytest.mark.parametrize("raw", ["", "\x00", "a\x00", "zu lang"])
def test_a_refusal_names_the_field_it_was_given(clean, raw: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(Invalid) as refusal:
        clean(raw, limit=3, field="title")
    assert refusal.value.field == "title"
