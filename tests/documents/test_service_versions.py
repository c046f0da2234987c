"""Versions and reservations: nothing is overwritten, and everybody sees who works on what."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
import sqlalchemy as sa

from forum.audit.models import Entry
from forum.core.clock import now
from forum.core.db import db, unit_of_work
from forum.core.errors import Conflict, Denied, Invalid, NotFound
from forum.documents.models import Document, Period, Version
from forum.documents.service import documents, reservations, versions
from forum.files.models import Blob, File, Scan
from tests.documents.conftest import do
from tests.make.library import Library


def document(document_id: int) -> Document:
    return db.session.get_one(Document, document_id, populate_existing=True)


def numbers(document_id: int) -> list[int]:
    found = sa.select(Version.number).where(Version.document_id == document_id).order_by(Version.number)
    return list(db.session.scalars(found))


def acts() -> list[str]:
    return list(db.session.scalars(sa.select(Entry.action).where(Entry.action.like("reservation.%"))))


def expire(document_id: int) -> None:
    with unit_of_work():
        document(document_id).reserved_until = now() - timedelta(seconds=1)


def test_everybody_in_the_space_adds_a_version_and_nobody_else(library: Library) -> None:
    one = library.document()
    before = document(one).changed_at
    assert library.version(one, by=library.cast.sabine, note=" Nach der Sitzung ") == 2
    version = versions.get_version(library.cast.petra.viewer, one, 2)
    assert (version.note, version.author_id) == ("Nach der Sitzung", library.cast.sabine.id)
    changed = document(one)
    assert (changed.last_number, changed.file_id, changed.changed_by_id) == (
        2,
        version.file_id,
        library.cast.sabine.id,
    )
    assert changed.changed_at > before
    for person in (library.cast.olga, library.cast.karla):
        with pytest.raises(NotFound):
            library.version(one, by=person)
        with pytest.raises(NotFound):
            versions.get_version(person.viewer, one, 1)
    with pytest.raises(NotFound):
        versions.get_version(library.cast.petra.viewer, one, 3)


def test_the_same_file_sent_again_is_the_same_version(library: Library) -> None:
    one, other = library.document(), library.document()
    file_id = library.file()
    petra = library.cast.petra.viewer
    first = do(versions.add_version, petra, one, file_id, "Korrektur")
    assert do(versions.add_version, petra, one, file_id, "Korrektur").id == first.id
    assert numbers(one) == [1, 2]
    with pytest.raises(NotFound):
        do(versions.add_version, petra, other, file_id)
    with pytest.raises(NotFound):
        do(versions.add_version, petra, one, library.file(library.cast.sabine))
    assert numbers(other) == [1]


def test_two_who_upload_at_once_both_have_their_version(app, library: Library) -> None:
    one = library.document()
    people = [library.cast.petra, library.cast.sabine, library.cast.manfred] * 2
    files = [library.file(person) for person in people]
    db.session.rollback()
    start = Barrier(len(people))

    def upload(person, file_id: int) -> int:
        with app.app_context():
            start.wait()
            with unit_of_work():
                return versions.add_version(person.viewer, one, file_id).number

    with ThreadPoolExecutor(len(people)) as pool:
        given = list(pool.map(upload, people, files))
    assert sorted(given) == [2, 3, 4, 5, 6, 7]
    assert numbers(one) == [1, 2, 3, 4, 5, 6, 7]
    assert document(one).last_number == 7


def test_two_who_send_the_same_file_at_once_have_one_version(app, library: Library) -> None:
    one, file_id = library.document(), library.file()
    db.session.rollback()
    start = Barrier(4)

    def upload(_turn: int) -> int:
        with app.app_context():
            start.wait()
            with unit_of_work():
                return versions.add_version(library.cast.petra.viewer, one, file_id).number

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(upload, range(4))) == {2}
    assert numbers(one) == [1, 2]


def test_a_former_version_comes_back_as_a_new_one(library: Library) -> None:
    one = library.document()
    library.version(one, by=library.cast.sabine)
    petra = library.cast.petra.viewer
    restored = do(versions.restore_version, petra, one, 1)
    assert (restored.number, restored.note) == (3, "Fassung 1 wiederhergestellt")
    assert restored.file_id == versions.get_version(petra, one, 1).file_id == document(one).file_id
    assert do(versions.restore_version, petra, one, 1).number == 3  # sent twice
    assert do(versions.restore_version, petra, one, 2, "Doch die").note == "Doch die"
    assert numbers(one) == [1, 2, 3, 4]
    for viewer, number in ((petra, 9), (library.cast.olga.viewer, 1)):
        with pytest.raises(NotFound):
            do(versions.restore_version, viewer, one, number)


def test_what_turned_out_infected_does_not_come_back(library: Library) -> None:
    one = library.document()
    library.version(one)
    with unit_of_work():
        file_id = versions.get_version(library.cast.petra.viewer, one, 1).file_id
        db.session.get_one(Blob, db.session.get_one(File, file_id).blob_id).scan = Scan.INFECTED
    with pytest.raises(Invalid):
        do(versions.restore_version, library.cast.petra.viewer, one, 1)


def test_a_document_in_the_bin_takes_no_version(library: Library) -> None:
    one = library.binned()
    with pytest.raises(Denied, match="Papierkorb"):
        library.version(one)
    with pytest.raises(NotFound):
        library.version(one, by=library.cast.sabine)


@pytest.mark.parametrize(
    ("period", "length"),
    [(Period.HOURS, timedelta(hours=2)), (Period.DAY, timedelta(days=1)), (Period.WEEK, timedelta(days=7))],
)
def test_a_document_is_reserved_for_a_while(library: Library, period: Period, length: timedelta) -> None:
    one = library.document()
    do(reservations.reserve, library.cast.sabine.viewer, one, period)
    reserved = document(one)
    assert reserved.reserved_by_id == library.cast.sabine.id
    assert abs(reserved.reserved_until - now() - length) < timedelta(seconds=20)
    assert reserved.is_reserved_at(now())
    assert not reserved.is_reserved_at(now() + length)
    for person in (library.cast.olga, library.cast.karla):
        with pytest.raises(NotFound):
            do(reservations.reserve, person.viewer, one, period)


def test_who_comes_second_is_told_who_works_on_it(library: Library) -> None:
    one = library.document()
    do(reservations.reserve, library.cast.sabine.viewer, one, Period.HOURS)
    with pytest.raises(Conflict, match="Sabine Morgenroth"):
        do(reservations.reserve, library.cast.petra.viewer, one, Period.DAY)
    do(reservations.reserve, library.cast.sabine.viewer, one, Period.DAY)
    expire(one)
    do(reservations.reserve, library.cast.petra.viewer, one, Period.HOURS)
    assert document(one).reserved_by_id == library.cast.petra.id


def test_a_reserved_document_takes_others_versions_only_if_they_insist(library: Library) -> None:
    one = library.document()
    do(reservations.reserve, library.cast.sabine.viewer, one, Period.HOURS)
    with pytest.raises(Conflict, match="Sabine Morgenroth"):
        library.version(one)
    assert numbers(one) == [1]
    assert library.version(one, despite_reservation=True) == 2
    assert acts() == ["reservation.ignored"]
    assert document(one).reserved_by_id == library.cast.sabine.id
    with pytest.raises(Conflict):
        do(versions.restore_version, library.cast.petra.viewer, one, 1)
    expire(one)
    assert library.version(one) == 3


def test_ones_own_version_ends_ones_reservation(library: Library) -> None:
    one = library.document()
    do(reservations.reserve, library.cast.sabine.viewer, one, Period.WEEK)
    library.version(one, by=library.cast.sabine)
    assert document(one).reserved_by_id is None
    assert acts() == []


def test_it_is_given_back_by_whose_it_is_and_lifted_by_moderators(library: Library) -> None:
    cast, one = library.cast, library.document()
    do(reservations.give_back, cast.petra.viewer, one)
    do(reservations.reserve, cast.sabine.viewer, one, Period.WEEK)
    with pytest.raises(Denied):
        do(reservations.give_back, cast.petra.viewer, one)
    do(reservations.give_back, cast.sabine.viewer, one)
    assert document(one).reserved_until is None
    assert acts() == []
    do(reservations.reserve, cast.sabine.viewer, one, Period.WEEK)
    do(reservations.give_back, cast.manfred.viewer, one)
    assert document(one).reserved_by_id is None
    assert acts() == ["reservation.lifted"]


def test_throwing_away_ends_the_reservation(library: Library) -> None:
    one = library.document()
    do(reservations.reserve, library.cast.sabine.viewer, one, Period.WEEK)
    do(documents.bin_documents, library.cast.petra.viewer, [one])
    assert document(one).reserved_by_id is None
