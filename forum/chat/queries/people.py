"""Who is in a room, who can be named there, who has seen what, and with whom one can begin to talk."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from forum.chat.models import Message, Room, Seat
from forum.chat.queries.preferences import preferences_of
from forum.core.access import Viewer
from forum.core.db import db
from forum.core.persons import Person
from forum.members.models import ChatPreferences, Member, Standing
from forum.members.queries import People
from forum.spaces.models import Membership

CANDIDATES = 20
READERS_LIMIT = 200


@dataclass(frozen=True, slots=True)
class Participant:
    """Somebody in a private room."""

    person: Person
    is_suspended: bool


@dataclass(frozen=True, slots=True)
class Silenced:
    """Somebody whom a moderator asked to be quiet in a room."""

    person: Person
    until: datetime
    reason: str


def participants(room: Room) -> list[Participant]:
    """Who is in a private room, in the order of coming; of a room of a space the list is the space's own."""
    statement = (
        sa.select(Member.id, Member.name, Member.picture_version, Member.standing)
        .join(Seat, Seat.member_id == Member.id)
        .where(Seat.room_id == room.id, Seat.is_participant)
        .order_by(Seat.joined_at, Member.id)
    )
    return [
        Participant(Person(*row[:3]), row.standing is Standing.SUSPENDED)
        for row in db.session.execute(statement)
    ]


def silenced(room: Room, moment: datetime) -> list[Silenced]:
    """Who may not write in the room for now, by name; for its moderators."""
    statement = (
        sa.select(Member.id, Member.name, Member.picture_version, Seat.silenced_until, Seat.silence_reason)
        .join(Seat, Seat.member_id == Member.id)
        .where(Seat.room_id == room.id, Seat.silenced_until > moment)
        .order_by(Member.name, Member.id)
    )
    return [
        Silenced(Person(member_id, name, picture), until, reason)
        for member_id, name, picture, until, reason in db.session.execute(statement)
        if until
    ]


def readers_of(room: Room) -> People:
    """Who may read the room, as a statement: active members of its space, or its participants."""
    statement = sa.select(Member.id, Member.name, Member.picture_version).where(
        Member.standing == Standing.ACTIVE
    )
    if room.is_private:
        return statement.join(
            Seat, sa.and_(Seat.member_id == Member.id, Seat.room_id == room.id, Seat.is_participant)
        )
    return statement.join(
        Membership, sa.and_(Membership.member_id == Member.id, Membership.space_id == room.space_id)
    )


def list_readers(room: Room) -> list[Person]:
    """Everybody who may read the room."""
    return _people(readers_of(room).order_by(Member.name, Member.id))


def find_mentionable(room: Room, part: str, limit: int = 8) -> list[Person]:
    """Readers of the room whose name contains `part`, for the list behind a typed `@`; first those it begins."""
    begins = Member.name.istartswith(part.replace("\0", "").strip(), autoescape=True)
    statement = readers_of(room).where(_named(part)).order_by(sa.not_(begins), Member.name, Member.id)
    return _people(statement.limit(limit))


def find_people(viewer: Viewer, part: str, besides: Room | None = None) -> list[Person]:
    """Active members with whom the viewer shares a space, by name; `besides` leaves out who is in that room."""
    statement = visible_to(viewer).where(_named(part))
    if besides is not None:
        there = sa.select(Seat.member_id).where(Seat.room_id == besides.id, Seat.is_participant)
        statement = statement.where(Member.id.not_in(there))
    return _people(statement.order_by(Member.name, Member.id).limit(CANDIDATES))


def reachable(viewer: Viewer, member_ids: Collection[int]) -> list[Person]:
    """Those of the members with whom the viewer could begin to talk, by name."""
    return _people(visible_to(viewer).where(Member.id.in_(member_ids)).order_by(Member.name, Member.id))


def count_members(space_ids: Collection[int]) -> dict[int, int]:
    """How many active members read the rooms of each of the spaces."""
    statement = (
        sa.select(Membership.space_id, sa.func.count())
        .join(Member, Member.id == Membership.member_id)
        .where(Membership.space_id.in_(space_ids), Member.standing == Standing.ACTIVE)
        .group_by(Membership.space_id)
    )
    return {row[0]: row[1] for row in db.session.execute(statement)}


def visible_to(viewer: Viewer) -> People:
    """Other active members who share a space with the viewer, as a statement."""
    shared = sa.select(Membership.member_id).where(Membership.space_id.in_(list(viewer.spaces)))
    return sa.select(Member.id, Member.name, Member.picture_version).where(
        Member.standing == Standing.ACTIVE, Member.id.in_(shared), Member.id != viewer.member_id
    )


def readers(viewer: Viewer, room: Room, message_id: int) -> list[Person]:
    """Who has read as far as this message and shows it; nobody to whom hides the own reading. Two statements."""
    if not preferences_of(viewer).shows_receipts:
        return []
    read = sa.select(Seat.member_id).where(Seat.room_id == room.id, Seat.last_read_id >= message_id)
    author = sa.select(Message.author_id).where(Message.id == message_id).scalar_subquery()
    statement = (
        readers_of(room)
        .outerjoin(ChatPreferences, ChatPreferences.member_id == Member.id)
        .where(
            Member.id.in_(read),
            Member.id != viewer.member_id,
            Member.id != author,
            sa.func.coalesce(ChatPreferences.shows_receipts, sa.true()),
        )
    )
    return _people(statement.order_by(Member.name, Member.id).limit(READERS_LIMIT))


def receipts(viewer: Viewer, room: Room) -> dict[int, int] | None:
    """How far each of the others in a private room has read, of those who show it; None in rooms of a space."""
    if not room.is_private:
        return None
    statement = (
        sa.select(Seat.member_id, Seat.last_read_id)
        .outerjoin(ChatPreferences, ChatPreferences.member_id == Seat.member_id)
        .where(
            Seat.room_id == room.id,
            Seat.is_participant,
            Seat.member_id != viewer.member_id,
            sa.func.coalesce(ChatPreferences.shows_receipts, sa.true()),
        )
    )
    return {row[0]: row[1] for row in db.session.execute(statement)}


def readers_among(room: Room, member_ids: Collection[int]) -> set[int]:
    """Those of the members who may read the room."""
    statement = readers_of(room).where(Member.id.in_(member_ids))
    return {member_id for member_id, _name, _picture in db.session.execute(statement)}


def _people(statement: People) -> list[Person]:
    return [Person(*row) for row in db.session.execute(statement)]


def _named(part: str) -> sa.ColumnElement[bool]:
    """Names that contain `part`. SQLite folds ASCII only: typed "öz" must still find "Özlem"."""
    part = part.replace("\0", "").strip()  # which PostgreSQL cannot take
    return sa.or_(
        Member.name.icontains(part, autoescape=True), Member.name.contains(part.title(), autoescape=True)
    )
