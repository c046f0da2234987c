"""huey without what it would load for stores that are not used here."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def _absent(module: str) -> Iterator[None]:
    """Let an import inside believe that `module` is not installed."""
    if module in sys.modules:
        yield
        return
    sys.modules[module] = None  # type: ignore[assignment]  # Python's own sign of it; typeshed has only modules
    try:
        yield
    finally:
        del sys.modules[module]


# PostgreSQL's driver takes 8 MiB; where it is wanted, SQLAlchemy loads it.
with _absent("psycopg"):
    from huey.api import Huey
    from huey.consumer import BaseProcess, Consumer
    from huey.serializer import SignedSerializer
    from huey.storage import RedisStorage, SqliteStorage

__all__ = ["BaseProcess", "Consumer", "Huey", "RedisStorage", "SignedSerializer", "SqliteStorage"]
