"""What processes share through Redis, as seen by one of them."""

import json
import logging
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from redis import RedisError

from forum.realtime import managers
from forum.realtime.buckets import CAPACITY, SharedBuckets
from forum.realtime.managers import SharedManager
from forum.realtime.presence import SharedPresence
from forum.realtime.store import SharedStore
from forum.web.limits import storage


class Store:
    """A Redis that hears what is published, or is away."""

    def __init__(self) -> None:
        self.is_away = False
        self.heard: list[dict[str, Any]] = []

    def ask(self, question: Callable[[Any], Any], otherwise: Any) -> Any:
        try:
            return question(self)
        except RedisError:
            return otherwise

    def name(self, what: str) -> str:
        return what

    def publish(self, _channel: str, said: str) -> None:
        if self.is_away:
            raise RedisError
        self.heard.append(json.loads(said))

    def __getattr__(self, name: str) -> Any:
        raise RedisError


@pytest.fixture
def store() -> Store:
    return Store()


def test_after_words_that_did_not_get_out_the_others_are_told_that_they_missed_something(
    store: Store,
) -> None:
    manager = SharedManager(store)  # type: ignore[arg-type]
    manager._publish({"method": "emit", "number": 1})
    store.is_away = True
    manager._publish({"method": "close_room", "number": 2})
    store.is_away = False
    manager._publish({"method": "emit", "number": 3})
    manager._publish({"method": "emit", "number": 4})
    assert [(said["method"], said.get("number")) for said in store.heard] == [
        ("emit", 1),
        ("missed", None),
        ("emit", 3),
        ("emit", 4),
    ]


def test_only_what_another_process_missed_sends_sockets_away(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    manager = SharedManager(store)  # type: ignore[arg-type]
    away: list[str] = []
    monkeypatch.setattr(manager, "_send_all_away", lambda: away.append("all"))
    for said in (
        b"{",
        b"7",
        b'{"method": "emit"}',
        json.dumps({"method": "missed", "host_id": manager.host_id}).encode(),
    ):
        manager._taken(said)
    assert away == []
    manager._taken(b'{"method": "missed", "host_id": "another"}')
    assert away == ["all"]


def test_while_redis_is_away_each_process_counts_and_knows_its_own(store: Store) -> None:
    buckets, presence = SharedBuckets(store), SharedPresence(store)  # type: ignore[arg-type]
    taken = [buckets.take("member:1") for _ in range(CAPACITY * 2)]
    assert taken[:CAPACITY] == [True] * CAPACITY
    assert False in taken
    assert presence.enter("online", 1)
    assert presence.present("online") == {1}
    assert presence.leave("online", 1)


def test_who_waited_once_for_a_redis_that_is_away_does_not_wait_again_at_once() -> None:
    store = SharedStore("redis://127.0.0.1:1/0", "secret")
    asked: list[int] = []

    def question(_redis: Any) -> str:
        asked.append(1)
        raise RedisError

    assert [store.ask(question, "otherwise") for _ in range(3)] == ["otherwise"] * 3
    assert len(asked) == 1
    store.note_return()
    assert store.ask(question, "otherwise") == "otherwise"
    assert len(asked) == 2


def test_two_houses_with_one_redis_do_not_hear_each_other() -> None:
    one, other = (SharedStore("redis://127.0.0.1:1/0", secret) for secret in ("one", "other"))
    assert one.name("live") != other.name("live")
    url = "redis://127.0.0.1:1/0"
    assert storage(url, "one")["RATELIMIT_KEY_PREFIX"] != storage(url, "other")["RATELIMIT_KEY_PREFIX"]


def test_page_limits_are_counted_here_without_redis_and_there_with_it() -> None:
    assert storage("", "secret") == {"RATELIMIT_STORAGE_URI": "memory://"}
    assert storage("rediss://host/1", "secret")["RATELIMIT_STORAGE_URI"] == "rediss://host/1"
    assert (
        storage("unix:///run/redis.sock", "secret")["RATELIMIT_STORAGE_URI"] == "redis+unix:///run/redis.sock"
    )
    assert storage("redis://host", "secret")["RATELIMIT_IN_MEMORY_FALLBACK_ENABLED"]


def test_processes_forked_from_one_are_told_apart_as_soon_as_they_have_sockets(store: Store) -> None:
    manager = SharedManager(store)  # type: ignore[arg-type]
    before = manager.host_id
    manager.server = SimpleNamespace(start_background_task=lambda _target: None, logger=logging.getLogger())
    manager._hears.set()
    manager.initialize()
    assert manager.host_id != before


def test_a_process_that_hears_no_other_has_its_sockets_come_anew_every_minute(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    manager = SharedManager(store)  # type: ignore[arg-type]
    away: list[float] = []
    clock = iter(range(0, 200, 30))
    monkeypatch.setattr(manager, "_send_all_away", lambda: away.append(manager._heard_at))
    monkeypatch.setattr(managers.time, "monotonic", lambda: float(next(clock)))
    monkeypatch.setattr(managers.time, "sleep", lambda _seconds: None)
    manager._heard_at = 0.0
    with pytest.raises(RuntimeError):  # the clock ran out
        next(manager._listen())
    assert away == [120.0]
