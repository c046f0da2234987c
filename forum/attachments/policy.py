"""Who may open an attached file, given that the words it hangs on may be read."""

from forum.core.access import Viewer
from forum.files.models import File
from forum.files.policy import is_shown


def may_open(viewer: Viewer, file: File) -> bool:
    """See what the file is: its sender at any time, the others once it was looked through."""
    return viewer.is_signed_in and (file.member_id == viewer.member_id or may_fetch(viewer, file))


def may_fetch(viewer: Viewer, file: File) -> bool:
    """Get its bytes and its pages: nobody before it was looked through, its sender neither."""
    return viewer.is_signed_in and is_shown(file)
