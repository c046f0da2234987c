"""Messages as a certain reader sees them: everything a page shows of them is a value, so that it can be remembered.

The script of the room makes the same of what it hears (`static/chat/messages.js`), out of the same template.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from flask_babel import gettext as _

from forum.attachments.queries import AttachmentCard
from forum.chat import policy
from forum.chat.models import MessageState, ReactionKind
from forum.chat.policy import Place
from forum.chat.queries.messages import Kept, MessageRow, Quoted
from forum.core.access import Viewer
from forum.core.persons import Person
from forum.web.languages import ZONE, clock, day_name, exact, iso

#: Messages of one author that follow each other so closely stand under one name.
TOGETHER = timedelta(minutes=5)

_SIGNS = {
    ReactionKind.THANKS: "🙏",
    ReactionKind.AGREE: "👍",
    ReactionKind.HELPFUL: "💡",
    ReactionKind.SEEN: "👀",
    ReactionKind.LAUGH: "😄",
}


@dataclass(frozen=True, slots=True)
class ShownReaction:
    """How many answered with this sign, and whether the reader is one of them."""

    kind: ReactionKind
    count: int
    is_mine: bool


@dataclass(frozen=True, slots=True)
class ShownMessage:
    """A message as this reader sees it.

    `key` is known to its author only; one that `follows` stands under the name above it.
    """

    id: int
    room_id: int
    stamp: int
    key: str
    author: Person
    at: str
    clock: str
    exact: str
    html: str
    reply_to: Quoted | None
    is_edited: bool
    state: MessageState
    reason: str
    is_pinned: bool
    kept: Kept | None
    files: tuple[AttachmentCard, ...]
    reactions: tuple[ShownReaction, ...]
    is_own: bool
    names_me: bool
    follows: bool
    may_reply: bool
    may_react: bool


@dataclass(frozen=True, slots=True)
class Rights:
    """What a reader may do with a message; it hangs on whose it is and on whether it stands."""

    reply: bool = True
    react: bool = True
    edit: bool = True
    withdraw: bool = True
    remove: bool = True
    pin: bool = True
    keep: bool = True
    see_readers: bool = True


@dataclass(frozen=True, slots=True)
class Entry:
    """A message in its place: under the line of a new day, or under the one where what is new begins."""

    day: str | None
    date: str
    is_first_new: bool
    message: ShownMessage


def entries(
    viewer: Viewer, place: Place, rows: Sequence[MessageRow], first_unread: int | None, moment: datetime
) -> list[Entry]:
    """The rows as they follow each other on the page."""
    found = []
    before: MessageRow | None = None
    known: dict[tuple[bool, MessageState], Rights] = {}
    for row in rows:
        like = (row.author_id == viewer.member_id, row.state)
        if like not in known:
            known[like] = rights_to(viewer, place, row, moment)
        is_new_day = before is None or _date(before) != _date(row)
        is_first_new = row.id == first_unread
        follows = not is_new_day and not is_first_new and before is not None and _belong_together(before, row)
        found.append(
            Entry(
                day=day_name(row.at) if is_new_day else None,
                date=_date(row),
                is_first_new=is_first_new,
                message=show(viewer, row, known[like], follows=follows),
            )
        )
        before = row
    return found


def rights_to(viewer: Viewer, place: Place, row: MessageRow, moment: datetime) -> Rights:
    """What the viewer may do with the message. One's own is withdrawn, not removed."""
    stands = row.state is MessageState.VISIBLE
    may_withdraw = policy.may_withdraw(viewer, place, row)
    return Rights(
        reply=stands and policy.may_write(viewer, place, moment),
        react=policy.may_react(viewer, place, row, moment),
        edit=policy.may_edit(viewer, place, row, moment),
        withdraw=may_withdraw,
        remove=policy.may_remove(viewer, place, row) and not may_withdraw,
        pin=stands and policy.may_pin(viewer, place),
        keep=policy.may_keep(viewer, place, row),
        see_readers=policy.may_see_readers(viewer, place, row),
    )


def show(viewer: Viewer, row: MessageRow, rights: Rights, *, follows: bool = False) -> ShownMessage:
    """One message for this reader."""
    is_own = row.author_id == viewer.member_id
    return ShownMessage(
        id=row.id,
        room_id=row.room_id,
        stamp=row.stamp,
        key=str(row.client_key) if is_own else "",
        author=row.author,
        at=iso(row.at),
        clock=clock(row.at),
        exact=exact(row.at),
        html=row.html,
        reply_to=row.reply_to,
        is_edited=row.edited_at is not None,
        state=row.state,
        reason=row.reason,
        is_pinned=row.is_pinned,
        kept=row.kept,
        files=_files(row, is_own=is_own),
        reactions=tuple(
            ShownReaction(kind, len(row.reactions[kind]), viewer.member_id in row.reactions[kind])
            for kind in ReactionKind
            if kind in row.reactions
        )
        if row.reactions
        else (),
        is_own=is_own,
        names_me=viewer.member_id in row.mentions,
        follows=follows,
        may_reply=rights.reply,
        may_react=rights.react,
    )


def kinds() -> tuple[tuple[str, str, str], ...]:
    """What one can react with: kind, sign, and the word for it in the reader's language."""
    words = {
        ReactionKind.THANKS: _("Danke"),
        ReactionKind.AGREE: _("Stimmt"),
        ReactionKind.HELPFUL: _("Hilfreich"),
        ReactionKind.SEEN: _("Gesehen"),
        ReactionKind.LAUGH: _("Zum Lachen"),
    }
    return tuple((kind.value, sign, words[kind]) for kind, sign in _SIGNS.items())


def mould(room_id: int) -> ShownMessage:
    """A message with every part a message can have, from which the script of the room makes those it hears of."""
    nobody = Person(0, "…")
    return ShownMessage(
        id=0,
        room_id=room_id,
        stamp=0,
        key="",
        author=nobody,
        at="",
        clock="…",
        exact="…",
        html="",
        reply_to=Quoted(0, nobody, "…"),
        is_edited=True,
        state=MessageState.VISIBLE,
        reason="",
        is_pinned=True,
        kept=Kept("/", "…"),
        files=(),
        reactions=tuple(ShownReaction(kind, 0, False) for kind in ReactionKind),
        is_own=False,
        names_me=False,
        follows=False,
        may_reply=True,
        may_react=True,
    )


def _files(row: MessageRow, *, is_own: bool) -> tuple[AttachmentCard, ...]:
    """The files as their sender sees them, or the others: they were fetched for nobody in particular."""
    if not is_own:
        return tuple(row.files)
    return tuple(replace(card, file=replace(card.file, is_own=True)) for card in row.files)


def _belong_together(before: MessageRow, row: MessageRow) -> bool:
    both_stand = before.state is row.state is MessageState.VISIBLE
    return both_stand and before.author_id == row.author_id and row.at - before.at < TOGETHER


def _date(row: MessageRow) -> str:
    return row.at.astimezone(ZONE).date().isoformat()
