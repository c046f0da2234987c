"""Outlook's wrapping: read as far as it is whole, and no count in it is believed."""

import struct
import time

from hypothesis import given, settings
from hypothesis import strategies as st

from forum.mail.letters.tnef import unwrapped

START = struct.pack("<IH", 0x223E9F78, 1)


def attribute(number, data, level=1):
    return struct.pack("<BII", level, number, len(data)) + data + struct.pack("<H", sum(data) & 0xFFFF)


def string(name, text):
    raw = text.encode("utf-16-le") + b"\0\0"
    return struct.pack("<HHII", 0x1F, name, 1, len(raw)) + raw + b"\0" * (-len(raw) % 4)


def binary(name, raw):
    return struct.pack("<HHII", 0x102, name, 1, len(raw)) + raw + b"\0" * (-len(raw) % 4)


def properties(*values):
    return struct.pack("<I", len(values)) + b"".join(values)


WHOLE = (
    START
    + attribute(0x69007, struct.pack("<II", 1252, 0))
    + attribute(0x69003, properties(struct.pack("<HHI", 0x3, 0x17, 1), string(0x1000, "Grüße"), binary(0x1013, b"<p>Ja")))
    + attribute(0x69002, b"\1\0", 2)
    + attribute(0x18010, "LÖHNE~1.PDF".encode("cp1252") + b"\0", 2)
    + attribute(0x69005, properties(string(0x3707, "Löhne 2026.pdf"), binary(0x3701, b"%PDF-1.4 Inhalt")), 2)
)  # fmt: skip


def test_text_html_and_files_are_found():
    found = unwrapped(WHOLE)
    assert (found.text, found.html) == ("Grüße", "<p>Ja")
    assert [(file.name, file.content) for file in found.files] == [("Löhne 2026.pdf", b"%PDF-1.4 Inhalt")]


def test_what_stood_before_the_damage_is_kept():
    assert unwrapped(WHOLE[:-40]).text == "Grüße"
    assert unwrapped(b"no wrapping at all").files == unwrapped(b"").files == []


def test_counts_that_cannot_be_keep_nobody_busy():
    many = struct.pack("<I", 0xFFFFFFFF)
    for kind in (0x1003, 0x101E, 0x1102, 0x1F, 0x2, 0x1000):
        for tail in (many, many * 2, many + b"\0" * 400_000):
            begun = time.process_time()
            unwrapped(START + attribute(0x69003, many + struct.pack("<HH", kind, 0x1000) + tail))
            assert time.process_time() - begun < 0.2


@given(st.binary(max_size=400), st.integers(0, len(WHOLE)))
@settings(max_examples=200, deadline=None)
def test_no_bytes_make_it_raise(raw, place):
    unwrapped(START + raw)
    unwrapped(WHOLE[:place] + raw + WHOLE[place:])
