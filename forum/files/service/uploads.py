"""Uploads as rows: begun, found again, complete, given up. The bytes themselves arrive in `files.receiving`."""

import re
import unicodedata
from functools import partial
from uuid import UUID, uuid5

import sqlalchemy as sa
from flask_babel import gettext as _

from forum.core.access import Viewer
from forum.core.clock import now
from forum.core.db import after_commit, db
from forum.core.errors import Conflict, Denied, Invalid, NotFound
from forum.core.text import tame
from forum.files.kinds import PICTURES
from forum.files.models import NAME_LIMIT, PLACE_LIMIT, Blob, Choice, File, Progress
from forum.files.service import quota
from forum.files.service.blobs import Content, keep_blob, let_go
from forum.files.service.work import have_checked, have_stripped
from forum.files.spool import throw_away

#: Beyond it, what stands behind the last dot is no ending but part of the name.
_LONGEST_ENDING = 10
#: What some system or other does not bear in a name.
_AWKWARD = str.maketrans(dict.fromkeys('<>:"|?*', "_"))
#: Windows' own names for devices, with or without an ending.
_DEVICE = re.compile(r"(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³]) *(?:\.|$)", re.IGNORECASE)
#: Systems bear 255 bytes in a name; what is left is for a number behind it, where there are two.
_BYTES = 245


def clean_name(raw: str) -> str:
    """A file name that is safe anywhere: no folders, no control or direction characters, no device of Windows', NFC,
    `NAME_LIMIT` signs and `_BYTES` bytes of UTF-8 at most with its ending kept; never empty."""
    name = raw.replace("\\", "/").rstrip("/").rpartition("/")[2]
    name = "".join(" " if char.isspace() else char for char in name)
    # Format characters, halves of pairs, private and unknown ones show nothing, or something else than is there.
    name = "".join(char for char in name if unicodedata.category(char)[0] != "C")
    name = " ".join(tame(name).translate(_AWKWARD).split()).strip(". ")
    stem, dot, ending = name.rpartition(".")
    if not dot or len(ending) > _LONGEST_ENDING:
        stem, dot, ending = name, "", ""
    stem = stem.strip(". ")
    if _DEVICE.match(f"{stem}{dot}"):
        stem = f"_{stem}"
    room = _BYTES - len(f"{dot}{ending}".encode())
    stem = stem[: NAME_LIMIT - len(dot) - len(ending)].encode()[:room].decode(errors="ignore").strip(". ")
    return f"{stem}{dot}{ending}" if stem else _("Datei")


def begin_upload(viewer: Viewer, key: UUID, name: str, size: int, place: str = "") -> File:
    """The row of a file of `size` bytes that is about to arrive; the same key is the same file.

    It counts against the member at once. Raises `Invalid` for an empty file, one over the limit, no room left,
    and for a key that was begun with another size.
    """
    if viewer.member_id is None:
        raise Denied
    found = _find(viewer, key)
    if found is not None:
        if found.size != size:
            raise Invalid(_("Unter diesem Schlüssel kommt schon eine andere Datei an."), "files")
        return found
    name = clean_name(name)
    quota.check_size(name, size)
    quota.check_disk(size)
    quota.check_member(viewer.member_id, size)
    file = File(
        key=key,
        member_id=viewer.member_id,
        place=place.replace("\0", "")[:PLACE_LIMIT],
        name=name,
        size=size,
        created_at=now(),
    )
    db.session.add(file)
    db.session.flush()
    return file


def get_upload(viewer: Viewer, key: UUID) -> File:
    """The viewer's own file with this key, complete or not; else `NotFound`."""
    found = _find(viewer, key)
    if found is None:
        raise NotFound
    return found


def complete_upload(viewer: Viewer, key: UUID, content: Content) -> Blob:
    """All bytes are here, and in the store: give the file its blob, and have it looked into. The blob is locked.

    `Conflict` if another line was faster.
    """
    file = _lock(viewer, key)
    if file.blob is not None:
        raise Conflict(_("Diese Datei ist schon ganz da."))
    blob = keep_blob(content)
    file.blob = blob
    if blob.check is Progress.FAILED:
        # What stood against it may not stand any more: a setting, a machine that was busy.
        blob.check, blob.refusal = Progress.WAITING, ""
    if blob.check is Progress.WAITING:
        have_checked(blob.id)
    elif blob.kind in PICTURES:
        # The check took place and the trace out of the picture that came then; these bytes may still have them.
        file.choice = Choice.STRIP
        have_stripped(file.id)
    db.session.flush()
    return blob


def discard(viewer: Viewer, key: UUID) -> None:
    """Give the file up: row and bytes go. `Conflict` if something owns it by now."""
    file = _lock(viewer, key)
    if file.owner is not None:
        raise Conflict(_("Diese Datei ist schon abgeschickt."))
    db.session.delete(file)
    let_go([file.blob_id])
    after_commit(partial(throw_away, file.member_id, key))


def only_once(viewer: Viewer, file: File, form_key: UUID) -> File:
    """`file`, complete and sent along with a form, unless the same bytes came with the same form before.

    Then it is given up for the one that came first, whatever that belongs to by now.
    """
    blob = file.blob
    if viewer.member_id is None or blob is None:
        raise NotFound
    quota.hold("member", viewer.member_id)
    key = uuid5(form_key, f"{file.name} {blob.digest}")
    first = _find(viewer, key)
    if first is None:
        file.key = key
        return file
    discard(viewer, file.key)
    return first


def _find(viewer: Viewer, key: UUID) -> File | None:
    return db.session.scalar(_mine(viewer, key))


def _lock(viewer: Viewer, key: UUID) -> File:
    found = db.session.scalar(
        _mine(viewer, key).with_for_update(of=File).execution_options(populate_existing=True)
    )
    if found is None:
        raise NotFound
    return found


def _mine(viewer: Viewer, key: UUID) -> sa.Select[File]:
    return sa.select(File).where(File.member_id == viewer.member_id, File.key == key)
