"""What members do in a library; each verb takes the viewer first and decides before it acts."""

from forum.documents.service import documents, folders, follows, purge, reservations, tags, versions

__all__ = ["documents", "folders", "follows", "purge", "reservations", "tags", "versions"]
