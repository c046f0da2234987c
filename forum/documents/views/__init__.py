"""The Ablage over HTTP: parse, call one verb, answer."""

from forum.documents.views import documents, files, folders, follows, libraries, selections, versions
from forum.documents.views.blueprint import bp

__all__ = ["bp", "documents", "files", "folders", "follows", "libraries", "selections", "versions"]
