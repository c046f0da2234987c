"""Names of people that files carry, as opposed to those that programs write there themselves."""

import re
from collections.abc import Iterable

from forum.files.reader import wording

#: How many names are told.
LIMIT = 20
_NOBODY = re.compile(
    r"(?:\(?(?:anonym(?:ous)?|unspecified|unknown|unbekannt(?:er autor)?|unknown author|author|autor|user|benutzer|"
    r"(?:microsoft )?office[- ]user|microsoft office-anwender|windows[- ](?:user|benutzer)|admin(?:istrator)?|"
    r"root|none|null|python-docx|python-pptx|openpyxl|steve canny|reportlab|untitled)\)?)?",
    re.IGNORECASE,
)


def names(texts: Iterable[str | None]) -> list[str]:
    """Each name once, without those that stand for nobody."""
    found: dict[str, None] = {}
    for text in texts:
        name = wording.name(text)
        if not _NOBODY.fullmatch(name):
            found[name] = None
    return list(found)[:LIMIT]
