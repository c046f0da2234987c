"""The key pair by which push services know this house (VAPID, RFC 8292); one for all members, made once."""

import base64
import os
import secrets
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

_FILE = "push_key.pem"


def key_file(instance: Path) -> Path:
    """The file with the secret key in the instance folder, readable by its owner only; made if there is none.

    A new key makes all subscriptions worthless: browsers are bound to the one they were given.
    """
    file = instance / _FILE
    if not file.exists():
        _make(file)
    return file


@lru_cache(maxsize=8)
def public_key(instance: Path) -> str:
    """The public key as browsers want it: base64 for addresses, of the uncompressed point."""
    key = serialization.load_pem_private_key(key_file(instance).read_bytes(), password=None)
    point = key.public_key().public_bytes(
        serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
    )
    return base64.urlsafe_b64encode(point).rstrip(b"=").decode()


def _make(file: Path) -> None:
    written = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = file.with_name(f"{_FILE}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as new:
        new.write(written)
    with suppress(FileExistsError):  # another process was faster; both use its key
        os.link(draft, file)
    draft.unlink()
