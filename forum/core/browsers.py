"""What browsers are called in plain words."""

import re

from flask_babel import gettext as _

_BROWSERS = (
    (r"Edg", "Edge"),
    (r"OPR/|Opera", "Opera"),
    (r"SamsungBrowser", "Samsung Internet"),
    (r"Firefox|FxiOS", "Firefox"),
    (r"Chrome|CriOS|Chromium", "Chrome"),
    (r"Safari", "Safari"),
)
_SYSTEMS = (
    (r"iPhone", "iPhone"),
    (r"iPad", "iPad"),
    (r"Android", "Android"),
    (r"Windows", "Windows"),
    (r"Mac OS X|Macintosh", "Mac"),
    (r"CrOS", "Chromebook"),
    (r"Linux", "Linux"),
)


def label_of(user_agent: str) -> str:
    """A browser's long name for itself in plain words: "Firefox auf Windows"."""
    browser = next((name for sign, name in _BROWSERS if re.search(sign, user_agent)), _("Ein Browser"))
    system = next((name for sign, name in _SYSTEMS if re.search(sign, user_agent)), None)
    return _("%(browser)s auf %(system)s", browser=browser, system=system) if system else browser
