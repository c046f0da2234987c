"""Redis, which several processes share and which may be away: then all goes on, each process by itself."""

import logging
import time
from collections.abc import Callable
from hashlib import sha256
from typing import Any, TypeVar

from redis import Redis, RedisError
from redis.client import PubSub

#: How long an answer may take, in seconds, before a thing is done without it.
PATIENCE = 1.0
#: After a failure nobody waits for Redis again for so long.
_SILENCE = 5.0
Answer = TypeVar("Answer")
log = logging.getLogger(__name__)


class SharedStore:
    """One Redis for all threads of a process."""

    def __init__(self, url: str, secret: str) -> None:
        self._url = url
        # Two installations may share a Redis; their secrets differ, and what is said in one is not for the other.
        self._house = "network" + sha256(secret.encode()).hexdigest()[:12]
        self._redis = self._connect(socket_timeout=PATIENCE)
        self._silent_until = 0.0

    def ask(self, question: Callable[[Any], Answer], otherwise: Answer) -> Answer:
        """What `question(redis)` gives; `otherwise` while Redis is away."""
        if time.monotonic() < self._silent_until:
            return otherwise
        try:
            return question(self._redis)
        except RedisError as fault:
            self._silent_until = time.monotonic() + _SILENCE
            log.warning("Redis does not answer: %s", type(fault).__name__)
            return otherwise

    def name(self, what: str) -> str:
        """What a key or channel is called there."""
        return f"{self._house}:{what}"

    def note_return(self) -> None:
        """It has been heard of again: the next question is asked at once."""
        self._silent_until = 0.0

    def listener(self) -> PubSub:
        """A connection of its own that waits for what others say; raises `RedisError` later, not now."""
        return self._connect().pubsub()

    def _connect(self, **options: Any) -> "Redis":
        return Redis.from_url(self._url, socket_connect_timeout=PATIENCE, **options)
