"""The task `pages`: page after page, each said before the next is begun."""

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from forum.files.kinds import PICTURES, FileKind
from forum.files.reader import telling
from forum.files.reader.codes import Fault, Unreadable
from forum.files.reader.paging.budget import Budget
from forum.files.reader.paging.work import Work

_MODULES = {
    FileKind.PDF: "pdf",
    FileKind.TXT: "plain",
    FileKind.MD: "plain",
    FileKind.CSV: "tables",
    FileKind.ZIP: "listing",
    **dict.fromkeys(PICTURES, "picture"),
}


def run(source: Path, target: Path, options: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """First `{"pages": total}`, then a line per page: `page`, `text`, and one of `image` (a file in `target`, with
    `width` and `height`), `html` (as mammoth gives it: to be cleaned) or `rows`; or the text alone.

    `scan`: true where a page is a picture that may hold words nobody has read. `tile`: name of a small picture of
    the file, with the first page or later. `{"cut": true}` at the end says that not everything was read. Options:
    `kind`, `office` (path of soffice), `limit_images`, `limit_pages`, `limit_text`.
    """
    kind = FileKind(options["kind"])
    if kind not in _MODULES and telling.is_locked(source):
        raise Unreadable(Fault.ENCRYPTED)
    budget = Budget(options)
    module = import_module(f"forum.files.reader.paging.{_MODULES.get(kind, 'office')}")
    yield from module.pages(Work(source, kind, target, str(options.get("office") or ""), budget))
    if budget.is_cut:
        yield {"cut": True}
