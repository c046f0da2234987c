"""Who sent it: one sender or none; proven only by the words of our own server."""

import pytest

from forum.mail.letters.mime import read_header
from forum.mail.letters.proof import is_proven, sender_of

PETRA = "petra.linse@optik.example"


@pytest.mark.parametrize(
    ("header", "sender"),
    [
        ("From: Petra <Petra.Linse@Optik.example>", PETRA),
        ("From: petra.linse@optik.example", PETRA),
        ("From: petra.linse@optik.example (Petra)", PETRA),
        ('From: "Linse, Petra" <petra.linse@optik.example>', PETRA),
        ("From: Linse, Petra <petra.linse@optik.example>", PETRA),
        ('From: "a@b.example" <petra.linse@optik.example>', PETRA),
        ("From: petra.linse@optik.example <petra.linse@optik.example>", PETRA),
        ("From: <petra.linse@optik.example> <eva@boese.example>", ""),
        ("From: a@b.example, Petra <petra.linse@optik.example>", ""),
        ("From: petra.linse@optik.example, a@b.example", ""),
        ("From: Petra <petra.linse@optik.example>, a@b.example", ""),
        ("From: petra.linse@optik.example\nFrom: eva@boese.example", ""),
        ("From: petra.linse@optik.example(<eva@boese.example>", ""),
        ("From: =?utf-8?q?petra.linse=40optik.example?= <eva@boese.example>", "eva@boese.example"),
        ("From: Gruppe:;", ""), ("From:", ""), ("X: y", ""), ("From: <@>", ""),
    ],
)  # fmt: skip
def test_there_is_one_sender_or_none(header, sender):
    assert sender_of(read_header(header.encode() + b"\n\n")) == sender


@pytest.mark.parametrize(
    ("lines", "proven"),
    [
        (["mx.netz.example; dmarc=pass header.from=optik.example"], True),
        (["MX.netz.example 1; spf=fail smtp.mailfrom=x.example; dmarc=pass"], True),
        (["mx.netz.example; spf=pass smtp.mailfrom=petra@optik.example"], True),
        (["mx.netz.example; dkim=pass (2048) header.d=mail.optik.example header.i=@mail.optik.example"], True),
        (["mx.netz.example; spf=pass smtp.mailfrom=eva@boese.example; dkim=pass header.d=boese.example"], None),
        (["mx.netz.example; spf=pass smtp.mailfrom=x@example"], None),
        (["mx.netz.example; spf=pass smtp.mailfrom=x@boeseoptik.example"], None),
        (["mx.netz.example; dmarc=fail; spf=pass smtp.mailfrom=optik.example"], False),
        (["mx.netz.example; spf=fail smtp.mailfrom=optik.example"], False),
        (["mx.netz.example; none"], None),
        (["mx.boese.example; dmarc=pass header.from=optik.example"], None),
        (["mx.netz.example; dmarc=fail", "mx.netz.example; dmarc=pass"], False),
        (["relay.example; dmarc=pass", "mx.netz.example; dmarc=fail"], False),
        (["mx.netz.example; (dmarc=pass;) dmarc=fail"], False),
        (["mx.netz.example (dmarc=pass); none"], None),
        ([], None),
    ],
)  # fmt: skip
def test_only_the_topmost_words_of_our_own_server_count(lines, proven):
    head = "".join(f"Authentication-Results: {line}\n" for line in lines) + f"From: {PETRA}\n\n"
    assert is_proven(read_header(head.encode()), PETRA, "mx.netz.example") is proven
    assert is_proven(read_header(head.encode()), PETRA, "") is None


@pytest.mark.parametrize(
    "said",
    [
        'spf=pass smtp.mailfrom="petra.linse@optik.example"@boese.example',
        'spf=pass smtp.mailfrom="petra.linse@optik.example"."x"@boese.example',
        'spf=pass smtp.mailfrom="x; dmarc=pass "@boese.example',
        'spf=pass smtp.mailfrom="a\\"; dmarc=pass "@boese.example',
        'spf=pass smtp.mailfrom="a;dkim=pass header.d=optik.example "@boese.example',
        'spf=pass (domain of "a);dmarc=pass ("@boese.example) smtp.mailfrom=x@boese.example',
        "spf=pass (domain of (a) ; dmarc=pass ; ) smtp.mailfrom=x@boese.example",
        "spf=pass smtp.mailfrom=x@boese.example smtp.helo=x.smtp.mailfrom=optik.example",
        "spf=pass smtp.mailfrom=x@boese.example smtp.helo=smtp.mailfrom=optik.example",
        "dkim=pass header.s=a.header.d=optik.example header.d=boese.example",
        "dkim=pass header.d=boese.example header.i=header.d=optik.example",
        f"spf=pass smtp.mailfrom={'x' * 64}@{'y' * 171}.optik.example.boese.example",
        f"dkim=pass header.d=boese.example;{' x' * 1966} dkim=pass header.d=optik.example.boese.example",
        "dmarc=passed; spf=passed smtp.mailfrom=optik.example",
        f"spf=pass {'(' * 3000}{')' * 500} smtp.mailfrom=optik.example",
    ],
)  # fmt: skip
def test_what_a_stranger_put_into_the_words_of_our_server_proves_nothing(said):
    """Envelope, greeting, selector: our server repeats them, with the quotes and comments they need."""
    head = f"Authentication-Results: mx.netz.example; {said}\nFrom: {PETRA}\n\n"
    assert is_proven(read_header(head.encode()), PETRA, "mx.netz.example") is None


@pytest.mark.parametrize(
    ("said", "proven"),
    [
        ('dkim=pass (2048-bit key) header.d="optik.example" header.b="ab/c+d=="', True),
        ('dkim=pass reason="good; signature" header.d=optik.example', True),
        ("dkim = pass header.d = optik.example", True),
        ("spf=pass (a (very (nested) one) comment) smtp.mailfrom=petra.linse@optik.example", True),
        ("dmarc=pass (p=none dis=none) header.from=optik.example", True),
        ("dmarc=pass header.from=boese.example", False),
    ],
)
def test_the_words_of_our_server_are_understood_as_servers_write_them(said, proven):
    head = f"Authentication-Results: mx.netz.example; {said}\nFrom: {PETRA}\n\n"
    assert is_proven(read_header(head.encode()), PETRA, "mx.netz.example") is proven


def test_a_second_sender_counts_wherever_it_stands_in_the_header():
    between = "X-Filler: y\n" * 1100
    assert sender_of(read_header(f"From: {PETRA}\n{between}From: eva@boese.example\n\n".encode())) == ""
