"""What connected clients would be told."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from flask import Flask


@dataclass
class Told:
    """Everything that was emitted, in its order: channel, event, data; and who was cut off."""

    all: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)
    cut: set[str] = field(default_factory=set)

    def events(self, channel: str) -> list[str]:
        """The names of what this channel heard."""
        return [event for to, event, _data in self.all if to == channel]

    def data(self, event: str) -> list[dict[str, Any]]:
        """What was said under this name, wherever."""
        return [data for _to, name, data in self.all if name == event]

    def clear(self) -> None:
        self.all.clear()
        self.cut.clear()


@pytest.fixture
def told(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Told:
    """Listens in place of all sockets."""
    heard = Told()
    live = app.extensions["socketio"]

    def emit(event: str, data: dict[str, Any], *, namespace: str, to: str, **_rest: Any) -> None:
        assert namespace == "/chat"
        heard.all.append((to, event, data))

    monkeypatch.setattr(live, "emit", emit)
    monkeypatch.setattr(live, "close_room", lambda channel, **_rest: heard.cut.add(channel))
    return heard
