"""How often one person may do a thing; counted per member, or per address for visitors."""

from hashlib import sha256
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any

from flask import g
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address


def network_address() -> str:
    """Where the request comes from. Of IPv6 the /64: all its addresses are one household's to take turns with."""
    try:
        address = ip_address(get_remote_address())
    except ValueError:
        return get_remote_address()
    if isinstance(address, IPv6Address) and address.ipv4_mapped is None:
        return str(ip_network((int(address), 64), strict=False))
    return str(address)


def _who() -> str:
    viewer = g.get("viewer")
    return f"member:{viewer.member_id}" if viewer and viewer.is_signed_in else network_address()


limiter = Limiter(key_func=_who, headers_enabled=False)

#: Shared by every verb that writes text for others to read.
POSTING = "20 per minute; 300 per hour"
#: Guessing at secrets: passwords, codes, invitation and reset tokens.
GUESSING = "10 per minute; 60 per hour"
#: Things that send mail.
MAILING = "5 per minute; 30 per hour"

#: How long Redis may take to answer, in seconds; then each process counts for itself until it is back.
_PATIENCE = {"socket_timeout": 1.0, "socket_connect_timeout": 1.0}


def storage(redis_url: str, secret: str) -> dict[str, Any]:
    """Settings for Flask: where it is counted, in this process or in Redis for all processes together."""
    if not redis_url:
        return {"RATELIMIT_STORAGE_URI": "memory://"}
    return {
        "RATELIMIT_STORAGE_URI": f"redis+{redis_url}" if redis_url.startswith("unix:") else redis_url,
        "RATELIMIT_STORAGE_OPTIONS": _PATIENCE,
        # Two installations may share a Redis; their secrets differ.
        "RATELIMIT_KEY_PREFIX": "network" + sha256(secret.encode()).hexdigest()[:12],
        "RATELIMIT_IN_MEMORY_FALLBACK_ENABLED": True,
    }
