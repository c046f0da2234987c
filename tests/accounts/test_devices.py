"""Where a member is signed in."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
import time_machine

from forum.accounts.models import Device
from forum.core.browsers import label_of
from forum.core.clock import now
from forum.core.db import db


@pytest.mark.parametrize(
    ("user_agent", "label"),
    [
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:130.0) Gecko/20100101 Firefox/130.0",
            "Firefox auf Windows",
        ),
        (
            "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/128.0 Safari/537.36 Edg/128.0",
            "Edge auf Windows",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) Version/17.5 Mobile Safari/604.1",
            "Safari auf iPhone",
        ),
        (
            "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/128.0 Mobile Safari/537.36",
            "Chrome auf Android",
        ),
        ("Mozilla/5.0 (Linux; Android 14) SamsungBrowser/25.0 Chrome/121.0", "Samsung Internet auf Android"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 14_5) Version/17.5 Safari/605.1", "Safari auf Mac"),
        ("curl/8", "Ein Browser"),
        ("", "Ein Browser"),
    ],
)
def test_a_device_is_named_in_plain_words(app, user_agent, label):
    with app.test_request_context():
        assert label_of(user_agent) == label


def test_one_device_can_be_signed_out_from_another_but_not_somebody_elses(app, cast, browse):
    phone, desk, stranger = browse(cast.petra), browse(cast.petra), browse(cast.olga)
    with app.app_context():
        ids = db.session.scalars(
            sa.select(Device.id).where(Device.member_id == cast.petra.id).order_by(Device.id)
        ).all()
    assert stranger.send(f"/account/devices/{ids[0]}/delete").status_code == 404
    assert phone.get("/account/security").status_code == 200
    assert desk.send(f"/account/devices/{ids[0]}/delete").status_code == 303
    assert phone.get("/account/security").status_code == 302
    assert desk.get("/account/security").status_code == 200
    assert desk.send(f"/account/devices/{ids[0]}/delete").status_code == 404


def test_signing_out_everywhere_includes_this_device(cast, browse):
    phone, desk, other = browse(cast.petra), browse(cast.petra), browse(cast.olga)
    assert desk.send("/account/devices/delete").status_code == 303
    assert phone.get("/account/security").status_code == 302
    assert desk.get("/account/security").status_code == 302
    assert other.get("/account/security").status_code == 200


def test_the_list_shows_this_device_and_no_dead_ones(cast, browse):
    phone, desk = browse(cast.petra), browse(cast.petra)
    page = desk.get("/account/security").get_data(as_text=True)
    assert page.count("Firefox auf Windows") == 4  # each once as title, once on its button
    assert page.count("dieses Gerät") == 1
    phone.send("/sign-out")
    assert desk.get("/account/security").get_data(as_text=True).count("Firefox auf Windows") == 2


def test_an_expired_device_opens_nothing(cast, browse):
    client = browse(cast.petra)
    assert client.get("/account/security").status_code == 200
    with time_machine.travel(now() + timedelta(days=2), tick=False):
        assert client.get("/account/security").status_code == 302


def test_presence_is_noted_by_writes_and_at_most_once_an_hour(app, cast, browse):
    def last_seen():
        with app.app_context():
            return db.session.scalar(sa.select(Device.last_seen_at))

    client = browse(cast.petra)
    first = last_seen()
    with time_machine.travel(now() + timedelta(minutes=30)):
        client.send("/account/picture/delete")
        assert last_seen() == first
    with time_machine.travel(now() + timedelta(hours=2)):
        client.get("/account/security")
        assert last_seen() == first
        client.send("/account/picture/delete")
        assert last_seen() > first
