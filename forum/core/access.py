"""Who is looking: the frozen value that every verb takes first."""

import enum
from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from types import MappingProxyType


class Role(enum.StrEnum):
    """What a member is in one space."""

    MEMBER = "member"
    MODERATOR = "moderator"
    STAFF = "staff"
    EXPERT = "expert"


#: Every role belongs; what more a role may do is said by the methods of `Viewer`.
_WRITERS = frozenset(Role)


@dataclass(frozen=True, slots=True)
class Viewer:
    """A person as the rules see them, built afresh for each request and each socket event.

    `spaces` maps the id of each space the person belongs to onto the role held there; it is the only key to
    content. An administrator runs the machine and reads nothing by that.
    """

    member_id: int | None = None
    spaces: Mapping[int, Role] = field(default_factory=lambda: MappingProxyType({}))
    is_administrator: bool = False

    @property
    def is_signed_in(self) -> bool:
        return self.member_id is not None

    def belongs_to(self, space_id: int) -> bool:
        return space_id in self.spaces

    def may_write_in(self, space_id: int) -> bool:
        return self.spaces.get(space_id) in _WRITERS

    def moderates(self, space_id: int) -> bool:
        return self.spaces.get(space_id) is Role.MODERATOR

    def is_staff_in(self, space_id: int) -> bool:
        return self.spaces.get(space_id) is Role.STAFF

    @property
    def moderated_spaces(self) -> Set[int]:
        """The spaces this person keeps in order."""
        return {space_id for space_id, role in self.spaces.items() if role is Role.MODERATOR}


#: The visitor who has not signed in.
ANYONE = Viewer()
