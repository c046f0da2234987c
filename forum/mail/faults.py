"""Why a mail did not leave: codes, kept with the mail; `mail.sentences` puts them into words."""

import enum
import re


class Fault(enum.StrEnum):
    """What was in the way."""

    UNREACHABLE = "unreachable"
    ENCRYPTION = "encryption"
    LOGIN = "login"
    KEY = "key"
    FOLDER = "folder"
    SENDER = "sender"
    BROKEN_OFF = "broken_off"
    LATER = "later"
    FULL = "full"
    NO_MAILBOX = "no_mailbox"
    REFUSED = "refused"
    ADDRESS = "address"
    BROKEN = "broken"


#: The house's own trouble: no mail is to blame, all wait until it is over.
OF_THE_HOUSE = frozenset({Fault.UNREACHABLE, Fault.ENCRYPTION, Fault.LOGIN, Fault.KEY, Fault.FOLDER})
_STATUS = re.compile(r"\b[245]\.(\d{1,3})\.(\d{1,3})\b")


class NotTaken(Exception):
    """The mail did not leave. `words` are the other side's, as they came."""

    def __init__(self, fault: Fault, words: str, *, is_final: bool = False, is_shaky: bool = False) -> None:
        super().__init__(f"{fault}: {words}")
        self.fault = fault
        self.words = " ".join(words.split())[:300]
        #: Another try would end like this one.
        self.is_final = is_final
        #: It may be the connection rather than the mail; several in a row are.
        self.is_shaky = is_shaky


def refusal(code: int, words: str, *, of_recipient: bool) -> NotTaken:
    """What an SMTP server's no means, to the recipient or to the whole mail (RFC 5321, RFC 3463)."""
    found = _STATUS.search(words)
    status = (int(found[1]), int(found[2])) if found else (0, 0)
    is_final = code >= 500
    if status == (2, 2) or code in {452, 552}:
        fault = Fault.FULL
    elif not is_final:
        fault = Fault.LATER
    elif status[0] == 1 or status == (2, 1) or (of_recipient and status[0] != 7):
        fault = Fault.NO_MAILBOX
    else:
        fault = Fault.REFUSED
    return NotTaken(fault, f"{code} {words}", is_final=is_final, is_shaky=code == 421)
