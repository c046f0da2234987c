"""Who may see and keep a space itself; every answer from the arguments alone."""

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement

from forum.core.access import Role, Viewer
from forum.spaces.models import Membership, Space

#: What a moderator may make of a member. Who moderates and who is staff, administrators decide.
_GRANTED_BY_MODERATORS = (Role.MEMBER, Role.EXPERT)


def may_visit(viewer: Viewer, space_id: int) -> bool:
    """See the space's profile, members, sites and councils: no conversation, hence administrators too."""
    return viewer.belongs_to(space_id) or viewer.is_administrator


def visitable_by(viewer: Viewer) -> ColumnElement[bool]:
    """`may_visit` as an SQL condition on `Space`; a test holds the two together."""
    return sa.true() if viewer.is_administrator else Space.id.in_(viewer.spaces)


def may_manage(viewer: Viewer, space_id: int) -> bool:
    """Keep profile and members in order, and read the space's part of the record."""
    return viewer.moderates(space_id) or viewer.is_administrator


def grantable_roles(viewer: Viewer, space_id: int) -> tuple[Role, ...]:
    """The roles that the viewer may give in the space, and take away again."""
    if viewer.is_administrator:
        return tuple(Role)
    return _GRANTED_BY_MODERATORS if viewer.moderates(space_id) else ()


def may_change_role(viewer: Viewer, membership: Membership) -> bool:
    """Where both the former and the new role are the viewer's to give; moderators may step down themselves."""
    roles = grantable_roles(viewer, membership.space_id)
    return membership.role in roles or (bool(roles) and _is_own(viewer, membership))


def may_end(viewer: Viewer, membership: Membership) -> bool:
    """One's own membership, and those whose role one may change."""
    return may_change_role(viewer, membership) or _is_own(viewer, membership)


def may_add_members(viewer: Viewer) -> bool:
    """Put somebody into a space without an invitation."""
    return viewer.is_administrator


def may_read_record(viewer: Viewer, space_id: int | None) -> bool:
    """The record of a space; of the whole house (None) only administrators."""
    return viewer.is_administrator if space_id is None else may_manage(viewer, space_id)


def _is_own(viewer: Viewer, membership: Membership) -> bool:
    return viewer.is_signed_in and membership.member_id == viewer.member_id
