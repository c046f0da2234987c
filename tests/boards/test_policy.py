"""Who may do what on a board: allowed and refused side by side, and the SQL twins of the rules."""

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from forum.boards import policy
from forum.boards.models import Board, Post, PostState, Starters, Topic
from forum.core.access import Role, Viewer
from forum.core.db import db
from tests.viewers import ELSEWHERE, EVERYBODY, EVERYBODY_HERE, HERE, author, member, moderator, staff

THEN = datetime(2026, 1, 1, tzinfo=UTC)


def board(**changes: object) -> Board:
    return Board(**{"id": 10, "space_id": HERE, "starters": Starters.MEMBERS, "archived_at": None, **changes})


def topic(on: Board | None = None, **changes: object) -> Topic:
    on = on or board()
    return Topic(board=on, board_id=on.id, author_id=author.member_id, closed_at=None, **changes)


def post(state: PostState = PostState.VISIBLE, on: Topic | None = None, version: int = 0) -> Post:
    return Post(topic=on or topic(), author_id=author.member_id, state=state, version=version)


def allowed(rule, *subject) -> set[int | None]:
    """Which of everybody may do it."""
    return {viewer.member_id for viewer in EVERYBODY if rule(viewer, *subject)}


def test_whoever_belongs_to_the_space_reads_and_nobody_else() -> None:
    assert allowed(policy.may_read, board()) == EVERYBODY_HERE


def test_members_begin_topics_but_on_a_staff_board_only_staff_does() -> None:
    assert allowed(policy.may_start_topic, board()) == EVERYBODY_HERE
    assert allowed(policy.may_start_topic, board(starters=Starters.STAFF)) == {staff.member_id}


def test_nobody_writes_on_an_archived_board() -> None:
    old = board(archived_at=THEN)
    assert allowed(policy.may_start_topic, old) == set()
    assert allowed(policy.may_reply, topic(old)) == set()
    assert allowed(policy.may_read, old) == EVERYBODY_HERE


def test_a_closed_topic_takes_replies_of_moderators_only() -> None:
    assert allowed(policy.may_reply, topic()) == EVERYBODY_HERE
    assert allowed(policy.may_reply, _closed()) == {moderator.member_id}


def _closed() -> Topic:
    closed = topic()
    closed.closed_at = THEN
    return closed


def test_only_the_author_changes_words_and_only_while_the_topic_is_open() -> None:
    assert allowed(policy.may_edit, post()) == {author.member_id}
    assert allowed(policy.may_edit, post(on=_closed())) == set()
    assert allowed(policy.may_edit, post(PostState.HIDDEN)) == set()


def test_the_author_takes_words_back_even_in_a_closed_topic() -> None:
    assert allowed(policy.may_withdraw, post()) == {author.member_id}
    assert allowed(policy.may_withdraw, post(on=_closed())) == {author.member_id}
    assert allowed(policy.may_withdraw, post(PostState.WITHDRAWN)) == set()


def test_moderators_of_the_place_hide_and_restore() -> None:
    assert allowed(policy.may_hide, post()) == {moderator.member_id}
    assert allowed(policy.may_restore, post(PostState.HIDDEN)) == {moderator.member_id}
    assert allowed(policy.may_restore, post(PostState.WITHDRAWN)) == {moderator.member_id, author.member_id}
    assert allowed(policy.may_restore, post()) == set()


def test_words_out_of_sight_are_seen_by_author_and_moderators_only() -> None:
    assert allowed(policy.may_see_text, post()) == EVERYBODY_HERE
    for state in (PostState.HIDDEN, PostState.WITHDRAWN):
        assert allowed(policy.may_see_text, post(state)) == {author.member_id, moderator.member_id}


def test_a_post_never_changed_has_no_history() -> None:
    assert allowed(policy.may_see_history, post()) == set()
    assert allowed(policy.may_see_history, post(version=1)) == EVERYBODY_HERE


def test_author_and_moderators_rename_a_topic() -> None:
    assert allowed(policy.may_rename, topic()) == {author.member_id, moderator.member_id}
    assert allowed(policy.may_rename, _closed()) == {moderator.member_id}


def test_a_topic_moves_only_between_boards_that_one_moderates() -> None:
    both = Viewer(9, {HERE: Role.MODERATOR, ELSEWHERE: Role.MODERATOR})
    far = board(id=11, space_id=ELSEWHERE)
    assert not policy.may_move(moderator, topic(), far)
    assert policy.may_move(both, topic(), far)
    assert policy.may_move(moderator, topic(), board(id=12))
    assert not policy.may_move(moderator, topic(), board())
    assert not policy.may_move(moderator, topic(), board(id=12, archived_at=THEN))
    assert not policy.may_move(member, topic(), board(id=12))


roles = st.dictionaries(st.integers(1, 4), st.sampled_from(list(Role)), max_size=4)


@pytest.mark.usefixtures("cast")
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(roles=roles, is_administrator=st.booleans())
def test_the_conditions_in_sql_agree_with_the_rules_in_python(app, roles, is_administrator) -> None:
    with app.app_context():
        spaces = sorted(set(db.session.scalars(sa.select(Board.space_id))))
        viewer = Viewer(1, {spaces[key]: role for key, role in roles.items()}, is_administrator)
        boards = list(db.session.scalars(sa.select(Board)))
        boards[0].archived_at = THEN
        db.session.flush()
        readable = set(db.session.scalars(sa.select(Board.id).where(policy.readable_by(viewer))))
        assert readable == {board.id for board in boards if policy.may_read(viewer, board)}
        movable = set(db.session.scalars(sa.select(Board.id).where(policy.movable_to(viewer))))
        away = Topic(board=Board(space_id=next(iter(viewer.moderated_spaces), 0)), board_id=0)
        db.session.expunge_all()
        assert movable == {board.id for board in boards if policy.may_move(viewer, away, board)}
        db.session.rollback()
