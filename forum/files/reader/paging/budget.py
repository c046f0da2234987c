"""How much of a file is read and shown; the rest stays in the file."""

from typing import Any

from forum.files.reader import limits, wording

#: Letters of one page.
PAGE_LIMIT = 1_000_000
#: Parts of the time allowed after which there are no more pictures, and then no more pages at all.
_PICTURES_UNTIL, _PAGES_UNTIL = 0.5, 0.8


class Budget:
    """What is left; `is_cut` says whether something had to be left out for want of it."""

    def __init__(self, options: dict[str, Any]) -> None:
        self._images = int(options.get("limit_images", 100))
        self._pages = int(options.get("limit_pages", 2000))
        self._letters = int(options.get("limit_text", 10_000_000))
        self._seconds = int(options.get("limits", {}).get("cpu", 200))
        self.is_cut = False

    def takes_page(self) -> bool:
        """Whether one more page is read; counts it."""
        self._pages -= 1
        if self._pages < 0 or limits.seconds_used() > self._seconds * _PAGES_UNTIL:
            self.is_cut = True
            return False
        return True

    def takes_image(self) -> bool:
        """Whether one more page is shown as a picture; counts it."""
        self._images -= 1
        return self._images >= 0 and limits.seconds_used() < self._seconds * _PICTURES_UNTIL

    def text(self, text: str) -> str:
        """As much of a page's text as may be kept, made fit."""
        bound = min(PAGE_LIMIT, self._letters)
        kept = wording.tidy(text[: bound + 1000])[:bound]
        self._letters -= len(kept)
        if len(text) > bound + 1000:
            self.is_cut = True
        return kept
