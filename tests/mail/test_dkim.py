"""Signed mail proves where it comes from, and that nobody changed it."""

import base64
import dataclasses
import importlib.util
import stat

import dkim
import pytest

from forum.mail.dkim import KINDS, BadKey, fields_of, make_key, signer_of

needs_nacl = pytest.mark.skipif(not importlib.util.find_spec("nacl"), reason="PyNaCl is not installed")
KIND = pytest.mark.parametrize("kind", ["rsa", pytest.param("ed25519", marks=needs_nacl)])


@pytest.fixture
def set_up_key(set_up, tmp_path):
    """A postman who signs, and his signer."""

    def make(kind="rsa"):
        file = tmp_path / f"{kind}.pem"
        if not file.exists():
            make_key(file, kind)
        postman = set_up(dkim_selector="netz2026", dkim_key=str(file))
        return postman, signer_of(postman._settings)

    return make


def holds(raw, signer, records=None):
    """Whether whoever gets the mail finds the signature good, given what the DNS says."""
    records = {signer.place: signer.record} if records is None else records

    def look_up(name, timeout=5):
        found = records.get(name.decode().rstrip("."))
        return found and found.encode()

    return dkim.verify(raw, dnsfunc=look_up)


@KIND
def test_a_signed_mail_holds_at_the_other_end(set_up_key, write, mailbox, kind):
    postman, signer = set_up_key(kind)
    write(
        html="<p>Grüße</p>",
        reply_to="antwort@werk.example",
        headers={"List-Unsubscribe": "<https://x/u>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"},
    )
    assert postman.deliver_due() == 1
    (raw,) = mailbox.raw
    assert holds(raw, signer)
    assert signer.place == "netz2026._domainkey.werk.example"
    ((_to, letter),) = mailbox.letters
    signature = fields_of(letter["dkim-signature"])
    assert (signature["d"], signature["s"], signature["a"]) == ("werk.example", "netz2026", f"{kind}-sha256")
    signed = signature["h"].split(":")
    assert signed.count("from") == 2
    assert {
        "to",
        "subject",
        "date",
        "message-id",
        "reply-to",
        "list-unsubscribe",
        "list-unsubscribe-post",
    } <= {*signed}


def test_what_is_changed_on_the_way_no_longer_holds(set_up_key, write, mailbox):
    postman, signer = set_up_key()
    write()
    postman.deliver_due()
    (raw,) = mailbox.raw
    assert holds(raw, signer)
    assert not holds(raw.replace(b"Finsterwalde", b"Finstenwalde"), signer)
    assert not holds(raw.replace(b"Subject: ", b"Subject: Re: "), signer)
    assert not holds(b"From: chef@werk.example\r\n" + raw, signer)
    assert not holds(raw, signer, {})


def test_a_mail_with_dots_at_line_starts_arrives_as_it_was_signed(set_up_key, write, mailbox):
    postman, signer = set_up_key()
    write(text=".\r\n..\n.zeile\nAnfang\n\n\n")
    postman.deliver_due()
    assert holds(mailbox.raw[0], signer)


def test_without_selector_or_key_nothing_is_signed(set_up, write, mailbox):
    bare = set_up()
    for settings in ({"dkim_selector": "a"}, {"dkim_key": "/no/such/file"}, {}):
        assert signer_of(dataclasses.replace(bare._settings, **settings)) is None
    write()
    bare.deliver_due()
    assert b"DKIM-Signature" not in mailbox.raw[0]


@pytest.mark.parametrize("content", [b"", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"])
def test_a_file_that_is_no_key_is_a_bad_key(set_up, tmp_path, content):
    file = tmp_path / "key.pem"
    file.write_bytes(content)
    postman = set_up(dkim_selector="a", dkim_key=str(file))
    with pytest.raises(BadKey):
        signer_of(postman._settings)
    file.unlink()
    with pytest.raises(BadKey):
        signer_of(postman._settings)


@pytest.mark.parametrize("kind", KINDS)
def test_a_key_is_made_for_the_owner_only_and_never_overwritten(tmp_path, kind):
    file = tmp_path / "keys" / "dkim.pem"
    make_key(file, kind)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    before = file.read_bytes()
    with pytest.raises(FileExistsError):
        make_key(file, kind)
    assert file.read_bytes() == before


def test_a_new_key_in_the_same_file_is_used_from_then_on(set_up_key, tmp_path):
    postman, signer = set_up_key()
    file = tmp_path / "rsa.pem"
    file.unlink()
    make_key(file, "rsa")
    assert signer_of(postman._settings).record != signer.record


@pytest.mark.parametrize("kind", KINDS)
def test_the_command_makes_a_key_and_prints_its_record(app, set_up, tmp_path, kind):
    postman = set_up(public_url="https://netz.example")
    run = app.test_cli_runner().invoke
    answer = run(args=["mail", "key", "--kind", kind])
    assert answer.exit_code == 0, answer.output
    assert "made" in answer.output
    assert "netzwerk._domainkey.werk.example" in answer.output
    again = run(args=["mail", "key"])
    assert "made" not in again.output
    made = dataclasses.replace(
        postman._settings, dkim_selector="netzwerk", dkim_key=str(tmp_path / "dkim.pem")
    )
    record = signer_of(made).record
    assert record in answer.output
    assert record in again.output
    fields = fields_of(record)
    assert (fields["v"], fields["k"]) == ("DKIM1", kind)
    assert base64.b64decode(fields["p"])


def test_the_command_says_what_is_wrong_with_the_file(app, set_up, tmp_path):
    (tmp_path / "key.pem").write_text("no key")
    set_up(dkim_key=str(tmp_path / "key.pem"))
    answer = app.test_cli_runner().invoke(args=["mail", "key"])
    assert answer.exit_code == 1
    assert "key.pem" in answer.output
