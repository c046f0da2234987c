"""Where mail goes without SMTP: a file for each, in the instance folder, readable by the owner only."""

import email
import email.policy
import os
import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from forum.core.errors import NotFound

_NAME = re.compile(r"\d{8}T\d{6}-\d+\.eml")


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail that lies in the outbox."""

    name: str
    recipient: str
    subject: str
    sent_at: datetime | None
    text: str


class Outbox:
    """The folder; it is made with the first mail."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, raw: bytes, moment: datetime, number: int) -> None:
        """Lay the mail down as a whole file or not at all; the same one again takes the place of the first."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        target = self._folder / f"{moment:%Y%m%dT%H%M%S}-{number}.eml"
        draft = target.with_suffix(".new")
        with open(draft, "wb", opener=_open_private) as file:
            file.write(raw)
        draft.replace(target)

    def list_letters(self, limit: int = 100) -> list[Letter]:
        """The newest letters first."""
        if not self._folder.is_dir():
            return []
        known = (file.name for file in self._folder.iterdir() if _NAME.fullmatch(file.name))
        names = sorted(known, key=_order, reverse=True)
        return [self.read(name) for name in names[:limit]]

    def read(self, name: str) -> Letter:
        """One letter; `NotFound` for a name that is not one of ours."""
        file = self._folder / name
        if not _NAME.fullmatch(name) or not file.is_file():
            raise NotFound
        message = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
        date, body = message["date"], message.get_body(("plain",))
        return Letter(
            name=name,
            recipient=str(message["to"]),
            subject=str(message["subject"]),
            sent_at=date.datetime if date else None,
            text=body.get_content().replace("\r\n", "\n") if body else "",
        )


def _order(name: str) -> tuple[str, int]:
    """The moment, then the number: many are written in one second."""
    moment, number = name.removesuffix(".eml").split("-")
    return moment, int(number)


def _open_private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
