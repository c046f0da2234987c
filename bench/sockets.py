"""The live part: what is said reaches everybody once, pages go on beside many sockets, refusals are polite."""

import sqlite3
from collections import Counter
from collections.abc import Callable, Hashable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from itertools import count, islice
from pathlib import Path
from time import sleep
from typing import Any, TypeVar
from uuid import uuid4

from bench import load, texts
from bench.crowd import Arrival, Crowd, undisturbed
from bench.data import application
from bench.server import Server
from forum.accounts.service.devices import open_device
from forum.core.db import db, unit_of_work

Figures = dict[str, float]
Result = TypeVar("Result")

#: Five messages a second, together; so long do the last ones have to arrive.
EVERY, ECHO_SECONDS = 0.2, 1.0
WARM_MESSAGES = 15
#: Sockets opened before the memory is looked at: the first ones pay for what all share.
FIRST = 20
BEYOND = 20
POSTS = 50


def sign_in_members(instance: Path) -> dict[int, str]:
    """The cookie of a new device for every member, as signing in at the door would leave it in the browser."""
    app = application(instance)
    name, sign = app.config["SESSION_COOKIE_NAME"], app.session_interface.get_signing_serializer(app)
    with app.app_context():
        with unit_of_work():
            tokens = {member_id: open_device(member_id) for member_id in _members(instance)}
        db.engine.dispose()
    return {member_id: f"{name}={sign.dumps({'_user_id': token})}" for member_id, token in tokens.items()}


def common_room(instance: Path) -> int:
    """The chat room that every member reads."""
    return _ask(
        instance,
        "SELECT room.id FROM room JOIN space ON space.id = space_id WHERE space.kind = 'network' ORDER BY 1",
    )[0]


def readers(instance: Path, topic_id: int) -> list[int]:
    """The members who belong where the topic is."""
    return _ask(
        instance,
        "SELECT member_id FROM membership JOIN topic USING (space_id) WHERE topic.id = ? ORDER BY 1",
        topic_id,
    )


@contextmanager
def gathered(server: Server, namespace: str, cookies: list[str], number: int) -> Iterator[Crowd]:
    """So many sockets, all let in; it is an error if one of them does not stay to the end."""
    crowd = Crowd(server.url, namespace, cookies)
    try:
        crowd.connect(number)
        if refused := [client.said for client in crowd.clients if not client.has_entered]:
            raise RuntimeError(f"{len(refused)} of {number} sockets were refused: {refused[0]}")
        yield crowd
        if crowd.gone():
            raise RuntimeError(f"{crowd.gone()} of {number} sockets were cut off")
    finally:
        crowd.close()


def open_room(crowd: Crowd, room: int) -> None:
    """Everybody has the room open, as the page does after connecting."""
    _ask_all(crowd, "open", {"room": room})


def chat(server: Server, crowd: Crowd, room: int, seconds: int) -> Figures:
    """Now this one writes and now that one; every copy that arrives is held against what was acknowledged."""
    pool = texts.make_posts(200, seed=5)
    # Not in the order in which the server knows them.
    writers = (turn * 7 % len(crowd.clients) for turn in count())

    def write() -> None:
        said = {"room": room, "text": pool[len(crowd.asked) % len(pool)][:300], "key": str(uuid4())}
        crowd.ask(next(writers), "send", said)

    with undisturbed():
        crowd.run(WARM_MESSAGES * EVERY, [write] * WARM_MESSAGES, EVERY)
        _come_to_rest(crowd)
        list(crowd.arrivals())
        first, before = len(crowd.asked), server.cpu_ms()
        crowd.run(seconds, [write] * round(seconds / EVERY), EVERY)
        busy = crowd.busy
        _come_to_rest(crowd)
        cpu_ms = server.cpu_ms() - before
    sent: dict[Hashable, float] = {}
    taken = []
    for number in range(first, len(crowd.asked)):
        moment, answer = crowd.answers[number]
        if not answer["ok"]:
            raise RuntimeError(f"a message was refused: {answer['error']} {answer['message']}")
        sent[answer["message"]["id"], answer["message"]["stamp"]] = crowd.asked[number]
        taken.append((moment - crowd.asked[number]) * 1000)
    if len(sent) < len(taken):
        raise RuntimeError("two messages were acknowledged under one number")
    arrivals = [arrival for arrival in crowd.arrivals() if arrival.name == "changed"]
    heard = _compare(arrivals, sent, lambda data: (data["message"]["id"], data["stamp"]), len(crowd.clients))
    return heard | {
        "ack_p50_ms": load.percentile(taken, 50),
        "cpu_ms": cpu_ms / len(sent),
        "messages": len(sent),
        "generator_busy": busy,
    }


def live_topic(server: Server, crowd: Crowd, topic: int, page: int, cookie: str) -> Figures:
    """Somebody writes into a topic that everybody has open; a post counts from its form being sent."""
    _ask_all(crowd, "open_topic", {"topic": topic, "page": page})
    posts = load.replying(server.url, topic, cookie, texts.make_posts(WARM_MESSAGES + POSTS, seed=POSTS))

    def write(number: int) -> list[float]:
        moments = []
        for moment, _ in islice(posts, number):
            moments.append(moment)
            sleep(EVERY)
        return moments

    with undisturbed():
        meanwhile(crowd, partial(write, WARM_MESSAGES))
        list(crowd.arrivals())
        moments = meanwhile(crowd, partial(write, POSTS))
        _come_to_rest(crowd)
    arrivals = [arrival for arrival in crowd.arrivals() if arrival.name == "posted"]
    numbers = sorted({arrival.data["number"] for arrival in arrivals})
    if len(numbers) != len(moments):
        raise RuntimeError(f"of {len(moments)} posts {len(numbers)} were heard of")
    sent: dict[Hashable, float] = dict(zip(numbers, moments, strict=True))
    return _compare(arrivals, sent, lambda data: data["number"], len(crowd.clients))


def memory_kb(server: Server, cookies: list[str], number: int) -> float:
    """What one socket more takes, in KB, of so many that are open and silent."""
    with gathered(server, "/chat", cookies, FIRST) as crowd:
        crowd.run(2)
        before = server.memory_mb()
        crowd.connect(number - FIRST)
        crowd.run(2)
        return (server.memory_mb() - before) * 1024 / (number - FIRST)


def refusals(server: Server, cookies: list[str], limit: int, page: Callable[[], str]) -> float:
    """The share of those beyond the limit who are told so in a sentence, while those inside stay and pages go on."""
    with gathered(server, "/chat", cookies, limit) as crowd:
        late = Crowd(server.url, "/chat", cookies)
        late.connect(BEYOND)
        page()
        crowd.run(1)
        polite = sum(client.status == 503 and len(client.said.split()) > 5 for client in late.clients)
        late.close()
        return polite / BEYOND


def meanwhile(crowd: Crowd, action: Callable[[], Result]) -> Result:
    """Do `action` beside the crowd, which goes on hearing."""
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(action)
        while not future.done():
            crowd.run(0.05)
        return future.result()


def _ask_all(crowd: Crowd, event: str, data: dict[str, Any]) -> None:
    first = len(crowd.asked)
    for client in range(len(crowd.clients)):
        crowd.ask(client, event, data)
        crowd.run(0.002)
    crowd.await_answers()
    answers = [crowd.answers[number][1] for number in range(first, len(crowd.asked))]
    if refused := [answer for answer in answers if not answer["ok"]]:
        raise RuntimeError(f"{event} was refused: {refused[0]['error']} {refused[0]['message']}")


def _come_to_rest(crowd: Crowd) -> None:
    crowd.await_answers()
    crowd.run(ECHO_SECONDS)


def _compare(
    arrivals: list[Arrival],
    sent: dict[Hashable, float],
    of: Callable[[dict[str, Any]], Hashable],
    clients: int,
) -> Figures:
    """How long what was `sent` took to every client, how often it is missing, how often it came again."""
    copies = Counter((arrival.client, of(arrival.data)) for arrival in arrivals)
    if strange := {what for _, what in copies} - set(sent):
        raise RuntimeError(f"heard of what nobody sent: {strange}")
    taken = [(arrival.moment - sent[of(arrival.data)]) * 1000 for arrival in arrivals]
    return {
        "p50_ms": load.percentile(taken, 50),
        "p99_ms": load.percentile(taken, 99),
        "lost": clients * len(sent) - len(copies),
        "doubled": len(arrivals) - len(copies),
    }


def _members(instance: Path) -> list[int]:
    return _ask(instance, "SELECT id FROM member ORDER BY 1")


def _ask(instance: Path, statement: str, *values: int) -> list[int]:
    with sqlite3.connect(instance / "network.sqlite") as connection:
        return [row[0] for row in connection.execute(statement, values)]
