"""The task `stamp`: a line at the foot of every page of a PDF, written to `OUTDIR/stamped.pdf`."""

import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pikepdf
from pikepdf import Name

from forum.files.reader import latin, portable, wording

#: What of a page's shorter side a letter is high, and its bounds, in PDF's points (1/72 inch).
_SHARE, _SMALLEST, _BIGGEST = 70, 4.0, 48.0
#: In letter heights: the room around the line, and how far it is from the edges.
_PADDING, _MARGIN = 0.35, 0.9
_LETTER_LIMIT = 300

# Every program that shows PDF has this typeface, and these widths are its own (thousandths of the letter height).
_WIDTHS_FROM_32 = (
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556, 556,
    556, 556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667,
    556, 833, 722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556, 333, 556,
    556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722,
    500, 500, 500, 334, 260, 334, 584,
)  # fmt: skip
_WIDTHS = {
    "ß": 611,
    "—": 1000,
    "…": 1000,
    "‚": 222,
    "‘": 222,
    "’": 222,
    "„": 333,
    "“": 333,
    "”": 333,
    "·": 278,
}
_WIDTHS |= {
    "Æ": 1000,
    "æ": 889,
    "Œ": 1000,
    "œ": 944,
    "Ø": 778,
    "ø": 611,
    "•": 350,
    "©": 737,
    "®": 737,
    "\u00a0": 278,
}
#: Letters and accents that it has too, but not in the set of Western Europe: they get numbers that are free there.
_EXTRA = {
    "ł": (1, Name.lslash, 222), "Ł": (2, Name.Lslash, 556), "ı": (3, Name.dotlessi, 278),
    "\u030c": (4, Name.caron, 333), "\u0328": (5, Name.ogonek, 333), "\u0307": (6, Name.dotaccent, 333),
    "\u030b": (7, Name.hungarumlaut, 333), "\u030a": (8, Name.ring, 333), "\u0306": (11, Name.breve, 333),
    "\u0301": (12, Name.acute, 333), "\u0300": (14, Name.grave, 333), "\u0302": (15, Name.circumflex, 333),
    "\u0303": (16, Name.tilde, 333), "\u0308": (17, Name.dieresis, 333), "\u0304": (18, Name.macron, 333),
    "\u0327": (19, Name.cedilla, 333),
}  # fmt: skip
#: Letters that look alike where the typeface has none, and accents that hang below.
_ALIKE = {
    "đ": "d",
    "Đ": "D",
    "ħ": "h",
    "ŧ": "t",
    "ș": "s\u0327",
    "ț": "t\u0327",
    "Ș": "S\u0327",
    "Ț": "T\u0327",
}
_OGONEK = "\u0328"
_BELOW = frozenset({_OGONEK, "\u0327"})
#: How much higher an accent is on a capital.
_RISE = 0.19


def run(source: Path, target: Path, options: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """One line: `pages`, how many were stamped with the option `text`. Raises `Unreadable`: ENCRYPTED or BROKEN.

    What the PDF forbids (to print, to copy) stays forbidden.
    """
    text = latin.spelt(unicodedata.normalize("NFC", wording.name(str(options["text"]), _LETTER_LIMIT)))
    with portable.opened(source) as file:
        font = file.make_indirect(_font())
        begin, forms = file.make_stream(b"q\n"), dict[tuple[float, ...], tuple[Name, pikepdf.Stream]]()
        for page in file.pages:
            shape = _shape(page)
            if shape not in forms:
                forms[shape] = Name(f"/Abruf{len(forms)}"), _form(file, font, text, shape)
            name, form = forms[shape]
            resources = page.resources
            if not isinstance(resources.get("/XObject"), pikepdf.Dictionary):
                resources["/XObject"] = pikepdf.Dictionary()
            resources["/XObject"][name] = form
            page.obj["/Resources"] = resources
            page.contents_add(begin, prepend=True)
            page.contents_add(f"\nQ q {_upright(page)} cm {name} Do Q\n".encode())
        portable.save(file, target / "stamped.pdf")
        yield {"pages": len(file.pages)}


def _box(page: pikepdf.Page) -> tuple[float, float, float, float]:
    """What is seen of a page: left, bottom, right, top."""
    sheet, seen = _corners(page.mediabox), _corners(page.cropbox)
    box = (max(sheet[0], seen[0]), max(sheet[1], seen[1]), min(sheet[2], seen[2]), min(sheet[3], seen[3]))
    return box if box[0] < box[2] and box[1] < box[3] else sheet


def _corners(box: pikepdf.Array) -> tuple[float, float, float, float]:
    left, bottom, right, top = (float(side) for side in box)
    return min(left, right), min(bottom, top), max(left, right), max(bottom, top)


def _turn(page: pikepdf.Page) -> int:
    """How far the page is turned clockwise: 0, 90, 180 or 270."""
    return int(page.rotation) % 360 // 90 * 90


def _shape(page: pikepdf.Page) -> tuple[float, ...]:
    """Width and height of the page as it is shown."""
    left, bottom, right, top = _box(page)
    wide, high = round(right - left, 1), round(top - bottom, 1)
    return (high, wide) if _turn(page) in {90, 270} else (wide, high)


def _upright(page: pikepdf.Page) -> str:
    """What turns the page's own measure into that of the page as it is shown, its lower left corner being 0, 0."""
    left, bottom, right, top = _box(page)
    turns = {
        0: (1, 0, 0, 1, left, bottom),
        90: (0, 1, -1, 0, right, bottom),
        180: (-1, 0, 0, -1, right, top),
        270: (0, -1, 1, 0, left, top),
    }
    return " ".join(f"{number:g}" for number in turns[_turn(page)])


def _form(file: pikepdf.Pdf, font: pikepdf.Object, text: str, shape: tuple[float, ...]) -> pikepdf.Stream:
    """The line on a bright strip, which makes it readable on whatever is beneath."""
    wide, high = shape
    length = _length(text) / 1000
    letter = min(max(min(wide, high) / _SHARE, _SMALLEST), _BIGGEST)
    letter = min(letter, wide / (length + 2 * _MARGIN + 2 * _PADDING), high / 3)
    left, bottom = (wide - length * letter) / 2, _MARGIN * letter * 0.6
    around = _PADDING * letter
    content = (
        f"/Hell gs 1 1 1 rg {left - around:.2f} {bottom:.2f} {length * letter + 2 * around:.2f} "
        f"{letter + 2 * around:.2f} re f /Voll gs 0.1 0.1 0.1 rg BT /Schrift {letter:.2f} Tf "
        f"{left:.2f} {bottom + around + 0.22 * letter:.2f} Td "
    ).encode()
    form = file.make_stream(content + b"".join(_shown(text, letter)) + b" ET")
    form.Type, form.Subtype = Name.XObject, Name.Form
    form.BBox = pikepdf.Array((0.0, 0.0, wide, high))
    form.Resources = pikepdf.Dictionary(
        Font=pikepdf.Dictionary(Schrift=font),
        ExtGState=pikepdf.Dictionary(
            Hell=pikepdf.Dictionary(Type=Name.ExtGState, ca=0.85, BM=Name.Normal, SMask=Name("/None")),
            Voll=pikepdf.Dictionary(Type=Name.ExtGState, ca=1, BM=Name.Normal, SMask=Name("/None")),
        ),
    )
    return form


def _font() -> pikepdf.Dictionary:
    differences: list[int | Name] = []
    widths = [0] * 256
    for code, glyph, width in _EXTRA.values():
        differences += [code, glyph]
        widths[code] = width
    for code in range(32, 256):
        widths[code] = _width(bytes([code]).decode("cp1252", "replace"))
    return pikepdf.Dictionary(
        Type=Name.Font,
        Subtype=Name.Type1,
        BaseFont=Name.Helvetica,
        FirstChar=0,
        LastChar=255,
        Widths=pikepdf.Array(widths),
        Encoding=pikepdf.Dictionary(
            Type=Name.Encoding, BaseEncoding=Name.WinAnsiEncoding, Differences=pikepdf.Array(differences)
        ),
    )


def _shown(text: str, letter: float) -> Iterator[bytes]:
    """What draws the text, letter by letter; one without a glyph of its own is drawn as letter and accent."""
    for sign in text:
        base, accents = _parts(sign)
        yield b"<%02x> Tj " % _code(base)
        for accent in accents:
            # Over the middle, or under the right leg; then on to where the letter ended.
            room = _width(base) - _width(accent)
            back = _width(base) - (room if accent == _OGONEK else room / 2)
            rise = _RISE * letter if base.isupper() and accent not in _BELOW else 0
            yield b"%.2f Ts [%.0f <%02x> %.0f] TJ 0 Ts " % (rise, back, _code(accent), _width(accent) - back)


def _parts(sign: str) -> tuple[str, str]:
    """A letter that the typeface has, and the accents to draw upon it."""
    if _code(sign):
        return sign, ""
    base, *accents = list(unicodedata.normalize("NFD", _ALIKE.get(sign, sign)))
    if not _code(base):
        return "?", ""
    if accents and base == "i":
        base = "ı"
    return base, "".join(accent for accent in accents if _code(accent))


def _code(sign: str) -> int:
    """A letter's number in the font; 0 for none."""
    if sign in _EXTRA:
        return _EXTRA[sign][0]
    try:
        code = sign.encode("cp1252")[0]
    except UnicodeEncodeError:
        return 0
    return code if code >= 32 else 0


def _width(sign: str) -> int:
    """In thousandths of the letter height."""
    if sign in _EXTRA:
        return _EXTRA[sign][2]
    plain = unicodedata.normalize("NFD", sign)[0]
    if 32 <= ord(plain) < 127:
        return _WIDTHS_FROM_32[ord(plain) - 32]
    return _WIDTHS.get(sign, 556)


def _length(text: str) -> int:
    return sum(_width(_parts(sign)[0]) for sign in text)
