"""What a reading child says, checked before it counts."""

from functools import partial
from typing import Any

from forum.files.kinds import FileKind
from forum.files.models import Blob
from forum.files.pages import fit
from forum.files.pieces import copy_blob
from forum.files.reader.codes import Fault
from forum.files.reading import Reading, ReadingFailed, reading
from forum.files.store import spool


def ask(task: str, blob: Blob, options: dict[str, Any]) -> dict[str, Any]:
    """All that the child says about the blob, lines put together. Raises `ReadingFailed`, `Broken`, `StoreAway`."""
    with reading(task, partial(copy_blob, blob), options, spool()) as child:
        return all_said(child)


def all_said(child: Reading) -> dict[str, Any]:
    """All that it says, until it is done; `ReadingFailed`."""
    said: dict[str, Any] = {}
    for line in child:
        said |= line
    return said


def kind_in(said: dict[str, Any]) -> FileKind:
    """The kind it named; `ReadingFailed` (CRASH) where it is none."""
    try:
        return FileKind(str(said.get("kind")))
    except ValueError:
        raise ReadingFailed(Fault.CRASH) from None


def findings_in(said: dict[str, Any]) -> dict[str, Any]:
    """Codes with numbers, names or yes; anything else is none of them."""
    found = said.get("findings")
    if not isinstance(found, dict):
        raise ReadingFailed(Fault.CRASH)
    return {fit(code)[:40]: _value(value) for code, value in found.items() if value}


def _value(value: object) -> Any:
    if isinstance(value, list):
        return [_value(one) for one in value[:100]]
    return value if isinstance(value, (bool, int)) else fit(str(value))[:200]
