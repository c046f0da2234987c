"""Bytes of mails as text: what a mail says of its charset is a hint, the bytes themselves are better witnesses."""

import re

#: What may be decoded as it is called; other names (`idna`, `rot13`, made-up ones) are not asked.
_KNOWN = re.compile(
    r"(utf-?(8|16|32)|iso-?8859-?\d{1,2}|(windows|cp)-?(125\d|437|85\d|86\d)|koi8|gb|big5|euc-|shift_?jis|iso-2022-|mac)"
    r"[\w-]{0,20}",
    re.IGNORECASE,
)
#: Names under which Windows' Western charset travels.
_WESTERN = {
    "",
    "ascii",
    "us-ascii",
    "latin1",
    "latin-1",
    "iso-8859-1",
    "iso8859-1",
    "iso_8859-1",
    "windows-1252",
}
_WESTERN |= {"cp1252", "ansi", "x-ansi", "8bit", "unknown-8bit", "default", "x-unknown", "binary"}
#: NUL and other controls but tab and line feed, C1, halves of pairs, and the mark of undecodable bytes.
_UNREADABLE = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


def decode(raw: bytes, declared: str = "") -> str:
    """`raw` as text with LF line ends; never fails. What cannot be read becomes a question mark."""
    return tidy(_decoded(raw, declared.strip().strip("\"'").lower()))


def tidy(text: str) -> str:
    """`text` with LF line ends and without characters that nobody can read or see."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\f", "\n").replace("\v", "\n")
    text = text.replace("\u2028", "\n").replace("\u2029", "\n\n").replace("\ufeff", "")
    return _UNREADABLE.sub("", text).replace("\ufffd", "?")


def _decoded(raw: bytes, charset: str) -> str:
    if raw.isascii() and not charset.startswith(("utf-16", "utf-32", "utf16", "utf32", "iso-2022", "hz")):
        return raw.decode("ascii")
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")) and not charset.startswith(("utf-32", "utf32")):
        return raw.decode("utf-16", "replace")
    if charset in _WESTERN or charset.startswith(("utf-8", "utf8")) or not _KNOWN.fullmatch(charset):
        return _utf8_or_western(raw)
    if not charset.startswith(("utf", "gb", "big5", "euc", "shift", "iso-2022")):
        try:  # a one-byte charset never fails, so UTF-8 sent under its name would turn to "Ã¼"
            return raw.decode("utf-8")
        except UnicodeDecodeError:
            pass
    try:
        return raw.decode(charset, "replace")
    except (LookupError, ValueError):
        return _utf8_or_western(raw)


def _utf8_or_western(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        pass
    text = raw.decode("utf-8", "replace")
    damaged = text.count("\ufffd")
    # A few bytes lost on the way are no other charset.
    if damaged * 4 < sum(1 for sign in text if sign > "\x7f"):
        return text
    western = raw.decode("cp1252", "replace")
    return western if western.count("\ufffd") <= damaged else text
