"""How many events one member may send: a token bucket for each, counted in this process or in Redis."""

import time
from typing import Protocol

from forum.realtime.store import SharedStore

#: A bucket holds so many tokens and gets so many back per second.
CAPACITY, PER_SECOND = 60, 12
#: Full buckets are forgotten when there are more than this.
_KEPT = 5000

_TAKE = """
local known = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local now = tonumber(redis.call('TIME')[1]) + tonumber(redis.call('TIME')[2]) / 1000000
local since = now - (tonumber(known[2]) or now)
local tokens = math.min(tonumber(ARGV[1]), (tonumber(known[1]) or ARGV[1]) + since * ARGV[2])
local taken = tokens >= tonumber(ARGV[3])
if taken then tokens = tokens - ARGV[3] end
redis.call('HSET', KEYS[1], 'tokens', tostring(tokens), 'at', tostring(now))
redis.call('EXPIRE', KEYS[1], 60)
return taken and 1 or 0
"""


class Buckets(Protocol):
    """What is left of each member's allowance."""

    def take(self, key: str, cost: float = 1) -> bool:
        """Take `cost` tokens out of the bucket `key`; False, and nothing taken, if there are not so many."""


class LocalBuckets:
    """Counted in this process."""

    def __init__(self) -> None:
        self._left: dict[str, tuple[float, float]] = {}

    def take(self, key: str, cost: float = 1) -> bool:
        """See `Buckets`. Two threads at once may both take the last token: the limit is no lock."""
        moment = time.monotonic()
        left, at = self._left.get(key, (CAPACITY, moment))
        left = min(CAPACITY, left + (moment - at) * PER_SECOND)
        is_enough = left >= cost
        if len(self._left) > _KEPT:
            self._forget(moment)
        self._left[key] = (left - cost if is_enough else left, moment)
        return is_enough

    def _forget(self, moment: float) -> None:
        full = CAPACITY / PER_SECOND
        self._left = {key: known for key, known in list(self._left.items()) if moment - known[1] < full}


class SharedBuckets:
    """Counted in Redis, for all processes together."""

    def __init__(self, store: SharedStore) -> None:
        self._store = store
        self._local = LocalBuckets()

    def take(self, key: str, cost: float = 1) -> bool:
        """See `Buckets`. While Redis is away each process counts for itself."""
        taken = self._store.ask(
            lambda redis: redis.register_script(_TAKE)(
                keys=[self._store.name(f"bucket:{key}")], args=[CAPACITY, PER_SECOND, cost]
            ),
            None,
        )
        return self._local.take(key, cost) if taken is None else bool(taken)
