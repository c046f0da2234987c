"""Who may see and keep a space."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forum.core.access import ANYONE, Role, Viewer
from forum.spaces import policy
from forum.spaces.models import Membership
from tests.spaces.twins import holds

HERE, ELSEWHERE = 1, 2
VIEWERS = st.builds(
    Viewer,
    member_id=st.integers(1, 3),
    spaces=st.dictionaries(st.integers(1, 3), st.sampled_from(Role)),
    is_administrator=st.booleans(),
) | st.just(ANYONE)


def moderator() -> Viewer:
    return Viewer(7, {HERE: Role.MODERATOR})


def membership(role: Role, member_id: int = 9) -> Membership:
    return Membership(member_id=member_id, space_id=HERE, role=role)


@given(VIEWERS, st.integers(1, 3))
def test_the_sql_condition_and_the_policy_agree_on_who_may_visit(viewer: Viewer, space_id: int) -> None:
    assert holds(policy.visitable_by(viewer), "space", id=space_id) is policy.may_visit(viewer, space_id)


def test_moderators_keep_their_own_space_and_no_other() -> None:
    assert policy.may_manage(moderator(), HERE)
    assert not policy.may_manage(moderator(), ELSEWHERE)


@pytest.mark.parametrize("role", [Role.MEMBER, Role.STAFF, Role.EXPERT])
def test_whoever_does_not_moderate_keeps_nothing(role: Role) -> None:
    viewer = Viewer(7, {HERE: role})
    assert policy.may_visit(viewer, HERE)
    assert not policy.may_manage(viewer, HERE)
    assert policy.grantable_roles(viewer, HERE) == ()


def test_administrators_keep_every_space_but_belong_to_none() -> None:
    administrator = Viewer(7, is_administrator=True)
    assert policy.may_manage(administrator, HERE)
    assert policy.grantable_roles(administrator, HERE) == tuple(Role)
    assert not administrator.belongs_to(HERE)


def test_moderators_grant_membership_and_expertise_only() -> None:
    assert policy.grantable_roles(moderator(), HERE) == (Role.MEMBER, Role.EXPERT)
    assert policy.may_change_role(moderator(), membership(Role.EXPERT))
    assert not policy.may_change_role(moderator(), membership(Role.MODERATOR))
    assert not policy.may_change_role(moderator(), membership(Role.STAFF))


def test_moderators_may_step_down_and_members_may_leave() -> None:
    assert policy.may_change_role(moderator(), membership(Role.MODERATOR, member_id=7))
    assert policy.may_end(Viewer(9, {HERE: Role.MEMBER}), membership(Role.MEMBER, member_id=9))
    assert not policy.may_end(Viewer(9, {HERE: Role.MEMBER}), membership(Role.MEMBER, member_id=10))


def test_the_whole_record_is_for_administrators_and_a_part_for_its_moderators() -> None:
    assert policy.may_read_record(moderator(), HERE)
    assert not policy.may_read_record(moderator(), None)
    assert not policy.may_read_record(Viewer(9, {HERE: Role.MEMBER}), HERE)
    assert policy.may_read_record(Viewer(1, is_administrator=True), None)
