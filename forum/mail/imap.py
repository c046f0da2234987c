"""Mail fetched from a mailbox: each one kept by us before it is taken away there.

What ends in the middle is fetched again, and known again by its digest: nothing is lost, nothing taken twice. What
bears no address of ours is only marked as read: whoever sets a mailbox that is used otherwise loses no mail.
"""

import imaplib
import logging
import ssl
import time
from contextlib import suppress
from datetime import timedelta

from imap_tools import BaseMailBox, MailBox, MailBoxStartTls, MailBoxUnencrypted, MailMessageFlags
from imap_tools.errors import MailboxFolderSelectError, MailboxLoginError

from forum.config import Settings
from forum.mail.intake import is_for_us, receive
from forum.mail.letters import SIZE_LIMIT, read_letter
from forum.mail.letters.mime import HEADER_LIMIT

#: No answer within so many seconds: the server is away.
TIMEOUT = 30
#: One visit takes so long at most; the rest waits for the next one.
LONGEST = timedelta(minutes=5)
log = logging.getLogger(__name__)


class SignInRefused(Exception):
    """The mailbox does not take name and password."""


class FolderMissing(Exception):
    """The mailbox has no such folder."""


def fetch_mail(settings: Settings) -> int:
    """Take in all unread mail; how many. `SignInRefused`, `FolderMissing`, or what the connection raises.

    A mail that the server does not give is left there; the others are not kept waiting by it.
    """
    taken = 0
    until = time.monotonic() + LONGEST.total_seconds()
    mailbox = _open(settings)
    try:
        for uid in mailbox.uids("UNSEEN"):
            if time.monotonic() > until:
                break
            taken += _take(mailbox, uid)
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


def _take(mailbox: BaseMailBox, uid: str) -> bool:
    size = _size(mailbox, uid)
    is_whole = size is not None and size <= SIZE_LIMIT
    raw = _fetch(mailbox, uid, "BODY.PEEK[]" if is_whole else f"BODY.PEEK[HEADER]<0.{HEADER_LIMIT}>")
    if not raw:
        log.warning("the mailbox did not give a mail that it lists")
        return False
    receive(raw, is_whole=is_whole)
    if is_for_us(read_letter(raw, is_whole=False).recipients):
        mailbox.delete(uid)
    else:
        mailbox.flag(uid, MailMessageFlags.SEEN, True)
    return True


def _size(mailbox: BaseMailBox, uid: str) -> int | None:
    """By the server's word, before the mail is fetched."""
    answer = mailbox.client.uid("fetch", uid, "(RFC822.SIZE)")[1]
    for line in answer:
        words = (line if isinstance(line, bytes) else b"").replace(b")", b" ").split()
        if b"RFC822.SIZE" in words[:-1]:
            return int(words[words.index(b"RFC822.SIZE") + 1])
    return None


def _fetch(mailbox: BaseMailBox, uid: str, what: str) -> bytes:
    try:
        answer = mailbox.client.uid("fetch", uid, f"({what})")[1]
    except imaplib.IMAP4.abort:
        raise
    except imaplib.IMAP4.error:
        return b""
    return next((line[1] for line in answer if isinstance(line, tuple)), b"")
