"""Bytes to a `Letter`: never raises, whatever comes, and takes a bounded time."""

import enum
import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from forum.mail.letters import answers, automatic
from forum.mail.letters.attached import (
    MOST,
    LetterFile,
    Wrapped,
    file_name,
    files_in,
    is_file,
    is_wrapped,
    unwrap,
)
from forum.mail.letters.bounces import Bounce, bounce_in, is_report
from forum.mail.letters.mime import Part, addresses_in, name_in, read_header, read_mail
from forum.mail.letters.proof import is_proven, sender_of
from forum.mail.letters.webtext import PICTURE, text_of

#: Larger mails, in bytes, are not read; only their header is.
SIZE_LIMIT = 25 * 1024 * 1024
_MESSAGE_ID = re.compile(r"<[^<>\s]{1,240}>")
_RECIPIENTS = ("delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "to", "cc")
_TEXT_LIMIT = 4_000_000
_OPAQUE = {"application/pkcs7-mime", "application/x-pkcs7-mime"}
_PGP_SECRET, _PGP_SIGNED = "-----BEGIN PGP MESSAGE-----", "-----BEGIN PGP SIGNED MESSAGE-----"
log = logging.getLogger(__name__)


class LetterKind(enum.StrEnum):
    """What a mail is to us; only a `REPLY` is taken."""

    REPLY = "reply"
    BOUNCE = "bounce"
    AUTOMATIC = "automatic"
    INVITE = "invite"
    LIST = "list"
    EMPTY = "empty"
    BROKEN = "broken"
    TOO_LARGE = "too_large"
    ENCRYPTED = "encrypted"
    #: Signed in such a way that the text lies inside the signature (S/MIME "opaque").
    SEALED = "sealed"


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail as those see it who take it.

    `sender` is the one address in From, in lower case, empty if there is none or more than one; anybody may write
    it, so compare it, and heed `sender_is_proven` (False: our own mail server found it forged; None: nothing
    known). `recipients` begin with the envelope's. `text` is the answer alone; it may be empty beside `files`.
    """

    kind: LetterKind
    sender: str = ""
    sender_name: str = ""
    recipients: tuple[str, ...] = ()
    message_id: str = ""
    references: tuple[str, ...] = ()
    subject: str = ""
    text: str = ""
    files: tuple[LetterFile, ...] = ()
    bounce: Bounce | None = None
    sender_is_proven: bool | None = None


def read_letter(
    raw: bytes, envelope_to: Sequence[str] = (), *, authserv: str = "", is_whole: bool = True
) -> Letter:
    """The letter in `raw`; never raises.

    `envelope_to`: to whom the server that handed it over said it goes. `authserv`: the name under which our own
    mail server writes Authentication-Results. `is_whole` is False for a mail of which only the header was kept.
    """
    try:
        if len(raw) > SIZE_LIMIT or not is_whole:
            return _outside(read_header(raw), envelope_to, authserv, LetterKind.TOO_LARGE)
        return _read(read_mail(raw), envelope_to, authserv)
    except Exception as fault:  # what nobody thought of must not keep the others waiting
        log.error("a mail could not be read: %s", type(fault).__name__)
        return Letter(LetterKind.BROKEN, recipients=tuple(address.lower() for address in envelope_to))


def _read(mail: Part, envelope_to: Sequence[str], authserv: str) -> Letter:
    sender = sender_of(mail)
    letter = _outside(mail, envelope_to, authserv, LetterKind.REPLY)
    if bounce := bounce_in(mail, sender):
        return replace(letter, kind=LetterKind.BOUNCE, bounce=bounce)
    if is_report(mail) or automatic.is_automatic(mail, sender):
        return replace(letter, kind=LetterKind.AUTOMATIC)
    if automatic.is_from_a_list(mail):
        return replace(letter, kind=LetterKind.LIST)
    if automatic.is_invitation(mail):
        return replace(letter, kind=LetterKind.INVITE)
    if kind := _closed(mail):
        return replace(letter, kind=kind)
    return _with_content(letter, mail)


def _outside(mail: Part, envelope_to: Sequence[str], authserv: str, kind: LetterKind) -> Letter:
    sender = sender_of(mail)
    found = _MESSAGE_ID.search(str(mail.header.get("message-id", "")))
    references = " ".join(str(mail.header.get(name, "")) for name in ("references", "in-reply-to"))
    recipients = (*(address.strip().lower() for address in envelope_to), *addresses_in(mail, *_RECIPIENTS))
    return Letter(
        kind=kind,
        sender=sender,
        sender_name=name_in(mail, "from") if sender else "",
        recipients=tuple(dict.fromkeys(recipients)),
        message_id=found[0] if found else "",
        references=tuple(dict.fromkeys(_MESSAGE_ID.findall(references)))[-50:],
        subject=mail.says("subject")[:200],
        sender_is_proven=is_proven(mail, sender, authserv),
    )


def _closed(mail: Part) -> LetterKind | None:
    """Encrypted, or sealed: nobody but the addressee's program can look inside."""
    for part in mail.walk():
        if part.kind == "multipart/encrypted" or part.kind == "application/pgp-encrypted":
            return LetterKind.ENCRYPTED
        if part.kind in _OPAQUE or file_name(part).lower() == "smime.p7m":
            is_signed = part.parameter("smime-type").lower() == "signed-data"
            return LetterKind.SEALED if is_signed else LetterKind.ENCRYPTED
    return None


def _with_content(letter: Letter, mail: Part) -> Letter:
    leaves = [part for part in mail.walk() if not part.parts]
    wrapped = [unwrap(leaf) for leaf in leaves if is_wrapped(leaf)]
    bodies = [leaf for leaf in leaves if not is_file(leaf) and leaf.kind in {"text/plain", "text/html"}]
    plain, html = _bodies(bodies, wrapped)
    if plain.lstrip().startswith(_PGP_SECRET):
        return replace(letter, kind=LetterKind.ENCRYPTED)
    from_html = text_of(html) if html else ""
    shown = frozenset(PICTURE.findall(from_html))
    html_answer = answers.answer_in(from_html) if from_html else ""
    answered = frozenset(PICTURE.findall(html_answer))
    answer = answers.answer_in(_unarmoured(plain)) if plain.strip() else html_answer
    text = _without_pictures(answer)
    attached = [leaf for leaf in leaves if is_file(leaf) and not is_wrapped(leaf)]
    files = [*files_in(attached, shown, answered), *(file for found in wrapped for file in found.files)]
    if not text and not files:
        is_readable = bool(plain.strip() or from_html.strip() or not mail.body.strip() or bodies)
        return replace(letter, kind=LetterKind.EMPTY if is_readable else LetterKind.BROKEN)
    return replace(letter, text=text, files=tuple(files[:MOST]))


def _bodies(bodies: list[Part], wrapped: list[Wrapped]) -> tuple[str, str]:
    """The plain text and the HTML of the mail; texts that follow each other (Apple Mail) are joined."""
    plain = "\n".join(_plain_text(part) for part in bodies if part.kind == "text/plain")
    html = "\n".join(part.text for part in bodies if part.kind == "text/html")
    if not plain.strip() and not html.strip():
        plain = next((found.text for found in wrapped if found.text.strip()), "")
        html = "" if plain else next((found.html for found in wrapped if found.html.strip()), "")
    return plain[:_TEXT_LIMIT], html[:_TEXT_LIMIT]


def _plain_text(part: Part) -> str:
    text = part.text
    if part.parameter("format").lower() != "flowed":
        return text
    return _unflowed(text, deletes_space=part.parameter("delsp").lower() == "yes")


def _unflowed(text: str, *, deletes_space: bool) -> str:
    """Lines that were broken for width are one again (RFC 3676); quoted ones only with their like."""
    lines: list[str] = []
    open_quote: int | None = None
    pieces: list[str] = []
    for line in text.split("\n"):
        quote = len(line) - len(line.lstrip(">"))
        content = line[quote:].removeprefix(" ")
        flows = content.endswith(" ") and content != "-- "
        content = content[:-1] if flows and deletes_space else content
        if open_quote != quote or content == "-- ":
            if open_quote is not None:
                lines.append("".join(pieces).rstrip())
            pieces = [f"{'>' * quote} " if quote else ""]
        pieces.append(content)
        if flows:
            open_quote = quote
        else:
            joined = "".join(pieces)
            lines.append(joined if content == "-- " else joined.rstrip())
            pieces, open_quote = [], None
    if open_quote is not None:
        lines.append("".join(pieces).rstrip())
    return "\n".join(lines)


def _unarmoured(text: str) -> str:
    """The text of a mail that was signed with PGP in its own lines."""
    if not text.lstrip().startswith(_PGP_SIGNED):
        return text
    body = text.lstrip().partition("\n\n")[2].partition("-----BEGIN PGP SIGNATURE-----")[0]
    return "\n".join(line.removeprefix("- ") for line in body.split("\n"))


def _without_pictures(text: str) -> str:
    return re.sub(r"\n{3,}", "\n\n", PICTURE.sub("", text)).strip()
