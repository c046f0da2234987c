"""Sure delivery: whatever kills the server, no acknowledged message is lost, and none comes twice."""

import random
import time
from collections import Counter
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from forum.chat.models import Message
from forum.core.clock import now
from forum.core.db import db
from tests.cluster import dying
from tests.cluster.house import House, running, serve, wait_until
from tests.cluster.pages import Pages

pytestmark = pytest.mark.cluster

MEMBERS = 8
#: Each member writes as often, in milliseconds, give or take a half.
EVERY = 350
#: How much their clocks are wrong, in milliseconds.
THREE_DAYS = 3 * 24 * 3600 * 1000
SKEWS = [THREE_DAYS, -THREE_DAYS, *[0] * (MEMBERS - 2)]


@pytest.fixture(params=[("sqlite", 20), ("postgresql", 4)], ids=lambda param: param[0])
def house_and_kills(request: pytest.FixtureRequest) -> tuple[House, int]:
    """A house on either database, and how often its server is to be killed."""
    database, kills = request.param
    return request.getfixturevalue("house" if database == "sqlite" else "postgresql_house"), kills


def test_no_acknowledged_message_is_lost_or_doubled_when_the_server_is_killed_under_load(
    house_and_kills: tuple[House, int], pages: Pages
) -> None:
    house, kills = house_and_kills
    server = serve(house, app="tests.cluster.dying")
    members = house.council(MEMBERS)
    with running(server):
        opened = [
            pages.open(house.browser(member, server.url), member, house.cast.room, skew)
            for member, skew in zip(members, SKEWS, strict=True)
        ]
        for member, page in zip(members, opened, strict=True):
            page.ask("write", every=EVERY, prefix=f"Nachricht von {member}:")
        began, moment = time.monotonic(), now()
        for number, death in enumerate(deaths(kills)):
            time.sleep(random.uniform(0.1, 1.0))
            if death:
                random.choice(opened).ask("say", text=f"{death}{number}")
                wait_until(lambda: not server.is_running, 40, "the words did not kill it")
            server.kill()
            server.start()
            # Now and then it is killed again before it stands.
            if random.random() < 0.9:
                server.wait()
        server.wait()
        lasted = time.monotonic() - began
        for verb in ("rest", "settle"):
            for page in opened:
                page.ask(verb, 60)
        counts = compare(house, [page.ask("report") for page in opened], members)
        with house.app.app_context():
            first = db.session.scalar(sa.select(sa.func.min(Message.created_at)))
            last = db.session.scalar(sa.select(sa.func.max(Message.created_at)))
        assert moment - timedelta(minutes=1) < first <= last <= now(), "a wrong clock got in"
    counts["found"] = len((house.folder / "found").read_text().splitlines())
    print(f"\n{kills} kills in {lasted:.0f} s, none lost, none doubled: {dict(counts)}")
    # Whoever dies after the commit had stored a message whose sender was never told.
    assert counts["found"] >= deaths(kills).count(dying.AFTER)
    assert counts["unanswered"] > 0
    assert counts["catchUps"] > kills


def deaths(kills: int) -> list[str]:
    """How the server is to die each time: by which words, or, without, by anything at any moment."""
    planned = [dying.AFTER] * (kills // 4) + [dying.BEFORE] * (kills // 6)
    planned += [""] * (kills - len(planned))
    return random.sample(planned, len(planned))


def compare(house: House, reports: list[dict[str, Any]], members: list[int]) -> Counter[str]:
    """Hold what was acknowledged, what every page shows and what is stored against each other."""
    stored = house.rows(
        "SELECT id, author_id, client_key, source, html, stamp FROM message WHERE room_id = :room ORDER BY id",
        room=house.cast.room,
    )
    by_key = {UUID(str(row.client_key)): row for row in stored}
    for report, member in zip(reports, members, strict=True):
        assert report["refused"] == []
        acknowledged, written = dict(report["acknowledged"]), dict(report["written"])
        assert acknowledged.keys() == written.keys(), "given up without a word"
        for key, message_id in acknowledged.items():
            row = by_key[UUID(key)]
            assert (row.id, row.author_id, row.source) == (message_id, member, written[key])
        shown = [(message["id"], message["html"]) for message in report["messages"]]
        assert shown == [(row.id, row.html) for row in stored], "a page shows something else than is stored"
    assert most(row.client_key for row in stored) == 1
    assert most(row.source for row in stored) == 1
    assert sorted(row.stamp for row in stored) == list(range(1, len(stored) + 1))
    assert [row.stamp for row in stored] == sorted(row.stamp for row in stored)
    totals: Counter[str] = Counter(stored=len(stored))
    for report in reports:
        totals.update(report["count"])
    assert totals["written"] == totals["stored"]
    return totals


def most(things: Any) -> int:
    """How often the most frequent of them is there."""
    return max(Counter(things).values())
