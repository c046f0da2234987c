"""The only place that makes HTML of user text: Markdown, then bleach, then nh3.

Both gates read one table (`ALLOWED`, for what comes out of files `FOREIGN`), so they cannot drift apart; either
alone would keep the page safe.
"""

import re
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from html import escape, unescape
from typing import Any
from urllib.parse import urlsplit

import nh3
from bleach.sanitizer import Cleaner
from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock, blockquote, list_block
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline, linkify
from markdown_it.token import Token
from markdown_it.utils import EnvType

from forum.core.text import tame

#: Stored beside the HTML; moved by one whenever `render` answers differently for any source.
RENDERER_VERSION: int = 1

#: What a post may contain: tag → attribute → values (None: any, though an address needs one of `SCHEMES`).
ALLOWED: dict[str, dict[str, frozenset[str] | None]] = {
    **{tag: {} for tag in ("h3", "h4", "h5", "h6", "p", "br", "hr", "blockquote", "pre", "ul", "li")},
    **{tag: {} for tag in ("em", "strong", "s", "code", "table", "thead", "tbody", "tr")},
    **{tag: {"class": frozenset({"text-start", "text-center", "text-end"})} for tag in ("td", "th")},
    "a": {"href": None, "title": None},
    "div": {"class": frozenset({"table-scroll"}), "tabindex": frozenset({"0"})},
    "ol": {"start": None},
}
SCHEMES = frozenset({"http", "https", "mailto", "tel"})
_SPAN = frozenset(str(number) for number in range(2, 101))
_SPANS = {"colspan": _SPAN, "rowspan": _SPAN}
#: What a page read out of a file may contain.
FOREIGN = {**ALLOWED, "td": {**ALLOWED["td"], **_SPANS}, "th": {**ALLOWED["th"], **_SPANS}}
LINK_REL = "nofollow noopener noreferrer ugc"

#: Quotes and lists in one another (a list counts twice: itself and its item); deeper ones are shown as typed.
_MAX_DEPTH = 20
#: A post of more pieces than this is shown as typed; 60,000 characters of ordinary table stay well below.
_MAX_TOKENS = 40_000

#: Foreign HTML that is longer, in characters, or deeper is not worth the time: the gates take seconds for it.
_FOREIGN_LENGTH = 300_000
_FOREIGN_DEPTH = 100
_FOREIGN_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)")
_CHILDLESS = frozenset({"br", "hr", "img", "col", "wbr", "input", "area", "base", "link", "meta", "source"})

#: The lowest heading of the page itself; a post's own begin below it.
_PAGE_HEADING = 2
_ALIGNMENTS = {
    "text-align:left": "text-start",
    "text-align:center": "text-center",
    "text-align:right": "text-end",
}

#: What Markdown lets one write with a backslash in front.
_SIGN = re.compile(r"[!-/:-@\[-`{-~]")

_BlockRule = Callable[[StateBlock, int, int, bool], bool]


def render(source: str) -> str:
    """Safe HTML of a post's `source`: CommonMark, GFM tables, strikethrough.

    HTML in the source is shown as text; bare http(s) addresses become links. A line end is a line break:
    people who know Word expect the one they typed. Images become links, so reading a post makes no request
    elsewhere. Headings begin at h3 and never skip a level. Takes any string and never raises; what is
    nested or split beyond measure is shown as typed.
    """
    return render_with_names(source, {})[0]


def render_with_names(source: str, addresses: Mapping[str, str]) -> tuple[str, set[str]]:
    """As `render`, and each `@` before a name of `addresses` becomes a link to its address.

    Also answers which of the names became one. Of several names that fit, the longest counts; in code and in
    other links a name is text. In `source` the name may be escaped, as the composer writes it, or plain.
    """
    tools = _tools
    source = source.encode("utf-8", "replace").decode()
    env: EnvType = {"names": _Names(addresses)} if addresses else {}
    tokens = tools.markdown.parse(source, env)
    if sum(1 + len(token.children or ()) for token in tokens) > _MAX_TOKENS:
        written, tokens = f"<pre><code>{escape(source, quote=False)}</code></pre>\n", []
    else:
        written = tools.markdown.renderer.render(tokens, tools.markdown.options, env)
    found = {part.meta["name"] for token in tokens for part in token.children or () if "name" in part.meta}
    return tools.second_gate.clean(tools.first_gate.clean(tame(written))), found


def clean_foreign(foreign_html: str) -> str:
    """Safe HTML of what was read out of a file: text, headings, lists, tables and links that say where they lead.

    Everything else leaves only its words; pictures and scripts leave nothing. Headings go two levels down, below
    those of the page, wide tables scroll in their frame. Never raises; what is long or nested beyond measure
    becomes "", and its text alone has to be shown.
    """
    if len(foreign_html) > _FOREIGN_LENGTH or _depth(foreign_html) > _FOREIGN_DEPTH:
        return ""
    tools = _tools
    source = _without_scripts.clean(foreign_html.encode("utf-8", "replace").decode())
    if len(source) > 2 * _FOREIGN_LENGTH:  # "<" alone becomes four characters
        return ""
    return tools.second_foreign_gate.clean(tools.first_foreign_gate.clean(tame(source)))


def _depth(foreign_html: str) -> int:
    """How deep its tags stand in one another; what is never closed counts until the end."""
    depth = deepest = 0
    for closing, tag in _FOREIGN_TAG.findall(foreign_html):
        if tag.lower() not in _CHILDLESS:
            depth = max(0, depth - 1) if closing else depth + 1
            deepest = max(deepest, depth)
    return deepest


def plain(source_html: str, limit: int) -> str:
    """The words of rendered HTML on one line, at most `limit` characters, cut between words with "…".

    For previews: quotes are left out, as people look for the answer, unless there is nothing else.
    The result is text, not HTML: the template escapes it.
    """
    text = _words_of(_without_quotes, source_html) or _words_of(_without_tags, source_html)
    if len(text) <= limit:
        return text
    head = text[: limit - 1]
    if text[limit - 1] != " ":
        head = head.rpartition(" ")[0] or head
    return head.rstrip() + "…"


def _words_of(stripper: nh3.Cleaner, source_html: str) -> str:
    return " ".join(unescape(stripper.clean(source_html)).split())


def quote(source: str, author: str) -> str:
    """`source` as a Markdown quote under the line `author` ("Anna Beck schrieb:"); the answer goes below it.

    `author` is plain text, shown in bold as it stands. A quote in `source` stays; one within that quote goes.
    """
    lines = re.split(r"\r\n?|\n", source)
    for start, end in _inner_quotes(_tools.markdown.parse("\n".join(lines))):
        blank = [line for line in lines[start:end] if not line.strip()]  # none, or the end of an empty quote
        lines[start:end] = [lines[start].partition(">")[0] + ">", *blank]
    name = re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", " ".join(author.split()))
    body = "\n".join(lines).strip("\n").split("\n")
    return "".join(f"> {line}".rstrip(" ") + "\n" for line in [f"**{name}**", "", *body]) + "\n"


def _inner_quotes(tokens: Sequence[Token]) -> list[list[int]]:
    """First and last line (exclusive) of each quote that stands in a quote, the lowest first."""
    found: list[list[int]] = []
    depth = 0
    for token in tokens:
        if token.tag == "blockquote":
            depth += token.nesting
            if token.nesting == 1 and depth == 2 and token.map:
                found.insert(0, token.map)
    return found


class _Names:
    """Names that become links where a text has them behind an `@`."""

    def __init__(self, addresses: Mapping[str, str]) -> None:
        self._known = sorted(addresses.items(), key=lambda known: -len(known[0]))
        names = "|".join(f"({_SIGN.sub(_maybe_escaped, name)})" for name, _address in self._known)
        self._pattern = re.compile(rf"@(?:{names})(?![^\W_]|-\w)")

    def at(self, state: StateInline) -> tuple[str, str, int] | None:
        """Name and address of what stands at the state's place, and where it ends."""
        if state.pos and state.src[state.pos - 1].isalnum():
            return None
        found = self._pattern.match(state.src, state.pos, state.posMax)
        return (*self._known[(found.lastindex or 0) - 1], found.end()) if found else None


def _maybe_escaped(sign: re.Match[str]) -> str:
    return r"\\?" + re.escape(sign[0])


def _link_name(state: StateInline, silent: bool) -> bool:
    names: _Names | None = state.env.get("names")
    if names is None or state.src[state.pos] != "@" or state.linkLevel:
        return False
    found = names.at(state)
    if found is None:
        return False
    name, address, end = found
    if not silent:
        opening = state.push("link_open", "a", 1)
        opening.attrs, opening.meta = {"href": address}, {"name": name}
        state.push("text", "", 0).content = f"@{name}"
        state.push("link_close", "a", -1)
    state.pos = end
    return True


class _Markdown(MarkdownIt):
    """markdown-it as the house wants it; an address that the gates would take away does not become a link."""

    def __init__(self) -> None:
        super().__init__("commonmark", {"html": False, "xhtmlOut": False, "breaks": True, "linkify": True})
        self.enable(["table", "strikethrough", "linkify"])
        self.options.maxNesting = _MAX_DEPTH + 2  # there markdown-it drops text; `_unless_deep` acts before
        ends = ["paragraph", "reference", "blockquote"]
        self.block.ruler.at("blockquote", _unless_deep(blockquote), {"alt": [*ends, "list"]})
        self.block.ruler.at("list", _unless_deep(list_block), {"alt": ends})
        self.core.ruler.push("house_style", _house_style)
        self.inline.ruler.at("linkify", _linkify)
        self.inline.ruler.push("link_name", _link_name)
        if self.linkify is not None:
            self.linkify.set({"fuzzy_link": False, "fuzzy_email": False, "fuzzy_ip": False})
            for scheme in ("ftp:", "//", "mailto:"):
                self.linkify.add(scheme, None)

    def validateLink(self, url: str) -> bool:  # noqa: N802
        try:
            return urlsplit(url).scheme in {"", *SCHEMES}
        except ValueError:
            return False


def _unless_deep(rule: _BlockRule) -> _BlockRule:
    def guarded(state: StateBlock, start: int, end: int, silent: bool) -> bool:
        return state.level < _MAX_DEPTH and rule(state, start, end, silent)

    return guarded


def _linkify(state: StateInline, silent: bool) -> bool:
    """The rule of markdown-it, for http(s) alone and looking back no further: long lines stay cheap."""
    if silent or not state.pending[-5:].lower().endswith(("http", "https")):
        return False
    before, scheme = state.pending[:-6], state.pending[-6:]
    if before:
        state.pending = before
        state.pushPending()
    state.pending = scheme
    return linkify(state, silent)


def _house_style(state: StateCore) -> None:
    """Shift headings, frame tables, name alignments by class, make empty header cells plain, images links."""
    heading = _PAGE_HEADING
    for index, token in enumerate(state.tokens):
        if token.type == "heading_open":
            heading = min(int(token.tag[1]) + _PAGE_HEADING, heading + 1, 6)
            token.tag = f"h{heading}"
        elif token.type == "heading_close":
            token.tag = f"h{heading}"
        elif token.type in ("th_open", "td_open"):
            style = token.attrs.pop("style", None)
            if style:
                token.attrs["class"] = _ALIGNMENTS[str(style)]
            if not state.tokens[index + 1].content:
                token.tag = state.tokens[index + 2].tag = "td"
        elif token.children:
            token.children = list(_without_images(token.children))
    state.tokens = [piece for token in state.tokens for piece in _framed(token)]


def _framed(token: Token) -> Sequence[Token]:
    """A frame in which a wide table scrolls, by keyboard too; no landmark, or each table would be one."""
    if token.type == "table_open":
        attrs: dict[str, str | int | float] = {"class": "table-scroll", "tabindex": "0"}
        return (Token("frame_open", "div", 1, attrs=attrs, block=True), token)
    if token.type == "table_close":
        return (token, Token("frame_close", "div", -1, block=True))
    return (token,)


def _without_images(tokens: Sequence[Token]) -> Iterator[Token]:
    """`tokens` of a line, with a link in the place of each image; within a link, only the image's words."""
    links = 0
    for token in tokens:
        links += token.nesting if token.tag == "a" else 0
        if token.type != "image":
            yield token
            continue
        del token.attrs["alt"]
        token.attrs["href"] = token.attrs.pop("src")
        text = Token("text", "", 0, content=_words(token.children or ()) or str(token.attrs["href"]))
        if links:
            yield text
        else:
            yield from (Token("link_open", "a", 1, attrs=token.attrs), text, Token("link_close", "a", -1))


def _words(tokens: Sequence[Token]) -> str:
    return "".join(
        " " if token.tag == "br" else _words(token.children or ()) if token.type == "image" else token.content
        for token in tokens
    )


class _HouseStyle:
    """Foreign headings two levels down, foreign tables in the frame in which they scroll."""

    def __init__(self, source: Iterable[dict[str, Any]]) -> None:
        self._source = source

    def __iter__(self) -> Iterator[dict[str, Any]]:
        for token in self._source:
            name = token.get("name")
            if name in _FOREIGN_HEADINGS:
                token["name"] = _FOREIGN_HEADINGS[name]
            if name != "table":
                yield token
            elif token["type"] == "StartTag":
                attributes = {(None, "class"): "table-scroll", (None, "tabindex"): "0"}
                yield {**token, "name": "div", "data": attributes}
                yield token
            else:
                yield token
                yield {**token, "name": "div"}


_FOREIGN_HEADINGS = {f"h{level}": f"h{min(level + _PAGE_HEADING, 6)}" for level in range(1, 7)}


class _Tools(threading.local):
    """Parser and gates of one thread: bleach and linkify keep state, and sharing them mixes up posts."""

    def __init__(self) -> None:
        self.markdown = _Markdown()
        self.first_gate = Cleaner(tags=ALLOWED.keys(), attributes=_allows, protocols=SCHEMES)
        self.second_gate = _second_gate(ALLOWED)
        self.first_foreign_gate = Cleaner(
            tags={*FOREIGN, *_FOREIGN_HEADINGS} - {"div"},
            attributes=_allows_foreign,
            protocols=SCHEMES,
            strip=True,
            filters=[_HouseStyle],  # type: ignore[list-item]  # its types name html5lib's class, it calls any
        )
        self.second_foreign_gate = _second_gate(FOREIGN)


_Table = Mapping[str, Mapping[str, frozenset[str] | None]]


def _second_gate(table: _Table) -> nh3.Cleaner:
    return nh3.Cleaner(
        tags=set(table),
        attributes={
            tag: {name for name, only in names.items() if only is None} for tag, names in table.items()
        },
        tag_attribute_values={
            tag: {name: set(only) for name, only in names.items() if only is not None}
            for tag, names in table.items()
        },
        url_schemes=set(SCHEMES),
        link_rel=LINK_REL,
    )


def _allows(tag: str, name: str, value: str) -> bool:
    return _allowed_by(ALLOWED[tag], name, value)


def _allows_foreign(tag: str, name: str, value: str) -> bool:
    # An address without a scheme would lead to a page of ours.
    leads_away = name != "href" or value.partition(":")[0].strip().lower() in SCHEMES
    return leads_away and _allowed_by(FOREIGN.get(tag, {}), name, value)


def _allowed_by(names: Mapping[str, frozenset[str] | None], name: str, value: str) -> bool:
    return name in names and value in (names[name] or {value})


_tools = _Tools()
_without_tags = nh3.Cleaner(tags=set(), attributes={})
#: Takes away what not even the words are wanted of, which is all that it does for safety.
_without_scripts = nh3.Cleaner(
    tags={*FOREIGN, *_FOREIGN_HEADINGS},
    attributes={tag: set(names) for tag, names in FOREIGN.items()},
    clean_content_tags={"script", "style", "title", "template", "noscript", "textarea", "select"},
    link_rel=None,
)
_without_quotes = nh3.Cleaner(tags=set(), attributes={}, clean_content_tags={"blockquote"})
