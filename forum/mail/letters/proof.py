"""Who sent a mail: one sender or none, and whether our own mail server found that proven (RFC 8601)."""

import re

from forum.mail.letters.mime import Part

_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
_COMMENT = re.compile(r"\([^()]*\)")
_ANGLE = re.compile(r"<([^<>]*)>")
_ADDRESS = re.compile(r"[^\s@<>()\",;:\\\x00-\x20]{1,64}@[^\s@<>()\",;:\\\x00-\x20]{3,190}")
_RESULT = re.compile(r"\s*([a-z0-9-]{2,20})\s*=\s*([a-z]{2,20})", re.IGNORECASE)
_PROPERTY = re.compile(
    r"\b(header\.d|header\.from|header\.i|smtp\.mailfrom)\s*=\s*\"?([^\s;\"]{1,250})", re.IGNORECASE
)


def sender_of(mail: Part) -> str:
    """The one address in From, in lower case; empty if there is none, or more than one.

    Of two senders every program shows another one: such a mail is nobody's.
    """
    values = mail.header.get_all("from", [])
    if len(values) != 1:
        return ""
    value = _COMMENT.sub(" ", _QUOTED.sub(" ", str(values[0])[:2000]))
    angles = _ANGLE.findall(value)
    if len(angles) > 1:
        return ""
    if angles:
        before, _found, after = value.partition(f"<{angles[0]}>")
        if after.strip() or ("@" in before and before.strip() != angles[0].strip()):
            return ""
        value = angles[0]
    found = _ADDRESS.fullmatch(value.strip())
    return found[0].lower() if found else ""


def is_proven(mail: Part, sender: str, authserv: str) -> bool | None:
    """Whether the server named `authserv` found the sender genuine; None if it does not say.

    Only the topmost of its words count: what stands below came with the mail, and anybody may write it.
    """
    if not authserv or not sender:
        return None
    for value in mail.header.get_all("authentication-results", [])[:20]:
        named, _semicolon, results = _COMMENT.sub(" ", str(value)[:4000]).partition(";")
        if named.split()[:1] and named.split()[0].lower() == authserv.lower():
            return _verdict(results, sender.rpartition("@")[2])
    return None


def _verdict(results: str, domain: str) -> bool | None:
    verdict: bool | None = None
    for statement in results.split(";"):
        found = _RESULT.match(statement)
        if not found:
            continue
        method, result = found[1].lower(), found[2].lower()
        if method == "dmarc" and result in {"pass", "fail"}:
            return result == "pass"
        if method in {"dkim", "spf"}:
            names = {key.lower(): value.lower() for key, value in _PROPERTY.findall(statement)}
            if method == "dkim":
                named = names.get("header.d") or names.get("header.i", "").rpartition("@")[2]
            else:
                named = names.get("smtp.mailfrom", "").rpartition("@")[2]
            if result == "pass" and _are_related(named, domain):
                verdict = True
            elif result == "fail" and verdict is None:
                verdict = False
    return verdict


def _are_related(one: str, other: str) -> bool:
    one, other = one.strip("."), other.strip(".")
    return bool(one) and (
        one == other or one.endswith(f".{other}") or ("." in one and other.endswith(f".{one}"))
    )
