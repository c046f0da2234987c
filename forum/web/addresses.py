"""Numbers in addresses: no higher than an id can be, so that a forged one is simply not found."""

from typing import Any

from flask import Flask
from werkzeug.routing import IntegerConverter, Map

from forum.core.paging import HIGHEST_ID


class IdConverter(IntegerConverter):
    """`<int:…>` in a rule."""

    def __init__(self, url_map: Map, **limits: Any) -> None:
        super().__init__(url_map, **{"max": HIGHEST_ID, **limits})


def init_addresses(app: Flask) -> None:
    """Have every `<int:…>` of the application mean an id."""
    app.url_map.converters["int"] = IdConverter
