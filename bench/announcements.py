"""Announcements, mails about them, digests, and a post that many watch: with 10,000 members, in a process of its own.

`python -m bench.announcements FOLDER PART` does one part on a new house in FOLDER and prints its figures as JSON.
"""

import gc
import json
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

import sqlalchemy as sa
from flask_migrate import upgrade

from bench.data import application
from forum.announcements.policy import local_day
from forum.announcements.queries import listing
from forum.announcements.service import announcements
from forum.announcements.service.announcements import Terms, Wording
from forum.announcements.tasks import publish
from forum.boards.models import Board, Post
from forum.boards.service import topics
from forum.companies.models import Company, Site
from forum.config import ROOT
from forum.core.access import Role, Viewer
from forum.core.clock import now
from forum.core.db import Model, db, unit_of_work
from forum.councils.models import Council, Function, Mandate
from forum.mail.models import OutgoingMail
from forum.members.models import Member, Standing
from forum.notifications.models import Kind, Level, Notice, Preferences, Watch
from forum.notifications.service import notices
from forum.notifications.tasks import mails
from forum.seeds.base import plant_base
from forum.spaces.models import Membership, Space, SpaceKind

MEMBERS, COUNCILS, WATCHERS, POSTS = 10_000, 1_000, 500, 60
PARTS = ("announce", "digest", "watchers")
_AUTHOR = 1


def measure(part: str) -> dict[str, float]:
    """The figures of a part, from a process that did nothing else."""
    with TemporaryDirectory(prefix="bench-") as folder:
        done = subprocess.run(
            [sys.executable, "-m", "bench.announcements", folder, part],
            cwd=ROOT,
            check=True,
            capture_output=True,
            text=True,
        )
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def _announce(viewer: Viewer, space_id: int) -> dict[str, float]:
    """One announcement to everybody: the job, how it is seen, and the mails that it brings, put into the queue."""
    with unit_of_work():
        terms = Terms([space_id], confirm_by=local_day(now()) + timedelta(days=14), is_urgent=True)
        wording = Wording("Neues Muster zu KI", "Bitte lesen.\n\n" * 20)
        made, spent = _timed(lambda: announcements.create(viewer, wording, terms, uuid4()))
    made_id = made.id
    reader = Viewer(2, {space_id: Role.MEMBER})
    seen = len(listing.list_announcements(reader, listing.Filter.ALL).rows)
    growth = _Growth()
    _none, job = _timed(lambda: publish(made_id))
    job_growth = growth.mb
    db.session.rollback()
    told = db.session.scalar(sa.select(sa.func.count()).select_from(Notice))
    growth = _Growth()
    _none, queued = _timed(mails.mail_due)
    mails_growth = growth.mb
    db.session.rollback()
    letters = db.session.scalar(sa.select(sa.func.count()).where(OutgoingMail.about == "notice"))
    if (told, letters, seen) != (MEMBERS - 1, MEMBERS - 1, 1):
        raise RuntimeError(f"told {told}, {letters} mails, seen {seen}")
    return {
        "request_ms": spent * 1000,
        "job_s": job,
        "mails_s": queued,
        "job_growth_mb": job_growth,
        "mails_growth_mb": mails_growth,
    }


def _digest(viewer: Viewer, space_id: int) -> dict[str, float]:
    """A bundled mail to everybody about five topics, each for everybody."""
    board = db.session.scalars(
        sa.select(Board.id).where(Board.space_id == space_id).order_by(Board.id)
    ).first()
    everybody = sa.select(Member.id).where(Member.id != _AUTHOR)
    for place in range(5):
        with unit_of_work():
            topic = topics.start_topic(viewer, board or 0, f"Thema {place}", "Wer hat Erfahrung?", uuid4())
            post = topics.reply(viewer, topic.id, "Bei uns 21 Tage im Voraus.", uuid4())
            notices.notify(Kind.ANSWER, "topic", topic.id, post.id, everybody)
    with unit_of_work():
        written_at = now() - timedelta(hours=1)  # what is fresh waits for the next one
        db.session.execute(sa.update(Post).values(created_at=written_at))
        db.session.execute(sa.update(Notice).values(first_at=written_at, last_at=written_at))
        db.session.execute(sa.update(Preferences).values(next_digest_at=now() - timedelta(minutes=1)))
    growth = _Growth()
    _none, spent = _timed(mails.bundle_due)
    most = growth.mb
    db.session.rollback()
    letters = db.session.scalar(sa.select(sa.func.count()).where(OutgoingMail.about == "digest"))
    if letters != MEMBERS - 1:
        raise RuntimeError(f"{letters} mails")
    return {"s": spent, "growth_mb": most}


def _watchers(viewer: Viewer, space_id: int) -> dict[str, float]:
    """What a post takes in the request: in a topic that 500 watch, and in one that nobody watches."""
    board = db.session.scalars(
        sa.select(Board.id).where(Board.space_id == space_id).order_by(Board.id)
    ).first()
    with unit_of_work():
        quiet = topics.start_topic(viewer, board or 0, "Still", "Wer hat Erfahrung?", uuid4()).id
        watched = topics.start_topic(viewer, board or 0, "Gefragt", "Wer hat Erfahrung?", uuid4()).id
        rows = [
            {
                "member_id": one,
                "subject": "topic",
                "subject_id": watched,
                "level": Level.ALL,
                "is_by_acting": False,
            }
            for one in range(2, WATCHERS + 2)
        ]
        _insert(Watch, rows)
    taken: dict[int, list[float]] = {quiet: [], watched: []}
    for _ in range(POSTS):
        for topic_id, found in taken.items():
            found.append(_timed(lambda topic_id=topic_id: _reply(viewer, topic_id))[1])
    middle = {topic_id: sorted(found)[POSTS // 2] * 1000 for topic_id, found in taken.items()}
    return {
        "none_p50_ms": middle[quiet],
        "many_p50_ms": middle[watched],
        "more_ms": middle[watched] - middle[quiet],
    }


def _reply(viewer: Viewer, topic_id: int) -> None:
    with unit_of_work():
        topics.reply(viewer, topic_id, "Bei uns 21 Tage im Voraus.", uuid4())


def _fill() -> tuple[Viewer, int]:
    """The house: all belong to the network, seven in ten sit on a council. Its writer, and the id of the network."""
    plant_base()
    network = db.session.scalars(sa.select(Space.id).where(Space.kind == SpaceKind.NETWORK)).one()
    region = db.session.scalars(sa.select(Space.id).where(Space.kind == SpaceKind.REGION)).first()
    joined = now() - timedelta(days=400)
    everybody, councils = range(1, MEMBERS + 1), range(1, COUNCILS + 1)
    _insert(Member, [_member(one, joined) for one in everybody])
    belonging = {"space_id": network, "joined_at": joined}
    _insert(
        Membership,
        [
            {"member_id": one, "role": Role.STAFF if one == _AUTHOR else Role.MEMBER, **belonging}
            for one in everybody
        ],
    )
    place = {"space_id": region, "name": "Werk", "town": "", "sector": ""}
    _insert(Company, [{"id": one, "name": f"Firma {one}"} for one in councils])
    _insert(Site, [{"id": one, "company_id": one, **place} for one in councils])
    _insert(Council, [{"id": one, "site_id": one, "name": f"BR {one}", "phone": ""} for one in councils])
    seat = {"function": Function.MEMBER, "since": date(2026, 3, 1), "until": None, "is_substitute": False}
    _insert(
        Mandate,
        [{"member_id": one, "council_id": one % COUNCILS + 1, **seat} for one in everybody if one % 10 < 7],
    )
    return Viewer(_AUTHOR, {network: Role.STAFF}), network


def _member(number: int, joined: datetime) -> dict[str, Any]:
    address = f"mitglied{number}@betrieb.example"
    return {
        "id": number,
        "name": f"Mitglied {number}",
        "email": address,
        "email_key": address,
        "bio": "",
        "bio_html": "",
        "standing": Standing.ACTIVE,
        "is_administrator": False,
        "locale": "de",
        "theme": "auto",
        "joined_at": joined,
        "phone": "",
    }


def _insert(model: type[Model], rows: list[dict[str, Any]]) -> None:
    for start in range(0, len(rows), 5_000):
        db.session.execute(sa.insert(model), rows[start : start + 5_000])


def _timed(act: Callable[[], Any]) -> tuple[Any, float]:
    start = time.perf_counter()
    found = act()
    return found, time.perf_counter() - start


class _Growth:
    """How much more memory this process needs at its peak from now on."""

    def __init__(self) -> None:
        gc.collect()
        Path("/proc/self/clear_refs").write_text("5")  # the peak is counted anew
        self._before = self._read("VmRSS")

    @property
    def mb(self) -> float:
        return self._read("VmHWM") - self._before

    def _read(self, name: str) -> float:
        lines = Path("/proc/self/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith(name)) / 1024


def main(folder: str, part: str) -> None:
    app = application(Path(folder))
    with app.app_context():
        upgrade()
        with unit_of_work():
            viewer, network = _fill()
        figures = {"announce": _announce, "digest": _digest, "watchers": _watchers}[part](viewer, network)
        db.engine.dispose()
    print(json.dumps(figures))


if __name__ == "__main__":
    main(*sys.argv[1:])
