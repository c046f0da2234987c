"""Mail that came back: reports as RFC 3464 wants them, and those of servers that write what they like."""

import re
from dataclasses import dataclass, replace

from forum.mail.letters.mime import Part, addresses_in, read_header, read_mail

#: Not a part of an address like 192.0.2.7.
_STATUS = re.compile(r"(?<![\d.])([45])\.\d{1,3}\.\d{1,3}(?!\.?\d)")
#: Address unknown, box closed, domain unknown; also where the report gives no reason.
_NO_MAILBOX = re.compile(r"(5\.1\.\d{1,3}|5\.2\.1|5\.4\.(1|4|310)|5\.0\.0|)")
_CODE = re.compile(r"(?<![\d.:])([45]\d\d)(?=[ -])")
_ADDRESS = re.compile(r"[\w.+=-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
_MESSAGE_ID = re.compile(r"^[ >\t]{0,8}message-id:\s{0,8}(<[^<>\s]{3,250}>)", re.IGNORECASE | re.MULTILINE)
_FIELD = re.compile(r"^([a-z-]{3,40}):[ \t]*([^\n]*(?:\n[ \t]+[^\n]*)*)", re.IGNORECASE | re.MULTILINE)
_SUBJECTS = re.compile(
    r"undeliver(ed|able)|unzustellbar|nicht zustellbar|mail delivery (failed|system|failure|subsystem)"
    r"|delivery status notification|failure notice|returned mail|delivery (has )?failed|delivery failure"
    r"|zustellung (fehlgeschlagen|verzögert)|konnte nicht zugestellt|zustellungsfehler|fehler bei der zustellung"
    r"|message (not delivered|delayed)|could not be delivered|verzögerte zustellung|delayed mail|rejected mail",
    re.IGNORECASE,
)
_SERVERS = re.compile(
    r"(mailer-?daemon|postmaster|mail-?delivery|microsoftexchange[0-9a-f]+|mdaemon|bounces?|noreply-dsn)@",
    re.IGNORECASE,
)
_DELAY = re.compile(
    r"(delay|verzöger|will be retried|noch nicht zugestellt|weitere zustellversuche|temporarily deferred|"
    r"you do not need to resend)",
    re.IGNORECASE,
)
_FAILURE = re.compile(
    r"(delayed? .{0,20}fail|permanent|endgültig|giving up|fatal|gave up|unknown user)", re.IGNORECASE
)
_LINE_LIMIT = 300
_TEXT_LIMIT = 200_000


@dataclass(frozen=True, slots=True)
class Bounce:
    """A mail of ours that did not arrive, or not yet (`is_final` false).

    `message_id` is that of our mail, if the report holds it. `status` is the extended code (5.1.1) or empty, `words`
    what the other server said.
    """

    recipient: str = ""
    is_final: bool = True
    status: str = ""
    words: str = ""
    message_id: str = ""

    @property
    def has_no_mailbox(self) -> bool:
        """Whether there is no such address, rather than a full box or a mail that was not wanted."""
        return self.is_final and bool(_NO_MAILBOX.fullmatch(self.status))


def bounce_in(mail: Part, sender: str) -> Bounce | None:
    """What the mail says of one that came back; None if it is no such report, or one of success."""
    report = next((part for part in mail.walk() if part.kind == "message/delivery-status"), None)
    if report is not None:
        return _from_report(mail, report)
    if not _is_from_a_server(mail, sender):
        return None
    return _from_words(mail)


def is_report(mail: Part) -> bool:
    """Whether it is a report of delivery of any kind, also of success."""
    return any(part.kind == "message/delivery-status" for part in mail.walk())


def _is_from_a_server(mail: Part, sender: str) -> bool:
    if mail.header.get("x-failed-recipients"):
        return True
    null_sender = str(mail.header.get("return-path", "")).strip() == "<>"
    is_known = (
        null_sender or bool(_SERVERS.match(sender)) or (not sender and "daemon" in mail.says("from").lower())
    )
    return is_known and bool(_SUBJECTS.search(mail.says("subject")))


def _from_report(mail: Part, report: Part) -> Bounce | None:
    text = report.text[:_TEXT_LIMIT]
    chosen: Bounce | None = None
    for group in re.split(r"\n[ \t]*\n", text):
        fields = {name.lower(): " ".join(value.split()) for name, value in _FIELD.findall(group)}
        action = fields.get("action", "").lower()
        if action not in {"failed", "delayed"}:
            continue
        status = _STATUS.search(fields.get("status", "") or fields.get("diagnostic-code", ""))
        recipient = fields.get("original-recipient") or fields.get("final-recipient", "")
        found = _ADDRESS.search(recipient)
        bounce = Bounce(
            recipient=found[0].lower() if found else "",
            is_final=action == "failed",
            status=status[0] if status else "",
            words=_short(
                fields.get("diagnostic-code", "").partition(";")[2] or fields.get("diagnostic-code", "")
            ),
        )
        if chosen is None or (bounce.is_final and not chosen.is_final):
            chosen = bounce
    if chosen is None:
        return None
    if not chosen.words:
        chosen = replace(chosen, words=_short(_first_words(mail)))
    return replace(chosen, message_id=_message_id(mail))


def _from_words(mail: Part) -> Bounce:
    text = _first_text(mail)
    own = set(addresses_in(mail, "to", "from"))
    named = addresses_in(mail, "x-failed-recipients") or tuple(
        found.lower() for found in _ADDRESS.findall(text[:5000]) if found.lower() not in own
    )
    told = f"{mail.says('subject')}\n{text[:4000]}"
    status, code = _STATUS.search(text), _CODE.search(text)
    is_delay = bool(_DELAY.search(told)) and not _FAILURE.search(told)
    line = next((line for line in text.split("\n") if _STATUS.search(line) or _CODE.search(line)), "")
    return Bounce(
        recipient=named[0] if named else "",
        is_final=not is_delay,
        status=status[0] if status else (f"{code[1][0]}.0.0" if code else ""),
        words=_short(line.strip(" >:") or _first_words(mail)),
        message_id=_message_id(mail),
    )


def _message_id(mail: Part) -> str:
    for part in mail.walk():
        if part.kind == "message/rfc822":
            inner = read_mail(part.content).header.get("message-id")
        elif part.kind in {"text/rfc822-headers", "message/rfc822-headers"}:
            inner = read_header(part.content + b"\n\n").header.get("message-id")
        else:
            continue
        if inner:
            return str(inner).strip()[:250]
    for part in mail.walk():
        if part.kind.startswith("text/") and (found := _MESSAGE_ID.search(part.text[:_TEXT_LIMIT])):
            return found[1]
    return ""


def _first_text(mail: Part) -> str:
    return next(
        (part.text[:_TEXT_LIMIT] for part in mail.walk() if part.kind == "text/plain" and part.body), ""
    )


def _first_words(mail: Part) -> str:
    lines = (line.strip() for line in _first_text(mail).split("\n"))
    return " ".join([line for line in lines if line][:3])


def _short(words: str) -> str:
    return " ".join(words.split())[:_LINE_LIMIT]
