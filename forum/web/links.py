"""Addresses for mail and paper."""

from typing import Any

from flask import current_app, url_for


def public_link(endpoint: str, **values: Any) -> str:
    """The full address of an endpoint below the operator's `public_url`; a request's Host is anybody's word."""
    return str(current_app.extensions["settings"].public_url) + url_for(endpoint, **values)
