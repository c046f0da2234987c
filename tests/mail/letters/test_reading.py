"""Whatever comes is read in bounded time, and nothing raises."""

import base64
import random
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forum.mail.letters import SIZE_LIMIT, LetterKind, answer_in, read_letter
from forum.mail.letters.attached import clean_name
from forum.mail.letters.charsets import decode
from forum.mail.letters.mime import words
from forum.mail.letters.webtext import text_of

SAMPLES = [file.read_bytes() for file in sorted((Path(__file__).parent.parent / "samples").glob("*.eml"))]
HEAD = b"From: Petra <petra.linse@optik.example>\r\nTo: x@netz.example\r\nSubject: Re: Neues\r\n"

LINES = st.lists(
    st.one_of(
        st.text(max_size=40),
        st.sampled_from(
            [
                "", ">", "> Zitat", "-- ", "--", "Von: a", "Gesendet: b", "An: c", "Betreff: d", "Viele Grüße", "Tel.: 1",
                "Am 12.11.2026 um 08:15 schrieb Jens <jens@weg.example>:", "Von meinem iPhone gesendet", "Antwort",
                "-----Original Message-----", "_" * 32, "---- Bitte über dieser Zeile antworten ----", "www.optik.example",
            ]
        ),
    ),
    max_size=30,
)  # fmt: skip


def took(do):
    begun = time.process_time()
    do()
    return time.process_time() - begun


@given(st.binary(max_size=3000))
@settings(max_examples=150, deadline=None)
def test_no_bytes_make_it_raise(raw):
    read_letter(raw)
    read_letter(HEAD + raw)


@given(st.sampled_from(SAMPLES), st.randoms(use_true_random=False))
@settings(max_examples=150, deadline=None)
def test_no_damage_on_the_way_makes_it_raise(raw, chance: random.Random):
    damaged = bytearray(raw)
    for _ in range(chance.randint(1, 12)):
        place = chance.randrange(len(damaged))
        what = chance.randrange(4)
        if what == 0:
            damaged[place] = chance.randrange(256)
        elif what == 1:
            del damaged[place : place + chance.randrange(200)]
        elif what == 2:
            damaged[place:place] = damaged[: chance.randrange(300)]
        else:
            del damaged[place:]
        damaged = damaged or bytearray(b"x")
    letter = read_letter(bytes(damaged))
    assert "\x00" not in letter.text + letter.subject + letter.sender_name
    assert all(file.name and "/" not in file.name for file in letter.files)


@given(LINES)
@settings(max_examples=150, deadline=None)
def test_the_answer_is_lines_of_the_mail_in_their_order(lines):
    text = "\n".join(lines)
    there = iter([line.strip() for line in text.split("\n")])
    assert all(line.strip() in there for line in answer_in(text).split("\n") if line.strip())


@given(LINES, LINES)
@settings(max_examples=100, deadline=None)
def test_nothing_of_what_stands_alone_gets_lost(above, below):
    own = "Ein Satz, der nur hier steht."
    assert own in answer_in("\n".join([own, "", *[f"> {line}" for line in below]]))
    assert own in answer_in(own)


@given(st.text(max_size=300))
@settings(max_examples=150, deadline=None)
def test_no_html_makes_it_raise(source):
    text_of(source)
    text_of(f"<div><p>{source}<blockquote>{source}</div><li>")


@given(st.text(max_size=200), st.text(max_size=30))
@settings(max_examples=150, deadline=None)
def test_names_are_one_clean_line(name, content_type):
    cleaned = clean_name(name, content_type)
    assert cleaned
    assert len(cleaned) <= 140
    assert not set(cleaned) & set('/\\\n\r\x00<>:"|?*\u202e\u200b')


@given(st.binary(max_size=300), st.text(max_size=30))
@settings(max_examples=150, deadline=None)
def test_any_bytes_of_any_charset_are_text(raw, charset):
    assert "\ufffd" not in decode(raw, charset)
    words(f"=?{charset}?q?{raw!r}?=")


ATTACKS = {
    "ten thousand parts": HEAD
    + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
    + b"--b\r\nContent-Type: text/plain\r\n\r\nTeil\r\n" * 10_000
    + b"--b--\r\n",
    "a thousand nested parts": HEAD
    + b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(1000))
    + b"Content-Type: text/plain\r\n\r\nTief\r\n",
    "a thousand nested parts and many lines": HEAD
    + b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(1000))
    + b"\r\n"
    + b"--b\r\n" * 1_000_000,
    "many parts with many headers": HEAD
    + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
    + (b"--b\r\n" + b"X: y\r\n" * 1000 + b"\r\nTeil\r\n") * 500,
    "one header of a megabyte": HEAD + b"Subject: " + b"=?utf-8?q?a?= " * 80_000 + b"\r\n\r\nText",
    "a hundred thousand headers": HEAD + b"X-Eins: zwei\r\n" * 100_000 + b"\r\nText",
    "an address list of a megabyte": HEAD + b"Cc: " + b'"a\\" <a@b.example>,(' * 50_000 + b"\r\n\r\nText",
    "parameters without end": HEAD + b"Content-Type: text/plain; " + b'a="b;' * 60_000 + b"\r\n\r\nText",
    "a line of five megabytes": HEAD + b"\r\n" + b"am schrieb 12:00 < " * 250_000,
    "openings": HEAD + b"\r\n" + b"Am 12.11.2026 um 08:15 \r\n" * 40_000,
    "openings that end": HEAD + b"\r\n" + b"Am 12.11.2026 schrieb a:\r\n" * 40_000,
    "labels": HEAD + b"\r\n" + b"Von: a\r\n" * 100_000,
    "quotes": HEAD + b"\r\n" + b"> " * 500_000 + b"\r\n" + b"> a\r\nb\r\n" * 50_000,
    "dashes": HEAD + b"\r\n" + b"-- \r\n" * 200_000 + b"-" * 1_000_000,
    "short dashes": HEAD + b"\r\n" + b"--\r\n" * 200_000 + b"x" * 200,
    "marks": HEAD + b"\r\n" + "---- Bitte über dieser Zeile antworten ----\r\n".encode() * 5000,
    "marks below labels": HEAD + b"\r\n" + "Von: a\r\nBitte über dieser Zeile antworten\r\n".encode() * 5000,
    "greetings": HEAD + b"\r\n" + b"Mit freundlichen Gr\xc3\xbc\xc3\x9fen\r\nTel.\r\n" * 40_000,
    "spaces": HEAD + b"\r\n" + b" " * 3_000_000 + b"x",
    "html that opens only": HEAD + b"Content-Type: text/html\r\n\r\n" + b"<div><blockquote>" * 60_000,
    "html links": HEAD + b"Content-Type: text/html\r\n\r\n" + b"<a href='https://a.example'>" * 40_000,
    "html pictures": HEAD + b"Content-Type: text/html\r\n\r\n" + b"<img src='cid:a'>" * 60_000,
    "base64 of nothing": HEAD + b"Content-Transfer-Encoding: base64\r\n\r\n" + b"=" * 5_000_000,
    "quoted-printable": HEAD + b"Content-Transfer-Encoding: quoted-printable\r\n\r\n" + b"=\r\n" * 1_000_000,
    "flowed": HEAD + b"Content-Type: text/plain; format=flowed\r\n\r\n" + b"a \r\n" * 500_000,
    "a bounce of many": HEAD.replace(b"Petra <petra.linse@", b"<mailer-daemon@")
    + b"Content-Type: multipart/report; boundary=b\r\n\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n"
    + b"Final-Recipient: rfc822; a@b.example\r\nAction: failed\r\n\r\n" * 20_000,
    "results": HEAD + b"Authentication-Results: mx; " + b"spf=pass smtp.mailfrom=a; (" * 20_000 + b"\r\n\r\nText",
}  # fmt: skip


@pytest.mark.parametrize("name", ATTACKS)
def test_no_mail_keeps_it_busy(name):
    raw = ATTACKS[name]
    assert took(lambda: read_letter(raw, authserv="mx")) < 2.5


@pytest.mark.parametrize(
    "line",
    [
        "Am 12.11.2026 um 08:15 schrieb a",
        "Von: a",
        "> a",
        "-- ",
        "Viele Grüße",
        "Tel. 1",
        "__________",
        "a " * 300,
        "-",
    ],
)
def test_the_answer_takes_time_in_proportion(line):
    small, large = "\n".join([line] * 1000), "\n".join([line] * 10_000)
    answer_in(small)
    assert took(lambda: answer_in(large)) < 40 * max(took(lambda: answer_in(small)), 0.005)


def test_thirty_megabytes_are_not_read_but_known_by_their_header():
    body = base64.encodebytes(bytes(3 * 1024 * 1024)) * 8
    raw = HEAD + b"Content-Transfer-Encoding: base64\r\n\r\n" + body
    assert len(raw) > SIZE_LIMIT
    begun = time.process_time()
    letter = read_letter(raw)
    assert time.process_time() - begun < 0.2
    assert (letter.kind, letter.sender, letter.text) == (
        LetterKind.TOO_LARGE,
        "petra.linse@optik.example",
        "",
    )


def test_just_below_the_limit_it_is_read_in_a_moment():
    picture = base64.encodebytes(bytes(17 * 1024 * 1024))
    raw = (
        HEAD
        + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nDrei Bilder\r\n--b\r\n"
        + b"Content-Type: image/jpeg; name=a.jpg\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        + picture
        + b"\r\n--b--\r\n"
    )
    assert len(raw) < SIZE_LIMIT
    begun = time.process_time()
    letter = read_letter(raw)
    assert time.process_time() - begun < 1.5
    assert letter.text == "Drei Bilder"
    assert len(letter.files[0].content) == 17 * 1024 * 1024


def test_of_a_header_alone_the_sender_is_known():
    letter = read_letter(HEAD, is_whole=False)
    assert (letter.kind, letter.sender) == (LetterKind.TOO_LARGE, "petra.linse@optik.example")
