"""Passkeys without a browser: what is refused. The whole way is in tests/journeys/test_passkeys.py."""

import hashlib
import json
from base64 import urlsafe_b64decode

import pytest
from webauthn.helpers import bytes_to_base64url, encode_cbor

from forum.accounts.models import Passkey
from forum.accounts.service import passkeys
from forum.accounts.service.passkeys import Place
from forum.core.clock import now
from forum.core.db import db, unit_of_work
from forum.core.errors import Invalid
from tests.accounts.conftest import PASSWORD

PLACE = Place("https://netz.example")


def forged_registration(challenge: bytes) -> str:
    """What a program without any device would send: a key of its own and no attestation."""
    client_data = json.dumps(
        {"type": "webauthn.create", "challenge": bytes_to_base64url(challenge), "origin": PLACE.origin}
    ).encode()
    key = encode_cbor({1: 2, 3: -7, -1: 1, -2: b"\x01" * 32, -3: b"\x02" * 32})
    body = hashlib.sha256(b"netz.example").digest() + b"\x45" + b"\0" * 4 + b"\0" * 16 + b"\0\x04forg" + key
    attestation = encode_cbor({"fmt": "none", "attStmt": {}, "authData": body})
    return json.dumps(
        {
            "id": bytes_to_base64url(b"forg"),
            "rawId": bytes_to_base64url(b"forg"),
            "type": "public-key",
            "response": {
                "clientDataJSON": bytes_to_base64url(client_data),
                "attestationObject": bytes_to_base64url(attestation),
            },
        }
    )


@pytest.mark.parametrize(
    ("origin", "works"),
    [
        ("https://netz.example", True),
        ("http://localhost:8000", True),
        ("http://netz.example", False),
        ("http://127.0.0.1:8000", False),
        ("https://[::1]", False),
    ],
)
def test_passkeys_need_a_name_and_a_safe_way(origin, works):
    assert Place(origin).takes_passkeys is works


def test_a_challenge_is_given_for_the_password_only(cast, browse, give_password):
    give_password(cast.petra)
    client = browse(cast.petra)
    refused = client.send("/account/passkeys/challenge", password="geraten oder so")
    assert (refused.status_code, "jetziges Passwort" in refused.json["error"]) == (422, True)
    offered = client.send("/account/passkeys/challenge", password=PASSWORD)
    assert offered.status_code == 200
    assert offered.json["authenticatorSelection"]["userVerification"] == "required"
    assert browse().send("/account/passkeys/challenge", password=PASSWORD).status_code == 401


def test_without_a_challenge_no_passkey_is_added_not_even_for_an_empty_one(app, cast, browse):
    client = browse(cast.petra)
    sent = client.send("/account/passkeys", name="Fremd", credential=forged_registration(b""))
    assert sent.status_code == 422
    client.send("/sign-in/passkey/challenge")  # a challenge to sign in is none to make a passkey
    with client.session_transaction() as session:
        challenge = next(value for name, value in session.items() if name.startswith("passkey"))
    forged = forged_registration(urlsafe_b64decode(challenge))
    assert client.send("/account/passkeys", name="Fremd", credential=forged).status_code == 422
    with app.app_context():
        assert db.session.query(Passkey).count() == 0


def test_the_forged_answer_would_be_taken_for_its_own_challenge(app, cast):
    """So the tests above refuse it for the challenge, and for nothing else."""
    with app.test_request_context(), unit_of_work():
        codes = passkeys.add(cast.petra.viewer, PLACE, "Probe", forged_registration(b"c" * 32), b"c" * 32)
        assert len(codes) == 10
    with app.test_request_context(), pytest.raises(Invalid), unit_of_work():
        passkeys.add(cast.petra.viewer, PLACE, "Probe", forged_registration(b"c" * 32), b"d" * 32)


@pytest.mark.parametrize(
    "answer", ["", "{}", "null", "[]", "x" * 1000, '{"id": 1, "rawId": 2}', '{"id": "ä"}']
)
def test_nonsense_is_no_passkey(cast, browse, answer):
    client = browse()
    client.send("/sign-in/passkey/challenge")
    assert client.send("/sign-in/passkey", credential=answer).status_code == 422


def test_a_passkey_is_removed_by_its_owner_only(app, cast, browse):
    with app.app_context(), unit_of_work():
        passkey = Passkey(
            member_id=cast.petra.id, name="Telefon", credential_id=b"x", public_key=b"y", created_at=now()
        )
        db.session.add(passkey)
    assert browse(cast.olga).send(f"/account/passkeys/{passkey.id}/delete").status_code == 404
    assert browse(cast.petra).send(f"/account/passkeys/{passkey.id}/delete").status_code == 303
    assert browse(cast.petra).send(f"/account/passkeys/{passkey.id}/delete").status_code == 404
