"""Documents: put in, described, moved, thrown away and taken back."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _

from forum.audit import service as audit
from forum.core import html
from forum.core.access import Viewer
from forum.core.clock import now
from forum.core.db import db
from forum.core.errors import Conflict, Invalid, NotFound, require
from forum.core.text import clean_line, clean_text
from forum.documents import policy
from forum.documents.models import (
    BY_LINE_LIMIT,
    DESCRIPTION_LIMIT,
    SOURCE_LIMIT,
    TITLE_LIMIT,
    Document,
    DocumentKind,
    Version,
    fold,
)
from forum.documents.service import tags
from forum.documents.service.folders import lock_library, place_in
from forum.documents.service.folders import require_adding as require_adding
from forum.files.service import files
from forum.jobs.service import enqueue

#: Files put in at once.
BULK_LIMIT = 100
#: Documents moved or thrown away at once.
SELECTION_LIMIT = 500
#: The work that tells followers of a new version.
TELL = "documents.tell"
#: So many titles stand in a sentence.
TITLES_NAMED = 5

_ENDING = re.compile(r"\.[A-Za-z0-9]{1,8}$")
#: What browsers write behind the name of a file that they save once more.
_COPY = re.compile(r" ?\([0-9]{1,2}\)$")


@dataclass(frozen=True, slots=True)
class Description:
    """What is said about a document, as typed. Without a title the file's name serves."""

    title: str = ""
    kind: DocumentKind = DocumentKind.OTHER
    dated: date | None = None
    description: str = ""
    by_line: str = ""
    source: str = ""
    tags: Sequence[str] = field(default=())


def get_document(viewer: Viewer, document_id: int, *, lock: bool = False) -> Document:
    """The document, or `NotFound`; from the bin only for those who may restore it.

    With `lock` no other transaction writes to it until this one ends; version numbers hang on that.
    """
    document = db.session.get(
        Document, document_id, with_for_update={"of": Document} if lock else None, populate_existing=lock
    )
    if document is None or not policy.may_read(viewer, document):
        raise NotFound
    return document


def get_editable_document(viewer: Viewer, document_id: int, *, lock: bool = False) -> Document:
    """The document, if the viewer may describe it; `Denied` for its other readers."""
    document = get_document(viewer, document_id, lock=lock)
    require(
        policy.may_edit(viewer, document),
        _("Dieses Dokument kann nur ändern, wer es abgelegt hat, oder die Moderation."),
    )
    return document


def add_document(
    viewer: Viewer, space_id: int, folder_id: int | None, file_id: int, description: Description | None = None
) -> Document:
    """A new document with its first version. The same file of the same member is the same document.

    Errors of `files.claim`: `Invalid` for a file that is refused or not complete, and when the space is full.
    """
    require_adding(viewer, space_id)
    lock_library(space_id)
    folder = place_in(viewer, space_id, folder_id, "folder_id")
    file = files.get_own(viewer, file_id)
    sent = db.session.scalar(
        sa.select(Version).where(Version.file_id == file_id).order_by(Version.id).limit(1)
    )
    if sent is not None:
        return get_document(viewer, sent.document_id)
    said = description or Description()
    moment = now()
    document = Document(
        space_id=space_id,
        folder=folder,
        author_id=viewer.member_id,
        created_at=moment,
        changed_at=moment,
        changed_by_id=viewer.member_id,
        **_clean(said, said.title if said.title.strip() else title_from(file.name)),
    )
    db.session.add(document)
    db.session.flush()
    tags.put_tags(document, said.tags)
    append_version(viewer, document, file_id, "")
    return document


def add_documents(
    viewer: Viewer,
    space_id: int,
    folder_id: int | None,
    file_ids: Sequence[int],
    kind: DocumentKind = DocumentKind.OTHER,
    tags: Sequence[str] = (),
) -> list[Document]:
    """A document for each file, named after it; all or none.

    `Invalid` (field `files`) for no file and for more than `BULK_LIMIT`.
    """
    wanted = list(dict.fromkeys(file_ids))
    if not wanted:
        raise Invalid(_("Wähle mindestens eine Datei aus."), "files")
    if len(wanted) > BULK_LIMIT:
        raise Invalid(_("Lege höchstens %(limit)s Dateien auf einmal ab.", limit=BULK_LIMIT), "files")
    said = Description(kind=kind, tags=tags)
    return [add_document(viewer, space_id, folder_id, file_id, said) for file_id in wanted]


def describe_document(viewer: Viewer, document_id: int, description: Description, revision: int) -> Document:
    """Change what is said about a document; an empty title is `Invalid` (field `title`).

    `revision` is the one the editor started from: `Conflict` if the description has moved on since.
    """
    document = get_editable_document(viewer, document_id, lock=True)
    said = _clean(description, description.title)
    changed = {name: value for name, value in said.items() if getattr(document, name) != value}
    if revision != document.revision:
        if changed or tags.differ(document, description.tags):
            raise Conflict(_("Die Angaben wurden inzwischen an anderer Stelle geändert."))
        return document
    has_new_tags = tags.put_tags(document, description.tags)
    if not changed and not has_new_tags:
        return document
    for name, value in changed.items():
        setattr(document, name, value)
    document.revision += 1
    touch(viewer, document)
    _note(viewer, "document.described", document)
    return document


def get_movable(viewer: Viewer, document_ids: Collection[int], *, lock: bool = False) -> list[Document]:
    """The documents, if the viewer may move every one of them; `Denied` names those of others."""
    documents = _get_chosen(viewer, document_ids, lock=lock)
    _require_none_of_others(viewer, documents)
    return documents


def move_documents(viewer: Viewer, document_ids: Collection[int], folder_id: int | None) -> list[Document]:
    """Put documents of one space into a folder there, or to the top; all or none.

    `Denied` for others' documents, and out of a confidential folder, except for moderators.
    """
    space_ids = set(
        db.session.scalars(
            sa.select(Document.space_id).where(Document.id.in_(document_ids), policy.readable_by(viewer))
        )
    )
    if len(space_ids) > 1:
        raise Invalid(_("Verschiebe nur Dokumente aus derselben Ablage."), "document_ids")
    for space_id in space_ids:
        lock_library(space_id)
    documents = get_movable(viewer, document_ids, lock=True)
    folder = place_in(viewer, documents[0].space_id, folder_id, "folder_id")
    for document in documents:
        if document.is_confidential and not (folder and folder.confidential):
            require(
                policy.may_make_confidential(viewer, document.space_id),
                _("Aus einem vertraulichen Ordner nimmt nur die Moderation etwas heraus."),
            )
            audit.record(viewer, "document.made_open", document.id, space_id=document.space_id)
        document.stays_confidential = False
        if document.folder_id != folder_id:
            document.folder = folder
            _note(viewer, "document.moved", document)
    db.session.flush()
    return documents


def bin_documents(viewer: Viewer, document_ids: Collection[int]) -> list[Document]:
    """Put documents into the bin, from where they are gone after 30 days; all or none."""
    documents = _get_chosen(viewer, document_ids)
    moment = now()
    standing = [document for document in documents if not document.is_binned]
    _require_none_of_others(viewer, standing)
    for document in standing:
        document.binned_at, document.binned_by_id = moment, viewer.member_id
        document.reserved_by_id = document.reserved_until = None
        audit.record(viewer, "document.binned", document.id, space_id=document.space_id)
    return documents


def restore_documents(viewer: Viewer, document_ids: Collection[int]) -> list[Document]:
    """Take documents out of the bin, back to where they were; if that folder is gone, to the next above it.

    Those that lay there; the others stay as they are.
    """
    binned = [document for document in _get_chosen(viewer, document_ids) if document.is_binned]
    for document in binned:
        document.binned_at = document.binned_by_id = None
        audit.record(viewer, "document.restored", document.id, space_id=document.space_id)
    return binned


def get_discussable(viewer: Viewer, document_id: int) -> Document:
    """The document, if the viewer may begin its topic; locked, so that it gets one topic only."""
    document = get_document(viewer, document_id, lock=True)
    require(policy.may_discuss(viewer, document))
    return document


def set_topic(viewer: Viewer, document_id: int, topic_id: int) -> Document:
    """Remember the topic in which the document is discussed; `Conflict` if it has another by now."""
    document = get_discussable(viewer, document_id)
    if document.topic_id not in (None, topic_id):
        raise Conflict(_("Zu diesem Dokument gibt es inzwischen ein Thema."))
    document.topic_id = topic_id
    return document


def opening_of(document: Document) -> str:
    """The text with which its topic may begin, as the composer writes it."""
    title = re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", document.title)
    return str(_("Zum Dokument [%(title)s](%(address)s):", title=title, address=f"/documents/{document.id}"))


def append_version(viewer: Viewer, document: Document, file_id: int, note: str) -> Version:
    """The next version, of a file that the viewer sent; the document must be locked or new."""
    version = _number_version(viewer, document, file_id, note)
    (file,) = files.claim(viewer, [file_id], f"version:{version.id}", document.space_id)
    document.file = version.file = file
    return version


def repeat_version(viewer: Viewer, document: Document, former: Version, note: str) -> Version:
    """The next version, of the file of a former one; the document must be locked."""
    version = _number_version(viewer, document, former.file_id, note)
    document.file = former.file
    return version


def touch(viewer: Viewer, document: Document) -> None:
    """Note that the viewer changed the document just now."""
    if viewer.member_id is None:
        raise NotFound
    document.changed_at, document.changed_by_id = now(), viewer.member_id


def title_from(name: str) -> str:
    """A title made of a file's name: `BV_Arbeitszeit 2026 (1).pdf` is "BV Arbeitszeit 2026"."""
    bare = _COPY.sub("", _ENDING.sub("", name).replace("_", " ").replace("%20", " ").strip())
    try:
        return clean_line(bare[:TITLE_LIMIT], limit=TITLE_LIMIT)
    except Invalid:
        return str(_("Ohne Titel"))


def _number_version(viewer: Viewer, document: Document, file_id: int, note: str) -> Version:
    document.last_number += 1
    touch(viewer, document)
    version = Version(
        document_id=document.id,
        number=document.last_number,
        file_id=file_id,
        note=note,
        author_id=viewer.member_id,
        created_at=document.changed_at,
    )
    db.session.add(version)
    db.session.flush()
    enqueue(TELL, version_id=version.id)
    return version


def _clean(said: Description, title: str) -> dict[str, Any]:
    """The columns of a description."""
    title = clean_line(title, limit=TITLE_LIMIT, field="title")
    source = ""
    if said.description.strip():
        source = clean_text(said.description, limit=DESCRIPTION_LIMIT, field="description")
    return {
        "title": title,
        "title_key": fold(title)[: TITLE_LIMIT * 2],
        "kind": said.kind,
        "dated": said.dated,
        "dated_key": said.dated.toordinal() if said.dated else 0,
        "description": source,
        "description_html": html.render(source) if source else "",
        "by_line": optional_line(said.by_line, BY_LINE_LIMIT, "by_line"),
        "source": optional_line(said.source, SOURCE_LIMIT, "source"),
    }


def optional_line(raw: str, limit: int, field: str) -> str:
    """`raw` as one line that may be empty."""
    return clean_line(raw, limit=limit, field=field) if raw.strip() else ""


def _require_none_of_others(viewer: Viewer, documents: Sequence[Document]) -> None:
    foreign = sorted(f"„{document.title}“" for document in documents if not policy.may_edit(viewer, document))
    titles = ", ".join(foreign[:TITLES_NAMED])
    if len(foreign) > TITLES_NAMED:
        titles += " " + _("und %(num)s weitere", num=len(foreign) - TITLES_NAMED)
    require(
        not foreign,
        _(
            "Nicht von dir: %(titles)s. Verschieben und löschen kann das nur, wer es abgelegt hat, oder die"
            " Moderation.",
            titles=titles,
        ),
    )


def _get_chosen(viewer: Viewer, document_ids: Collection[int], *, lock: bool = True) -> list[Document]:
    """The documents, locked; `NotFound` unless the viewer may read every one of them."""
    wanted = set(document_ids)
    if not wanted:
        raise Invalid(_("Wähle mindestens ein Dokument aus."), "document_ids")
    if len(wanted) > SELECTION_LIMIT:
        raise Invalid(
            _("Wähle höchstens %(limit)s Dokumente auf einmal aus.", limit=SELECTION_LIMIT), "document_ids"
        )
    statement = sa.select(Document).where(Document.id.in_(wanted))
    if lock:  # two who choose the same wait for each other, in this order
        statement = statement.order_by(Document.id).with_for_update(of=Document)
    documents = list(db.session.scalars(statement.execution_options(populate_existing=lock)))
    if len(documents) < len(wanted) or not all(policy.may_read(viewer, document) for document in documents):
        raise NotFound
    return documents


def _note(viewer: Viewer, action: str, document: Document) -> None:
    if viewer.member_id != document.author_id:
        audit.record(viewer, action, document.id, space_id=document.space_id)
