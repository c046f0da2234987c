"""What the codes of files mean, in sentences that say what to do."""

from collections.abc import Callable, Mapping
from typing import Any

from babel.lists import format_list
from flask_babel import get_locale, ngettext
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from forum.files.kinds import FileKind
from forum.files.reader.codes import Fault, Finding

#: The scanner's code; the others are the reader's.
INFECTED = "infected"
#: What cannot be taken out of a file without spoiling it.
_STAYING = frozenset(
    {
        Finding.HIDDEN_SHEETS,
        Finding.HIDDEN_SLIDES,
        Finding.HIDDEN_TEXT,
        Finding.MACROS,
    }
)
#: Stays in all but a PDF.
_STAYING_IN_OFFICE = _STAYING | {Finding.ATTACHMENTS, Finding.SCRIPTS}
#: What alone is no reason to ask.
UNASKED = frozenset({Finding.SIGNED})
#: So many names stand in a sentence; the others are counted.
_NAMED = 5


def refusal(code: str) -> str:
    """Why a file is not taken, for a code of `Blob.refusal`; "" for none."""
    if not code:
        return ""
    return str(_REFUSALS.get(code, _CANNOT_BE_CHECKED))


def preview_fault(code: str) -> str:
    """Why there is no preview, for a code of `Blob.preview_fault`; "" for none."""
    if not code:
        return ""
    return str(_PREVIEW_FAULTS.get(code, _NO_PREVIEW))


def is_worth_another_try(code: str) -> bool:
    """Whether a preview that failed with this code may succeed when it is tried again."""
    return code not in (Fault.ENCRYPTED, Fault.NOT_POSSIBLE)


def findings(traces: Mapping[str, Any]) -> list[str]:
    """What a file tells about its makers (`Blob.findings`), a line each."""
    return [_finding(code, value) for code, value in traces.items() if value and code not in UNASKED]


def staying_in(kind: FileKind | None) -> frozenset[Finding]:
    """What cannot be taken out of a file of this kind."""
    if kind is FileKind.PDF:
        return _STAYING
    return _STAYING_IN_OFFICE | {Finding.REMOTE} if kind is FileKind.RTF else _STAYING_IN_OFFICE


def removable(traces: Mapping[str, Any], kind: FileKind | None) -> list[str]:
    """Those of `findings` that can be taken out of a file of this kind."""
    stays = staying_in(kind)
    return findings({code: value for code, value in traces.items() if code not in stays})


def staying(traces: Mapping[str, Any], kind: FileKind | None) -> list[str]:
    """Those of `findings` that only the program can take out which made the file."""
    stays = staying_in(kind)
    return findings({code: value for code, value in traces.items() if code in stays})


def is_signed(traces: Mapping[str, Any]) -> bool:
    """Whether taking something out makes a signature void."""
    return bool(traces.get(Finding.SIGNED))


_CANNOT_BE_CHECKED = _l(
    "Diese Datei lässt sich nicht prüfen. Öffne sie, speichere sie neu und lade sie dann hoch."
)
_GROWS = _l("Diese Datei wird beim Öffnen übermäßig groß. Speichere sie als PDF und lade das PDF hoch.")
_TAKES_TOO_LONG = _l(
    "Diese Datei ist zu umfangreich für die Prüfung. Teile sie auf oder speichere sie kleiner."
)
_NO_PREVIEW = _l("Die Vorschau ist nicht gelungen.")
_REFUSALS: dict[str, Any] = {
    INFECTED: _l("In dieser Datei steckt Schadsoftware. Niemand bekommt sie. Lass dein Gerät prüfen."),
    Fault.EMPTY: _l("Diese Datei ist leer. Sieh nach, ob du die richtige gewählt hast."),
    Fault.UNKNOWN_KIND: _l(
        "Diese Art von Datei wird hier nicht angenommen. Möglich sind PDF, Office-Dateien, Texte und Bilder."
    ),
    Fault.WEB_PAGE: _l(
        "Das ist eine Webseite oder eine Zeichnung aus dem Web. Druck sie als PDF und lade das PDF hoch."
    ),
    Fault.PROGRAM: _l("Das ist ein Programm. Programme werden hier nicht angenommen."),
    Fault.OLD_OFFICE: _l(
        "Das ist ein altes Office-Format (DOC, XLS oder PPT). "
        "Öffne die Datei, speichere sie als DOCX, XLSX, PPTX oder PDF und lade sie dann hoch."
    ),
    Fault.ARCHIVE: _l(
        "Gepackte Dateien werden hier nicht angenommen. Pack sie aus und lade die Dateien einzeln hoch."
    ),
    Fault.UNSAFE_ARCHIVE: _l(
        "Diese gepackte Datei ist nicht ungefährlich aufgebaut. Pack sie aus und lade die Dateien einzeln hoch."
    ),
    Fault.DISGUISED: _l(
        "Diese Datei ist nicht, was ihr Name sagt. Öffne sie, speichere sie neu und lade sie dann hoch."
    ),
    Fault.BOMB: _GROWS,
    Fault.XML_BOMB: _GROWS,
    Fault.BROKEN: _l(
        "Diese Datei ist beschädigt oder unvollständig. Öffne sie, speichere sie neu und lade sie dann hoch."
    ),
    Fault.ENCRYPTED: _l(
        "Diese Datei ist mit einem Passwort geschützt. Speichere sie ohne Passwort und lade sie dann hoch."
    ),
    Fault.TIMEOUT: _TAKES_TOO_LONG,
    Fault.MEMORY: _TAKES_TOO_LONG,
    Fault.TOO_LARGE: _TAKES_TOO_LONG,
}
_PREVIEW_FAULTS: dict[str, Any] = {
    Fault.ENCRYPTED: _l(
        "Die Datei ist mit einem Passwort geschützt, deshalb gibt es keine Vorschau. "
        "Lade sie herunter und öffne sie mit dem Passwort."
    ),
    Fault.NOT_POSSIBLE: _l("Für diese Art von Datei gibt es keine Vorschau."),
    Fault.TIMEOUT: _l("Die Vorschau hat zu lange gedauert."),
    Fault.MEMORY: _l("Die Datei ist zu umfangreich für eine Vorschau."),
    Fault.TOO_LARGE: _l("Die Datei ist zu umfangreich für eine Vorschau."),
    Fault.BOMB: _l("Die Datei ist zu umfangreich für eine Vorschau."),
    Fault.BROKEN: _l("Die Datei ist an einer Stelle beschädigt."),
}


def _finding(code: str, value: Any) -> str:
    if code in _NAMING:
        return _NAMING[code](_names(value))
    if code in _COUNTING:
        return _COUNTING[code](len(value) if isinstance(value, list) else int(value))
    return str(_TELLING.get(code, _FURTHER))


_FURTHER = _l("Weitere Angaben, die man beim Lesen nicht sieht")


def _names(value: Any) -> str:
    names = [str(name) for name in value] if isinstance(value, list) else [str(value)]
    shown = names[:_NAMED]
    if len(names) > _NAMED:
        shown.append(ngettext("%(num)s weiterer Eintrag", "%(num)s weitere Einträge", len(names) - _NAMED))
    return format_list(shown, locale=get_locale() or "de")


_NAMING: dict[str, Callable[[str], str]] = {
    Finding.AUTHORS: lambda names: _("Wer daran geschrieben hat: %(names)s", names=names),
    Finding.COMPANY: lambda names: _("Die Firma: %(names)s", names=names),
    Finding.MANAGER: lambda names: _("Vorgesetzte: %(names)s", names=names),
    Finding.CAMERA: lambda names: _("Das Gerät der Aufnahme: %(names)s", names=names),
    Finding.HIDDEN_SHEETS: lambda names: _("Ausgeblendete Tabellenblätter: %(names)s", names=names),
    Finding.ATTACHMENTS: lambda names: _("Dateien in der Datei: %(names)s", names=names),
    Finding.REMOTE: lambda names: _(
        "Diese Datei ruft beim Öffnen etwas aus dem Internet ab (%(names)s). Wer sie öffnet, verrät das.",
        names=names,
    ),
}
_COUNTING: dict[str, Callable[[int], str]] = {
    Finding.COMMENTS: lambda count: ngettext("%(num)s Kommentar", "%(num)s Kommentare", count),
    Finding.CHANGES: lambda count: ngettext(
        "%(num)s nachverfolgte Änderung, auch was gelöscht wurde",
        "%(num)s nachverfolgte Änderungen, auch was gelöscht wurde",
        count,
    ),
    Finding.HIDDEN_SLIDES: lambda count: ngettext(
        "%(num)s ausgeblendete Folie", "%(num)s ausgeblendete Folien", count
    ),
}
_TELLING: dict[str, Any] = {
    Finding.PLACE: _l("Der Ort der Aufnahme"),
    Finding.HIDDEN_TEXT: _l("Ausgeblendeter Text"),
    Finding.MACROS: _l("Makros: kleine Programme in der Datei"),
    Finding.SCRIPTS: _l("Kleine Programme in der Datei"),
}
