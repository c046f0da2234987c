"""Lists for pages: filtered by policy, a constant number of statements."""

from forum.documents.queries import bins, current, documents, entries, folders, news, texts, versions

__all__ = ["bins", "current", "documents", "entries", "folders", "news", "texts", "versions"]
