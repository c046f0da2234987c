"""Mail fetched from a mailbox: each one kept by us before it is taken away there.

What ends in the middle is fetched again, and known again by its digest: nothing is lost, nothing taken twice. What
bears no address of ours is only marked as read: whoever sets a mailbox that is used otherwise loses no mail. One
that cannot be taken in holds up no other.
"""

import imaplib
import logging
import ssl
import time
from collections import Counter
from contextlib import suppress
from datetime import timedelta

from imap_tools import BaseMailBox, MailBox, MailBoxStartTls, MailBoxUnencrypted, MailMessageFlags
from imap_tools.errors import MailboxFolderSelectError, MailboxLoginError, UnexpectedCommandStatusError

from forum.config import Settings
from forum.mail.intake import is_for_us, note_stuck, receive
from forum.mail.letters import SIZE_LIMIT, read_letter
from forum.mail.letters.mime import HEADER_LIMIT

#: No answer within so many seconds: the server is away.
TIMEOUT = 30
#: One visit takes so long at most; the rest waits for the next one.
LONGEST = timedelta(minutes=5)
#: So often one mail is tried.
TRIES = 3
#: How often each of the mails failed that could not be taken in, as far as this process has seen.
_failures: Counter[str] = Counter()
log = logging.getLogger(__name__)


class SignInRefused(Exception):
    """The mailbox does not take name and password."""


class FolderMissing(Exception):
    """The mailbox has no such folder."""


class NotGiven(Exception):
    """The mailbox does not give a mail that it lists."""


def fetch_mail(settings: Settings) -> int:
    """Take in all unread mail; how many. `SignInRefused`, `FolderMissing`, or what the connection raises.

    A mail that fails is left there for the next visits, the others are not kept waiting by it. After `TRIES` it is
    marked there as read and with a star, so that people find it, and noted for administrators.
    """
    taken = 0
    until = time.monotonic() + LONGEST.total_seconds()
    mailbox = _open(settings)
    try:
        for uid in mailbox.uids("UNSEEN"):
            if time.monotonic() > until:
                break
            place = f"{settings.imap_host} {settings.imap_folder} {uid}"
            try:
                _take(mailbox, uid)
            except (imaplib.IMAP4.abort, OSError):  # the connection, not this mail
                raise
            except Exception as fault:  # whatever it is: the others must not wait for it
                log.error("a mail could not be fetched: %s", type(fault).__name__)
                _leave(mailbox, uid, place)
            else:
                taken += 1
                _failures.pop(place, None)
    finally:
        with suppress(imaplib.IMAP4.error, OSError):  # a server that is gone needs no farewell
            mailbox.logout()
    return taken


def _open(settings: Settings) -> BaseMailBox:
    place = (settings.imap_host, settings.imap_port)
    secure = ssl.create_default_context()
    mailbox: BaseMailBox
    if settings.imap_security == "tls":
        mailbox = MailBox(*place, timeout=TIMEOUT, ssl_context=secure)
    elif settings.imap_security == "starttls":
        mailbox = MailBoxStartTls(*place, timeout=TIMEOUT, ssl_context=secure)
    else:
        mailbox = MailBoxUnencrypted(*place, timeout=TIMEOUT)
    try:
        return mailbox.login(settings.imap_user, settings.imap_password, settings.imap_folder)
    except MailboxLoginError:
        mailbox.client.shutdown()
        raise SignInRefused from None
    except MailboxFolderSelectError:
        mailbox.client.shutdown()
        raise FolderMissing from None


def _take(mailbox: BaseMailBox, uid: str) -> None:
    size = _size(mailbox, uid)
    is_whole = size is not None and size <= SIZE_LIMIT
    raw = _fetch(mailbox, uid, "BODY.PEEK[]" if is_whole else f"BODY.PEEK[HEADER]<0.{HEADER_LIMIT}>")
    receive(raw, is_whole=is_whole)
    if is_for_us(read_letter(raw, is_whole=False).recipients):
        mailbox.delete(uid)
    else:
        mailbox.flag(uid, MailMessageFlags.SEEN, True)


def _leave(mailbox: BaseMailBox, uid: str, place: str) -> None:
    """For the next visit, or for people. If the database is away, this raises, and every mail waits."""
    _failures[place] += 1
    if _failures[place] < TRIES:
        return
    note_stuck(place)
    with suppress(UnexpectedCommandStatusError):
        mailbox.flag(uid, (MailMessageFlags.SEEN, MailMessageFlags.FLAGGED), True)
    del _failures[place]


def _size(mailbox: BaseMailBox, uid: str) -> int | None:
    """By the server's word, before the mail is fetched."""
    answer = mailbox.client.uid("fetch", uid, "(RFC822.SIZE)")[1]
    for line in answer:
        words = (line if isinstance(line, bytes) else b"").replace(b")", b" ").split()
        if b"RFC822.SIZE" in words[:-1]:
            return int(words[words.index(b"RFC822.SIZE") + 1])
    return None


def _fetch(mailbox: BaseMailBox, uid: str, what: str) -> bytes:
    answer = mailbox.client.uid("fetch", uid, f"({what})")[1]
    raw = next((line[1] for line in answer if isinstance(line, tuple)), b"")
    if not raw:
        raise NotGiven
    return raw
