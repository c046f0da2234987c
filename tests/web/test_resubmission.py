"""A write that could not be taken is offered again: nothing that was typed gets lost, and nothing is sent twice."""

import json
from collections.abc import Callable
from uuid import uuid4

import pytest
import sqlalchemy as sa
from bs4 import BeautifulSoup, Tag
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from forum.boards.models import Post
from forum.core.db import db
from forum.web.resubmission import KEPT_LIMIT, read_fields
from tests.cast import Cast, Person
from tests.web.conftest import PASSWORD

Browse = Callable[[Person | None], FlaskClient]
TEXT = "Unsere Erfahrung: <b>vier</b> Schichten & \"zwei\" Gruppen\n\n– 'mehr' beim nächsten Mal  \nÄÖÜß 🙂"
KEY = "0b2a7c3e-7f0e-4a58-9f0a-2f4f0b7d6c11"


def form_to(html: str, action: str) -> dict[str, str]:
    """What the browser would send with the form towards `action`."""
    form = BeautifulSoup(html, "html.parser").find("form", action=action)
    assert isinstance(form, Tag), f"no form towards {action}"
    fields = {
        str(tag["name"]): str(tag.get("value", "")) for tag in form.find_all("input") if tag.get("name")
    }
    # As browsers read a textarea: the line end after the tag is not part of the text.
    fields |= {str(tag["name"]): tag.get_text().removeprefix("\n") for tag in form.find_all("textarea")}
    return fields


def posts_of(app: Flask, topic_id: int) -> list[str]:
    with app.app_context():
        return list(
            db.session.scalars(sa.select(Post.source).where(Post.topic_id == topic_id).order_by(Post.number))
        )


@pytest.fixture
def topic(app: Flask, cast: Cast) -> int:
    with app.app_context():
        return cast.topic()


def test_a_reply_survives_the_end_of_the_session(
    app: Flask, cast: Cast, browse: Browse, topic: int, give_password: Callable[[Person], None]
) -> None:
    """Typed for an hour, session gone: sign in, send again – one post, with every character."""
    give_password(cast.petra)
    client, path = browse(None), f"/topics/{topic}/posts"
    asked = client.send(path, text=TEXT, client_key=KEY)
    assert asked.status_code == 401
    assert posts_of(app, topic) == ["Wer hat Erfahrung?"]
    signing_in = form_to(asked.text, "/sign-in")
    assert json.loads(signing_in["kept_fields"])["text"] == TEXT
    offered = client.post("/sign-in", data=signing_in | {"email": cast.petra.email, "password": PASSWORD})
    assert offered.status_code == 200
    again = form_to(offered.text, path)
    assert again["text"].replace("\r\n", "\n") == TEXT
    assert again["client_key"] == KEY
    for _twice in range(2):
        assert client.post(path, data=again).location == f"/topics/{topic}#2"
    assert posts_of(app, topic) == ["Wer hat Erfahrung?", TEXT]


def test_a_wrong_password_on_the_way_loses_nothing(
    app: Flask, cast: Cast, browse: Browse, topic: int, give_password: Callable[[Person], None]
) -> None:
    give_password(cast.petra)
    client, path = browse(None), f"/topics/{topic}/posts"
    fields = form_to(client.send(path, text=TEXT, client_key=KEY).text, "/sign-in")
    wrong = client.post("/sign-in", data=fields | {"email": cast.petra.email, "password": "falsch geraten"})
    assert wrong.status_code == 422
    again = form_to(wrong.text, "/sign-in")
    offered = client.post("/sign-in", data=again | {"email": cast.petra.email, "password": PASSWORD})
    assert form_to(offered.text, path)["text"].replace("\r\n", "\n") == TEXT


def test_a_script_is_told_that_the_session_is_over(cast: Cast, browse: Browse, topic: int) -> None:
    answer = browse(None).post(
        f"/topics/{topic}/posts", data={"text": TEXT}, headers={"X-Requested-With": "fetch"}
    )
    assert (answer.status_code, answer.json) == (401, {"error": "signed_out"})


def test_a_stale_token_shows_the_text_once_more(app: Flask, cast: Cast, browse: Browse, topic: int) -> None:
    client, path = browse(cast.petra), f"/topics/{topic}/posts"
    stale = client.post(path, data={"text": TEXT, "client_key": KEY, "csrf_token": "from before"})
    assert stale.status_code == 400
    assert "Es ist nichts verloren" in stale.text
    again = form_to(stale.text, path)
    assert again["text"].replace("\r\n", "\n") == TEXT
    assert client.post(path, data=again).status_code == 303
    assert posts_of(app, topic)[1:] == [TEXT]


def test_secrets_are_not_written_into_the_page_that_offers_again(browse: Browse) -> None:
    secrets = {"password": "streng geheim 1", "new_password": "streng geheim 2", "code": "streng geheim 3"}
    page = browse(None).post("/sign-in", data={"text": "Mein Text", **secrets}).text
    assert "streng geheim" not in page
    assert "Mein Text" in page


def test_a_bare_button_is_not_offered_again(cast: Cast, browse: Browse) -> None:
    page = browse(cast.karla).post(f"/administration/members/{cast.petra.id}/appointment").text
    assert "appointment" not in page
    assert "zu lange offen" in page


@pytest.mark.usefixtures("counting")
def test_too_many_posts_in_a_minute_keep_the_text(app: Flask, cast: Cast, browse: Browse, topic: int) -> None:
    client, path = browse(cast.petra), f"/topics/{topic}/posts"
    for number in range(20):
        assert client.send(path, text=f"Beitrag {number}").status_code == 303
    refused = client.send(path, text=TEXT, client_key=KEY)
    assert refused.status_code == 429
    assert form_to(refused.text, path)["text"].replace("\r\n", "\n") == TEXT
    assert browse(cast.manfred).send(path, text="Andere sind nicht gemeint").status_code == 303
    assert len(posts_of(app, topic)) == 22


@pytest.mark.usefixtures("counting")
def test_a_script_that_sends_too_often_is_told_why(cast: Cast, browse: Browse, topic: int) -> None:
    client = browse(cast.petra)
    token = client.token()
    fields = {"csrf_token": token, "text": "x", "preview": "1"}
    answers = [
        client.post(f"/topics/{topic}/posts", data=fields, headers={"X-Requested-With": "fetch"})
        for _each in range(21)
    ]
    assert answers[-1].status_code == 429
    assert "sehr oft" in answers[-1].json["error"]


@pytest.mark.parametrize("action", ["https://evil.example/x", "//evil.example/x", "/\\evil.example"])
def test_what_is_offered_again_goes_to_this_site_only(
    cast: Cast, browse: Browse, give_password: Callable[[Person], None], action: str
) -> None:
    give_password(cast.petra)
    fields = {
        "email": cast.petra.email,
        "password": PASSWORD,
        "kept_action": action,
        "kept_fields": '{"text": "x"}',
    }
    page = browse(None).send("/sign-in", **fields)
    assert "evil" not in page.text
    assert BeautifulSoup(page.text, "html.parser").find("form", attrs={"class": "writing"})["action"] == "/"


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '"x"', "null", "{" * 2000, "[" * 150_000, " " * (KEPT_LIMIT + 1)]
)
def test_what_is_no_set_of_fields_is_none(text: str) -> None:
    assert read_fields(text) == {}


def test_only_texts_are_fields() -> None:
    assert read_fields('{"a": "x", "b": 1, "c": null, "d": ["y"]}') == {"a": "x"}


@given(st.dictionaries(st.text(max_size=10), st.text(max_size=50), max_size=5))
def test_fields_come_back_as_they_were(fields: dict[str, str]) -> None:
    assert read_fields(json.dumps(fields)) == fields


@given(st.text(max_size=200))
def test_reading_fields_never_fails(text: str) -> None:
    assert isinstance(read_fields(text), dict)


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_what_another_sites_page_sends_is_not_offered_again(cast: Cast, browse: Browse, site: str) -> None:
    """Else "send it once more" after sign-in would do a stranger's bidding, with a good token."""
    path = f"/administration/members/{cast.petra.id}/appointment"
    for person in (None, cast.karla):
        answer = browse(person).post(path, data={"x": "1"}, headers={"Sec-Fetch-Site": site})
        assert answer.status_code == 400
        assert f'action="{path}"' not in answer.text
        assert "kept_action" not in answer.text
        assert "Set-Cookie" not in answer.headers  # the session of the member stays
    own = browse(None).post(path, headers={"Sec-Fetch-Site": "same-origin"})
    assert own.status_code == 401


@pytest.mark.usefixtures("counting")
def test_who_opens_links_too_often_gets_no_button_that_sends(browse: Browse) -> None:
    answers = [browse(None).get(f"/join/AAAA{number}") for number in range(11)]
    assert answers[-1].status_code == 429
    assert 'action="/join/' not in answers[-1].text


@pytest.mark.parametrize("method", ["POST", "PATCH", "PUT", "DELETE"])
def test_another_sites_page_writes_nothing_by_any_method(cast: Cast, browse: Browse, method: str) -> None:
    path = f"/files/{uuid4()}"
    for site, status in (("cross-site", 400), ("same-site", 400)):
        for person in (None, cast.petra):
            answer = browse(person).open(path, method=method, headers={"Sec-Fetch-Site": site})
            assert answer.status_code == status
    for harmless in ("GET", "HEAD", "OPTIONS"):
        answer = browse(cast.petra).open(path, method=harmless, headers={"Sec-Fetch-Site": "cross-site"})
        assert answer.status_code != 400
