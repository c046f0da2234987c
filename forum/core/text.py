"""Checked text input: what people type or paste becomes clean Unicode, or a sentence that says what to do.

What can be mended without loss is mended silently (line ends, Unicode form, invisible characters); only what
nobody can guess (broken encoding, control characters) is refused.
"""

import re
import unicodedata

from flask_babel import gettext as _

from forum.core.errors import Invalid

#: Most combining marks kept on one letter. Living scripts need up to five; "Zalgo" piles up dozens.
MAX_MARKS = 8

#: Embeddings, overrides, isolates, deprecated U+206A–206F: they could turn round what stands beside the text.
_BIDI = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x2070)])

#: Line ends of all systems, Word's vertical tab (Shift+Enter) and form feed, and Unicode's own two.
_LINE_END = re.compile(r"\r\n?|[\v\f\u2028\u2029]")

#: Cc without tab and line feed, halves of UTF-16 pairs, and U+FFFD, the trace of wrongly decoded bytes.
_UNREADABLE = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffd]")

#: Stretches that may hold too many marks: there is no combining mark below U+0300.
_MARKABLE = re.compile(rf"[^\x00-\u02ff]{{{MAX_MARKS + 1},}}")

#: Zero-width (non-)joiners that join nothing: emoji and the scripts that need them lie beyond Latin.
_IDLE_JOINER = re.compile(r"(?<![^\x00-\u02ff])[\u200c\u200d]|[\u200c\u200d](?![^\x00-\u02ff])")

#: As people write them: 0331 12345-67, +49 (0) 331 1234.
_PHONE = re.compile(r"(?=(?:\D*[0-9]){3})\+?[0-9 ()/.\-]{3,38}")

#: Letters and symbols by category, yet without ink: Hangul fillers and the empty braille cell.
_BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0")


def clean_line(raw: str, *, limit: int, field: str | None = None) -> str:
    """`raw` as one line for titles and names: NFC, single spaces, none at the ends, nothing invisible.

    Format characters (zero-width space, soft hyphen, direction controls …) are dropped, joiners stay where
    they join. `limit` counts code points of the result. Raises `Invalid` when nothing visible is left, when
    it is too long, or when it holds unreadable characters; `field` names the form field it came from.
    """
    text = _LINE_END.sub(" ", raw)
    _refuse_unreadable(text, field)
    text = "".join(char for char in text if char in "\u200c\u200d" or unicodedata.category(char) != "Cf")
    text = " ".join(tame(_IDLE_JOINER.sub("", text)).split())
    return _checked(text, limit, _("Bitte füll dieses Feld aus."), field)


def clean_phone(raw: str) -> str:
    """A phone number as it was typed, "" for none; `Invalid` (field "phone") for what nobody can call."""
    number = " ".join(raw.replace("–", "-").split())
    if number and not _PHONE.fullmatch(number):
        raise Invalid(
            _("Eine Telefonnummer besteht aus Ziffern, Leerzeichen und den Zeichen + / ( ) -."), "phone"
        )
    return number


def clean_text(raw: str, *, limit: int, field: str | None = None) -> str:
    """`raw` as the source of a post: NFC, LF line ends, no empty lines in front, no white space at the end.

    Spaces at line ends (hard breaks of Markdown), indentation, NBSP and joiners stay; direction controls and
    byte order marks are dropped. `limit` counts code points of the result. Raises `Invalid` as `clean_line`.
    """
    text = _LINE_END.sub("\n", raw).replace("\ufeff", "")
    _refuse_unreadable(text, field)
    return _checked(tame(text).lstrip("\n").rstrip(), limit, _("Bitte schreib einen Text."), field)


def tame(text: str) -> str:
    """`text` in NFC, without direction controls, with at most `MAX_MARKS` marks on a letter; never fails."""
    return _MARKABLE.sub(_cut_marks, unicodedata.normalize("NFC", text.translate(_BIDI)))


def _cut_marks(stretch: re.Match[str]) -> str:
    kept: list[str] = []
    marks = 0
    for char in stretch[0]:
        marks = marks + 1 if unicodedata.category(char)[0] == "M" else 0
        if marks <= MAX_MARKS:
            kept.append(char)
    return "".join(kept)


def _refuse_unreadable(text: str, field: str | None) -> None:
    found = _UNREADABLE.search(text)
    if found is None:
        return
    before = text[max(0, found.start() - 20) : found.start()].strip()
    if not before:
        raise Invalid(
            _("Am Anfang steht ein unlesbares Zeichen. Bitte lösch es und tipp die Stelle neu."), field
        )
    message = _("Nach „%(before)s“ steht ein unlesbares Zeichen. Bitte lösch es und tipp die Stelle neu.")
    raise Invalid(message % {"before": before}, field)


def _checked(text: str, limit: int, if_empty: str, field: str | None) -> str:
    if not any(unicodedata.category(char)[0] in "LNPS" and char not in _BLANK for char in text):
        raise Invalid(if_empty, field)
    if len(text) > limit:
        message = _("Der Text ist %(excess)s Zeichen zu lang. Bitte kürz ihn auf höchstens %(limit)s.")
        raise Invalid(message % {"excess": len(text) - limit, "limit": limit}, field)
    return text
