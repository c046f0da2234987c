"""Who sent a mail: one sender or none, and whether our own mail server found that proven (RFC 8601)."""

import re

from forum.mail.letters.mime import Part

_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
_COMMENT = re.compile(r"\([^()]*\)")
_ANGLE = re.compile(r"<([^<>]*)>")
_ADDRESS = re.compile(r"[^\s@<>()\",;:\\\x00-\x20]{1,64}@[^\s@<>()\",;:\\\x00-\x20]{3,190}")
_EQUALS = re.compile(r"\s*=\s*")
#: A quoted value as a whole, and what may stand in one that is believed.
_VALUE = re.compile(r'(?<==)("(?:[^"\\]|\\.)*")(?=[\s;]|\Z)')
_HARMLESS = re.compile(r"[\w.@+/=-]*")
#: Longer words of a server are not read: cut off, `a.example.b.example` would be `a.example`.
_LONGEST = 4000
_NESTED = 10


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
        named, _semicolon, results = _bare(str(value)).partition(";")
        if named.split()[:1] and named.split()[0].lower() == authserv.lower():
            is_readable = len(str(value)) <= _LONGEST and not set('"()\\') & set(named + results)
            return _verdict(results, sender.rpartition("@")[2]) if is_readable else None
    return None


def _bare(value: str) -> str:
    """What the server says, without comments and quotes: in them stand the sender's words (an envelope like
    `"x; dmarc=pass "@evil.example`). A quoted part of a longer word becomes an x.
    """
    value = _QUOTED.sub("x", _VALUE.sub(_unquoted, value[: _LONGEST + 1]))
    for _level in range(_NESTED):
        value = _COMMENT.sub(" ", value)
    return value


def _unquoted(found: re.Match[str]) -> str:
    words = found[1][1:-1]
    return words if _HARMLESS.fullmatch(words) else "x"


def _verdict(results: str, domain: str) -> bool | None:
    verdict: bool | None = None
    for statement in results.split(";"):
        # Only whole words count, the first of a kind: what somebody calls his server stands there, too.
        said: dict[str, str] = {}
        for word in _EQUALS.sub("=", statement).lower().split():
            name, _sign, value = word.partition("=")
            said.setdefault(name, value)
        method, result = next(iter(said.items()), ("", ""))
        if method == "dmarc" and result in {"pass", "fail"}:
            # Of whom it speaks: our own reading of From may be another one than the server's.
            return result == "pass" and _are_related(said.get("header.from", domain), domain)
        if method in {"dkim", "spf"}:
            if method == "dkim":
                named = said.get("header.d") or said.get("header.i", "").rpartition("@")[2]
            else:
                named = said.get("smtp.mailfrom", "").rpartition("@")[2]
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
