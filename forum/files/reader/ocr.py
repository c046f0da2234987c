"""The task `ocr`: what is written on pages that are only pictures, read by tesseract."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from PIL import Image

from forum.files.kinds import PICTURES, FileKind
from forum.files.reader import pictures, wording
from forum.files.reader.codes import Fault, Unreadable
from forum.files.reader.paging import pdf

#: Points per inch at which tesseract reads best; a PDF's own measure is 72.
SHARPNESS = 300
#: Points of the longer side: A3 at that sharpness.
_LONGEST = 5000
#: Seconds for one page.
PATIENCE = 90
_LANGUAGES = ("deu", "eng")


def run(source: Path, target: Path, options: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A line per page: `page`, `text`. Options: `kind` (PDF or a picture), `pages` (their numbers; all of them when
    absent), `tesseract` (its path). A page that cannot be read gives an empty text. Raises `Unreadable`: NO_OCR,
    NOT_POSSIBLE for other kinds, ENCRYPTED, BROKEN.
    """
    program = shutil.which(str(options.get("tesseract") or "tesseract"))
    kind = FileKind(options.get("kind", FileKind.PDF))
    if program is None:
        raise Unreadable(Fault.NO_OCR)
    if kind not in PICTURES | {FileKind.PDF}:
        raise Unreadable(Fault.NOT_POSSIBLE)
    languages = languages_of(program)
    numbers = options.get("pages")
    for number, picture in _pictures(
        source, kind, [int(one) for one in numbers] if numbers is not None else None
    ):
        yield {"page": number, "text": wording.tidy(_read(picture, target, program, languages))}


def languages_of(program: str) -> str:
    """German and English as far as tesseract knows them; raises `Unreadable` (NO_OCR) when it knows neither."""
    try:
        command = [program, "--list-langs"]
        said = subprocess.run(command, capture_output=True, timeout=PATIENCE, check=False)  # noqa: S603 (as below)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Unreadable(Fault.NO_OCR) from error
    known = set(said.stdout.decode("utf-8", "replace").split())
    if not known.intersection(_LANGUAGES):
        raise Unreadable(Fault.NO_OCR)
    return "+".join(language for language in _LANGUAGES if language in known)


def _pictures(source: Path, kind: FileKind, numbers: list[int] | None) -> Iterator[tuple[int, Image.Image]]:
    if kind in PICTURES:
        with pictures.opened(source) as picture:
            seen = pictures.on_white(pictures.upright(picture))
        seen.thumbnail((_LONGEST, _LONGEST))
        yield 1, seen.convert("L")
        return
    file = pdf.opened(source)
    for number in numbers if numbers is not None else range(1, len(file) + 1):
        if 1 <= number <= len(file):
            page = file[number - 1]
            picture = pdf.drawn(page, _LONGEST, SHARPNESS / 72)
            page.close()
            yield number, picture.convert("L")


def _read(picture: Image.Image, target: Path, program: str, languages: str) -> str:
    page = target / "page.png"
    picture.save(page, "PNG", compress_level=1, dpi=(SHARPNESS, SHARPNESS))
    text = ""
    with suppress(subprocess.TimeoutExpired):
        said = subprocess.run(  # noqa: S603 (a setting of the installation, and names made here)
            [program, str(page), "-", "-l", languages, "--psm", "3"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=PATIENCE,
            check=False,
            env={**os.environ, "OMP_THREAD_LIMIT": "1"},
        )
        text = said.stdout.decode("utf-8", "replace")
    page.unlink(missing_ok=True)
    return text
