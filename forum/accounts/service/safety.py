"""What happens to an account is told to its owner: by mail, whatever was switched off, and under the bell."""

import sqlalchemy as sa
from flask_babel import force_locale
from flask_babel import gettext as _

from forum.accounts.models import ACCOUNT, Safety
from forum.accounts.targets import said_of
from forum.core.access import Viewer
from forum.core.clock import now
from forum.mail.service import send
from forum.members.models import Member
from forum.notifications.models import Kind, Notice
from forum.notifications.service import notices


def tell(member: Member, what: Safety, detail: str = "") -> None:
    """Tell the member what happened. The mail is written at once: whoever did it cannot read it away."""
    with force_locale(member.locale):
        send(
            member.email,
            _("Nachricht aus dem Netzwerk"),
            _(
                "Hallo %(name)s,\n\nmit deinem Konto ist etwas geschehen:\n\n%(news)s\n\n"
                "Warst du das nicht? Fordere auf der Anmeldeseite sofort ein neues Passwort an und gib der "
                "Administration des Netzwerks Bescheid.\n",
                name=member.name,
                news="\n\n".join(filter(None, (said_of(what), detail))),
            ),
            member_id=member.id,
            about="account",
        )
    show(member.id, what)


def show(member_id: int, what: Safety) -> None:
    """Put it under the member's bell; for what is told by a mail that says more."""
    moment = now()
    told = sa.select(sa.literal(member_id))
    # Nothing else numbers these acts; two of a kind in one second are one piece of news.
    notices.notify(Kind.ACCOUNT, ACCOUNT, what, int(moment.timestamp()), told, at=moment, is_mailed=True)


def see(viewer: Viewer) -> None:
    """The viewer has looked at how the account is guarded."""
    things = sa.select(Notice.subject_id).where(
        Notice.member_id == viewer.member_id, Notice.subject == ACCOUNT
    )
    notices.see_those(viewer, ACCOUNT, things)
