"""Names of files: whatever is sent, what is kept is safe on every system."""

import unicodedata

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from forum.files.models import NAME_LIMIT
from forum.files.service.uploads import clean_name

ODD = st.text(
    st.one_of(
        st.sampled_from('../\\:*?"<>|\0\n\t .\u202e\u2066\u200b\ufeff\u0301\u0308\ud83dÄßé'),
        st.characters(),
    ),
    max_size=400,
)


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("Protokoll 12.03.pdf", "Protokoll 12.03.pdf"),
        ("Betriebsvereinbarung Übergänge.docx", "Betriebsvereinbarung Übergänge.docx"),
        ("../../etc/passwd", "passwd"),
        ("..\\..\\Windows\\win.ini", "win.ini"),
        ("C:\\Dokumente\\Plan.xlsx", "Plan.xlsx"),
        ("Rechnung\0.pdf", "Rechnung.pdf"),
        ("Bild\u202egnp.exe", "Bildgnp.exe"),
        ("a\u0308pfel.txt", "äpfel.txt"),
        ("Was nun?.pdf", "Was nun_.pdf"),
        ('<img src="x">.png', "_img src=_x__.png"),
        ("  viel\r\n  Platz  .pdf", "viel Platz.pdf"),
        (".htaccess", "htaccess"),
        ("Entwurf...", "Entwurf"),
        ("CON", "_CON"),
        ("nul.txt", "_nul.txt"),
        ("Aux.tar.gz", "_Aux.tar.gz"),
        ("com1 .pdf", "_com1.pdf"),
        (".LPT9", "_LPT9"),
        ("Konto.pdf", "Konto.pdf"),
        ("COM10.txt", "COM10.txt"),
        ("", "Datei"),
        ("..", "Datei"),
        ("///", "Datei"),
        ("\u202e\u200b", "Datei"),
    ],
)
def test_a_name_keeps_what_people_read_and_nothing_else(context: Flask, sent: str, kept: str) -> None:
    assert clean_name(sent) == kept


def test_a_long_name_keeps_its_ending(context: Flask) -> None:
    name = clean_name("a" * 300 + ".pdf")
    assert (len(name), name[-5:]) == (NAME_LIMIT, "a.pdf")
    assert len(clean_name("x" * 300)) == NAME_LIMIT
    assert len(clean_name("x." + "y" * 300)) == NAME_LIMIT


@pytest.mark.parametrize("sign", ["ä", "漢", "🗂"])
def test_a_name_fits_where_bytes_are_counted_with_room_for_a_number(context: Flask, sign: str) -> None:
    name = clean_name(sign * 300 + ".pdf")
    assert name.endswith(f"{sign}.pdf")
    assert 240 < len(name.encode()) <= 245


def test_whatever_is_sent_the_name_is_safe(context: Flask) -> None:
    @given(ODD)
    def holds(sent: str) -> None:
        name = clean_name(sent)
        assert 1 <= len(name) <= NAME_LIMIT
        assert not set(name) & set('/\\<>:"|?*\0\r\n\t')
        assert not any(unicodedata.category(char)[0] == "C" for char in name)
        assert name == unicodedata.normalize("NFC", name)
        assert name == name.strip(" .")
        assert clean_name(name) == name
        name.encode()

    holds()
