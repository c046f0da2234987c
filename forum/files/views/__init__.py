"""Files over HTTP: parse, call one verb, answer."""

from forum.files.views import previews, uploads
from forum.files.views.blueprint import bp

__all__ = ["bp", "previews", "uploads"]
