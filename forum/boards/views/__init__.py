"""Boards over HTTP: parse, call one verb, answer."""

from flask import Blueprint

bp = Blueprint("boards", __name__)

from forum.boards.views import boards, posts, topics  # noqa: E402, F401  (they register on the blueprint)
