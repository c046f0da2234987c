"""How much a member wants to hear of a topic or a board."""

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask import Flask

from forum.boards.models import TOPIC
from forum.boards.queries.posts import open_topic
from forum.boards.service import posts, watching
from forum.core.access import Role, Viewer
from forum.core.clock import now
from forum.core.db import db, unit_of_work
from forum.core.errors import Invalid, NotFound
from forum.members.service import NAMED_LIMIT, add_member
from forum.notifications.models import Kind, Level, Notice
from forum.notifications.queries import bell
from forum.notifications.service import notices, watches
from forum.notifications.targets import Since, described
from forum.spaces.service import join
from tests.cast import HERE, Cast, Person
from tests.notifications.work import tell_all
from tests.pages import PageCheckingClient

Browse = Callable[[Person | None], PageCheckingClient]


def choose(person: Person, topic_id: int, level: Level | None) -> Level | None:
    with unit_of_work():
        return watching.watch_topic(person.viewer, topic_id, level)


def told(person: Person) -> list[Kind]:
    tell_all()
    found = sa.select(Notice.kind).where(Notice.member_id == person.id, Notice.read_at.is_(None))
    return list(db.session.scalars(found.order_by(Notice.id)))


def test_who_follows_a_topic_hears_of_every_post_and_who_does_not_follow_hears_nothing(
    context: Flask, cast: Cast
) -> None:
    topic_id = cast.topic(cast.petra)
    tell_all()
    assert choose(cast.manfred, topic_id, Level.ALL) is None
    cast.post(cast.petra, topic_id)
    assert told(cast.manfred) == [Kind.ANSWER]
    assert told(cast.sabine) == []


def test_what_was_chosen_before_comes_back_for_the_way_back(context: Flask, cast: Cast) -> None:
    topic_id = cast.topic(cast.petra)
    assert choose(cast.petra, topic_id, Level.MENTIONS) is Level.ALL  # she wrote it
    assert choose(cast.petra, topic_id, None) is Level.MENTIONS


@pytest.mark.parametrize("chosen", [Level.MENTIONS, Level.MUTED, Level.ALL])
def test_as_usual_means_to_hear_of_answers_for_who_writes_there(
    context: Flask, cast: Cast, chosen: Level
) -> None:
    before, later, elsewhere = cast.topic(cast.petra), cast.topic(cast.manfred), cast.topic(cast.manfred)
    tell_all()
    for topic_id in (before, later, elsewhere):
        choose(cast.petra, topic_id, chosen)
    cast.post(cast.petra, later)
    tell_all()
    assert [choose(cast.petra, topic_id, None) for topic_id in (before, later, elsewhere)] == [chosen] * 3
    for topic_id in (before, later, elsewhere):
        cast.post(cast.sabine, topic_id)
    assert told(cast.petra) == [Kind.ANSWER] * 2


def test_only_mentions_of_a_topic_wins_over_following_its_board(context: Flask, cast: Cast) -> None:
    topic_id = cast.topic(cast.petra)
    with unit_of_work():
        watching.watch_board(cast.manfred.viewer, cast.board, Level.ALL)
    choose(cast.manfred, topic_id, Level.MENTIONS)
    tell_all()
    with unit_of_work():
        notices.see_before(cast.manfred.viewer, now())
    cast.post(cast.petra, topic_id)
    assert told(cast.manfred) == []
    cast.post(cast.petra, topic_id, f"Und du, @{cast.manfred.name}?")
    assert told(cast.manfred) == [Kind.MENTION]


def test_a_topic_followed_on_a_board_of_mentions_is_heard(context: Flask, cast: Cast) -> None:
    topic_id = cast.topic(cast.petra)
    with unit_of_work():
        watching.watch_board(cast.manfred.viewer, cast.board, Level.MENTIONS)
    tell_all()
    choose(cast.manfred, topic_id, Level.ALL)
    cast.post(cast.petra, topic_id)
    assert told(cast.manfred) == [Kind.ANSWER]


def test_a_board_muted_has_nothing_new_any_more(context: Flask, cast: Cast) -> None:
    topic_id = cast.topic(cast.petra)
    tell_all()
    choose(cast.manfred, topic_id, Level.ALL)
    cast.post(cast.petra, topic_id)
    assert told(cast.manfred) == [Kind.ANSWER]
    with unit_of_work():
        watching.watch_board(cast.manfred.viewer, cast.board, Level.MUTED)
    assert bell.count_unread(cast.manfred.viewer) == 0
    cast.post(cast.petra, topic_id)
    assert told(cast.manfred) == []


def test_what_one_may_not_read_one_cannot_follow(context: Flask, cast: Cast) -> None:
    topic_id = cast.topic(cast.petra)
    for viewer in (cast.olga.viewer, cast.karla.viewer, Viewer()):
        with pytest.raises(NotFound), unit_of_work():
            watching.watch_topic(viewer, topic_id, Level.ALL)
        with pytest.raises(NotFound), unit_of_work():
            watching.watch_board(viewer, cast.board, None)


def test_an_open_topic_knows_what_was_chosen_without_a_statement_more(
    context: Flask, cast: Cast, count_queries: Callable[[], int]
) -> None:
    topic_id = cast.topic(cast.petra)
    count_queries()
    opened = open_topic(cast.manfred.viewer, topic_id)
    assert count_queries() <= 2  # one, and where a transaction begins
    assert opened is not None
    assert opened.watching is None
    assert not opened.is_muted_above
    choose(cast.manfred, topic_id, Level.ALL)
    with unit_of_work():
        watches.watch(cast.manfred.viewer, "space", cast.spaces[HERE], Level.MUTED)
    opened = open_topic(cast.manfred.viewer, topic_id)
    assert opened is not None
    assert opened.watching is Level.ALL
    assert opened.is_muted_above


def test_the_page_says_what_was_chosen_and_offers_the_way_back(
    app: Flask, browse: Browse, cast: Cast
) -> None:
    with app.app_context():
        topic_id = cast.topic(cast.petra)
    manfred = browse(cast.manfred)
    assert summary(manfred, f"/topics/{topic_id}") == "Folgen"
    manfred.send(f"/topics/{topic_id}/watch", level="muted")
    page = manfred.get(f"/topics/{topic_id}").text
    assert "Rückgängig" in page
    assert 'name="level" value="usual"' in page
    assert summary(manfred, f"/topics/{topic_id}") == "Stumm"
    manfred.send(f"/topics/{topic_id}/watch", level="usual")
    manfred.send(f"/boards/{cast.board}/watch", level="all")
    assert summary(manfred, f"/boards/{cast.board}") == "Du folgst"
    manfred.send(f"/boards/{cast.board}/watch", level="muted")
    assert summary(manfred, f"/topics/{topic_id}") == "Stumm"


def summary(client: PageCheckingClient, path: str) -> str:
    """What the button says."""
    page = client.get(path).text
    button = page.split('<details class="menu watching">', 1)[1].split("</summary>", 1)[0]
    return button.split("</svg>")[1].split("<svg")[0].strip()


@pytest.mark.parametrize("where", ["post", "edit", "message"])
def test_a_text_calls_thirty_people_by_name_and_not_one_more(context: Flask, cast: Cast, where: str) -> None:
    with unit_of_work():
        for number in range(NAMED_LIMIT + 1):
            added = add_member(f"Ida Nummer{number:02}", f"ida{number}@betrieb.example")
            join(added.id, cast.spaces[HERE], Role.MEMBER)
    topic_id = cast.topic(cast.petra)
    post_id = cast.post(cast.petra, topic_id)

    def write(people: int) -> None:
        text = " ".join(f"@Ida Nummer{number:02}" for number in range(people))
        if where == "post":
            cast.post(cast.petra, topic_id, text)
        elif where == "message":
            cast.message(cast.petra, text=text)
        else:
            with unit_of_work():
                posts.edit_post(cast.petra.viewer, post_id, text, 0)

    with pytest.raises(Invalid, match="höchstens 30"):
        write(NAMED_LIMIT + 1)
    write(NAMED_LIMIT)


def test_many_topics_are_described_with_as_many_statements_as_one_each_with_its_own_posts(
    context: Flask, cast: Cast, count_queries: Callable[[], int]
) -> None:
    sizes = {cast.topic(cast.petra, f"Thema {number}", posts=number): number for number in range(2, 11)}
    foreign = cast.foreign_topic()
    news = [Since(topic_id, 1, 10**6) for topic_id in (*sizes, foreign)]

    def describe(some: list[Since], with_lines: bool) -> int:
        db.session.rollback()
        count_queries()
        found = described(cast.manfred.viewer, TOPIC, some, with_lines=with_lines)
        number = count_queries()
        asked = [one.subject_id for one in some if one.subject_id != foreign]
        assert sorted(found) == sorted(asked)
        for topic_id in asked:
            entry, size = found[topic_id], sizes[topic_id]
            assert entry.count == (size if with_lines else None)
            texts = ["Wer hat Erfahrung?", *(f"Beitrag {n}" for n in range(2, size + 1))]
            assert [line.text for line in entry.lines] == (texts[:5] if with_lines else [])
        return number

    for with_lines in (True, False):
        describe(news, with_lines)  # warmed up
        assert describe(news, with_lines) == describe(news[:1], with_lines)
    assert described(cast.petra.viewer, TOPIC, news, with_lines=True) == {}  # they are her own
