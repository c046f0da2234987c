"""The words of plain texts."""

from pathlib import Path

from forum.files.reader import writing


def read(path: Path, limit: int) -> str:
    """The first `limit` bytes as text; raises `Unreadable` for bytes that are no text."""
    with path.open("rb") as file:
        content = file.read(limit)
    return content.decode(writing.coding_of(content, is_cut=len(content) == limit), errors="replace")
