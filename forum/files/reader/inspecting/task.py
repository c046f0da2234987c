"""The task `inspect`: kind, findings, pages."""

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from forum.files.kinds import PICTURES, FileKind
from forum.files.reader import telling
from forum.files.reader.codes import Finding

#: Which module looks into which kind; it is loaded only then.
_MODULES = {
    FileKind.PDF: "pdf",
    FileKind.DOCX: "ooxml",
    FileKind.XLSX: "ooxml",
    FileKind.PPTX: "ooxml",
    FileKind.ODT: "odf",
    FileKind.ODS: "odf",
    FileKind.ODP: "odf",
    FileKind.RTF: "rtf",
    **dict.fromkeys(PICTURES, "pictures"),
}


def run(source: Path, _target: Path, options: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """One line: `kind`, `findings`, `pages` (None where they are not counted), `encrypted`."""
    kind, is_locked = telling.tell(
        source, str(options.get("name", "")), zip_taken=bool(options.get("zip", False))
    )
    findings: dict[str, Any] = {}
    pages = None
    if not is_locked and kind in _MODULES:
        module = import_module(f"forum.files.reader.inspecting.{_MODULES[kind]}")
        findings, pages, is_locked = module.look(source)
    told = {str(code): value for code, value in findings.items() if value}
    if set(told) == {Finding.SIGNED}:
        told = {}
    yield {"kind": kind.value, "findings": told, "pages": pages, "encrypted": is_locked}
