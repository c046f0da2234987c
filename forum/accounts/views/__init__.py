"""Accounts over HTTP: parse, call one verb, answer."""

from forum.accounts.views import (
    addresses,
    administration,
    devices,
    invitations,
    jobs,
    joining,
    mails,
    passkeys,
    passwords,
    profile,
    second_factor,
    sessions,
)
from forum.accounts.views.blueprint import bp
from forum.accounts.views.identity import find_signed_in

__all__ = [
    "addresses",
    "administration",
    "bp",
    "devices",
    "find_signed_in",
    "invitations",
    "jobs",
    "joining",
    "mails",
    "passkeys",
    "passwords",
    "profile",
    "second_factor",
    "sessions",
]
