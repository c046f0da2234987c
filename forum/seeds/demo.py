"""A filled network to look at: invented people, firms and talk, read from the TOML files in `demo/`."""

import tomllib
from collections import Counter
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import sqlalchemy as sa

from forum.accounts.service.passwords import set_password
from forum.boards.models import TOPIC, Board, BoardReading, Post, PostState, Revision, Topic
from forum.companies.models import Company, Site
from forum.core import html
from forum.core.access import Role
from forum.core.clock import now
from forum.core.db import db
from forum.councils.models import Council, Function, Mandate
from forum.members.models import Member
from forum.members.service import add_member
from forum.notifications.service.watches import watch_by_acting
from forum.seeds.announcements import plant_announcements
from forum.seeds.base import NETWORK_SIGN
from forum.seeds.spans import span
from forum.seeds.talk import Stage, plant_room
from forum.spaces.models import Membership, Space

FOLDER = Path(__file__).parent / "demo"
#: The demo is open to whoever can reach it: one password for the four that are printed.
PASSWORD = "Schichtwechsel-um-sechs"  # noqa: S105 (no secret: it is printed)
SIGN_INS = {
    "petra": "Betriebsrätin",
    "manfred": "Moderator",
    "sabine": "IG Metall",
    "admin": "Administration",
}
#: Up to here everybody has read everything; what is younger is new to them.
LAST_VISIT = timedelta(days=2)


def plant_demo() -> None:
    """Fill the house; does nothing where somebody lives already."""
    if db.session.scalar(sa.select(Member.id).limit(1)) is not None:
        return
    moment = now()
    spaces = {space.sign: space for space in db.session.scalars(sa.select(Space))}
    content = tomllib.loads((FOLDER / "people.toml").read_text())
    councils = _plant_companies(content["company"], spaces)
    members = {entry["key"]: _plant_member(entry, spaces, councils, moment) for entry in content["member"]}
    moderators = {sign: _first_moderator(space) for sign, space in spaces.items()}
    for file in sorted(FOLDER.glob("topics-*.toml")):
        for entry in tomllib.loads(file.read_text())["topic"]:
            _plant_topic(entry, spaces, members, moderators, moment)
    _count(moment)
    topics = {title: topic_id for topic_id, title in db.session.execute(sa.select(Topic.id, Topic.title))}
    stage = Stage(spaces, members, moderators, topics, moment, LAST_VISIT)
    for entry in tomllib.loads((FOLDER / "rooms.toml").read_text())["room"]:
        plant_room(entry, stage)
    plant_announcements(spaces, members, councils, moment)
    for key in SIGN_INS:
        set_password(members[key].id, PASSWORD)


def sign_ins() -> list[tuple[str, str]]:
    """Who can sign in to the demo: what they are, and their address."""
    content = tomllib.loads((FOLDER / "people.toml").read_text())
    addresses = {entry["key"]: entry["email"] for entry in content["member"]}
    return [(label, addresses[key]) for key, label in SIGN_INS.items()]


def _plant_companies(entries: list[dict[str, Any]], spaces: dict[str, Space]) -> dict[str, Council]:
    councils = {}
    for entry in entries:
        company = Company(name=entry["name"])
        for place in entry["site"]:
            site = Site(
                company=company,
                space_id=spaces[place["region"]].id,
                name=place["name"],
                town=place["town"],
                sector=place.get("sector", ""),
                employees=place.get("employees"),
            )
            councils[place["key"]] = Council(site=site, name=place["council"], seats=place.get("seats"))
            db.session.add(councils[place["key"]])
    db.session.flush()
    return councils


def _plant_member(
    entry: dict[str, Any], spaces: dict[str, Space], councils: dict[str, Council], moment: datetime
) -> Member:
    member = add_member(entry["name"], entry["email"], is_administrator=entry.get("administrator", False))
    member.joined_at = moment - span(entry["joined"])
    member.bio = entry.get("bio", "")
    member.bio_html = html.render(member.bio) if member.bio else ""
    for sign, role in {NETWORK_SIGN: "member", **entry["spaces"]}.items():
        db.session.add(
            Membership(
                member_id=member.id, space_id=spaces[sign].id, role=Role(role), joined_at=member.joined_at
            )
        )
    for mandate in entry.get("mandate", []):
        db.session.add(
            Mandate(
                member_id=member.id,
                council_id=councils[mandate["site"]].id,
                function=Function(mandate["function"]),
                since=_date(mandate["from"]),
                until=_date(mandate["until"]) if "until" in mandate else None,
                is_substitute=mandate.get("substitute", False),
            )
        )
    return member


def _first_moderator(space: Space) -> int | None:
    return db.session.scalar(
        sa.select(Membership.member_id)
        .where(Membership.space_id == space.id, Membership.role == Role.MODERATOR)
        .order_by(Membership.id)
    )


def _plant_topic(
    entry: dict[str, Any],
    spaces: dict[str, Space],
    members: dict[str, Member],
    moderators: dict[str, int | None],
    moment: datetime,
) -> None:
    space = spaces[entry["region"]]
    board = db.session.scalars(
        sa.select(Board).where(Board.space_id == space.id, Board.name == entry["board"])
    ).one()
    posts = entry["post"]
    first, last = posts[0], posts[-1]
    topic = Topic(
        board=board,
        space_id=space.id,
        title=entry["title"],
        author_id=members[first["by"]].id,
        created_at=moment - span(first["ago"]),
        last_number=len(posts),
        last_post_at=moment - span(last["ago"]),
        last_author_id=members[last["by"]].id,
        is_pinned=entry.get("pinned", False),
        closed_at=moment - span(last["ago"]) if entry.get("closed") else None,
    )
    for number, text in enumerate(posts, start=1):
        _plant_post(topic, number, text, members[text["by"]].id, moderators[entry["region"]], moment)
    db.session.flush()
    for author_id in {members[text["by"]].id for text in posts}:
        watch_by_acting(author_id, TOPIC, topic.id)


def _plant_post(
    topic: Topic,
    number: int,
    entry: dict[str, Any],
    author_id: int,
    moderator_id: int | None,
    moment: datetime,
) -> None:
    source = entry["text"].strip()
    state = PostState.HIDDEN if "hidden" in entry else PostState.VISIBLE
    if entry.get("withdrawn"):
        state = PostState.WITHDRAWN
    edited = "edited" in entry
    post = Post(
        topic=topic,
        number=number,
        author_id=author_id,
        created_at=moment - span(entry["ago"]),
        source=source,
        html=html.render(source),
        html_version=html.RENDERER_VERSION,
        version=int(edited),
        edited_at=moment - span(entry["edited"]) if edited else None,
        state=state,
        state_by_id={PostState.HIDDEN: moderator_id, PostState.WITHDRAWN: author_id}.get(state),
        state_reason=entry.get("hidden", ""),
        client_key=uuid4(),
    )
    db.session.add(post)
    if edited:
        db.session.flush()
        before = source.rsplit("\n\n", 1)[0] if "\n\n" in source else source.rsplit(" ", 4)[0]
        db.session.add(
            Revision(
                post_id=post.id,
                version=0,
                source=before,
                replaced_at=post.edited_at,
                replaced_by_id=author_id,
            )
        )


def _count(moment: datetime) -> None:
    """Set the counters of the boards, and until when everybody has read."""
    db.session.flush()
    topics, posts = Counter[int](), Counter[int]()
    for board_id, last_number in db.session.execute(sa.select(Topic.board_id, Topic.last_number)):
        topics[board_id] += 1
        posts[board_id] += last_number
    members = db.session.execute(sa.select(Membership.member_id, Membership.space_id)).all()
    for board in db.session.scalars(sa.select(Board)):
        board.topic_count, board.post_count = topics[board.id], posts[board.id]
        for member_id, space_id in members:
            if space_id == board.space_id:
                db.session.add(
                    BoardReading(member_id=member_id, board_id=board.id, read_until=moment - LAST_VISIT)
                )


def _date(value: str | date) -> date:
    return value if isinstance(value, date) else date.fromisoformat(value)
