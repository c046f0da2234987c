"""How the acts of the record are called."""

from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

#: Every `action` that any package records; a test keeps the table complete.
ACTIONS: dict[str, LazyString] = {
    "membership.created": _l("In den Bereich aufgenommen"),
    "membership.changed": _l("Rolle geändert"),
    "membership.ended": _l("Aus dem Bereich ausgeschieden"),
    "space.changed": _l("Angaben zum Bereich geändert"),
    "site.created": _l("Betrieb eingetragen"),
    "site.changed": _l("Betrieb geändert"),
    "mandate.created": _l("Mandat eingetragen"),
    "mandate.changed": _l("Mandat geändert"),
    "mandate.ended": _l("Mandat beendet"),
    "mandate.deleted": _l("Mandat gelöscht"),
    "announcement.published": _l("Mitteilung veröffentlicht"),
    "announcement.changed": _l("Mitteilung geändert"),
    "announcement.withdrawn": _l("Mitteilung zurückgezogen"),
    "announcement.restored": _l("Mitteilung wiederhergestellt"),
    "board.created": _l("Forum angelegt"),
    "board.changed": _l("Forum geändert"),
    "board.archived": _l("Forum archiviert"),
    "board.revived": _l("Forum wieder geöffnet"),
    "topic.closed": _l("Thema geschlossen"),
    "topic.reopened": _l("Thema wieder geöffnet"),
    "topic.pinned": _l("Thema angeheftet"),
    "topic.unpinned": _l("Thema nicht mehr angeheftet"),
    "topic.moved": _l("Thema verschoben"),
    "topic.renamed": _l("Titel geändert"),
    "post.hidden": _l("Beitrag verborgen"),
    "post.restored": _l("Beitrag wiederhergestellt"),
    "room.created": _l("Raum angelegt"),
    "room.changed": _l("Raum geändert"),
    "room.locked": _l("Raum gesperrt"),
    "room.unlocked": _l("Raum wieder freigegeben"),
    "room.archived": _l("Raum archiviert"),
    "room.revived": _l("Raum wieder geöffnet"),
    "message.removed": _l("Nachricht entfernt"),
    "message.pinned": _l("Nachricht angeheftet"),
    "message.unpinned": _l("Nachricht nicht mehr angeheftet"),
    "member.silenced": _l("In einem Raum stummgeschaltet"),
    "member.unsilenced": _l("Darf im Raum wieder schreiben"),
    "folder.renamed": _l("Ordner umbenannt"),
    "folder.moved": _l("Ordner verschoben"),
    "folder.deleted": _l("Ordner gelöscht"),
    "folder.made_confidential": _l("Ordner vertraulich gemacht"),
    "folder.made_open": _l("Vertraulichkeit eines Ordners aufgehoben"),
    "document.described": _l("Angaben zu einem Dokument geändert"),
    "document.moved": _l("Dokument verschoben"),
    "document.made_open": _l("Dokument aus einem vertraulichen Ordner genommen"),
    "document.binned": _l("Dokument in den Papierkorb gelegt"),
    "document.restored": _l("Dokument wiederhergestellt"),
    "document.purged": _l("Dokument endgültig gelöscht"),
    "reservation.ignored": _l("Fassung trotz Reservierung hinzugefügt"),
    "reservation.lifted": _l("Reservierung beendet"),
    "invitation.created": _l("Eingeladen"),
    "invitation.reissued": _l("Einladung neu ausgestellt"),
    "invitation.sent": _l("Einladung verschickt"),
    "invitation.revoked": _l("Einladung zurückgezogen"),
    "invitation.accepted": _l("Einladung angenommen"),
    "member.suspended": _l("Mitglied gesperrt"),
    "member.reactivated": _l("Mitglied wieder zugelassen"),
    "administrator.appointed": _l("Zur Administration ernannt"),
    "administrator.dismissed": _l("Aus der Administration genommen"),
    "address.changed": _l("E-Mail-Adresse geändert"),
    "password.changed": _l("Passwort geändert"),
    "password.reset": _l("Passwort neu gesetzt"),
    "passkey.added": _l("Passkey eingerichtet"),
    "passkey.removed": _l("Passkey entfernt"),
    "totp.confirmed": _l("Zweiten Schutz eingerichtet"),
    "totp.ended": _l("Zweiten Schutz ausgeschaltet"),
    "second_factor.reset": _l("Zweiten Schutz zurückgesetzt"),
    "recovery_codes.renewed": _l("Wiederherstellungscodes erneuert"),
}

#: Acts whose `subject_id` is the member they concern.
ABOUT_MEMBERS = ("member.", "membership.", "mandate.", "administrator.")


def action_text(action: str) -> str:
    """The act in words; one that is missing here as it is written."""
    return str(ACTIONS.get(action, action))
