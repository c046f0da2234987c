"""Boards over HTTP: parse, call one verb, answer."""

from forum.boards.views import boards, posts, topics
from forum.boards.views.blueprint import bp

__all__ = ["boards", "bp", "posts", "topics"]
