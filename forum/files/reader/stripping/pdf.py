"""PDF without names, comments, attached files and scripts; pages, title, links, forms and bookmarks stay."""

from pathlib import Path

import pikepdf

from forum.files.reader import portable, remote

#: Keys that tell about making the file, wherever they stand.
_TRACES = ("/Metadata", "/PieceInfo", "/LastModified")
#: Keys of the file as a whole that hold other files or what belongs to them.
_HOLDERS = ("/AF", "/Collection", "/Perms", "/DSS")


def strip(source: Path, result: Path) -> None:
    """Write the PDF anew; what it forbids (to print, to copy) stays forbidden. Raises `Unreadable`."""
    with portable.opened(source) as file:
        title = portable.text(file.docinfo.get("/Title"))
        del file.docinfo
        if title:
            file.docinfo["/Title"] = title
        _take_out_notes(file)
        _take_out_files_and_scripts(file)
        for item in portable.dictionaries(file):
            _clean(item)
        portable.save(file, result)


def _take_out_notes(file: pikepdf.Pdf) -> None:
    for page in file.pages:
        lying = portable.annotations(page)
        kept = [note for note in lying if portable.subtype(note) in portable.KEPT_NOTES]
        if len(kept) == len(lying):
            continue
        for note in lying:
            if portable.subtype(note) not in portable.KEPT_NOTES:
                # The tree that tells screen readers of a page may still hold it.
                for key in [key for key in note if key not in {"/Type", "/Subtype", "/Rect"}]:
                    del note[str(key)]
        if kept:
            page.obj["/Annots"] = pikepdf.Array(kept)
        else:
            del page.obj["/Annots"]


def _take_out_files_and_scripts(file: pikepdf.Pdf) -> None:
    for key in _HOLDERS:
        _drop(file.Root, key)
    names = file.Root.get("/Names")
    if isinstance(names, pikepdf.Dictionary):
        for key in ("/JavaScript", "/EmbeddedFiles"):
            _drop(names, key)
    begins = file.Root.get("/OpenAction")
    if portable.is_running(begins) or remote.hosts(portable.fetches(begins)):
        del file.Root["/OpenAction"]
    form = file.Root.get("/AcroForm")
    if isinstance(form, pikepdf.Dictionary) and any(True for _ in portable.form_parts(file)):
        _drop(form, "/XFA")  # it may run and send; the fields of the pages stay


def _clean(item: pikepdf.Dictionary | pikepdf.Stream) -> None:
    for key in _TRACES:
        _drop(item, key)
    # Actions that happen by themselves: when a page is opened, a field is left, the file is printed.
    _drop(item, "/AA")
    _drop(item, "/AF")
    if portable.is_running(item.get("/A")):
        del item["/A"]
    if str(item.get("/FS", "")) == "/URL":
        _drop(item, "/F")


def _drop(item: pikepdf.Object, key: str) -> None:
    if key in item:
        del item[key]
