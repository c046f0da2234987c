"""Mail that comes in: kept first, looked into by a job, handed to whoever takes it, or answered with one sentence.

Nothing here trusts a mail. It counts only if its address bears our signature; who may write there is for the
taker to say. A refusal is answered at most once an hour, never to programs, lists or ourselves: no loop begins here.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

import sqlalchemy as sa
from flask import current_app
from flask_babel import gettext as _

from forum.config import Settings
from forum.core.clock import now
from forum.core.db import changed_rows, db, unit_of_work, upsert
from forum.core.errors import NotFound, Refusal
from forum.jobs.service import enqueue
from forum.mail import addresses
from forum.mail.letters import SIZE_LIMIT, Bounce, Letter, LetterKind, read_letter
from forum.mail.letters.mime import HEADER_LIMIT
from forum.mail.models import IncomingMail, IncomingState, OutgoingMail
from forum.mail.service import came_back, send
from forum.mail.targets import taker_of

#: How long it is known from whom a mail came and what became of it.
KEPT = timedelta(days=30)
#: The kind of the addresses to which mail comes back; the payload is the id of the mail.
RETURNED = "b"
#: So many answers one sender gets at most in a day; and one in an hour.
ANSWERS_A_DAY = 5
#: A letter goes to so many of its signed addresses.
_MOST_TARGETS = 5
#: Stands in `outcome` of a mail of which only the header was kept.
_CUT = "only the header was kept: too large"
log = logging.getLogger(__name__)


def receive(raw: bytes, envelope_to: Sequence[str] = (), *, is_whole: bool = True) -> None:
    """Keep the mail and have it looked into; when this returns it is safe. The same mail twice is one.

    Of a mail above `SIZE_LIMIT` only the header is kept; give `is_whole=False` with a header alone. Opens its own
    unit of work; what the database raises is passed on: the mail was not kept then.
    """
    if len(raw) > SIZE_LIMIT:
        is_whole = False
    kept = raw if is_whole else raw[:HEADER_LIMIT]
    recipients = " ".join(envelope_to)[:2000]
    digest = sha256(recipients.encode("utf-8", "replace") + b"\0" + kept).hexdigest()
    values = {
        "digest": digest,
        "received_at": now(),
        "envelope_to": recipients,
        "raw": kept,
        "sender": "",
        "state": IncomingState.WAITING,
        "outcome": "" if is_whole else _CUT,
    }
    with unit_of_work():
        upsert(IncomingMail, values, ["digest"], {"digest": IncomingMail.digest})
        row = db.session.execute(
            sa.select(IncomingMail.id, IncomingMail.state).where(IncomingMail.digest == digest)
        ).one()
        if row.state is IncomingState.WAITING:
            enqueue("mail.look_into", key=f"mail.look_into:{row.id}", incoming_id=row.id)


def is_for_us(recipients: Sequence[str]) -> bool:
    """Whether one of the addresses bears our signature and is of a kind that somebody takes."""
    return any(
        token.kind == RETURNED or taker_of(token.kind) is not None
        for token in map(addresses.read, recipients)
        if token is not None
    )


def look_into(incoming_id: int) -> None:
    """Read a mail that was kept and do what it wants; done twice it does nothing the second time."""
    mail = db.session.get(IncomingMail, incoming_id)
    if mail is None or mail.state is not IncomingState.WAITING or mail.raw is None:
        db.session.rollback()
        return
    raw, recipients, is_whole = mail.raw, mail.envelope_to.split(), mail.outcome != _CUT
    db.session.expunge(mail)
    db.session.rollback()  # reading may take a while and holds no lock
    letter = read_letter(raw, recipients, authserv=_settings().mail_authserv, is_whole=is_whole)
    case = _Case(incoming_id, letter, _tokens(letter))
    if letter.kind is LetterKind.BOUNCE and letter.bounce is not None:
        with unit_of_work():
            _note(case, _take_bounce(case, letter.bounce))
        return
    try:
        outcome = _hand_over(case)
    except Refusal as refusal:
        with unit_of_work():
            _refuse(case, refusal.message or _sentence(refusal))
    else:
        with unit_of_work():
            _note(case, outcome)


def forget(moment: datetime) -> None:
    """Delete what came in longer than `KEPT` ago."""
    db.session.execute(sa.delete(IncomingMail).where(IncomingMail.received_at < moment - KEPT))


@dataclass(frozen=True, slots=True)
class _Case:
    """A mail being looked into, with what its signed addresses say."""

    incoming_id: int
    letter: Letter
    tokens: tuple[addresses.Token, ...]

    @property
    def targets(self) -> list[addresses.Token]:
        """What it wants to get to."""
        return [token for token in self.tokens if token.kind != RETURNED][:_MOST_TARGETS]


@dataclass(frozen=True, slots=True)
class _Outcome:
    state: IncomingState
    words: str


class _Unreadable(Refusal):
    """The letter is for us, and cannot be taken as it is."""


def _tokens(letter: Letter) -> tuple[addresses.Token, ...]:
    found = (addresses.read(address) for address in letter.recipients)
    return tuple(dict.fromkeys(token for token in found if token is not None))


def _hand_over(case: _Case) -> _Outcome:
    """Give it to those who take it, outside any unit of work: they open their own."""
    letter = case.letter
    if letter.kind in {LetterKind.AUTOMATIC, LetterKind.LIST, LetterKind.INVITE}:
        return _Outcome(IncomingState.IGNORED, letter.kind.value)
    if addresses.is_ours(letter.sender) or _mail_named(letter.message_id) is not None:
        return _Outcome(IncomingState.IGNORED, "our own mail")
    takers = [(taker_of(token.kind), token) for token in case.targets]
    known = [(take, token) for take, token in takers if take is not None]
    if not known:
        return _Outcome(IncomingState.IGNORED, "no address of ours")
    if letter.sender_is_proven is False:
        return _Outcome(IncomingState.IGNORED, "forged sender")
    if letter.kind is not LetterKind.REPLY:
        raise _Unreadable(_unreadable(letter.kind))
    for take, token in known:
        take(letter, token.payload)
    return _Outcome(IncomingState.TAKEN, " ".join(f"{token.kind}.{token.payload}" for _take, token in known))


def _take_bounce(case: _Case, bounce: Bounce) -> _Outcome:
    mail_id = _returned_mail(case, bounce)
    if mail_id is None:
        return _Outcome(IncomingState.IGNORED, "bounce of no mail of ours")
    if not bounce.is_final:
        return _Outcome(IncomingState.IGNORED, f"mail {mail_id} is late")
    came_back(mail_id, bounce.has_no_mailbox, f"{bounce.status} {bounce.words}".strip())
    return _Outcome(IncomingState.TAKEN, f"bounce of mail {mail_id}")


def _returned_mail(case: _Case, bounce: Bounce) -> int | None:
    """Our mail that came back: by the address it came back to, or by its whole name with the random part."""
    for token in case.tokens:
        if token.kind == RETURNED and token.payload.isdigit():
            return int(token.payload)
    return _mail_named(bounce.message_id)


def _mail_named(message_id: str) -> int | None:
    """The mail of ours with that name; the number in front finds it, the random part proves it."""
    number = message_id.lstrip("<").partition(".")[0]
    if not (number.isascii() and number.isdigit() and len(number) < 10):
        return None
    named = (OutgoingMail.id == int(number), OutgoingMail.message_id == message_id)
    return db.session.scalar(sa.select(OutgoingMail.id).where(*named))


def _refuse(case: _Case, reason: str) -> None:
    """Note that it was not taken, and tell the sender why, if that can neither annoy nor go round in circles."""
    letter = case.letter
    moment = now()
    if not _may_answer(letter, moment):
        _note(case, _Outcome(IncomingState.REFUSED, reason))
        return
    _note(case, _Outcome(IncomingState.REFUSED, reason), answered_at=moment)
    # That a program wrote it, every mail of ours says (`composing`).
    headers = {"In-Reply-To": letter.message_id, "References": letter.message_id} if letter.message_id else {}
    send(
        letter.sender,
        _("Deine Antwort wurde nicht übernommen"),
        _answer(reason),
        headers=headers,
        about="refusal",
    )


def _may_answer(letter: Letter, moment: datetime) -> bool:
    if not letter.sender or len(letter.sender) > 254 or letter.sender_is_proven is False:
        return False
    if addresses.is_ours(letter.sender):
        return False
    answered = sa.select(IncomingMail.answered_at).where(
        IncomingMail.sender == letter.sender, IncomingMail.answered_at > moment - timedelta(days=1)
    )
    times = [time for time in db.session.scalars(answered) if time is not None]
    return len(times) < ANSWERS_A_DAY and all(time < moment - timedelta(hours=1) for time in times)


def _note(case: _Case, outcome: _Outcome, **values: object) -> None:
    """Write down what became of it, and let the bytes go."""
    changed = changed_rows(
        sa.update(IncomingMail)
        .where(IncomingMail.id == case.incoming_id, IncomingMail.state == IncomingState.WAITING)
        .values(
            state=outcome.state,
            outcome=outcome.words[:300],
            sender=case.letter.sender[:254],
            raw=None,
            envelope_to="",
            **values,
        )
    )
    if not changed:
        raise _Overtaken


class _Overtaken(Exception):
    """Another worker was faster: what this one did is undone."""


def _answer(reason: str) -> str:
    text: str = _(
        "Hallo,\n\ndeine Mail ist angekommen, aber sie wurde nicht übernommen:\n\n%(reason)s\n\n"
        "Im Netzwerk selbst kannst du jederzeit antworten:\n%(address)s\n\n"
        "Diese Mail kommt von selbst. Antworten darauf liest niemand.\n",
        reason=reason,
        address=_settings().public_url,
    )
    return text


def _sentence(refusal: Refusal) -> str:
    if isinstance(refusal, NotFound):
        return str(_("Worauf du antwortest, gibt es nicht mehr, oder die Antwortadresse gilt nicht mehr."))
    return str(_("Hier kannst du nicht mehr antworten."))


def _unreadable(kind: LetterKind) -> str:
    sentences = {
        LetterKind.EMPTY: _(
            "Darin steht kein Text von dir. Schreib deine Antwort über den Text der alten Mail und schick sie noch "
            "einmal."
        ),
        LetterKind.ENCRYPTED: _(
            "Die Mail ist verschlüsselt, und das Netzwerk hat keinen Schlüssel dazu. Schick sie unverschlüsselt noch "
            "einmal."
        ),
        LetterKind.SEALED: _(
            "Der Text liegt in einer digitalen Unterschrift, die das Netzwerk nicht öffnen kann. Schick sie ohne "
            "Unterschrift noch einmal."
        ),
        LetterKind.TOO_LARGE: _(
            "Die Mail ist größer als 25 MB. Große Dateien kannst du im Netzwerk selbst hochladen."
        ),
    }
    damaged = _("Die Mail ist beschädigt und lässt sich nicht lesen. Schick sie noch einmal.")
    return str(sentences.get(kind, damaged))


def _settings() -> Settings:
    settings: Settings = current_app.extensions["settings"]
    return settings
