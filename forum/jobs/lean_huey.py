"""huey without what it would load for stores that are not used here."""

from forum.core.lean import without

# PostgreSQL's driver takes 8 MiB; where it is wanted, SQLAlchemy loads it.
with without("psycopg"):
    from huey.api import Huey
    from huey.consumer import BaseProcess, Consumer
    from huey.serializer import SignedSerializer
    from huey.storage import RedisStorage, SqliteStorage

__all__ = ["BaseProcess", "Consumer", "Huey", "RedisStorage", "SignedSerializer", "SqliteStorage"]
