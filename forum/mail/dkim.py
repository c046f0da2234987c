"""Signing mail so that others can tell it comes from our domain (DKIM, RFC 6376), and the key for it."""

import base64
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import dkim
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

from forum.config import Settings
from forum.mail.composing import domain_of

_SIGNED = (
    b"from", b"to", b"subject", b"date", b"message-id", b"reply-to", b"references", b"in-reply-to", b"auto-submitted",
    b"list-id", b"list-unsubscribe", b"list-unsubscribe-post", b"mime-version", b"content-type",
    b"content-transfer-encoding",
)  # fmt: skip
#: The kinds of keys; every receiver knows RSA, few know the other.
KINDS = ("rsa", "ed25519")
_HEADER = re.compile(rb"(?m)^([A-Za-z0-9-]+):")
_Key = rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey


class BadKey(Exception):
    """The key cannot be used; the message says why, for operators."""


@dataclass(frozen=True, slots=True)
class Signer:
    """A key with the names it is published under."""

    selector: str
    domain: str
    key: _Key

    @property
    def place(self) -> str:
        """The name in the DNS where the key's record belongs."""
        return f"{self.selector}._domainkey.{self.domain}"

    @property
    def record(self) -> str:
        """The TXT record that tells others the public key."""
        kind, public = _public_part(self.key)
        return f"v=DKIM1; k={kind}; p={base64.b64encode(public).decode()}"

    def sign(self, raw: bytes) -> bytes:
        """The mail with its signature on top. From is signed as often as it may appear: a second one breaks it."""
        there = {name.lower() for name in _HEADER.findall(raw.partition(b"\r\n\r\n")[0])}
        names = [b"from", *(name for name in _SIGNED if name in there)]
        kind, secret = _secret_part(self.key)
        try:
            signature: bytes = dkim.sign(
                raw,
                self.selector.encode(),
                self.domain.encode(),
                secret,
                canonicalize=(b"relaxed", b"relaxed"),
                signature_algorithm=kind,
                include_headers=names,
            )
        except dkim.DKIMException as fault:
            raise BadKey(f"{type(fault).__name__}: {fault}") from fault
        return signature + raw


def signer_of(settings: Settings) -> Signer | None:
    """Who signs our mail; None if nobody shall. `BadKey` if the key is not there or is none."""
    if not (settings.dkim_selector and settings.dkim_key):
        return None
    return load_signer(settings.dkim_selector, domain_of(settings.mail_from), Path(settings.dkim_key))


def load_signer(selector: str, domain: str, file: Path) -> Signer:
    """The signer with the key in the file; `BadKey`."""
    try:
        changed = file.stat().st_mtime_ns
    except OSError as fault:
        raise BadKey(fault.strerror or type(fault).__name__) from fault
    return Signer(selector, domain, _read_key(file, changed))


def make_key(file: Path, kind: str) -> None:
    """A new key of one of `KINDS`, readable by the owner only; `FileExistsError` rather than losing an old one."""
    key = ed25519.Ed25519PrivateKey.generate() if kind == "ed25519" else rsa.generate_private_key(65537, 2048)
    file.parent.mkdir(parents=True, exist_ok=True)
    with open(file, "xb", opener=_open_private) as new:
        new.write(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )


def fields_of(record: str) -> Mapping[str, str]:
    """The fields of a record like "v=DKIM1; p=…", without white space; DMARC's has the same form."""
    parts = (part.partition("=") for part in record.split(";"))
    return {name.strip().lower(): "".join(value.split()) for name, sign, value in parts if sign}


@lru_cache(maxsize=4)
def _read_key(file: Path, _changed: int) -> _Key:
    try:
        key = serialization.load_pem_private_key(file.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as fault:
        raise BadKey(f"{type(fault).__name__}: {fault}") from fault
    if not isinstance(key, rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey):
        raise BadKey("neither RSA nor ed25519")
    return key


def _secret_part(key: _Key) -> tuple[bytes, bytes]:
    """The algorithm, and the key as the signing library wants it."""
    if isinstance(key, rsa.RSAPrivateKey):
        secret = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption(),
        )
        return b"rsa-sha256", secret
    return b"ed25519-sha256", base64.b64encode(key.private_bytes_raw())


def _public_part(key: _Key) -> tuple[str, bytes]:
    if isinstance(key, rsa.RSAPrivateKey):
        public = key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        return "rsa", public
    return "ed25519", key.public_key().public_bytes_raw()


def _open_private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
