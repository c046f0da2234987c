"""Following: what others change in it is news, until it was seen."""

from datetime import timedelta

import pytest

from forum.core.clock import now
from forum.core.errors import NotFound
from forum.documents.queries import news
from forum.documents.queries.documents import list_documents, open_document
from forum.documents.service import documents, folders, follows
from forum.documents.service.documents import Description
from tests.cast import Person
from tests.documents.conftest import do
from tests.make.library import Library


def new_to(person: Person, **more) -> list[int]:
    return [row.document_id for row in news.list_news(person.viewer, **more)]


def test_a_followed_document_is_news_when_another_changes_it(library: Library) -> None:
    petra, sabine = library.cast.petra, library.cast.sabine
    one, other = library.document("Eins"), library.document("Zwei")
    do(follows.follow_document, petra.viewer, one)
    assert new_to(petra) == []
    library.version(one)
    assert new_to(petra) == []  # her own
    library.version(one, by=sabine)
    library.version(other, by=sabine)
    (row,) = news.list_news(petra.viewer)
    assert (row.document_id, row.title, row.number, row.changed_by.name, row.is_added) == (
        one,
        "Eins",
        3,
        sabine.name,
        False,
    )
    assert new_to(sabine) == []
    do(follows.see_document, petra.viewer, one)
    assert new_to(petra) == []
    do(documents.describe_document, library.cast.manfred.viewer, one, Description(title="Eins neu"), 0)
    assert new_to(petra) == [one]


def test_a_followed_folder_tells_what_comes_into_it_and_below(library: Library) -> None:
    petra, sabine = library.cast.petra, library.cast.sabine
    top = library.folder("Protokolle")
    inner = library.folder("2026", top)
    aside = library.folder("Muster")
    do(follows.follow_folder, petra.viewer, top)
    own = library.document("Meins", folder=inner)
    deep = library.document("Tief", folder=inner, by=sabine)
    direct = library.document("Oben", folder=top, by=sabine)
    library.document("Daneben", folder=aside, by=sabine)
    assert new_to(petra) == [direct, deep]
    assert all(row.is_added for row in news.list_news(petra.viewer))
    rows = {row.id: row.is_news for row in list_documents(petra.viewer, library.space, inner).rows}
    assert rows == {own: False, deep: True}
    do(follows.see_folder, petra.viewer, top)
    assert new_to(petra) == []
    library.version(deep, by=sabine)
    assert [row.is_added for row in news.list_news(petra.viewer)] == [False]


def test_what_was_seen_itself_is_no_news_of_its_folder(library: Library) -> None:
    petra, sabine = library.cast.petra, library.cast.sabine
    top = library.folder()
    one = library.document(folder=top)
    do(follows.follow_folder, petra.viewer, top)
    do(follows.follow_document, petra.viewer, one)
    library.version(one, by=sabine)
    assert new_to(petra) == [one]
    assert open_document(petra.viewer, one).is_news
    do(follows.see_document, petra.viewer, one)
    assert new_to(petra) == []
    assert not list_documents(petra.viewer, library.space, top).rows[0].is_news


def test_what_arrived_after_the_page_was_shown_stays_news(library: Library) -> None:
    petra, one = library.cast.petra, library.document()
    do(follows.follow_document, petra.viewer, one)
    shown = now()
    library.version(one, by=library.cast.sabine)
    do(follows.see_document, petra.viewer, one, shown)
    assert new_to(petra) == [one]
    do(follows.see_document, petra.viewer, one, now() + timedelta(days=1))
    library.version(one, by=library.cast.sabine)
    assert new_to(petra) == [one]  # nobody has seen what is to come


def test_following_twice_forgets_nothing_and_no_longer_following_everything(library: Library) -> None:
    petra, sabine = library.cast.petra, library.cast.sabine
    top = library.folder()
    one = library.document(folder=top)
    for verb, subject in ((follows.follow_document, one), (follows.follow_folder, top)):
        do(verb, petra.viewer, subject)
    library.version(one, by=sabine)
    do(follows.follow_document, petra.viewer, one)
    assert new_to(petra) == [one]
    assert [(row.document_id, row.folder_id) for row in news.list_followed(petra.viewer)] == [
        (one, None),
        (None, top),
    ]
    do(follows.unfollow_document, petra.viewer, one)
    do(follows.unfollow_folder, petra.viewer, top)
    assert new_to(petra) == []
    assert news.list_followed(petra.viewer) == []


def test_everything_is_seen_at_once_and_news_come_by_space(library: Library) -> None:
    petra, sabine = library.cast.petra, library.cast.sabine
    top = library.folder()
    one = library.document()
    do(follows.follow_folder, petra.viewer, top)
    do(follows.follow_document, petra.viewer, one)
    library.version(one, by=sabine)
    deep = library.document(folder=top, by=sabine)
    assert new_to(petra, space_id=library.space) == [deep, one]
    assert new_to(petra, space_id=library.cast.spaces["NET"]) == []
    assert new_to(petra, limit=1) == [deep]
    do(follows.see_everything, petra.viewer)
    assert new_to(petra) == []


def test_nobody_follows_what_is_elsewhere_or_learns_of_it_later(library: Library) -> None:
    one, top = library.document(), library.folder()
    olga = library.cast.olga
    for verb, subject in ((follows.follow_document, one), (follows.follow_folder, top)):
        with pytest.raises(NotFound):
            do(verb, olga.viewer, subject)
    petra = library.cast.petra
    do(follows.follow_document, petra.viewer, one)
    library.version(one, by=library.cast.sabine)
    left = type(petra.viewer)(petra.id, {})
    assert news.list_news(left) == []
    assert news.list_followed(left) == []
    do(documents.bin_documents, petra.viewer, [one])
    assert new_to(petra) == []
    assert news.list_followed(petra.viewer) == []


def test_a_folder_that_is_gone_is_not_followed_any_more(library: Library) -> None:
    top = library.folder()
    do(follows.follow_folder, library.cast.petra.viewer, top)
    assert news.follows_folder(library.cast.petra.viewer, top)
    do(folders.delete_folder, library.cast.petra.viewer, top)
    assert news.list_followed(library.cast.petra.viewer) == []


def test_nobody_ends_following_what_is_not_theirs_to_read(library: Library) -> None:
    one, top = library.document(), library.folder()
    for verb, subject in ((follows.unfollow_document, one), (follows.unfollow_folder, top)):
        do(verb, library.cast.petra.viewer, subject)  # not followed is fine too
        with pytest.raises(NotFound):
            do(verb, library.cast.olga.viewer, subject)
