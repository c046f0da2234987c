"""Rooms: opened, kept in order, archived; conversations and groups begun, joined and left."""

from collections.abc import Collection
from uuid import UUID

import sqlalchemy as sa
from flask_babel import gettext as _

from forum.audit import service as audit
from forum.chat import policy
from forum.chat.models import (
    GROUP_LIMIT,
    NAME_LIMIT,
    PURPOSE_LIMIT,
    RETENTIONS,
    SLOWNESSES,
    Room,
    RoomKind,
    Seat,
)
from forum.chat.queries.people import visible_to
from forum.chat.service.places import Held, get_place, hold_room
from forum.chat.service.seats import take_place
from forum.chat.service.telling import participant_ids, tell_lists, tell_members, tell_room
from forum.core.access import Viewer
from forum.core.clock import now
from forum.core.db import db, upsert
from forum.core.errors import Invalid, NotFound, require
from forum.core.text import clean_line
from forum.realtime.publishing import cut_member
from forum.spaces.models import Space

#: What a new room of a space keeps, unless its moderators choose otherwise.
USUAL_RETENTION = 365


def get_room(viewer: Viewer, room_id: int) -> Room:
    """The room, or `NotFound`: the same answer for "no such room" and "not for you"."""
    return get_place(viewer, room_id).room


def require_opening(viewer: Viewer, space_id: int) -> None:
    """`NotFound` unless the viewer may open rooms in the space."""
    if not policy.may_open_rooms(viewer, space_id):
        raise NotFound


def open_room(
    viewer: Viewer,
    space_id: int,
    name: str,
    purpose: str = "",
    *,
    retention_days: int | None = USUAL_RETENTION,
    slow_seconds: int = 0,
    client_key: UUID | None = None,
) -> Room:
    """A moderator opens a room for all who belong to the space; `Invalid` if the name is taken there.

    The same `client_key` of the same member is the same room.
    """
    require_opening(viewer, space_id)
    _hold_names(space_id)
    room = _find_begun(_member(viewer), client_key) if client_key else None
    if room is not None:
        return room
    name = _free_name(space_id, name)
    retention_days, slow_seconds = _retention(retention_days), _slowness(slow_seconds)
    room = add_room(
        space_id, name, _purpose(purpose), retention_days=retention_days, slow_seconds=slow_seconds
    )
    room.created_by_id, room.client_key = viewer.member_id, client_key
    _record(viewer, "room.created", room)
    tell_lists(room)
    return room


def add_room(
    space_id: int,
    name: str,
    purpose: str = "",
    *,
    retention_days: int | None = USUAL_RETENTION,
    slow_seconds: int = 0,
) -> Room:
    """Add the row; for seeds and `open_room`."""
    room = Room(
        kind=RoomKind.SPACE,
        space_id=space_id,
        name=name,
        purpose=purpose,
        retention_days=retention_days,
        slow_seconds=slow_seconds,
        created_at=now(),
    )
    db.session.add(room)
    db.session.flush()
    return room


def change_room(
    viewer: Viewer,
    room_id: int,
    *,
    name: str,
    purpose: str,
    retention_days: int | None,
    slow_seconds: int = 0,
) -> Room:
    """Name, purpose, retention, slow mode. A conversation of two has a retention only, a group no slow mode."""
    held = hold_room(viewer, room_id)
    room = held.room
    require(policy.may_change(viewer, held.place))
    if room.kind is RoomKind.SPACE and room.space_id is not None:
        room.name = _free_name(room.space_id, name, besides=room.id)
        room.slow_seconds = _slowness(slow_seconds)
    elif room.kind is RoomKind.GROUP:
        room.name = _group_name(name)
    if room.kind is not RoomKind.DIRECT:
        room.purpose = _purpose(purpose)
    room.retention_days = _retention(retention_days)
    _record(viewer, "room.changed", room)
    tell_room(room)
    return room


def lock_room(viewer: Viewer, room_id: int) -> Room:
    """Nobody but moderators writes here until it is unlocked."""
    held = _hold_moderated(viewer, room_id)
    if not held.room.is_locked:
        held.room.locked_at = now()
        _note(viewer, "room.locked", held)
    return held.room


def unlock_room(viewer: Viewer, room_id: int) -> Room:
    held = _hold_moderated(viewer, room_id)
    if held.room.is_locked:
        held.room.locked_at = None
        _note(viewer, "room.unlocked", held)
    return held.room


def archive_room(viewer: Viewer, room_id: int) -> Room:
    """From now on the room is only read."""
    held = _hold_moderated(viewer, room_id)
    if not held.room.is_archived:
        held.room.archived_at = now()
        _note(viewer, "room.archived", held)
    return held.room


def revive_room(viewer: Viewer, room_id: int) -> Room:
    """Take an archived room into use again."""
    held = _hold_moderated(viewer, room_id)
    if held.room.is_archived:
        held.room.archived_at = None
        _note(viewer, "room.revived", held)
    return held.room


def start_direct(viewer: Viewer, member_id: int) -> Room:
    """The one conversation of the viewer with this member, begun if there is none; `NotFound` for strangers."""
    me = _member(viewer)
    pair_key = ":".join(map(str, sorted((me, member_id))))
    with_key = sa.select(Room).where(Room.pair_key == pair_key)
    room = db.session.scalar(with_key)
    if room is not None:
        return room
    if _strangers(viewer, {member_id}):
        raise NotFound
    values = {"kind": RoomKind.DIRECT, "pair_key": pair_key, "created_by_id": me, "created_at": now()}
    # Both may begin at the same moment: the second finds the first one's.
    upsert(Room, values, ["pair_key"], {"pair_key": Room.pair_key})
    room = db.session.scalars(with_key).one()
    for participant in (me, member_id):
        take_place(room, participant)
    tell_members([me])
    return room


def start_group(viewer: Viewer, member_ids: Collection[int], name: str, client_key: UUID) -> Room:
    """A group of the viewer and these members. The same `client_key` of the same member is the same group."""
    me = _member(viewer)
    room = _find_begun(me, client_key)
    if room is not None:
        return room
    others = set(member_ids) - {me}
    if not others:
        raise _no_such_people()
    _require_people(viewer, others, already=1)
    values = {
        "kind": RoomKind.GROUP,
        "name": _group_name(name),
        "created_by_id": me,
        "created_at": now(),
        "client_key": client_key,
    }
    # Sent twice at the same moment: the second finds the first.
    upsert(Room, values, ["created_by_id", "client_key"], {"client_key": Room.client_key})
    room = db.session.scalars(_begun(me, client_key)).one()
    if participant_ids(room.id):
        return room  # with the people of the first, who are not more than a group has
    for participant in (me, *sorted(others)):
        take_place(room, participant)
    tell_lists(room)
    return room


def add_participants(viewer: Viewer, room_id: int, member_ids: Collection[int]) -> Room:
    """Bring more people into a group; they read all that was said in it. Who is there already is no mistake."""
    held = hold_room(viewer, room_id)
    require(policy.may_add_people(viewer, held.place))
    there = participant_ids(room_id)
    new = set(member_ids) - set(there)
    if new:
        _require_people(viewer, new, already=len(there))
        for member_id in sorted(new):
            take_place(held.room, member_id)
        tell_room(held.room)
    return held.room


def remove_participant(viewer: Viewer, room_id: int, member_id: int) -> Room:
    """Whoever keeps the list of a group takes somebody off it."""
    if member_id == viewer.member_id:
        return leave_group(viewer, room_id)
    held = hold_room(viewer, room_id)
    require(policy.may_remove_people(viewer, held.place))
    seat = db.session.get(Seat, (room_id, member_id))
    if seat is None or not seat.is_participant:
        raise NotFound
    _dismiss(held.room, seat)
    return held.room


def leave_group(viewer: Viewer, room_id: int) -> Room:
    """Be in the group no longer; the list passes on to whoever has been there longest."""
    held = hold_room(viewer, room_id)
    seat = held.place.seat
    require(policy.may_leave(viewer, held.place), _("Diesen Raum kannst du nicht verlassen."))
    if seat is None:
        raise NotFound
    room = held.room
    _dismiss(room, seat)
    if room.created_by_id == viewer.member_id:
        room.created_by_id = next(iter(participant_ids(room_id)), None)
        room.client_key = None  # it was the key of the one who leaves
    return room


def _dismiss(room: Room, seat: Seat) -> None:
    member_id = seat.member_id
    db.session.delete(seat)
    db.session.flush()
    tell_room(room)
    tell_members([member_id])
    cut_member(member_id)


def _hold_moderated(viewer: Viewer, room_id: int) -> Held:
    """The room, if the viewer keeps it in order; `Denied` for its other readers."""
    held = hold_room(viewer, room_id)
    require(policy.may_moderate(viewer, held.place))
    return held


def _begun(member_id: int, client_key: UUID) -> sa.Select[Room]:
    return sa.select(Room).where(Room.created_by_id == member_id, Room.client_key == client_key)


def _find_begun(member_id: int, client_key: UUID) -> Room | None:
    """What this member has already opened with this key."""
    return db.session.scalar(_begun(member_id, client_key))


def _hold_names(space_id: int) -> None:
    """Two rooms at once: the second waits, and finds the first."""
    db.session.get(Space, space_id, with_for_update={"key_share": True})


def _free_name(space_id: int, name: str, besides: int = 0) -> str:
    name = clean_line(name, limit=NAME_LIMIT, field="name")
    _hold_names(space_id)
    taken = sa.select(Room.id).where(Room.space_id == space_id, Room.name == name, Room.id != besides)
    if db.session.scalar(taken) is not None:
        raise Invalid(_("So heißt hier schon ein Raum. Wähle einen anderen Namen."), "name")
    return name


def _group_name(name: str) -> str:
    return clean_line(name, limit=NAME_LIMIT, field="name") if name.strip() else ""


def _purpose(text: str) -> str:
    return clean_line(text, limit=PURPOSE_LIMIT, field="purpose") if text.strip() else ""


def _retention(days: int | None) -> int | None:
    if days not in RETENTIONS:
        raise Invalid(_("Wähle, wie lange Nachrichten bleiben."), "retention_days")
    return days


def _slowness(seconds: int) -> int:
    if seconds not in SLOWNESSES:
        raise Invalid(_("Wähle eine der Pausen."), "slow_seconds")
    return seconds


def _require_people(viewer: Viewer, member_ids: set[int], already: int) -> None:
    """`Invalid` unless the viewer can see all of them and the group does not grow too large."""
    if len(member_ids) + already > GROUP_LIMIT:
        raise Invalid(_("Eine Gruppe hat höchstens %(limit)s Mitglieder.", limit=GROUP_LIMIT), "member_ids")
    if _strangers(viewer, member_ids):
        raise _no_such_people()


def _no_such_people() -> Invalid:
    return Invalid(_("Wähle Personen aus der Liste."), "member_ids")


def _strangers(viewer: Viewer, member_ids: set[int]) -> set[int]:
    """Those who are nobody the viewer could talk to: unknown, suspended, of no common space, the viewer."""
    visible = visible_to(viewer).subquery()
    return member_ids - set(db.session.scalars(sa.select(visible.c.id).where(visible.c.id.in_(member_ids))))


def _member(viewer: Viewer) -> int:
    if viewer.member_id is None:
        raise NotFound
    return viewer.member_id


def _note(viewer: Viewer, action: str, held: Held) -> None:
    _record(viewer, action, held.room)
    tell_room(held.room)


def _record(viewer: Viewer, action: str, room: Room) -> None:
    """What is done to rooms of a space is on record; private ones are nobody's business."""
    if not room.is_private:
        audit.record(viewer, action, room.id, space_id=room.space_id, note=room.name)
