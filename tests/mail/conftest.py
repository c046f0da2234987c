"""A server that mail goes to, and a postman who brings it there."""

import dataclasses
from collections.abc import Callable, Iterator

import pytest
import sqlalchemy as sa
from flask import Flask

from forum.core.db import db, unit_of_work
from forum.mail.delivery import Postman
from forum.mail.models import OutgoingMail
from forum.mail.service import send
from tests.mail.server import SUBJECT, Mailbox, open_mailbox


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    """A real SMTP server."""
    box, controller = open_mailbox()
    yield box
    controller.stop()


@pytest.fixture
def set_up(app, mailbox, tmp_path, monkeypatch) -> Callable[..., Postman]:
    """A postman of this machine, with further settings."""

    def make(**settings: object) -> Postman:
        given = {
            "instance": tmp_path,
            "smtp_host": "127.0.0.1",
            "smtp_port": mailbox.port,
            "smtp_security": "none",
            "mail_from": "netz@werk.example",
        }
        made = dataclasses.replace(app.extensions["settings"], **(given | settings))
        monkeypatch.setitem(app.extensions, "settings", made)
        return Postman(app, made)

    return make


@pytest.fixture
def postman(set_up) -> Postman:
    return set_up()


@pytest.fixture
def write(app: Flask) -> Callable[..., int]:
    """Write a mail, as a verb would."""

    def put(recipient="nina@betrieb.example", text="Grüße aus Finsterwalde\n", **more) -> int:
        with app.app_context(), unit_of_work():
            return send(recipient, SUBJECT, text, **more)

    return put


@pytest.fixture
def mails(app: Flask) -> Callable[[], list[OutgoingMail]]:
    """All rows as they are now."""

    def read() -> list[OutgoingMail]:
        with app.app_context():
            return list(db.session.scalars(sa.select(OutgoingMail).order_by(OutgoingMail.id)))

    return read


@pytest.fixture
def only(mails) -> Callable[[], OutgoingMail]:
    """The only row as it is now."""

    def read() -> OutgoingMail:
        (mail,) = mails()
        return mail

    return read
