"""Lists of members for pages."""

import enum
import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

import sqlalchemy as sa

from forum.core.access import Viewer
from forum.core.db import db
from forum.core.errors import NotFound
from forum.core.listing import newest
from forum.core.paging import Slice
from forum.core.persons import Person
from forum.members import policy
from forum.members.models import ChatPreferences, Member, Picture, Standing

_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")

#: A choice of members: id, name, version of the picture.
People: TypeAlias = sa.Select[int, str, str | None]


@dataclass(frozen=True, slots=True)
class MemberRow:
    """A member as administrators see one."""

    person: Person
    email: str
    standing: Standing
    is_administrator: bool
    joined_at: datetime

    @property
    def is_suspended(self) -> bool:
        return self.standing is Standing.SUSPENDED


@dataclass(frozen=True, slots=True)
class Card:
    """A member as other members see one."""

    person: Person
    bio_html: str
    joined_at: datetime


def find_card(member_id: int) -> Card | None:
    """The member's card, or None; whether the viewer may see it is the caller's question."""
    row = db.session.execute(
        sa.select(Member.id, Member.name, Member.picture_version, Member.bio_html, Member.joined_at).where(
            Member.id == member_id
        )
    ).one_or_none()
    return Card(Person(*row[:3]), *row[3:]) if row else None


def name_of(member_id: int) -> str:
    """The member's name; "" if there is none."""
    return db.session.scalar(sa.select(Member.name).where(Member.id == member_id)) or ""


def names_of(member_ids: Collection[int]) -> dict[int, str]:
    """The names of those of the members that there are."""
    found = db.session.execute(sa.select(Member.id, Member.name).where(Member.id.in_(member_ids)))
    return {row.id: row.name for row in found}


def named_in(people: People, source: str) -> dict[str, list[int]]:
    """Those of `people` whose full name stands behind an `@` in `source`, as typed or as the composer escapes it.

    Name → ids of all who bear it, in the order of joining.
    """
    if "@" not in source:
        return {}
    text = sa.literal("\n".join((source, _ESCAPED.sub(r"\1", source))), sa.Text())
    called = sa.literal("@") + Member.name
    statement = people.where(sa.func.replace(text, called, "") != text).order_by(Member.joined_at, Member.id)
    found: dict[str, list[int]] = {}
    for member_id, name, _picture in db.session.execute(statement):
        found.setdefault(name, []).append(member_id)
    return found


def list_members(viewer: Viewer, words: str, cursor: str = "") -> Slice[MemberRow]:
    """Members whose name has all `words`, newest first."""
    if not policy.may_administer(viewer):
        raise NotFound
    query = sa.select(
        Member.id,
        Member.name,
        Member.picture_version,
        Member.email,
        Member.standing,
        Member.is_administrator,
        Member.joined_at,
    )
    for word in words.replace("\0", " ").split()[:5]:
        query = query.where(Member.name.icontains(word, autoescape=True))
    return newest(query, Member.id, cursor, lambda row: MemberRow(Person(*row[:3]), *row[3:]))


def is_house_empty() -> bool:
    """Whether nobody but the first member lives here."""
    return len(db.session.scalars(sa.select(Member.id).limit(2)).all()) < 2


def read_picture(member_id: int, version: str) -> bytes:
    """The uploaded picture in this version; `NotFound` for any other."""
    content = db.session.scalar(
        sa.select(Picture.content)
        .join(Member, Member.id == Picture.member_id)
        .where(Picture.member_id == member_id, Member.picture_version == version)
    )
    if content is None:
        raise NotFound
    return content


class Sign(enum.StrEnum):
    """What can be shown or hidden, for all and from all."""

    PRESENCE = "presence"
    TYPING = "typing"
    RECEIPTS = "receipts"


_COLUMNS = {
    Sign.PRESENCE: ChatPreferences.shows_presence,
    Sign.TYPING: ChatPreferences.shows_typing,
    Sign.RECEIPTS: ChatPreferences.shows_receipts,
}


def showing(member_ids: Collection[int], sign: Sign) -> set[int]:
    """Those of the members who show this sign, and to whom it is therefore shown."""
    hiding = sa.select(ChatPreferences.member_id).where(
        ChatPreferences.member_id.in_(member_ids), sa.not_(_COLUMNS[sign])
    )
    return set(member_ids) - set(db.session.scalars(hiding))
