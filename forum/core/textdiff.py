"""What changed between two versions of a text, word by word, as the reader would mark it."""

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import groupby
from typing import Literal

Kind = Literal["same", "removed", "added"]
_Pair = tuple[str, str]

_LINES = re.compile(r"[^\n]*\n|[^\n]+")
_WORDS = re.compile(r"\w+|\n|[^\S\n]+|[^\w\s]")

#: Passages of more pairs than this without one common word that is unique are not searched for likeness.
_MAX_PAIRS = 6_000
#: Fixed points within fixed points; beyond, a passage counts as replaced.
_MAX_DEPTH = 20
#: What stays alike for no more letters than this between two changes is read as changed with them.
_ISLAND = 3


@dataclass(frozen=True, slots=True)
class Change:
    """A passage of the old text, of the new one, or of both."""

    kind: Kind
    text: str


def word_diff(old: str, new: str) -> list[Change]:
    """The passages from `old` to `new` in reading order, removed before added, no two of a kind in a row.

    "same" and "removed" joined give `old`, "same" and "added" give `new`. Lines are laid side by side first,
    then the words in changed lines. Time grows about with the length, whatever the texts are.
    """
    pieces: list[_Pair] = []
    for gone, came in _align(_LINES.findall(old), _LINES.findall(new)):
        pieces += [(gone, came)] if gone == came else _align(_WORDS.findall(gone), _WORDS.findall(came))
    return list(_readable(pieces))


def _align(old: Sequence[str], new: Sequence[str], depth: int = 0) -> Iterator[_Pair]:
    """Passages of `old` and `new` side by side; two equal strings are common, others stand for each other.

    Patience diff (Bram Cohen): tokens that occur once in both texts are fixed points, and what lies between
    them is treated likewise. Only short passages without fixed points go to difflib, which can get slow.
    """
    head = _alike_from_start(old, new)
    tail = _alike_from_start(old[: head - len(old) - 1 : -1], new[: head - len(new) - 1 : -1])
    if head:
        yield "".join(old[:head]), "".join(new[:head])
    yield from _align_middle(old[head : len(old) - tail], new[head : len(new) - tail], depth)
    if tail:
        yield "".join(old[-tail:]), "".join(new[-tail:])


def _align_middle(old: Sequence[str], new: Sequence[str], depth: int) -> Iterator[_Pair]:
    points = _fixed_points(old, new) if depth < _MAX_DEPTH else []
    if points:
        starts = [(0, 0), *points]
        for (i, j), (next_i, next_j) in zip(starts, [*points, (len(old), len(new))], strict=True):
            yield from _align(old[i:next_i], new[j:next_j], depth + 1)
    elif 0 < len(old) * len(new) <= _MAX_PAIRS:
        for _tag, i, next_i, j, next_j in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
            yield "".join(old[i:next_i]), "".join(new[j:next_j])
    elif old or new:
        yield "".join(old), "".join(new)


def _alike_from_start(old: Sequence[str], new: Sequence[str]) -> int:
    pairs = enumerate(zip(old, new, strict=False))
    return next((index for index, (gone, came) in pairs if gone != came), min(len(old), len(new)))


def _fixed_points(old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int]]:
    """Places of the tokens unique in both texts: the longest row of them that rises in both."""
    unique = {token for token, times in Counter(old).items() if times == 1}
    unique &= {token for token, times in Counter(new).items() if times == 1}
    place = {token: j for j, token in enumerate(new) if token in unique}
    points = [(i, place[token]) for i, token in enumerate(old) if token in unique]

    lowest: list[int] = []  # lowest[n]: the smallest end in `new` of a rising row of n + 1 points …
    ends: list[int] = []  # … and which point that is
    before: list[int] = []  # the point before each point in its row
    for index, (_i, j) in enumerate(points):
        length = bisect_left(lowest, j)
        before.append(ends[length - 1] if length else -1)
        lowest[length : length + 1] = [j]
        ends[length : length + 1] = [index]

    row: list[tuple[int, int]] = []
    index = ends[-1] if ends else -1
    while index >= 0:
        row.append(points[index])
        index = before[index]
    return row[::-1]


def _readable(pieces: Sequence[_Pair]) -> Iterator[Change]:
    """`pieces` as changes, with small islands of sameness taken into the changes around them."""
    runs = [list(run) for _, run in groupby(pieces, lambda pair: pair[0] == pair[1])]
    passages = [("".join(gone for gone, _ in run), "".join(came for _, came in run)) for run in runs]
    removed = added = ""
    for index, (gone, came) in enumerate(passages):
        inside = 0 < index < len(passages) - 1
        if gone != came or (inside and "\n" not in gone and len(gone.strip()) <= _ISLAND):
            removed += gone
            added += came
            continue
        yield from _changes(removed, added)
        removed = added = ""
        yield Change("same", gone)
    yield from _changes(removed, added)


def _changes(removed: str, added: str) -> Iterator[Change]:
    if removed:
        yield Change("removed", removed)
    if added:
        yield Change("added", added)
