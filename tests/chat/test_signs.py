"""Signs of life over sockets: who is here and who is typing, and only as long as the member shows and may hear it."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask

from forum.chat.queries.preferences import Preferences
from forum.chat.service import preferences, rooms, seats
from forum.core.clock import now
from forum.core.db import db, unit_of_work
from forum.realtime import namespace
from tests.cast import Cast, Person
from tests.conftest import Listener

Listen = Callable[..., Listener]


@pytest.fixture
def chosen(app: Flask) -> Callable[..., None]:
    """`chosen(cast.petra, shows_presence=False)`"""

    def choose(person: Person, **shown: bool) -> None:
        with app.app_context(), unit_of_work():
            preferences.choose(person.viewer, Preferences(**shown))

    return choose


def present(listener: Listener, room_id: int) -> Any:
    return listener.ask("open", {"room": room_id})["present"]


def test_who_no_longer_shows_being_here_is_not_seen_and_sees_nobody_at_once(
    cast: Cast, listen: Listen, chosen: Callable[..., None]
) -> None:
    petra, manfred = listen(cast.petra, "/chat"), listen(cast.manfred, "/chat")
    assert present(manfred, cast.room) == [cast.petra.id, cast.manfred.id]
    present(petra, cast.room)
    chosen(cast.manfred, shows_presence=False)
    assert not manfred.is_connected, "it comes back, and enters what it may hear"
    assert petra.heard("presence")[-1] == {
        "room": cast.room,
        "member": cast.manfred.id,
        "is_here": False,
    }
    assert present(petra, cast.room) == [cast.petra.id]
    assert present(listen(cast.manfred, "/chat"), cast.room) is None


def test_who_hides_typing_is_told_of_nobodys(cast: Cast, listen: Listen, chosen: Callable[..., None]) -> None:
    petra, manfred = listen(cast.petra, "/chat"), listen(cast.manfred, "/chat")
    present(manfred, cast.room)
    chosen(cast.manfred, shows_typing=False)
    assert not manfred.is_connected
    manfred = listen(cast.manfred, "/chat")
    present(manfred, cast.room)
    petra.ask("typing", {"room": cast.room})
    assert manfred.heard("typing") == []


def test_how_the_enter_key_works_disturbs_no_connection(
    cast: Cast, listen: Listen, chosen: Callable[..., None]
) -> None:
    petra = listen(cast.petra, "/chat")
    chosen(cast.petra, enter_sends=False)
    assert petra.is_connected


def test_windows_that_were_not_shown_take_nobody_away_by_closing(
    app: Flask, cast: Cast, listen: Listen, chosen: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    chat = app.extensions["socketio"].server.namespace_handlers["/chat"]
    waiting: list[Callable[[], None]] = []
    monkeypatch.setattr(chat, "later", lambda _seconds, action: waiting.append(action))
    chosen(cast.manfred, shows_presence=False)
    hidden = listen(cast.manfred, "/chat")
    chosen(cast.manfred)
    assert not hidden.is_connected
    shown, petra = listen(cast.manfred, "/chat"), listen(cast.petra, "/chat")
    for look in waiting:
        look()
    assert present(petra, cast.room) == [cast.petra.id, cast.manfred.id]
    assert shown.is_connected


def test_who_may_not_write_is_not_said_to_be_typing(app: Flask, cast: Cast, listen: Listen) -> None:
    petra, manfred = listen(cast.petra, "/chat"), listen(cast.manfred, "/chat")
    present(manfred, cast.room)
    with app.app_context(), unit_of_work():
        until = now() + seats.LONGEST_SILENCE
        seats.silence(cast.manfred.viewer, cast.room, cast.petra.id, until, "Bitte Ruhe")
    assert petra.ask("typing", {"room": cast.room})["error"] == "denied"
    assert manfred.heard("typing") == []
    with app.app_context(), unit_of_work():
        seats.unsilence(cast.manfred.viewer, cast.room, cast.petra.id)
    assert petra.ask("typing", {"room": cast.room})["ok"]
    assert [sign["name"] for sign in manfred.heard("typing")] == ["Petra Sommer"]


def test_a_silence_and_its_end_are_told_to_the_silenced_alone_and_after_the_commit(
    app: Flask, cast: Cast, listen: Listen
) -> None:
    windows = [listen(cast.petra, "/chat"), listen(cast.petra, "/chat")]
    others = [listen(person, "/chat") for person in (cast.manfred, cast.sabine)]
    for listener in (*windows, *others):
        present(listener, cast.room)

    def silence() -> None:
        until = now() + seats.LONGEST_SILENCE
        seats.silence(cast.manfred.viewer, cast.room, cast.petra.id, until, "Bitte Ruhe")

    def lift() -> None:
        seats.unsilence(cast.manfred.viewer, cast.room, cast.petra.id)

    for act in (silence, lift):
        with app.app_context(), unit_of_work():
            act()
            assert [window.heard("room") for window in windows] == [[], []]
        assert [window.heard("room") for window in windows] == [[{"room": cast.room}]] * 2
        assert [other.heard("room") for other in others] == [[], []]


def test_who_is_taken_off_the_list_while_connecting_hears_nothing_of_the_group(
    app: Flask, cast: Cast, listen: Listen, monkeypatch: pytest.MonkeyPatch
) -> None:
    with app.app_context():
        group = cast.group()
    join, done = namespace.join_room, []

    def remove_first(channel: str) -> None:
        if not done:
            done.append(channel)
            with app.app_context():
                db.session.remove()
                with unit_of_work():
                    rooms.remove_participant(cast.petra.viewer, group, cast.manfred.id)
        join(channel)

    petra = listen(cast.petra, "/chat")
    monkeypatch.setattr(namespace, "join_room", remove_first)
    manfred = listen(cast.manfred, "/chat")
    sent = petra.ask("send", {"room": group, "text": "Ohne Manfred", "key": str(uuid4())})
    assert sent["ok"]
    assert manfred.heard("changed") == []
