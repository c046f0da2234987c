"""Rich Text: groups in braces, words after backslashes."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from forum.files.reader.codes import Fault, Unreadable

LIMIT = 64 << 20
_TOKEN = re.compile(rb"[{}]|\\([a-zA-Z]+)(-?\d+)? ?|\\'[0-9a-fA-F]{2}|\\.|[^{}\\]+", re.DOTALL)
_ESCAPE = re.compile(rb"\\'([0-9a-fA-F]{2})|\\u(-?\d+) ?\??")


@dataclass(frozen=True, slots=True)
class Token:
    """A brace, a word (`word` without backslash, and its number), or text; `raw` is what stands there."""

    raw: bytes
    word: bytes = b""
    number: int | None = None


def read(path: Path) -> bytes:
    """The file's bytes; raises `Unreadable` (BOMB) when there are too many to be taken as a whole."""
    if path.stat().st_size > LIMIT:
        raise Unreadable(Fault.BOMB)
    return path.read_bytes()


def tokens(content: bytes) -> Iterator[Token]:
    """The content piece by piece; nothing is lost but a backslash at the very end."""
    place = 0
    while match := _TOKEN.match(content, place):
        place = match.end()
        word, number = match.group(1) or b"", match.group(2)
        raw = match.group()
        if word == b"bin" and number and int(number) > 0:
            raw += content[place : place + int(number)]
            place += int(number)
        yield Token(raw, word, int(number) if number and len(number) < 12 else None)


def values(content: bytes, word: bytes) -> list[str]:
    """What stands in groups that begin with `word`, for example the names after `author`."""
    found = re.findall(rb"\{(?:\\\*)?\s*\\" + word + rb"\s([^{}]{0,400})\}", content)
    return [_plain(text) for text in found[:100]]


def instructions(content: bytes) -> list[str]:
    """What fields say, without what only says how it looks."""
    found = re.findall(rb"\\fldinst\b(.{0,2000}?)(?=\\fldrslt|\\fldinst\b|\Z|.{2000})", content, re.DOTALL)
    return [_words(text) for text in found[:1000]]


def objects(content: bytes) -> list[str]:
    """The letters in objects of other programs."""
    found = re.findall(rb"\\objdata\b\s?([0-9a-fA-F\s]{0,20000})", content)
    even = ("".join(text.decode().split()) for text in found[:100])
    return [bytes.fromhex(text[: len(text) // 2 * 2]).replace(b"\0", b"").decode("latin-1") for text in even]


def _words(text: bytes) -> str:
    out = [
        b"\\" if token.raw == rb"\\" else token.raw
        for token in tokens(text)
        if token.raw not in (b"{", b"}", rb"\*") and (not token.word or token.word == b"u")
    ]
    return _plain(b"".join(out)).strip()


def _plain(text: bytes) -> str:
    def letter(match: re.Match[bytes]) -> bytes:
        if match.group(1):
            return bytes([int(match.group(1), 16)]).decode("cp1252", "replace").encode()
        return chr(int(match.group(2)) % 65_536).encode("utf-8", "replace")

    return _ESCAPE.sub(letter, text).decode("utf-8", "replace")
