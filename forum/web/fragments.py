"""Pieces of pages that many readers see alike: rendered once, remembered for the arguments they depend on."""

from collections.abc import Hashable
from functools import lru_cache

from flask import Flask, current_app
from markupsafe import Markup

from forum.web.languages import language

#: Enough for some hundred pages of posts; a few kilobytes each.
_KEPT = 3000
#: A longer piece is rendered every time: there are few of them, and they would crowd out the others.
_LONGEST = 20_000


def init_fragments(app: Flask) -> None:
    """Give templates `remembered(template, macro, …)`."""
    app.jinja_env.globals["remembered"] = remembered


def remembered(template: str, macro: str, *arguments: Hashable) -> Markup:
    """What `macro` of `template` makes of `arguments`, in the reader's language.

    Nothing else may show in it: no request, no viewer, no clock. What differs by these is an argument.
    """
    piece = _render(language(), template, macro, *arguments)
    if piece is None:
        return _call(template, macro, *arguments)
    return piece


@lru_cache(maxsize=_KEPT)
def _render(_locale: str, template: str, macro: str, *arguments: Hashable) -> Markup | None:
    piece = _call(template, macro, *arguments)
    return piece if len(piece) <= _LONGEST else None


def _call(template: str, macro: str, *arguments: Hashable) -> Markup:
    module = current_app.jinja_env.get_template(template).module
    piece: Markup = getattr(module, macro)(*arguments)
    return piece
