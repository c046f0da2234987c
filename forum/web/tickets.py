"""Signed tickets in addresses that work without signing in: whoever holds one may do the one thing it says."""

from flask import current_app
from itsdangerous import BadSignature, URLSafeSerializer

from forum.core.errors import NotFound

#: For the links that stop mails: whose, and about what.
STOP_MAILS = "stop-mails"
#: For the names of threads in mail programs; what they carry is thrown away, their signatures are the names.
THREAD = "thread"


def write_ticket(purpose: str, *values: int | str) -> str:
    """A ticket for `purpose` that carries these values; it holds until the house gets a new secret."""
    ticket = _signer(purpose).dumps(values)
    return ticket if isinstance(ticket, str) else ticket.decode()


def read_ticket(purpose: str, ticket: str) -> list[int | str]:
    """What the ticket carries; `NotFound` for one that was not written here for this purpose."""
    try:
        values: list[int | str] = _signer(purpose).loads(ticket)
    except BadSignature:
        raise NotFound from None
    return values


def _signer(purpose: str) -> URLSafeSerializer:
    return URLSafeSerializer(current_app.secret_key or "", salt=f"ticket:{purpose}")
