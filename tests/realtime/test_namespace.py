"""What every namespace does: ask who it is, refuse, count, and answer in one way."""

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from flask_socketio import SocketIO, SocketIOTestClient

from forum.accounts.service import devices, standing
from forum.core.access import Role, Viewer
from forum.core.db import db, unit_of_work
from forum.core.errors import Conflict, Denied, Invalid, NotFound
from forum.members.models import Member
from forum.realtime import buckets
from forum.realtime.namespace import Answer, Data, Namespace, event, key, number, text
from forum.realtime.publishing import publish
from forum.spaces.service import change_role, end_membership
from tests.cast import ELSEWHERE, HERE, Cast, Person

NAME = "/probe"
Listen = Callable[[Person | None], SocketIOTestClient]


class Probe(Namespace):
    """Answers with what it was told."""

    def __init__(self) -> None:
        super().__init__(NAME)
        self.gone: list[tuple[int, list[str]]] = []

    def left(self, member_id: int, channels: list[str]) -> None:
        self.gone.append((member_id, channels))

    @event()
    def on_who(self, viewer: Viewer, data: Data) -> Answer:
        return {"member": viewer.member_id, "spaces": sorted(viewer.spaces)}

    @event()
    def on_read(self, viewer: Viewer, data: Data) -> Answer:
        return {"number": number(data, "number"), "text": text(data, "text"), "key": str(key(data))}

    @event()
    def on_refuse(self, viewer: Viewer, data: Data) -> None:
        kind = {"not_found": NotFound, "denied": Denied, "invalid": Invalid, "conflict": Conflict}[
            data["how"]
        ]
        raise kind("So nicht.", "text")

    @event()
    def on_stumble(self, viewer: Viewer, data: Data) -> None:
        raise RuntimeError("stolpert")

    @event(writes=True)
    def on_rename(self, viewer: Viewer, data: Data) -> None:
        member = db.session.get_one(Member, viewer.member_id)
        member.name = data["name"]
        publish(NAME, f"member:{viewer.member_id}", "renamed", {"name": member.name})
        if data.get("fails"):
            raise Invalid("Doch nicht.")

    def on_secret(self, viewer: Viewer, data: Data) -> Answer:
        """No event: it does not say so."""
        return {"secret": True}


@pytest.fixture
def probe(app: Flask) -> Iterator[Probe]:
    live: SocketIO = app.extensions["socketio"]
    made = Probe()
    made.buckets = buckets.LocalBuckets()
    live.on_namespace(made)
    yield made
    live.server.namespace_handlers.pop(NAME)


@pytest.fixture
def dial(app: Flask, probe: Probe, browse: Callable[[Person | None], FlaskClient]) -> Listen:
    """Connect as the person, from a browser of its own, or as a stranger."""

    def connect(person: Person | None = None) -> SocketIOTestClient:
        live: SocketIO = app.extensions["socketio"]
        return live.test_client(app, namespace=NAME, flask_test_client=browse(person))

    return connect


def ask(client: SocketIOTestClient, name: str, *data: Any) -> Any:
    return client.emit(name, *data, namespace=NAME, callback=True)


def test_members_are_let_in_and_strangers_are_not(cast: Cast, dial: Listen) -> None:
    assert dial(cast.petra).is_connected(NAME)
    assert not dial(None).is_connected(NAME)


def test_the_viewer_is_built_afresh_for_every_event(app: Flask, cast: Cast, dial: Listen) -> None:
    petra = dial(cast.petra)
    assert ask(petra, "who", {})["spaces"] == sorted(cast.petra.viewer.spaces)
    with app.app_context(), unit_of_work():
        db.session.execute(
            sa.text(f"DELETE FROM membership WHERE member_id = {cast.petra.id}")
        )  # nobody is told
    assert ask(petra, "who", {})["spaces"] == []


@pytest.mark.parametrize("how", ["not_found", "denied", "invalid", "conflict"])
def test_every_refusal_is_answered_in_the_same_way(cast: Cast, dial: Listen, how: str) -> None:
    assert ask(dial(cast.petra), "refuse", {"how": how}) == {
        "ok": False,
        "error": how,
        "message": "So nicht.",
        "field": "text",
    }


def test_a_fault_is_answered_and_the_connection_lives_on(cast: Cast, dial: Listen) -> None:
    petra = dial(cast.petra)
    assert ask(petra, "stumble", {})["error"] == "broken"
    assert ask(petra, "who", {})["ok"]


@pytest.mark.parametrize("data", [(), (1,), ("x",), ([],), (None,), ({}, {})])
def test_what_is_not_one_object_is_refused(cast: Cast, dial: Listen, data: tuple[Any, ...]) -> None:
    assert ask(dial(cast.petra), "who", *data)["error"] == "invalid"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("number", "3"),
        ("number", True),
        ("number", 1.5),
        ("number", None),
        ("text", 3),
        ("key", "x"),
        ("key", None),
    ],
)
def test_data_of_the_wrong_kind_is_refused_at_its_name(
    cast: Cast, dial: Listen, name: str, value: Any
) -> None:
    petra = dial(cast.petra)
    good = {"number": 3, "text": "drei", "key": "0fbe2a4e-7d0c-4c6e-9a0b-0d6b9a3c0f11"}
    assert ask(petra, "read", good)["ok"]
    refused = ask(petra, "read", good | {name: value})
    assert (refused["error"], refused["field"]) == ("invalid", name)


@pytest.mark.parametrize("name", ["nothing", "secret", "connect", "disconnect", "__init__", "emit"])
def test_only_declared_events_are_answered(cast: Cast, dial: Listen, name: str) -> None:
    petra = dial(cast.petra)
    assert ask(petra, name, {})["error"] == "not_found"
    assert petra.is_connected(NAME)


def test_what_is_published_is_told_after_the_commit_and_only_then(cast: Cast, dial: Listen) -> None:
    petra = dial(cast.petra)
    assert not ask(petra, "rename", {"name": "Petra Winter", "fails": True})["ok"]
    assert petra.get_received(NAME) == []
    assert ask(petra, "rename", {"name": "Petra Herbst"})["ok"]
    assert [entry["args"] for entry in petra.get_received(NAME)] == [[{"name": "Petra Herbst"}]]


def test_one_member_has_so_many_events_and_another_still_has_all(cast: Cast, dial: Listen) -> None:
    petra, second, olga = dial(cast.petra), dial(cast.petra), dial(cast.olga)
    answers = [ask(petra, "who", {}) for _number in range(buckets.CAPACITY + 60)]
    refused = [answer for answer in answers if not answer["ok"]]
    assert 0 < len(refused) <= 60
    assert {answer["error"] for answer in refused} == {"too_fast"}
    assert ask(second, "who", {})["error"] == "too_fast"
    assert ask(olga, "who", {})["ok"]


def test_what_is_one_event_too_many_asks_no_database(
    cast: Cast, dial: Listen, probe: Probe, count_queries: Callable[[], int]
) -> None:
    petra = dial(cast.petra)
    assert probe.buckets.take(f"member:{cast.petra.id}", buckets.CAPACITY - 0.5)
    count_queries()
    assert ask(petra, "who", {})["error"] == "too_fast"
    assert count_queries() == 0


def test_who_enters_and_leaves_again_and_again_over_one_line_is_not_let_in(
    app: Flask, cast: Cast, dial: Listen
) -> None:
    petra = dial(cast.petra)
    for _number in range(20):
        petra.disconnect(NAME)
        petra.connect(NAME)
        if not petra.is_connected(NAME):
            break
    assert not petra.is_connected(NAME)
    assert dial(cast.petra).is_connected(NAME), "another line"


def test_buckets_fill_up_again() -> None:
    kept = buckets.LocalBuckets()
    assert kept.take("petra", buckets.CAPACITY)
    assert not kept.take("petra")
    time.sleep(2 / buckets.PER_SECOND)
    assert kept.take("petra")


def test_signing_out_a_device_cuts_its_sockets_and_no_others(app: Flask, cast: Cast, dial: Listen) -> None:
    petra, elsewhere, olga = dial(cast.petra), dial(cast.petra), dial(cast.olga)
    with app.app_context():
        first = devices_of(cast.petra)[0]
        with unit_of_work():
            devices.sign_out(cast.petra.viewer, first)
    assert not petra.is_connected(NAME)
    assert elsewhere.is_connected(NAME)
    assert olga.is_connected(NAME)


def test_a_sign_out_that_is_rolled_back_cuts_nobody(app: Flask, cast: Cast, dial: Listen) -> None:
    petra = dial(cast.petra)
    with app.app_context(), suppress(RuntimeError), unit_of_work():
        devices.sign_out_everywhere(cast.petra.id)
        raise RuntimeError
    assert petra.is_connected(NAME)


@pytest.mark.parametrize("how", ["suspended", "role", "membership", "everywhere"])
def test_whoever_loses_something_is_cut_off_at_once(app: Flask, cast: Cast, dial: Listen, how: str) -> None:
    petra, olga = dial(cast.petra), dial(cast.olga)
    with app.app_context(), unit_of_work():
        match how:
            case "suspended":
                standing.suspend(cast.karla.viewer, cast.petra.id)
            case "role":
                change_role(cast.manfred.viewer, cast.spaces[HERE], cast.petra.id, Role.EXPERT)
            case "membership":
                end_membership(cast.manfred.viewer, cast.spaces[HERE], cast.petra.id)
            case "everywhere":
                devices.sign_out_everywhere(cast.petra.id)
    assert not petra.is_connected(NAME)
    assert olga.is_connected(NAME)


def test_a_device_that_is_signed_out_behind_our_back_is_sent_away_with_its_next_event(
    app: Flask, cast: Cast, dial: Listen
) -> None:
    petra = dial(cast.petra)
    with app.app_context(), unit_of_work():
        db.session.execute(sa.text("UPDATE device SET expires_at = '2020-01-01 00:00:00'"))
    assert ask(petra, "who", {})["error"] == "signed_out"
    assert not petra.is_connected(NAME)


def test_members_hear_of_their_spaces_only(app: Flask, cast: Cast, dial: Listen) -> None:
    petra, olga = dial(cast.petra), dial(cast.olga)
    with app.app_context(), unit_of_work():
        publish(NAME, f"space:{cast.spaces[HERE]}", "here", {})
        publish(NAME, f"space:{cast.spaces[ELSEWHERE]}", "elsewhere", {})
    assert [entry["name"] for entry in petra.get_received(NAME)] == ["here"]
    assert [entry["name"] for entry in olga.get_received(NAME)] == ["elsewhere"]


def test_who_leaves_is_told_with_the_channels(cast: Cast, dial: Listen, probe: Probe) -> None:
    petra = dial(cast.petra)
    petra.disconnect(NAME)
    [(member_id, channels)] = probe.gone
    assert member_id == cast.petra.id
    assert f"space:{cast.spaces[HERE]}" in channels


def test_who_must_first_set_up_a_second_factor_is_no_member_yet(
    app: Flask, cast: Cast, dial: Listen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(
        app.extensions, "settings", replace(app.extensions["settings"], two_factor_roles=("member",))
    )
    assert not dial(cast.petra).is_connected(NAME)


def devices_of(person: Person) -> list[int]:
    statement = sa.text(f"SELECT id FROM device WHERE member_id = {person.id} ORDER BY id")
    return list(db.session.scalars(statement))
