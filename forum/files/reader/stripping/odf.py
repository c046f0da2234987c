"""OpenDocument files without names, comments and tracked changes."""

from pathlib import Path

from lxml import etree

from forum.files.reader import markup, remote
from forum.files.reader.archives import LIST, Archive, rewrite
from forum.files.reader.inspecting.odf import addresses
from forum.files.reader.stripping import media

_META = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n<office:document-meta xmlns:office="urn:oasis:names:tc:opendocument:'
    b'xmlns:office:1.0" office:version="1.3"><office:meta/></office:document-meta>'
)
#: Comments and where they begin and end; the store of tracked changes (what was deleted lies only there), and marks.
_DROPPED = frozenset(
    {"annotation", "annotation-end", "tracked-changes", "change", "change-start", "change-end"}
)


def strip(source: Path, result: Path) -> None:
    """Write the file anew; raises `Unreadable`."""
    archive = Archive(source)
    parts: dict[str, bytes | None] = {"meta.xml": _META} if "meta.xml" in archive else {}
    for name in ("content.xml", "styles.xml"):
        if name in archive:
            root = markup.parse(archive.read(name))
            _clean(root)
            parts[name] = markup.write(root)
    if "settings.xml" in archive:
        parts["settings.xml"] = _settings(markup.parse(archive.read("settings.xml")))
    gone = {
        name for name in archive.names if name.startswith("Thumbnails/") or name.endswith("signatures.xml")
    }
    parts |= dict.fromkeys(gone)
    if LIST in archive:
        parts[LIST] = _manifest(markup.parse(markup.untyped(archive.read(LIST))), gone)
    rewrite(archive, result, parts | media.cleaned(archive, "Pictures/"))


def _clean(root: etree._Element) -> None:
    for item in list(root.iter()):
        if markup.local(item) in _DROPPED:
            take_out(item)
        elif markup.is_element(item):
            for key in [key for key in item.attrib if key.endswith("rsid")]:
                del item.attrib[key]
            for key in addresses(item):
                if remote.hosts([str(item.attrib[key])]):
                    item.attrib[key] = ""


def take_out(item: etree._Element) -> None:
    """Take an element out of its tree; the text that follows it stays."""
    holder = item.getparent()
    if holder is None:
        return
    if item.tail:
        before = item.getprevious()
        if before is None:
            holder.text = (holder.text or "") + item.tail
        else:
            before.tail = (before.tail or "") + item.tail
    holder.remove(item)


def _settings(root: etree._Element) -> bytes:
    """Without the printer's name and numbers of editing sessions."""
    for item in list(root.iter()):
        name = next((value for key, value in item.attrib.items() if key.endswith("}name")), "")
        if name in {"PrinterName", "PrinterSetup", "Rsid", "RsidRoot", "RedlineProtectionKey"}:
            take_out(item)
    return markup.write(root)


def _manifest(root: etree._Element, gone: set[str]) -> bytes:
    for item in list(root):
        if any(key.endswith("full-path") and value in gone for key, value in item.attrib.items()):
            take_out(item)
    return markup.write(root)
