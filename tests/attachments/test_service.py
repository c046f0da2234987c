"""Files hung on posts and messages, taken off, carried along, copied; with whom they count."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa
from flask import Flask

from forum.attachments import queries, service, targets
from forum.attachments.models import Attachment
from forum.boards.models import Post
from forum.boards.service import posts, topics
from forum.chat.service import messages
from forum.core.access import ANYONE
from forum.core.db import db, unit_of_work
from forum.core.errors import Invalid, NotFound
from forum.files.models import Blob, File, Progress, Scan
from forum.files.policy import FILES_AT_ONCE
from forum.files.settling import tell_settled
from tests.cast import Cast, Person
from tests.make.sent import half_sent_file, sent_file

pytestmark = pytest.mark.usefixtures("context")


def post_with(cast: Cast, *file_ids: int, author: Person | None = None) -> int:
    with unit_of_work():
        topic = topics.start_topic(
            (author or cast.petra).viewer, cast.board, "Dienstplan", "Anbei.", uuid4(), file_ids
        )
        return topics.reply(cast.petra.viewer, topic.id, "Und hier.", uuid4()).id - 1


def hung_on(subject: str, subject_id: int) -> list[str]:
    return queries.names_of(subject, [subject_id]).get(subject_id, [])


def test_files_hang_in_the_order_in_which_they_were_given_and_count_against_the_space(cast: Cast) -> None:
    first, second = sent_file(cast.petra, "B.pdf"), sent_file(cast.petra, "A.pdf")
    post_id = post_with(cast, second, first, second)
    assert hung_on("post", post_id) == ["A.pdf", "B.pdf"]
    file = db.session.get_one(File, first)
    assert (file.owner, file.space_id) == (f"post:{post_id}", cast.spaces["FIN"])


def test_nobody_hangs_up_what_is_not_theirs_or_hangs_elsewhere_and_a_strange_file_is_like_none(
    cast: Cast,
) -> None:
    foreign, used = sent_file(cast.manfred), sent_file(cast.petra)
    post_with(cast, used)
    said = set()
    for file_id in (foreign, used, 2**31 - 2):
        with pytest.raises(Invalid) as refusal:
            post_with(cast, file_id)
        assert refusal.value.field == "files"
        said.add(refusal.value.message)
    assert len(said) == 1
    assert db.session.get_one(File, foreign).owner is None


@pytest.mark.parametrize("scan", [Scan.CLEAN, Scan.INFECTED])
def test_what_is_refused_or_not_all_here_is_refused_with_a_sentence_that_names_it(
    cast: Cast, scan: Scan
) -> None:
    check = Progress.FAILED if scan is Scan.CLEAN else Progress.DONE
    refused = sent_file(cast.petra, "Spiel.exe", check=check, scan=scan)
    half = half_sent_file(cast.petra)
    for file_id, name in ((refused, "Spiel.exe"), (half, "Film.pdf")):
        with pytest.raises(Invalid, match=name):
            post_with(cast, file_id)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Attachment)) == 0


def test_a_file_that_is_still_being_checked_can_be_sent(cast: Cast) -> None:
    post_id = post_with(cast, sent_file(cast.petra, check=Progress.WAITING))
    assert hung_on("post", post_id) == ["Protokoll.pdf"]


def test_on_one_thing_hang_no_more_files_than_may(cast: Cast) -> None:
    many = [sent_file(cast.petra, f"{number}.pdf") for number in range(FILES_AT_ONCE + 1)]
    with pytest.raises(Invalid, match="höchstens"):
        post_with(cast, *many)
    post_id = post_with(cast, *many[:-1])
    with pytest.raises(Invalid, match="höchstens"), unit_of_work():
        posts.edit_post(cast.petra.viewer, post_id, "Anbei.", 0, many[-1:])
    assert len(hung_on("post", post_id)) == FILES_AT_ONCE


def test_what_is_taken_off_is_gone_and_its_bytes_stay_for_whoever_else_has_them(cast: Cast) -> None:
    mine, theirs = sent_file(cast.petra), sent_file(cast.manfred)
    alone = sent_file(cast.petra, "Allein.pdf", b"%PDF-1.7 allein")
    post_id = post_with(cast, mine, alone)
    post_with(cast, theirs, author=cast.manfred)
    with unit_of_work():
        service.drop("post", [post_id])
    assert hung_on("post", post_id) == []
    assert db.session.get(File, mine) is None
    blobs = {blob.size: blob.unused_since is None for blob in db.session.scalars(sa.select(Blob))}
    assert blobs == {len(b"%PDF-1.7 Protokoll"): True, len(b"%PDF-1.7 allein"): False}


def test_nothing_is_asked_of_the_database_where_nothing_hangs(
    cast: Cast, count_queries: Callable[[], int]
) -> None:
    post_id = post_with(cast, sent_file(cast.petra))
    db.session.connection()
    count_queries()
    assert queries.attachments_of("post", [], cast.petra.viewer) == {}
    service.drop("post", [])
    assert count_queries() == 0
    found = queries.attachments_of("post", [post_id, post_id + 1, post_id + 2], cast.petra.viewer)
    assert count_queries() == 1
    assert list(found) == [post_id]
    (card,) = found[post_id]
    assert (card.file.name, card.file.is_own) == ("Protokoll.pdf", True)
    assert card.url == f"/attachments/{card.id}"


def test_where_bytes_hang_is_told_as_far_as_the_viewer_reads_there(cast: Cast) -> None:
    post_id = post_with(cast, sent_file(cast.petra, "Plan.pdf"))
    private, file_id = cast.direct(), sent_file(cast.petra)
    with unit_of_work():
        message = messages.send_message(cast.petra.viewer, private, "", uuid4(), file_ids=[file_id])
    blob_ids = list(db.session.scalars(sa.select(Blob.id)))
    urls = {
        person.name.split()[0]: [place.url for place in service.places_of(person.viewer, blob_ids)]
        for person in (cast.petra, cast.sabine, cast.manfred, cast.olga, cast.karla)
    }
    both = [f"/chat/messages/{message.id}", f"/posts/{post_id}"]
    assert urls == {"Petra": both, "Sabine": both, "Manfred": both[1:], "Olga": [], "Karla": []}
    assert service.places_of(ANYONE, blob_ids) == []


def test_a_hidden_post_shows_its_files_to_its_author_and_the_moderators(cast: Cast) -> None:
    post_id = post_with(cast, sent_file(cast.petra))
    with unit_of_work():
        posts.hide_post(cast.manfred.viewer, post_id, "Nennt Namen")
    card = queries.attachments_of("post", [post_id], cast.petra.viewer)[post_id][0]
    for person in (cast.petra, cast.manfred):
        assert service.get_attachment(person.viewer, card.id)[1].url == f"/posts/{post_id}"
    for person in (cast.sabine, cast.olga, cast.rosa, cast.karla):
        with pytest.raises(NotFound):
            service.get_attachment(person.viewer, card.id)


def test_a_kind_of_thing_that_nobody_knows_is_read_by_nobody(cast: Cast) -> None:
    assert targets.readable(cast.petra.viewer, "secret", [1]) == {}
    with pytest.raises(ValueError):
        targets.target("post")(lambda _viewer, _ids: {})


def test_when_a_file_was_looked_through_those_who_look_at_it_are_told(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, app: Flask
) -> None:
    heard: list[tuple[str, str, dict[str, Any]]] = []
    live = app.extensions["socketio"]
    monkeypatch.setattr(live, "emit", lambda event, data, *, to, **_rest: heard.append((to, event, data)))
    waiting = sent_file(cast.petra, check=Progress.WAITING)
    post_id = post_with(cast, waiting)
    second = sent_file(cast.petra, "Nochmal.pdf")
    with unit_of_work():
        message = messages.send_message(cast.petra.viewer, cast.room, "", uuid4(), file_ids=[second])
    stamp = message.stamp
    heard.clear()
    with unit_of_work():
        blob = db.session.scalars(sa.select(Blob)).one()
        blob.check = Progress.DONE
    tell_settled(blob.id)
    told = {event: data for _to, event, data in heard}
    assert told["post_changed"]["only_files"]
    assert told["post_changed"]["number"] == db.session.get_one(Post, post_id).number
    assert told["changed"]["message"]["files"][0]["state"] == "ready"
    assert told["changed"]["stamp"] == stamp + 1
    heard.clear()
    tell_settled(blob.id + 1)
    assert heard == []
