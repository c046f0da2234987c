"""The words of Excel sheets, hidden ones too: cells as they are shown, headers, footers, text boxes."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from lxml import etree

from forum.files.reader import markup
from forum.files.reader.archives import Archive
from forum.files.reader.packages import Package, is_true, relation_id
from forum.files.reader.texts.parts import COLUMNS_SHOWN, ROWS_SHOWN, Part, shown
from forum.files.reader.texts.word import drawn, figures

#: Formats of dates and times that need not be declared.
_DATE_IDS = frozenset({*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)})
_TIME_IDS = frozenset({18, 19, 20, 21, 45, 46, 47})
_QUOTED = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]|_.|\*.')
_DECIMALS = re.compile(r"0\.(0+)")
#: Letters that set fonts and sides in headers: &L, &"Arial,Fett", &12, &P …
_HEADER_SIGNS = re.compile(r'&(?:"[^"]*"|\d+|K[0-9A-Fa-f+-]{6}|&|[A-Za-z])')
_HEADERS = ("oddHeader", "oddFooter", "evenHeader", "evenFooter", "firstHeader", "firstFooter")
_COLUMN = re.compile(r"([A-Z]{1,3})")
#: Letters kept of a sheet; more is no reading.
SHEET_LIMIT = 2_000_000


def parts(path: Path) -> Iterator[Part]:
    """A part per sheet, with its name in the first line of the text."""
    package = Package(Archive(path))
    root = package.root(package.main)
    names = package.by_id(package.main)
    cells = _Cells(package, root)
    for item in root.iter():
        if markup.local(item) == "sheet" and (sheet := names.get(relation_id(item))):
            yield _part(package, sheet, item.get("name", ""), cells)


def _part(package: Package, sheet: str, name: str, cells: "_Cells") -> Part:
    lines, size = [name], 0
    rows: list[list[str]] = []
    with package.archive.open(sheet) as source:
        for item in markup.walk(source, ("{*}row", *(f"{{*}}{tag}" for tag in _HEADERS))):
            if markup.local(item) != "row":
                lines.append(" ".join(_HEADER_SIGNS.sub(" ", item.text or "").split()))
                continue
            row = cells.row(item)
            if any(row.values()):
                lines.append("\t".join(text for _, text in sorted(row.items()) if text))
                size += len(lines[-1])
                if len(rows) < ROWS_SHOWN:
                    rows.append([row.get(column, "") for column in range(COLUMNS_SHOWN)])
            if size > SHEET_LIMIT:
                break
    for drawing in package.targets(sheet, "drawing"):
        lines += [*drawn(package.root(drawing)), *figures(package, drawing)]
    return Part("\n".join(line for line in lines if line), shown(rows))


class _Cells:
    """What the cells of a workbook show."""

    def __init__(self, package: Package, workbook: etree._Element) -> None:
        self._words = list(_shared(package))
        self._formats = list(_formats(package))
        counts_from_1904 = any(
            markup.local(item) == "workbookPr" and is_true(item.get("date1904")) for item in workbook
        )
        # A day in a sheet is a day anywhere: it has no zone.
        self._start = datetime(1904, 1, 1) if counts_from_1904 else datetime(1899, 12, 30)  # noqa: DTZ001

    def row(self, row: etree._Element) -> dict[int, str]:
        """Column to text."""
        found: dict[int, str] = {}
        column = -1
        for cell in row:
            if markup.local(cell) == "c":
                column = _column(cell.get("r", ""), column + 1)
                found[column] = " ".join(self._text(cell).split())
        return found

    def _text(self, cell: etree._Element) -> str:
        kind = cell.get("t", "n")
        if kind == "inlineStr":
            return _letters(cell)
        value = next((item.text or "" for item in cell if markup.local(item) == "v"), "")
        if kind == "s":
            return self._words[int(value)] if value.isdigit() and int(value) < len(self._words) else ""
        if kind == "b":
            return "WAHR" if value == "1" else "FALSCH"
        return self._number(value, cell.get("s", "")) if kind == "n" and value else value

    def _number(self, value: str, style: str) -> str:
        form = self._formats[int(style)] if style.isdigit() and int(style) < len(self._formats) else ""
        try:
            number = float(value)
            if form in {"date", "time"}:
                return self._moment(number, form)
            if form.endswith("%"):
                return f"{number * 100:.{form[:-1] or 0}f} %".replace(".", ",")
            return (f"{number:.{form}f}" if form else f"{number:.12g}").replace(".", ",")
        except (ValueError, OverflowError):
            return value

    def _moment(self, number: float, form: str) -> str:
        moment = self._start + timedelta(seconds=round(number * 86_400))
        if form == "time" or number < 1:
            return f"{moment:%H:%M}"
        return f"{moment:%d.%m.%Y}" if moment.hour == moment.minute == 0 else f"{moment:%d.%m.%Y %H:%M}"


def _shared(package: Package) -> Iterator[str]:
    for name in package.targets(package.main, "sharedStrings"):
        with package.archive.open(name) as source:
            for item in markup.walk(source, ("{*}si",)):
                yield _letters(item)


def _letters(holder: etree._Element) -> str:
    """The text of a string, without how it is spoken (Japanese)."""
    return "".join(
        item.text or ""
        for item in holder.iter()
        if markup.local(item) == "t" and markup.local(item.getparent()) != "rPh"
    )


def _formats(package: Package) -> Iterator[str]:
    """How the numbers of each cell style are shown: "date", "time", decimals ("2", "2%"), or "" as they are."""
    for name in package.targets(package.main, "styles"):
        root = package.root(name)
        declared = {
            item.get("numFmtId", ""): item.get("formatCode", "")
            for item in root.iter()
            if markup.local(item) == "numFmt"
        }
        for group in root:
            if markup.local(group) == "cellXfs":
                for item in group:
                    yield _format(item.get("numFmtId", "0"), declared)


def _format(key: str, declared: dict[str, str]) -> str:
    number = int(key) if key.isdigit() else 0
    if key not in declared:
        if number in _DATE_IDS:
            return "time" if number in _TIME_IDS else "date"
        return {2: "2", 4: "2", 9: "0%", 10: "2%"}.get(number, "")
    code = _QUOTED.sub("", declared[key].split(";")[0])
    if re.search("[ymdhs]", code, re.IGNORECASE) and "General" not in code:
        return "date" if re.search("[yd]", code, re.IGNORECASE) else "time"
    decimals = _DECIMALS.search(code)
    places = str(len(decimals.group(1))) if decimals else ""
    if "%" in code:
        return f"{places or 0}%"
    return places


def _column(reference: str, default: int) -> int:
    match = _COLUMN.match(reference)
    if not match:
        return default
    number = 0
    for letter in match.group(1):
        number = number * 26 + ord(letter) - 64
    return number - 1
