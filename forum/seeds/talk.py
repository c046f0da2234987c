"""What is said in the rooms of the demo, read from `demo/rooms.toml`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import sqlalchemy as sa

from forum.chat.models import Message, MessageState, Reaction, ReactionKind, Room, RoomKind, Seat
from forum.chat.service.writing import add_mentions, compose
from forum.core import html
from forum.core.db import db
from forum.members.models import Member
from forum.seeds.spans import span
from forum.spaces.models import Membership, Space

_USUAL_WAIT = "2m"
_TOPIC = re.compile(r"\[\[(.+?)\]\]")


@dataclass(frozen=True)
class Stage:
    """Who and what there is to talk about."""

    spaces: Mapping[str, Space]
    members: Mapping[str, Member]
    moderators: Mapping[str, int | None]
    topics: Mapping[str, int]
    moment: datetime
    last_visit: timedelta


@dataclass
class _Scene:
    """A room while it fills."""

    room: Room
    moderator_id: int | None
    keys: dict[str, int] = field(default_factory=dict)
    said: list[Message] = field(default_factory=list)


def plant_room(entry: dict[str, Any], stage: Stage) -> None:
    """One room with its talk; everybody has read what was said before the last visit."""
    room = _find_room(entry, stage) if "people" not in entry else _private_room(entry, stage)
    scene = _Scene(room, stage.moderators[entry["region"]] if "region" in entry else None)
    for talk in entry["talk"]:
        moment = stage.moment - span(talk["ago"])
        for place, line in enumerate(talk["say"]):
            moment += span(line.get("wait", _USUAL_WAIT)) if place else timedelta()
            _say(line, scene, stage, moment)
    last = scene.said[-1]
    room.stamp, room.last_message_id, room.last_message_at = len(scene.said), last.id, last.created_at
    _seat_everybody(scene, stage)


def _find_room(entry: dict[str, Any], stage: Stage) -> Room:
    """The room of the space that has this name, or a new one."""
    space = stage.spaces[entry["region"]]
    room = db.session.scalar(sa.select(Room).where(Room.space_id == space.id, Room.name == entry["name"]))
    if room is None:
        room = Room(
            kind=RoomKind.SPACE,
            space_id=space.id,
            name=entry["name"],
            purpose=entry["purpose"],
            retention_days=entry.get("retention", 365),
            created_by_id=stage.members[entry["by"]].id,
        )
    since = span(entry.get("since", entry["talk"][0]["ago"])) + timedelta(hours=1)
    room.created_at = stage.moment - since
    room.archived_at = stage.moment - span(entry["archived"]) if "archived" in entry else None
    db.session.add(room)
    db.session.flush()
    return room


def _private_room(entry: dict[str, Any], stage: Stage) -> Room:
    ids = [stage.members[key].id for key in entry["people"]]
    is_direct = len(ids) == 2
    room = Room(
        kind=RoomKind.DIRECT if is_direct else RoomKind.GROUP,
        name=entry.get("name", ""),
        purpose=entry.get("purpose", ""),
        retention_days=entry.get("retention"),
        created_by_id=ids[0],
        created_at=stage.moment - span(entry["talk"][0]["ago"]) - timedelta(minutes=5),
        pair_key=":".join(map(str, sorted(ids))) if is_direct else None,
        client_key=None if is_direct else uuid4(),
    )
    db.session.add(room)
    db.session.flush()
    for place, member_id in enumerate(ids):  # first: they must be in it to be named in it
        joined = room.created_at + timedelta(seconds=place)
        db.session.add(Seat(room_id=room.id, member_id=member_id, is_participant=True, joined_at=joined))
    db.session.flush()
    return room


def _say(line: dict[str, Any], scene: _Scene, stage: Stage, moment: datetime) -> None:
    author_id = stage.members[line["by"]].id
    state = MessageState.VISIBLE
    if line.get("withdrawn"):
        state = MessageState.WITHDRAWN
    elif "removed" in line:
        state = MessageState.REMOVED
    stands = state is MessageState.VISIBLE
    written = compose(scene.room, _with_links(line["text"], stage), author_id)
    is_pinned, keeper_id = line.get("pinned", False), scene.moderator_id or author_id
    message = Message(
        room_id=scene.room.id,
        author_id=author_id,
        created_at=moment,
        source=written.source if stands else "",
        html=written.html if stands else "",
        html_version=html.RENDERER_VERSION,
        reply_to_id=scene.keys[line["re"]] if "re" in line else None,
        client_key=uuid4(),
        version=int("edited" in line),
        edited_at=stage.moment - span(line["edited"]) if "edited" in line else None,
        state=state,
        state_by_id={MessageState.WITHDRAWN: author_id, MessageState.REMOVED: scene.moderator_id}.get(state),
        state_reason=line.get("removed", ""),
        pinned_at=moment if is_pinned else None,
        pinned_by_id=keeper_id if is_pinned else None,
        stamp=len(scene.said) + 1,
    )
    db.session.add(message)
    db.session.flush()
    if stands:
        add_mentions(scene.room.id, message.id, written.mentions)
    for kind, keys in line.get("react", {}).items():
        for key in keys:
            db.session.add(
                Reaction(message_id=message.id, member_id=stage.members[key].id, kind=ReactionKind(kind))
            )
    if "key" in line:
        scene.keys[line["key"]] = message.id
    scene.said.append(message)


def _with_links(text: str, stage: Stage) -> str:
    """`[[Titel]]` as a link to the topic of that title."""
    return _TOPIC.sub(lambda found: f"[{found[1]}](/topics/{stage.topics[found[1]]})", text)


def _seat_everybody(scene: _Scene, stage: Stage) -> None:
    """Everybody has read up to the last visit, or to the own last word if that came later."""
    room, visit = scene.room, stage.moment - stage.last_visit
    read = max((message.id for message in scene.said if message.created_at <= visit), default=0)
    own = {message.author_id: message.id for message in scene.said}
    if room.is_private:
        for seat in db.session.scalars(sa.select(Seat).where(Seat.room_id == room.id)):
            seat.last_read_id = max(read, own.get(seat.member_id, 0))
        return
    belonging = sa.select(Membership.member_id, Membership.joined_at).where(
        Membership.space_id == room.space_id
    )
    for member_id, joined_at in db.session.execute(belonging).all():
        last_read_id = max(read, own.get(member_id, 0))
        db.session.add(
            Seat(room_id=room.id, member_id=member_id, joined_at=joined_at, last_read_id=last_read_id)
        )
