"""The data set that all figures are measured on: made once, kept in `bench/data/` until its recipe changes."""

import hashlib
import json
import random
import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from itertools import accumulate
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask import Flask
from flask_migrate import upgrade

from bench import texts
from forum.accounts.service.passwords import set_password
from forum.app import create_app
from forum.boards.models import PAGE_SIZE, Board, BoardReading, Post, PostState, Reading, Revision, Topic
from forum.companies.models import Company, Site
from forum.config import ROOT, load_settings
from forum.core import html
from forum.core.access import Role
from forum.core.clock import now
from forum.core.db import Model, db, unit_of_work
from forum.councils.models import Council, Function, Mandate
from forum.members.models import Member
from forum.seeds.base import plant_base
from forum.spaces.models import Membership, Space, SpaceKind

FOLDER = ROOT / "bench" / "data"
SEED = 1918
BOARDS_A_REGION, TOPICS, POSTS, LONG, MEMBERS, COMPANIES, TEXTS = 2, 2_000, 40_000, 1_000, 500, 60, 3_000
EMAIL, PASSWORD = "messung@betrieb.example", "Messlatte-im-Mai-vierzig"

#: What the rows depend on beside the code of `forum.core.html`, which is named by its version.
_RECIPE = ("bench/data.py", "bench/texts.py", "forum/seeds/base.py", "migrations/versions/*.py")

# fmt: off
FIRST_NAMES = [
    "Petra", "Manfred", "Sabine", "Karla", "Olga", "Rosa", "Heike", "Torsten", "Jana", "Uwe", "Ayşe", "Marek",
    "Silke", "Dirk", "Antje", "Jörg", "Nadine", "Frank", "Katarzyna", "Ronny", "Birgit", "Mehmet", "Ines",
    "Steffen", "Doreen",
]
LAST_NAMES = [
    "Sommer", "Lehnigk", "Morgenroth", "Wendtland", "Brandt", "Kern", "Noack", "Krüger", "Schulze", "Lehmann",
    "Kowalski", "Yılmaz", "Richter", "Hoffmann", "Pohl", "Jänicke", "Schramm", "Nowak", "Fiedler", "Thiele",
]
# fmt: on


@dataclass(frozen=True)
class Places:
    """Where to look, and what was really made."""

    board: int
    topic: int
    last_page: int
    mean_characters: float
    bytes: int


@contextmanager
def copy_of_data() -> Iterator[tuple[Path, Places]]:
    """An instance folder with a fresh copy of the data set, to be written into; it goes when it was used."""
    kept = _data_set()
    places = Places(**json.loads((kept / "places.json").read_text()))
    with TemporaryDirectory(prefix="run-", dir=FOLDER) as folder:
        instance = Path(folder) / "instance"
        shutil.copytree(kept, instance)
        yield instance, places


def application(instance: Path) -> Flask:
    """The product on that instance, in this process."""
    settings = load_settings(
        Path("no-such-file"),
        instance=instance,
        secret_key="",
        database_url=f"sqlite:///{instance / 'network.sqlite'}",
        rate_limits=False,
        demo=False,
    )
    return create_app(settings, publish_assets=False)


def first_posts(instance: Path, topic_id: int) -> list[dict[str, Any]]:
    """The posts of a topic's first page, for the bare page."""
    with sqlite3.connect(instance / "network.sqlite") as connection:
        connection.row_factory = sqlite3.Row
        rows = connection.execute(
            "SELECT number, name, created_at, html FROM post JOIN member ON member.id = author_id "
            "WHERE topic_id = ? ORDER BY number LIMIT ?",
            (topic_id, PAGE_SIZE),
        ).fetchall()
    return [dict(row) for row in rows]


def _data_set() -> Path:
    """The kept data set of today's recipe; those of other recipes are thrown away."""
    kept = FOLDER / _key()
    if not (kept / "places.json").exists():
        print(f"making the data set: {POSTS} posts (once)", flush=True)
        _throw_away_old()
        kept.mkdir(parents=True)
        app = application(kept)
        with app.app_context():
            upgrade()
            with unit_of_work():
                plant_base()
                places = _Filling().fill()
            db.engine.dispose()
        places["bytes"] = (kept / "network.sqlite").stat().st_size
        (kept / "places.json").write_text(json.dumps(asdict(Places(**places))))
    return kept


def _throw_away_old() -> None:
    """Data sets of other recipes, and what runs left behind that were killed; runs under way stay."""
    for old in FOLDER.glob("*"):
        if not old.name.startswith("run-") or old.stat().st_mtime < time.time() - 3600:
            shutil.rmtree(old, ignore_errors=True)


def _key() -> str:
    digest = hashlib.sha256(f"{html.RENDERER_VERSION}".encode())
    for pattern in _RECIPE:
        for file in sorted(ROOT.glob(pattern)):
            digest.update(file.read_bytes())
    return digest.hexdigest()[:12]


class _Filling:
    """Makes the rows in the order in which they refer to one another."""

    def __init__(self) -> None:
        self.chance = random.Random(SEED)
        self.moment = now()
        self.network = db.session.scalars(sa.select(Space).where(Space.kind == SpaceKind.NETWORK)).one().id
        regions = sa.select(Space.id).where(Space.kind == SpaceKind.REGION).order_by(Space.position)
        self.regions = list(db.session.scalars(regions))
        self.boards = self._keep_boards()
        #: Members of each region; the measured member, who is number 1, belongs to all.
        self.people: dict[int, list[int]] = {region: [1] for region in self.regions}

    def fill(self) -> dict[str, Any]:
        """Fill the house; what `Places` says."""
        self._fill_members()
        set_password(1, PASSWORD)
        self._fill_councils()
        topics = self._topics()
        _insert(Topic, topics)
        mean = self._fill_posts(topics)
        self._fill_readings(topics)
        self._count(topics)
        return {
            "board": topics[0]["board_id"],
            "topic": topics[0]["id"],
            "last_page": -(-LONG // PAGE_SIZE),
            "mean_characters": round(mean, 1),
            "bytes": 0,
        }

    def _keep_boards(self) -> list[tuple[int, int]]:
        """Board and region of the boards that stay: the first of each region."""
        kept = [
            (board_id, region)
            for region in self.regions
            for board_id in db.session.scalars(
                sa.select(Board.id)
                .where(Board.space_id == region)
                .order_by(Board.position)
                .limit(BOARDS_A_REGION)
            )
        ]
        db.session.execute(sa.delete(Board).where(Board.id.not_in([board_id for board_id, _ in kept])))
        return kept

    def _fill_members(self) -> None:
        names = [f"{first} {last}" for first in FIRST_NAMES for last in LAST_NAMES]
        self.chance.shuffle(names)
        members, memberships = [], []
        for member_id, name in enumerate(names[:MEMBERS], start=1):
            email = EMAIL if member_id == 1 else f"mitglied{member_id}@betrieb.example"
            joined = self._ago(days=self.chance.uniform(400, 800))
            members.append(
                {
                    "id": member_id,
                    "name": name,
                    "email": email,
                    "email_key": email,
                    "bio": "Fragt mich gern.",
                    "bio_html": "<p>Fragt mich gern.</p>\n",
                    "joined_at": joined,
                }
            )
            for space, role in self._spaces_of(member_id).items():
                memberships.append(
                    {"member_id": member_id, "space_id": space, "role": role, "joined_at": joined}
                )
        _insert(Member, members)
        _insert(Membership, memberships)

    def _spaces_of(self, member_id: int) -> dict[int, Role]:
        """The network and one region, of every seventh member two; the first of each region moderates it."""
        if member_id == 1:
            return dict.fromkeys([self.network, *self.regions], Role.MEMBER)
        homes = self.chance.sample(self.regions, 2 if member_id % 7 == 0 else 1)
        roles = {home: Role.MODERATOR if len(self.people[home]) == 1 else Role.MEMBER for home in homes}
        for home in homes:
            self.people[home].append(member_id)
        return {self.network: Role.MEMBER, **roles}

    def _fill_councils(self) -> None:
        """Companies with one site each and its council; every member holds a mandate in the home region."""
        numbers = range(1, COMPANIES + 1)
        homes = {number: self.regions[number % len(self.regions)] for number in numbers}
        towns = texts.STOCK["place"]
        _insert(Company, [{"id": number, "name": f"Metallwerk {number} GmbH"} for number in numbers])
        _insert(
            Site,
            [
                {
                    "id": number,
                    "company_id": number,
                    "space_id": homes[number],
                    "name": f"Werk {towns[number % len(towns)]}",
                    "town": towns[number % len(towns)],
                }
                for number in numbers
            ],
        )
        _insert(Council, [{"id": number, "site_id": number, "name": "Betriebsrat"} for number in numbers])
        mandates = []
        seated = set()
        for region, people in self.people.items():
            for member_id in people:
                if member_id in seated:
                    continue
                seated.add(member_id)
                council = self.chance.choice([number for number in numbers if homes[number] == region])
                mandates.append(
                    {
                        "member_id": member_id,
                        "council_id": council,
                        "function": self.chance.choice(list(Function)),
                        "since": date(2022, 4, 1),
                        "is_substitute": self.chance.random() < 0.15,
                    }
                )
        _insert(Mandate, mandates)

    def _topics(self) -> list[dict[str, Any]]:
        """Topics over two years, the newest weeks the busiest; the first is the long one and still alive."""
        sizes = [LONG, *self._sizes(TOPICS - 1, POSTS - LONG)]
        titles = texts.make_titles(TOPICS, SEED)
        topics = []
        for place, (size, title) in enumerate(zip(sizes, titles, strict=True)):
            board_id, space_id = self.boards[place % len(self.boards)]
            age = 700 * self.chance.random() ** 3
            life = min(size * self.chance.expovariate(1 / 0.8), 730 - age) if size > 1 else 0.0
            if place == 0:
                age, life = 1 / 24, 300.0
            people = self.people[space_id]
            topics.append(
                {
                    "id": place + 1,
                    "board_id": board_id,
                    "space_id": space_id,
                    "title": title,
                    "author_id": self.chance.choice(people),
                    "created_at": self._ago(days=age + life),
                    "last_number": size,
                    "last_post_at": self._ago(days=age),
                    "last_author_id": self.chance.choice(people),
                    "is_pinned": 10 <= place < 30,
                    "closed_at": self._ago(days=age) if place % 20 == 19 else None,
                }
            )
        return topics

    def _sizes(self, count: int, total: int) -> list[int]:
        """`count` numbers from 1 that sum up to `total`: many short topics, few long ones, some unanswered."""
        weights = [
            0 if self.chance.random() < 0.06 else self.chance.lognormvariate(0, 1.1) for _ in range(count)
        ]
        ends = [round(end * (total - count) / sum(weights)) for end in accumulate(weights)]
        return [1 + end - start for start, end in zip([0, *ends], ends, strict=False)]

    def _fill_posts(self, topics: list[dict[str, Any]]) -> float:
        """The posts in the order in which they were written, as a real database has them; their mean length."""
        pool = [(source, html.render(source)) for source in texts.make_posts(TEXTS, SEED)]
        posts, revisions = [], []
        for topic in topics:
            for number, written in enumerate(self._moments(topic), start=1):
                source, rendered = self.chance.choice(pool)
                author = self.chance.choice(self.people[topic["space_id"]])
                if number == 1:
                    author = topic["author_id"]
                if number == topic["last_number"]:
                    author = topic["last_author_id"]
                edited = self.chance.random() < 0.03
                posts.append(
                    {
                        "topic_id": topic["id"],
                        "number": number,
                        "author_id": author,
                        "created_at": written,
                        "source": source,
                        "html": rendered,
                        "html_version": html.RENDERER_VERSION,
                        "version": int(edited),
                        "edited_at": written if edited else None,
                        "state": PostState.VISIBLE,
                        "client_key": UUID(int=self.chance.getrandbits(128)),
                    }
                )
        posts.sort(key=lambda post: post["created_at"])
        for post_id, post in enumerate(posts, start=1):
            post["id"] = post_id
            if post["version"]:
                revisions.append(
                    {
                        "post_id": post_id,
                        "version": 0,
                        "source": post["source"][:-1],
                        "replaced_at": post["edited_at"],
                        "replaced_by_id": post["author_id"],
                    }
                )
        _insert(Post, posts)
        _insert(Revision, revisions)
        return sum(len(post["source"]) for post in posts) / len(posts)

    def _moments(self, topic: dict[str, Any]) -> list[datetime]:
        first, last = topic["created_at"], topic["last_post_at"]
        between = sorted(
            first + (last - first) * self.chance.random() for _ in range(topic["last_number"] - 2)
        )
        return [first, *between, last] if topic["last_number"] > 1 else [first]

    def _fill_readings(self, topics: list[dict[str, Any]]) -> None:
        """Members have read half of what is in their regions; the measured one nine topics of ten, and keeps up."""
        readings = []
        for topic in topics:
            for member_id in self.people[topic["space_id"]]:
                drawn, share = self.chance.random(), 0.88 if member_id == 1 else 0.45
                if drawn < share:
                    read = topic["last_number"]
                elif drawn < share + 0.05:
                    read = self.chance.randint(0, topic["last_number"])
                else:
                    continue
                readings.append({"member_id": member_id, "topic_id": topic["id"], "last_number": read})
        _insert(Reading, readings)
        db.session.execute(
            sa.update(Reading)
            .where(Reading.topic_id == topics[0]["id"], Reading.member_id == 1)
            .values(last_number=LONG - PAGE_SIZE)
        )
        baselines = [
            {
                "member_id": member_id,
                "board_id": board_id,
                "read_until": self._ago(days=120 if member_id == 1 else self.chance.uniform(5, 300)),
            }
            for board_id, region in self.boards
            for member_id in self.people[region]
        ]
        _insert(BoardReading, baselines)

    def _count(self, topics: list[dict[str, Any]]) -> None:
        for board_id, _region in self.boards:
            sizes = [topic["last_number"] for topic in topics if topic["board_id"] == board_id]
            db.session.execute(
                sa.update(Board)
                .where(Board.id == board_id)
                .values(topic_count=len(sizes), post_count=sum(sizes))
            )

    def _ago(self, days: float) -> datetime:
        return self.moment - timedelta(days=days)


def _insert(model: type[Model], rows: list[dict[str, Any]]) -> None:
    db.session.execute(sa.insert(model), rows)
