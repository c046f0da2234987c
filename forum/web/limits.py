"""How often one person may do a thing; counted per member, or per address for visitors."""

from flask import g
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address


def _who() -> str:
    viewer = g.get("viewer")
    return f"member:{viewer.member_id}" if viewer and viewer.is_signed_in else get_remote_address()


limiter = Limiter(key_func=_who, headers_enabled=False, storage_uri="memory://")

#: Shared by every verb that writes text for others to read.
POSTING = "20 per minute; 300 per hour"
#: Guessing at secrets: passwords, codes, invitation and reset tokens.
GUESSING = "10 per minute; 60 per hour"
#: Things that send mail.
MAILING = "5 per minute; 30 per hour"
