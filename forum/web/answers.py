"""What a view answers after a write."""

from flask import flash, redirect, request
from flask.typing import ResponseReturnValue


def is_fetch() -> bool:
    """Whether one of our own scripts asks, not the browser itself."""
    return request.headers.get("X-Requested-With") == "fetch"


def go_to(url: str) -> ResponseReturnValue:
    """Lead on to `url` after a write (303); a script is told the address, which for it would lose its `#`."""
    return {"location": url} if is_fetch() else redirect(url, 303)


def offer_undo(text: str, url: str, **fields: str | int) -> None:
    """Say on the next page what was done, with a button that posts `fields` to `url` to take it back."""
    flash((text, url, fields), "undo")  # type: ignore[arg-type]
