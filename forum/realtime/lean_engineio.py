"""engineio without what it would load for clients, which are not needed here."""

from forum.core.lean import without

# Both come with pywebpush; together they take 12 MiB. Where pushes are sent, they are loaded.
with without("aiohttp", "requests"):
    import engineio

__all__ = ["engineio"]
