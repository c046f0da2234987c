"""Office files of the OOXML family: an archive of parts, their types, and how parts refer to each other.

Names of elements are compared without their namespace: the same hold for the strict and the usual flavour.
"""

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree

from forum.files.kinds import FileKind
from forum.files.reader import markup
from forum.files.reader.archives import Archive
from forum.files.reader.codes import Fault, Unreadable

_WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml."
_SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml."
_SLIDES = "application/vnd.openxmlformats-officedocument.presentationml."
#: Types of the main part, and what kind of file it makes.
MAIN_TYPES = {
    f"{_WORD}document.main+xml": FileKind.DOCX,
    f"{_WORD}template.main+xml": FileKind.DOCX,
    "application/vnd.ms-word.document.macroEnabled.main+xml": FileKind.DOCX,
    "application/vnd.ms-word.template.macroEnabledTemplate.main+xml": FileKind.DOCX,
    f"{_SHEET}sheet.main+xml": FileKind.XLSX,
    f"{_SHEET}template.main+xml": FileKind.XLSX,
    "application/vnd.ms-excel.sheet.macroEnabled.main+xml": FileKind.XLSX,
    "application/vnd.ms-excel.template.macroEnabled.main+xml": FileKind.XLSX,
    f"{_SLIDES}presentation.main+xml": FileKind.PPTX,
    f"{_SLIDES}slideshow.main+xml": FileKind.PPTX,
    f"{_SLIDES}template.main+xml": FileKind.PPTX,
    "application/vnd.ms-powerpoint.presentation.macroEnabled.main+xml": FileKind.PPTX,
    "application/vnd.ms-powerpoint.slideshow.macroEnabled.main+xml": FileKind.PPTX,
    "application/vnd.ms-powerpoint.template.macroEnabled.main+xml": FileKind.PPTX,
}
CONTENT_TYPES = "[Content_Types].xml"


@dataclass(frozen=True, slots=True)
class Relation:
    """How a part refers to another: under which id, as what (last word of the type), and where that lies.

    `target` is the name of a part, or an address when `is_outside`.
    """

    id: str
    role: str
    target: str
    is_outside: bool


class Package:
    """An office file within its archive; raises `Unreadable` (BROKEN) when its main part cannot be found."""

    def __init__(self, archive: Archive) -> None:
        self.archive = archive
        self._by_folded = {name.casefold(): name for name in archive.names}
        types = markup.parse(archive.read(CONTENT_TYPES))
        self._types = {
            item.get("PartName", "").lstrip("/").casefold(): item.get("ContentType", "")
            for item in types
            if markup.local(item) == "Override"
        }
        self._endings = {
            item.get("Extension", "").casefold(): item.get("ContentType", "")
            for item in types
            if markup.local(item) == "Default"
        }
        self.main = next((target for target in self.targets("", "officeDocument")), "")
        if not self.main:
            raise Unreadable(Fault.BROKEN)

    @property
    def kind(self) -> FileKind | None:
        """What kind of file the main part makes it; None for what is not taken."""
        ending = self.main.rpartition(".")[2].casefold()
        return MAIN_TYPES.get(self._types.get(self.main.casefold()) or self._endings.get(ending, ""))

    def root(self, name: str) -> etree._Element:
        """A part's root element; raises `Unreadable`."""
        return markup.parse(self.archive.read(name))

    def relations(self, part: str) -> list[Relation]:
        """How `part` ("" for the file itself) refers to others; those that lead nowhere are left out."""
        folder, _, file = part.rpartition("/")
        name = self._by_folded.get(posixpath.join(folder, "_rels", f"{file}.rels").casefold())
        if name is None:
            return []
        found = []
        for item in self.root(name):
            if markup.local(item) != "Relationship":
                continue
            role = item.get("Type", "").rpartition("/")[2]
            target = item.get("Target", "")
            is_outside = item.get("TargetMode") == "External"
            if not is_outside:
                target = self._by_folded.get(
                    posixpath.normpath(posixpath.join("/", folder, target))[1:].casefold(), ""
                )
            if target:
                found.append(Relation(item.get("Id", ""), role, target, is_outside))
        return found

    def targets(self, part: str, *roles: str) -> Iterator[str]:
        """The parts that `part` refers to as one of `roles`."""
        for relation in self.relations(part):
            if relation.role in roles and not relation.is_outside:
                yield relation.target

    def by_id(self, part: str) -> dict[str, str]:
        """Id to name of the parts that `part` refers to."""
        return {relation.id: relation.target for relation in self.relations(part) if not relation.is_outside}


def relation_id(element: etree._Element) -> str:
    """The id by which an element refers to a part (`r:id`)."""
    return next(
        (
            str(value)
            for key, value in element.attrib.items()
            if key.endswith("}id") and "relationships" in key
        ),
        "",
    )


def is_false(value: str | None) -> bool:
    """Whether an attribute is there and says no."""
    return value in {"0", "false", "off"}


def is_true(value: str | None) -> bool:
    """Whether an attribute is there and says yes."""
    return value in {"1", "true", "on"}
