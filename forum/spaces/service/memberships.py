"""Who belongs to a space, and as what."""

import sqlalchemy as sa
from flask_babel import gettext as _

from forum.audit import service as audit
from forum.core.access import Role, Viewer
from forum.core.clock import now
from forum.core.db import db, upsert
from forum.core.errors import Invalid, NotFound, require
from forum.members.models import Member
from forum.realtime.publishing import cut_member
from forum.spaces import policy, queries
from forum.spaces.models import Membership, Space, SpaceKind
from forum.spaces.service.spaces import get_managed_space, get_space


def join(member_id: int, space_id: int, role: Role, *, by: Viewer | None = None) -> None:
    """Make somebody belong to a space with this role, or give this role to whoever belongs already.

    Without a viewer to decide: invitations and seeds have decided before. Whoever belongs anywhere belongs to
    the network too. Recorded as done by `by`, else by the member.
    """
    former = db.session.scalar(
        sa.select(Membership.role).where(Membership.member_id == member_id, Membership.space_id == space_id)
    )
    network_id = db.session.scalar(sa.select(Space.id).where(Space.kind == SpaceKind.NETWORK))
    if network_id is not None and network_id != space_id:
        _put(member_id, network_id, Role.MEMBER, {"role": Membership.role})  # who is there keeps the role
    _put(member_id, space_id, role, {"role": role})
    if former is not role:
        action = "membership.changed" if former else "membership.created"
        cut_member(member_id)  # and have the sockets enter what they may hear now
        audit.record(by or Viewer(member_id), action, member_id, space_id=space_id, note=role.value)


def add_member(viewer: Viewer, space_id: int, member_id: int, role: Role) -> Member:
    """Let a member of the network belong to a further space; `Invalid` for whoever belongs already."""
    get_space(viewer, space_id)
    if not policy.may_add_members(viewer):
        raise NotFound
    member = db.session.get(Member, member_id)
    if member is None:
        raise Invalid(_("Wähle eine Person aus der Liste."), "member_id")
    if queries.membership_of(space_id, member_id):
        raise Invalid(_("%(name)s gehört schon zu diesem Bereich.", name=member.name), "member_id")
    join(member_id, space_id, role, by=viewer)
    return member


def get_membership(viewer: Viewer, space_id: int, member_id: int) -> Membership:
    """The membership, for whoever may at least end it; else `NotFound`."""
    get_space(viewer, space_id)
    membership = queries.membership_of(space_id, member_id)
    own = viewer.member_id == member_id
    if membership is None or not (own or policy.may_manage(viewer, space_id)):
        raise NotFound
    return membership


def change_role(viewer: Viewer, space_id: int, member_id: int, role: Role) -> Membership:
    """Make a member something else in the space; `Invalid` if nobody were left to moderate it."""
    get_managed_space(viewer, space_id)
    membership = get_membership(viewer, space_id, member_id)
    require(policy.may_change_role(viewer, membership), _("Diese Rolle vergibt die Administration."))
    if role is membership.role:
        return membership
    require(role in policy.grantable_roles(viewer, space_id), _("Diese Rolle vergibt die Administration."))
    _keep_a_moderator(viewer, membership)
    membership.role = role
    cut_member(member_id)
    audit.record(viewer, "membership.changed", member_id, space_id=space_id, note=role.value)
    return membership


def end_membership(viewer: Viewer, space_id: int, member_id: int) -> Membership:
    """Have a member belong no longer; what the member wrote stays.

    `Invalid` for the network while the member belongs to a region, and if nobody were left to moderate.
    """
    membership = get_membership(viewer, space_id, member_id)
    require(policy.may_end(viewer, membership), _("Diese Rolle vergibt die Administration."))
    if membership.space.kind is SpaceKind.NETWORK:
        _require_no_region(viewer, membership)
    _keep_a_moderator(viewer, membership)
    db.session.delete(membership)
    cut_member(member_id)
    audit.record(viewer, "membership.ended", member_id, space_id=space_id, note=membership.role.value)
    return membership


def leave(viewer: Viewer, space_id: int) -> Membership:
    """Belong no longer oneself, under the conditions of `end_membership`."""
    if viewer.member_id is None:
        raise NotFound
    return end_membership(viewer, space_id, viewer.member_id)


def _put(member_id: int, space_id: int, role: Role, update: dict[str, object]) -> None:
    values = {"member_id": member_id, "space_id": space_id, "role": role, "joined_at": now()}
    upsert(Membership, values, ["member_id", "space_id"], update)


def _require_no_region(viewer: Viewer, membership: Membership) -> None:
    others = sa.select(Membership.id).where(
        Membership.member_id == membership.member_id, Membership.id != membership.id
    )
    if not viewer.is_administrator or db.session.scalar(others.limit(1)) is not None:
        raise Invalid(_("Zum Netzwerk gehört, wer einer Region angehört. Das endet mit dem Konto."))


def _keep_a_moderator(viewer: Viewer, membership: Membership) -> None:
    """Administrators may leave a space without moderation: they are the ones who name the next."""
    if membership.role is not Role.MODERATOR or viewer.is_administrator:
        return
    others = sa.select(Membership.id).where(
        Membership.space_id == membership.space_id,
        Membership.role == Role.MODERATOR,
        Membership.id != membership.id,
    )
    if db.session.scalar(others.limit(1)) is None:
        raise Invalid(
            _(
                "Du bist hier die letzte Moderator:in. Bitte die Administration, zuerst eine Nachfolge zu benennen."
            )
        )
