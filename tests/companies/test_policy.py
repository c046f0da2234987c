"""Who may see and keep sites."""

from hypothesis import given
from hypothesis import strategies as st

from forum.companies import policy
from forum.core.access import Role, Viewer
from tests.spaces.test_policy import ELSEWHERE, HERE, VIEWERS, moderator
from tests.spaces.twins import holds


@given(VIEWERS, st.integers(1, 3))
def test_the_sql_condition_and_the_policy_agree_on_who_may_read(viewer: Viewer, space_id: int) -> None:
    assert holds(policy.readable_by(viewer), "site", space_id=space_id) is policy.may_read(viewer, space_id)


def test_members_read_the_sites_of_their_region_and_moderators_keep_them() -> None:
    member = Viewer(3, {HERE: Role.MEMBER})
    assert policy.may_read(member, HERE)
    assert not policy.may_read(member, ELSEWHERE)
    assert not policy.may_manage(member, HERE)
    assert policy.may_manage(moderator(), HERE)
    assert not policy.may_manage(moderator(), ELSEWHERE)
