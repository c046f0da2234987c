"""What Word, Excel and PowerPoint files tell about their makers."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from lxml import etree

from forum.files.kinds import FileKind
from forum.files.reader import makers, markup, pictures, remote, wording
from forum.files.reader.archives import Archive
from forum.files.reader.codes import Finding
from forum.files.reader.packages import Package, Relation, is_false, relation_id

#: Elements of Word that stand for a tracked change; that they are `…Change` tells the rest.
CHANGES = frozenset({"ins", "del", "moveFrom", "moveTo", "cellIns", "cellDel", "cellMerge"})
STORIES = ("header", "footer", "footnotes", "endnotes", "comments")
Look = tuple[dict[Finding, Any], int | None, bool]


def look(path: Path) -> Look:
    """Findings, number of slides (None for others), and False: those with a password are no archives."""
    package = Package(Archive(path))
    findings = _properties(package)
    findings[Finding.MACROS] = any(name.endswith("vbaProject.bin") for name in package.archive.names)
    findings[Finding.ATTACHMENTS] = [
        wording.name(name.rpartition("/")[2]) for name in package.archive.names if "/embeddings/" in name
    ][: makers.LIMIT]
    findings[Finding.SIGNED] = any(name.startswith("_xmlsignatures/") for name in package.archive.names)
    findings[Finding.PLACE] = any(
        pictures.has_place(package.archive, name) for name in package.archive.names if "/media/" in name
    )
    inside, pages = _INSIDE[package.kind or FileKind.DOCX](package)
    authors = findings[Finding.AUTHORS] + inside.pop(Finding.AUTHORS, [])
    hosts = [*remote.hosts(relation.target for relation in outside(package)), *inside.pop(Finding.REMOTE, [])]
    findings[Finding.REMOTE] = list(dict.fromkeys(hosts))[: makers.LIMIT]
    return findings | inside | {Finding.AUTHORS: makers.names(authors)}, pages, False


def outside(package: Package) -> Iterator[Relation]:
    """What lies elsewhere and is fetched when the file is opened: everything but links to be clicked."""
    for name in package.archive.names:
        folder, _, file = name.rpartition("/")
        if name.casefold().endswith(".rels"):
            for relation in package.relations(f"{folder[: -len('_rels')]}{file[: -len('.rels')]}"):
                if relation.is_outside and relation.role != "hyperlink":
                    yield relation


def _properties(package: Package) -> dict[Finding, Any]:
    authors, company, manager = [], [], []
    for name in package.targets("", "core-properties"):
        root = package.root(name)
        authors += [item.text for item in root if markup.local(item) in {"creator", "lastModifiedBy"}]
    for name in package.targets("", "extended-properties"):
        for item in package.root(name):
            if markup.local(item) == "Company":
                company.append(item.text)
            elif markup.local(item) == "Manager":
                manager.append(item.text)
    return {
        Finding.AUTHORS: makers.names(authors),
        Finding.COMPANY: makers.names(company),
        Finding.MANAGER: makers.names(manager),
    }


def _word(package: Package) -> tuple[dict[Finding, Any], None]:
    authors: list[str | None] = []
    comments = changes = 0
    is_hidden = is_dde = False
    hosts: list[str] = []
    for name in (package.main, *package.targets(package.main, *STORIES)):
        root = package.root(name)
        for instruction, _items in remote.fields(root):
            hosts += remote.fetched(instruction)
            is_dde = is_dde or remote.is_dde(instruction)
        for item in root.iter():
            tag = markup.local(item)
            if tag == "comment":
                comments += 1
            elif tag in CHANGES or tag.endswith("Change"):
                changes += 1
            elif tag == "vanish":
                is_hidden = is_hidden or _hides(item)
                continue
            else:
                continue
            authors.append(_attribute(item, "author"))
    return {
        Finding.AUTHORS: makers.names(authors),
        Finding.COMMENTS: comments,
        Finding.CHANGES: changes,
        Finding.HIDDEN_TEXT: is_hidden,
        Finding.SCRIPTS: is_dde,
        Finding.REMOTE: hosts,
    }, None


def _hides(vanish: etree._Element) -> bool:
    """Whether a run's `vanish` hides letters (not a paragraph's end, nor what a table of contents is made of)."""
    if is_false(_attribute(vanish, "val")):
        return False
    run = vanish.getparent().getparent()
    return run is not None and any(markup.local(item) == "t" and (item.text or "").strip() for item in run)


def _sheets(package: Package) -> tuple[dict[Finding, Any], None]:
    hidden = [
        wording.name(item.get("name"))
        for item in package.root(package.main).iter()
        if markup.local(item) == "sheet" and item.get("state") in {"hidden", "veryHidden"}
    ]
    authors: list[str | None] = []
    notes = threads = 0
    for sheet in package.targets(package.main, "worksheet", "chartsheet"):
        for name in package.targets(sheet, "comments"):
            for item in package.root(name).iter():
                notes += markup.local(item) == "comment"
                if markup.local(item) == "author" and not (item.text or "").startswith("tc="):
                    authors.append(item.text)
        for name in package.targets(sheet, "threadedComment"):
            threads += sum(markup.local(item) == "threadedComment" for item in package.root(name).iter())
    for name in package.targets(package.main, "person"):
        authors += [item.get("displayName") for item in package.root(name)]
    return {
        Finding.AUTHORS: makers.names(authors),
        Finding.COMMENTS: max(notes, threads),
        Finding.HIDDEN_SHEETS: hidden,
        Finding.CHANGES: sum(1 for _ in package.targets(package.main, "revisionHeaders")),
        Finding.SCRIPTS: any(
            _is_dde(package, name) for name in package.targets(package.main, "externalLink")
        ),
        Finding.REMOTE: [*_fetched(package)],
    }, None


def _is_dde(package: Package, link: str) -> bool:
    return any(markup.local(item) == "ddeLink" for item in package.root(link))


def _fetched(package: Package) -> Iterator[str]:
    """Where formulas and connections of a workbook lead."""
    for name in (package.main, *package.targets(package.main, "worksheet", "chartsheet", "xlMacrosheet")):
        with package.archive.open(name) as part:
            yield from remote.formulas(iter(partial(part.read, 1 << 20), b""))
    for name in package.targets(package.main, "connections"):
        yield from remote.hosts(value for item in package.root(name).iter() for value in item.attrib.values())


def slides(package: Package) -> Iterator[str]:
    """The names of the slides' parts in the order they are shown."""
    parts = package.by_id(package.main)
    for item in package.root(package.main).iter():
        if markup.local(item) == "sldId" and relation_id(item) in parts:
            yield parts[relation_id(item)]


def _slides(package: Package) -> tuple[dict[Finding, Any], int]:
    hidden, comments, number = [], 0, 0
    for number, slide in enumerate(slides(package), 1):
        if is_false(package.root(slide).get("show")):
            hidden.append(number)
        for name in package.targets(slide, "comments"):
            comments += sum(markup.local(item) in {"cm", "reply"} for item in package.root(name).iter())
    authors = [
        item.get("name")
        for name in package.targets(package.main, "commentAuthors", "authors")
        for item in package.root(name)
    ]
    return {
        Finding.AUTHORS: makers.names(authors),
        Finding.COMMENTS: comments,
        Finding.HIDDEN_SLIDES: hidden,
    }, number


def _attribute(element: etree._Element, name: str) -> str | None:
    return next((str(value) for key, value in element.attrib.items() if key.rpartition("}")[2] == name), None)


_INSIDE = {FileKind.DOCX: _word, FileKind.XLSX: _sheets, FileKind.PPTX: _slides}
