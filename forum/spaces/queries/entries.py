"""The record of a space, or of the whole house."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from forum.audit.models import Entry
from forum.audit.queries import ABOUT_MEMBERS
from forum.core.db import db
from forum.core.paging import Slice, read_cursor, write_cursor
from forum.core.persons import Person
from forum.members.models import Member
from forum.spaces.models import Space
from forum.spaces.queries.members import ROLE_NAMES
from forum.spaces.queries.spaces import SpaceLink

ENTRIES_A_PAGE = 50
_ABOUT_ROLES = ("membership.", "invitation.")


@dataclass(frozen=True, slots=True)
class EntryLine:
    """One act: who (None: the machine), what, whom else it concerned, where, why, when."""

    at: datetime
    action: str
    note: str
    actor: Person | None
    about: str | None
    space: SpaceLink | None

    @property
    def note_text(self) -> str:
        """The note as people read it: of memberships and invitations it is a role."""
        is_role = self.action.startswith(_ABOUT_ROLES)
        return str(ROLE_NAMES.get(self.note, self.note)) if is_role else self.note


def list_entries(space_id: int | None, before: str | None = None) -> Slice[EntryLine]:
    """The newest first, of one space or (None) of all; one statement. The caller has checked the viewer."""
    actor, about = aliased(Member), aliased(Member)
    concerns_another = sa.and_(
        Entry.subject_id == about.id,
        Entry.actor_id.is_distinct_from(about.id),
        sa.or_(*(Entry.action.startswith(prefix) for prefix in ABOUT_MEMBERS)),
    )
    query = (
        sa.select(
            Entry.id, Entry.at, Entry.action, Entry.note,
            actor.id.label("actor_id"), actor.name.label("actor"), actor.picture_version,
            about.name.label("about"),
            Space.id.label("space_id"), Space.kind, Space.name, Space.sign, Space.accent,
        )
        .outerjoin(actor, Entry.actor_id == actor.id)
        .outerjoin(about, concerns_another)
        .outerjoin(Space, Entry.space_id == Space.id)
        .order_by(Entry.id.desc())
        .limit(ENTRIES_A_PAGE + 1)
    )  # fmt: skip
    if space_id is not None:
        query = query.where(Entry.space_id == space_id)
    if before:
        query = query.where(Entry.id < sa.literal(read_cursor(before, 1)[0], sa.BigInteger))
    rows = db.session.execute(query).all()
    page = rows[:ENTRIES_A_PAGE]
    return Slice(
        [
            EntryLine(
                at=row.at,
                action=row.action,
                note=row.note,
                actor=Person(row.actor_id, row.actor, row.picture_version) if row.actor_id else None,
                about=row.about,
                space=SpaceLink(row.space_id, row.kind, row.name, row.sign, row.accent)
                if row.space_id
                else None,
            )
            for row in page
        ],
        write_cursor(page[-1].id) if len(rows) > ENTRIES_A_PAGE else None,
    )
