"""The list of notices as a PDF: plain pages that print well and can be kept for years."""

import io
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import reportlab
from flask_babel import gettext as _
from flask_babel import ngettext
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from forum.announcements import policy
from forum.announcements.models import Announcement
from forum.announcements.queries.digests import Stage
from forum.announcements.queries.standing import Party, Standing
from forum.notifications.policy import ZONE

_FACE, _BOLD = "Vera", "VeraBd"
_MARGIN = 20 * mm
_WIDTHS = (72 * mm, 52 * mm, 24 * mm, 22 * mm)
#: Letters that the typeface lacks and that no accent explains.
_ALIKE = str.maketrans({"ı": "i", "đ": "d", "Đ": "D", "ħ": "h", "ŧ": "t", "ə": "e", "Ə": "E"})


def write_paper(
    announcement: Announcement, stages: Mapping[str, Stage], found: Standing, moment: datetime
) -> bytes:
    """Title, version, digests of words and files; who took note of which and on which day; who did not; its moment.

    `stages`: what it has said, by digest (`queries.digests`).
    """
    _load_faces()
    target = io.BytesIO()
    document = SimpleDocTemplate(
        target,
        pagesize=A4,
        leftMargin=_MARGIN,
        rightMargin=_MARGIN,
        topMargin=_MARGIN,
        bottomMargin=_MARGIN,
        title=_("Kenntnisnahmen"),
        author=_("Betriebsräte-Netzwerk"),
    )
    document.build(_story(announcement, stages, found, moment), onFirstPage=_number, onLaterPages=_number)
    return target.getvalue()


def _story(
    announcement: Announcement, stages: Mapping[str, Stage], found: Standing, moment: datetime
) -> list[Flowable]:
    noted, still = found.noted, [*found.open, *found.gone]
    published = announcement.published_at or moment
    confirmed = {one.digest for one in noted}
    facts = [
        (_("Mitteilung"), announcement.title),
        (_("Fassung"), str(announcement.version)),
        (_("Veröffentlicht am"), _day(published.astimezone(ZONE).date())),
        (_("Kenntnisnahme bis"), _day(announcement.confirm_by)),
        *(_said(one) for one in stages.values() if one.until is None or one.digest in confirmed),
        (_("Stand"), f"{moment.astimezone(ZONE):%d.%m.%Y, %H:%M}"),
        (
            _("Ergebnis"),
            _("%(noted)s von %(asked)s haben Kenntnis genommen", noted=len(noted), asked=found.asked),
        ),
    ]
    story: list[Flowable] = [
        _words(_("Kenntnisnahmen"), _TITLE),
        Spacer(1, 4 * mm),
        _table([[_words(name, _SMALL), _words(value)] for name, value in facts], (50 * mm, 120 * mm)),
        Spacer(1, 6 * mm),
    ]
    if noted:
        heads = (_("Betriebsrat oder Mitglied"), _("Bestätigt von"), _("Am"), _("Wortlaut"))
        story += [
            _words(ngettext("%(num)s Kenntnisnahme", "%(num)s Kenntnisnahmen", len(noted)), _HEAD),
            _table(
                [[_words(head, _SMALL) for head in heads], *(_noted_row(one, stages) for one in noted)],
                _WIDTHS,
                repeat=1,
            ),
            Spacer(1, 6 * mm),
        ]
    if still:
        story += [
            _words(ngettext("%(num)s noch offen", "%(num)s noch offen", len(still)), _HEAD),
            _table([[_words(_called(one))] for one in still], (sum(_WIDTHS),)),
            Spacer(1, 6 * mm),
        ]
    about = _(
        "Eine Bestätigung gilt für den ganzen Betriebsrat und für den Wortlaut, der daneben steht; zu ihm gehören "
        "die angehängten Dateien. Festgehalten wird der Tag, nicht die Uhrzeit. Ob diese Datei unverändert ist, "
        "lässt sich im Netzwerk unter „Bescheinigung prüfen“ feststellen."
    )
    return [*story, _words(f"{about} {_names_kept(announcement)}", _SMALL)]


def _said(one: Stage) -> tuple[str, str]:
    """One wording: which, and by what it is known."""
    until = _("bis %(day)s", day=_day(one.until.astimezone(ZONE).date())) if one.until else _("gilt jetzt")
    with_files = "".join(f"; {name}" for name in one.files)
    return _(
        "Wortlaut %(number)s, %(until)s", number=one.number, until=until
    ), f"SHA-256: {one.digest}{with_files}"


def _names_kept(announcement: Announcement) -> str:
    if announcement.names_deleted_at is not None:
        deleted_on = _day(announcement.names_deleted_at.astimezone(ZONE).date())
        return str(_("Die Namen wurden im Netzwerk am %(day)s gelöscht.", day=deleted_on))
    if announcement.asked_at is None:
        return ""
    day = _day(policy.names_kept_until(announcement.asked_at))
    return str(
        _("Zwölf Monate nach der letzten Bitte, am %(day)s, werden die Namen im Netzwerk gelöscht.", day=day)
    )


def _noted_row(one: Party, stages: Mapping[str, Stage]) -> list[Flowable]:
    said = stages.get(one.digest)
    cells = (_called(one), one.by or "–", _day(one.on), str(said.number) if said else one.digest[:12] or "–")
    return [_words(cell) for cell in cells]


def _called(one: Party) -> str:
    return f"{one.name} ({one.site})" if one.site else one.name or _("Mitglied ohne Betriebsrat")


def _day(value: date | None) -> str:
    return f"{value:%d.%m.%Y}" if value else ""


def _words(text: str, style: ParagraphStyle | None = None) -> Paragraph:
    return Paragraph(escape(_writable(text)), style or _PLAIN)


def _writable(text: str) -> str:
    """`text` in letters that the typeface has: without the accent, if not with it."""
    known = pdfmetrics.getFont(_FACE).face.charToGlyph
    found = []
    for char in unicodedata.normalize("NFC", text).translate(_ALIKE):
        if ord(char) in known:
            found.append(char)
            continue
        plain = "".join(part for part in unicodedata.normalize("NFKD", char) if ord(part) in known)
        found.append(plain or ("" if unicodedata.category(char)[0] in "CM" else "?"))
    return "".join(found)


def _table(rows: Sequence[Sequence[Any]], widths: Sequence[float], repeat: int = 0) -> Table:
    style = [
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LINEBELOW", (0, 0), (-1, -1), 0.4, colors.grey),
        ("LEFTPADDING", (0, 0), (0, -1), 0),
        ("TOPPADDING", (0, 0), (-1, -1), 2.5),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 3.5),
    ]
    return Table(
        list(rows),
        colWidths=list(widths),
        repeatRows=repeat,
        style=TableStyle(style),
        hAlign="LEFT",
        splitInRow=1,  # the names of twenty files fill more than a page
    )


def _number(canvas: Canvas, document: Any) -> None:
    canvas.setFont(_FACE, 8)
    canvas.drawRightString(A4[0] - _MARGIN, 12 * mm, _("Seite %(number)s", number=document.page))


@lru_cache(maxsize=1)
def _load_faces() -> None:
    folder = Path(reportlab.__file__).parent / "fonts"
    for face in (_FACE, _BOLD):
        pdfmetrics.registerFont(TTFont(face, folder / f"{face}.ttf"))


_PLAIN = ParagraphStyle("plain", fontName=_FACE, fontSize=9, leading=12, wordWrap="LTR", splitLongWords=True)
_SMALL = ParagraphStyle("small", parent=_PLAIN, fontSize=8, leading=11, textColor=colors.HexColor("#444444"))
_HEAD = ParagraphStyle("head", parent=_PLAIN, fontName=_BOLD, fontSize=11, leading=16)
_TITLE = ParagraphStyle("title", parent=_PLAIN, fontName=_BOLD, fontSize=16, leading=20)
