"""Addresses of ours that say what a mail to them is about, and that nobody else can make.

`antwort+r.12.34.<signature>@netz.example`: a kind, what it names, and a signature over both. Mail programs and
servers may change capitals, so there are none.
"""

import base64
import hmac
import re
from dataclasses import dataclass
from hashlib import sha256

from flask import current_app

from forum.config import Settings

#: RFC 5321 lets the part before the @ be so long.
_LONGEST = 64
_KIND = re.compile(r"[a-z]{1,8}")
_PAYLOAD = re.compile(r"([a-z0-9-]+(\.[a-z0-9-]+)*)?")
_SIGNED = re.compile(r"[^+@\s]{1,64}\+([a-z]{1,8})\.(?:([a-z0-9.-]{1,60})\.)?([a-z2-7]{16})@[^@\s]{1,190}")


@dataclass(frozen=True, slots=True)
class Token:
    """What a signed address says: the kind of thing, and which."""

    kind: str
    payload: str


def make(kind: str, payload: str) -> str | None:
    """The signed address for `payload` (small letters, digits, hyphens, dots, or nothing); None if none are made.

    `ValueError` for what no address can carry, or a result that is too long.
    """
    base = _settings().mail_reply_address
    if not base:
        return None
    if not _KIND.fullmatch(kind) or not _PAYLOAD.fullmatch(payload):
        raise ValueError(f"no address can carry {kind}.{payload}")
    local, _at, domain = base.rpartition("@")
    local = f"{local}+{'.'.join(filter(None, (kind, payload, _signature(kind, payload))))}"
    if len(local) > _LONGEST:
        raise ValueError(f"the address for {kind}.{payload} would be too long")
    return f"{local}@{domain}".lower()


def are_made() -> bool:
    """Whether mail is taken in, so that there are addresses of ours."""
    return bool(_settings().mail_reply_address)


def read(address: str) -> Token | None:
    """What the address says; None if we did not make it."""
    found = _SIGNED.fullmatch(address.strip().strip("<>").lower())
    if not found:
        return None
    kind, payload, signature = found[1], found[2] or "", found[3]
    if not hmac.compare_digest(signature.encode(), _signature(kind, payload).encode()):
        return None
    return Token(kind, payload)


def is_ours(address: str) -> bool:
    """Whether mail from this address is our own: the sender of all mails, or one that takes answers."""
    settings = _settings()
    local, _at, domain = address.lower().rpartition("@")
    own = {settings.mail_from.rpartition("<")[2].rstrip("> ").lower(), settings.mail_reply_address.lower()}
    return bool(address) and f"{local.partition('+')[0]}@{domain}" in own - {""}


def are_same(one: str, other: str) -> bool:
    """Whether both lead to one mailbox: capitals do not count, and nothing else is alike (groß.example is not
    gross.example, and may be somebody else's).
    """
    return one.strip().lower() == other.strip().lower()


def _signature(kind: str, payload: str) -> str:
    key = sha256(b"mail addresses\0" + _settings().secret_key.encode()).digest()
    digest = hmac.digest(key, f"{kind}\0{payload}".encode(), "sha256")
    return base64.b32encode(digest[:10]).decode().lower()


def _settings() -> Settings:
    settings: Settings = current_app.extensions["settings"]
    return settings
