"""What hangs on a mail: files with clean names, pictures of the answer, and what Outlook wraps up (winmail.dat)."""

import mimetypes
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from forum.core.text import tame
from forum.mail.letters.charsets import tidy
from forum.mail.letters.mime import Part, words
from forum.mail.letters.tnef import Wrapping, unwrapped

#: So many files of one mail are taken.
MOST = 30
#: Pictures in the text up to this size, in bytes, are logos and smileys.
LOGO = 20_000
_NAME_LIMIT = 120
_SEALS = {
    "application/pkcs7-signature",
    "application/x-pkcs7-signature",
    "application/pgp-signature",
    "application/pgp-keys",
}
_TNEF = {"application/ms-tnef", "application/vnd.ms-tnef"}
_EXTENSIONS = {"message/rfc822": ".eml", "text/plain": ".txt", "image/jpeg": ".jpg", "image/heic": ".heic"}
_CONTENT_TYPE = re.compile(r"[\w.+-]{1,60}/[\w.+-]{1,100}")


@dataclass(frozen=True, slots=True)
class LetterFile:
    """A file that came with a mail. The name is one line without paths; the type is the sender's claim."""

    name: str
    content_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Wrapped:
    """What Outlook wrapped up: the text, if it is there, its HTML, and the files."""

    text: str = ""
    html: str = ""
    files: tuple[LetterFile, ...] = ()


def files_in(leaves: list[Part], shown: frozenset[str], answered: frozenset[str]) -> Iterator[LetterFile]:
    """The files among the leaves of a mail, `MOST` at most.

    `shown` are the pictures (Content-IDs) that the HTML shows, `answered` those that stand in the answer itself:
    of the shown ones only these are taken, and only if they are larger than a logo.
    """
    taken = 0
    for leaf in leaves:
        name = file_name(leaf)
        if taken >= MOST or leaf.kind in _SEALS or _is_seal(name):
            continue
        content = leaf.content
        picture = str(leaf.header.get("content-id", "")).strip().strip("<>")
        if leaf.kind.startswith("image/") and picture in shown:
            is_own = picture in answered and len(content) > LOGO
            if not is_own:
                continue
        if not content:
            continue
        taken += 1
        yield LetterFile(clean_name(name, leaf.kind), _content_type(leaf.kind), content)


def is_file(part: Part) -> bool:
    """Whether a leaf is a file rather than the text of the mail, in whatever form."""
    if part.disposition == "attachment":
        return True
    if part.kind.startswith("text/"):
        return bool(file_name(part)) and part.kind != "text/html"
    return part.kind != "message/delivery-status"


def file_name(part: Part) -> str:
    """The name as the sender wrote it, in RFC 2231, RFC 2047 or plainly; empty without one."""
    return part.parameter("filename", "content-disposition") or part.parameter("name")


def clean_name(name: str, content_type: str = "") -> str:
    """`name` without folders, direction controls and other invisible signs, short, never empty."""
    name = tame(tidy(words(name))).replace("\\", "/").rpartition("/")[2]
    name = "".join(sign for sign in name if unicodedata.category(sign) not in {"Cc", "Cf", "Cs", "Co"})
    name = re.sub(r'[<>:"|?*]', "_", " ".join(name.split())).strip(". ")
    if not name:
        return f"Anhang{_EXTENSIONS.get(content_type) or mimetypes.guess_extension(content_type) or ''}"
    if len(name) > _NAME_LIMIT:
        stem, dot, extension = name.rpartition(".")
        name = f"{stem[: _NAME_LIMIT - 12]}.{extension[:10]}" if dot else name[:_NAME_LIMIT]
    if "." not in name:
        name += _EXTENSIONS.get(content_type) or mimetypes.guess_extension(content_type) or ""
    return name


def is_wrapped(part: Part) -> bool:
    """Whether it is Outlook's own wrapping."""
    return part.kind in _TNEF or file_name(part).lower() == "winmail.dat"


def unwrap(part: Part) -> Wrapped:
    """What is in it; nothing if it cannot be read."""
    found = unwrapped(part.content)
    return Wrapped(tidy(found.text), tidy(found.html), tuple(_wrapped_files(found)))


def _wrapped_files(found: Wrapping) -> Iterator[LetterFile]:
    for file in found.files[:MOST]:
        if file.content and not _is_seal(file.name):
            guessed = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
            yield LetterFile(clean_name(file.name, guessed), guessed, file.content)


def _is_seal(name: str) -> bool:
    return name.lower() in {"smime.p7s", "signature.asc", "openpgp_digital_signature.asc"}


def _content_type(kind: str) -> str:
    return kind if _CONTENT_TYPE.fullmatch(kind) else "application/octet-stream"
