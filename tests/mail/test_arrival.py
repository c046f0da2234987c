"""Does mail arrive: what the DNS and the server say, and what is made of it."""

import dataclasses
import time
from contextlib import suppress

import pytest

from forum.mail import arrival, sentences
from forum.mail.arrival import Check, Resolver, State, Unanswered, check_arrival
from forum.mail.dkim import make_key, signer_of
from tests.mail.server import free_port

GOOD = {
    ("werk.example.org", "MX"): ["10 mail.werk.example.org."],
    ("werk.example.org", "TXT"): ["something else", "v=spf1 mx -all"],
    ("mail.werk.example.org", "A"): ["192.0.2.7"],
    ("smtp.werk.example.org", "A"): ["192.0.2.7"],
    ("_dmarc.werk.example.org", "TXT"): ["v=DMARC1; p=reject"],
    ("netz.werk.example.org", "A"): ["192.0.2.8"],
}
DOMAIN = "werk.example.org"


class Names:
    """A DNS of our own."""

    def __init__(self, **records):
        self.records = dict(GOOD)
        self.asked = []

    def ask(self, name, kind):
        self.asked.append(name)
        answer = self.records.get((name, kind), [])
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def settings(app, mailbox):
    return dataclasses.replace(
        app.extensions["settings"],
        public_url="https://netz.werk.example.org",
        mail_from=f"netz@{DOMAIN}",
        mail_reply_address="",
        smtp_host="127.0.0.1",
        smtp_port=mailbox.port,
        smtp_security="none",
        operator_name="Netz e. V.",
        operator_address="Straße 1, 10000 Berlin",
        operator_email="netz@werk.example.org",
    )


@pytest.fixture
def names():
    return Names()


@pytest.fixture
def check(context, settings, names):
    """The finding of one check; its sentences can be said."""

    def ask(which, **changes):
        found = check_arrival(dataclasses.replace(settings, **changes), names)
        assert [finding.check for finding in found] == list(Check)
        for finding in found:
            assert "%(" not in sentences.check_name(finding.check) + sentences.outcome(
                finding
            ) + sentences.advice(finding)
            assert bool(sentences.advice(finding)) == (finding.state is not State.FINE)
        return next(finding for finding in found if finding.check is which)

    return ask


def of(check, which, **changes):
    found = check(which, **changes)
    return found.state, found.code


def test_a_server_that_lets_us_in_is_fine_and_others_say_what_is_wrong(check):
    assert of(check, Check.SERVER) == (State.FINE, "server.fine")
    assert of(check, Check.SERVER, smtp_host="") == (State.WRONG, "server.none")
    assert of(check, Check.SERVER, smtp_port=free_port()) == (State.WRONG, "server.unreachable")
    assert of(check, Check.SERVER, smtp_security="starttls") == (State.WRONG, "server.encryption")
    assert of(check, Check.SERVER, smtp_user="x", smtp_password="y") == (State.WRONG, "server.login")


def test_a_domain_that_takes_mail_is_fine(check, names):
    assert of(check, Check.DOMAIN) == (State.FINE, "domain.fine")
    names.records[DOMAIN, "MX"] = ["0 ."]
    assert of(check, Check.DOMAIN) == (State.WRONG, "domain.takes_none")
    names.records[DOMAIN, "MX"] = []
    assert of(check, Check.DOMAIN) == (State.WRONG, "domain.none")
    names.records[DOMAIN, "AAAA"] = ["2001:db8::1"]
    assert of(check, Check.DOMAIN) == (State.BETTER, "domain.no_mx")
    assert of(check, Check.DOMAIN, mail_from="netz@localhost") == (State.WRONG, "domain.local")


@pytest.mark.parametrize(
    ("record", "found"),
    [
        ("v=spf1 mx -all", "spf.fine"),
        ("v=spf1 ip4:192.0.2.0/24 ~all", "spf.fine"),
        ("V=SPF1 +a:smtp.werk.example.org -all", "spf.fine"),
        ("v=spf1 a:other.example.org/24 -all", "spf.fine"),
        ("v=spf1 include:_spf.anbieter.example.org -all", "spf.fine"),
        ("v=spf1 redirect=_spf.anbieter.example.org", "spf.fine"),
        ("v=spf1 ip4:198.51.100.1 -all", "spf.not_named"),
        ("v=spf1 -mx ~all", "spf.not_named"),
        ("v=spf1 include:nobody.example.org ip4:broken exists:%{i}.x -all", "spf.not_named"),
        ("v=spf1 include:werk.example.org -all", "spf.not_named"),
        ("v=spf1 mx +all", "spf.everybody"),
        ("v=spf1 all", "spf.everybody"),
        ("v=spf10 mx -all", "spf.none"),
        ("", "spf.none"),
    ],
)
def test_spf_says_whether_the_server_may_send(check, names, record, found):
    names.records["other.example.org", "A"] = ["192.0.2.200"]
    names.records["_spf.anbieter.example.org", "TXT"] = ["v=spf1 ip6:2001:db8::/32 ip4:192.0.2.7 -all"]
    names.records[DOMAIN, "TXT"] = [record]
    finding = check(Check.SPF, smtp_host="smtp.werk.example.org", smtp_port=1)
    assert finding.code == found
    assert len(names.asked) < 60
    if found in {"spf.none", "spf.not_named"}:
        assert finding.record.text.startswith("v=spf1 a:smtp.werk.example.org ")


def test_without_a_domain_of_ones_own_no_records_are_proposed(check):
    for which in (Check.SPF, Check.DMARC):
        finding = check(which, mail_from="netz@localhost")
        assert (finding.state, finding.code, finding.record) == (State.UNKNOWN, "domain.first", None)


def test_a_server_known_by_its_number_is_named_by_it(check, names):
    names.records[DOMAIN, "TXT"] = []
    finding = check(Check.SPF, smtp_host="192.0.2.9", smtp_port=1)
    assert finding.record.text == "v=spf1 ip4:192.0.2.9 ~all"


def test_two_spf_records_are_none(check, names):
    names.records[DOMAIN, "TXT"] = ["v=spf1 mx -all", "v=spf1 a -all"]
    assert of(check, Check.SPF) == (State.WRONG, "spf.several")


def test_spf_is_asked_of_the_domain_that_reports_come_to(check, names):
    names.records["antwort.example.org", "TXT"] = ["v=spf1 +all"]
    assert of(check, Check.SPF, mail_reply_address="a@antwort.example.org")[1] == "spf.everybody"


def test_dkim_compares_the_published_key_with_ours(check, names, settings, tmp_path):
    assert of(check, Check.DKIM) == (State.BETTER, "dkim.none")
    files = [tmp_path / "one.pem", tmp_path / "two.pem"]
    for file in files:
        make_key(file, "rsa")
    ours = {"dkim_selector": "s1", "dkim_key": str(files[0])}
    record, other = (
        signer_of(dataclasses.replace(settings, dkim_selector="s1", dkim_key=str(file))).record
        for file in files
    )
    place = f"s1._domainkey.{DOMAIN}"
    finding = check(Check.DKIM, **ours)
    assert (finding.code, finding.record.name, finding.record.text) == ("dkim.not_published", place, record)
    for published, code in (
        (record, "dkim.fine"),
        (record.replace("; ", ";").replace("p=", "p= "), "dkim.fine"),
        (f"{record}; t=y:s", "dkim.testing"),
        (other, "dkim.other_key"),
        ("v=DKIM1; p=", "dkim.other_key"),
    ):
        names.records[place, "TXT"] = [published]
        assert of(check, Check.DKIM, **ours)[1] == code
    assert of(check, Check.DKIM, dkim_selector="s1", dkim_key="/no/file") == (State.WRONG, "dkim.bad_key")


@pytest.mark.parametrize(
    ("place", "records", "found"),
    [
        (DOMAIN, ["v=DMARC1; p=quarantine"], "dmarc.fine"),
        (DOMAIN, ["v=DMARC1; p=none; sp=reject"], "dmarc.only_watches"),
        (DOMAIN, ["v=DMARC1; p=none", "v=DMARC1; p=reject"], "dmarc.several"),
        (DOMAIN, ["anything"], "dmarc.none"),
        ("example.org", ["v=DMARC1;p=reject"], "dmarc.fine"),
        ("example.org", ["v=DMARC1; p=reject; sp=none"], "dmarc.only_watches"),
        ("org", ["v=DMARC1; p=reject"], "dmarc.none"),
    ],
)
def test_dmarc_is_looked_for_at_the_domain_and_above(check, names, place, records, found):
    del names.records[f"_dmarc.{DOMAIN}", "TXT"]
    names.records[f"_dmarc.{place}", "TXT"] = records
    finding = check(Check.DMARC)
    assert finding.code == found
    if found == "dmarc.none":
        assert finding.record.name == f"_dmarc.{DOMAIN}"
        assert finding.record.text == "v=DMARC1; p=quarantine; rua=mailto:netz@werk.example.org"


def test_the_networks_own_address_must_be_one_that_others_reach(check, names):
    assert of(check, Check.SITE) == (State.FINE, "site.fine")
    assert of(check, Check.SITE, public_url="http://netz.werk.example.org")[1] == "site.open"
    assert of(check, Check.SITE, public_url="http://127.0.0.1:8000")[1] == "site.local"
    names.records["netz.werk.example.org", "A"] = []
    assert of(check, Check.SITE) == (State.WRONG, "site.none")


def test_the_imprint_must_be_complete(check):
    assert of(check, Check.IMPRINT) == (State.FINE, "imprint.fine")
    finding = check(Check.IMPRINT, operator_email="")
    assert (finding.state, dict(finding.values)) == (State.WRONG, {"names": "NETWORK_OPERATOR_EMAIL"})


def test_without_a_network_the_checks_say_so_and_what_needs_none_is_checked(check, names):
    names.records = {
        (place, kind): Unanswered("NoNameservers")
        for place in (DOMAIN, f"_dmarc.{DOMAIN}", "netz.werk.example.org")
        for kind in ("MX", "A", "AAAA", "TXT")
    }
    for which in (Check.DOMAIN, Check.SPF, Check.DMARC, Check.SITE):
        finding = check(which)
        assert finding.state is State.UNKNOWN
        assert "NoNameservers" in sentences.outcome(finding)
    assert of(check, Check.IMPRINT)[0] is State.FINE


def test_an_answer_that_does_not_come_is_not_waited_for(context, settings, monkeypatch):
    monkeypatch.setattr(arrival, "_ALL", 0.3)

    class Slow:
        def ask(self, name, kind):
            time.sleep(1)
            return []

    began = time.monotonic()
    found = check_arrival(settings, Slow())
    assert time.monotonic() - began < 0.9
    states = {finding.check: finding.state for finding in found}
    assert states[Check.DOMAIN] is State.UNKNOWN
    assert states[Check.IMPRINT] is State.FINE


def test_the_machines_own_dns_is_asked_within_seconds(monkeypatch):
    """There may be a network here or none: either way there is an answer soon."""
    monkeypatch.setattr(arrival, "_QUESTION", 0.5)
    began = time.monotonic()
    with suppress(Unanswered):
        assert Resolver().ask("no-such-name.invalid", "TXT") == []
    assert time.monotonic() - began < 3


def test_every_sentence_has_what_stands_in_it():
    assert all(outcome for outcome, _advice in sentences._FINDINGS.values())
