"""What OpenDocument files tell about their makers."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lxml import etree

from forum.files.reader import makers, markup, pictures, remote, wording
from forum.files.reader.archives import Archive
from forum.files.reader.codes import Fault, Finding, Unreadable

#: Who wrote a comment or a change; fields in the text that show a name are text.
_CREATOR = "{http://purl.org/dc/elements/1.1/}creator"
PARTS = ("meta.xml", "content.xml", "styles.xml")
#: Links that wait for a click.
_CLICKED = frozenset({"a", "area-rectangle", "area-circle", "area-polygon", "button"})
_PERSONS = frozenset({"creator", "initial-creator", "printed-by"})


def look(path: Path) -> tuple[dict[Finding, Any], int | None, bool]:
    """Findings, number of slides (None for others), and False: those with a password do not get here."""
    archive = Archive(path)
    authors: list[str | None] = []
    company: list[str | None] = []
    roots = {name: markup.parse(archive.read(name)) for name in PARTS if name in archive}
    if "meta.xml" in roots:
        for item in roots["meta.xml"].iter():
            if markup.local(item) in _PERSONS:
                authors.append(item.text)
            elif _attribute(item, "name").casefold() in {"company", "firma"}:
                company.append(item.text)
    root = roots.get("content.xml")
    if root is None:
        raise Unreadable(Fault.BROKEN)
    unseen = _unseen_styles(root)
    comments = changes = slides = 0
    sheets, hidden = [], []
    for item in root.iter():
        tag = markup.local(item)
        comments += tag == "annotation"
        changes += tag in {"changed-region", "cell-content-change"} or (
            tag in {"insertion", "deletion", "movement"}
            and markup.local(item.getparent()) == "tracked-changes"
        )
        if item.tag == _CREATOR:
            authors.append(item.text)
        elif tag == "table" and _attribute(item, "style-name") in unseen:
            sheets.append(wording.name(_attribute(item, "name")))
        elif tag == "page":
            slides += 1
            if _attribute(item, "style-name") in unseen:
                hidden.append(slides)
    findings = {
        Finding.AUTHORS: makers.names(authors),
        Finding.COMPANY: makers.names(company),
        Finding.COMMENTS: comments,
        Finding.CHANGES: changes,
        Finding.HIDDEN_SHEETS: sheets,
        Finding.HIDDEN_SLIDES: hidden,
        Finding.MACROS: any(
            name.startswith(("Basic/", "Scripts/")) and not name.endswith(("/", "-lc.xml", "-lb.xml"))
            for name in archive.names
        ),
        Finding.SCRIPTS: any(
            markup.local(item).startswith("dde-") for part in roots.values() for item in part.iter()
        ),
        Finding.REMOTE: remote.hosts(
            address for part in roots.values() for item in part.iter() for address in _fetched(item)
        ),
        Finding.SIGNED: "META-INF/documentsignatures.xml" in archive,
        Finding.PLACE: any(
            pictures.has_place(archive, name) for name in archive.names if name.startswith("Pictures/")
        ),
    }
    return findings, slides or None, False


def addresses(item: etree._Element) -> list[str]:
    """The attributes of an element that say where something lies which is fetched when the file is opened."""
    if markup.local(item) in _CLICKED:
        return []
    return [str(key) for key in item.attrib if str(key).endswith("}href")]


def _fetched(item: etree._Element) -> Iterator[str]:
    yield from (str(item.attrib[key]) for key in addresses(item))
    formula = _attribute(item, "formula")
    if formula:
        yield from (f"//{host}" for host in remote.formulas([formula.encode()]))


def _unseen_styles(root: etree._Element) -> set[str]:
    """Names of styles that hide a sheet or a slide."""
    return {
        _attribute(style, "name")
        for style in root.iter()
        if markup.local(style) == "style"
        for item in style
        if (markup.local(item) == "table-properties" and _attribute(item, "display") == "false")
        or (markup.local(item) == "drawing-page-properties" and _attribute(item, "visibility") == "hidden")
    }


def _attribute(element: etree._Element, name: str) -> str:
    return next((str(value) for key, value in element.attrib.items() if key.rpartition("}")[2] == name), "")
