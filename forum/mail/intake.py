"""Mail that comes in: kept first, looked into by a job, handed to whoever takes it, or answered with one sentence.

Nothing here trusts a mail. It counts only if its address bears our signature; who may write there is for the
taker to say. Why something was not taken is told to the member to whom the address was given, if the mail says that
it comes from there, and to nobody else; once a day for each address, never to programs or lists. So no mail of ours
goes to somebody whose name another one used, and no loop begins here.
"""

import logging
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

import sqlalchemy as sa
from flask import current_app
from flask_babel import force_locale
from flask_babel import gettext as _

from forum.config import Settings
from forum.core.clock import now
from forum.core.db import changed_rows, db, unit_of_work, upsert
from forum.core.errors import NotFound, Refusal
from forum.jobs.service import enqueue
from forum.mail import addresses
from forum.mail.letters import SIZE_LIMIT, Bounce, Letter, LetterKind, read_letter
from forum.mail.letters.mime import HEADER_LIMIT
from forum.mail.models import IncomingMail, IncomingState, Outcome, OutgoingMail
from forum.mail.service import came_back, send
from forum.mail.targets import Owner, Taker, taker_of

#: How long it is known from whom a mail came and what became of it.
KEPT = timedelta(days=30)
#: The kind of the addresses to which mail comes back; the payload is the id of the mail.
RETURNED = "b"
#: So many mails about what was not taken one member gets at most in a day; and one for each address.
ANSWERS_A_DAY = 5
#: So many letters of one member are taken in an hour. Less than may be posted in the browser: nobody writes more
#: mails than this, but programs do that answer each other.
LETTERS_AN_HOUR = 60
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


def note_stuck(place: str) -> None:
    """Note for administrators that the mail at `place` cannot be taken in from there; once, however often called."""
    digest = sha256(place.encode()).hexdigest()
    values = {"digest": digest, "received_at": now(), "envelope_to": ""}
    values |= {"state": IncomingState.IGNORED, "outcome": Outcome.STUCK}
    with unit_of_work():
        upsert(IncomingMail, values, ["digest"], {"digest": IncomingMail.digest})


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
    del mail, raw
    tokens = _tokens(letter)
    case = _Case(incoming_id, letter, tokens, _targets(tokens))
    db.session.rollback()
    if letter.kind is LetterKind.BOUNCE and letter.bounce is not None:
        with unit_of_work():
            _note(case, _take_bounce(case, letter.bounce))
        return
    writer = case.writer
    with force_locale(writer.owner.locale) if writer else nullcontext():
        try:
            result = _hand_over(case)
        except Refusal as refusal:
            reason = refusal.message or _sentence(refusal)
            # What is said about files names them, which is nobody else's business.
            outcome = Outcome.FILES if refusal.field == "files" else reason
            result = _Result(IncomingState.REFUSED, outcome, told=_refusal(reason))
        with unit_of_work():
            _note(case, result)


def forget(moment: datetime) -> None:
    """Delete what came in longer than `KEPT` ago."""
    db.session.execute(sa.delete(IncomingMail).where(IncomingMail.received_at < moment - KEPT))


@dataclass(frozen=True, slots=True)
class _Target:
    """A signed address that somebody takes letters to, and whose it is."""

    token: addresses.Token
    taker: Taker
    owner: Owner | None


@dataclass(frozen=True, slots=True)
class _Writer:
    """The owner of one of the addresses, from whom the letter says it comes."""

    address: str
    owner: Owner


@dataclass(frozen=True, slots=True)
class _Case:
    """A mail being looked into, with what its signed addresses say."""

    incoming_id: int
    letter: Letter
    tokens: tuple[addresses.Token, ...]
    targets: tuple[_Target, ...]

    @property
    def writer(self) -> _Writer | None:
        """Who may be told what became of it: nobody but the owner of an address, and not in a stranger's name."""
        if self.letter.sender_is_proven is False:
            return None
        for target in self.targets:
            if target.owner and addresses.are_same(target.owner.email, self.letter.sender):
                return _Writer(f"{target.token.kind}.{target.token.payload}", target.owner)
        return None


@dataclass(frozen=True, slots=True)
class _Result:
    """What became of a mail. `told`: subject and text of a mail that says so to whoever wrote it, if that may be."""

    state: IncomingState
    outcome: str
    member_id: int | None = None
    told: tuple[str, str] | None = None


class _Untaken(Refusal):
    """The letter is for us, and cannot be taken as it is, or not now."""


def _tokens(letter: Letter) -> tuple[addresses.Token, ...]:
    found = (addresses.read(address) for address in letter.recipients)
    return tuple(dict.fromkeys(token for token in found if token is not None))


def _targets(tokens: Sequence[addresses.Token]) -> tuple[_Target, ...]:
    takers = [(token, taker) for token in tokens if (taker := taker_of(token.kind))]
    return tuple(
        _Target(token, taker, taker.owner_of(token.payload)) for token, taker in takers[:_MOST_TARGETS]
    )


def _hand_over(case: _Case) -> _Result:
    """Give it to those who take it, outside any unit of work: they open their own."""
    letter = case.letter
    if letter.kind in {LetterKind.AUTOMATIC, LetterKind.LIST}:
        return _Result(IncomingState.IGNORED, Outcome(letter.kind.value))
    if addresses.is_ours(letter.sender) or _mail_named(letter.message_id) is not None:
        return _Result(IncomingState.IGNORED, Outcome.OWN)
    if not case.targets:
        return _Result(IncomingState.IGNORED, Outcome.NOT_OURS)
    if letter.sender_is_proven is False:
        return _Result(IncomingState.IGNORED, Outcome.FORGED)
    if letter.kind is not LetterKind.REPLY:
        raise _Untaken(_unreadable(letter.kind))
    if case.writer and _wrote_much(case.writer.owner):
        raise _Untaken(
            _(
                "In der letzten Stunde kamen sehr viele Antworten per Mail von dir. Warte eine Stunde und schick sie "
                "noch einmal."
            )
        )
    db.session.rollback()
    left_out = [
        sentence for target in case.targets for sentence in target.taker.take(letter, target.token.payload)
    ]
    return _Result(IncomingState.TAKEN, Outcome.ANSWER, told=_left_out(left_out) if left_out else None)


def _wrote_much(owner: Owner) -> bool:
    """Whether so many letters of this member were taken that it cannot go on so."""
    taken = sa.select(sa.func.count()).where(
        IncomingMail.member_id == owner.member_id,
        IncomingMail.outcome == Outcome.ANSWER,
        IncomingMail.received_at > now() - timedelta(hours=1),
    )
    return _settings().rate_limits and (db.session.scalar(taken) or 0) >= LETTERS_AN_HOUR


def _take_bounce(case: _Case, bounce: Bounce) -> _Result:
    mail_id = _returned_mail(case, bounce)
    mail = db.session.get(OutgoingMail, mail_id) if mail_id is not None else None
    if mail is None:
        return _Result(IncomingState.IGNORED, Outcome.STRAY_BOUNCE)
    if not bounce.is_final:
        return _Result(IncomingState.IGNORED, Outcome.DELAYED, mail.member_id)
    came_back(mail.id, bounce.has_no_mailbox, f"{bounce.status} {bounce.words}".strip())
    return _Result(IncomingState.TAKEN, Outcome.BOUNCE, mail.member_id)


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


def _note(case: _Case, result: _Result) -> None:
    """Write down what became of it, let the bytes go, and tell the writer, if that can neither annoy nor go round."""
    letter, writer, moment = case.letter, case.writer, now()
    is_told = result.told is not None and writer is not None and _may_be_told(writer, moment)
    changed = changed_rows(
        sa.update(IncomingMail)
        .where(IncomingMail.id == case.incoming_id, IncomingMail.state == IncomingState.WAITING)
        .values(
            state=result.state,
            outcome=result.outcome[:300],
            sender_domain=letter.sender.rpartition("@")[2][:190],
            address=writer.address if writer else "",
            member_id=writer.owner.member_id if writer else result.member_id,
            answered_at=moment if is_told else None,
            raw=None,
            envelope_to="",
        )
    )
    if not changed:
        raise _Overtaken
    if is_told and writer and result.told:
        # That a program wrote it, every mail of ours says (`composing`).
        headers = (
            {"In-Reply-To": letter.message_id, "References": letter.message_id} if letter.message_id else {}
        )
        send(
            writer.owner.email,
            *result.told,
            headers=headers,
            member_id=writer.owner.member_id,
            about="refusal",
        )


def _may_be_told(writer: _Writer, moment: datetime) -> bool:
    told = sa.select(IncomingMail.address).where(
        IncomingMail.member_id == writer.owner.member_id,
        IncomingMail.answered_at > moment - timedelta(days=1),
    )
    told_at = db.session.scalars(told).all()
    return len(told_at) < ANSWERS_A_DAY and writer.address not in told_at


class _Overtaken(Exception):
    """Another worker was faster: what this one did is undone."""


def _refusal(reason: str) -> tuple[str, str]:
    text = _(
        "Hallo,\n\ndeine Mail ist angekommen, aber sie wurde nicht übernommen:\n\n%(reason)s\n\n"
        "Was du geschrieben hast, liegt noch in deinem Mailprogramm bei den gesendeten Mails. Im Netzwerk selbst "
        "kannst du jederzeit antworten:\n%(address)s\n\n"
        "Diese Mail kommt von selbst, höchstens einmal am Tag für jede Antwortadresse. Antworten darauf liest "
        "niemand.\n",
        reason=reason,
        address=_settings().public_url,
    )
    return _("Deine Antwort wurde nicht übernommen"), text


def _left_out(sentences: Sequence[str]) -> tuple[str, str]:
    text = _(
        "Hallo,\n\ndeine Antwort steht im Netzwerk, aber nicht alles, was daran hing:\n\n%(sentences)s\n\n"
        "Im Netzwerk selbst kannst du Dateien nachreichen:\n%(address)s\n\n"
        "Diese Mail kommt von selbst, höchstens einmal am Tag für jede Antwortadresse. Antworten darauf liest "
        "niemand.\n",
        sentences="\n\n".join(sentences),
        address=_settings().public_url,
    )
    return _("Deine Antwort ist da, aber nicht alle Dateien"), text


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
        LetterKind.INVITE: _(
            "Darin steht ein Termin für den Kalender. Termine nimmt das Netzwerk nicht per Mail an. Schreib deine "
            "Antwort als gewöhnliche Mail."
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
