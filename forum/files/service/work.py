"""Work on files, asked for in the background; of one sender's files one at a time has each kind of it done."""

from typing import Any

import sqlalchemy as sa

from forum.core.db import db
from forum.files.models import File
from forum.jobs.service import enqueue


def have_checked(blob_id: int) -> None:
    """Have the bytes scanned, and looked into."""
    _ask("files.check", blob_id, File.blob_id == blob_id, blob_id=blob_id)


def have_stripped(file_id: int) -> None:
    """Have what the file tells about its makers taken out."""
    _ask("files.strip", file_id, File.id == file_id, file_id=file_id)


def have_prepared(blob_id: int) -> None:
    """Have the pages made that show the bytes."""
    _ask("files.prepare", blob_id, File.blob_id == blob_id, blob_id=blob_id)


def have_scan_read(blob_id: int, **arguments: Any) -> None:
    """Have the words in its pictures read; `arguments` as `scans.read_scan` takes them.

    That takes long, so it is one scan at a time, whoever sent it: what was just sent is shown meanwhile.
    """
    name = "files.read_scan"
    enqueue(name, key=f"{name}:{blob_id}", lane=name, blob_id=blob_id, **arguments)


def _ask(name: str, row_id: int, its_files: sa.ColumnElement[bool], **arguments: Any) -> None:
    sender = db.session.scalar(sa.select(File.member_id).where(its_files).order_by(File.id).limit(1))
    enqueue(name, key=f"{name}:{row_id}", lane=f"{name}:{sender}", **arguments)
