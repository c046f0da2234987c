"""Signed addresses: ours are known again, whatever happens to their capitals; nobody else can make one."""

import pytest

from forum.mail import addresses
from forum.mail.addresses import Token
from tests.mail.incoming import address, set_up


def test_what_we_made_we_know_again(app, monkeypatch):
    set_up(app, monkeypatch)
    made = address(app, "r", "12.34.9")
    assert made.startswith("antwort+r.12.34.9.")
    assert made.endswith("@netz.example")
    with app.app_context():
        for variant in (made, made.upper(), f"<{made}>", f" {made} "):
            assert addresses.read(variant) == Token("r", "12.34.9")


def test_a_kind_may_name_nothing(app, monkeypatch):
    set_up(app, monkeypatch)
    with app.app_context():
        assert addresses.are_made()
        assert addresses.read(addresses.make("r", "")) == Token("r", "")


def test_another_signature_kind_or_payload_is_not_ours(app, monkeypatch):
    set_up(app, monkeypatch)
    made = address(app, "r", "12.34")
    local, _at, domain = made.partition("@")
    stem, _dot, signature = local.rpartition(".")
    forged = [
        f"{stem}.{'a' * 16}@{domain}", f"{stem}.{signature[:-1]}@{domain}", made.replace("12.34", "12.35"),
        made.replace("+r.", "+b."), f"{stem}@{domain}", "antwort@netz.example", "", "antwort+@netz.example",
        made.replace("12.34.", "12.34.."), f"{local}@", "ä" * 300, made + "\n" + made,
    ]  # fmt: skip
    with app.app_context():
        assert [addresses.read(each) for each in forged] == [None] * len(forged)


def test_another_secret_makes_other_addresses(app, monkeypatch):
    set_up(app, monkeypatch)
    made = address(app)
    set_up(app, monkeypatch, secret_key="another")
    with app.app_context():
        assert addresses.read(made) is None


def test_without_a_reply_address_there_are_none(app, monkeypatch):
    set_up(app, monkeypatch, mail_reply_address="")
    assert address(app) is None


def test_no_address_is_longer_than_servers_take(app, monkeypatch):
    set_up(app, monkeypatch, mail_reply_address="zwanzig.zeichen.hier@netz.example")
    made = address(app, "r", "1234567.1234567.1234")
    assert len(made.partition("@")[0]) <= 64
    with app.app_context():
        for kind, payload in [
            ("r", "1" * 40),
            ("r", "A"),
            ("r", "a..b"),
            ("R", "1"),
            ("r", "a@b"),
        ]:
            with pytest.raises(ValueError):
                addresses.make(kind, payload)


def test_our_own_senders_are_known(app, monkeypatch):
    set_up(app, monkeypatch)
    with app.app_context():
        assert addresses.is_ours("netzwerk@netz.example")
        assert addresses.is_ours("antwort+r.1.abc@netz.example")
        assert not addresses.is_ours("petra.linse@optik.example")
        assert not addresses.is_ours("")


@pytest.mark.parametrize(
    ("other", "is_same"),
    [
        ("Eva@Gross.Example", True), (" eva@gross.example", True),
        ("eva@groß.example", False), ("eva@groſs.example", False), ("eva.@gross.example", False), ("", False),
    ],
)  # fmt: skip
def test_two_addresses_are_one_by_their_capitals_only(other: str, is_same: bool) -> None:
    assert addresses.are_same("eva@gross.example", other) is is_same
