"""Reservations: the others see who works on a document, and until when. They end by themselves."""

from datetime import timedelta

from flask_babel import gettext as _

from forum.audit import service as audit
from forum.core.access import Viewer
from forum.core.clock import now
from forum.core.errors import Conflict, require
from forum.documents import policy
from forum.documents.models import Document, Period
from forum.documents.service.documents import get_document
from forum.documents.service.versions import reserved_sentence

LENGTHS = {
    Period.HOURS: timedelta(hours=2),
    Period.DAY: timedelta(days=1),
    Period.WEEK: timedelta(weeks=1),
}


def reserve(viewer: Viewer, document_id: int, period: Period) -> Document:
    """Show the others that the viewer works on the document, for this long from now on; also one's own again.

    `Conflict` with a sentence while somebody else has it.
    """
    document = get_document(viewer, document_id, lock=True)
    require(policy.may_add_version(viewer, document))
    moment = now()
    if document.is_reserved_at(moment) and document.reserved_by_id != viewer.member_id:
        raise Conflict(reserved_sentence(document))
    document.reserved_by_id, document.reserved_until = viewer.member_id, moment + LENGTHS[period]
    return document


def give_back(viewer: Viewer, document_id: int) -> Document:
    """End the reservation: one's own, or as moderator anybody's, which is recorded. None is fine too."""
    document = get_document(viewer, document_id, lock=True)
    if document.reserved_by_id is None:
        return document
    is_over = not document.is_reserved_at(now())
    require(
        is_over or policy.may_lift(viewer, document),
        _("Diese Reservierung kann nur beenden, wem sie gehört, oder die Moderation."),
    )
    if not is_over and document.reserved_by_id != viewer.member_id:
        audit.record(viewer, "reservation.lifted", document.id, space_id=document.space_id)
    document.reserved_by_id = document.reserved_until = None
    return document
