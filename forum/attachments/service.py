"""Files hung on things, taken off, carried along. What they hang on decides who may: the verbs that call these have.

A file that hangs somewhere is owned by it (`post:40`), so that it counts and is kept for as long as that is there.
"""

from collections.abc import Collection

import sqlalchemy as sa
from flask_babel import gettext as _

from forum.attachments import policy, targets
from forum.attachments.models import Attachment
from forum.attachments.queries import hanging_on
from forum.attachments.targets import Place
from forum.core.access import Viewer
from forum.core.db import db
from forum.core.errors import Invalid, NotFound
from forum.files.models import File
from forum.files.policy import FILES_AT_ONCE
from forum.files.service import files


def get_attachment(viewer: Viewer, attachment_id: int) -> tuple[Attachment, Place]:
    """The attachment and where it hangs, or `NotFound`: absent, foreign, or not looked through yet."""
    attachment = db.session.get(Attachment, attachment_id)
    if attachment is None or not policy.may_open(viewer, attachment.file):
        raise NotFound
    place = targets.readable(viewer, attachment.subject, [attachment.subject_id]).get(attachment.subject_id)
    if place is None:
        raise NotFound
    return attachment, place


def get_fetchable(viewer: Viewer, attachment_id: int) -> tuple[Attachment, Place]:
    """The attachment whose bytes and pages may leave the house, or `NotFound`."""
    attachment, place = get_attachment(viewer, attachment_id)
    if not policy.may_fetch(viewer, attachment.file):
        raise NotFound
    return attachment, place


def places_of(viewer: Viewer, blob_ids: Collection[int]) -> list[Place]:
    """Where these bytes hang, under whatever name, as far as the viewer may read there; newest first."""
    rows = db.session.execute(
        sa.select(Attachment.subject, Attachment.subject_id)
        .join(File, File.id == Attachment.file_id)
        .where(File.blob_id.in_(blob_ids))
        .order_by(Attachment.id.desc())
    ).all()
    ids: dict[str, list[int]] = {}
    for subject, subject_id in rows:
        ids.setdefault(subject, []).append(subject_id)
    known = {subject: targets.readable(viewer, subject, found) for subject, found in ids.items()}
    found = (known[subject].get(subject_id) for subject, subject_id in rows)
    return list(dict.fromkeys(place for place in found if place is not None))


def attach(
    viewer: Viewer, subject: str, subject_id: int, file_ids: Collection[int], space_id: int | None
) -> bool:
    """Hang files that the viewer has sent on a thing; whether there were any.

    They count against the space, or without one against the viewer. `Invalid`, with `field` "files", for files that
    are not the viewer's or hang elsewhere, are gone or not all here, were refused, or are too much.
    """
    if not file_ids:
        return False
    there = db.session.scalars(hanging_on(subject, [subject_id])).all()
    known = {one.file_id for one in there}
    new = [file_id for file_id in dict.fromkeys(file_ids) if file_id not in known]
    if not new:
        return False
    try:
        claimed = files.claim(
            viewer, new, owner_of(subject, subject_id), space_id, limit=FILES_AT_ONCE - len(there)
        )
    except NotFound:  # swept away since, and what was typed must not be lost for it
        raise Invalid(
            _("Eine Datei ist nicht mehr da. Nimm sie heraus und wähle sie noch einmal."), "files"
        ) from None
    start = max((one.position for one in there), default=0) + 1
    _hang(subject, subject_id, claimed, start)
    return True


def take_off(subject: str, subject_id: int, attachment_ids: Collection[int]) -> bool:
    """Take these attachments off a thing and forget their files; whether any of them hung there."""
    gone = [one for one in db.session.scalars(hanging_on(subject, [subject_id])) if one.id in attachment_ids]
    if not gone:
        return False
    _forget(gone)
    files.release_files([one.file_id for one in gone])
    return True


def has_any(subject: str, subject_id: int) -> bool:
    """Whether files hang on the thing."""
    return db.session.scalars(hanging_on(subject, [subject_id]).limit(1)).first() is not None


def drop(subject: str, subject_ids: Collection[int]) -> None:
    """Take everything off these things, because they are gone; nobody else's file of the same bytes is touched."""
    if not subject_ids:
        return
    db.session.execute(
        sa.delete(Attachment).where(Attachment.subject == subject, Attachment.subject_id.in_(subject_ids))
    )
    files.release([owner_of(subject, subject_id) for subject_id in subject_ids])


def carry(subject: str, subject_ids: Collection[int], space_id: int | None) -> None:
    """The things lie in another space from now on, and their files count there."""
    files.move([owner_of(subject, subject_id) for subject_id in subject_ids], space_id)


def copies_of(
    viewer: Viewer, subject: str, subject_ids: Collection[int], attachment_ids: Collection[int]
) -> list[int]:
    """Copy those of these attachments that hang on the things and that the viewer may fetch there.

    The ids of new files of the viewer's, to be hung elsewhere in the same unit of work. The bytes are kept once; each
    copy counts where it hangs, and outlives what it was made from.
    """
    readable = targets.readable(viewer, subject, subject_ids)
    return [
        files.copy_for(viewer, one.file).id
        for one in db.session.scalars(hanging_on(subject, list(readable)))
        if one.id in attachment_ids and policy.may_fetch(viewer, one.file)
    ]


def owner_of(subject: str, subject_id: int) -> str:
    """How the files of a thing name it."""
    return f"{subject}:{subject_id}"


def _hang(subject: str, subject_id: int, hung: Collection[File], start: int) -> None:
    for position, file in enumerate(hung, start=start):
        db.session.add(Attachment(subject=subject, subject_id=subject_id, file_id=file.id, position=position))
    db.session.flush()


def _forget(gone: Collection[Attachment]) -> None:
    db.session.execute(sa.delete(Attachment).where(Attachment.id.in_([one.id for one in gone])))
