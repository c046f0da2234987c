"""Documents: put in, described, moved, thrown away, taken back, and at last gone."""

from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from forum.audit.models import Entry
from forum.core.clock import now
from forum.core.db import db, unit_of_work
from forum.core.errors import Conflict, Denied, Invalid, NotFound
from forum.documents.models import BIN_KEEPS, Document, DocumentFollow, DocumentKind, Tag, Version
from forum.documents.service import documents, follows, purge, versions
from forum.documents.service.documents import BULK_LIMIT, Description, title_from
from forum.files import queries as files
from forum.files.models import Blob, File, Progress
from forum.jobs.registry import regular_work
from tests.documents.conftest import do
from tests.make.library import Library


def document(document_id: int) -> Document:
    return db.session.get_one(Document, document_id, populate_existing=True)


def tags(document_id: int) -> set[str]:
    return set(db.session.scalars(sa.select(Tag.name).where(Tag.document_id == document_id)))


def acts() -> list[str]:
    return list(
        db.session.scalars(sa.select(Entry.action).where(Entry.action.like("document.%")).order_by(Entry.id))
    )


def describe(library: Library, document_id: int, by=None, revision: int = 0, **said) -> Document:
    who = (by or library.cast.petra).viewer
    return do(documents.describe_document, who, document_id, Description(**{"title": "BV", **said}), revision)


def test_a_document_is_its_first_version_and_counts_against_the_space(library: Library) -> None:
    folder_id = library.folder()
    file_id = library.file(name="BV_Arbeitszeit 2026 (1).pdf")
    made = do(documents.add_document, library.cast.petra.viewer, library.space, folder_id, file_id)
    assert (made.title, made.last_number, made.file_id, made.folder_id) == (
        "BV Arbeitszeit 2026",
        1,
        file_id,
        folder_id,
    )
    version = db.session.scalars(sa.select(Version)).one()
    file = db.session.get_one(File, file_id)
    assert (version.number, file.owner, file.space_id) == (1, f"version:{version.id}", library.space)
    assert files.usage(library.space) == 1_000


def test_the_same_file_sent_again_is_the_same_document(library: Library) -> None:
    file_id = library.file()
    add = (documents.add_document, library.cast.petra.viewer, library.space, None, file_id)
    assert do(*add).id == do(*add).id
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Version)) == 1


def test_others_files_and_other_spaces_are_refused(library: Library) -> None:
    petra = library.cast.petra.viewer
    with pytest.raises(NotFound):
        do(documents.add_document, petra, library.space, None, library.file(library.cast.sabine))
    with pytest.raises(NotFound):
        do(documents.add_document, petra, library.cast.spaces["RAT"], None, library.file())
    with pytest.raises(NotFound):
        do(documents.add_document, library.cast.karla.viewer, library.space, None, library.file())
    refused = library.file(check=Progress.FAILED, refusal="unknown_kind")
    with pytest.raises(Invalid):
        do(documents.add_document, petra, library.space, None, refused)
    assert db.session.scalars(sa.select(Document.id)).all() == []


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("Sitzung März.docx", "Sitzung März"),
        ("a.b.c_d.tar", "a.b.c d"),
        ("BV%20Pausen(2).pdf", "BV Pausen"),
        (".pdf", "Ohne Titel"),
        ("\u200b.pdf", "Ohne Titel"),
        ("Ohne Endung", "Ohne Endung"),
        ("x" * 300 + ".pdf", "x" * 200),
    ],
)
def test_a_title_is_made_of_the_file_name(context, name: str, title: str) -> None:
    assert title_from(name) == title


def test_many_files_become_many_documents_or_none(library: Library) -> None:
    petra = library.cast.petra.viewer
    ids = [library.file(name=f"Protokoll {number}.pdf") for number in (1, 2, 3)]
    made = do(documents.add_documents, petra, library.space, None, ids, DocumentKind.MINUTES, ["Sitzung"])
    assert [one.title for one in made] == ["Protokoll 1", "Protokoll 2", "Protokoll 3"]
    assert {one.kind for one in made} == {DocumentKind.MINUTES}
    assert tags(made[2].id) == {"Sitzung"}
    again = do(documents.add_documents, petra, library.space, None, ids)
    assert [one.id for one in again] == [one.id for one in made]
    bad = [library.file(name="gut.pdf"), library.file(check=Progress.FAILED)]
    with pytest.raises(Invalid):
        do(documents.add_documents, petra, library.space, None, bad)
    for wrong in ([], range(BULK_LIMIT + 1)):
        with pytest.raises(Invalid):
            do(documents.add_documents, petra, library.space, None, list(wrong))
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Document)) == 3


def test_a_description_is_kept_clean_and_sorts_without_umlauts(library: Library) -> None:
    one = library.document()
    changed = describe(
        library,
        one,
        title="  Übergabe\u202e  und Straße ",
        kind=DocumentKind.AGREEMENT,
        dated=date(2026, 3, 1),
        description="**Gilt** ab Mai <script>",
        by_line="GBR",
        source="Intranet",
    )
    assert (changed.title, changed.title_key) == ("Übergabe und Straße", "ubergabe und strasse")
    assert "<strong>Gilt</strong>" in changed.description_html
    assert "<script>" not in changed.description_html
    assert (changed.dated_key, changed.revision) == (date(2026, 3, 1).toordinal(), 1)
    with pytest.raises(Invalid) as refused:
        describe(library, one, title=" ", revision=1)
    assert refused.value.field == "title"


def test_nobody_overwrites_another_description_unseen(library: Library) -> None:
    one = library.document("BV")
    describe(library, one, source="Betriebsrat")
    with pytest.raises(Conflict):
        describe(library, one, source="Intranet")
    with pytest.raises(Conflict):
        describe(library, one, source="Betriebsrat", tags=["Neu"])
    assert describe(library, one, source="Betriebsrat").revision == 1  # sent twice
    assert describe(library, one, source="Intranet", revision=1).source == "Intranet"


def test_saying_the_same_again_changes_nothing(library: Library) -> None:
    one = library.document("BV", tags=["Lohn"])
    before = document(one).changed_at
    assert describe(library, one, tags=["Lohn"]).revision == 0
    assert document(one).changed_at == before


def test_only_who_put_it_here_and_moderators_describe_and_theirs_is_recorded(library: Library) -> None:
    one = library.document()
    with pytest.raises(Denied):
        describe(library, one, by=library.cast.sabine)
    with pytest.raises(NotFound):
        describe(library, one, by=library.cast.olga)
    describe(library, one, source="a")
    assert acts() == []
    assert describe(library, one, by=library.cast.manfred, source="b", revision=1).changed_by_id == (
        library.cast.manfred.id
    )
    assert acts() == ["document.described"]


def test_the_first_spelling_of_a_tag_is_everybodys(library: Library) -> None:
    first = library.document(tags=["Schichtmodell", "Lohn"])
    second = library.document(tags=["#SCHICHTMODELL ", "lohn", "Lohn", "", "Überstunden"])
    assert tags(second) == {"Schichtmodell", "Lohn", "Überstunden"}
    foreign = library.foreign()
    describe_elsewhere = Description(title="Optik", tags=["LOHN"])
    do(documents.describe_document, library.cast.olga.viewer, foreign, describe_elsewhere, 0)
    assert tags(foreign) == {"LOHN"}
    describe(library, second, tags=["überstunden"])
    assert tags(second) == {"überstunden"}  # nobody else has it
    assert tags(first) == {"Schichtmodell", "Lohn"}


def test_ten_tags_are_enough_and_each_is_short(library: Library) -> None:
    ten = [f"Wort {number}" for number in range(10)]
    one = library.document(tags=ten)
    assert len(tags(one)) == 10
    for wrong in ([*ten, "elf"], ["x" * 41]):
        with pytest.raises(Invalid) as refused:
            describe(library, one, tags=wrong)
        assert refused.value.field == "tags"


def test_documents_move_together_or_not_at_all(library: Library) -> None:
    petra, folder_id = library.cast.petra.viewer, library.folder()
    own = [library.document("Eins"), library.document("Zwei")]
    others = library.document("Drei", by=library.cast.sabine)
    do(documents.move_documents, petra, own, folder_id)
    assert [document(one).folder_id for one in own] == [folder_id, folder_id]
    with pytest.raises(Denied, match="Drei"):
        do(documents.move_documents, petra, [*own, others], None)
    with pytest.raises(NotFound):
        do(documents.move_documents, petra, [*own, library.foreign()], None)
    with pytest.raises(Invalid):
        do(documents.move_documents, petra, own, 10**6)
    with pytest.raises(Invalid):
        do(documents.move_documents, petra, [], None)
    assert [document(one).folder_id for one in own] == [folder_id, folder_id]
    do(documents.move_documents, library.cast.manfred.viewer, [*own, others], None)
    assert document(others).folder_id is None
    assert acts() == ["document.moved"] * 2


def test_only_moderators_take_a_document_out_of_a_confidential_folder(library: Library) -> None:
    secret = library.folder("Vertraulich", by=library.cast.manfred, is_confidential=True)
    deeper = library.folder("Entwürfe", secret)
    one = library.document(folder=secret)
    assert document(one).is_confidential
    do(documents.move_documents, library.cast.petra.viewer, [one], deeper)
    with pytest.raises(Denied, match="vertraulichen"):
        do(documents.move_documents, library.cast.petra.viewer, [one], None)
    do(documents.move_documents, library.cast.manfred.viewer, [one], None)
    assert "document.made_open" in acts()


def test_what_is_thrown_away_can_be_taken_back(library: Library) -> None:
    cast, folder_id = library.cast, library.folder()
    one = library.document(folder=folder_id)
    with pytest.raises(Denied):
        do(documents.bin_documents, cast.sabine.viewer, [one])
    do(documents.bin_documents, cast.petra.viewer, [one])
    do(documents.bin_documents, cast.petra.viewer, [one])
    for verb in (documents.restore_documents, documents.bin_documents):
        with pytest.raises(NotFound):
            do(verb, cast.sabine.viewer, [one])
    assert documents.get_document(cast.petra.viewer, one).is_binned
    with pytest.raises(Denied):
        describe(library, one)
    with pytest.raises(Denied):
        do(documents.move_documents, cast.petra.viewer, [one], None)
    do(documents.restore_documents, cast.manfred.viewer, [one])
    assert not document(one).is_binned
    assert document(one).folder_id == folder_id
    assert acts() == ["document.binned", "document.restored"]


def test_after_thirty_days_a_document_is_gone_with_all_that_hung_on_it(library: Library) -> None:
    petra = library.cast.petra.viewer
    one = library.document("Weg", "Text", tags=["Lohn"])
    library.version(one, "Neuer Text")
    do(follows.follow_document, petra, one)
    do(documents.bin_documents, petra, [one])
    younger, kept = library.binned(), library.document("Bleibt")
    with unit_of_work():
        document(one).binned_at = now() - BIN_KEEPS
        document(younger).binned_at = now() - BIN_KEEPS + timedelta(minutes=1)
    with unit_of_work():
        assert purge.purge_expired(now()) == 1
    with unit_of_work():
        assert purge.purge_expired(now()) == 0
    left = set(db.session.scalars(sa.select(Document.id)))
    assert left == {younger, kept}
    for table in (Tag, Version, DocumentFollow):
        column = table.document_id
        assert one not in db.session.scalars(sa.select(column)).all()
    assert len(db.session.scalars(sa.select(File.id)).all()) == 2
    assert len(db.session.scalars(sa.select(Blob.id).where(Blob.unused_since.is_not(None))).all()) == 2
    assert files.usage(library.space) == 2_000
    assert "document.purged" in acts()


def test_the_bin_is_emptied_every_day_a_little_at_a_time(library: Library) -> None:
    thrown = [library.binned() for _ in range(4)]
    with unit_of_work():
        for one in thrown:
            document(one).binned_at = now() - BIN_KEEPS
    with unit_of_work():
        assert purge.purge_expired(now(), limit=2) == 2
    work = next(work for work in regular_work() if work.name == "documents.purge")
    work.do()
    assert work.every == timedelta(days=1)
    assert db.session.scalars(sa.select(Document.id)).all() == []


def test_a_restored_version_shares_its_file_and_still_goes(library: Library) -> None:
    one = library.document()
    library.version(one)
    do(versions.restore_version, library.cast.petra.viewer, one, 1)
    do(documents.bin_documents, library.cast.petra.viewer, [one])
    with unit_of_work():
        assert purge.purge_expired(now() + BIN_KEEPS) == 1
    assert db.session.scalars(sa.select(File.id)).all() == []


def test_a_document_gets_one_topic(library: Library) -> None:
    cast = library.cast
    one = library.document("BV [Arbeitszeit]")
    topic_id, other_id = cast.topic(), cast.topic()
    with unit_of_work():
        found = documents.get_discussable(cast.sabine.viewer, one)
        text = documents.opening_of(found)
        documents.set_topic(cast.sabine.viewer, one, topic_id)
    assert text == rf"Zum Dokument [BV \[Arbeitszeit\]](/documents/{one}):"
    do(documents.set_topic, cast.petra.viewer, one, topic_id)
    with pytest.raises(Conflict):
        do(documents.set_topic, cast.petra.viewer, one, other_id)
    with pytest.raises(NotFound):
        do(documents.get_discussable, cast.olga.viewer, one)
    with pytest.raises(Denied):
        do(documents.get_discussable, cast.petra.viewer, library.binned())


def test_whoever_is_elsewhere_finds_no_document(library: Library) -> None:
    one = library.document()
    for person in (library.cast.olga, library.cast.rosa, library.cast.karla):
        with pytest.raises(NotFound):
            documents.get_document(person.viewer, one)
    assert documents.get_document(library.cast.sabine.viewer, one).id == one
