"""What every template may use beside Flask's own."""

from functools import lru_cache
from gettext import NullTranslations
from typing import Any

from flask import Flask, g, url_for
from flask_babel import get_translations
from flask_login import current_user

from forum.web.composing import composer_labels
from forum.web.fragments import init_fragments
from forum.web.languages import chosen_locale, number, time_tag


def init_templates(app: Flask) -> None:
    """Filters, globals and the context of the layout."""
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    init_fragments(app)
    app.jinja_env.filters["time_tag"] = time_tag
    app.jinja_env.globals["composer_labels"] = composer_labels

    # Flask-Babel finds request, domain and catalogue anew for every word; a page has a hundred of them.
    app.jinja_env.globals.update(_=translate, gettext=translate, ngettext=translate_number)

    # A page has two hundred links, and an address depends on nothing but its arguments.
    known = lru_cache(maxsize=20_000)(url_for)

    @app.template_global("url_for")
    def address(endpoint: str, **values: Any) -> str:
        return known(endpoint, **values)

    @app.context_processor
    def layout() -> dict[str, Any]:
        return {
            "viewer": current_user.viewer,
            "me": current_user.person,
            "locale": chosen_locale(),
            "theme": current_user.theme or "auto",
        }


def translate(message: str, **variables: Any) -> str:
    """`message` in the reader's language, with its `%(name)s` filled in."""
    text = _catalogue().gettext(message)
    return text % variables if variables else text


def translate_number(one: str, many: str, num: int, **variables: Any) -> str:
    """The form for `num` things in the reader's language; `%(num)s` is the number."""
    return _catalogue().ngettext(one, many, num) % {"num": number(num), **variables}


def _catalogue() -> NullTranslations:
    found: NullTranslations | None = g.get("catalogue")
    if found is None:
        found = g.catalogue = get_translations()
    return found
