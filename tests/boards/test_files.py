"""Files on topics and posts: sent with a form, changed with an edit, seen by whoever reads the words."""

import io
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from forum.attachments.models import Attachment
from forum.attachments.queries import names_of
from forum.boards.models import Post, Revision
from forum.boards.service import posts, topics
from forum.core.db import db, unit_of_work
from forum.core.errors import Denied, Invalid
from forum.files import queries as files
from forum.files.kinds import FileKind
from forum.files.models import File, Progress
from tests.boards.conftest import do
from tests.cast import Cast, Person
from tests.make.sent import forget_all, sent_file

Browse = Callable[[Person | None], FlaskClient]
MINUTES = b"%PDF-1.7 Protokoll der Sitzung"


@pytest.fixture(autouse=True)
def tidy_store(app: Flask) -> Iterator[None]:
    """Nothing is in store and spool afterwards."""
    yield
    with app.app_context():
        forget_all()


def page_of(response: TestResponse) -> BeautifulSoup:
    return BeautifulSoup(response.text, "html.parser")


def reply(app: Flask, author: Person, topic_id: int, *file_ids: int) -> int:
    with app.app_context(), unit_of_work():
        return topics.reply(author.viewer, topic_id, "Anbei.", uuid4(), file_ids).id


def sent(app: Flask, member: Person, name: str = "Protokoll.pdf", **about: Any) -> int:
    with app.app_context():
        return sent_file(member, name, **about)


def hanging(app: Flask, post_id: int) -> list[str]:
    with app.app_context():
        return names_of("post", [post_id]).get(post_id, [])


def newest_post(app: Flask) -> Post:
    with app.app_context():
        post = db.session.scalars(sa.select(Post).order_by(Post.id.desc()).limit(1)).one()
        return post


def waiting(app: Flask, person: Person, place: str) -> list[str]:
    with app.app_context():
        return [card.name for card in files.waiting(person.viewer, place)]


# Sending


def test_a_topic_is_begun_and_answered_with_files_sent_along_without_script(
    app: Flask, cast: Cast, browse: Browse
) -> None:
    petra = browse(cast.petra)
    form = page_of(petra.get(f"/boards/{cast.board}/topics/new")).select_one("form.writing")
    assert form is not None
    assert form["enctype"] == "multipart/form-data"
    begun = petra.send(  # type: ignore[attr-defined]
        f"/boards/{cast.board}/topics",
        title="Sitzung",
        text="Das Protokoll hängt an.",
        client_key=str(uuid4()),
        files=[(io.BytesIO(MINUTES), "Protokoll März.pdf"), (io.BytesIO(b"Liste"), "Liste.txt")],
    )
    assert begun.status_code == 303
    post = newest_post(app)
    assert post.has_files
    assert hanging(app, post.id) == ["Protokoll März.pdf", "Liste.txt"]
    answered = petra.send(  # type: ignore[attr-defined]
        f"/topics/{post.topic_id}/posts",
        text="Und noch eins.",
        client_key=str(uuid4()),
        files=[(io.BytesIO(MINUTES), "Nachtrag.pdf")],
    )
    assert answered.status_code == 303
    assert hanging(app, newest_post(app).id) == ["Nachtrag.pdf"]


def test_files_that_were_sent_before_go_with_the_post_by_their_ids(
    app: Flask, cast: Cast, browse: Browse, topic: int
) -> None:
    mine, foreign = sent(app, cast.petra), sent(app, cast.manfred, "Fremd.pdf", data=b"%PDF fremd")
    petra = browse(cast.petra)
    address = f"/topics/{topic}/posts"
    refused = petra.send(address, text="Anbei.", client_key=str(uuid4()), file_ids=[mine, foreign])  # type: ignore[attr-defined]
    assert refused.status_code == 422
    assert "nicht mehr da" in refused.text
    assert "Anbei." in refused.text
    taken = petra.send(address, text="Anbei.", client_key=str(uuid4()), file_ids=[mine])  # type: ignore[attr-defined]
    assert taken.status_code == 303
    assert hanging(app, newest_post(app).id) == ["Protokoll.pdf"]


def test_what_is_wrong_with_the_text_costs_neither_the_text_nor_the_files(
    app: Flask, cast: Cast, browse: Browse, topic: int
) -> None:
    petra = browse(cast.petra)
    refused = petra.send(  # type: ignore[attr-defined]
        f"/topics/{topic}/posts",
        text="  ",
        client_key=str(uuid4()),
        files=[(io.BytesIO(MINUTES), "Protokoll.pdf")],
    )
    assert refused.status_code == 422
    shown = page_of(refused).select(".uploads .upload")
    assert [one["data-name"] for one in shown] == ["Protokoll.pdf"]
    assert waiting(app, cast.petra, f"topic:{topic}") == ["Protokoll.pdf"]
    assert page_of(petra.get(f"/topics/{topic}")).select(".uploads .upload")
    assert not page_of(browse(cast.sabine).get(f"/topics/{topic}")).select(".uploads .upload")
    again = petra.send(  # type: ignore[attr-defined]
        f"/topics/{topic}/posts", text="Jetzt.", client_key=str(uuid4()), file_ids=[shown[0]["data-id"]]
    )
    assert again.status_code == 303
    assert waiting(app, cast.petra, f"topic:{topic}") == []


def test_a_preview_keeps_the_files_and_sends_none(app: Flask, cast: Cast, browse: Browse, topic: int) -> None:
    before = newest_post(app).id
    shown = browse(cast.petra).send(  # type: ignore[attr-defined]
        f"/topics/{topic}/posts",
        text="Anbei.",
        preview="1",
        client_key=str(uuid4()),
        files=[(io.BytesIO(MINUTES), "Protokoll.pdf")],
    )
    assert "Protokoll.pdf" in shown.text
    assert newest_post(app).id == before


def test_a_post_sent_twice_has_its_files_once(app: Flask, cast: Cast, topic: int) -> None:
    file_id, key = sent(app, cast.petra), uuid4()
    first = do(app, topics.reply, cast.petra.viewer, topic, "Anbei.", key, [file_id])
    again = do(app, topics.reply, cast.petra.viewer, topic, "Anbei.", key, [file_id])
    assert first.id == again.id
    assert hanging(app, first.id) == ["Protokoll.pdf"]


def test_words_are_needed_beside_files(app: Flask, cast: Cast, topic: int) -> None:
    with pytest.raises(Invalid):
        do(app, topics.reply, cast.petra.viewer, topic, "", uuid4(), [sent(app, cast.petra)])


def test_strangers_leave_nothing_behind_when_they_try(
    app: Flask, cast: Cast, browse: Browse, topic: int
) -> None:
    olga = browse(cast.olga)
    answer = olga.send(  # type: ignore[attr-defined]
        f"/topics/{topic}/posts",
        text="Anbei.",
        client_key=str(uuid4()),
        files=[(io.BytesIO(MINUTES), "Protokoll.pdf")],
    )
    assert answer.status_code == 404
    with app.app_context():
        assert db.session.scalar(sa.select(sa.func.count()).select_from(File)) == 0


# Editing


def test_the_author_adds_and_takes_off_files_while_editing(
    app: Flask, cast: Cast, browse: Browse, topic: int
) -> None:
    post_id = reply(app, cast.petra, topic, sent(app, cast.petra, "Alt.pdf"))
    petra = browse(cast.petra)
    form = page_of(petra.get(f"/posts/{post_id}/edit"))
    (box,) = form.select("input[name=taken_off]")
    changed = petra.send(  # type: ignore[attr-defined]
        f"/posts/{post_id}",
        text="Anbei.",
        version="0",
        taken_off=box["value"],
        files=[(io.BytesIO(b"%PDF neu"), "Neu.pdf")],
    )
    assert changed.status_code == 303
    assert hanging(app, post_id) == ["Neu.pdf"]
    with app.app_context():
        post = db.session.get_one(Post, post_id)
        assert (post.version, post.has_files) == (1, True)
        assert db.session.scalar(sa.select(sa.func.count()).select_from(File)) == 1
    assert "Nur die Dateien wurden geändert." in petra.get(f"/posts/{post_id}/history").text


def test_nobody_else_changes_the_files_of_a_post_nor_takes_off_those_of_another(
    app: Flask, cast: Cast, topic: int
) -> None:
    post_id = reply(app, cast.petra, topic, sent(app, cast.petra))
    other = reply(app, cast.manfred, topic, sent(app, cast.manfred, "Plan.pdf", data=b"%PDF Plan"))
    with app.app_context():
        attached = {one.subject_id: one.id for one in db.session.scalars(sa.select(Attachment))}
    for person in (cast.manfred, cast.sabine):
        with pytest.raises(Denied):
            do(app, posts.edit_post, person.viewer, post_id, "Anbei.", 0, [], [attached[post_id]])
    do(app, posts.edit_post, cast.petra.viewer, post_id, "Anbei.", 0, [], [attached[other]])
    assert (hanging(app, post_id), hanging(app, other)) == (["Protokoll.pdf"], ["Plan.pdf"])
    do(app, posts.edit_post, cast.petra.viewer, post_id, "Anbei.", 0, [], [attached[post_id]])
    with app.app_context():
        assert not db.session.get_one(Post, post_id).has_files


def test_an_edit_sent_twice_changes_the_files_once(app: Flask, cast: Cast, topic: int) -> None:
    post_id = reply(app, cast.petra, topic)
    file_id = sent(app, cast.petra)
    for _time in range(2):
        do(app, posts.edit_post, cast.petra.viewer, post_id, "Siehe Anhang.", 0, [file_id])
    with app.app_context():
        assert db.session.get_one(Post, post_id).version == 1
        assert db.session.scalar(sa.select(sa.func.count()).select_from(Revision)) == 1
    assert hanging(app, post_id) == ["Protokoll.pdf"]


# Showing


def test_a_post_shows_pictures_as_such_and_names_the_rest(
    app: Flask, cast: Cast, browse: Browse, topic: int
) -> None:
    picture = sent(app, cast.petra, "Halle.png", data=b"\x89PNG", kind=FileKind.PNG)
    checked, unchecked = (
        sent(app, cast.petra),
        sent(app, cast.petra, "Neu.pdf", data=b"%PDF neu", check=Progress.WAITING),
    )
    reply(app, cast.petra, topic, picture, checked, unchecked)
    for person in (cast.petra, cast.sabine):
        shown = page_of(browse(person).get(f"/topics/{topic}")).select_one(".post .attached")
        assert shown is not None
        image = shown.select_one("a.picture img")
        assert image is not None
        assert image["alt"] == "Halle.png"
        assert [link.get_text(" ", strip=True) for link in shown.select("a.file-name")] == ["Protokoll.pdf"]
        (closed,) = shown.select(".file-chip:not(:has(a))")
        assert closed.get_text(" ", strip=True) == "Neu.pdf 8 Byte wird geprüft"
        assert browse(person).get(str(image["src"])).status_code == 200


def test_only_the_sender_is_asked_what_a_file_may_tell(
    app: Flask, cast: Cast, browse: Browse, topic: int
) -> None:
    asks = sent(app, cast.petra, findings={"authors": ["Petra Sommer"]})
    reply(app, cast.petra, topic, asks)
    assert f"/files/{asks}/choice" in browse(cast.petra).get(f"/topics/{topic}").text
    page = browse(cast.sabine).get(f"/topics/{topic}").text
    assert "/choice" not in page
    assert "wird geprüft" in page


def test_hidden_and_withdrawn_posts_show_no_files_but_to_those_who_see_the_words(
    app: Flask, cast: Cast, browse: Browse, topic: int
) -> None:
    post_id = reply(app, cast.petra, topic, sent(app, cast.petra))
    do(app, posts.hide_post, cast.manfred.viewer, post_id, "Nennt Namen")
    address = f"/topics/{topic}"
    assert "Protokoll.pdf" not in browse(cast.sabine).get(address).text
    assert "Protokoll.pdf" not in browse(cast.sabine).get(f"{address}/print").text
    for person in (cast.petra, cast.manfred):
        assert page_of(browse(person).get(address)).select(".post-stub details .attached")


def test_on_paper_files_are_named(app: Flask, cast: Cast, browse: Browse, topic: int) -> None:
    reply(app, cast.petra, topic, sent(app, cast.petra), sent(app, cast.petra, "Plan.pdf"))
    assert "Dateien: Protokoll.pdf, Plan.pdf" in browse(cast.sabine).get(f"/topics/{topic}/print").text


def test_a_page_with_files_needs_one_statement_more_however_many_there_are(
    app: Flask, cast: Cast, browse: Browse, topic: int, count_queries: Callable[[], int]
) -> None:
    sabine = browse(cast.sabine)

    def statements() -> int:
        sabine.get(f"/topics/{topic}")
        count_queries()
        sabine.get(f"/topics/{topic}")
        return count_queries()

    without = statements()
    reply(app, cast.petra, topic, sent(app, cast.petra))
    with_one = statements()
    for number in range(5):
        reply(
            app,
            cast.petra,
            topic,
            sent(app, cast.petra, f"{number}.pdf"),
            sent(app, cast.petra, f"{number}b.pdf"),
        )
    assert (with_one, statements()) == (without + 1, without + 1)


def test_files_go_with_their_topic_into_another_space(app: Flask, cast: Cast, topic: int) -> None:
    reply(app, cast.petra, topic, file_id := sent(app, cast.petra))
    both = cast.manfred.viewer.__class__(
        cast.manfred.id, {**cast.manfred.viewer.spaces, **cast.rosa.viewer.spaces}
    )
    do(app, topics.move_topic, both, topic, cast.foreign_board)
    with app.app_context():
        assert db.session.get_one(File, file_id).space_id == cast.spaces["RAT"]
