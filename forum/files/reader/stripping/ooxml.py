"""Word, Excel and PowerPoint files without names, comments and tracked changes; other parts stay byte by byte."""

from collections.abc import Iterable
from pathlib import Path

from lxml import etree

from forum.files.kinds import FileKind
from forum.files.reader import markup, remote
from forum.files.reader.archives import Archive, rewrite
from forum.files.reader.packages import CONTENT_TYPES, Package
from forum.files.reader.stripping import changes, media

#: What relations call parts that go: comments and their authors, own properties, logs of shared editing, signatures
#: (void now), and the small picture of the first page as it was.
_ROLES = frozenset(
    {
        "comments", "commentsExtended", "commentsIds", "commentsExtensible", "people", "threadedComment", "person",
        "commentAuthors", "authors", "custom-properties", "thumbnail", "attachedTemplate", "revisionHeaders",
        "usernames", "origin", "documenttasks",
    }
)  # fmt: skip
#: What Office itself writes where nothing is to be fetched.
_NOWHERE = "NULL"
_EMPTY = {
    "core-properties": b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<cp:coreProperties xmlns:cp="http://'
    b'schemas.openxmlformats.org/package/2006/metadata/core-properties"/>',
    "extended-properties": b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<Properties xmlns="http://'
    b'schemas.openxmlformats.org/officeDocument/2006/extended-properties"/>',
}
_WORD_PARTS = (
    "header",
    "footer",
    "footnotes",
    "endnotes",
    "styles",
    "numbering",
    "settings",
    "glossaryDocument",
)


def strip(source: Path, result: Path) -> None:
    """Write the file anew; raises `Unreadable`."""
    package = Package(Archive(source))
    parts: dict[str, bytes | None] = {}
    for role, content in _EMPTY.items():
        parts |= dict.fromkeys(package.targets("", role), content)
    if package.kind is FileKind.DOCX:
        parts |= _word(package)
    elif package.kind is FileKind.XLSX:
        parts |= _sheets(package)
    parts |= media.cleaned(package.archive, "/media/")
    parts |= _without_roles(package)
    rewrite(package.archive, result, parts)


def _word(package: Package) -> dict[str, bytes | None]:
    parts: dict[str, bytes | None] = {}
    for name in (package.main, *package.targets(package.main, *_WORD_PARTS)):
        root = package.root(name)
        changes.accept(root)
        _still(root)
        for item in list(root.iter()):
            tag = markup.local(item)
            if tag in {"commentRangeStart", "commentRangeEnd", "rsids", "attachedTemplate"}:
                item.getparent().remove(item)
            elif tag == "commentReference":
                _take_out_of_run(item)
            elif markup.is_element(item):
                for key in [key for key in item.attrib if key.rpartition("}")[2].startswith("rsid")]:
                    del item.attrib[key]
        parts[name] = markup.write(root)
    return parts


def _still(root: etree._Element) -> None:
    """Fields that fetch something, or start a program, show what they showed last, and no more."""
    for instruction, items in remote.fields(root):
        if remote.fetched(instruction) or remote.is_dde(instruction):
            for item in items:
                item.text = "" if markup.local(item) != "fldSimple" else item.text
                for key in [key for key in item.attrib if key.endswith("}instr")]:
                    item.attrib[key] = ""


def _take_out_of_run(item: etree._Element) -> None:
    run = item.getparent()
    run.remove(item)
    if all(markup.local(other) == "rPr" for other in run) and run.getparent() is not None:
        run.getparent().remove(run)


def _sheets(package: Package) -> dict[str, bytes | None]:
    parts: dict[str, bytes | None] = {package.main: _workbook(package.root(package.main))}
    for name in package.targets(package.main, "connections"):
        root = package.root(name)
        for item in root.iter():
            for key in [key for key, value in item.attrib.items() if remote.hosts([value])]:
                item.attrib[key] = ""
        parts[name] = markup.write(root)
    for sheet in package.targets(package.main, "worksheet", "chartsheet"):
        if any(True for _ in package.targets(sheet, "comments", "threadedComment")):
            for drawing in package.targets(sheet, "vmlDrawing"):
                parts[drawing] = _without_notes(package.root(drawing))
    return parts


def _workbook(root: etree._Element) -> bytes:
    """Without the path where it lay, and who had it open."""
    for item in list(root.iter()):
        tag = markup.local(item)
        if tag == "fileSharing":
            item.attrib.pop("userName", None)
        elif tag == "absPath":
            outer = item.getparent()
            while outer is not None and markup.local(outer) not in {"AlternateContent", "workbook"}:
                outer = outer.getparent()
            holder, victim = (
                (root, outer) if outer is not None and outer is not root else (item.getparent(), item)
            )
            holder.remove(victim)
    return markup.write(root)


def _without_notes(drawing: etree._Element) -> bytes:
    """A sheet's old drawing without the shapes that notes are written on; buttons stay."""
    for shape in list(drawing):
        data = [item for item in shape if markup.local(item) == "ClientData"]
        if any(item.get("ObjectType") == "Note" for item in data):
            drawing.remove(shape)
    return markup.write(drawing)


def _without_roles(package: Package) -> dict[str, bytes | None]:
    """Take parts out by what others call them, with the relations to them and their types."""
    gone: set[str] = set()
    parts: dict[str, bytes | None] = {}
    for name in sorted(package.archive.names):
        if not name.endswith(".rels"):
            continue
        folder, _, file = name.rpartition("/")
        owner = f"{folder.rpartition('_rels')[0]}{file.removesuffix('.rels')}"
        relations = package.relations(owner)
        leaving = [relation for relation in relations if relation.role in _ROLES]
        fetched = [
            one for one in relations if one.is_outside and one.role != "hyperlink" and one not in leaving
        ]
        if leaving or fetched:
            gone |= {relation.target for relation in leaving if not relation.is_outside}
            root = package.root(name)
            _lead_nowhere(root, {one.id for one in fetched if remote.hosts([one.target])})
            parts[name] = _without_ids(root, {relation.id for relation in leaving})
    # What only a part that goes refers to, goes with it: logs of each session, certificates.
    for name in list(gone):
        gone |= set(_beneath(package, name))
    gone |= {f"{folder}/_rels/{file}.rels" for folder, _, file in (name.rpartition("/") for name in gone)}
    parts |= dict.fromkeys(gone & package.archive.names)
    types = package.root(CONTENT_TYPES)
    for item in list(types):
        if item.get("PartName", "").lstrip("/").casefold() in {name.casefold() for name in gone}:
            types.remove(item)
    return parts | {CONTENT_TYPES: markup.write(types)}


def _beneath(package: Package, name: str) -> Iterable[str]:
    return (
        relation.target
        for relation in package.relations(name)
        if relation.role in {"revisionLog", "signature"}
    )


def _lead_nowhere(relations: etree._Element, ids: set[str]) -> None:
    for item in relations:
        if item.get("Id") in ids:
            item.set("Target", _NOWHERE)


def _without_ids(relations: etree._Element, ids: set[str]) -> bytes:
    for item in list(relations):
        if item.get("Id") in ids:
            relations.remove(item)
    return markup.write(relations)
