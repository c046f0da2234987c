"""Tags of documents: in a space, the first spelling of a word is everybody's."""

from collections.abc import Sequence

import sqlalchemy as sa
from flask_babel import gettext as _

from forum.core.db import db
from forum.core.errors import Invalid
from forum.core.text import clean_line
from forum.documents.models import TAG_LIMIT, TAGS_PER_DOCUMENT, Document, Tag, fold


def put_tags(document: Document, typed: Sequence[str]) -> bool:
    """Give the document these tags and no others; whether that changed anything.

    `Invalid` (field `tags`) for more than `TAGS_PER_DOCUMENT`, and for one that is too long.
    """
    wanted = _clean(typed)
    former = _tags_of(document)
    spelled = wanted | _spellings(document, list(wanted))
    if spelled == {key: tag.name for key, tag in former.items()}:
        return False
    for key in former.keys() - spelled.keys():
        db.session.delete(former[key])
    for key, name in spelled.items():
        if key in former:
            former[key].name = name
        else:
            db.session.add(Tag(document_id=document.id, key=key, space_id=document.space_id, name=name))
    db.session.flush()
    return True


def differ(document: Document, typed: Sequence[str]) -> bool:
    """Whether these are other tags than the document has."""
    return set(_clean(typed)) != set(_tags_of(document))


def _tags_of(document: Document) -> dict[str, Tag]:
    found = db.session.scalars(sa.select(Tag).where(Tag.document_id == document.id))
    return {tag.key: tag for tag in found}


def _spellings(document: Document, keys: list[str]) -> dict[str, str]:
    """How the other documents of the space write these."""
    statement = (
        sa.select(Tag.key, sa.func.min(Tag.name))
        .where(Tag.space_id == document.space_id, Tag.key.in_(keys), Tag.document_id != document.id)
        .group_by(Tag.key)
    )
    return dict(db.session.execute(statement).all())


def _clean(typed: Sequence[str]) -> dict[str, str]:
    """The tags by key, each as it is typed first."""
    tags: dict[str, str] = {}
    for raw in typed:
        bare = raw.strip().lstrip("#").strip()
        if bare:
            name = clean_line(bare, limit=TAG_LIMIT, field="tags")
            tags.setdefault(fold(name)[: TAG_LIMIT * 2], name)
    if len(tags) > TAGS_PER_DOCUMENT:
        raise Invalid(_("Gib höchstens %(limit)s Schlagwörter an.", limit=TAGS_PER_DOCUMENT), "tags")
    return tags
