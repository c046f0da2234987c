"""What was worked out in a room becomes a topic."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from forum.boards.models import Post, Topic
from forum.boards.service import posts
from forum.chat import queries as chat
from forum.chat.service import messages, retention
from forum.core.clock import now
from forum.core.db import db, unit_of_work
from forum.core.errors import Denied, Invalid, NotFound
from forum.workflows.service import transcripts as service
from tests.cast import Cast, Person

pytestmark = pytest.mark.usefixtures("context")


def keep(
    cast: Cast,
    viewer: Person,
    message_ids: list[int],
    *,
    room: int | None = None,
    board: int | None = None,
    text: str = "Was wir gesagt haben",
    key: UUID | None = None,
) -> Topic:
    with unit_of_work():
        topic_id = service.keep_as_topic(
            viewer.viewer,
            room or cast.room,
            message_ids,
            board_id=board or cast.board,
            title="Wer ist morgen da?",
            text=text,
            client_key=key or uuid4(),
        )
    return db.session.get_one(Topic, topic_id)


def transcript(
    cast: Cast, viewer: Person, message_ids: list[int], room: int | None = None, **how: bool
) -> str:
    opened = chat.rooms.open_room(viewer.viewer, room or cast.room)
    lines = service.choose(opened, message_ids)
    return service.transcribe(opened, lines, times=["gestern"] * len(lines), **how)


def first_post(topic: Topic) -> Post:
    return db.session.query(Post).filter_by(topic_id=topic.id, number=1).one()


def test_a_transcript_says_who_and_when_and_quotes_the_words(cast: Cast) -> None:
    first = cast.message(cast.petra, text="Wer kommt?\n\nUnd **wann**?")
    second = cast.message(cast.manfred, text="Ich, um sechs.")
    assert transcript(cast, cast.petra, [second, first], with_names=True) == (
        "**Petra Sommer**, gestern:\n\n> Wer kommt?\n>\n> Und **wann**?\n\n"
        "**Manfred Lehnigk**, gestern:\n\n> Ich, um sechs.\n\n"
        f"[Gesichert aus „Treffpunkt“, Finsterwalde](/chat/messages/{first})"
    )


def test_without_names_everybody_is_a_number_also_where_a_message_names_somebody(cast: Cast) -> None:
    ids = [
        cast.message(cast.petra, text="Frag mal @Manfred Lehnigk oder Sabine Morgenroth"),
        cast.message(cast.manfred, text="petra sommer weiß das besser"),
    ]
    found = transcript(cast, cast.petra, ids, with_names=False)
    assert "Frag mal Person 2 oder jemand" in found
    assert "Person 1 weiß das besser" in found
    for name in ("Petra", "Manfred", "Lehnigk", "Sabine", "gestern"):
        assert name.casefold() not in found.casefold()


def test_a_topic_is_linked_with_its_messages_both_ways(cast: Cast) -> None:
    kept, left = cast.message(cast.petra), cast.message(cast.manfred)
    topic = keep(cast, cast.petra, [kept])
    assert f"/chat/messages/{kept})" in first_post(topic).source
    row = chat.messages.get_row(kept)
    assert row.kept
    assert (row.kept.url, row.kept.title) == (f"/topics/{topic.id}", topic.title)
    assert chat.messages.get_row(left).kept is None


def test_the_way_back_is_written_once(cast: Cast) -> None:
    kept = cast.message(cast.petra)
    topic = keep(cast, cast.petra, [kept], text=transcript(cast, cast.petra, [kept], with_names=True))
    assert first_post(topic).source.count(f"/chat/messages/{kept}") == 1


def test_the_title_is_not_told_to_a_room_whose_readers_need_not_read_the_board(cast: Cast) -> None:
    direct = cast.direct()
    kept = cast.message(cast.petra, direct)
    keep(cast, cast.petra, [kept], room=direct)
    found = chat.messages.get_row(kept).kept
    assert found
    assert found.title == ""


def test_the_same_key_is_the_same_topic(cast: Cast) -> None:
    kept, key = cast.message(cast.petra), uuid4()
    assert keep(cast, cast.petra, [kept], key=key).id == keep(cast, cast.petra, [kept], key=key).id


def test_only_readers_of_the_room_who_may_begin_topics_on_the_board_keep_messages(cast: Cast) -> None:
    kept = cast.message(cast.petra)
    assert keep(cast, cast.sabine, [kept])
    with pytest.raises(NotFound):
        keep(cast, cast.olga, [kept], board=cast.foreign_board)
    with pytest.raises(NotFound):
        keep(cast, cast.petra, [kept], board=cast.foreign_board)
    with pytest.raises(Denied):
        keep(cast, cast.petra, [kept], board=cast.staff_board)
    direct = cast.direct()
    secret = cast.message(cast.petra, direct)
    for stranger in (cast.manfred, cast.karla):
        with pytest.raises(NotFound):
            keep(cast, stranger, [secret], room=direct)


def test_nothing_is_kept_of_another_room_and_of_what_was_taken_back(cast: Cast) -> None:
    foreign = cast.message(cast.olga, cast.foreign_room)
    gone = cast.message(cast.petra)
    with unit_of_work():
        messages.withdraw_message(cast.petra.viewer, gone)
    for ids in ([], [foreign], [gone], [10**9]):
        with pytest.raises(Invalid) as refused:
            keep(cast, cast.petra, ids)
        assert refused.value.field == "messages"
    assert db.session.query(Topic).count() == 0


def test_a_text_that_is_empty_or_too_long_keeps_nothing(cast: Cast) -> None:
    kept = cast.message(cast.petra)
    for text in ("", "   ", "x" * 60_001):
        with pytest.raises(Invalid):
            keep(cast, cast.petra, [kept], text=text)
    assert chat.messages.get_row(kept).kept is None


def test_the_topic_stays_when_the_messages_have_expired(cast: Cast) -> None:
    kept = cast.message(cast.petra)
    topic = keep(cast, cast.petra, [kept])
    with unit_of_work():
        assert retention.purge_expired(now() + timedelta(days=400)) == 1
    assert posts.get_post(cast.petra.viewer, first_post(topic).id).source
