"""Functions for one kind of thing each: shared services ask them, capabilities name them."""

from collections.abc import Callable
from typing import TypeVar

F = TypeVar("F")


def one_for(kind: str, known: dict[str, F]) -> Callable[[F], F]:
    """A decorator that keeps a function in `known` as the one for this kind; `ValueError` for a second one."""

    def keep(function: F) -> F:
        if kind in known:
            raise ValueError(f"two kinds of thing are called {kind}")
        known[kind] = function
        return function

    return keep
