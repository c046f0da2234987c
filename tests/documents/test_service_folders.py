"""Folders of a library: made, named, moved, removed, confidential."""

import pytest
import sqlalchemy as sa

from forum.audit.models import Entry
from forum.core.db import db
from forum.core.errors import Denied, Invalid, NotFound
from forum.documents.models import DEPTH_LIMIT, Document, Folder
from forum.documents.queries.entries import list_in_folder
from forum.documents.service import documents, folders
from tests.documents.conftest import do
from tests.make.library import Library


def folder(folder_id: int) -> Folder:
    return db.session.get_one(Folder, folder_id, populate_existing=True)


def document(document_id: int) -> Document:
    return db.session.get_one(Document, document_id, populate_existing=True)


def acts() -> list[str]:
    return list(
        db.session.scalars(sa.select(Entry.action).where(Entry.action.like("folder.%")).order_by(Entry.id))
    )


def test_a_member_makes_a_folder_and_a_stranger_does_not(library: Library) -> None:
    made = folder(library.folder("Protokolle"))
    inner = folder(library.folder("2026", made.id))
    assert (made.path, inner.path) == (f"/{made.id}/", f"/{made.id}/{inner.id}/")
    assert (made.depth, inner.depth) == (1, 2)
    for person in (library.cast.olga, library.cast.karla):
        with pytest.raises(NotFound):
            do(folders.create_folder, person.viewer, library.space, None, "Fremd")


def test_names_are_unique_beside_each_other_whatever_the_capitals(library: Library) -> None:
    first = library.folder("Protokolle")
    inner = library.folder("protokolle", first)
    with pytest.raises(Invalid, match="Protokolle") as refused:
        library.folder("PROTOKOLLE")
    assert refused.value.field == "name"
    other = library.folder("Muster")
    with pytest.raises(Invalid):
        do(folders.rename_folder, library.cast.petra.viewer, other, "Protokolle ")
    with pytest.raises(Invalid):
        do(folders.move_folder, library.cast.petra.viewer, inner, None)
    do(folders.rename_folder, library.cast.petra.viewer, first, "PROTOKOLLE")
    assert folder(first).name == "PROTOKOLLE"


def test_a_name_holds_no_way_to_another_folder(library: Library) -> None:
    assert folder(library.folder("../2026\\März")).name == "..-2026-März"
    with pytest.raises(Invalid):
        library.folder("\u202e ")


def test_folders_go_only_so_deep_also_when_they_move(library: Library) -> None:
    chain = [library.folder("1")]
    for level in range(2, DEPTH_LIMIT + 1):
        chain.append(library.folder(str(level), chain[-1]))
    with pytest.raises(Invalid, match="Ebenen"):
        library.folder("zu tief", chain[-1])
    pair = library.folder("a")
    library.folder("b", pair)
    with pytest.raises(Invalid, match="Ebenen"):
        do(folders.move_folder, library.cast.petra.viewer, pair, chain[-2])
    do(folders.move_folder, library.cast.petra.viewer, pair, chain[-3])
    assert folder(pair).depth == DEPTH_LIMIT - 1


def test_a_folder_moves_with_all_below_it_but_never_into_itself(library: Library) -> None:
    top, middle = library.folder("Archiv"), library.folder("Protokolle")
    low = library.folder("2026", middle)
    lowest = library.folder("März", low)
    library.folder("Protokolle alt")  # a path that begins alike is none of it
    do(folders.move_folder, library.cast.petra.viewer, middle, top)
    assert folder(lowest).path == f"/{top}/{middle}/{low}/{lowest}/"
    for inside in (middle, low, lowest):
        with pytest.raises(Invalid, match="in sich selbst"):
            do(folders.move_folder, library.cast.petra.viewer, middle, inside)
    do(folders.move_folder, library.cast.petra.viewer, low, None)
    assert (folder(low).path, folder(lowest).path) == (f"/{low}/", f"/{low}/{lowest}/")
    with pytest.raises(Invalid, match="nicht mehr"):
        do(folders.move_folder, library.cast.petra.viewer, low, 10**6)


def test_only_who_made_a_folder_and_moderators_change_it_and_theirs_is_recorded(library: Library) -> None:
    made = library.folder("Muster")
    with pytest.raises(Denied):
        do(folders.rename_folder, library.cast.sabine.viewer, made, "Meins")
    with pytest.raises(NotFound):
        do(folders.rename_folder, library.cast.olga.viewer, made, "Meins")
    do(folders.rename_folder, library.cast.petra.viewer, made, "Vorlagen")
    assert acts() == []
    do(folders.rename_folder, library.cast.manfred.viewer, made, "Muster und Vorlagen")
    assert acts() == ["folder.renamed"]


def test_confidentiality_is_inherited_and_only_moderators_decide_it(library: Library) -> None:
    top = library.folder("Verhandlungen")
    inner = library.folder("Haustarif", top)
    lowest = library.folder("Entwürfe", inner)
    beside = library.folder("Muster")
    with pytest.raises(Denied):
        do(folders.set_confidential, library.cast.petra.viewer, top, True)
    do(folders.set_confidential, library.cast.manfred.viewer, top, True)
    assert [folder(one).confidential for one in (top, inner, lowest, beside)] == [True, True, True, False]
    assert [folder(one).is_confidential for one in (top, inner)] == [True, False]
    assert folder(library.folder("Neu", lowest)).confidential
    do(folders.set_confidential, library.cast.manfred.viewer, lowest, True)
    do(folders.set_confidential, library.cast.manfred.viewer, top, False)
    assert [folder(one).confidential for one in (top, inner, lowest)] == [False, False, True]
    do(folders.set_confidential, library.cast.manfred.viewer, top, False)
    assert acts() == ["folder.made_confidential", "folder.made_confidential", "folder.made_open"]


def test_a_moved_folder_is_confidential_where_it_comes_and_only_moderators_take_it_out(
    library: Library,
) -> None:
    secret = library.folder("Vertraulich", by=library.cast.manfred, is_confidential=True)
    moving = library.folder("Haustarif")
    inner = library.folder("Entwürfe", moving)
    do(folders.move_folder, library.cast.petra.viewer, moving, secret)
    assert [folder(one).confidential for one in (moving, inner)] == [True, True]
    with pytest.raises(Denied, match="vertraulichen"):
        do(folders.move_folder, library.cast.petra.viewer, moving, None)
    do(folders.move_folder, library.cast.manfred.viewer, moving, None)
    assert [folder(one).confidential for one in (moving, inner)] == [False, False]


def test_what_lay_in_a_confidential_folder_stays_confidential_when_that_is_gone(library: Library) -> None:
    petra, manfred = library.cast.petra.viewer, library.cast.manfred.viewer
    secret = library.folder("Verhandlung", by=library.cast.manfred, is_confidential=True)
    papers = [library.document("Angebot", folder=secret), library.document("Entwurf", folder=secret)]
    do(documents.bin_documents, petra, papers[:1])
    do(folders.delete_folder, manfred, secret)
    assert [document(paper).is_confidential for paper in papers] == [True, True], "in the bin"
    do(documents.restore_documents, petra, papers)
    assert [document(paper).is_confidential for paper in papers] == [True, True]
    assert [entry.is_confidential for entry in list_in_folder(petra, library.space, None)] == [True, True]
    with pytest.raises(Denied):
        do(documents.move_documents, petra, papers, library.folder("Offen"))
    do(documents.move_documents, manfred, papers[:1], library.folder("Offenes"))
    assert [document(paper).is_confidential for paper in papers] == [False, True]


def test_a_member_does_not_make_a_confidential_folder(library: Library) -> None:
    with pytest.raises(Denied):
        library.folder("Geheim", is_confidential=True)


def test_a_deleted_folder_sends_what_was_in_it_to_the_bin(library: Library) -> None:
    above = library.folder("Archiv")
    gone = library.folder("2020", above)
    inner = library.folder("März", gone)
    kept = library.document("Bleibt", folder=above)
    inside = [library.document("Eins", folder=gone), library.document("Zwei", folder=inner)]
    thrown = library.document("Drei", folder=inner)
    do(documents.bin_documents, library.cast.petra.viewer, [thrown])
    assert do(folders.delete_folder, library.cast.petra.viewer, gone) == 2
    assert list(db.session.scalars(sa.select(Folder.id))) == [above]
    assert not document(kept).is_binned
    assert all(document(one).is_binned for one in [*inside, thrown])
    restored = do(documents.restore_documents, library.cast.petra.viewer, [*inside, thrown])
    assert {one.folder_id for one in restored} == {above}
    assert acts() == ["folder.deleted"]


def test_nobody_but_a_moderator_deletes_a_folder_with_something_of_others(library: Library) -> None:
    with_document = library.folder("Eins")
    library.document(folder=with_document, by=library.cast.sabine)
    with_folder = library.folder("Zwei")
    library.folder("von Sabine", with_folder, by=library.cast.sabine)
    for one in (with_document, with_folder):
        with pytest.raises(Denied, match="von anderen"):
            do(folders.delete_folder, library.cast.petra.viewer, one)
        do(folders.delete_folder, library.cast.manfred.viewer, one)
    assert db.session.scalars(sa.select(Folder.id)).all() == []


def test_a_folder_elsewhere_is_not_there(library: Library) -> None:
    made = library.folder()
    for verb, *rest in (
        (folders.get_folder,),
        (folders.move_folder, None),
        (folders.set_confidential, True),
        (folders.delete_folder,),
    ):
        with pytest.raises(NotFound):
            do(verb, library.cast.rosa.viewer, made, *rest)
    foreign = do(
        folders.create_folder, library.cast.olga.viewer, library.cast.spaces["RAT"], None, "Optik"
    ).id
    with pytest.raises(Invalid):
        do(folders.move_folder, library.cast.petra.viewer, made, foreign)
    with pytest.raises(Invalid):
        library.folder("Neu", foreign)
