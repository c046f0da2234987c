"""A new e-mail address."""

from datetime import timedelta

import time_machine

from forum.core.clock import now
from forum.core.db import unit_of_work
from forum.notifications.service import preferences
from tests.accounts.conftest import PASSWORD, same_page

NEW = "petra@zuhause.example"


def test_a_new_address_counts_only_after_its_link_was_used(cast, browse, give_password, mails, link_in):
    give_password(cast.petra)
    client = browse(cast.petra)
    assert client.send("/account/address", email=NEW, password="falsch").status_code == 422
    assert client.send("/account/address", email="kaputt", password=PASSWORD).status_code == 422
    assert client.send("/account/address", email=cast.petra.email, password=PASSWORD).status_code == 422
    assert mails() == []
    assert client.send("/account/address", email=NEW, password=PASSWORD).status_code == 303
    (mail,) = mails()
    assert mail.recipient == NEW
    assert browse().send("/sign-in", email=NEW, password=PASSWORD).status_code == 422
    phone = browse()
    assert NEW in phone.get(link_in(mail)).get_data(as_text=True)
    assert browse().send("/sign-in", email=NEW, password=PASSWORD).status_code == 422
    assert phone.send(link_in(mail)).status_code == 303
    assert phone.send(link_in(mail)).status_code == 404
    assert browse().send("/sign-in", email=NEW, password=PASSWORD).status_code == 303
    assert browse().send("/sign-in", email=cast.petra.email, password=PASSWORD).status_code == 422
    assert [mail.recipient for mail in mails()] == [NEW, cast.petra.email, NEW]  # at last of the device


def test_the_address_of_somebody_else_gets_the_same_answer_and_a_mail_that_explains(
    cast, browse, give_password, mails
):
    give_password(cast.petra)
    client = browse(cast.petra)
    pages = []
    for address in (NEW, cast.olga.email):
        client.send("/account/address", email=address, password=PASSWORD)
        pages.append(same_page(client.get("/account/security")).replace(address, ""))
    assert pages[0] == pages[1]
    assert "http" in mails()[0].text
    assert mails()[1].recipient == cast.olga.email
    assert "http" not in mails()[1].text


def test_a_link_to_a_new_address_dies_after_a_day_and_with_a_newer_one(
    cast, browse, give_password, mails, link_in
):
    give_password(cast.petra)
    client = browse(cast.petra)
    client.send("/account/address", email="eins@zuhause.example", password=PASSWORD)
    client.send("/account/address", email="zwei@zuhause.example", password=PASSWORD)
    one, two = (link_in(mail) for mail in mails())
    assert client.get(one).status_code == 404
    assert client.get(two).status_code == 200
    with time_machine.travel(now() + timedelta(hours=23)):
        assert browse().get(two).status_code == 200
    with time_machine.travel(now() + timedelta(hours=25)):
        assert browse().get(two).status_code == 404


def test_with_a_new_address_nothing_says_any_more_that_mail_does_not_arrive(
    app, cast, browse, give_password, mails, link_in
):
    give_password(cast.petra)
    client = browse(cast.petra)
    with app.app_context(), unit_of_work():
        chosen = preferences.preferences_of(cast.petra.viewer)
        chosen.mail_fails_since, chosen.mail_failure = now(), "550 no such user"
    assert "Deine E-Mail kommt nicht an" in client.get("/notices/preferences").text
    client.send("/account/address", email=NEW, password=PASSWORD)
    assert client.send(link_in(mails()[0])).status_code == 303
    assert "Deine E-Mail kommt nicht an" not in client.get("/notices/preferences").text
