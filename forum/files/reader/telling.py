"""What kind a file is, told by its bytes; its name only tells texts apart."""

import re
from pathlib import Path

from forum.files.kinds import FACTS, FileKind
from forum.files.reader import writing
from forum.files.reader.archives import LIST, Archive
from forum.files.reader.codes import Fault, Unreadable
from forum.files.reader.packages import MAIN_TYPES, Package

#: A PDF's first line may stand that far inside the file.
PDF_START = 1024
#: How much of a text is looked at as a whole; of the rest only that it is text at all.
TEXT_HEAD = 4 << 20

_COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_PROGRAMS = (
    b"MZ", b"\x7fELF", b"#!", b"\xca\xfe\xba\xbe", b"\xfe\xed\xfa\xce", b"\xfe\xed\xfa\xcf", b"\xce\xfa\xed\xfe",
    b"\xcf\xfa\xed\xfe", b"\0asm", b"dex\n", b"L\0\0\0\x01\x14\x02\0",
)  # fmt: skip
_ARCHIVES = (
    b"\x1f\x8b",
    b"BZh",
    b"\xfd7zXZ\0",
    b"7z\xbc\xaf\x27\x1c",
    b"Rar!\x1a\x07",
    b"MSCF",
    b"(\xb5/\xfd",
)
_HEIF_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"})
_OPEN_KINDS = {
    FACTS[kind].media_type + suffix: kind
    for kind in (FileKind.ODT, FileKind.ODS, FileKind.ODP)
    for suffix in ("", "-template")
}
_OFFICE_ENDINGS = frozenset(
    ending
    for kind in FileKind
    if FACTS[kind].media_type.startswith("application/vnd.")
    for ending in FACTS[kind].endings
)
#: What a computer runs, or a browser opens, although it is only text.
_SCRIPT_ENDINGS = frozenset(
    {
        "bat", "cmd", "com", "ps1", "psm1", "vbs", "vbe", "js", "jse", "mjs", "wsf", "wsh", "hta", "sh",
        "bash", "py", "pl", "rb", "php", "jsp", "asp", "aspx", "reg", "scf", "url", "inf", "jar", "lnk",
    }
)  # fmt: skip
_PAGE_ENDINGS = frozenset(
    {"html", "htm", "xhtml", "xht", "svg", "svgz", "mht", "mhtml", "shtml", "xml", "xsl", "xslt"}
)
_BEFORE_PAGE = re.compile(r"(?:\s|<!--.*?(?:-->|\Z)|<\?xml.*?(?:\?>|\Z))*", re.DOTALL)
_PAGE = re.compile(
    r"<(?:!doctype\s+(?:html|svg)|html|svg|script|head|body|iframe|object|embed|meta|link|style|title|base)\b"
    r"|<!doctype\s",
    re.IGNORECASE,
)
_MHTML = re.compile(r"\A(?:[\w-]+:.*\n){0,30}?content-type:\s*multipart/related", re.IGNORECASE)
_XML = re.compile(r"\s*<\?xml\b")
_MARKUP_IN_BYTES = re.compile(rb"<\s*[a-z!?/]", re.IGNORECASE)


def tell(path: Path, name: str, *, zip_taken: bool) -> tuple[FileKind, bool]:
    """The kind of the file at `path` that was sent under `name`, and whether it is an office file with a password.

    Raises `Unreadable` for what is not taken.
    """
    with path.open("rb") as file:
        head = file.read(8192)
    if not head:
        raise Unreadable(Fault.EMPTY)
    if head.startswith(_PROGRAMS):
        raise Unreadable(Fault.PROGRAM)
    if head.startswith(_COMPOUND):
        return _of_compound(path, _ending(name)), True
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _of_archive(path, _ending(name), zip_taken)
    if head.startswith(_ARCHIVES) or head[257:262] == b"ustar":
        raise Unreadable(Fault.ARCHIVE)
    kind = _of_picture(head) or _of_pdf(head) or (FileKind.RTF if head.startswith(b"{\\rtf") else None)
    return kind or _of_text(path, _ending(name)), False


def is_locked(path: Path) -> bool:
    """Whether an office file needs a password."""
    with path.open("rb") as file:
        head = file.read(8)
    return head.startswith(_COMPOUND) or (head.startswith(b"PK\x03\x04") and _is_locked(Archive(path)))


def _of_picture(head: bytes) -> FileKind | None:
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return FileKind.PNG
    if head.startswith(b"\xff\xd8\xff"):
        return FileKind.JPEG
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return FileKind.WEBP
    if head[4:8] == b"ftyp":
        brands = {head[8:12], *(head[start : start + 4] for start in range(16, min(head[3], 64), 4))}
        if brands & _HEIF_BRANDS and b"avif" not in brands:
            return FileKind.HEIC
    return None


def _of_pdf(head: bytes) -> FileKind | None:
    start = head.find(b"%PDF-", 0, PDF_START + 5)
    if start < 0:
        return None
    # A browser that guesses would take what stands before it for a page.
    if _MARKUP_IN_BYTES.search(head[:start]):
        raise Unreadable(Fault.WEB_PAGE)
    return FileKind.PDF


def _of_compound(path: Path, ending: str) -> FileKind:
    """Office files as before 2007, and today's behind a password; which of those only the name tells."""
    names = set()
    tail = b""
    with path.open("rb") as file:
        while piece := file.read(1 << 20):
            names |= {name for name in _STREAMS if name.encode("utf-16-le") in tail + piece}
            tail = piece[-64:]
    if "EncryptedPackage" in names:
        return next((kind for kind in MAIN_TYPES.values() if ending in FACTS[kind].endings), FileKind.DOCX)
    if names & {"WordDocument", "Workbook", "Book", "PowerPoint Document"}:
        raise Unreadable(Fault.OLD_OFFICE)
    raise Unreadable(Fault.PROGRAM if ending == "msi" else Fault.UNKNOWN_KIND)


_STREAMS = ("EncryptedPackage", "WordDocument", "Workbook", "Book", "PowerPoint Document")


def _of_archive(path: Path, ending: str, zip_taken: bool) -> tuple[FileKind, bool]:
    archive = Archive(path)
    if "[Content_Types].xml" in archive:
        kind = Package(archive).kind
        if kind is None:
            raise Unreadable(Fault.OLD_OFFICE if ending == "xlsb" else Fault.UNKNOWN_KIND)
        archive.prove()
        return kind, False
    if "mimetype" in archive and "content.xml" in archive:
        kind = _OPEN_KINDS.get(archive.read("mimetype", 200).decode("ascii", "replace").strip())
        if kind is None:
            raise Unreadable(Fault.UNKNOWN_KIND)
        archive.prove()
        return kind, _is_locked(archive)
    if any(name == "META-INF/MANIFEST.MF" or name.endswith((".class", ".dex")) for name in archive.names):
        raise Unreadable(Fault.PROGRAM)
    if ending in _OFFICE_ENDINGS:
        raise Unreadable(Fault.DISGUISED)
    if not zip_taken or "mimetype" in archive:
        raise Unreadable(Fault.ARCHIVE)
    if archive.is_unsafe:
        raise Unreadable(Fault.UNSAFE_ARCHIVE)
    if not archive.entries:
        raise Unreadable(Fault.EMPTY)
    if archive.is_encrypted:
        return FileKind.ZIP, True
    archive.prove()
    return FileKind.ZIP, False


def _is_locked(archive: Archive) -> bool:
    return LIST in archive and b"encryption-data" in archive.read(LIST)


def _of_text(path: Path, ending: str) -> FileKind:
    with path.open("rb") as file:
        head = file.read(TEXT_HEAD)
        coding = writing.coding_of(head, is_cut=len(head) == TEXT_HEAD)
        while coding != "utf-16" and (piece := file.read(TEXT_HEAD)):
            if b"\0" in piece:
                raise Unreadable(Fault.UNKNOWN_KIND)
    text = head.decode(coding, errors="replace")
    if ending in _SCRIPT_ENDINGS:
        raise Unreadable(Fault.PROGRAM)
    start = _BEFORE_PAGE.match(text)
    if ending in _PAGE_ENDINGS or _MHTML.match(text[:8192]) or (start and _PAGE.match(text, start.end())):
        raise Unreadable(Fault.WEB_PAGE)
    if _XML.match(text):
        raise Unreadable(Fault.UNKNOWN_KIND)
    if not text.strip():
        raise Unreadable(Fault.EMPTY)
    for kind in (FileKind.MD, FileKind.CSV):
        if ending in FACTS[kind].endings:
            return kind
    return FileKind.TXT


def _ending(name: str) -> str:
    return Path(name).suffix.lower().removeprefix(".").strip()
