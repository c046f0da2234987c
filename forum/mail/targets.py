"""Who wants to know what mail brings: packages above name their functions here."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from forum.mail.letters import Letter

#: Called with the member whose mail came back, the address it went to, whether for good, the other side's words.
Told = Callable[[int, str, bool, str], None]
Tell = TypeVar("Tell", bound=Told)


@dataclass(frozen=True, slots=True)
class Owner:
    """The member to whom a signed address was given: where mails to them go, and in which language."""

    member_id: int
    email: str
    locale: str


#: Called with what a signed address names.
OwnerOf = Callable[[str], Owner | None]
#: Called with a letter and what its signed address names.
Take = Callable[[Letter, str], Sequence[str]]
Taken = TypeVar("Taken", bound=Take)


@dataclass(frozen=True, slots=True)
class Taker:
    """Who takes letters to addresses of one kind, and who knows whose these are."""

    take: Take
    owner_of: OwnerOf


_told: list[Told] = []
_takers: dict[str, Taker] = {}


def takes_letters(kind: str, owner_of: OwnerOf) -> Callable[[Taken], Taken]:
    """Have the function called with each letter to a signed address of this kind.

    It gets the letter and the payload of the address, compares `letter.sender` itself, and raises a `Refusal` for
    what it does not take. What it took only in part it says in sentences. Both are sent to the owner of the address,
    if the letter comes from there; what it says is in the owner's language. It opens its own units of work and bears
    being called twice with one letter: a process may die between its commit and the note of it.
    """

    def register(take: Taken) -> Taken:
        if kind in _takers:
            raise ValueError(f"two functions want letters of kind {kind}")
        _takers[kind] = Taker(take, owner_of)
        return take

    return register


def taker_of(kind: str) -> Taker | None:
    """Who takes letters to addresses of this kind."""
    return _takers.get(kind)


def on_bounce(tell: Tell) -> Tell:
    """Have `tell(member_id, recipient, is_final, words)` called, in a unit of work, when a mail came back."""
    _told.append(tell)
    return tell


def tell_bounce(member_id: int, recipient: str, is_final: bool, words: str) -> None:
    """A mail to the member came back from `recipient`; `is_final`: the address takes none. In a unit of work."""
    for tell in _told:
        tell(member_id, recipient, is_final, words)
