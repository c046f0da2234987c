"""A document is talked about: it has its topic, which is begun when somebody first wants it."""

from uuid import UUID

from flask_babel import gettext as _

from forum.boards.service import boards, topics
from forum.core.access import Viewer
from forum.core.errors import Denied, Invalid, NotFound
from forum.documents.queries.current import current_of
from forum.documents.service import documents
from forum.files.models import File
from forum.files.policy import is_shown
from forum.files.service import files


def find_topic(viewer: Viewer, document_id: int) -> int | None:
    """The topic in which the document is discussed, if any; `Denied` if it was moved out of the viewer's reach."""
    topic_id = documents.get_document(viewer, document_id).topic_id
    if topic_id is not None:
        _require_reading(viewer, topic_id)
    return topic_id


def begin(viewer: Viewer, document_id: int, *, board_id: int, title: str, text: str, client_key: UUID) -> int:
    """Begin the topic of a document, on a board of the same space, with the version that counts; the topic's id.

    If there is one by now, it is that one. The post leads to the document, the document to the topic. Of a
    confidential document no copy hangs on the post: it is to be fetched from where it lies.
    """
    document = documents.get_discussable(viewer, document_id)
    if document.topic_id is not None:
        _require_reading(viewer, document.topic_id)
        return document.topic_id
    try:
        board = boards.get_board(viewer, board_id)
    except NotFound:
        board = None
    if board is None or board.space_id != document.space_id:
        raise Invalid(_("Wähle ein Forum des Bereichs, in dem das Dokument liegt."), "board_id")
    file = given_file(viewer, document.id)
    copies = [files.copy_for(viewer, file).id] if file else []
    leads_back = f"/documents/{document.id})" in text or not text.strip()
    whole = text if leads_back else f"{text.rstrip()}\n\n{documents.opening_of(document).rstrip(':')}"
    topic = topics.start_topic(viewer, board_id, title, whole, client_key, copies)
    documents.set_topic(viewer, document.id, topic.id)
    return topic.id


def given_file(viewer: Viewer, document_id: int) -> File | None:
    """What the post gets a copy of: the version that counts, unless nobody gets it yet or it is confidential."""
    document = documents.get_document(viewer, document_id)
    current = None if document.is_confidential else current_of(document)
    return current.file if current and is_shown(current.file) else None


def _require_reading(viewer: Viewer, topic_id: int) -> None:
    try:
        topics.get_topic(viewer, topic_id)
    except NotFound:
        raise Denied(
            _("Zu diesem Dokument gibt es ein Thema, aber in einem Bereich, zu dem du nicht gehörst.")
        ) from None
