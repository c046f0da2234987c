"""Text made fit to be stored: what databases and browsers cannot take is left out."""

import re

# Control characters, halves of surrogate pairs, and what no text should hold; tab and line feed stay.
_UNFIT = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
_BROKEN_WORD = re.compile("[\x02\ufffe\u00ad]\r?\n?")
_LINE_ENDS = re.compile("\r\n?|\x0b|\x0c|\u2028|\u2029|\x85")
_TRAILING = re.compile(r"[ \t\u00a0]+$", re.MULTILINE)
_GAPS = re.compile(r"\n{3,}")


def tidy(text: str) -> str:
    """The text with plain line ends, words put together that a line end broke, and nothing unfit."""
    text = _LINE_ENDS.sub("\n", _BROKEN_WORD.sub("", text))
    return _GAPS.sub("\n\n", _TRAILING.sub("", _UNFIT.sub("", text))).strip("\n")


def name(text: str | None, limit: int = 120) -> str:
    """A name or title in one line, cut to `limit` characters."""
    return " ".join(_UNFIT.sub(" ", text or "").split())[:limit]
