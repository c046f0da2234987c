"""XML as office files hold it: no document type, no entities, nothing fetched, no tree without bounds."""

import re
from collections.abc import Iterator
from typing import IO

from lxml import etree

from forum.files.reader.codes import Fault, Unreadable

#: Where a document type can stand: before the first element.
HEAD = 65_536
#: A document type that only names a standard, as OpenOffice once wrote into its lists of parts.
_NAMED_TYPE = re.compile(rb"<!DOCTYPE\s[^<>\[\]]*>")
_DOCTYPE = re.compile(rb"<!\s*(DOCTYPE|ENTITY)", re.IGNORECASE)
#: Bigger parts are not taken as a whole; a tree needs many times that.
TREE_LIMIT = 64 << 20


def refuse_types(head: bytes) -> None:
    """Raises `Unreadable` when the beginning of an XML part declares a document type or an entity."""
    if _DOCTYPE.search(head[:HEAD].replace(b"\0", b"")):
        raise Unreadable(Fault.XML_BOMB)


def untyped(content: bytes) -> bytes:
    """The part without a document type that only names a standard; any other is still there to be refused."""
    return _NAMED_TYPE.sub(b"", content[:HEAD], count=1) + content[HEAD:]


def parse(content: bytes) -> etree._Element:
    """The root element; raises `Unreadable`: XML_BOMB, BOMB (too big) or BROKEN."""
    if len(content) > TREE_LIMIT:
        raise Unreadable(Fault.BOMB)
    refuse_types(content)
    try:
        root = etree.fromstring(content, _parser())
    except etree.XMLSyntaxError as error:
        raise Unreadable(Fault.BROKEN) from error
    if root is None:
        raise Unreadable(Fault.BROKEN)
    if root.getroottree().docinfo.internalDTD is not None:
        raise Unreadable(Fault.XML_BOMB)
    return root


def walk(source: IO[bytes], tags: tuple[str, ...]) -> Iterator[etree._Element]:
    """Each complete element called one of `tags` ("{*}row"), without keeping the tree; raises as `parse`."""
    try:
        events = etree.iterparse(
            source,
            events=("end",),
            tag=tags,
            load_dtd=False,
            no_network=True,
            huge_tree=False,
            resolve_entities=False,
        )
        for _, element in events:
            if element.getroottree().docinfo.internalDTD is not None:
                raise Unreadable(Fault.XML_BOMB)
            yield element
            element.clear()
            while element.getprevious() is not None:
                del element.getparent()[0]
    except etree.XMLSyntaxError as error:
        raise Unreadable(Fault.BROKEN) from error


def write(root: etree._Element) -> bytes:
    """The tree as a part of an office file."""
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True))


def is_element(node: object) -> bool:
    """Whether it is an element, not a comment or an instruction."""
    return isinstance(node, etree._Element) and isinstance(node.tag, str)


def local(element: etree._Element) -> str:
    """The element's name without its namespace; "" for comments."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def _parser() -> etree.XMLParser:
    return etree.XMLParser(
        resolve_entities=False, load_dtd=False, no_network=True, huge_tree=False, remove_blank_text=False
    )
