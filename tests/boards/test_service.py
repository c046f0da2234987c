"""What members do on boards."""

from uuid import uuid4

import pytest
import sqlalchemy as sa

from forum.audit.models import Entry
from forum.boards.models import (
    Board,
    BoardReading,
    Draft,
    Post,
    PostState,
    Reading,
    Revision,
    Starters,
    Topic,
)
from forum.boards.queries.unread import unread_topics
from forum.boards.service import boards, drafts, posts, readings, topics, writing
from forum.core.db import db, unit_of_work
from forum.core.errors import Conflict, Denied, Invalid, NotFound
from tests.cast import Cast

pytestmark = pytest.mark.usefixtures("context")


def unread(person) -> set[int]:
    return set(db.session.scalars(unread_topics(person.viewer)))


def test_a_topic_begins_with_its_first_post(cast: Cast) -> None:
    topic = db.session.get(Topic, cast.topic())
    first = db.session.scalars(sa.select(Post)).one()
    assert (topic.title, topic.last_number, first.number) == ("Vier-Schicht-Modell", 1, 1)
    assert "<p>Wer hat Erfahrung?</p>" in first.html
    assert (topic.board.topic_count, topic.board.post_count) == (1, 1)


def test_strangers_do_not_find_a_topic_and_cannot_answer(cast: Cast) -> None:
    topic_id = cast.topic()
    for stranger in (cast.olga, cast.rosa, cast.karla):
        with pytest.raises(NotFound):
            topics.get_topic(stranger.viewer, topic_id)
        with pytest.raises(NotFound):
            topics.reply(stranger.viewer, topic_id, "Hallo", uuid4())
    assert topics.get_topic(cast.sabine.viewer, topic_id).id == topic_id


def test_only_staff_begins_topics_where_staff_informs_and_all_answer(cast: Cast) -> None:
    with unit_of_work(), pytest.raises(Denied):
        topics.start_topic(cast.petra.viewer, cast.staff_board, "Ich auch", "Text", uuid4())
    with unit_of_work():
        topic = topics.start_topic(cast.sabine.viewer, cast.staff_board, "Tarifrunde", "Es geht los", uuid4())
        assert topics.reply(cast.petra.viewer, topic.id, "Danke", uuid4()).number == 2


@pytest.mark.parametrize("again", [1, 3])
def test_sending_again_makes_no_second_post(cast: Cast, again: int) -> None:
    topic_id, key = cast.topic(), uuid4()
    for _ in range(1 + again):
        with unit_of_work():
            post = topics.reply(cast.petra.viewer, topic_id, "Einmal", key)
    assert post.number == 2
    assert db.session.get(Topic, topic_id).last_number == 2
    assert db.session.get(Board, cast.board).post_count == 2


def test_the_same_key_of_another_member_is_another_post(cast: Cast) -> None:
    topic_id, key = cast.topic(), uuid4()
    with unit_of_work():
        topics.reply(cast.petra.viewer, topic_id, "Von Petra", key)
        topics.reply(cast.sabine.viewer, topic_id, "Von Sabine", key)
    assert db.session.get(Topic, topic_id).last_number == 3


def test_sending_a_new_topic_again_makes_no_second_topic(cast: Cast) -> None:
    key = uuid4()
    for _ in range(2):
        with unit_of_work():
            topic = topics.start_topic(cast.petra.viewer, cast.board, "Titel", "Text", key)
    assert db.session.scalars(sa.select(Topic.id)).all() == [topic.id]


@pytest.mark.parametrize(
    ("title", "text", "field"),
    [
        ("", "Text", "title"),
        ("   ", "Text", "title"),
        ("x" * 201, "Text", "title"),
        ("Titel", " \n ", "text"),
        ("Titel", "x" * 60_001, "text"),
        ("Titel", "kaputt \x00", "text"),
        ("Ti\x07tel", "Text", "title"),
    ],
)
def test_what_cannot_be_taken_is_refused_and_nothing_changes(
    cast: Cast, title: str, text: str, field: str
) -> None:
    with pytest.raises(Invalid) as refusal, unit_of_work():
        topics.start_topic(cast.petra.viewer, cast.board, title, text, uuid4())
    assert refusal.value.field == field
    assert refusal.value.message
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Topic)) == 0
    assert db.session.get(Board, cast.board).topic_count == 0


def test_the_longest_title_text_and_word_are_taken(cast: Cast) -> None:
    with unit_of_work():
        topic = topics.start_topic(cast.petra.viewer, cast.board, "T" * 200, "x" * 60_000, uuid4())
        topics.reply(cast.petra.viewer, topic.id, "ok", uuid4())
    assert topic.last_number == 2


def test_a_closed_topic_refuses_members_and_opens_again(cast: Cast) -> None:
    topic_id = cast.topic()
    with pytest.raises(Denied):
        topics.close_topic(cast.petra.viewer, topic_id)
    with unit_of_work():
        topics.close_topic(cast.manfred.viewer, topic_id)
    with pytest.raises(Denied):
        topics.reply(cast.petra.viewer, topic_id, "Noch was", uuid4())
    with unit_of_work():
        topics.reply(cast.manfred.viewer, topic_id, "Schlusswort", uuid4())
        topics.reopen_topic(cast.manfred.viewer, topic_id)
    with unit_of_work():
        assert topics.reply(cast.petra.viewer, topic_id, "Danke", uuid4()).number == 3


def test_moderators_act_here_and_not_elsewhere(cast: Cast) -> None:
    topic_id = cast.topic()
    for verb in (topics.close_topic, topics.reopen_topic, topics.pin_topic, topics.unpin_topic):
        with pytest.raises(NotFound):
            verb(cast.rosa.viewer, topic_id)
        with unit_of_work():
            verb(cast.manfred.viewer, topic_id)


def test_a_moved_topic_takes_its_posts_along(cast: Cast) -> None:
    topic_id = cast.topic(posts=3)
    with unit_of_work():
        topics.move_topic(cast.manfred.viewer, topic_id, cast.other_board)
    db.session.expire_all()
    before, after = db.session.get(Board, cast.board), db.session.get(Board, cast.other_board)
    assert (before.topic_count, before.post_count) == (0, 0)
    assert (after.topic_count, after.post_count) == (1, 3)
    with pytest.raises(Invalid):
        topics.move_topic(cast.manfred.viewer, topic_id, cast.foreign_board)
    with pytest.raises(Denied):
        topics.move_topic(cast.petra.viewer, topic_id, cast.board)


def test_an_edit_keeps_the_former_words(cast: Cast) -> None:
    post_id = cast.post(cast.petra, cast.topic(), "Erst so")
    with unit_of_work():
        post = posts.edit_post(cast.petra.viewer, post_id, "Dann **so**", 0)
    assert (post.version, post.source) == (1, "Dann **so**")
    assert "<strong>so</strong>" in post.html
    kept = db.session.scalars(sa.select(Revision)).one()
    assert (kept.version, kept.source) == (0, "Erst so")


def test_an_edit_that_changes_nothing_leaves_no_trace(cast: Cast) -> None:
    post_id = cast.post(cast.petra, cast.topic(), "Gleich")
    with unit_of_work():
        post = posts.edit_post(cast.petra.viewer, post_id, "Gleich", 0)
    assert (post.version, post.edited_at) == (0, None)


def test_an_edit_of_a_version_that_is_gone_is_a_conflict(cast: Cast) -> None:
    post_id = cast.post(cast.petra, cast.topic())
    with unit_of_work():
        posts.edit_post(cast.petra.viewer, post_id, "Vom Handy", 0)
    with pytest.raises(Conflict), unit_of_work():
        posts.edit_post(cast.petra.viewer, post_id, "Vom Rechner", 0)
    assert db.session.get(Post, post_id).source == "Vom Handy"


def test_others_do_not_edit_not_even_moderators(cast: Cast) -> None:
    post_id = cast.post(cast.petra, cast.topic())
    for other in (cast.sabine, cast.manfred):
        with pytest.raises(Denied):
            posts.edit_post(other.viewer, post_id, "Untergeschoben", 0)
    with pytest.raises(NotFound):
        posts.edit_post(cast.olga.viewer, post_id, "Untergeschoben", 0)


def test_a_withdrawn_post_keeps_its_number_and_comes_back(cast: Cast) -> None:
    topic_id = cast.topic(posts=2)
    post_id = cast.post(cast.petra, topic_id)
    with unit_of_work():
        posts.withdraw_post(cast.petra.viewer, post_id)
        assert topics.reply(cast.petra.viewer, topic_id, "Danach", uuid4()).number == 4
    with pytest.raises(Denied):
        posts.restore_post(cast.sabine.viewer, post_id)
    with unit_of_work():
        assert posts.restore_post(cast.petra.viewer, post_id).state is PostState.VISIBLE


def test_hiding_asks_for_a_reason_and_is_on_record(cast: Cast) -> None:
    post_id = cast.post(cast.petra, cast.topic())
    with pytest.raises(Invalid):
        posts.hide_post(cast.manfred.viewer, post_id, " ")
    with pytest.raises(Denied):
        posts.hide_post(cast.petra.viewer, post_id, "Grund")
    with unit_of_work():
        posts.hide_post(cast.manfred.viewer, post_id, "Nennt Zahlen")
    entry = db.session.scalars(sa.select(Entry).where(Entry.action == "post.hidden")).one()
    assert (entry.actor_id, entry.note) == (cast.manfred.id, "Nennt Zahlen")
    with pytest.raises(Denied):
        posts.restore_post(cast.petra.viewer, post_id)
    with unit_of_work():
        assert posts.restore_post(cast.manfred.viewer, post_id).state is PostState.VISIBLE


def test_what_others_write_is_unread_until_it_is_seen(cast: Cast) -> None:
    topic_id = cast.topic(cast.sabine, posts=2)
    assert unread(cast.petra) == {topic_id}
    assert unread(cast.sabine) == set()
    with unit_of_work():
        readings.record_reading(cast.petra.viewer, topic_id, 2)
    assert unread(cast.petra) == set()
    cast.post(cast.sabine, topic_id)
    assert unread(cast.petra) == {topic_id}


def test_reading_never_goes_backwards_nor_beyond_the_last_post(cast: Cast) -> None:
    topic_id = cast.topic(cast.sabine, posts=3)
    for number in (3, 1, 99):
        with unit_of_work():
            readings.record_reading(cast.petra.viewer, topic_id, number)
    assert db.session.get(Reading, (cast.petra.id, topic_id)).last_number == 3
    with pytest.raises(NotFound):
        readings.record_reading(cast.olga.viewer, topic_id, 1)


def test_marking_a_board_read_leaves_other_boards_alone(cast: Cast) -> None:
    here = cast.topic(cast.sabine)
    with unit_of_work():
        there = topics.start_topic(cast.sabine.viewer, cast.other_board, "Dort", "Text", uuid4()).id
    assert unread(cast.petra) == {here, there}
    with unit_of_work():
        readings.mark_board_read(cast.petra.viewer, cast.board)
    assert unread(cast.petra) == {there}
    with unit_of_work():
        readings.mark_all_read(cast.petra.viewer)
    assert unread(cast.petra) == set()
    with pytest.raises(NotFound):
        readings.mark_board_read(cast.petra.viewer, cast.foreign_board)


def test_the_moment_of_a_board_advances_only_when_nothing_is_left(cast: Cast) -> None:
    first, second = cast.topic(cast.sabine), cast.topic(cast.sabine, "Zweites")
    with unit_of_work():
        readings.record_reading(cast.petra.viewer, first, 1)
    assert db.session.get(BoardReading, (cast.petra.id, cast.board)) is None
    with unit_of_work():
        readings.record_reading(cast.petra.viewer, second, 1)
    assert db.session.get(BoardReading, (cast.petra.id, cast.board)) is not None
    assert unread(cast.petra) == set()


def test_a_draft_is_kept_until_it_is_sent(cast: Cast) -> None:
    topic_id = cast.topic()
    place = f"topic:{topic_id}"
    for text in ("Ich wollte", "Ich wollte sagen"):
        with unit_of_work():
            writing.save_draft(cast.petra.viewer, place, "", text)
    assert drafts.find_draft(cast.petra.viewer, place).text == "Ich wollte sagen"
    assert drafts.find_draft(cast.sabine.viewer, place) is None
    cast.post(cast.petra, topic_id)
    db.session.expire_all()
    assert drafts.find_draft(cast.petra.viewer, place) is None


@pytest.mark.parametrize("place", ["", "topic:", "topic:x", "room:1", "topic:1 ", "topic:" + "9" * 30])
def test_a_draft_of_nowhere_is_refused(cast: Cast, place: str) -> None:
    with pytest.raises(NotFound):
        writing.save_draft(cast.petra.viewer, place, "", "Text")
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Draft)) == 0


def test_moderators_create_order_and_archive_the_boards_of_their_region(cast: Cast) -> None:
    here = cast.spaces["FIN"]
    with unit_of_work():
        board = boards.create_board(
            cast.manfred.viewer, here, "Ergonomie", "Heben und Tragen", Starters.MEMBERS
        )
        boards.move_board(cast.manfred.viewer, board.id, -1)
    assert (board.position, board.description) == (5, "Heben und Tragen")
    with pytest.raises(Invalid):
        boards.create_board(cast.manfred.viewer, here, "Ergonomie", "", Starters.MEMBERS)
    for other in (cast.petra, cast.rosa, cast.karla):
        with pytest.raises(NotFound):
            boards.create_board(other.viewer, here, "Anderes", "", Starters.MEMBERS)
    with unit_of_work():
        boards.archive_board(cast.manfred.viewer, board.id)
    with pytest.raises(Denied):
        topics.start_topic(cast.petra.viewer, board.id, "Titel", "Text", uuid4())
    with unit_of_work():
        boards.revive_board(cast.manfred.viewer, board.id)
        topics.start_topic(cast.petra.viewer, board.id, "Titel", "Text", uuid4())
