"""Codes from an app, recovery codes, and roles that demand them."""

import dataclasses
import re
from datetime import timedelta

import pyotp
import pytest
import sqlalchemy as sa
import time_machine

from forum.accounts.models import Credential, Passkey, RecoveryCode, Safety
from forum.accounts.targets import said_of
from forum.core.clock import now
from forum.core.db import db, unit_of_work
from tests.accounts.conftest import PASSWORD


@pytest.fixture
def enrol(app, cast, browse, give_password):
    """Switch codes on for a person; the app on the phone and the recovery codes."""

    def switch_on(person):
        give_password(person)
        client = browse(person)
        client.send("/account/codes", password=PASSWORD)
        with app.app_context():
            totp = pyotp.TOTP(db.session.get_one(Credential, person.id).totp_secret)
        page = client.send("/account/codes/confirmation", code=totp.now()).get_data(as_text=True)
        return totp, re.findall(r"<li>((?:\w{4}-){3}\w{4})</li>", page)

    return switch_on


@pytest.fixture
def demanding(app, monkeypatch):
    """Moderators and administrators need a second factor."""
    settings = dataclasses.replace(
        app.extensions["settings"], two_factor_roles=("moderator", "administrator")
    )
    monkeypatch.setitem(app.extensions, "settings", settings)


def later(minutes=2):
    return time_machine.travel(now() + timedelta(minutes=minutes))


def enter(client, person, **more):
    return client.send("/sign-in", email=person.email, password=PASSWORD, **more)


def test_setting_up_needs_password_and_a_right_code(app, cast, browse, give_password):
    give_password(cast.petra)
    client = browse(cast.petra)
    assert client.get("/account/codes").status_code == 404
    assert client.send("/account/codes", password="geraten oder so").status_code == 422
    assert client.send("/account/codes", password=PASSWORD).status_code == 303
    page = client.get("/account/codes").get_data(as_text=True)
    with app.app_context():
        secret = db.session.get_one(Credential, cast.petra.id).totp_secret
    assert secret in page.replace(" ", "")
    assert "<svg" in page
    wrong = f"{(int(pyotp.TOTP(secret).now()) + 500_000) % 1_000_000:06d}"
    assert client.send("/account/codes/confirmation", code=wrong).status_code == 422
    assert enter(browse(), cast.petra).location == "/"  # nothing is asked before it is confirmed
    assert client.send("/account/codes/confirmation", code=pyotp.TOTP(secret).now()).status_code == 200
    assert client.get("/account/codes").status_code == 404
    assert "/sign-in/code" in enter(browse(), cast.petra).location


def test_password_and_code_open_the_door_and_the_password_alone_does_not(cast, browse, enrol):
    totp, _codes = enrol(cast.petra)
    client = browse()
    with later():
        asked = enter(client, cast.petra, next="/account/profile")
        assert client.get("/account/security").status_code == 302
        assert client.get(asked.location).status_code == 200
        assert client.send("/sign-in/code", code="000 000").status_code == 422
        passed = client.send("/sign-in/code", code=totp.now(), next="/account/profile")
        assert passed.location == "/account/profile"
        assert client.get("/account/security").status_code == 200


def test_no_code_is_good_twice(cast, browse, enrol):
    totp, _codes = enrol(cast.petra)
    with later():
        code = totp.now()
        first, second = browse(), browse()
        enter(first, cast.petra)
        enter(second, cast.petra)
        assert first.send("/sign-in/code", code=code).status_code == 303
        assert second.send("/sign-in/code", code=code).status_code == 422


def test_a_recovery_code_opens_once_however_it_is_typed(cast, browse, enrol):
    _totp, codes = enrol(cast.petra)
    assert len(codes) == 10
    for client, code, status in [
        (browse(), codes[0].lower().replace("-", ""), 303),
        (browse(), codes[0], 422),
        (browse(), codes[1], 303),
    ]:
        enter(client, cast.petra)
        assert client.send("/sign-in/code", code=code).status_code == status


def test_codes_of_one_member_are_nothing_to_another(cast, browse, enrol):
    enrol(cast.petra)
    _totp, codes = enrol(cast.olga)
    client = browse()
    enter(client, cast.petra)
    assert client.send("/sign-in/code", code=codes[0]).status_code == 422


def test_the_second_step_needs_the_first_and_ends_after_a_while(cast, browse, enrol):
    totp, _codes = enrol(cast.petra)
    stranger = browse()
    assert stranger.get("/sign-in/code").location == "/sign-in"
    assert stranger.send("/sign-in/code", code=totp.now()).location == "/sign-in"
    client = browse()
    enter(client, cast.petra)
    with later(16):
        assert client.send("/sign-in/code", code=totp.now()).location == "/sign-in"


def test_typed_text_survives_the_second_step_too(cast, browse, enrol):
    _totp, codes = enrol(cast.petra)
    client = browse()
    kept = {"kept_action": "/boards/1/topics", "kept_fields": '{"text": "Vier Schichten"}'}
    page = enter(client, cast.petra, **kept)
    assert page.status_code == 200
    assert "Vier Schichten" in page.get_data(as_text=True)
    assert client.send("/sign-in/code", code="falsch", **kept).status_code == 422
    offered = client.send("/sign-in/code", code=codes[0], **kept)
    assert offered.status_code == 200
    assert 'action="/boards/1/topics"' in offered.get_data(as_text=True)


def test_new_recovery_codes_void_the_old_and_switching_off_needs_the_password(
    app, cast, browse, enrol, mails
):
    _totp, old = enrol(cast.petra)
    client = browse(cast.petra)
    assert client.send("/account/recovery-codes", password="falsch").status_code == 422
    page = client.send("/account/recovery-codes", password=PASSWORD).get_data(as_text=True)
    new = re.findall(r"<li>((?:\w{4}-){3}\w{4})</li>", page)
    assert not set(old) & set(new)
    visitor = browse()
    enter(visitor, cast.petra)
    assert visitor.send("/sign-in/code", code=old[0]).status_code == 422
    assert visitor.send("/sign-in/code", code=new[0]).status_code == 303
    with app.app_context():
        assert db.session.scalar(sa.select(sa.func.count()).select_from(RecoveryCode)) == 10
    assert client.send("/account/codes/delete", password="falsch").status_code == 422
    assert client.send("/account/codes/delete", password=PASSWORD).status_code == 303
    assert enter(browse(), cast.petra).location == "/"
    told = [Safety.CODES_ON, Safety.RECOVERY_CODES_MADE, Safety.RECOVERY_CODE_USED]
    told += [Safety.NEW_DEVICE, Safety.CODES_OFF]
    assert [said_of(what) in mail.text for what, mail in zip(told, mails(), strict=True)] == [True] * 5


def test_whose_role_demands_it_sets_a_second_factor_up_first(app, cast, browse, demanding, enrol):
    moderator, member = browse(cast.manfred), browse(cast.petra)
    assert member.get("/account/profile").status_code == 200
    led = moderator.get("/account/profile")
    assert (led.status_code, led.location) == (303, "/account/security")
    assert moderator.send("/account/profile", name="Neu").status_code == 403
    assert moderator.get("/account/security").status_code == 200
    assert moderator.get("/imprint").status_code == 200
    enrol(cast.manfred)
    assert moderator.get("/account/profile").status_code == 200
    administrator = browse(cast.karla)
    assert administrator.get("/administration/members").status_code == 303


def test_where_a_role_demands_it_a_passkey_is_asked_for_after_the_password(
    app, cast, browse, give_password, demanding
):
    for person in (cast.manfred, cast.petra):
        give_password(person)
        with app.app_context(), unit_of_work():
            db.session.add(
                Passkey(
                    member_id=person.id,
                    name="x",
                    credential_id=str(person.id).encode(),
                    public_key=b"y",
                    created_at=now(),
                )
            )
    assert "/sign-in/code" in enter(browse(), cast.manfred).location
    assert enter(browse(), cast.petra).location == "/"


def test_an_administrator_takes_a_lost_second_factor_off_and_the_member_hears_of_it(
    app, cast, browse, enrol, mails
):
    enrol(cast.petra)
    petra, karla = browse(cast.petra), browse(cast.karla)
    here = f"/administration/members/{cast.petra.id}/second-factor/delete"
    assert browse(cast.manfred).send(here).status_code == 404
    assert karla.send(f"/administration/members/{cast.karla.id}/second-factor/delete").status_code == 403
    assert karla.send(here).status_code == 303
    assert petra.get("/account/security").status_code == 302
    assert mails()[-1].recipient == cast.petra.email
    assert enter(browse(), cast.petra).location == "/"
