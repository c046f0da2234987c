"""Word files as HTML."""

from pathlib import Path

import mammoth

_DAMAGE = (KeyError, ValueError, AttributeError, IndexError, TypeError, LookupError, OSError)


def html(path: Path) -> str:
    """The document without its pictures, as mammoth gives it (to be cleaned); "" where that fails."""
    try:
        with path.open("rb") as file:
            return str(mammoth.convert_to_html(file, convert_image=_no_picture).value)
    except _DAMAGE:
        return ""


def _no_picture(_picture: object) -> list[object]:
    return []
