"""Passwords: judged, changed, forgotten."""

from datetime import timedelta

import pytest
import time_machine

from forum.accounts.service import passwords
from forum.core.clock import now
from forum.core.errors import Invalid
from tests.accounts.conftest import PASSWORD, same_page


@pytest.mark.parametrize(
    "password",
    [
        "vier blaue Elefanten",
        "Beschäftigungssicherung",
        "kurzschicht 7 uhr",
        "Öl+Späne#Halle3",
        "日本語のパスワードです",
    ],
)
def test_long_passwords_are_taken_whatever_they_are_made_of(app, password):
    with app.test_request_context():
        passwords.judge(password, "Petra Sommer", "petra@betrieb.example")


@pytest.mark.parametrize(
    "password",
    [
        "zu kurz",
        "x" * 201,
        "aaaaaaaaaaaa",
        "1234567890",
        "Password123",
        "passwort2026!",
        "Betriebsrat2026",
        "IGMetall!!!!!!1",
        "PetraSommer1",
        "sommerpetra!!",
        "petra@betrieb.example",
    ],
)
def test_short_common_and_own_names_are_refused(app, password):
    with app.test_request_context(), pytest.raises(Invalid) as refusal:
        passwords.judge(password, "Petra Sommer", "petra@betrieb.example")
    assert refusal.value.field == "new_password"


def test_changing_needs_the_present_password_and_signs_out_the_others(cast, browse, give_password, mails):
    give_password(cast.petra)
    desk, phone = browse(cast.petra), browse(cast.petra)
    new = "sechs grüne Tassen"
    assert desk.send("/account/password", password="falsch geraten", new_password=new).status_code == 422
    assert desk.send("/account/password", password=PASSWORD, new_password="kurz").status_code == 422
    assert phone.get("/account/security").status_code == 200
    assert desk.send("/account/password", password=PASSWORD, new_password=new).status_code == 303
    assert desk.get("/account/security").status_code == 200
    assert phone.get("/account/security").status_code == 302
    assert browse().send("/sign-in", email=cast.petra.email, password=PASSWORD).status_code == 422
    assert [mail.recipient for mail in mails()] == [cast.petra.email]
    assert browse().send("/sign-in", email=cast.petra.email, password=new).status_code == 303


def test_a_forgotten_password_is_replaced_by_a_mailed_link_that_works_once(
    cast, browse, give_password, mails, link_in
):
    give_password(cast.petra)
    desk, client = browse(cast.petra), browse()
    assert client.send("/password/forgotten", email=cast.petra.email).status_code == 200
    (mail,) = mails()
    assert mail.subject == "Nachricht aus dem Netzwerk"
    link = link_in(mail)
    assert client.get(link).status_code == 200
    assert client.get(link).status_code == 200  # opening it, as mail scanners do, uses nothing up
    assert client.send(link, new_password="kurz").status_code == 422
    assert client.send(link, new_password="sechs grüne Tassen").status_code == 303
    assert client.send(link, new_password="sieben gelbe Tassen").status_code == 404
    assert client.get(link).status_code == 404
    assert desk.get("/account/security").status_code == 302
    assert len(mails()) == 2
    assert browse().send("/sign-in", email=cast.petra.email, password="sechs grüne Tassen").status_code == 303


def test_known_and_unknown_addresses_get_the_same_answer(cast, browse, give_password, mails):
    give_password(cast.petra)
    client = browse()
    known = client.send("/password/forgotten", email=cast.petra.email)
    unknown = client.send("/password/forgotten", email="niemand@betrieb.example")
    assert known.status_code == unknown.status_code == 200
    assert same_page(known) == same_page(unknown)
    assert [mail.recipient for mail in mails()] == [cast.petra.email]


def test_a_reset_link_dies_after_an_hour_and_with_a_newer_one(cast, browse, give_password, mails, link_in):
    give_password(cast.petra)
    client = browse()
    client.send("/password/forgotten", email=cast.petra.email)
    client.send("/password/forgotten", email=cast.petra.email)
    old, new = (link_in(mail) for mail in mails())
    assert client.get(old).status_code == 404
    assert client.get(new).status_code == 200
    with time_machine.travel(now() + timedelta(minutes=61)):
        assert client.get(new).status_code == 404


def test_the_link_in_a_mail_never_follows_the_request_host(cast, browse, mails):
    client = browse()
    client.post(
        "/password/forgotten",
        data={"csrf_token": client.token(), "email": cast.petra.email},
        headers={"X-Forwarded-Host": "evil.example"},
    )
    assert "http://127.0.0.1:8000/password/reset/" in mails()[0].text
