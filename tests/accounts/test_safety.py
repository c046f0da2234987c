"""Whatever happens to an account, its owner hears of it: by mail, and under the bell."""

from collections.abc import Callable
from datetime import timedelta

import pyotp
import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask

from forum.accounts.models import ACCOUNT, Passkey, Safety, TokenKind
from forum.accounts.service import addresses, devices, passkeys, passwords, second_factor, standing, tokens
from forum.accounts.targets import said_of
from forum.core.clock import now
from forum.core.db import db, unit_of_work
from forum.mail.models import OutgoingMail
from forum.notifications.models import Kind, Notice
from forum.notifications.service import preferences
from forum.notifications.tasks import mails as sweep
from tests.accounts.conftest import PASSWORD
from tests.accounts.test_passkeys import PLACE, forged_registration
from tests.cast import Cast, Person

NEW = "sechs grüne Tassen"
LINUX = "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0"
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1 Version/17.5 Safari/604.1"

Act = Callable[[Cast], object]


def change(cast: Cast) -> None:
    passwords.change(cast.petra.viewer, 0, PASSWORD, NEW)


def reset(cast: Cast) -> None:
    token = tokens.issue(TokenKind.RESET, cast.petra.email, timedelta(hours=1), member_id=cast.petra.id)
    passwords.reset(token, NEW)


def move(cast: Cast) -> None:
    token = tokens.issue(
        TokenKind.ADDRESS, "petra@zuhause.example", timedelta(hours=1), member_id=cast.petra.id
    )
    addresses.confirm_change(token)


def codes_on(cast: Cast) -> list[str]:
    second_factor.start_totp(cast.petra.viewer, PASSWORD)
    return second_factor.confirm_totp(
        cast.petra.viewer, pyotp.TOTP(second_factor.waiting_secret(cast.petra.viewer)).now()
    )


def add_passkey(cast: Cast) -> None:
    passkeys.add(cast.petra.viewer, PLACE, "Probe", forged_registration(b"c" * 32), b"c" * 32)


def remove_passkey(cast: Cast) -> None:
    passkey = Passkey(
        member_id=cast.petra.id, name="Telefon", credential_id=b"x", public_key=b"y", created_at=now()
    )
    db.session.add(passkey)
    db.session.flush()
    passkeys.remove(cast.petra.viewer, passkey.id)


def told(person: Person) -> list[Notice]:
    rows = sa.select(Notice).where(Notice.member_id == person.id, Notice.subject == ACCOUNT)
    return list(db.session.scalars(rows.order_by(Notice.subject_id)))


def sent() -> list[OutgoingMail]:
    return list(db.session.scalars(sa.select(OutgoingMail).order_by(OutgoingMail.id)))


@pytest.mark.parametrize(
    ("act", "what"),
    [
        (change, Safety.PASSWORD),
        (reset, Safety.PASSWORD),
        (move, Safety.ADDRESS),
        (codes_on, Safety.CODES_ON),
        (lambda cast: second_factor.end_totp(cast.petra.viewer, PASSWORD), Safety.CODES_OFF),
        (add_passkey, Safety.PASSKEY_ADDED),
        (remove_passkey, Safety.PASSKEY_REMOVED),
        (
            lambda cast: second_factor.renew_recovery_codes(cast.petra.viewer, PASSWORD),
            Safety.RECOVERY_CODES_MADE,
        ),
        (lambda cast: devices.tell_if_new(cast.petra.id, PHONE), Safety.NEW_DEVICE),
        (lambda cast: standing.reset_second_factor(cast.karla.viewer, cast.petra.id), Safety.RESET),
    ],
)
def test_each_act_is_one_mail_with_a_neutral_subject_and_a_line_under_the_bell_whatever_was_switched_off(
    context: Flask, cast: Cast, act: Act, what: Safety
) -> None:
    with unit_of_work():
        passwords.set_password(cast.petra.id, PASSWORD)
        preferences.stop_mails(cast.petra.viewer)
    with context.test_request_context(), unit_of_work():
        act(cast)
    (mail,) = sent()
    assert mail.recipient == cast.petra.email  # of a new address, it is the old one that hears
    assert mail.subject == "Nachricht aus dem Netzwerk"
    greeting, first_words, *_rest = mail.text.split("\n\n")
    assert greeting == "Hallo Petra Sommer,"
    assert first_words[0].islower()  # the sentence goes on after the comma
    (line,) = told(cast.petra)
    assert (line.kind, line.subject_id, line.read_at) == (Kind.ACCOUNT, what, None)
    with time_machine.travel(now() + timedelta(days=2)):
        sweep.mail_due()
        sweep.bundle_due()
    assert len(sent()) == 1
    assert told(cast.manfred) == []


def test_a_recovery_code_that_was_used_is_told_and_one_that_is_wrong_is_not(
    context: Flask, cast: Cast
) -> None:
    with unit_of_work():
        passwords.set_password(cast.petra.id, PASSWORD)
        code, *_others = codes_on(cast)
        second_factor.take_code(cast.petra.id, code)
    assert [line.subject_id for line in told(cast.petra)] == [Safety.CODES_ON, Safety.RECOVERY_CODE_USED]
    assert said_of(Safety.RECOVERY_CODE_USED) in sent()[-1].text


def test_signing_in_on_a_new_device_is_told_once_and_on_one_that_is_known_not_at_all(
    app: Flask, cast: Cast, browse, give_password
) -> None:
    give_password(cast.petra)
    with app.app_context(), unit_of_work():
        devices.open_device(cast.petra.id, LINUX)
    for agent in (LINUX, PHONE, PHONE):
        client = browse()
        client.post(
            "/sign-in",
            data={"csrf_token": client.token(), "email": cast.petra.email, "password": PASSWORD},
            headers={"User-Agent": agent},
        )
    with app.app_context():
        (mail,) = sent()
        assert "Safari auf iPhone" in mail.text
        assert [line.count for line in told(cast.petra)] == [1]
    assert said_of(Safety.NEW_DEVICE) in browse(cast.petra).get("/notices").text


def test_who_looks_at_how_the_account_is_guarded_has_seen_what_happened(
    app: Flask, cast: Cast, browse
) -> None:
    with app.app_context(), unit_of_work():
        devices.tell_if_new(cast.petra.id, PHONE)
    petra = browse(cast.petra)
    assert "/account/security/reading" in petra.get("/account/security").text
    petra.send("/account/security/reading")
    with app.app_context():
        (line,) = told(cast.petra)
        assert line.read_at is not None


def test_with_a_new_address_links_in_old_mails_are_void(context: Flask, cast: Cast) -> None:
    with unit_of_work():
        before = preferences.preferences_of(cast.petra.viewer).link_series
        move(cast)
    assert preferences.preferences_of(cast.petra.viewer).link_series == before + 1
