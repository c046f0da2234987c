"""Lists for pages: filtered by policy, a constant number of statements."""

from forum.documents.queries import bins, documents, entries, folders, news, texts, versions

__all__ = ["bins", "documents", "entries", "folders", "news", "texts", "versions"]
