"""A mail to oneself, to see whether mail arrives."""

from flask_babel import gettext as _

from forum.core.access import Viewer
from forum.core.errors import NotFound
from forum.mail.service import PROBE, send
from forum.members.service import get_own


def send_probe(viewer: Viewer) -> None:
    """Send a mail to the administrator's own address; its state is in the queue (`mail.queries.last_probe`)."""
    if not viewer.is_administrator:
        raise NotFound
    member = get_own(viewer)
    send(
        member.email,
        _("Nachricht aus dem Netzwerk"),
        _(
            "Hallo %(name)s,\n\n"
            "das ist die Probemail, die du eben angefordert hast. Liegt sie im Ordner für Spam, hilft die Seite "
            "„Kommt Mail an?“ weiter.\n",
            name=member.name,
        ),
        member_id=member.id,
        about=PROBE,
    )
