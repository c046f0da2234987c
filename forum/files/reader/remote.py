"""What a file fetches, or tells, when it is opened: where to. Addresses that wait for a click are none of it."""

import html
import re
from collections.abc import Iterable, Iterator
from urllib.parse import unquote

from lxml import etree

from forum.files.reader import makers, markup, wording

#: What may stand for an address whose host cannot be told.
SOMEWHERE = "…"
_LONGEST = 80
#: The slashes before a host: `http://`, `//` and, turned round before, `\\\\` of Windows' networks.
_HOST = re.compile(r"(?:\b([a-z][a-z0-9+.-]+):|(?<![/\w:]))(/{2,})([^/?#!\s\"'<>(),;]+)", re.IGNORECASE)
_DRIVE = re.compile(r"[a-z][:|]", re.IGNORECASE)
_STRANGE = re.compile(r"[^\w.:\[\]-]")
#: Fields of Word that look elsewhere for what they show; a link that is clicked is none of them.
_FIELD = re.compile(
    r"\s*(?:INCLUDEPICTURE|INCLUDETEXT|INCLUDE|IMPORT|LINK|RD|DATABASE|DDE|DDEAUTO)\b", re.IGNORECASE
)
_DDE = re.compile(r"\s*DDE(?:AUTO)?\b", re.IGNORECASE)
#: Functions of spreadsheets that fetch, and what stands in their brackets.
_FETCHING = re.compile(r"\b(?:WEBSERVICE|(?<=_xlfn\.)IMAGE)\s*\(([^)]{300}|[^)]{0,300}\))", re.IGNORECASE)
_OVERLAP = 1_000


def hosts(texts: Iterable[str | None]) -> list[str]:
    """The hosts in these addresses, each once; none for what lies in the file or on the reader's own disk."""
    return list(dict.fromkeys(host for text in texts for host in _hosts(text or "")))[: makers.LIMIT]


def _hosts(text: str) -> Iterator[str]:
    plain = re.sub(r"/{2,}[?.]/+unc/+", "//", unquote(text).replace("\\", "/"), flags=re.IGNORECASE)
    for scheme, slashes, name in _HOST.findall(plain):
        is_local = scheme.casefold() == "file" and len(slashes) == 3
        host = wording.name(_STRANGE.sub("", name.rpartition("@")[2]), _LONGEST)
        if host and not is_local and not _DRIVE.fullmatch(host) and host.casefold() != "localhost":
            yield host


def fetched(instruction: str) -> list[str]:
    """Where a field of Word or Rich Text looks for what it shows."""
    return hosts([instruction]) if _FIELD.match(instruction) else []


def is_dde(instruction: str) -> bool:
    """Whether a field starts another program to be told what it shows."""
    return _DDE.match(instruction) is not None


def fields(root: etree._Element) -> list[tuple[str, list[etree._Element]]]:
    """The instruction of each field of a part of Word, and the elements that it stands in."""
    found: list[tuple[str, list[etree._Element]]] = []
    opened: list[list[etree._Element]] = []
    for item in root.iter():
        tag = markup.local(item)
        if tag == "fldSimple":
            found.append((_attribute(item, "instr"), [item]))
        elif tag == "fldChar":
            kind = _attribute(item, "fldCharType")
            if kind == "begin":
                opened.append([])
            elif kind == "end" and opened:
                inner = opened.pop()
                found.append((_joined(inner), inner))
                if opened:
                    opened[-1] += inner
        elif tag in {"instrText", "delInstrText"} and opened:
            opened[-1].append(item)
    return found + [(_joined(rest), rest) for rest in opened]


def formulas(pieces: Iterable[bytes]) -> list[str]:
    """Where formulas in a part of a spreadsheet fetch from; it comes in pieces, whatever its length."""
    found: dict[str, None] = {}
    rest = ""
    for piece in pieces:
        text = rest + piece.replace(b"\0", b"").decode("utf-8", "replace")
        for inside in _FETCHING.findall(html.unescape(text) if "&" in text else text):
            found |= dict.fromkeys(hosts([inside]) or [SOMEWHERE])
        rest = text[-_OVERLAP:]
    return list(found)


def _joined(items: Iterable[etree._Element]) -> str:
    return "".join(item.text or "" for item in items)


def _attribute(element: etree._Element, name: str) -> str:
    return next((str(value) for key, value in element.attrib.items() if key.rpartition("}")[2] == name), "")
