"""Who may let whom in; every answer from the arguments alone."""

from collections.abc import Collection, Iterable

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement

from forum.accounts.models import Invitation
from forum.core.access import Role, Viewer

#: What moderators and staff may hand on; other roles are given by administrators.
INVITABLE = (Role.MEMBER, Role.EXPERT)


def invitable_roles(viewer: Viewer, space_id: int) -> tuple[Role, ...]:
    """The roles that the viewer may offer in a space."""
    if viewer.is_administrator:
        return tuple(Role)
    return INVITABLE if viewer.moderates(space_id) or viewer.is_staff_in(space_id) else ()


def inviting_spaces(viewer: Viewer) -> set[int]:
    """The spaces for which an invitation may come from the viewer; an administrator's right has no list."""
    return {space_id for space_id in viewer.spaces if invitable_roles(viewer, space_id)}


def may_invite_at_all(viewer: Viewer) -> bool:
    return viewer.is_administrator or bool(inviting_spaces(viewer))


def may_invite(viewer: Viewer, space_id: int, role: Role, *, as_administrator: bool) -> bool:
    if as_administrator and not viewer.is_administrator:
        return False
    return role in invitable_roles(viewer, space_id)


def may_manage(viewer: Viewer, invitation: Invitation) -> bool:
    """See it in the list, issue it anew, withdraw it: who could have written it."""
    if viewer.is_administrator:
        return invitation.created_by_id is not None
    return (
        invitation.space_id is not None
        and not invitation.is_administrator
        and invitation.role in invitable_roles(viewer, invitation.space_id)
    )


def manageable_by(viewer: Viewer) -> ColumnElement[bool]:
    """`may_manage` as an SQL condition on `Invitation`; a test holds the two together."""
    if viewer.is_administrator:
        return Invitation.created_by_id.is_not(None)
    return sa.and_(
        Invitation.space_id.in_(inviting_spaces(viewer)),
        Invitation.is_administrator.is_(False),
        Invitation.role.in_(INVITABLE),
    )


def demands_second_factor(demanding: Collection[str], roles: Iterable[Role], is_administrator: bool) -> bool:
    """Whether one of the person's roles is among those that the operator demands a second factor of."""
    return (is_administrator and "administrator" in demanding) or any(role in demanding for role in roles)
