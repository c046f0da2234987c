"""The kinds of file that are taken; a kind is told by content, never by name."""

import enum
from dataclasses import dataclass


class FileKind(enum.StrEnum):
    """What a file is."""

    PDF = "pdf"
    DOCX = "docx"
    XLSX = "xlsx"
    PPTX = "pptx"
    ODT = "odt"
    ODS = "ods"
    ODP = "odp"
    RTF = "rtf"
    TXT = "txt"
    MD = "md"
    CSV = "csv"
    PNG = "png"
    JPEG = "jpeg"
    WEBP = "webp"
    HEIC = "heic"
    ZIP = "zip"


@dataclass(frozen=True, slots=True)
class KindFacts:
    """How a kind is named: its media type, the endings its files may have (the first is given where none fits)."""

    media_type: str
    endings: tuple[str, ...]


_OFFICE = "application/vnd.openxmlformats-officedocument."
_OPEN = "application/vnd.oasis.opendocument."
FACTS = {
    FileKind.PDF: KindFacts("application/pdf", ("pdf",)),
    FileKind.DOCX: KindFacts(f"{_OFFICE}wordprocessingml.document", ("docx", "docm", "dotx")),
    FileKind.XLSX: KindFacts(f"{_OFFICE}spreadsheetml.sheet", ("xlsx", "xlsm", "xltx")),
    FileKind.PPTX: KindFacts(f"{_OFFICE}presentationml.presentation", ("pptx", "pptm", "ppsx", "potx")),
    FileKind.ODT: KindFacts(f"{_OPEN}text", ("odt", "ott")),
    FileKind.ODS: KindFacts(f"{_OPEN}spreadsheet", ("ods", "ots")),
    FileKind.ODP: KindFacts(f"{_OPEN}presentation", ("odp", "otp")),
    FileKind.RTF: KindFacts("application/rtf", ("rtf",)),
    FileKind.TXT: KindFacts("text/plain", ("txt",)),
    FileKind.MD: KindFacts("text/markdown", ("md", "markdown")),
    FileKind.CSV: KindFacts("text/csv", ("csv", "tsv")),
    FileKind.PNG: KindFacts("image/png", ("png",)),
    FileKind.JPEG: KindFacts("image/jpeg", ("jpg", "jpeg", "jpe", "jfif")),
    FileKind.WEBP: KindFacts("image/webp", ("webp",)),
    FileKind.HEIC: KindFacts("image/heic", ("heic", "heif")),
    FileKind.ZIP: KindFacts("application/zip", ("zip",)),
}
PICTURES = frozenset({FileKind.PNG, FileKind.JPEG, FileKind.WEBP, FileKind.HEIC})
#: May be shown by the browser itself, in a sandbox; everything else is only ever saved.
SHOWN_INLINE = frozenset({FileKind.PNG, FileKind.JPEG, FileKind.WEBP})
