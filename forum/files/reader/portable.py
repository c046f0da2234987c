"""PDF as pikepdf sees it: opened with care, and what in it is neither page nor text."""

import re
import secrets
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pikepdf
from lxml import etree

from forum.files.reader import markup
from forum.files.reader.codes import Fault, Unreadable

#: What belongs to a page although it is an annotation: links and fields of forms.
KEPT_NOTES = frozenset({"/Link", "/Widget"})
#: Where in an XML form something is sent to, or fetched from.
_XFA_ADDRESSES = frozenset({"target", "href", "serverURL"})
_ADDRESS = re.compile(r"(?:https?|ftps?|file)://[^\s\"'<>]+|\\{2,}[\w.-]+\\+\w", re.IGNORECASE)
#: So much of a script is looked at, in bytes.
_SCRIPT_LIMIT = 1 << 20
#: Actions that run something or fetch something; going to a page or an address is none of them.
RUNNING = frozenset(
    {
        "/JavaScript",
        "/Launch",
        "/SubmitForm",
        "/ImportData",
        "/GoToE",
        "/GoToR",
        "/Rendition",
        "/Movie",
        "/Sound",
    }
)


@contextmanager
def opened(path: Path) -> Iterator[pikepdf.Pdf]:
    """The PDF, its table of contents mended where it is broken; raises `Unreadable`: ENCRYPTED or BROKEN."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            file = pikepdf.open(path, suppress_warnings=True)
    except pikepdf.PasswordError as error:
        raise Unreadable(Fault.ENCRYPTED) from error
    except (pikepdf.PdfError, ValueError, RuntimeError) as error:
        raise Unreadable(Fault.BROKEN) from error
    with file:
        if file.is_encrypted and not file.user_password_matched:
            raise Unreadable(Fault.ENCRYPTED)  # open to us only because its owner needs no password
        try:
            yield file
        except (pikepdf.PdfError, ValueError, TypeError, KeyError, AttributeError, RuntimeError) as error:
            raise Unreadable(Fault.BROKEN) from error


def save(file: pikepdf.Pdf, target: Path) -> None:
    """Write it; what it forbids without asking for a password (to print, to copy) stays forbidden."""
    try:
        file.save(target, encryption=file.is_encrypted, fix_metadata_version=False)
    except RuntimeError:
        # Locked in a way that can be read, but not made any more.
        lock = pikepdf.Encryption(owner=secrets.token_urlsafe(), allow=file.allow)
        file.save(target, encryption=lock, fix_metadata_version=False)


def notes(file: pikepdf.Pdf) -> Iterator[pikepdf.Dictionary]:
    """The annotations of all pages that are not part of a page."""
    for page in file.pages:
        for note in annotations(page):
            if subtype(note) not in KEPT_NOTES:
                yield note


def annotations(page: pikepdf.Page) -> list[pikepdf.Dictionary]:
    """What lies on a page."""
    lying = page.obj.get("/Annots")
    if not isinstance(lying, pikepdf.Array):
        return []
    return [note for note in lying if isinstance(note, pikepdf.Dictionary)]


def subtype(note: pikepdf.Dictionary) -> str:
    """What an annotation is: "/Text", "/Highlight" …"""
    return str(note.get("/Subtype", ""))


def text(value: object) -> str:
    """A text in a PDF; "" for what is none."""
    return str(value) if isinstance(value, pikepdf.String | str) else ""


def is_running(action: object) -> bool:
    """Whether an action runs or fetches something, itself or by one that follows it."""
    for _ in range(50):
        if not isinstance(action, pikepdf.Dictionary):
            return False
        if str(action.get("/S", "")) in RUNNING:
            return True
        action = action.get("/Next")
        if isinstance(action, pikepdf.Array):
            return any(is_running(one) for one in list(action)[:50])
    return True


def fetches(action: object) -> list[str]:
    """The addresses that an action asks for something, itself or by those that follow it."""
    found: list[str] = []
    waiting = [action]
    for _ in range(50):
        one = waiting.pop() if waiting else None
        if isinstance(one, pikepdf.Dictionary):
            goal = one.get("/F")
            if isinstance(goal, pikepdf.Dictionary):
                found += [text(goal.get("/UF")), text(goal.get("/F"))]
            script = one.get("/JS")
            if isinstance(script, pikepdf.Stream):
                found += _named(script.read_bytes()[:_SCRIPT_LIMIT].decode("latin-1"))
            found += [text(goal), text(one.get("/URI")), *_named(text(script))]
            following = one.get("/Next")
            waiting += list(following)[:50] if isinstance(following, pikepdf.Array) else [following]
    return found


def fetched(file: pikepdf.Pdf) -> Iterator[str]:
    """The addresses that are asked for something when the PDF is opened, read or printed, without a click."""
    for item in dictionaries(file):
        yield from fetches(item.get("/OpenAction"))
        own = item.get("/AA")
        if isinstance(own, pikepdf.Dictionary):
            for key in own:
                yield from fetches(own[str(key)])
        if str(item.get("/S", "")) == "/JavaScript":
            yield from fetches(item)
        if str(item.get("/FS", "")) == "/URL":
            yield text(item.get("/F"))
    for part in form_parts(file):
        for element in part.iter():
            yield from (str(value) for key, value in element.attrib.items() if key in _XFA_ADDRESSES)
            if markup.local(element) == "script":
                yield from _named(element.text or "")


def _named(script: str) -> list[str]:
    """The addresses in a script; two slashes alone begin a remark there."""
    return _ADDRESS.findall(script)


def form_parts(file: pikepdf.Pdf) -> Iterator[etree._Element]:
    """The parts of a form in XML (XFA) that can be read."""
    form = file.Root.get("/AcroForm")
    held = form.get("/XFA") if isinstance(form, pikepdf.Dictionary) else None
    parts = list(held) if isinstance(held, pikepdf.Array) else [held]
    for part in parts:
        if isinstance(part, pikepdf.Stream):
            try:
                yield markup.parse(part.read_bytes())
            except Unreadable:
                continue


def _has_form_script(file: pikepdf.Pdf) -> bool:
    return any(markup.local(element) == "script" for part in form_parts(file) for element in part.iter())


def runs_something(file: pikepdf.Pdf) -> bool:
    """Whether a part of the PDF is a script, or starts something."""
    return (
        any(
            is_running(item.get("/A")) or is_running(item.get("/OpenAction")) or _starts(item.get("/AA"))
            for item in dictionaries(file)
        )
        or "/JavaScript" in file.Root.get("/Names", {})
        or _has_form_script(file)
    )


def dictionaries(file: pikepdf.Pdf) -> Iterator[pikepdf.Dictionary | pikepdf.Stream]:
    """Every dictionary and stream that stands by itself, and the annotations that lie directly on pages."""
    for item in file.objects:
        if isinstance(item, pikepdf.Dictionary | pikepdf.Stream):
            yield item
    for page in file.pages:
        yield from (note for note in annotations(page) if not note.is_indirect)


def is_signed(file: pikepdf.Pdf) -> bool:
    """Whether it carries a signature."""
    form = file.Root.get("/AcroForm")
    return isinstance(form, pikepdf.Dictionary) and bool(int(form.get("/SigFlags", 0)) & 1)


def _starts(actions: object) -> bool:
    return isinstance(actions, pikepdf.Dictionary) and any(is_running(actions[str(key)]) for key in actions)
