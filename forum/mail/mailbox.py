"""How the mailbox for answers is doing, for administrators: the last visit's fault, in words that say what to do."""

import sqlalchemy as sa
from flask import current_app
from flask_babel import gettext as _

from forum.core.access import Viewer
from forum.core.db import db
from forum.core.errors import NotFound
from forum.jobs.models import Job

#: The work that fetches mail.
FETCHING = "mail.fetch"


def mailbox_trouble(viewer: Viewer) -> str:
    """What keeps mail from being fetched; "" if nothing does, or no mailbox is set. `NotFound` for others."""
    if not viewer.is_administrator:
        raise NotFound
    if not current_app.extensions["settings"].imap_host:
        return ""
    fault = db.session.scalar(sa.select(Job.last_error).where(Job.name == FETCHING)) or ""
    kind = fault.partition(",")[0]
    if not kind:
        return ""
    if kind == "SignInRefused":
        return str(
            _("Das Postfach für Antworten nimmt Name oder Passwort nicht an. Bitte prüf die Einstellungen.")
        )
    if kind == "FolderMissing":
        return str(_("Im Postfach für Antworten gibt es den eingestellten Ordner nicht."))
    if kind == "SSLCertVerificationError":
        return str(
            _("Das Postfach für Antworten weist sich nicht aus: Sein Zertifikat gilt nicht für diesen Namen.")
        )
    return str(_("Das Postfach für Antworten ist nicht zu erreichen. Wir versuchen es jede Minute wieder."))
