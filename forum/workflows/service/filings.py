"""A file from a conversation is put where it is found again: into the library of the same space."""

from uuid import UUID

from forum.attachments import service as attachments
from forum.attachments.models import Attachment
from forum.core.access import Viewer
from forum.core.errors import NotFound
from forum.documents.service import documents
from forum.documents.service.documents import Description
from forum.files.service import files


def get_filable(viewer: Viewer, attachment_id: int) -> tuple[Attachment, int]:
    """The attachment and the space it may be filed in; `NotFound` for what lies in no space."""
    attachment, place = attachments.get_fetchable(viewer, attachment_id)
    if place.space_id is None:
        raise NotFound
    documents.require_adding(viewer, place.space_id)
    return attachment, place.space_id


def file_attachment(
    viewer: Viewer, attachment_id: int, folder_id: int | None, description: Description, client_key: UUID
) -> int:
    """A new document in the same space with the attached file; its id. The attachment stays where it is.

    The same `client_key` of the same member is the same document.
    """
    attachment, space_id = get_filable(viewer, attachment_id)
    copy = files.copy_for(viewer, attachment.file, client_key)
    return documents.add_document(viewer, space_id, folder_id, copy.id, description).id
