"""The pages of a PDF."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pypdfium2
from PIL import Image
from pypdfium2 import raw

from forum.files.reader.codes import Fault, Unreadable
from forum.files.reader.paging import images
from forum.files.reader.paging.budget import Budget
from forum.files.reader.paging.work import Work

#: With fewer letters a page that shows a picture counts as scanned.
_FEW = 20
_DAMAGE = (pypdfium2.PdfiumError, ValueError, OverflowError, OSError)


def pages(work: Work) -> Iterator[dict[str, Any]]:
    """The lines of `paging.task` for a PDF; raises `Unreadable`: ENCRYPTED or BROKEN."""
    file = opened(work.source)
    yield {"pages": len(file)}
    yield from shown(file, work.target, work.budget)


def opened(source: Path) -> pypdfium2.PdfDocument:
    """The PDF, its forms as they were filled in; raises `Unreadable`: ENCRYPTED or BROKEN."""
    try:
        file = pypdfium2.PdfDocument(source)
        if not len(file):
            raise Unreadable(Fault.BROKEN)
    except pypdfium2.PdfiumError as error:
        is_locked = getattr(error, "err_code", 0) == raw.FPDF_ERR_PASSWORD
        raise Unreadable(Fault.ENCRYPTED if is_locked else Fault.BROKEN) from error
    with suppress(*_DAMAGE):
        file.init_forms()
    return file


def shown(file: pypdfium2.PdfDocument, target: Path, budget: Budget) -> Iterator[dict[str, Any]]:
    """A line per page; one that cannot be read is empty, and the others go on."""
    for index in range(len(file)):
        if not budget.takes_page():
            return
        line: dict[str, Any] = {"page": index + 1, "text": ""}
        with suppress(*_DAMAGE):
            page = file[index]
            try:
                line |= _read(page, budget)
                if budget.takes_image():
                    line |= images.save(drawn(page, images.WIDTH), target, index + 1)
            finally:
                page.close()
        yield line


def drawn(page: pypdfium2.PdfPage, width: int, scale: float = 10.0) -> Image.Image:
    """The page as a picture, at most so many points wide, `scale` times as big as it is, and not too high."""
    wide, high = page.get_size()
    scale = min(scale, width / max(wide, 1), images.HEIGHT * width / images.WIDTH / max(high, 1))
    picture: Image.Image = page.render(scale=scale).to_pil()
    return picture if picture.mode in {"RGB", "L"} else picture.convert("RGB")


def _read(page: pypdfium2.PdfPage, budget: Budget) -> dict[str, Any]:
    words = page.get_textpage()
    text = budget.text(words.get_text_bounded())
    words.close()
    filled = [text, *_filled(page)]
    said: dict[str, Any] = {"text": budget.text("\n".join(filled)) if len(filled) > 1 else text}
    if len(text) < _FEW and any(True for _ in page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE], max_depth=3)):
        said["scan"] = True
    return said


def _filled(page: pypdfium2.PdfPage) -> Iterator[str]:
    """What was typed into the fields of a form; it is no text of the page."""
    form = page.formenv
    if form is None:
        return
    for index in range(min(raw.FPDFPage_GetAnnotCount(page), 500)):
        note = raw.FPDFPage_GetAnnot(page, index)
        if not note:
            continue
        if raw.FPDFAnnot_GetSubtype(note) == raw.FPDF_ANNOT_WIDGET and raw.FPDFAnnot_GetFormFieldType(
            form, note
        ) in {
            raw.FPDF_FORMFIELD_TEXTFIELD,
            raw.FPDF_FORMFIELD_COMBOBOX,
        }:
            size = raw.FPDFAnnot_GetFormFieldValue(form, note, None, 0)
            if 2 < size < 200_000:
                letters = (raw.FPDF_WCHAR * (size // 2))()
                raw.FPDFAnnot_GetFormFieldValue(form, note, letters, size)
                yield bytes(letters).decode("utf-16-le", "ignore").rstrip("\0")
        raw.FPDFPage_CloseAnnot(note)
