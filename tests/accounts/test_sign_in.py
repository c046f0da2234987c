"""The way in with address and password."""

import dataclasses
import json
import re

import pytest
import sqlalchemy as sa
from argon2 import PasswordHasher

from forum.accounts.models import Credential, Device
from forum.accounts.service import passwords
from forum.app import create_app
from forum.core.db import db, unit_of_work
from forum.members.models import Member, Standing
from forum.web.limits import limiter
from tests.accounts.conftest import PASSWORD


def enter(client, email, password=PASSWORD, **more):
    return client.send("/sign-in", email=email, password=password, **more)


def test_the_right_password_opens_the_door_and_a_wrong_one_does_not(cast, browse, give_password):
    give_password(cast.petra)
    client = browse()
    refused = enter(client, cast.petra.email, "fünf rote Elefanten")
    assert refused.status_code == 422
    assert client.get("/account/security").status_code == 302
    opened = enter(client, cast.petra.email)
    assert (opened.status_code, opened.location) == (303, "/")
    assert client.get("/account/security").status_code == 200


def test_the_spelling_of_the_address_does_not_matter(cast, browse, give_password):
    give_password(cast.petra)
    assert enter(browse(), f"  {cast.petra.email.upper()} ").status_code == 303


def test_unknown_wrong_and_suspended_get_the_very_same_answer(app, cast, browse, give_password):
    give_password(cast.petra)
    give_password(cast.olga)
    with app.app_context(), unit_of_work():
        db.session.get_one(Member, cast.olga.id).standing = Standing.SUSPENDED
    pages = [
        enter(browse(), email, password)
        for email, password in [
            ("niemand@betrieb.example", PASSWORD),
            (cast.petra.email, "ganz und gar falsch"),
            (cast.olga.email, PASSWORD),
            (cast.manfred.email, PASSWORD),  # has no password at all
        ]
    ]
    assert {page.status_code for page in pages} == {422}
    bodies = {
        re.sub(r'name="csrf_token" value="[^"]*"|value="[^"]*@[^"]*"', "", page.get_data(as_text=True))
        for page in pages
    }
    assert len(bodies) == 1


def test_an_unknown_address_costs_a_hash_like_a_known_one(cast, browse, give_password, monkeypatch):
    give_password(cast.petra)
    checked = []
    monkeypatch.setattr(
        passwords, "is_right", lambda stored, password: checked.append(stored is None) and False
    )
    enter(browse(), "niemand@betrieb.example")
    enter(browse(), cast.petra.email)
    assert checked == [True, False]


@pytest.mark.parametrize(
    "target", ["//evil.example", "https://evil.example/x", "/\\evil.example", "javascript:alert(1)"]
)
def test_signing_in_leads_to_paths_of_this_site_only(cast, browse, give_password, target):
    give_password(cast.petra)
    assert enter(browse(), cast.petra.email, next="/boards?x=1").location == "/boards?x=1"
    assert enter(browse(), cast.petra.email, next=target).location == "/"


def test_what_was_typed_survives_an_expired_session(cast, browse, give_password):
    give_password(cast.petra)
    text = 'Unsere Erfahrung: <b>vier</b> Schichten & "zwei" Gruppen'
    client = browse()
    asked = client.send(f"/boards/{cast.board}/topics", title="Schichten", text=text, password="nie im HTML")
    assert asked.status_code == 401
    page = asked.get_data(as_text=True)
    assert "nie im HTML" not in page
    assert "Schichten" in page
    kept = json.dumps({"title": "Schichten", "text": text})
    offered = enter(client, cast.petra.email, kept_action=f"/boards/{cast.board}/topics", kept_fields=kept)
    assert offered.status_code == 200
    page = offered.get_data(as_text=True)
    assert f'action="/boards/{cast.board}/topics"' in page
    assert "vier&lt;/b&gt; Schichten &amp;" in page
    # The token on that page belongs to the new session: it can be sent as it is.
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)[1]
    assert client.post("/sign-out", data={"csrf_token": token}).status_code == 303


def test_signing_in_leaves_nothing_of_the_session_before(cast, browse, give_password):
    give_password(cast.petra)
    client = browse()
    with client.session_transaction() as session:
        session["planted"] = "by somebody else"
    enter(client, cast.petra.email)
    with client.session_transaction() as session:
        assert "planted" not in session
        assert session["_user_id"]


def test_whoever_asks_to_stay_stays_for_weeks_and_others_for_a_shift(app, cast, browse, give_password):
    give_password(cast.petra)
    for stay, days in [("", 0), ("y", 60)]:
        client = browse()
        answer = enter(client, cast.petra.email, stay=stay)
        assert ("Expires" in answer.headers["Set-Cookie"]) is bool(stay)
        with app.app_context():
            device = db.session.scalars(sa.select(Device).order_by(Device.id.desc())).first()
            assert (device.expires_at - device.created_at).days == days


def test_an_outdated_hash_is_made_again_at_sign_in(app, cast, browse, give_password, monkeypatch):
    give_password(cast.petra)
    monkeypatch.setattr(passwords, "hasher", PasswordHasher(time_cost=2, memory_cost=16, parallelism=1))
    enter(browse(), cast.petra.email)
    with app.app_context():
        assert "m=16,t=2" in db.session.get_one(Credential, cast.petra.id).password_hash
    assert enter(browse(), cast.petra.email).status_code == 303


@pytest.fixture
def limited(app, monkeypatch):
    """Browsers of the same house with its rate limits on."""
    house = create_app(
        dataclasses.replace(app.extensions["settings"], rate_limits=True), publish_assets=False
    )
    house.testing = True
    house.test_client_class = app.test_client_class
    yield house.test_client
    limiter.reset()
    limiter.enabled = False


def test_guessing_is_slowed_down_but_another_place_is_not_kept_out(cast, limited, give_password):
    give_password(cast.petra)
    attacker, owner = limited(), limited()
    codes = [enter(attacker, cast.petra.email, f"geraten Nummer {n}").status_code for n in range(7)]
    assert codes == [422] * 5 + [429] * 2
    owner.environ_base["REMOTE_ADDR"] = "198.51.100.7"
    assert enter(owner, cast.petra.email).status_code == 303


def test_right_passwords_are_not_counted_as_guesses(cast, limited, give_password):
    give_password(cast.petra)
    assert {enter(limited(), cast.petra.email).status_code for _each in range(12)} == {303}


def test_finding_the_viewer_costs_one_query(cast, browse, count_queries):
    client = browse(cast.petra)
    client.get("/account/password")
    count_queries()
    client.get("/join")
    with_member = count_queries()
    browse().get("/join")
    assert (
        with_member <= 6
    )  # the device with all about its member, and the frame: rail, chat, bell, announcements


def test_signing_out_ends_this_device_only(cast, browse):
    here, there = browse(cast.petra), browse(cast.petra)
    assert here.send("/sign-out").status_code == 303
    assert here.get("/account/security").status_code == 302
    assert there.get("/account/security").status_code == 200


def test_the_cookie_of_a_device_that_was_signed_out_opens_nothing(cast, browse):
    client = browse(cast.petra)
    with client.session_transaction() as session:
        token = session["_user_id"]
    client.send("/sign-out")
    thief = browse()
    with thief.session_transaction() as session:
        session["_user_id"] = token
    assert thief.get("/account/security").status_code == 302
