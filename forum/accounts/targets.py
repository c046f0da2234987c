"""The safety of somebody's account as something that they are told of."""

from collections.abc import Collection

from flask_babel import lazy_gettext as _l

from forum.accounts.models import ACCOUNT, Safety
from forum.core.access import Viewer
from forum.notifications.targets import Entry, Since, describes

_SAID = {
    Safety.PASSWORD: _l("Dein Passwort wurde geändert; alle anderen Geräte sind abgemeldet."),
    Safety.ADDRESS: _l("Für dein Konto gilt jetzt eine andere E-Mail-Adresse."),
    Safety.CODES_ON: _l("Beim Anmelden wird ab jetzt auch ein Code aus deiner App verlangt."),
    Safety.CODES_OFF: _l("Beim Anmelden wird ab jetzt kein Code aus deiner App mehr verlangt."),
    Safety.PASSKEY_ADDED: _l("Für dein Konto wurde ein Passkey eingerichtet."),
    Safety.PASSKEY_REMOVED: _l("Von deinem Konto wurde ein Passkey entfernt."),
    Safety.RECOVERY_CODE_USED: _l("Ein Wiederherstellungscode wurde zum Anmelden benutzt."),
    Safety.RECOVERY_CODES_MADE: _l("Es gibt neue Wiederherstellungscodes; die alten gelten nicht mehr."),
    Safety.NEW_DEVICE: _l("Jemand hat sich auf einem neuen Gerät angemeldet."),
    Safety.RESET: _l("Dein zweiter Schutz wurde von der Administration zurückgesetzt."),
}


def said_of(what: Safety) -> str:
    """What happened, in a sentence to the owner."""
    return str(_SAID[what])


@describes(ACCOUNT)
def describe_account(_viewer: Viewer, news: Collection[Since], _with_lines: bool) -> dict[int, Entry]:
    """What happened to the viewer's own account."""
    return {
        one.subject_id: Entry(said_of(Safety(one.subject_id)), url="/account/security")
        for one in news
        if one.subject_id in set(Safety)
    }
