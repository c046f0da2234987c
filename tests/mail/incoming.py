"""Mails for tests of what comes in, and somebody who takes them."""

import dataclasses
from email.message import EmailMessage

import sqlalchemy as sa
from flask_babel import get_locale

from forum.core.db import db
from forum.mail import addresses, targets
from forum.mail.models import IncomingMail, OutgoingMail

PETRA = "petra.linse@optik.example"
OWN = {"mail_reply_address": "antwort@netz.example", "mail_from": "Netzwerk <netzwerk@netz.example>"}


class Taker:
    """Takes letters to addresses of kind "t", which are Petra's; `refusal` is what it raises instead.

    `left_out` is what it says it did not take of a letter, `locale` what language Petra reads, and `said` in which
    one it was asked.
    """

    def __init__(self) -> None:
        self.letters = []
        self.refusal = None
        self.left_out = []
        self.locale = "de"
        self.said = []

    def take(self, letter, payload):
        self.said.append(str(get_locale()))
        if self.refusal is not None:
            raise self.refusal
        self.letters.append((letter, payload))
        return self.left_out

    def owner_of(self, payload):
        return None if payload == "revoked" else targets.Owner(3, PETRA, self.locale)


def set_up(app, monkeypatch, **settings):
    """Have mail taken in with these settings; the taker."""
    changed = dataclasses.replace(app.extensions["settings"], **(OWN | settings))
    monkeypatch.setitem(app.extensions, "settings", changed)
    taker = Taker()
    monkeypatch.setitem(targets._takers, "t", targets.Taker(taker.take, taker.owner_of))
    return taker


def address(app, kind="t", payload="7.9"):
    with app.app_context():
        return addresses.make(kind, payload)


def mail(to, text="Wir kommen.", sender=PETRA, **headers):
    """The bytes of a mail; `auto_submitted="…"` sets Auto-Submitted."""
    message = EmailMessage()
    message["From"] = f"Petra Linse <{sender}>"
    message["To"] = to
    message["Subject"] = "Re: Neues im Netzwerk"
    message["Message-ID"] = f"<{abs(hash((to, text, sender)))}@optik.example>"
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    return message.as_bytes()


def incoming(app):
    """The rows of what came in: state and outcome."""
    with app.app_context():
        query = sa.select(IncomingMail).order_by(IncomingMail.id)
        return list(db.session.scalars(query))


def answers(app):
    """What was sent back."""
    with app.app_context():
        query = sa.select(OutgoingMail).where(OutgoingMail.about == "refusal").order_by(OutgoingMail.id)
        return list(db.session.scalars(query))
