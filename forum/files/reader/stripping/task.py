"""The task `strip`: the file without traces, written to `OUTDIR/stripped`."""

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from forum.files.kinds import PICTURES, FileKind
from forum.files.reader import telling
from forum.files.reader.codes import Fault, Unreadable
from forum.files.reader.inspecting import task as inspecting

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


def run(source: Path, target: Path, options: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """One line as `inspect` gives it, of what was written: findings that could not be taken out are still there.

    `kind` may have changed (HEIC to JPEG, where HEIC cannot be written). Raises `Unreadable`: ENCRYPTED,
    NOT_POSSIBLE for kinds that tell nothing, and as `inspect`.
    """
    kind, is_locked = telling.tell(source, str(options.get("name", "")), zip_taken=True)
    if kind not in _MODULES:
        raise Unreadable(Fault.NOT_POSSIBLE)
    if is_locked:
        raise Unreadable(Fault.ENCRYPTED)
    result = target / "stripped"
    import_module(f"forum.files.reader.stripping.{_MODULES[kind]}").strip(source, result)
    yield from inspecting.run(result, target, options)
