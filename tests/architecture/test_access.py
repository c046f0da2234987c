"""Who may call what: declared for every endpoint, refused where nothing is declared, and tried route by route."""

import re
from typing import Any
from uuid import uuid4

import pytest
from flask import Blueprint, Flask, url_for
from flask.testing import FlaskClient
from flask_login import LoginManager
from itsdangerous import URLSafeTimedSerializer
from werkzeug.test import TestResponse

from forum.core.errors import NotFound
from forum.web.access import Access, access_of, init_access, public
from forum.web.identity import Visitor
from tests.architecture.matrix import MATRIX, VIEWERS, Row
from tests.architecture.scene import Scene
from tests.cast import sign_in
from tests.pages import PageCheckingClient, find_faults


def test_every_endpoint_states_its_access(app: Flask) -> None:
    silent = [endpoint for endpoint, view in app.view_functions.items() if access_of(view) is None]
    assert silent == [], "say public, members_only or administrators_only"


def test_only_these_endpoints_are_open_to_everybody(app: Flask) -> None:
    """A new one is added here by somebody who has thought about it."""
    found = {name for name, view in app.view_functions.items() if access_of(view) is Access.PUBLIC}
    legal = {"imprint", "privacy", "accessibility", "robots"}
    joining = {"new_administrator", "create_administrator", "new_code_entry", "create_code_entry"}
    joining |= {"show_invitation", "create_member", "create_address_proof"}
    entering = {"new_session", "create_session", "delete_session", "new_second_step", "create_second_step"}
    entering |= {"create_passkey_challenge", "create_passkey_session"}
    by_mail = {"new_reset", "create_reset", "new_password", "create_password"}
    by_mail |= {"show_address_change", "update_address"}
    told = {"show_stop", "create_stop", "delete_stop", "show_manifest", "show_worker", "show_offline"}
    expected = {f"portal.show_{name}" for name in legal} | {"portal.update_display"}
    expected |= {f"notifications.{name}" for name in told}
    assert found == expected | {f"accounts.{name}" for name in joining | entering | by_mail}


def test_an_endpoint_that_states_nothing_is_refused_to_everybody() -> None:
    """On an application of its own: the one of the tests is in use and takes no more views."""
    small = Flask("small")
    blueprint = Blueprint("forgotten", __name__)
    blueprint.add_url_rule("/forgotten", "show_forgotten", lambda: "secret")
    blueprint.add_url_rule("/stated", "show_stated", public(lambda: "open"))
    small.register_blueprint(blueprint)
    manager = LoginManager(small)
    manager.anonymous_user = Visitor
    manager.user_loader(lambda _token: None)
    small.secret_key = "for tests only"
    init_access(small)
    small.register_error_handler(NotFound, lambda _refusal: ("not found", 404))
    client = small.test_client()
    assert client.get("/stated").data == b"open"
    refused = client.get("/forgotten")
    assert (refused.status_code, refused.data) == (404, b"not found")


def test_the_matrix_has_every_route(app: Flask) -> None:
    rows = {row.endpoint for row in MATRIX}
    routes = {rule.endpoint for rule in app.url_map.iter_rules()}
    assert routes - rows == set(), "add a row to tests/architecture/matrix.py"
    assert rows - routes == set(), "these are gone: take them out of tests/architecture/matrix.py"


def test_the_matrix_walks_every_address(app: Flask, scene: Scene) -> None:
    """An endpoint with two addresses needs a row for each."""
    walked = set()
    adapter = app.url_map.bind("localhost")
    for row in MATRIX:
        rules = [rule.rule for rule in app.url_map.iter_rules(row.endpoint)]
        if len(rules) == 1:
            walked.add(rules[0])
            continue
        with app.test_request_context():
            path = url_for(row.endpoint, **row.ask(scene).values)
        rule, _values = adapter.match(path, method=method_of(app, row), return_rule=True)
        walked.add(rule.rule)
    assert {rule.rule for rule in app.url_map.iter_rules()} - walked == set()


def test_the_declared_access_is_what_the_matrix_says_of_visitors(app: Flask) -> None:
    wrong = [
        row.name
        for row in MATRIX
        if (access_of(app.view_functions[row.endpoint]) is not Access.PUBLIC)
        != (row.expected("visitor") == (302 if method_of(app, row) == "GET" else 401))
        and row.endpoint
        not in {"accounts.new_second_step"}  # leads everybody to sign-in who did not begin there
    ]
    assert wrong == []


@pytest.mark.parametrize("row", MATRIX, ids=lambda row: row.name)
def test_each_viewer_gets_what_the_matrix_says(app: Flask, scene: Scene, row: Row) -> None:
    found, telling, faults = {}, [], {}
    for name in VIEWERS:
        scene.who = getattr(scene.cast, name, None)
        answer, absent = request_once(app, scene, row)
        # One page of each kind is looked at closely; the other tests look at all of theirs.
        if answer.status_code not in found.values() and answer.mimetype == "text/html":
            faults[name] = find_faults(answer.text) if answer.status_code not in {302, 303} else []
        found[name] = answer.status_code
        if absent is not None and said(answer) != said(absent):
            telling.append(name)
    assert found == {name: row.expected(name) for name in VIEWERS}
    assert telling == [], "forbidden and absent answer differently"
    assert not any(faults.values()), faults


class QuietClient(PageCheckingClient):
    """A browser that does not look at each page: there are a thousand."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        return FlaskClient.open(self, *args, **kwargs)

    def token(self) -> str:
        with self.session_transaction() as session:
            raw = session.setdefault("csrf_token", "0" * 40)
        return str(URLSafeTimedSerializer(str(self.application.secret_key), salt="wtf-csrf-token").dumps(raw))


def test_an_id_beyond_all_counting_belongs_to_nothing(app: Flask, scene: Scene) -> None:
    client = QuietClient(app, app.response_class)
    sign_in(client, scene.cast.manfred)
    for number in (2**31, 2**63, 10**30):
        assert client.get(f"/topics/{number}").status_code == 404
        assert (
            client.send(f"/topics/{number}/posts", text="Hallo", client_key=str(uuid4())).status_code == 404
        )
        assert client.send("/drafts", place=f"topic:{number}", text="Hallo").status_code in {200, 404}
    topic_id = scene_topic(app, scene)
    assert client.send(f"/topics/{topic_id}/move", board_id=10**30).status_code in {404, 422}
    assert client.send(f"/topics/{topic_id}/reading", number=10**30).status_code == 303


def scene_topic(app: Flask, scene: Scene) -> int:
    with app.app_context():
        return scene.topic()


def request_once(app: Flask, scene: Scene, row: Row) -> tuple[TestResponse, TestResponse | None]:
    """The answer to the row's request; and, if it is 404, to the same request for things that are not there."""
    with app.app_context():
        asked = row.ask(scene)
    client = QuietClient(app, app.response_class)
    if scene.who is not None:
        sign_in(client, scene.who)
    answer = go(app, client, row, asked.values, asked.fields)
    if answer.status_code != 404 or not any(isinstance(value, int) for value in asked.values.values()):
        return answer, None
    nowhere = {key: 2**31 - 2 if isinstance(value, int) else value for key, value in asked.values.items()}
    return answer, go(app, client, row, nowhere, asked.fields)


def go(app: Flask, client: FlaskClient, row: Row, values: dict, fields: dict) -> TestResponse:
    with app.test_request_context():
        path = url_for(row.endpoint, **values)
    if method_of(app, row) == "GET":
        return client.get(path)
    if row.endpoint in BY_HEADERS:
        return client.open(path, method=BY_HEADERS[row.endpoint], headers=tus_headers(client, fields))
    return client.send(path, **fields)


#: What is sent by method and headers, not as a form (tus).
BY_HEADERS = {"files.create_upload": "POST", "files.update_upload": "PATCH", "files.delete_upload": "DELETE"}


def tus_headers(client: FlaskClient, fields: dict) -> dict[str, str]:
    part = {"Content-Type": "application/offset+octet-stream", "X-Requested-With": "fetch"}
    return part | {"X-CSRFToken": client.token(), **fields}


def method_of(app: Flask, row: Row) -> str:
    rule = next(app.url_map.iter_rules(row.endpoint))
    return "POST" if (rule.methods or set()) & {"POST", "DELETE"} else "GET"


def said(answer: TestResponse) -> str:
    """The page without what differs between any two pages: token and own address."""
    page = re.sub(r'name="csrf_token" value="[^"]*"', "", answer.text)
    return re.sub(r'name="next" value="[^"]*"', "", page)
