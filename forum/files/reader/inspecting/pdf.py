"""What a PDF tells about its makers."""

import re
from pathlib import Path
from typing import Any

import pikepdf

from forum.files.reader import makers, markup, portable, remote, wording
from forum.files.reader.codes import Fault, Finding, Unreadable

_XMP_LIMIT = 4 << 20


def look(path: Path) -> tuple[dict[Finding, Any], int | None, bool]:
    """Findings, number of pages, and whether it needs a password."""
    try:
        with portable.opened(path) as file:
            pages = len(file.pages)
            if not pages:
                raise Unreadable(Fault.BROKEN)
            return _findings(file), pages, False
    except Unreadable as refusal:
        if refusal.fault is Fault.ENCRYPTED:
            return {}, None, True
        raise


def _findings(file: pikepdf.Pdf) -> dict[Finding, Any]:
    comments, names = 0, [wording.name(name) for name in file.attachments]
    authors: list[str | None] = [portable.text(file.docinfo.get("/Author")), *_authors_in_xmp(file)]
    for note in portable.notes(file):
        role = portable.subtype(note)
        if role == "/FileAttachment":
            names.append(wording.name(portable.text(note.get("/Contents"))) or "…")
        elif role != "/Popup":
            comments += 1
        authors.append(portable.text(note.get("/T")))
    return {
        Finding.AUTHORS: makers.names(authors),
        Finding.COMPANY: makers.names([portable.text(file.docinfo.get("/Company"))]),
        Finding.COMMENTS: comments,
        Finding.ATTACHMENTS: names[: makers.LIMIT],
        Finding.SCRIPTS: portable.runs_something(file),
        Finding.REMOTE: remote.hosts(portable.fetched(file)),
        Finding.SIGNED: portable.is_signed(file),
    }


def _authors_in_xmp(file: pikepdf.Pdf) -> list[str]:
    """Names in the metadata stream; one that is no XML, or huge, tells none."""
    stream = file.Root.get("/Metadata")
    if not isinstance(stream, pikepdf.Stream):
        return []
    try:
        content = stream.read_bytes()
        if len(content) > _XMP_LIMIT:
            return []
        root = markup.parse(re.sub(rb"^\s*(?=<)", b"", content))
    except (Unreadable, pikepdf.PdfError):
        return []
    creators = [item for item in root.iter() if markup.local(item) == "creator"]
    return [
        "".join(line.itertext()) for item in creators for line in item.iter() if markup.local(line) == "li"
    ]
