"""A picture as a page of its own."""

from collections.abc import Iterator
from typing import Any

from forum.files.reader import pictures
from forum.files.reader.paging import images
from forum.files.reader.paging.work import Work

#: Points on the longer side from which on letters in a picture can be read.
_READABLE = 600


def pages(work: Work) -> Iterator[dict[str, Any]]:
    """One page; raises `Unreadable`."""
    yield {"pages": 1}
    with pictures.opened(work.source) as picture:
        longer = max(picture.size)
        # JPEG can be decoded smaller from the start.
        picture.draft("RGB", (2 * images.WIDTH, 2 * images.WIDTH))
        seen = pictures.on_white(pictures.upright(picture))
    line = {"page": 1, "text": "", **images.save(seen, work.target, 1)}
    yield line | ({"scan": True} if longer >= _READABLE else {})
