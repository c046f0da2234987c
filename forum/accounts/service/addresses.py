"""A new e-mail address, proven by a link that is mailed to it."""

from collections.abc import Callable
from datetime import timedelta

from flask_babel import gettext as _

from forum.accounts.models import Safety, Token, TokenKind
from forum.accounts.service import passwords, safety, tokens
from forum.audit.service import record
from forum.core.access import Viewer
from forum.core.db import db
from forum.core.errors import Invalid, NotFound
from forum.mail.service import send
from forum.members.models import Member
from forum.members.service import change_address, clean_address, find_by_address, get_own, key_of
from forum.notifications.service.preferences import note_arrival, revoke_links

#: How long the link to the new address is good.
CHANGE_LIFE = timedelta(hours=24)


def request_change(viewer: Viewer, password: str, address: str, link_to: Callable[[str], str]) -> None:
    """Mail a link to the new address. An address that has an account gets a mail as well, which says so there."""
    passwords.require_own(viewer, password)
    member = get_own(viewer)
    address = clean_address(address)
    if key_of(address) == member.email_key:
        raise Invalid(_("Das ist schon deine Adresse."), "email")
    token = tokens.issue(TokenKind.ADDRESS, address, CHANGE_LIFE, member_id=member.id)
    if find_by_address(address) is None:
        text = _(
            "Hallo %(name)s,\n\n"
            "bitte bestätige, dass wir dir ab jetzt an diese Adresse schreiben:\n\n%(link)s\n\n"
            "Der Link gilt einen Tag. Weißt du nichts davon, musst du nichts tun.\n",
            name=member.name,
            link=link_to(token),
        )
    else:
        text = _(
            "Guten Tag,\n\n"
            "jemand wollte diese Adresse für ein anderes Konto eintragen. Sie gehört aber schon zu deinem Konto, "
            "und dabei bleibt es. Du musst nichts tun.\n"
        )
    send(address, _("Nachricht aus dem Netzwerk"), text, about="account")


def get_change(token: str) -> Token:
    """The change that the link stands for, or `NotFound`."""
    return tokens.find(TokenKind.ADDRESS, token)


def confirm_change(token: str) -> None:
    """Use the link up: the member's address is the new one, and the old one gets a last mail."""
    found = tokens.use(TokenKind.ADDRESS, token)
    if find_by_address(found.address) is not None:
        raise NotFound
    member = db.session.get_one(Member, found.member_id)
    old = member.email
    change_address(member, found.address)
    note_arrival(Viewer(member.id))  # what came back came from the old one
    revoke_links(Viewer(member.id))  # who reads the mails there shall not go on stopping and answering
    tokens.discard(member.id)
    record(Viewer(member.id), "address.changed", member.id)
    safety.show(member.id, Safety.ADDRESS)
    send(
        old,
        _("Nachricht aus dem Netzwerk"),
        _(
            "Hallo %(name)s,\n\n"
            "für dein Konto gilt ab jetzt eine andere E-Mail-Adresse. An diese hier schreiben wir nicht mehr.\n\n"
            "Warst du das nicht? Gib der Administration des Netzwerks Bescheid.\n",
            name=member.name,
        ),
        about="account",
    )
