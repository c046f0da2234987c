"""The bytes that travel: both parts, headers as they were given, the operator's lines."""

import dataclasses
import email
import email.policy
from datetime import UTC, datetime

import pytest

from forum.mail.composing import Draft, compose, domain_of, wire_address

MOMENT = datetime(2026, 3, 3, 14, 5, tzinfo=UTC)
OPERATOR = {
    "operator_name": "IG Metall Bezirk <Ost>",
    "operator_address": "Alte Jakobstraße 149, 10969 Berlin",
    "public_url": "https://netz.example",
}


@pytest.fixture
def settings(app):
    return dataclasses.replace(app.extensions["settings"], mail_from="netz@werk.example")


def draft(text="Grüße aus Finsterwalde\n", html="", recipient="nina@betrieb.example", **headers):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Draft("<1.a@werk.example>", recipient, "Nachricht aus dem Netzwerk", text, html, named)


def plain(part):
    return part.get_content().replace("\r\n", "\n")


def read(raw):
    return email.message_from_bytes(raw, policy=email.policy.default)


def test_a_text_alone_is_one_part_and_with_html_the_text_comes_first(settings):
    assert read(compose(draft(), settings, MOMENT)).get_content_type() == "text/plain"
    both = read(compose(draft(html="<p>Grüße</p>"), settings, MOMENT))
    assert both.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in both.iter_parts()] == ["text/plain", "text/html"]
    assert "Grüße" in both.get_body(("html",)).get_content()


def test_every_byte_is_plain_and_no_line_is_long(settings):
    raw = compose(draft("Größe " * 300, "<p>" + "ü" * 3000 + "</p>"), settings, MOMENT)
    assert raw.isascii()
    assert max(map(len, raw.split(b"\r\n"))) <= 78
    assert b"\n" not in raw.replace(b"\r\n", b"")


def test_long_headers_stay_as_they_are_and_are_folded_between_words_only(settings):
    link = "<https://netz.example/u/" + "x" * 120 + ">"
    names = [f"<{number}.{'y' * 40}@werk.example>" for number in range(4)]
    raw = compose(
        draft(
            List_Unsubscribe=link,
            References=" ".join(names),
            List_Unsubscribe_Post="List-Unsubscribe=One-Click",
        ),
        settings,
        MOMENT,
    )
    assert b"List-Unsubscribe: " + link.encode() + b"\r\n" in raw
    found = read(raw)
    assert found["references"].split() == names
    assert found["list-unsubscribe-post"] == "List-Unsubscribe=One-Click"
    assert b"=?" not in raw.partition(b"\r\n\r\n")[0]


def test_a_header_with_umlauts_is_written_in_code(settings):
    raw = compose(draft(List_Id="Größe <groesse.werk.example>"), settings, MOMENT)
    assert raw.partition(b"\r\n\r\n")[0].isascii()
    assert read(raw)["list-id"] == "Größe <groesse.werk.example>"


def test_a_mail_says_once_that_nobody_wrote_it_by_hand(settings):
    assert read(compose(draft(), settings, MOMENT)).get_all("auto-submitted") == ["auto-generated"]
    answer = compose(draft(Auto_Submitted="auto-replied"), settings, MOMENT)
    assert read(answer).get_all("auto-submitted") == ["auto-replied"]


@pytest.mark.parametrize("value", ["x\r\nBcc: c@d.de", "x\ny", "x\x00", "ä\r\nBcc: c@d.de"])
def test_a_header_with_a_line_end_is_refused(settings, value):
    with pytest.raises(ValueError):
        compose(draft(List_Id=value), settings, MOMENT)


def test_the_operator_stands_below_both_parts(settings):
    theirs = dataclasses.replace(settings, **OPERATOR)
    mail = read(compose(draft(html="<html><body><p>Grüße</p></body></html>"), theirs, MOMENT))
    assert plain(mail.get_body(("plain",))) == (
        "Grüße aus Finsterwalde\n\n-- \nIG Metall Bezirk <Ost>\nAlte Jakobstraße 149, 10969 Berlin\n"
        "Impressum: https://netz.example/imprint\n"
    )
    html = mail.get_body(("html",)).get_content()
    assert "IG Metall Bezirk &lt;Ost&gt;<br>" in html
    assert html.rstrip().endswith("</p></body></html>")


def test_without_an_operator_nothing_stands_below(settings):
    mail = read(compose(draft(html="<p>Grüße</p>"), settings, MOMENT))
    assert plain(mail.get_body(("plain",))) == "Grüße aus Finsterwalde\n"
    assert plain(mail.get_body(("html",))) == "<p>Grüße</p>\n"


def test_an_address_is_spelled_as_servers_know_it(settings):
    assert wire_address("nina@müller.example") == "nina@xn--mller-kva.example"
    assert wire_address("nina@betrieb.example") == "nina@betrieb.example"
    with pytest.raises(ValueError):
        wire_address("nina@" + "ü" * 80 + ".example")
    assert "jörg@betrieb.example".encode() in compose(
        draft(recipient="jörg@betrieb.example"), settings, MOMENT
    )


def test_the_domain_is_what_stands_behind_the_at():
    assert domain_of("Netz <netz@Werk.Example>") == "werk.example"
    assert domain_of("") == "localhost"
