"""What files hang on: each capability names its own kind here, and says who may read it."""

from collections.abc import Callable, Collection
from dataclasses import dataclass

from forum.core.access import Viewer
from forum.core.kinds import one_for
from forum.files.settling import on_settled


@dataclass(frozen=True, slots=True)
class Place:
    """Where a file hangs, as a reader finds it; `space_id` is empty for what belongs to no space.

    `title` is empty where the thing has no name, as a conversation of two.
    """

    title: str
    url: str
    space_id: int | None


Find = Callable[[Viewer, Collection[int]], dict[int, Place]]
Tell = Callable[[Collection[int]], None]
_known: dict[str, Find] = {}
_tellers: dict[str, Tell] = {}


def target(subject: str) -> Callable[[Find], Find]:
    """Have the function say on which of the things of this kind the viewer may read words and files."""
    return one_for(subject, _known)


def when_settled(subject: str) -> Callable[[Tell], Tell]:
    """Have the function tell those who look at these things that their files can be opened by now, or never will."""
    return one_for(subject, _tellers)


def readable(viewer: Viewer, subject: str, subject_ids: Collection[int]) -> dict[int, Place]:
    """Those of the things that the viewer may read, with where they stand; a kind that nobody knows is not read."""
    find = _known.get(subject)
    return find(viewer, subject_ids) if find and subject_ids and viewer.is_signed_in else {}


@on_settled
def _tell(owners: Collection[str]) -> None:
    found: dict[str, list[int]] = {}
    for owner in owners:
        subject, _colon, subject_id = owner.partition(":")
        if subject in _tellers:
            found.setdefault(subject, []).append(int(subject_id))
    for subject, subject_ids in found.items():
        _tellers[subject](subject_ids)
