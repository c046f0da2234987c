"""What every template may use beside Flask's own."""

from functools import lru_cache
from typing import Any

from flask import Flask, url_for
from flask_login import current_user

from forum.web.composing import composer_labels
from forum.web.languages import chosen_locale, time_tag


def init_templates(app: Flask) -> None:
    """Filters, globals and the context of the layout."""
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters["time_tag"] = time_tag
    app.jinja_env.globals["composer_labels"] = composer_labels

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
