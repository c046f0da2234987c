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


def _plain(text: bytes) -> str:
    def letter(match: re.Match[bytes]) -> bytes:
        if match.group(1):
            return bytes([int(match.group(1), 16)]).decode("cp1252", "replace").encode()
        return chr(int(match.group(2)) % 65_536).encode("utf-8", "replace")

    return _ESCAPE.sub(letter, text).decode("utf-8", "replace")
