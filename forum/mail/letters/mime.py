"""The parts of a mail, found in bounded time.

The standard library's parser checks every line against every boundary that is open, and its modern headers are
parsed in quadratic time: a mail of a thousand nested parts, or one long header, keeps it busy for minutes. This
one cuts the bytes at the boundaries, so many levels deep and into so many parts as any honest mail has.
"""

import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import Message
from email.utils import getaddresses

from forum.mail.letters.charsets import decode, tidy

#: The header of one part, in bytes; what is beyond is not read.
HEADER_LIMIT = 256 * 1024
_LINES = 1000
_VALUE = 8000
_DEPTH = 20
_PARTS = 400
_HEADER_END = re.compile(rb"\r?\n[ \t]*\r?\n|\A[ \t]*\r?\n")
_FIELD = re.compile(r"([!-9;-~]{1,80})[ \t]*:(.*)", re.DOTALL)
_FOLD = re.compile(r"\n(?![ \t])")
_WORD = re.compile(r"=\?([^?\s]{1,60})\?([bBqQ])\?([^?]*)\?=")
_GAP = re.compile(r"(\?=)\s+(?==\?[^?\s]{1,60}\?[bBqQ]\?)")
_FIRST_BOUNDARY = re.compile(rb"(?:\A|\n)--([^\s\-][^\r\n]{0,69})\r?\n")
#: What may stand behind a boundary: the dashes of the last one, spaces.
_LINE_REST = re.compile(rb"(--)?[ \t]{0,200}\r?(?:\n|\Z)")
_LF = 10
_ADDRESS = re.compile(r"[^\s@<>()\",;:\\]{1,64}@[^\s@<>()\",;:\\]{1,190}")


@dataclass(frozen=True, slots=True)
class Part:
    """A mail, or a part of one: its header, and either its parts or its bytes."""

    header: Message = field(repr=False)
    body: bytes = field(default=b"", repr=False)
    parts: tuple["Part", ...] = ()

    @property
    def kind(self) -> str:
        """The content type, in lower case: `text/plain` if none is given."""
        return self.header.get_content_type()

    @property
    def disposition(self) -> str:
        """`attachment`, `inline` or nothing."""
        return str(self.header.get_content_disposition() or "")

    def says(self, name: str) -> str:
        """The value of a header, decoded, in one line; empty without it."""
        return words(str(self.header.get(name, "")))

    def parameter(self, name: str, header: str = "content-type") -> str:
        """A parameter of the content type or of another header; empty without it."""
        try:
            value = self.header.get_param(name, "", header=header)
        except (ValueError, LookupError, TypeError):
            return ""
        if isinstance(value, tuple):
            return decode(value[2].encode("latin-1", "replace"), value[0] or "")
        return words(value)

    @property
    def content(self) -> bytes:
        """The bytes, freed of their transfer encoding; what is damaged is read as far as it goes."""
        encoding = str(self.header.get("content-transfer-encoding", "")).strip().lower()
        if encoding == "base64":
            return _from_base64(self.body)
        if encoding == "quoted-printable":
            return binascii.a2b_qp(self.body)
        return self.body

    @property
    def text(self) -> str:
        """The content as text."""
        return decode(self.content, self.parameter("charset"))

    def walk(self) -> Iterator["Part"]:
        """This part and all parts below, in the order of the mail."""
        waiting = [self]
        while waiting:
            part = waiting.pop()
            yield part
            waiting.extend(reversed(part.parts))


def read_mail(raw: bytes) -> Part:
    """The mail with its parts; what is beyond the bounds of an honest mail is left out."""
    return _part(raw, _Budget(_PARTS), 0)


def read_header(raw: bytes) -> Part:
    """The mail without its body."""
    return Part(_split(raw)[0])


def words(value: str) -> str:
    """A header's value for people: encoded words decoded, in one line, without control characters."""
    value = _GAP.sub(r"\1", " ".join(value[:_VALUE].split()))
    pieces: list[str] = []
    held, charset, end = b"", "", 0
    for found in _WORD.finditer(value):
        between = value[end : found.start()]
        # A letter of several bytes may be cut between two words: neighbours of one charset are decoded together.
        if held and (between or found[1].lower() != charset):
            pieces.append(decode(held, charset))
            held = b""
        pieces.append(between)
        held, charset, end = held + _word_bytes(found), found[1].partition("*")[0].lower(), found.end()
    pieces += [decode(held, charset), value[end:]]
    return " ".join(tidy("".join(pieces)).split())


def addresses_in(part: Part, *names: str) -> tuple[str, ...]:
    """The mail addresses in these headers, in lower case, each once."""
    values = [str(value)[:_VALUE] for name in names for value in part.header.get_all(name, [])[:20]]
    found = (address.lower() for _name, address in _parsed(values))
    return tuple(dict.fromkeys(address for address in found if _ADDRESS.fullmatch(address)))


def name_in(part: Part, header: str) -> str:
    """The name of the first person in the header."""
    parsed = _parsed([str(part.header.get(header, ""))[:_VALUE]])
    return words(parsed[0][0])[:100] if parsed else ""


def _parsed(values: list[str]) -> list[tuple[str, str]]:
    try:
        return getaddresses(values)[:200]
    except (ValueError, IndexError, RecursionError):
        return []


@dataclass(slots=True)
class _Budget:
    """How many parts there may still be, and how many places that look like a boundary."""

    parts: int
    looks: int = 50_000


def _part(raw: bytes, budget: _Budget, depth: int) -> Part:
    header, body = _split(raw)
    if header.get_content_maintype() != "multipart":
        return Part(header, body)
    if depth >= _DEPTH:
        return Part(_as_text(header))
    boundary = _boundary(header, body)
    if not boundary:
        return Part(_as_text(header), body)
    pieces = list(_pieces(body, boundary, budget))
    if not pieces:
        return Part(_as_text(header), body)
    return Part(header, b"", tuple(_part(piece, budget, depth + 1) for piece in pieces))


def _split(raw: bytes) -> tuple[Message, bytes]:
    end = _HEADER_END.search(raw, 0, HEADER_LIMIT)
    head = raw[: end.start()] if end else raw[:HEADER_LIMIT]
    header = Message()
    for place, line in enumerate(_FOLD.split(decode(head).lstrip("\n"))):
        matched = _FIELD.fullmatch(line)
        # A second sender counts wherever it stands: other programs may show that one.
        if matched and (place < _LINES or matched[1].lower() == "from"):
            header[matched[1]] = " ".join(matched[2][:_VALUE].split())
    return header, raw[end.end() :] if end else b""


def _boundary(header: Message, body: bytes) -> bytes:
    try:
        given = header.get_boundary()
    except (ValueError, LookupError, TypeError):
        given = None
    if given:
        return given.encode("utf-8", "replace")
    first = _FIRST_BOUNDARY.search(body, 0, 64 * 1024)
    return first[1].rstrip() if first else b""


def _pieces(body: bytes, boundary: bytes, budget: _Budget) -> Iterator[bytes]:
    line = b"--" + boundary
    start: int | None = None
    place = -1
    while (place := body.find(line, place + 1)) >= 0 and budget.looks > 0:
        budget.looks -= 1
        rest = _LINE_REST.match(body, place + len(line))
        if not rest or (place > 0 and body[place - 1] != _LF):
            continue
        if start is not None:
            yield body[start : _before_line_end(body, place)]
        start = None if rest[1] else rest.end()
        budget.parts -= 1
        if rest[1] or budget.parts < 0:
            return
    if start is not None:  # broken off before the last boundary
        yield body[start:]


def _before_line_end(body: bytes, place: int) -> int:
    """Where the line before `place` ends; its end belongs to the boundary."""
    return place - 2 if body[place - 2 : place] == b"\r\n" else place - 1


def _as_text(header: Message) -> Message:
    """What calls itself a multipart and has no parts is read as text."""
    del header["content-type"]
    header["Content-Type"] = "text/plain"
    return header


def _from_base64(body: bytes) -> bytes:
    try:
        return binascii.a2b_base64(body)
    except binascii.Error:
        # A length that cannot be: what remains of the last group is lost, the rest is not.
        signs = re.sub(rb"[^A-Za-z0-9+/]", b"", body)
        return binascii.a2b_base64(signs[: len(signs) // 4 * 4])


def _word_bytes(found: re.Match[str]) -> bytes:
    raw = found[3].encode("utf-8", "replace")
    if found[2] in "bB":
        return _from_base64(raw + b"=" * (-len(raw) % 4))
    return binascii.a2b_qp(raw, header=True)
