"""What lies in an archive, by name; nothing is unpacked."""

from collections.abc import Iterator
from typing import Any

from forum.files.reader import wording
from forum.files.reader.archives import Archive
from forum.files.reader.paging import plain
from forum.files.reader.paging.work import Work


def pages(work: Work) -> Iterator[dict[str, Any]]:
    """Names, a line each; raises `Unreadable`."""
    entries = [entry.filename for entry in Archive(work.source).entries if not entry.is_dir()]
    yield from plain.lines("\n".join(wording.name(entry, 300) for entry in entries), work.budget)
