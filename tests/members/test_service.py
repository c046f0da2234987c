"""Addresses and names of members."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forum.core.db import db, unit_of_work
from forum.core.errors import Invalid
from forum.members.service import add_member, clean_address, find_by_address, key_of


@pytest.mark.parametrize(
    "address", ["a@b.de", " petra.sommer+br@betrieb.example ", "jörg@öl.example", "x@localhost"]
)
def test_addresses_are_taken_as_they_are_written(app, address):
    with app.test_request_context():
        assert clean_address(address) == address.strip()


@pytest.mark.parametrize(
    "address",
    [
        "",
        "ab.de",
        "a@",
        "@b.de",
        "a@b@c.de",
        "a b@c.de",
        "a@b.de, c@d.de",
        "A <a@b.de>",
        "a@b\x00.de",
        "a\u200b@b.de",
    ],
)
def test_what_is_no_address_is_refused(app, address):
    with app.test_request_context(), pytest.raises(Invalid) as refusal:
        clean_address(address)
    assert refusal.value.field == "email"


@given(st.text(max_size=60))
def test_no_address_ever_holds_a_line_end_or_white_space_within(application, text):
    with application.test_request_context():
        try:
            address = clean_address(text + "@b.de")
        except Invalid:
            return
    assert len(address.split()) == 1
    assert address.isprintable()


def test_two_spellings_are_one_address(app):
    assert key_of(" Petra@Betrieb.Example") == key_of("petra@betrieb.example")
    with app.app_context():
        with unit_of_work():
            member = add_member("Petra", "Petra@Betrieb.Example")
        assert find_by_address("petra@betrieb.EXAMPLE").id == member.id
        assert find_by_address("olga@betrieb.example") is None
        assert db.session.get_one(type(member), member.id).email == "Petra@Betrieb.Example"
