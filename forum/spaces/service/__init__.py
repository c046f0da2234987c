"""What is done to spaces, to memberships, and to the sites and mandates of a region."""

from forum.spaces.service.memberships import (
    add_member,
    change_role,
    end_membership,
    get_membership,
    join,
    leave,
)
from forum.spaces.service.sites import create_mandate, create_site, update_site
from forum.spaces.service.spaces import create_space, get_managed_space, get_space, update_space

__all__ = [
    "add_member",
    "change_role",
    "create_mandate",
    "create_site",
    "create_space",
    "end_membership",
    "get_managed_space",
    "get_membership",
    "get_space",
    "join",
    "leave",
    "update_site",
    "update_space",
]
