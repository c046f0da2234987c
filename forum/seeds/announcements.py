"""Announcements of the demo: some confirmed by most councils, one urgent, one planned, one in the archive."""

import tomllib
from collections.abc import Mapping
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import sqlalchemy as sa

from forum.announcements import policy
from forum.announcements.models import Acknowledgement, Announcement, Audience, Recipient, State
from forum.announcements.queries.digests import digest_of
from forum.announcements.service import fanout
from forum.core import html
from forum.core.access import Role
from forum.core.db import db
from forum.councils.models import Council, Function, Mandate
from forum.members.models import Member
from forum.notifications.models import Notice
from forum.seeds.spans import span
from forum.spaces.models import Space

FILE = Path(__file__).parent / "demo" / "announcements.toml"


def plant_announcements(
    spaces: Mapping[str, Space],
    members: Mapping[str, Member],
    councils: Mapping[str, Council],
    moment: datetime,
) -> None:
    """Write them, and who took note of them; nobody of the demo gets a mail about them."""
    _plant_phones(councils)
    for entry in tomllib.loads(FILE.read_text())["announcement"]:
        announcement = _plant(entry, spaces, members, moment)
        if announcement.state is State.PUBLISHED:
            _send(announcement, entry, councils, moment)
        elif announcement.publish_at is not None:
            fanout.announce_later(announcement, at=announcement.publish_at)
    db.session.execute(sa.update(Notice).values(mail_due_at=None, mailed_at=moment))


def _plant(
    entry: dict[str, Any], spaces: Mapping[str, Space], members: Mapping[str, Member], moment: datetime
) -> Announcement:
    published = moment - span(entry["published"]) if "published" in entry else None
    due = policy.local_day(moment + span(entry["due_in"])) if "due_in" in entry else None
    confirm_by = policy.local_day(moment + _signed(entry["confirm_in"])) if "confirm_in" in entry else None
    ends = policy.end_of(policy.local_day(moment - span(entry["ends"]))) if "ends" in entry else None
    text = entry["text"].strip()
    announcement = Announcement(
        author_id=members[entry["author"]].id,
        client_key=uuid4(),
        title=entry["title"],
        source=text,
        html=html.render(text),
        html_version=html.RENDERER_VERSION,
        state=State.PUBLISHED if published else State.DRAFT,
        is_urgent=entry.get("urgent", False),
        takes_comments=entry.get("comments", False),
        confirm_by=confirm_by,
        publish_at=policy.at_local(due, time(8)) if due else None,
        ends_at=ends,
        created_at=published or moment - timedelta(hours=20),
        published_at=published,
        asked_at=published,
    )
    role = Role(entry["role"]) if "role" in entry else None
    announcement.audience = [Audience(space_id=spaces[sign].id, role=role) for sign in entry["spaces"]]
    db.session.add(announcement)
    db.session.flush()
    return announcement


def _send(
    announcement: Announcement, entry: dict[str, Any], councils: Mapping[str, Council], moment: datetime
) -> None:
    """Write down whom it went to; the reminders that are due by now have gone out, and so many took note."""
    fanout.freeze(announcement.id, announcement.published_at or moment)
    if policy.is_current(announcement, moment):
        fanout.tell_version(announcement.id, announcement.published_at or moment)
    if announcement.confirm_by is None or announcement.asked_at is None:
        return
    announcement.reminded = policy.reminders_due(announcement.asked_at, announcement.confirm_by, moment)
    never = {councils[key].id for key in entry["except"]}
    done = set[tuple[int | None, int | None]]()
    rows = db.session.execute(
        sa.select(Recipient.council_id, Recipient.member_id)
        .where(Recipient.announcement_id == announcement.id, Recipient.is_asked)
        .order_by(Recipient.member_id)
    )
    first_day = policy.local_day(announcement.asked_at)
    days = max(1, (min(policy.local_day(moment), announcement.confirm_by) - first_day).days)
    asked = rows.all()
    for council_id, member_id in asked:
        key = (council_id, None if council_id else member_id)
        if key in done or council_id in never or ((council_id or member_id) * 7) % 10 >= entry["noted"]:
            continue
        done.add(key)
        db.session.add(
            Acknowledgement(
                announcement_id=announcement.id,
                version=announcement.version,
                member_id=member_id,
                council_id=council_id,
                given_on=first_day + timedelta(days=member_id % days),
                digest=digest_of(announcement),
            )
        )
    db.session.flush()
    noted = {
        member_id
        for council_id, member_id in asked
        if (council_id, None if council_id else member_id) in done
    }
    fanout.leave_in_peace(announcement, noted, policy.local_day(moment))


def _plant_phones(councils: Mapping[str, Council]) -> None:
    """Numbers that are kept free for films and books."""
    for place, council in enumerate(councils.values()):
        if place % 4 != 3:
            council.phone = f"030 23125-{100 + place}"
    chairs = sa.select(Mandate.member_id).where(Mandate.function == Function.CHAIR)
    members = db.session.scalars(sa.select(Member).where(Member.id.in_(chairs)).order_by(Member.id))
    for place, member in enumerate(members):
        if place % 3:
            member.phone = f"0171 39200{place % 100:02}"


def _signed(text: str) -> timedelta:
    return -span(text[1:]) if text.startswith("-") else span(text)
