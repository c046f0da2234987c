"""Lists of spaces, their members and their record for pages."""

from forum.spaces.queries.entries import EntryLine, list_entries
from forum.spaces.queries.members import (
    Candidate,
    MemberLine,
    find_candidates,
    find_named,
    list_members,
    member_line,
    membership_of,
    person,
    role_name,
    spaces_of_member,
)
from forum.spaces.queries.spaces import (
    Profile,
    SpaceLink,
    SpaceOverview,
    find_by_sign,
    get_region,
    get_space,
    list_overview,
    profile,
    space_links,
    spaces_of,
)

__all__ = [
    "Candidate",
    "EntryLine",
    "MemberLine",
    "Profile",
    "SpaceLink",
    "SpaceOverview",
    "find_by_sign",
    "find_candidates",
    "find_named",
    "get_region",
    "get_space",
    "list_entries",
    "list_members",
    "list_overview",
    "member_line",
    "membership_of",
    "person",
    "profile",
    "role_name",
    "space_links",
    "spaces_of",
    "spaces_of_member",
]
