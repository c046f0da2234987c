"""Signed tickets in addresses that work without signing in: whoever holds one may do the one thing it says."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from flask import current_app
from itsdangerous import BadSignature, URLSafeSerializer

from forum.core.clock import now
from forum.core.errors import NotFound

#: For the links that stop mails: whose, of which series, and about what.
STOP_MAILS = "stop-mails"
#: For the names of threads in mail programs.
THREAD = "thread"


class Ticket(NamedTuple):
    """What a ticket carries, and until when it holds."""

    values: Sequence[int | str]
    ends: datetime


def write_ticket(purpose: str, *values: int | str, ends: datetime) -> str:
    """A ticket for `purpose` that carries these values until the second when it `ends`."""
    return _sign(purpose, int(ends.timestamp()), *values)


def read_ticket(purpose: str, ticket: str) -> Ticket:
    """What the ticket carries; `NotFound` for one that is over, or was not written here for this purpose."""
    try:
        ends, *values = _signer(purpose).loads(ticket)
    except BadSignature:
        raise NotFound from None
    found = Ticket(values, datetime.fromtimestamp(ends, UTC))
    if found.ends < now():
        raise NotFound
    return found


def sign_name(purpose: str, *values: int | str) -> str:
    """A name that is always the same for these values, and from which nobody learns them."""
    return _sign(purpose, *values).rpartition(".")[2]


def _sign(purpose: str, *values: int | str) -> str:
    ticket = _signer(purpose).dumps(values)
    return ticket if isinstance(ticket, str) else ticket.decode()


def _signer(purpose: str) -> URLSafeSerializer:
    return URLSafeSerializer(current_app.secret_key or "", salt=f"ticket:{purpose}")
