"""Forms: the key that makes a repeated send one, and refusals beside their fields."""

import io
from collections.abc import Callable
from uuid import UUID

import pytest
import sqlalchemy as sa
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from wtforms import StringField

from forum.boards.models import Post
from forum.core.db import db
from forum.core.errors import Invalid
from forum.web.forms import ClientKeyField, Form
from tests.cast import Cast, Person

Browse = Callable[[Person | None], FlaskClient]


class Sample(Form):
    name = StringField("Name")
    client_key = ClientKeyField()


def test_a_form_makes_its_key_and_keeps_the_one_that_was_sent(app: Flask) -> None:
    with app.test_request_context():
        first, second = Sample(formdata=None), Sample(formdata=None)
        assert first.client_key.uuid != second.client_key.uuid
    key = "0b2a7c3e-7f0e-4a58-9f0a-2f4f0b7d6c11"
    with app.test_request_context(method="POST", data={"client_key": key}):
        assert Sample().client_key.uuid == UUID(key)


@pytest.mark.parametrize("key", ["", "x", "0b2a7c3e", "'; DROP TABLE post; --", "\x00" * 36, "g" * 32])
def test_a_key_that_was_tampered_with_is_refused_in_words(
    app: Flask, cast: Cast, browse: Browse, key: str
) -> None:
    with app.app_context():
        topic_id = cast.topic()
    answer = browse(cast.petra).send(f"/topics/{topic_id}/posts", text="Mein Text", client_key=key)
    assert answer.status_code == 422
    assert "Das Formular ist unvollständig." in answer.text
    assert "Mein Text" in answer.text
    # The form that is shown now can be sent.
    sent_key = BeautifulSoup(answer.text, "html.parser").find("input", attrs={"name": "client_key"})["value"]
    again = browse(cast.petra).send(f"/topics/{topic_id}/posts", text="Mein Text", client_key=sent_key)
    assert again.status_code == 303
    with app.app_context():
        assert db.session.scalar(sa.select(sa.func.count()).select_from(Post)) == 2


def test_a_refusal_stands_at_the_field_it_names_else_above_the_form(app: Flask) -> None:
    with app.test_request_context(method="POST", data={"name": "x"}):
        form = Sample()
        form.validate()
        form.refuse(Invalid("Zu kurz.", "name"))
        form.refuse(Invalid("Überhaupt nicht."))
        form.refuse(Invalid("Kein solches Feld.", "elsewhere"))
    assert list(form.name.errors) == ["Zu kurz."]
    assert list(form.form_errors) == ["Überhaupt nicht.", "Kein solches Feld."]


def test_a_verb_is_done_once_and_only_with_good_fields(app: Flask) -> None:
    done: list[int] = []
    with app.test_request_context():
        assert Sample().carry_out(lambda: done.append(1)) is None
    with app.test_request_context(method="POST", data={"name": "x"}):
        assert Sample().succeeds(lambda: done.append(1))
    assert done == [1]


def test_a_file_where_a_text_is_due_is_no_text(app: Flask) -> None:
    with app.test_request_context(method="POST", data={"name": (io.BytesIO(b"x"), "x.txt")}):
        assert not Sample().name.data


@pytest.mark.parametrize("sent", ['{"text": {"a": 1}}', '{"text": 5}', "[1]", "[" * 100_000])
def test_json_is_no_form(app: Flask, cast: Cast, browse: Browse, sent: str) -> None:
    with app.app_context():
        topic_id = cast.topic()
    client = browse(cast.petra)
    headers = {"Content-Type": "application/json", "X-CSRFToken": client.token()}
    assert client.post(f"/topics/{topic_id}/posts", data=sent, headers=headers).status_code == 422


def test_a_form_of_countless_fields_is_none(browse: Browse) -> None:
    sent = "csrf_token=x" + "&a" * 1000
    answer = browse(None).post(
        "/sign-in", data=sent, headers={"Content-Type": "application/x-www-form-urlencoded"}
    )
    assert answer.status_code == 400
    assert 'name="a"' not in answer.text
