"""How much may be kept, and whose a file is; pure."""

from dataclasses import dataclass
from datetime import timedelta

from forum.core.access import Viewer
from forum.files.models import File, FileState

MEGABYTE = 1024 * 1024
#: So many files may hang on one post or message.
FILES_AT_ONCE = 20
#: What nobody made part of anything is thrown away, after so long.
KEPT_UNSENT = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Limits:
    """What this installation takes, in bytes: of one file, of a space, of a member outside the spaces."""

    file: int
    space: int
    member: int
    zip_files: bool


def is_own(viewer: Viewer, file: File) -> bool:
    """Whether the viewer sent the file; until something owns it, nobody else knows of it."""
    return viewer.member_id is not None and file.member_id == viewer.member_id


def may_claim(viewer: Viewer, file: File, owner: str) -> bool:
    """Whether the file may become part of `owner`: the viewer's own, and nothing else's."""
    return is_own(viewer, file) and file.owner in (None, owner)


def is_shown(file: File) -> bool:
    """Whether others than its sender get the file at all; whether they may is decided by what owns it."""
    return file.state is FileState.READY and file.blob is not None and not file.blob.is_broken
