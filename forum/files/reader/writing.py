"""Plain text: which letters its bytes mean."""

from forum.files.reader.codes import Fault, Unreadable

_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
#: Tab, line feed, line end, form feed, and what terminals use to begin a colour.
_ALLOWED = frozenset(b"\t\n\r\x0c\x1b\x08\x1a")
_CONTROLS = bytes(code for code in range(32) if code not in _ALLOWED) + b"\x7f"


def coding_of(content: bytes, *, is_cut: bool = False) -> str:
    """The coding of a text: UTF-8 and UTF-16 with a mark, UTF-8, or what Windows writes in Western Europe.

    `is_cut`: `content` is only the beginning, whose last letter may be incomplete. Raises `Unreadable` for bytes
    that are no text.
    """
    for mark, coding in _MARKS:
        if content.startswith(mark):
            return _proved(content, coding, is_cut)
    if content.translate(None, _CONTROLS) != content:
        raise Unreadable(Fault.UNKNOWN_KIND)
    try:
        return _proved(content, "utf-8", is_cut)
    except Unreadable:
        return _proved(content, "cp1252", is_cut)


def decode(content: bytes) -> str:
    """The text; raises `Unreadable` as `coding_of`."""
    return content.decode(coding_of(content), errors="replace")


def _proved(content: bytes, coding: str, is_cut: bool) -> str:
    try:
        text = content.decode(coding)
    except UnicodeDecodeError as error:
        if not (is_cut and error.end >= len(content) - 4 and error.start >= len(content) - 4):
            raise Unreadable(Fault.UNKNOWN_KIND) from error
        text = content[: error.start].decode(coding)
    if "\0" in text:
        raise Unreadable(Fault.UNKNOWN_KIND)
    return coding
