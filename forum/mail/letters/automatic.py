"""Mail that no person wrote to us: out of office, receipts, invitations, mailing lists."""

import re

from forum.mail.letters.mime import Part

_SUBJECTS = re.compile(
    r"automati(sche|c|ed) (antwort|reply|response)|auto-?(reply|antwort)|abwesenheits(notiz|nachricht|meldung|agent)"
    r"|abwesend\b|abwesenheit:|nicht im (büro|haus)|out of (the )?office|ooo:|urlaubsnotiz|ich bin im urlaub"
    r"|vacation:|(empfangs|eingangs|lese)bestätigung|(nicht )?gelesen:|(not )?read:|ungelesen gelöscht"
    r"|(zugesagt|abgelehnt|mit vorbehalt|accepted|declined|tentative|vorläufig):",
    re.IGNORECASE,
)
_MARKED = (
    "x-autoreply",
    "x-autorespond",
    "x-autoresponder",
    "x-auto-reply",
    "x-vacation",
    "x-mail-autoreply",
)
_ROBOTS = re.compile(
    r"(no-?reply|do-?not-?reply|mailer-daemon|postmaster|newsletter|bounce)[\w.+-]*@", re.IGNORECASE
)
_METHOD = re.compile(rb"\nMETHOD:[ \t]{0,9}([A-Za-z-]{1,30})", re.IGNORECASE)
#: What the button of a calendar sends for somebody who did not write to us.
_ANSWERS = {"reply", "counter", "declinecounter", "refresh", "cancel"}


def is_automatic(mail: Part, sender: str) -> bool:
    """Whether a program wrote it: such mail is neither taken nor answered."""
    said = mail.says("auto-submitted").lower()
    if said and not said.startswith("no"):
        return True
    if any(mail.header.get(name) and mail.says(name).lower() not in {"no", "false"} for name in _MARKED):
        return True
    if mail.says("precedence").lower() in {"auto_reply", "auto-reply", "junk"}:
        return True
    if mail.kind == "multipart/report" or mail.kind == "message/disposition-notification":
        return True
    if str(mail.header.get("return-path", "")).strip() == "<>" or _ROBOTS.match(sender):
        return True
    return bool(_SUBJECTS.match(mail.says("subject").strip())) or _calendar_method(mail) in _ANSWERS


def is_from_a_list(mail: Part) -> bool:
    """Whether a mailing list or a mass mailing sent it."""
    if any(mail.header.get(name) for name in ("list-id", "list-post", "list-unsubscribe")):
        return True
    return mail.says("precedence").lower() in {"list", "bulk"}


def is_invitation(mail: Part) -> bool:
    """Whether it brings an event for the calendar; answers to one are automatic."""
    return bool(_calendar_method(mail))


def _calendar_method(mail: Part) -> str:
    """What a calendar is to do with what the mail brings (RFC 5546), in lower case; empty without that."""
    for part in mail.walk():
        if part.kind == "text/calendar" and part.disposition != "attachment":
            named = _METHOD.search(part.content[:20_000])
            return (part.parameter("method") or (named[1].decode() if named else "")).lower()
    return ""
