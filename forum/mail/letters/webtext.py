"""A mail's HTML as text: paragraphs, lists and quotes stay what they are, everything else is dress."""

import re
from collections.abc import Iterator

from lxml import etree
from lxml import html as lxml_html

#: So much HTML is read.
_LIMIT = 2_000_000
_SKIPPED = {"head", "style", "script", "title", "meta", "link", "object", "svg", "noscript", "template"}
_PARAGRAPHS = {"p", "ul", "ol", "table", "h1", "h2", "h3", "h4", "h5", "h6", "pre", "blockquote"}
_LINES = {"div", "tr", "li", "section", "article", "header", "footer", "center", "dt", "dd", "form", "hr"}
#: Where mail programs put the signature.
_SIGNATURE = re.compile(
    r"(gmail_signature|moz-signature|ms-outlook-mobile-signature|^Signature$|x_Signature)"
)
_HIDDEN = re.compile(r"display\s*:\s*none", re.IGNORECASE)
_INDENT = re.compile(r"border(-left)?\s*:\s*(none|0)", re.IGNORECASE)
_SPACES = re.compile(r"[ \t\r\n]+")
#: A picture in the text, by its Content-ID.
PICTURE = re.compile(r"\[cid:([^\]\s]{1,200})\]")


def text_of(source: str) -> str:
    """The text of `source`. Quotes begin with "> ", points of lists with "- " or their number.

    A picture of the mail itself stands there as `[cid:…]`; a link keeps its words, and its address if that
    says something else.
    """
    source = source[:_LIMIT].replace("\x00", "")
    if not source.strip():
        return ""
    try:
        # As bytes: lxml refuses text that declares a charset.
        root = lxml_html.document_fromstring(
            source.encode("utf-8", "replace"), parser=lxml_html.HTMLParser(encoding="utf-8", huge_tree=False)
        )
    except (etree.ParserError, etree.XMLSyntaxError, ValueError, AssertionError):
        return ""
    page = _Page()
    for event, element in etree.iterwalk(root, events=("start", "end", "comment", "pi")):
        page.take(event, element)
    return page.text()


class _Page:
    """The text so far, line by line, each with the depth of its quote."""

    def __init__(self) -> None:
        self._lines: list[tuple[int, str]] = []
        self._line: list[str] = []
        self._quote = 0
        self._lists: list[int | None] = []
        self._skipping: etree._Element | None = None
        self._pre = 0

    def take(self, event: str, element: etree._Element) -> None:
        """One tag that opens or closes, with the words behind it."""
        if event in {"comment", "pi"}:
            if self._skipping is None:
                self._words(element.tail)
            return
        tag = element.tag.lower()
        if self._skipping is not None:
            if event == "end" and element is self._skipping:
                self._skipping = None
                self._words(element.tail)
            return
        if event == "start":
            if tag in _SKIPPED or _HIDDEN.search(element.get("style", "")):
                self._skipping = element
                return
            self._open(tag, element)
            self._words(element.text)
        else:
            self._close(tag, element)
            self._words(element.tail)

    def text(self) -> str:
        """All lines; never two empty ones in a row."""
        self._end_line()
        return "\n".join(_without_gaps(self._lines)).strip("\n")

    def _open(self, tag: str, element: etree._Element) -> None:
        if tag in _PARAGRAPHS:
            self._gap()
        elif tag in _LINES:
            self._end_line()
        if _is_quote(tag, element):
            self._quote += 1
        if _SIGNATURE.search(f"{element.get('class', '')} {element.get('id', '')}".strip()):
            self._end_line()
            self._lines.append((self._quote, "-- "))
        if tag == "br":
            self._end_line(keep_empty=True)
        elif tag == "pre":
            self._pre += 1
        elif tag in {"ul", "ol"}:
            self._lists.append(0 if tag == "ol" else None)
        elif tag == "li":
            self._line.append(self._bullet())
        elif tag in {"td", "th"}:
            self._line.append(" ")
        elif tag == "img" and element.get("src", "").lower().startswith("cid:"):
            self._line.append(f"[cid:{element.get('src')[4:].strip()}]")

    def _close(self, tag: str, element: etree._Element) -> None:
        if tag == "a":
            self._address(element)
        if tag in _PARAGRAPHS:
            self._gap()
        elif tag in _LINES:
            self._end_line()
        if _is_quote(tag, element):
            self._end_line()
            self._quote -= 1
        if tag == "pre":
            self._pre -= 1
        elif tag in {"ul", "ol"} and self._lists:
            self._lists.pop()

    def _words(self, text: str | None) -> None:
        if not text:
            return
        if self._pre:
            first, *others = text.replace("\r\n", "\n").split("\n")
            self._line.append(first)
            for line in others:
                self._end_line(keep_empty=True)
                self._line.append(line)
        else:
            self._line.append(_SPACES.sub(" ", text))

    def _address(self, link: etree._Element) -> None:
        address = link.get("href", "").strip()
        shown = "".join(_first_words(link))
        bare = address.removeprefix("https://").removeprefix("http://").rstrip("/")
        if address.startswith(("https://", "http://")) and len(address) < 200 and shown and bare not in shown:
            self._line.append(f" ({address})")

    def _bullet(self) -> str:
        if not self._lists or self._lists[-1] is None:
            return "- "
        self._lists[-1] += 1
        return f"{self._lists[-1]}. "

    def _end_line(self, *, keep_empty: bool = False) -> None:
        raw = "".join(self._line)
        line = raw.rstrip() if self._pre else _SPACES.sub(" ", raw.replace("\xa0", " ")).strip()
        self._line.clear()
        if line or keep_empty or "\xa0" in raw:  # Outlook and GMX write an empty line so
            self._lines.append((self._quote, line))

    def _gap(self) -> None:
        self._end_line()
        self._lines.append((self._quote, ""))


def _is_quote(tag: str, element: etree._Element) -> bool:
    if tag == "blockquote":  # without a line at its side it is an indent
        return element.get("type") == "cite" or not _INDENT.search(element.get("style", ""))
    return tag == "div" and element.get("name") == "quote"  # GMX and WEB.DE


def _first_words(link: etree._Element) -> Iterator[str]:
    for number, words in enumerate(link.itertext()):
        if number > 20:
            return
        yield words.strip()


def _without_gaps(lines: list[tuple[int, str]]) -> Iterator[str]:
    was_empty = True
    for quote, line in lines:
        if line or not was_empty:
            yield f"{'> ' * min(quote, 9)}{line}" if line else ">" * min(quote, 9)
        was_empty = not line
