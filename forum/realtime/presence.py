"""Who is connected to a channel right now. Nothing of it is stored: it ends with the connection."""

import os
import secrets
import threading
import time
from collections import Counter
from typing import Any, Protocol

from forum.core.clock import now
from forum.realtime.store import SharedStore

#: A process that is not heard of for so long has taken its members with it, in seconds.
_LIFE = 30
_ROUND = 10


class Presence(Protocol):
    """Members by channel, across all processes."""

    def enter(self, channel: str, member_id: int) -> bool:
        """One more socket of the member is in the channel; whether it is the first one there."""

    def leave(self, channel: str, member_id: int) -> bool:
        """One socket less; whether it was the last one there."""

    def present(self, channel: str) -> set[int]:
        """The members in the channel."""


class LocalPresence:
    """Counted in this process."""

    def __init__(self) -> None:
        self._counts: dict[str, Counter[int]] = {}
        self._lock = threading.Lock()

    def enter(self, channel: str, member_id: int) -> bool:
        """See `Presence`."""
        with self._lock:
            counts = self._counts.setdefault(channel, Counter())
            counts[member_id] += 1
            return counts[member_id] == 1

    def leave(self, channel: str, member_id: int) -> bool:
        """See `Presence`."""
        with self._lock:
            counts = self._counts.get(channel)
            if counts is None or member_id not in counts:
                return False
            counts[member_id] -= 1
            if counts[member_id]:
                return False
            del counts[member_id]
            if not counts:
                del self._counts[channel]
            return True

    def present(self, channel: str) -> set[int]:
        """See `Presence`."""
        with self._lock:
            return set(self._counts.get(channel, ()))

    def everywhere(self) -> list[tuple[str, int]]:
        """Each pair of channel and member."""
        with self._lock:
            return [(channel, member_id) for channel, counts in self._counts.items() for member_id in counts]


class SharedPresence:
    """This process's members beside those that other processes told Redis of a moment ago."""

    def __init__(self, store: SharedStore) -> None:
        self._store = store
        self._own = LocalPresence()
        self._process = f"{os.getpid()}-{secrets.token_hex(4)}"
        self._starting = threading.Lock()
        self._is_telling = False

    def enter(self, channel: str, member_id: int) -> bool:
        """See `Presence`."""
        self._begin_telling()
        is_first = self._own.enter(channel, member_id) and member_id not in self._others(channel)
        self._tell([(channel, member_id)])
        return is_first

    def leave(self, channel: str, member_id: int) -> bool:
        """See `Presence`."""
        if not self._own.leave(channel, member_id):
            return False
        entry = f"{member_id}@{self._process}"
        self._store.ask(lambda redis: redis.zrem(self._key(channel), entry), None)
        return member_id not in self._others(channel)

    def present(self, channel: str) -> set[int]:
        """See `Presence`."""
        return self._own.present(channel) | self._others(channel)

    def _others(self, channel: str) -> set[int]:
        nobody: list[bytes] = []  # while Redis is away this process still knows its own
        found = self._store.ask(
            lambda redis: redis.zrangebyscore(self._key(channel), now().timestamp(), "+inf"), nobody
        )
        entries = (entry.decode().split("@") for entry in found)
        return {int(member_id) for member_id, process in entries if process != self._process}

    def _tell(self, pairs: list[tuple[str, int]]) -> None:
        moment = now().timestamp()

        def put(redis: Any) -> None:
            with redis.pipeline(transaction=False) as pipe:
                for channel, member_id in pairs:
                    pipe.zadd(self._key(channel), {f"{member_id}@{self._process}": moment + _LIFE})
                    pipe.zremrangebyscore(self._key(channel), "-inf", moment)
                    pipe.expire(self._key(channel), _LIFE * 2)
                pipe.execute()

        self._store.ask(put, None)

    def _key(self, channel: str) -> str:
        return self._store.name(f"present:{channel}")

    def _begin_telling(self) -> None:
        with self._starting:
            if not self._is_telling:
                self._is_telling = True
                threading.Thread(target=self._keep_telling, name="presence", daemon=True).start()

    def _keep_telling(self) -> None:
        while True:
            time.sleep(_ROUND)
            self._tell(self._own.everywhere())
