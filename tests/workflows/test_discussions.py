"""A document has its topic on demand, with its newest version, linked both ways; a file from a post is filed."""

from collections.abc import Callable
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from forum.attachments.models import Attachment
from forum.attachments.queries import names_of
from forum.boards.models import Post, Topic
from forum.boards.service import topics
from forum.chat import queries as chat
from forum.chat.service import messages
from forum.core.access import Viewer
from forum.core.db import db, unit_of_work
from forum.core.errors import Denied, Invalid, NotFound
from forum.documents.models import Document
from forum.documents.service import documents, folders, versions
from forum.documents.service.documents import Description
from forum.files.models import File
from forum.workflows.service import discussions, filings, transcripts
from tests.cast import Cast, Person
from tests.make.sent import sent_file

pytestmark = pytest.mark.usefixtures("context")
Browse = Callable[[Person | None], FlaskClient]


def document(cast: Cast, folder_id: int | None = None) -> int:
    """The id of a document of Petra's here."""
    file_id = sent_file(cast.petra, "BV Gleitzeit.pdf")
    with unit_of_work():
        return documents.add_document(cast.petra.viewer, cast.spaces["FIN"], folder_id, file_id).id


def discuss(
    viewer: Viewer, document_id: int, board_id: int, text: str = "Was meint ihr?", key: UUID | None = None
) -> int:
    with unit_of_work():
        return discussions.begin(
            viewer, document_id, board_id=board_id, title="BV Gleitzeit", text=text, client_key=key or uuid4()
        )


def first_post(topic_id: int) -> Post:
    return db.session.scalars(sa.select(Post).where(Post.topic_id == topic_id, Post.number == 1)).one()


def test_the_topic_has_the_newest_version_and_both_lead_to_each_other(cast: Cast) -> None:
    document_id = document(cast)
    topic_id = discuss(cast.sabine.viewer, document_id, cast.board)
    post = first_post(topic_id)
    assert names_of("post", [post.id]) == {post.id: ["BV Gleitzeit.pdf"]}
    assert f"/documents/{document_id}" in post.html
    assert db.session.get_one(Document, document_id).topic_id == topic_id
    copy = db.session.scalars(sa.select(File).where(File.owner == f"post:{post.id}")).one()
    assert (copy.member_id, copy.space_id) == (cast.sabine.id, cast.spaces["FIN"])
    assert copy.blob_id == db.session.get_one(Document, document_id).file.blob_id


def test_whoever_comes_second_finds_the_topic_that_is_there(cast: Cast) -> None:
    document_id = document(cast)
    assert discussions.find_topic(cast.petra.viewer, document_id) is None
    first = discuss(cast.sabine.viewer, document_id, cast.board)
    assert discuss(cast.petra.viewer, document_id, cast.other_board) == first
    assert discussions.find_topic(cast.manfred.viewer, document_id) == first
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Topic)) == 1


def test_strangers_begin_no_topic_and_no_topic_stands_in_another_space_than_its_document(
    cast: Cast,
) -> None:
    document_id = document(cast)
    for person in (cast.olga, cast.rosa, cast.karla):
        with pytest.raises(NotFound):
            discuss(person.viewer, document_id, cast.foreign_board)
        with pytest.raises(NotFound):
            discussions.find_topic(person.viewer, document_id)
    for board_id in (cast.foreign_board, cast.staff_board, 0):
        with pytest.raises(Invalid) as refusal:
            discuss(cast.petra.viewer, document_id, board_id)
        assert refusal.value.field == "board_id"


def test_of_a_confidential_document_no_copy_hangs_on_the_post(cast: Cast) -> None:
    with unit_of_work():
        folder = folders.create_folder(cast.manfred.viewer, cast.spaces["FIN"], None, "Vertraulich")
        folders.set_confidential(cast.manfred.viewer, folder.id, True)
    topic_id = discuss(cast.petra.viewer, document(cast, folder.id), cast.board)
    assert not first_post(topic_id).has_files


def test_a_topic_that_was_moved_away_is_told_of_but_not_shown_to_those_who_do_not_read_it(cast: Cast) -> None:
    document_id = document(cast)
    topic_id = discuss(cast.petra.viewer, document_id, cast.board)
    both = Viewer(cast.manfred.id, {**cast.manfred.viewer.spaces, **cast.rosa.viewer.spaces})
    with unit_of_work():
        topics.move_topic(both, topic_id, cast.foreign_board)
    with pytest.raises(Denied):
        discussions.find_topic(cast.petra.viewer, document_id)
    with pytest.raises(Denied):
        discuss(cast.petra.viewer, document_id, cast.board)


# Filing


def hung(cast: Cast, author: Person | None = None) -> int:
    """The id of an attachment of a post here."""
    author = author or cast.petra
    file_id = sent_file(author, "Muster_Antrag.pdf")
    with unit_of_work():
        topics.start_topic(author.viewer, cast.board, "Antrag", "Anbei.", uuid4(), [file_id])
    return newest_attachment()


def newest_attachment() -> int:
    found = db.session.scalar(sa.select(sa.func.max(Attachment.id)))
    assert found is not None
    return found


def file_away(viewer: Viewer, attachment_id: int, key: UUID, folder_id: int | None = None) -> int:
    with unit_of_work():
        return filings.file_attachment(viewer, attachment_id, folder_id, Description(title="Antrag"), key)


def test_a_file_from_a_post_becomes_a_document_of_the_same_space_and_stays_on_the_post(cast: Cast) -> None:
    attachment_id, key = hung(cast), uuid4()
    document_id = file_away(cast.sabine.viewer, attachment_id, key)
    assert file_away(cast.sabine.viewer, attachment_id, key) == document_id
    filed = db.session.get_one(Document, document_id)
    assert (filed.title, filed.space_id, filed.author_id) == ("Antrag", cast.spaces["FIN"], cast.sabine.id)
    original = db.session.get_one(Attachment, attachment_id)
    assert filed.file is not None
    assert filed.file.blob_id == original.file.blob_id
    assert filed.file.id != original.file.id


def test_nobody_files_what_they_do_not_read_and_nothing_of_a_private_room_is_filed(cast: Cast) -> None:
    attachment_id = hung(cast)
    for person in (cast.olga, cast.rosa, cast.karla):
        with pytest.raises(NotFound):
            file_away(person.viewer, attachment_id, uuid4())
    direct, file_id = cast.direct(), sent_file(cast.petra)
    with unit_of_work():
        messages.send_message(cast.petra.viewer, direct, "", uuid4(), file_ids=[file_id])
    with pytest.raises(NotFound):
        file_away(cast.petra.viewer, newest_attachment(), uuid4())


# Files of messages that are kept as a topic


def test_files_of_kept_messages_go_with_them_as_far_as_they_were_chosen(cast: Cast) -> None:
    taken, left = sent_file(cast.petra, "Mit.pdf"), sent_file(cast.petra, "Ohne.pdf", b"%PDF ohne")
    with unit_of_work():
        message = messages.send_message(
            cast.petra.viewer, cast.room, "Anbei", uuid4(), file_ids=[taken, left]
        )
    chosen = db.session.scalars(sa.select(Attachment).where(Attachment.file_id == taken)).one()
    elsewhere = hung(cast, cast.manfred)
    with unit_of_work():
        topic_id = transcripts.keep_as_topic(
            cast.sabine.viewer,
            cast.room,
            [message.id],
            board_id=cast.board,
            title="Anbei",
            text="Was wir hatten",
            client_key=uuid4(),
            attachment_ids=[chosen.id, elsewhere],
        )
    post = first_post(topic_id)
    assert names_of("post", [post.id]) == {post.id: ["Mit.pdf"]}
    with unit_of_work():
        messages.withdraw_message(cast.petra.viewer, message.id)
    assert names_of("post", [post.id]) == {post.id: ["Mit.pdf"]}


def test_a_transcript_names_the_files(cast: Cast) -> None:
    file_id = sent_file(cast.petra, "Plan_1.pdf")
    with unit_of_work():
        message = messages.send_message(cast.petra.viewer, cast.room, "", uuid4(), file_ids=[file_id])

    opened = chat.rooms.open_room(cast.petra.viewer, cast.room)
    lines = transcripts.choose(opened, [message.id])
    text = transcripts.transcribe(opened, lines, with_names=True, times=["gestern"])
    assert "> \\[Datei: Plan\\_1.pdf\\]" in text


# Over HTTP


def test_pages_lead_from_the_document_to_its_topic(app: Flask, cast: Cast, browse: Browse) -> None:
    document_id = document(cast)
    petra = browse(cast.petra)
    page = petra.get(f"/documents/{document_id}/topic/new")
    assert page.status_code == 200
    assert "BV Gleitzeit" in page.text
    begun = petra.send(  # type: ignore[attr-defined]
        f"/documents/{document_id}/topic",
        board_id=cast.board,
        title="BV Gleitzeit",
        text="Was meint ihr?",
        client_key=str(uuid4()),
    )
    assert begun.status_code == 303
    again = petra.get(f"/documents/{document_id}/topic/new")
    assert (again.status_code, again.location) == (303, begun.location)


def test_while_a_newer_version_waits_the_one_that_counts_hangs_on_the_post(cast: Cast) -> None:
    document_id = document(cast)
    waiting = sent_file(cast.petra, "Neu.pdf", b"%PDF neu", findings={"authors": ["Petra"]})
    with unit_of_work():
        versions.add_version(cast.petra.viewer, document_id, waiting)
    post = first_post(discuss(cast.sabine.viewer, document_id, cast.board))
    assert names_of("post", [post.id]) == {post.id: ["BV Gleitzeit.pdf"]}


def test_of_a_document_that_nobody_gets_yet_nothing_hangs_on_the_post(cast: Cast) -> None:
    waiting = sent_file(cast.petra, "Neu.pdf", findings={"authors": ["Petra"]})
    with unit_of_work():
        document_id = documents.add_document(cast.petra.viewer, cast.spaces["FIN"], None, waiting).id
    post = first_post(discuss(cast.sabine.viewer, document_id, cast.board))
    assert names_of("post", [post.id]) == {}
