"""Pages about outgoing mail: the queue, and whether mail arrives."""

import dataclasses

import pytest
import sqlalchemy as sa

from forum.accounts.views.mails import NAMES
from forum.core.clock import now
from forum.core.db import db, unit_of_work
from forum.jobs.worker import worker_of
from forum.mail.arrival import Unanswered
from forum.mail.models import OutgoingMail

QUEUE, ARRIVAL = "/administration/mails", "/administration/mails/arrival"


class Nobody:
    """A DNS that does not answer."""

    def ask(self, name, kind):
        raise Unanswered("NoNameservers")


class Empty:
    """A DNS without records."""

    def ask(self, name, kind):
        return []


@pytest.fixture
def put(app):
    def put(**values):
        given = {
            "recipient": "nina@betrieb.example",
            "subject": "x",
            "text": "ein Geheimnis",
            "created_at": now(),
        }
        with app.app_context(), unit_of_work():
            return db.session.scalar(
                sa.insert(OutgoingMail).values(**(given | values)).returning(OutgoingMail.id)
            )

    return put


@pytest.fixture
def names(app, monkeypatch):
    def answer(given, **settings):
        changed = dataclasses.replace(app.extensions["settings"], **settings)
        monkeypatch.setitem(app.extensions, "settings", changed)
        monkeypatch.setitem(app.extensions, NAMES, given)

    return answer


def test_the_queue_says_in_words_where_each_mail_is_and_why(cast, browse, put):
    put(next_try_at=now(), recipient="neu@betrieb.example")
    put(
        next_try_at=now(),
        attempts=2,
        last_error="later: 451 4.7.1 greylisted",
        recipient="bald@betrieb.example",
    )
    put(last_error="no_mailbox: 550 5.1.1 no such user", recipient="weg@betrieb.example")
    put(sent_at=now(), recipient="da@betrieb.example")
    put(sent_at=now(), bounced_at=now(), bounce="552 full", recipient="voll@betrieb.example")
    page = browse(cast.karla).get(QUEUE).get_data(as_text=True)
    for words in (
        "wartet",
        "neuer Versuch folgt",
        "bisher 2 Versuche",
        "nächster Versuch gleich",
        "Die andere Seite bittet um einen späteren Versuch.",
        "Diese Adresse gibt es nicht",
        "550 5.1.1 no such user",
        "verschickt",
        "kam zurück",
        "552 full",
    ):
        assert words in page
    assert "Geheimnis" not in page


def test_the_queue_shows_one_state_alone(cast, browse, put):
    put(next_try_at=now(), recipient="wartet@betrieb.example")
    put(sent_at=now(), recipient="da@betrieb.example")
    karla = browse(cast.karla)
    waiting = karla.get(f"{QUEUE}?state=waiting").get_data(as_text=True)
    assert "wartet@betrieb.example" in waiting
    assert "da@betrieb.example" not in waiting
    assert "Keine Mail in diesem Stand" in karla.get(f"{QUEUE}?state=came_back").get_data(as_text=True)
    assert "da@betrieb.example" in karla.get(f"{QUEUE}?state=nonsense").get_data(as_text=True)


def test_trouble_of_the_house_stands_on_top(cast, browse, put):
    karla = browse(cast.karla)
    put(next_try_at=now())
    assert "nicht erreichbar" not in karla.get(QUEUE).get_data(as_text=True)
    put(next_try_at=now(), last_error="unreachable: refused")
    assert "Der Mailserver ist nicht erreichbar. Alle Mails warten" in karla.get(QUEUE).get_data(as_text=True)


def test_a_mail_given_up_is_tried_again_from_where_one_was(app, cast, browse, put):
    mail_id = put(last_error="no_mailbox: 550 no")
    answer = browse(cast.karla).send(f"{QUEUE}/{mail_id}/attempt", state="given_up")
    assert answer.location.endswith("?state=given_up")
    with app.app_context():
        assert db.session.get_one(OutgoingMail, mail_id).next_try_at is not None


def test_the_checks_run_only_when_asked_for_and_show_what_to_do(cast, browse, names):
    names(Empty(), mail_from="netz@werk.example.org", public_url="https://netz.werk.example.org")
    karla = browse(cast.karla)
    before = karla.get(ARRIVAL).get_data(as_text=True)
    assert "SPF" not in before
    answer = karla.send(ARRIVAL)
    assert answer.status_code == 200
    page = answer.get_data(as_text=True)
    for words in (
        "Wer für die Domain verschicken darf (SPF)",
        "fehlt oder falsch",
        "v=spf1 a:netz.werk.example.org ~all",
        "_dmarc.werk.example.org",
        "Trage ein: NETWORK_OPERATOR_NAME",
        "Wert kopieren",
    ):
        assert words in page
    assert browse(cast.petra).send(ARRIVAL).status_code == 404


def test_without_a_network_the_checks_say_that(cast, browse, names):
    names(Nobody(), mail_from="netz@werk.example.org", public_url="https://netz.werk.example.org")
    page = browse(cast.karla).send(ARRIVAL).get_data(as_text=True)
    assert page.count("nicht prüfbar") == 4
    assert "Es kam keine Antwort (NoNameservers)." in page


def test_a_probe_goes_to_oneself_and_its_state_is_shown(app, cast, browse):
    karla = browse(cast.karla)
    assert "Stand neu laden" not in karla.get(ARRIVAL).get_data(as_text=True)
    assert karla.send(f"{ARRIVAL}/probe").status_code == 303
    page = karla.get(ARRIVAL).get_data(as_text=True)
    assert cast.karla.email in page
    assert "wartet" in page
    worker_of(app).perform_due()
    page = karla.get(ARRIVAL).get_data(as_text=True)
    assert "verschickt" in page
    with app.app_context():
        (mail,) = db.session.scalars(sa.select(OutgoingMail))
        assert (mail.recipient, mail.about, mail.member_id) == (cast.karla.email, "probe", cast.karla.id)
    assert browse(cast.petra).send(f"{ARRIVAL}/probe").status_code == 404
