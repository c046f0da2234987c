"""How a person is shown: name, initials, colour, picture."""

from dataclasses import dataclass

_COLOURS = 8


@dataclass(frozen=True, slots=True)
class Person:
    """What a page needs to show somebody."""

    id: int
    name: str
    picture_version: str | None = None

    @property
    def initials(self) -> str:
        """First letters of the first and the last name: "Petra von der Au" is PA."""
        words = self.name.split()
        return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper()

    @property
    def colour(self) -> int:
        """A number from 0 to 7 that stays with the person."""
        return self.id % _COLOURS

    @property
    def avatar_url(self) -> str | None:
        """Address of the uploaded picture; it changes with the picture and may be cached for ever."""
        return f"/members/{self.id}/picture/{self.picture_version}" if self.picture_version else None
