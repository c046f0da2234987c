"""Pages about mail: the queue, what came in, and whether mail arrives."""

import dataclasses
import html
import re
import secrets
from datetime import timedelta

import pytest
import sqlalchemy as sa
from bs4 import BeautifulSoup

from forum.accounts.views.mails import NAMES
from forum.core.clock import now
from forum.core.db import db, unit_of_work
from forum.jobs.models import Job
from forum.jobs.worker import worker_of
from forum.mail.arrival import Unanswered
from forum.mail.models import IncomingMail, IncomingState, Outcome, OutgoingMail

QUEUE, ARRIVAL = "/administration/mails", "/administration/mails/arrival"
INCOMING = "/administration/mails/incoming"


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
def come(app):
    """A mail came in, and this became of it."""

    def come(state, outcome, **values):
        digest = secrets.token_hex(32)
        given = {
            "digest": digest,
            "received_at": now(),
            "envelope_to": "",
            "state": state,
            "outcome": outcome,
        }
        with app.app_context(), unit_of_work():
            db.session.execute(sa.insert(IncomingMail).values(**(given | values)))

    return come


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


def test_a_mail_that_has_left_or_is_leaving_is_not_tried_again_and_the_queue_says_so(app, cast, browse, put):
    karla = browse(cast.karla)
    leaving = put(claimed_by="here", next_try_at=now() + timedelta(minutes=9))
    for mail_id, words in ((leaving, "wird gerade verschickt"), (put(sent_at=now()), "schon verschickt")):
        answer = karla.send(f"{QUEUE}/{mail_id}/attempt", state="waiting")
        assert answer.location.endswith("?state=waiting")
        page = karla.get(answer.location).get_data(as_text=True)
        assert f"Diese Mail {'ist ' if 'schon' in words else ''}{words}." in page
        assert "Wir versuchen es gleich" not in page


def test_what_came_in_is_shown_by_what_became_of_it_and_of_whom_only_as_much_as_helps(cast, browse, come):
    come(IncomingState.TAKEN, Outcome.ANSWER, member_id=cast.petra.id, sender_domain="betrieb.example")
    come(
        IncomingState.REFUSED,
        "Dieses Thema ist geschlossen.",
        member_id=cast.manfred.id,
        answered_at=now(),
        sender_domain="betrieb.example",
    )
    come(IncomingState.IGNORED, Outcome.AUTOMATIC, sender_domain="weg.example")
    come(IncomingState.TAKEN, Outcome.BOUNCE, member_id=cast.olga.id, sender_domain="provider.example")
    come(IncomingState.IGNORED, Outcome.STUCK)
    come(IncomingState.WAITING, "", raw=b"Subject: Geheimes\r\n\r\nVertrauliches")
    page = browse(cast.karla).get(INCOMING).get_data(as_text=True)
    for words in (
        f"{cast.petra.name} ",
        "Die Antwort steht im Netzwerk.",
        "Dieses Thema ist geschlossen.",
        "Das Mitglied bekam eine Mail mit dem Grund.",
        "Jemand von weg.example",
        "Darauf antworten wir nie.",
        f"An {cast.olga.name}",
        "Eine unserer Mails kam nicht an.",
        "Ohne erkennbaren Absender",
        "nicht abgeholt",
        "ließ sich nicht abholen",
        "Sie ist noch nicht gelesen.",
    ):
        assert words in page
    assert "Geheimes" not in page
    assert "Vertrauliches" not in page
    assert cast.petra.email not in page


@pytest.mark.parametrize(
    ("fate", "shown"),
    [
        ("taken", "Die Antwort steht"),
        ("refused", "Nein."),
        ("came_back", "kam nicht an"),
        ("ignored", "Rundmail"),
        ("waiting", "noch nicht gelesen"),
    ],
)
def test_what_came_in_can_be_seen_by_its_outcome(cast, browse, come, fate, shown):
    every = [
        (IncomingState.TAKEN, Outcome.ANSWER),
        (IncomingState.REFUSED, "Nein."),
        (IncomingState.TAKEN, Outcome.BOUNCE),
        (IncomingState.IGNORED, Outcome.LIST),
        (IncomingState.WAITING, ""),
    ]
    karla = browse(cast.karla)
    assert "Noch keine Mail" in karla.get(INCOMING).get_data(as_text=True)
    assert "Keine Mail mit diesem Ausgang" in karla.get(f"{INCOMING}?fate={fate}").get_data(as_text=True)
    for state, outcome in every:
        come(state, outcome)
    page = karla.get(f"{INCOMING}?fate={fate}").get_data(as_text=True)
    assert page.count('<li class="guard">') == 1
    assert shown in page
    assert karla.get(f"{INCOMING}?fate=nonsense").get_data(as_text=True).count('<li class="guard">') == 5


def test_many_that_came_in_are_read_page_by_page_with_as_many_queries_as_few(
    cast, browse, come, count_queries
):
    karla = browse(cast.karla)
    come(IncomingState.TAKEN, Outcome.ANSWER, member_id=cast.petra.id)
    karla.get(INCOMING)
    count_queries()
    karla.get(INCOMING)
    few = count_queries()
    for person in [cast.petra, cast.manfred, cast.olga] * 20:
        come(IncomingState.TAKEN, Outcome.ANSWER, member_id=person.id)
    count_queries()
    first = karla.get(INCOMING).get_data(as_text=True)
    assert count_queries() == few
    assert first.count('<li class="guard">') == 50
    (older,) = re.findall(r'href="([^"]*after=[^"]*)"', first)
    assert karla.get(html.unescape(older)).get_data(as_text=True).count('<li class="guard">') == 11


def test_where_nothing_can_come_in_it_is_said_what_to_set(app, cast, browse, names):
    karla = browse(cast.karla)
    reply = {"mail_reply_address": "antwort@netz.example"}
    for settings, words in (
        ({}, "NETWORK_MAIL_REPLY_ADDRESS"),
        (reply, "es ist kein Weg eingestellt"),
        (reply | {"lmtp_bind": "127.0.0.1:8024"}, "an 127.0.0.1:8024"),
        (reply | {"imap_host": "imap.netz.example"}, "wird jede Minute geleert"),
    ):
        names(Empty(), **settings)
        assert words in karla.get(INCOMING).get_data(as_text=True)
    with app.app_context(), unit_of_work():
        values = {"name": "mail.fetch", "arguments": "{}", "created_at": now(), "last_error": "SignInRefused"}
        db.session.execute(sa.insert(Job).values(**values))
    assert "nimmt Name oder Passwort nicht an" in karla.get(INCOMING).get_data(as_text=True)


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


def test_the_way_round_shows_where_one_is_on_the_pages_below_too(browse, cast):
    for path, current in ((QUEUE, "page"), (INCOMING, "true"), ("/administration/members", None)):
        page = BeautifulSoup(browse(cast.karla).get(path).text, "html.parser")
        assert page.select_one(f'nav.rail a[href="{QUEUE}"]').get("aria-current") == current
