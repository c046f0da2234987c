"""Versions: each upload is one, with a number of its own; none is ever overwritten."""

import sqlalchemy as sa
from flask_babel import gettext as _

from forum.audit import service as audit
from forum.core.access import Viewer
from forum.core.clock import now
from forum.core.db import db
from forum.core.errors import Conflict, Invalid, NotFound, require
from forum.documents import policy
from forum.documents.models import NOTE_LIMIT, Document, Version
from forum.documents.service.documents import append_version, get_document, optional_line, repeat_version
from forum.documents.service.folders import lock_library
from forum.files.models import FileState
from forum.files.service import files
from forum.members import queries as members


def get_version(viewer: Viewer, document_id: int, number: int) -> Version:
    """The version with this number, or `NotFound`."""
    get_document(viewer, document_id)
    version = db.session.scalar(
        sa.select(Version).where(Version.document_id == document_id, Version.number == number)
    )
    if version is None:
        raise NotFound
    return version


def add_version(
    viewer: Viewer, document_id: int, file_id: int, note: str = "", *, despite_reservation: bool = False
) -> Version:
    """The next version. The same file of the same member is the same version.

    It ends the viewer's own reservation. `Conflict` while somebody else has the document reserved, unless
    `despite_reservation`; that is recorded. Errors of `files.claim` as for `add_document`.
    """
    note = optional_line(note, NOTE_LIMIT, "note")
    document = _lock(viewer, document_id)
    files.get_own(viewer, file_id)
    sent = db.session.scalar(
        sa.select(Version)
        .where(Version.document_id == document_id, Version.file_id == file_id)
        .order_by(Version.number)
        .limit(1)
    )
    if sent is not None:
        return sent
    _pass_reservation(viewer, document, despite_reservation)
    return append_version(viewer, document, file_id, note)


def restore_version(
    viewer: Viewer, document_id: int, number: int, note: str = "", *, despite_reservation: bool = False
) -> Version:
    """A new version that is what version `number` was; without a note it says so.

    Where the newest is the same already, it stays the newest. Reservations as for `add_version`.
    """
    note = optional_line(note, NOTE_LIMIT, "note") or _("Fassung %(number)s wiederhergestellt", number=number)
    document = _lock(viewer, document_id)
    former = get_version(viewer, document_id, number)
    if former.file_id == document.file_id:
        return get_version(viewer, document_id, document.last_number)
    if former.file.state is FileState.REFUSED:
        raise Invalid(
            _("Diese Fassung kann nicht wiederhergestellt werden: Ihre Datei wird nicht mehr angenommen.")
        )
    _pass_reservation(viewer, document, despite_reservation)
    return repeat_version(viewer, document, former, note)


def _lock(viewer: Viewer, document_id: int) -> Document:
    lock_library(get_document(viewer, document_id).space_id)
    document = get_document(viewer, document_id, lock=True)
    require(
        policy.may_add_version(viewer, document),
        _("Dieses Dokument liegt im Papierkorb. Stell es wieder her, bevor du eine Fassung hinzufügst.")
        if document.is_binned
        else _("In dieser Ablage kannst du nur lesen."),
    )
    return document


def _pass_reservation(viewer: Viewer, document: Document, despite: bool) -> None:
    if not document.is_reserved_at(now()):
        return
    if document.reserved_by_id == viewer.member_id:
        document.reserved_by_id = document.reserved_until = None
        return
    if not despite:
        raise Conflict(reserved_sentence(document))
    audit.record(viewer, "reservation.ignored", document.id, space_id=document.space_id)


def reserved_sentence(document: Document) -> str:
    """Who works on the document, for those who want to."""
    card = members.find_card(document.reserved_by_id) if document.reserved_by_id else None
    name = card.person.name if card else _("Jemand anders")
    return str(_("%(name)s hat dieses Dokument gerade in Bearbeitung.", name=name))
