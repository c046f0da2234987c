"""What can be done: each capability names its work here, in its `tasks.py`."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from flask_babel.speaklater import LazyString

#: How long a worker may take before it is taken for dead.
LEASE = timedelta(minutes=2)

Do = TypeVar("Do", bound=Callable[..., None])


@dataclass(frozen=True, slots=True)
class Work:
    """A kind of work and how it wants to be done."""

    name: str
    do: Callable[..., None]
    atomic: bool
    lease: timedelta
    title: str | LazyString = ""
    every: timedelta | None = None

    @property
    def key(self) -> str:
        """The key of the one row that regular work has."""
        return f"{REGULAR}{self.name}"

    def next_turn(self, moment: datetime) -> datetime | None:
        """When regular work done at `moment` comes again."""
        return moment + self.every if self.every else None


#: How the keys of regular work begin.
REGULAR = "every:"
_known: dict[str, Work] = {}


def job(
    name: str, *, title: str | LazyString = "", atomic: bool = True, lease: timedelta = LEASE
) -> Callable[[Do], Do]:
    """Have the function do the work that `jobs.service.enqueue(name, …)` asks for; it takes the same arguments.

    Atomic work runs inside the unit of work that takes its row away: what it changes in the database happens
    exactly once. It must be short, as on SQLite nobody else writes meanwhile, and touch nothing outside the
    database except by `after_commit`. Other work opens its own units of work and must bear being done twice: a
    process may die between the effect and the note of it. `lease` is longer than it ever takes. `title` says to
    administrators what is done.
    """
    return _register(name, title, atomic, lease, None)


def periodic(
    name: str,
    *,
    every: timedelta,
    title: str | LazyString = "",
    atomic: bool = True,
    lease: timedelta = LEASE,
) -> Callable[[Do], Do]:
    """Have the function called without arguments, first soon after the start, then `every` so often.

    One process does it, however many there are. `title`, `atomic` and `lease` as for `job`.
    """
    return _register(name, title, atomic, lease, every)


def work_named(name: str) -> Work | None:
    """The work of that name, if any capability knows it."""
    return _known.get(name)


def regular_work() -> list[Work]:
    """Everything that is done again and again."""
    return [work for work in _known.values() if work.every is not None]


def _register(
    name: str, title: str | LazyString, atomic: bool, lease: timedelta, every: timedelta | None
) -> Callable[[Do], Do]:
    def register(do: Do) -> Do:
        if name in _known:
            raise ValueError(f"two functions want to do {name}")
        _known[name] = Work(name, do, atomic, lease, title, every)
        return do

    return register
