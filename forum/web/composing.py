"""The words of the composer: its script has none of its own."""

from flask_babel import gettext as _


def composer_labels() -> dict[str, str]:
    """Label by key, in the reader's language; the keys are explained in `static/web/composer.js`."""
    return {
        "toolbar": _("Werkzeuge"),
        "keys": _("Alt+F10 führt zu den Werkzeugen"),
        "bold": _("Fett"),
        "italic": _("Kursiv"),
        "strike": _("Durchgestrichen"),
        "heading1": _("Überschrift 1"),
        "heading2": _("Überschrift 2"),
        "heading3": _("Überschrift 3"),
        "bulletList": _("Aufzählung"),
        "orderedList": _("Nummerierte Liste"),
        "indent": _("Einrücken"),
        "outdent": _("Ausrücken"),
        "quote": _("Zitat"),
        "code": _("Feste Zeichenbreite"),
        "link": _("Link"),
        "table": _("Tabelle einfügen"),
        "rowAdd": _("Zeile darunter einfügen"),
        "rowDelete": _("Zeile löschen"),
        "columnAdd": _("Spalte rechts einfügen"),
        "columnDelete": _("Spalte löschen"),
        "tableDelete": _("Tabelle löschen"),
        "undo": _("Rückgängig"),
        "redo": _("Wiederholen"),
        "plain": _("Nur Text"),
        "rich": _("Formatiert schreiben"),
        "linkTitle": _("Link einfügen"),
        "linkChange": _("Link ändern"),
        "linkAddress": _("Adresse"),
        "linkText": _("Angezeigter Text (freiwillig)"),
        "linkApply": _("Übernehmen"),
        "linkRemove": _("Link entfernen"),
        "linkCancel": _("Abbrechen"),
        "linkInvalid": _("Das ist keine Adresse. Möglich sind Web-, Mail- und Telefonadressen."),
        "unsafe": _(
            "Dieser Text enthält etwas, das dieses Textfeld nicht zeigen kann. "
            "Er bleibt deshalb „Nur Text“, damit nichts verloren geht."
        ),
        "failed": _("Die Werkzeuge laden gerade nicht. Du kannst hier einfach weiterschreiben."),
    }
