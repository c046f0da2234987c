"""Who follows a document or a folder hears of new versions under the bell."""

from datetime import timedelta

import sqlalchemy as sa
import time_machine
from flask import Flask

from forum.core.clock import now
from forum.core.db import db, unit_of_work
from forum.documents.models import DOCUMENT, FOLDER, Version
from forum.documents.service import documents, folders, follows, versions
from forum.files.models import Choice, File, Progress
from forum.jobs.models import Job
from forum.jobs.service import enqueue
from forum.notifications.models import Kind, Level, Notice
from forum.notifications.queries import bell
from forum.notifications.service import watches
from forum.notifications.targets import Entry, Since, described, described_rows
from tests.cast import HERE, Cast, Person
from tests.make.sent import sent_file
from tests.notifications.work import tell_all


def folder(cast: Cast, name: str = "Vereinbarungen", parent_id: int | None = None) -> int:
    with unit_of_work():
        return folders.create_folder(cast.manfred.viewer, cast.spaces[HERE], parent_id, name).id


def document(cast: Cast, folder_id: int | None = None, author: Person | None = None) -> int:
    author = author or cast.manfred
    file_id = sent_file(author)
    with unit_of_work():
        return documents.add_document(author.viewer, cast.spaces[HERE], folder_id, file_id).id


def add_version(cast: Cast, document_id: int, author: Person | None = None) -> None:
    author = author or cast.manfred
    file_id = sent_file(author)
    with unit_of_work():
        versions.add_version(author.viewer, document_id, file_id, "Mit Anlage")


def follow(person: Person, *, document_id: int | None = None, folder_id: int | None = None) -> None:
    with unit_of_work():
        if document_id:
            follows.follow_document(person.viewer, document_id)
        if folder_id:
            follows.follow_folder(person.viewer, folder_id)


def told(person: Person) -> list[tuple[str, int, int]]:
    """Kind of thing, its number, how much is new."""
    tell_all()
    found = (
        sa.select(Notice).where(Notice.member_id == person.id, Notice.read_at.is_(None)).order_by(Notice.id)
    )
    return [(row.subject, row.subject_id, row.count) for row in db.session.scalars(found)]


def entry(person: Person, *, with_lines: bool = False) -> Entry | None:
    notice = db.session.scalars(sa.select(Notice).where(Notice.member_id == person.id)).one()
    since = Since(notice.subject_id, notice.first_entry_id, notice.last_entry_id)
    return described(person.viewer, notice.subject, [since], with_lines=with_lines).get(notice.subject_id)


def test_who_follows_a_document_hears_of_new_versions_of_others(context: Flask, cast: Cast) -> None:
    document_id = document(cast)
    tell_all()
    follow(cast.petra, document_id=document_id)
    follow(cast.manfred, document_id=document_id)
    add_version(cast, document_id)
    add_version(cast, document_id)
    assert told(cast.petra) == [(DOCUMENT, document_id, 2)]
    assert told(cast.manfred) == []
    assert told(cast.sabine) == []
    found = entry(cast.petra, with_lines=True)
    assert found is not None
    assert [line.text for line in found.lines] == ["Mit Anlage", "Mit Anlage"]


def test_nobody_hears_of_a_version_before_it_can_be_opened(context: Flask, cast: Cast) -> None:
    document_id = document(cast)
    tell_all()
    follow(cast.petra, document_id=document_id)
    asks = sent_file(cast.manfred, data=b"%PDF-1.7 asks", findings={"author": "Manfred"})
    refused = sent_file(cast.manfred, data=b"%PDF-1.7 refused", check=Progress.FAILED)
    with unit_of_work():
        versions.add_version(cast.manfred.viewer, document_id, asks, "Mit Namen")
    assert told(cast.petra) == []
    in_days = now() + timedelta(days=3)
    for moment in (now() + timedelta(minutes=1), in_days):  # while its sender thinks about it
        with time_machine.travel(moment):
            assert told(cast.petra) == []
    with unit_of_work():
        db.session.get_one(File, asks).choice = Choice.KEEP
    with time_machine.travel(in_days + timedelta(minutes=11)):
        assert told(cast.petra) == [(DOCUMENT, document_id, 1)]
    with unit_of_work():
        db.session.execute(sa.update(Version).where(Version.file_id == asks).values(file_id=refused))
        db.session.execute(sa.delete(Notice))
        enqueue("documents.tell", version_id=db.session.scalars(sa.select(sa.func.max(Version.id))).one())
    assert told(cast.petra) == []
    assert db.session.scalars(sa.select(Job).where(Job.name == "documents.tell")).all() == []


def test_what_comes_into_a_folder_is_one_line_of_the_nearest_folder_followed(
    context: Flask, cast: Cast
) -> None:
    above = folder(cast)
    below = folder(cast, "Arbeitszeit", above)
    follow(cast.petra, folder_id=above)
    follow(cast.petra, folder_id=below)
    follow(cast.sabine, folder_id=above)
    document(cast, below)
    document(cast, below)
    assert told(cast.petra) == [(FOLDER, below, 2)]
    assert told(cast.sabine) == [(FOLDER, above, 2)]
    row = bell.list_rows(cast.petra.viewer).rows[0]
    assert row.kind is Kind.DOCUMENT
    assert row.said == "2 neue Dokumente"


def test_a_document_followed_is_not_told_of_again_through_its_folder(context: Flask, cast: Cast) -> None:
    folder_id = folder(cast)
    document_id = document(cast, folder_id)
    tell_all()
    follow(cast.petra, document_id=document_id, folder_id=folder_id)
    add_version(cast, document_id)
    assert told(cast.petra) == [(DOCUMENT, document_id, 1)]


def test_seeing_it_empties_the_bell(context: Flask, cast: Cast) -> None:
    folder_id = folder(cast)
    follow(cast.petra, folder_id=folder_id)
    follow(cast.sabine, folder_id=folder_id)
    document(cast, folder_id)
    assert told(cast.petra)
    assert told(cast.sabine)
    with unit_of_work():
        follows.see_folder(cast.petra.viewer, folder_id)
        follows.see_everything(cast.sabine.viewer)
    assert told(cast.petra) == told(cast.sabine) == []


def test_muting_wins_and_who_left_hears_nothing(context: Flask, cast: Cast) -> None:
    document_id = document(cast)
    tell_all()
    for person in (cast.petra, cast.sabine):
        follow(person, document_id=document_id)
    with unit_of_work():
        watches.watch(cast.petra.viewer, "space", cast.spaces[HERE], Level.MUTED)
        watches.watch(cast.sabine.viewer, DOCUMENT, document_id, Level.MUTED)
    add_version(cast, document_id)
    assert told(cast.petra) == told(cast.sabine) == []


def test_what_went_into_the_bin_is_not_told_and_not_shown(context: Flask, cast: Cast) -> None:
    document_id = document(cast)
    tell_all()
    follow(cast.petra, document_id=document_id)
    add_version(cast, document_id)
    assert told(cast.petra)
    with unit_of_work():
        documents.bin_documents(cast.manfred.viewer, [document_id])
    assert entry(cast.petra) is None


def test_what_is_confidential_is_named_under_the_bell_and_nowhere_outside(context: Flask, cast: Cast) -> None:
    folder_id = folder(cast, "Sozialplan")
    with unit_of_work():
        folders.set_confidential(cast.manfred.viewer, folder_id, is_confidential=True)
    follow(cast.petra, folder_id=folder_id)
    document_id = document(cast, folder_id)
    assert told(cast.petra) == [(FOLDER, folder_id, 1)]
    follow(cast.petra, document_id=document_id)
    add_version(cast, document_id)
    assert told(cast.petra)[1:] == [(DOCUMENT, document_id, 1)]
    rows = bell.list_rows(cast.petra.viewer).rows
    inside = [shown.entry for shown in described_rows(cast.petra.viewer, rows)]
    assert {found.title for found in inside if found} == {"Sozialplan", "Protokoll"}
    for row in rows:
        news = [Since(row.subject_id, row.first_entry_id, row.last_entry_id)]
        outside = described(cast.petra.viewer, row.subject, news, with_lines=True)[row.subject_id]
        assert (outside.title, outside.place) == ("Vertraulich", "Finsterwalde")
        assert not outside.lines
